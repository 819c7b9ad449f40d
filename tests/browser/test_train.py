"""Training jobs in a real Chromium: start, watch, reload by link, lose the server, queue, cancel, delete."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from rbo_core.jobs import Queue
from rbo_core.training import RunStore

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
LONG = "methods=SGD&gradients=100000&seeds=3&budget=Gradients&v=1"
SHORT = "methods=SGD&methods=SAM&gradients=200&seeds=1&v=1"


class Server:
    """A server on one port and data folder that can be killed and started again."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
        environment = {**os.environ, "RBO_DATA_DIR": self.folder}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(240):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=2):
                return
            time.sleep(0.25)
        pytest.fail("the Streamlit server did not start within 60 s")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)


@pytest.fixture(scope="module")
def server():
    folder = tempfile.mkdtemp(prefix="rbo-test-")
    server = Server(folder)
    server.start()
    yield server
    server.kill()
    queue = Queue(Path(folder) / "jobs.sqlite")
    for job in queue.jobs(states=("queued", "running")):
        if job.pid is not None:
            with contextlib.suppress(psutil.Error):
                psutil.Process(job.pid).kill()
    queue.close()
    shutil.rmtree(folder, ignore_errors=True)


def job_of(page) -> str:
    page.wait_for_url(re.compile(r"[?&]job=[0-9a-f]{12}"), timeout=20_000)
    return re.search(r"[?&]job=([0-9a-f]{12})", page.url)[1]


def until(true, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def start(page, seeds: int | None = None) -> None:
    if seeds is not None:
        box = page.get_by_test_id("stNumberInput").get_by_label("seeds")
        box.fill(str(seeds))
        box.press("Enter")
        page.wait_for_timeout(800)
    page.get_by_role("button", name="Train", exact=True).click()


def test_a_job_survives_reload_and_server_and_others_wait_for_it(server, open_page):
    page = open_page(f"{server.address}/Train?{LONG}")
    start(page)
    job_id = job_of(page)
    queue = Queue(Path(server.folder) / "jobs.sqlite")
    try:
        # It advances, and its curve grows on the page.
        page.locator(".st-key-train_curves .scatterlayer .trace").first.wait_for(timeout=40_000)
        first = queue.get(job_id)
        until(lambda: queue.get(job_id).done > first.done)
        page.get_by_text(re.compile(r"about .* left")).first.wait_for(timeout=20_000)

        # Somebody else opens the link alone.
        link = f"{server.address}/Train?v=1&job={job_id}"
        other = open_page(link)
        other.get_by_role("button", name="Cancel").wait_for(timeout=20_000)
        page.goto("about:blank")
        other.goto("about:blank")

        # The server dies and comes back: the same process goes on, and the link shows it.
        pid = queue.get(job_id).pid
        server.kill()
        server.start()
        page = open_page(link)
        page.get_by_role("button", name="Cancel").first.wait_for(timeout=20_000)
        before = queue.get(job_id)
        assert before.state == "running"
        assert before.pid == pid
        assert before.attempt == 1
        until(lambda: queue.get(job_id).done > before.done)

        # Three more: at most two of one visitor run, so at least one waits and says where.
        again = open_page(f"{server.address}/Train?{LONG}")
        for seeds in (4, 5, 6):
            start(again, seeds)
            until(lambda n=seeds: len(queue.jobs(states=("queued", "running"))) == n - 2)
        until(lambda: len(queue.jobs(states=("queued", "running"))) == 4)
        again.get_by_text(re.compile("Starts next|Waits behind")).first.wait_for(timeout=20_000)
        again.get_by_text("3 other jobs in the queue").wait_for(timeout=20_000)
        last = job_of(again)
        assert queue.get(last).state == "queued"

        # Cancel: the waiting one at once, the running one after its step.
        again.get_by_role("button", name="Cancel").first.click()
        again.get_by_text(re.compile("Cancelled; what was finished is kept")).wait_for(timeout=20_000)
        assert queue.get(last).state == "cancelled"
        page.get_by_role("button", name="Cancel").first.click()
        until(lambda: queue.get(job_id).state == "cancelled")
        page.get_by_text(re.compile("Cancelled; what was finished is kept")).wait_for(timeout=20_000)
        for job in queue.jobs(states=("queued", "running")):
            queue.cancel(job.id)
        until(lambda: not queue.jobs(states=("queued", "running")))
    finally:
        queue.close()


def test_a_short_race_ends_with_a_table_and_its_runs_can_be_deleted(server, open_page):
    page = open_page(f"{server.address}/Train?{SHORT}")
    start(page)
    page.get_by_text(re.compile("comes first with")).wait_for(timeout=40_000)
    page.get_by_role("button", name="Download table (CSV)").wait_for()
    with RunStore(server.folder) as store:
        before = {run.id for run in store.list()}
        newest = store.list()[0].id
    results = open_page(f"{server.address}/Results")
    table = results.get_by_test_id("stDataFrame").first
    table.wait_for(timeout=20_000)
    results.wait_for_timeout(800)
    box = table.bounding_box()
    results.mouse.click(box["x"] + 18, box["y"] + 52)  # the first row's checkbox; the table is drawn on a canvas
    results.get_by_role("button", name="Delete 1 ticked").click()
    results.get_by_role("dialog").get_by_role("button", name="Keep them").click()
    results.get_by_role("dialog").wait_for(state="hidden")
    results.get_by_role("button", name="Delete 1 ticked").click()
    results.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    results.get_by_role("dialog").wait_for(state="hidden")
    with RunStore(server.folder) as store:
        until(lambda: {run.id for run in store.list()} == before - {newest}, 10)
