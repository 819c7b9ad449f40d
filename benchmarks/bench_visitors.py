"""How long visitors wait when many look at the lab at once: real WebSocket clients, each changing the radius in turn.

    python benchmarks/bench_visitors.py                          # every stage below, about four minutes
    python benchmarks/bench_visitors.py --stage Roll:30 --seconds 20

Every client speaks Streamlit's own protocol over loopback, as a browser does: it opens the page, then sends another
radius every three seconds (later when the answer to the last one is not there yet) and waits for the end of the run.
Reported: seconds from the change to the end of the run, of all changes after the first load; the server's memory and
processor time. The server is started here, on a free port, with an empty data folder, and ends with the benchmark.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket as socketlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

ROOT = Path(__file__).resolve().parents[1]
STAGES = ("Roll:5", "Roll:15", "Roll:30", "Race:30", "Phases:10", "Iron:10")
QUERIES = {"Iron": "ground=surface"}
WITHOUT_RADIUS = ("Train", "Results", "Network_landscape", "Network_phases")
EVERY = 3.0
RADII = [round(0.05 * 1.08**k, 4) for k in range(40)]


@dataclass
class Visitor:
    """One browser tab. first: seconds until the page stood; waits: seconds of each change after that."""

    page: str
    first: float = 0.0
    waits: list[float] = field(default_factory=list)
    radius: str = ""
    cached: set[str] = field(default_factory=set)

    async def stay(self, address: str, until: float, draw: random.Random) -> None:
        """Open the page and change the radius until the time is over."""
        await asyncio.sleep(draw.random() * EVERY)
        async with websockets.connect(
            f"{address}/_stcore/stream", subprotocols=["streamlit"], max_size=None, ping_interval=None
        ) as socket:
            begin = time.perf_counter()
            await self._run(socket, None)
            self.first = time.perf_counter() - begin
            while time.perf_counter() < until:
                begin = time.perf_counter()
                await self._run(socket, draw.choice(RADII) if self.radius else None)
                spent = time.perf_counter() - begin
                self.waits.append(spent)
                await asyncio.sleep(max(0.0, EVERY - spent))

    async def _run(self, socket: Any, radius: float | None) -> None:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string = QUERIES.get(self.page, "")
        asked.page_name = self.page
        asked.cached_message_hashes.extend(self.cached)
        if radius is not None:
            state = asked.widget_states.widgets.add()
            state.id, state.double_value = self.radius, radius
        await socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(await socket.recv())
            kind = answer.WhichOneof("type")
            if answer.metadata.cacheable and answer.hash:
                self.cached.add(answer.hash)
            if kind == "delta" and answer.delta.new_element.number_input.id.endswith("-radius"):
                self.radius = answer.delta.new_element.number_input.id
            ended = kind == "script_finished" and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
            # A page that has just begun once more of itself has drawn no box yet.
            if ended and (self.radius or self.page in WITHOUT_RADIUS):
                return


class Server:
    """The app as it is served: one process, or several behind nginx."""

    def __init__(self, process: psutil.Process) -> None:
        self.process = process

    def family(self) -> list[psutil.Process]:
        """The processes that serve pages, and whoever stands before them; not the jobs that they began."""
        return [self.process, *(one for one in self.process.children() if "rbo_core.jobs.worker" not in one.cmdline())]

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        return sum(sum(one.cpu_times()[:2]) for one in self.family())

    def holds(self) -> tuple[float, int, int]:
        """Memory in MB, threads and open files."""
        family = self.family()
        return (
            sum(one.memory_info().rss for one in family) / 1e6,
            sum(one.num_threads() for one in family),
            sum(one.num_fds() for one in family),
        )


@contextmanager
def served(options: list[str], workers: int = 0) -> Any:
    """(address, server) of the app on a free port; behind nginx with so many workers, if any."""
    with socketlib.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if workers:
        command = [sys.executable, "-m", "rbo_core", "serve", "--workers", str(workers), "--port", str(port)]
    else:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        command += ["--server.address", "127.0.0.1", "--server.headless", "true", *options]
    with tempfile.TemporaryDirectory() as data, Path(os.devnull).open("wb") as quiet:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "RBO_DATA_DIR": data}, stdout=quiet, stderr=quiet
        )
        try:
            for _ in range(240):
                with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                    break
                time.sleep(0.25)
            yield f"ws://127.0.0.1:{port}", Server(psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait(30)


async def stage(address: str, page: str, count: int, seconds: float) -> list[Visitor]:
    """So many visitors on a page for so long."""
    visitors = [Visitor(page) for _ in range(count)]
    until = time.perf_counter() + EVERY + seconds
    stays = (one.stay(address, until, random.Random(k)) for k, one in enumerate(visitors))
    await asyncio.wait_for(
        asyncio.gather(*stays), timeout=3 * seconds + 240
    )  # a machine that compiles its kernels first takes minutes
    return visitors


def row(page: str, visitors: list[Visitor], server: Server, cpu: float) -> str:
    """The stage as a line of the table."""
    memory, threads, files = server.holds()
    waits = sorted(wait for one in visitors for wait in one.waits)
    late = waits[min(len(waits) - 1, int(0.95 * len(waits)))]
    return (
        f"| {page} | {len(visitors)} | {statistics.median(one.first for one in visitors):.2f} | "
        f"{statistics.median(waits):.2f} | {late:.2f} | {len(waits)} | {cpu / max(len(waits), 1):.3f} | "
        f"{memory:.0f} | {threads} | {files} |"
    )


COLUMNS = (
    "page", "visitors", "first load, s", "median, s", "p95, s", "changes", "CPU a change, s", "memory, MB", "threads",
    "files",
)  # fmt: skip


def main() -> None:
    """Run the stages and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", action="append", help=f"PAGE:VISITORS (default {' '.join(STAGES)})")
    parser.add_argument("--seconds", type=float, default=25.0, help="of each stage, after everybody has come")
    parser.add_argument("--option", action="append", default=[], help="of Streamlit, as --runner.postScriptGC=true")
    parser.add_argument(
        "--workers", type=int, default=0, help="serve by so many processes behind nginx (0: one, alone)"
    )
    args = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n| --- |{' ---: |' * (len(COLUMNS) - 1)}", flush=True)
    with served(args.option, args.workers) as (address, server):
        for named in args.stage or STAGES:
            page, _, count = named.partition(":")
            asyncio.run(stage(address, page, max(1, args.workers), 1.0))  # compiles and fills what everybody shares
            begin = server.cpu()
            visitors = asyncio.run(stage(address, page, int(count), args.seconds))
            print(row(page, visitors, server, server.cpu() - begin), flush=True)


if __name__ == "__main__":
    main()
