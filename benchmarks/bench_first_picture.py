"""How long a visitor waits for the first picture of each page of a warm server, in a browser that nobody debugs.

    python benchmarks/bench_first_picture.py [--page Train ...] [--rounds 3] [--width 1280] [--only address]

The pages set a mark, `performance.mark("picture")`, in the frame after their first picture was drawn. Chromium
(headless, software WebGL) opens each page by itself: no debugger is attached while it loads, because one makes V8
compile scripts again and throws away what it compiled before. Only when the page has been left alone for some seconds
are its marks read.

Four visitors, each with a profile of its own: *cold* types the page's address into an empty one; *after Home* has
opened Home before and then types the address; *again* has opened the page twice and comes back by its address (from the
second time on Chromium keeps what it compiled); *by the menu* has opened Home and clicks. Seconds are from the
navigation (or the click) to the picture. Beside them, by a client that speaks Streamlit's protocol: the server's
seconds from the request to the message that holds the picture, and to the end of the run. Shift: the sum of layout
shifts of a visit (CLS), the worst.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from benchmarks.browsing import FLAGS, served  # noqa: E402
from pages.shared.first_paint import DRAWN  # noqa: E402

PAGES = (
    "", "Roll", "Race", "Iron", "Phases", "Train", "Network_landscape", "Network_phases", "Results", "Lessons",
)  # fmt: skip
PLAYING = ("", "Roll", "Race", "Lessons")
"""Whose first picture is the player's; that of all others is a plot."""
QUIET = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--ignore-gpu-blocklist", "--hide-scrollbars")  # fmt: skip
LEFT_ALONE, READ_HOME, LONGEST = 2.5, 4.0, 60.0
"""Seconds before anybody looks at a page, or at Home, and after which it is given up."""

READ = """new Promise((done) => {
  let shift = 0;
  const seen = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
  });
  seen.observe({ type: "layout-shift", buffered: true });
  setTimeout(() => {
    const drawn = performance.getEntriesByName("picture").filter((mark) => mark.detail === "%s");
    const marks = drawn.map((mark) => mark.startTime);
    done(JSON.stringify([marks.find((time) => time > (window.asked ?? 0)) - (window.asked ?? 0), shift]));
  }, 50);
})"""
PRESS = (
    """(window.asked = performance.now(), document.querySelector('[data-testid=stSidebar] a[href*="%s"]').click())"""
)


