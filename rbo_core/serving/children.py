"""Processes that are kept alive: begun again when they end or fall silent, and gone when their keeper is."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PATIENCE = 120.0  # seconds in which a new server must answer: the first one on a machine compiles
GRACE = 10.0  # seconds between asking a process to end and ending it
SETTLED = 30.0  # a child that lived so long is begun again at once; one that did not waits, each time twice as long
LONGEST_DELAY = 30.0
LOOK = 0.2  # seconds between two looks at the children
ASK = 5.0  # seconds between two questions for a server's health
SILENCE = 60.0  # seconds without an answer after which a server is taken to hang
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


@dataclass
class Child:
    """A process with its own process group.

    health: an address that answers while it is well; "" asks nothing. silence: seconds without an answer after which it
    is taken to hang. begun, heard, asked: when it began, last answered and was last asked. due: when it shall begin
    again, 0 while it runs. delay: seconds it had to wait for that the last time.
    """

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    health: str = ""
    silence: float = SILENCE
    process: subprocess.Popen[bytes] | None = None
    begun: float = 0.0
    heard: float = 0.0
    asked: float = 0.0
    due: float = 0.0
    delay: float = 0.0

    def begin(self) -> None:
        """Start the process."""
        self.begun = self.heard = self.asked = time.monotonic()
        self.process = subprocess.Popen(
            self.words,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # it is we who end it on Ctrl-C, and all that it began with it
            preexec_fn=_leave_with_parent if sys.platform == "linux" else None,
        )

    def well(self) -> bool:
        """Whether it lives and, asked now and then, has answered lately."""
        if self.process is None or self.process.poll() is not None:
            return False
        now = time.monotonic()
        if self.health and now - self.asked > ASK:
            self.asked = now
            if answers(self.health):
                self.heard = time.monotonic()
        patience = self.silence if self.heard > self.begun else max(self.silence, PATIENCE)
        return not self.health or now - self.heard < patience

    def look(self) -> None:
        """Begin it again when it is not well: at once, or later and later when it never lives long."""
        if not self.due and not self.well():
            code = self.process.poll() if self.process is not None else None
            now = time.monotonic()
            self.delay = min(LONGEST_DELAY, max(0.5, 2 * self.delay)) if now - self.begun < SETTLED else 0.0
            self.due = now + self.delay
            how = "hangs" if code is None else f"ended with {code}"
            print(f"{self.name} {how}; it begins again", file=sys.stderr, flush=True)
            self.end(0.0)
        if self.due and time.monotonic() >= self.due:
            self.due = 0.0
            self.begin()

    def ask_to_end(self) -> None:
        """Send its group SIGTERM."""
        self._send(signal.SIGTERM)

    def end(self, grace: float = GRACE) -> None:
        """Wait for its end so long, then kill it and everything it began."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(grace)
        self._send(signal.SIGKILL)
        self.process.wait()

    def _send(self, number: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def keep(children: Sequence[Child]) -> None:
    """Look after children until an exception (an interrupt) ends it; then all of them are ended."""
    try:
        while True:
            for child in children:
                child.look()
            time.sleep(LOOK)
    finally:
        end_all(children)


def end_all(children: Sequence[Child]) -> None:
    """Ask all to end, then see to it."""
    for child in children:
        child.ask_to_end()
    for child in children:
        child.end()


def wait_until_well(children: Sequence[Child], patience: float = PATIENCE) -> None:
    """Return when all that can be asked have answered.

    Raises:
        ValueError: one ended, or did not answer in time.
    """
    until = time.monotonic() + patience
    for child in children:
        while child.health and not answers(child.health):
            if child.process is None or child.process.poll() is not None:
                raise ValueError(f"{child.name} did not start; what it said stands above")
            if time.monotonic() > until:
                raise ValueError(f"{child.name} did not answer within {patience:.0f} s")
            time.sleep(LOOK)


def answers(address: str) -> bool:
    """Whether a GET of this address is answered by 200."""
    try:
        with urllib.request.urlopen(address, timeout=ASK) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _leave_with_parent() -> None:
    """Runs in the new process before its program: the kernel ends it when its parent is gone, however that ended."""
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGTERM)
