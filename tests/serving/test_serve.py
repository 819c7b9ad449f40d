"""Several servers behind nginx: visitors are spread, each stays where it began, and a server that ends begins again."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from rbo_core.cli import main
from rbo_core.cli.serve import search_path
from rbo_core.serving import children
from rbo_core.serving.children import Child
from tests.asynchronous import result
from tests.processes import Processes

ROOT = Path(__file__).resolve().parents[2]


def until(true: Callable[[], Any], seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workers", "0"], "--workers must be from 1 to 64, got 0"),
        (["--address", "0.0.0.0; x"], "--address must be a name or an IPv4 address"),
        (["--base-path", "a b"], "--base-path must be made of letters"),
        (["--port", "70000"], "--port must be between 1 and 65535, got 70000"),
        (["--print-config"], "name the first one's port, --worker-port 8601"),
        (["--no-proxy", "--worker-port", "65535"], "--worker-port must leave 2 ports below 65536, got 65535"),
        (["--worker-port", "8500"], "--worker-port and --port must differ, got 8501 for both"),
    ],
)
def test_options_are_refused_by_name(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_port_that_is_taken_and_a_missing_nginx_are_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["serve", "--port", port]) == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use; choose another" in capsys.readouterr().err
    monkeypatch.setattr(shutil, "which", lambda name, path: None)
    assert main(["serve", "--port", str(free_port())]) == 2
    assert "apt install nginx" in capsys.readouterr().err


def test_the_configuration_for_a_proxy_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--workers", "3", "--worker-port", "8601", "--base-path", "/lab/", "--print-config"]) == 0
    text = capsys.readouterr().out
    assert text.count("{") == text.count("}")
    (everybody,) = re.findall(r"upstream rbo_any \{(.*?)\}", text, re.DOTALL)
    assert re.findall(r"127\.0\.0\.1:(\d+)", everybody) == ["8601", "8602", "8603"]
    (second,) = re.findall(r"upstream rbo_w1 \{(.*?)\}", text, re.DOTALL)
    assert re.findall(r"127\.0\.0\.1:(\d+)[^;]*backup", second) == ["8601", "8603"]
    assert "location /lab/ {" in text and "Path=/lab/;" in text


def test_a_child_that_ends_begins_again_later_and_later(monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child("short", ["true"], dict(os.environ))
    monkeypatch.setattr(children, "LONGEST_DELAY", 0.02)
    child.begin()
    first = child.process
    until(lambda: child.look() or child.process is not first)
    assert child.delay == 0.02
    child.end()


def test_a_server_that_falls_silent_is_not_well(monkeypatch: pytest.MonkeyPatch, processes: Processes) -> None:
    monkeypatch.setattr(children, "ASK", 0.05)
    port = free_port()
    words = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", "/dev"]
    child = Child("web", words, dict(os.environ), f"http://127.0.0.1:{port}/", silence=0.5)
    child.begin()
    assert child.process is not None
    try:
        until(lambda: child.well() and child.heard > child.begun)
        os.kill(child.process.pid, signal.SIGSTOP)
        until(lambda: not child.well())
    finally:
        child.end(0.0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_children_leave_when_their_keeper_is_killed(processes: Processes) -> None:
    code = (
        "import os, time\nfrom rbo_core.serving.children import Child\n"
        "child = Child('sleep', ['sleep', '60'], dict(os.environ))\nchild.begin()\n"
        "print(child.process.pid, flush=True)\ntime.sleep(60)"
    )
    keeper = processes.start([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    with keeper.stdout as said:
        sleeping = psutil.Process(int(said.readline()))
    keeper.kill()
    _, left = psutil.wait_procs([sleeping], timeout=10)
    assert not left


def instruction(name: str) -> list[str]:
    """The words of a Dockerfile's instruction in its JSON form."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^{name} .*?(\[.*\])$", text, re.MULTILINE)
    return list(json.loads(found))