class Browser:
    """A Chromium with a profile of its own; pages open as tabs of it, and nothing is attached to them."""

    def __init__(self, port: int) -> None:
        self.port = port

    def _ask(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/json/{path}", method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text.startswith((b"{", b"[")) else text

    def open(self, address: str) -> dict[str, Any]:
        """A new tab."""
        return dict(self._ask(f"new?{address}", "PUT"))

    def close(self, tab: dict[str, Any]) -> None:
        self._ask(f"close/{tab['id']}")

    def run(self, tab: dict[str, Any], script: str) -> Any:
        """The value of a script in a tab, through a connection that ends with it; no domain is enabled."""

        async def ask() -> Any:
            async with websockets.connect(tab["webSocketDebuggerUrl"], max_size=None) as line:
                call = {"expression": script, "awaitPromise": True, "returnByValue": True}
                await line.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": call}))
                while True:
                    answer = json.loads(await line.recv())
                    if answer.get("id") == 1:
                        if "exceptionDetails" in answer["result"]:
                            raise RuntimeError(answer["result"]["exceptionDetails"]["exception"]["description"])
                        return answer["result"]["result"].get("value")

        return asyncio.run(ask())

    def seen(self, tab: dict[str, Any], page: str) -> tuple[float, float]:
        """(seconds to the first picture, layout shift), after the page was left alone."""
        until = time.monotonic() + LONGEST
        time.sleep(LEFT_ALONE if page else READ_HOME)
        while time.monotonic() < until:
            taken, shift = json.loads(self.run(tab, READ % ("player" if page in PLAYING else "plot")))
            if taken is not None:
                return taken / 1000, shift
            time.sleep(1.0)
        return float("nan"), float("nan")

    def visit(self, address: str, page: str) -> tuple[float, float]:
        """The same of a new tab with a page of the lab at this address."""
        tab = self.open(f"{address}/{page}?autoplay=0")
        seen = self.seen(tab, page)
        self.close(tab)
        return seen

    def chosen(self, address: str, page: str) -> tuple[float, float]:
        """The same of a page that is chosen in the menu of Home."""
        tab = self.open(f"{address}/?autoplay=0")
        self.seen(tab, "")
        self.run(tab, PRESS % f"{page}?")
        seen = self.seen(tab, page)
        self.close(tab)
        return seen


@contextmanager
def browser(width: int) -> Iterator[Browser]:
    """A fresh one, whose own start is over."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [str(shutil.which("chromium")), "--headless", *FLAGS, *QUIET, f"--window-size={width},900"]
        command += ["--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, **quiet)
        told = Path(profile) / "DevToolsActivePort"
        try:
            while not (told.exists() and "\n" in told.read_text()):
                time.sleep(0.05)
            time.sleep(1.5)
            yield Browser(int(told.read_text().split("\n")[0]))
        finally:
            process.terminate()
            process.wait(20)


async def server_share(address: str, page: str) -> tuple[float, float]:
    """Seconds of one run of a page: until its first player or plot is sent, and until its end."""
    async with websockets.connect(
        f"{address.replace('http', 'ws', 1)}/_stcore/stream", subprotocols=["streamlit"], max_size=None
    ) as line:
        message = BackMsg()
        message.rerun_script.page_name = page
        begin, picture = time.perf_counter(), float("nan")
        await line.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(await line.recv())
            kind, now = answer.WhichOneof("type"), time.perf_counter() - begin
            if kind == "delta" and picture != picture:
                component = answer.delta.new_element.bidi_component.component_name
                if component.endswith(("rolling_ball_player", "lab_plots")):
                    picture = now
                    await line.send(DRAWN)  # or the server holds the rest back
            ended = kind == "script_finished" and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
            if ended and picture == picture:
                return picture, now


@dataclass
class Waits:
    """Of one page: what its visitors waited, in seconds."""

    cold: list[float] = field(default_factory=list)
    address: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    menu: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    shift: list[float] = field(default_factory=list)

    def row(self, page: str) -> str:
        """As a line of the table; the worst of the shifts."""
        times = (self.cold, self.address, self.again, self.menu, self.sent, self.ended)
        cells = " | ".join(f"{statistics.median(one):.2f}" if one else "–" for one in times)
        return f"| {page or 'Home'} | {cells} | {max(self.shift, default=float('nan')):.3f} |"


COLUMNS = (
    "page", "cold, s", "after Home, s", "again, s", "by the menu, s", "picture sent, s", "run ended, s", "shift, worst",
)  # fmt: skip


def measure(address: str, pages: list[str], rounds: int, width: int, only: list[str]) -> dict[str, Waits]:
    """The waits on pages of a server that others have used before."""
    waits = {page: Waits() for page in pages}
    for page, one in waits.items():
        for _ in range(rounds + 1):
            sent, ended = asyncio.run(server_share(address, page))
            one.sent.append(sent)
            one.ended.append(ended)
        del one.sent[0], one.ended[0]  # the first fills what all visitors share
    for _ in range(rounds):
        for page, one in waits.items():
            for visitor in only if page else set(only) - {"menu"}:
                with browser(width) as fresh:
                    if visitor == "cold":
                        taken, shift = fresh.visit(address, page)
                    elif visitor == "menu":
                        taken, shift = fresh.chosen(address, page)
                    else:
                        for before in [""] if visitor == "address" else [page, page]:
                            fresh.visit(address, before)
                        taken, shift = fresh.visit(address, page)
                getattr(one, visitor).append(taken)
                one.shift.append(shift)
    return waits


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", action="append", help="as in its address; Home is '' (default: all)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--width", type=int, default=1280, help="of the window, px")
    visitors = ("cold", "address", "again", "menu")
    parser.add_argument("--only", action="append", choices=visitors, help="visitors (default: all)")
    args = parser.parse_args()
    with served() as address:
        found = measure(address, args.page or list(PAGES), args.rounds, args.width, args.only or list(visitors))
    print(f"| {' | '.join(COLUMNS)} |\n| --- |{' ---: |' * (len(COLUMNS) - 1)}")
    for page, one in found.items():
        print(one.row(page), flush=True)


if __name__ == "__main__":
    main()
