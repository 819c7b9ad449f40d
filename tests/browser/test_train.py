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

import pytest
from playwright.sync_api import TimeoutError as Late

from rbo_core.jobs import CONFIG, Queue
from rbo_core.jobs import dispatcher as dispatching
from rbo_core.training import RunStore
from tests.browser.waits import comes_true

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
LONG = "methods=SGD&gradients=100000&sharpness=false&v=1"
SHORT = "methods=SGD&methods=SAM&gradients=60&seeds=1&sharpness=false&v=1"


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
        command += ["--server.address", "127.0.0.1", "--server.headless", "true", "--server.fileWatcherType", "none"]
        environment = {**os.environ, "RBO_DATA_DIR": self.folder}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(240):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=2):
                return
            time.sleep(0.1)
        pytest.fail("the Streamlit server did not start within 60 s")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)


@pytest.fixture(scope="module")
def server():
    folder = tempfile.mkdtemp(prefix="rbo-test-")
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        queue = Queue(Path(folder) / "jobs.sqlite")
        # A job may belong to a server that the test has killed already.
        for job in queue.jobs(states=("queued", "running")):
            process = dispatching._process(job)
            if process is not None:
                process.kill()
        queue.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def queue(server):
    """The server's queue, read from outside."""
    opened = Queue(Path(server.folder) / "jobs.sqlite")
    yield opened
    opened.close()


def until(true, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def start(page, press) -> str:
    """Press Train; the id of the job that the address then names."""
    press(page.get_by_role("button", name=re.compile("^Train, about")))
    page.wait_for_url(re.compile(r"[?&]job=[0-9a-f]{12}"))
    return re.search(r"[?&]job=([0-9a-f]{12})", page.url)[1]


def test_a_job_survives_reload_and_server_and_others_wait_for_it(server, queue, open_page, press):
    page = open_page(f"{server.address}/Train?{LONG}&seeds=1")
    first = start(page, press)
    # It advances, and its curve grows on the page.
    page.locator(".st-key-train_curves .scatterlayer .trace").first.wait_for()
    page.get_by_text(re.compile(r"about .* left")).first.wait_for()
    done = queue.get(first).done
    until(lambda: queue.get(first).done > done)
    # It stays in view after a change of page by the menu, Back, Forward and a reload.
    running = page.get_by_role("button", name="Cancel").first
    for name in ("Results", "Train"):
        press(page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True))
        page.wait_for_url(re.compile(f"/{name}"))
    running.wait_for()
    page.go_back()
    page.wait_for_url(re.compile("/Results"))
    page.get_by_role("heading", name="Results", exact=True).wait_for()
    page.go_forward()
    page.wait_for_url(re.compile("/Train.*job="))
    page.get_by_role("heading", name="Train", exact=True).wait_for()
    running.wait_for()
    page.reload()
    running.wait_for()

    # Three: at most two of one browser run, on two cores one, and the page says what waits.
    for seeds in (2, 3):
        page.goto(f"{server.address}/Train?{LONG}&seeds={seeds}")
        last = start(page, press)
    page.get_by_text(re.compile("Starts next|Waits behind")).first.wait_for()
    assert queue.get(last).state == "queued"
    others = page.get_by_text("2 other jobs in the queue")
    until(lambda: others.count() == 1)
    press(others)
    # The reloaded page knows its own jobs: each can be cancelled from here.
    cancel = page.get_by_role("button", name="Cancel")
    cancel.nth(2).wait_for()
    assert len({job.owner for job in queue.jobs()}) == 1

    # The server dies and comes back: the same process goes on, and the bare link shows it, to others too.
    page.goto("about:blank")
    pid = queue.get(first).pid
    server.kill()
    server.start()
    link = f"{server.address}/Train?v=1&job={first}"
    page.goto(link)
    cancel.first.wait_for()
    before = queue.get(first)
    assert (before.state, before.pid, before.attempt) == ("running", pid, 1)
    until(lambda: queue.get(first).done > before.done)

    # Cancel: what waits at once, what runs after its step.
    for job in queue.jobs(states=("queued",)):
        queue.cancel(job.id)
    assert queue.get(last).state == "cancelled"
    press(cancel.first)
    page.get_by_text("Cancelled; what was finished is kept").wait_for()
    assert queue.get(first).state == "cancelled"
    for job in queue.jobs(states=("queued", "running")):
        queue.cancel(job.id)


def test_a_bare_link_shows_the_job_to_somebody_else(server, queue, open_page):
    """The bare link brings the job's settings with it."""
    until(lambda: not queue.jobs(states=("running",)))
    job = queue.submit(
        "train", ["train", CONFIG], config={"runs": [], "controls": {"seeds": 7}}, owner="f" * 16, title="Theirs",
        link="Train?job=",
    )  # fmt: skip
    queue.cancel(job.id)
    page = open_page(f"{server.address}/{job.link}")
    page.get_by_text("Theirs").wait_for()
    seeds = page.get_by_test_id("stNumberInput").get_by_label("seeds")
    until(lambda: seeds.input_value() == "7")


def test_a_short_race_ends_with_a_table_and_its_runs_can_be_deleted(server, queue, open_page, settle, press):
    page = open_page(f"{server.address}/Train?{SHORT}")
    start(page, press)
    page.get_by_text(re.compile("comes first with")).wait_for()
    page.get_by_role("button", name="Download table (CSV)").wait_for()
    with RunStore(server.folder) as store:
        runs = store.list()
    results = open_page(f"{server.address}/Results")
    table = results.locator("[class*=st-key-runs_] [data-testid=stDataFrame]").first
    row = table.locator("canvas [role=row][aria-rowindex='2']")  # the first one, as a screen reader has it
    row.wait_for(state="attached")
    settle(results)
    delete = results.get_by_role("button", name="Delete 1 ticked")

    def ticked() -> bool:
        """The table is drawn on a canvas, which a click may find while it is being drawn anew."""
        if row.get_attribute("aria-selected") != "true":
            table.locator("canvas").first.click(position={"x": 18, "y": 52}, force=True)  # its checkbox
        with contextlib.suppress(Late):
            delete.wait_for(timeout=3000)
        return delete.is_visible()

    comes_true(results, ticked)
    dialog = results.get_by_role("dialog")
    press(delete)
    press(dialog.get_by_role("button", name="Keep them"))
    dialog.wait_for(state="hidden")
    press(delete)
    press(dialog.get_by_role("button", name="Delete", exact=True))
    dialog.wait_for(state="hidden")
    with RunStore(server.folder) as store:
        until(lambda: {run.id for run in store.list()} == {run.id for run in runs[1:]}, 10)