def test_the_container_starts_what_the_command_line_knows(capsys: pytest.CaptureFixture[str]) -> None:
    entry, words = instruction("ENTRYPOINT"), instruction("CMD")
    assert entry == ["rolling-ball"] and instruction("HEALTHCHECK") == ["rolling-ball", "serve", "--check"]
    assert main([*words, "--worker-port", "8601", "--print-config"]) == 0
    assert "listen 0.0.0.0:8501;" in capsys.readouterr().out
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    user, data = re.search(r"^USER (\w+)", text, re.MULTILINE), re.search(r"^VOLUME (\S+)", text, re.MULTILINE)
    assert user and user[1] != "root" and data and f"RBO_DATA_DIR={data[1]}" in text
    assert f"install -d -o {user[1]} -g {user[1]} {data[1]}" in text
    for source in re.findall(r"pip install --no-cache-dir -r (\S+)", text):
        assert (ROOT / source).is_file()


class Served:
    """`serve --workers 2` below a path, as visitors see it."""

    def __init__(self, processes: Processes, folder: Path) -> None:
        self.port = free_port()
        words = [sys.executable, "-m", "rbo_core", "serve", "--workers", "2", "--port", str(self.port)]
        environment = {**os.environ, "RBO_DATA_DIR": str(folder), "TMPDIR": str(folder)}
        self.process = processes.start([*words, "--base-path", "lab"], cwd=ROOT, env=environment)
        until(lambda: self.process.poll() is not None or self.health(), 120.0)
        assert self.process.poll() is None

    def health(self) -> bool:
        return children.answers(f"http://127.0.0.1:{self.port}/lab/_stcore/health")

    def enter(self) -> str:
        """The cookie that a new browser is given."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/lab/Roll", timeout=20) as page:
            return next(c for c in page.headers.get_all("Set-Cookie") if c.startswith("rbo_worker")).partition(";")[0]

    def workers(self) -> list[psutil.Process]:
        living = [one for one in psutil.Process(self.process.pid).children() if one.status() != psutil.STATUS_ZOMBIE]
        return [one for one in living if "streamlit" in one.cmdline()]

    def connect(self, cookie: str) -> Any:
        return websockets.connect(
            f"ws://127.0.0.1:{self.port}/lab/_stcore/stream", subprotocols=["streamlit"], max_size=None,
            additional_headers={"Cookie": cookie},
        )  # fmt: skip


async def opened(tab: Any) -> None:
    """Ask for the page Iron and read to the end of its run."""
    message = BackMsg()
    message.rerun_script.page_name = "Iron"
    await tab.send(message.SerializeToString())
    while True:
        answer = ForwardMsg.FromString(await asyncio.wait_for(tab.recv(), 120))
        if answer.WhichOneof("type") == "script_finished":
            assert answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
            return


def connections(server: psutil.Process) -> int:
    return sum(one.status == psutil.CONN_ESTABLISHED for one in server.net_connections("tcp"))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("nginx", path=search_path()) is None, reason="nginx is not installed")
def test_visitors_are_spread_stay_and_survive_the_loss_of_a_server(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = Served(processes, tmp_path)
    cookies = [served.enter(), served.enter()]
    assert set(cookies) == {"rbo_worker=w0", "rbo_worker=w1"}

    async def visit() -> None:
        first, second = [await served.connect(cookie) for cookie in cookies]
        await asyncio.gather(opened(first), opened(second))
        assert [connections(one) for one in served.workers()] == [1, 1]
        third = await served.connect(cookies[0])  # another tab of the first browser
        counts = [connections(one) for one in served.workers()]
        assert sorted(counts) == [1, 2]
        lost = served.workers()[counts.index(2)]
        lost.kill()
        with pytest.raises(websockets.ConnectionClosed):
            await third.recv()
        await opened(second)  # the other browser has noticed nothing
        again = await served.connect(cookies[0])  # as a browser does by itself: the other worker stands in
        await opened(again)
        until(lambda: len([one for one in served.workers() if one.pid != lost.pid]) == 2)
        for tab in (first, second, third, again):
            await tab.close()

    result(visit())
    monkeypatch.setenv("RBO_PORT", str(served.port))
    monkeypatch.setenv("RBO_BASE_PATH", "lab")
    assert main(instruction("HEALTHCHECK")[1:]) == 0
    family = psutil.Process(served.process.pid).children(recursive=True)
    assert any("nginx" in one.name() for one in family)
    served.process.send_signal(signal.SIGTERM)
    served.process.wait(30)
    _, left = psutil.wait_procs(family, timeout=10)
    assert not left
    assert main(instruction("HEALTHCHECK")[1:]) == 1
    assert not list(tmp_path.glob("rolling-ball-serve-*"))
