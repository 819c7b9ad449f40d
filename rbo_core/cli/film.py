"""Films from the command line: a headless Chromium draws the offline page, frame by frame, and hands the film over."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ENDINGS = {".mp4": "movie", ".webm": "film", ".gif": "gif"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FLAGS = (
    "--headless", "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--window-size=1360,960", "--force-prefers-reduced-motion",
    "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
)  # fmt: skip
PATIENCE = 900.0
"""Seconds after which a film is given up: a surface takes a minute or two without a graphics card."""
LARGEST = 200_000_000
TAKE = """
<script type="module">
const player = document.querySelector(".rbp").__player;
const send = (path, body) => fetch(path, { method: "POST", body });
player.take.@KIND(player).then(
  (blob) => send("film", blob), (error) => send("failed", error.message));
</script>
"""


def browser() -> str:
    """The path of a Chromium or a relative of it; ``ValueError`` with the remedy where there is none."""
    for name in BROWSERS:
        if (path := shutil.which(name)) is not None:
            return path
    raise ValueError(
        "a film needs Chromium or Chrome on the path, and there is none; install it (Debian: apt install chromium), or "
        "write the page with --html and save the film from its playback bar"
    )


def write_film(page: str, path: Path, patience: float = PATIENCE) -> None:
    """Film an offline page into ``path`` (.mp4, .webm or .gif).

    Raises:
        ValueError: no browser, one that cannot record this format or ends early, or no film within ``patience``
            seconds.
    """
    script = TAKE.replace("@KIND", ENDINGS[path.suffix])
    stage = _Stage(page.replace("</body>", script + "</body>"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, stage))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    with tempfile.TemporaryDirectory() as profile:
        command = [browser(), *FLAGS, f"--user-data-dir={profile}", address]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(stage, process, patience)
        finally:
            process.terminate()
            process.wait(20)
            server.shutdown()
            server.server_close()
    if stage.film is None:
        raise ValueError(f"no film was made: {stage.problem}")
    path.write_bytes(stage.film)


class _Stage:
    """What the page is, and what comes back of it."""

    def __init__(self, page: str) -> None:
        self.page = page.encode()
        self.film: bytes | None = None
        self.problem = "the browser ended before the film did"
        self.done = threading.Event()


def _wait(stage: _Stage, process: subprocess.Popen[bytes], patience: float) -> None:
    waited = 0.0
    while not stage.done.wait(0.2) and process.poll() is None:
        waited += 0.2
        if waited > patience:
            stage.problem = f"it took more than {patience:g} s; roll fewer steps"
            return


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, stage: _Stage, *args: object) -> None:
        self.stage = stage
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._answer(self.stage.page if self.path == "/" else b"", 200 if self.path == "/" else 404)

    def do_POST(self) -> None:
        size = min(int(self.headers.get("Content-Length", 0)), LARGEST)
        body = self.rfile.read(size)
        if self.path == "/film":
            self.stage.film = body
        else:
            self.stage.problem = body.decode(errors="replace")
        self._answer(b"", 200)
        self.stage.done.set()

    def _answer(self, body: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the command's own words are enough."""
