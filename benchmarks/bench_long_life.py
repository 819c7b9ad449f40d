"""Whether a server stays as it is: memory, files and threads over busy minutes, an hour at low load, and a quiet end.

    python benchmarks/bench_long_life.py                                   # 10 busy minutes, 60 at low load, 4 quiet
    python benchmarks/bench_long_life.py --busy 2 --low 0 --quiet 3

Visitors are those of bench_visitors.py: real WebSocket clients. Each comes to a page, changes the radius every three
seconds for about half a minute, closes its tab and comes back to the next page as a new session, all eight pages in
turn. In the busy minutes there are five of them, at low load one, in the quiet end none: Streamlit then forgets the
sessions of closed tabs after two minutes. The table has a line for each minute; the last lines compare the medians.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bench_visitors import WITHOUT_RADIUS, Server, Visitor, served

PAGES = ("Roll", "Race", "Iron", "Phases", *WITHOUT_RADIUS)
STAY = 30.0
SAMPLES = 10.0  # seconds between two looks at the server


@dataclass(frozen=True)
class Look:
    """The server at one moment: minutes since the beginning, memory in MB, threads, open files, jobs that run."""

    minute: float
    memory: float
    threads: int
    files: int
    jobs: int


async def visitor(address: str, number: int, until: float, waits: list[float]) -> None:
    """One person after the other at one place in the room, from page to page."""
    draw, k = random.Random(number), number
    while time.perf_counter() < until:
        one = Visitor(PAGES[k % len(PAGES)])
        k += 1
        await one.stay(address, min(until, time.perf_counter() + STAY), draw)
        waits += one.waits


async def watch(server: Server, begin: float, until: float, looks: list[Look]) -> None:
    """Look at the server until the time is over."""
    while time.perf_counter() < until:
        memory, threads, files = server.holds()
        jobs = len(server.process.children()) + 1 - len(server.family())
        looks.append(Look((time.perf_counter() - begin) / 60, memory, threads, files, jobs))
        await asyncio.sleep(SAMPLES)


async def part(address: str, server: Server, begin: float, visitors: int, minutes: float) -> list[Look]:
    """So many visitors for so long; prints a line a minute and returns all looks."""
    looks: list[Look] = []
    waits: list[float] = []
    until = time.perf_counter() + 60 * minutes
    people = (visitor(address, k, until, waits) for k in range(visitors))
    await asyncio.gather(watch(server, begin, until, looks), *people)
    for minute in sorted({int(look.minute) for look in looks}):
        here = [look for look in looks if int(look.minute) == minute]
        last = here[-1]
        print(f"| {minute} | {visitors} | {last.memory:.0f} | {last.threads} | {last.files} | {last.jobs} |")
    median = f", {len(waits)} changes, median {statistics.median(waits):.2f} s" if waits else ""
    print(f"<!-- {visitors} visitors, {minutes:g} minutes{median} -->", flush=True)
    return looks


def said(name: str, looks: list[Look]) -> str:
    """The medians of a part's last third."""
    late = looks[-max(1, len(looks) // 3) :]
    middle = [statistics.median(getattr(look, what) for look in late) for what in ("memory", "threads", "files")]
    return f"{name}: {middle[0]:.0f} MB, {middle[1]:.0f} threads, {middle[2]:.0f} files"


def main() -> None:
    """Run the parts and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--busy", type=float, default=10.0, help="minutes with --visitors")
    parser.add_argument("--visitors", type=int, default=5)
    parser.add_argument("--low", type=float, default=60.0, help="minutes with one visitor")
    parser.add_argument("--quiet", type=float, default=4.0, help="minutes with none")
    args = parser.parse_args()
    print("| minute | visitors | memory, MB | threads | files | jobs |\n| ---: | ---: | ---: | ---: | ---: | ---: |")
    with served([]) as (address, server):
        begin, lines = time.perf_counter(), []
        for name, count, minutes in (
            ("busy", args.visitors, args.busy), ("low load", 1, args.low), ("quiet", 0, args.quiet),
        ):  # fmt: skip
            if minutes > 0:
                lines.append(said(name, asyncio.run(part(address, server, begin, count, minutes))))
    print("\n" + "; ".join(lines) + " (medians of each part's last third).")


if __name__ == "__main__":
    main()
