# The lab for a course: two servers behind nginx, as a user without rights. See docs/course_server.md.
FROM python:3.12-slim-bookworm

RUN apt-get update \
    && RUNLEVEL=1 apt-get install -y --no-install-recommends nginx \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 lab \
    && install -d -o lab -g lab /data

WORKDIR /opt/rolling-ball
COPY . .
# pip's own torch brings CUDA, some 4 GB; for the CPU alone give the index that PyTorch's "Start locally" page names:
# docker build --build-arg TORCH_INDEX=...
ARG TORCH_INDEX=""
RUN if [ -n "$TORCH_INDEX" ]; then pip install --no-cache-dir --index-url "$TORCH_INDEX" "torch>=2.6,<2.14"; fi \
    && pip install --no-cache-dir -r requirements.txt \
    && pip install --no-cache-dir .

USER lab
ENV RBO_DATA_DIR=/data RBO_OWNER=0 RBO_PORT=8501 RBO_BASE_PATH="" PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s CMD ["rolling-ball", "serve", "--check"]
ENTRYPOINT ["rolling-ball"]
CMD ["serve", "--workers", "2", "--address", "0.0.0.0"]
