"""Processes that tests start: each is gone when its test ends, with everything it started, whether the test passed."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psutil


def end(process: subprocess.Popen[Any]) -> None:
    """Kill a process and all its descendants, and wait for it."""
    family: list[psutil.Process] = []
    with suppress(psutil.Error):
        parent = psutil.Process(process.pid)
        family = [*parent.children(recursive=True), parent] if process.poll() is None else []
    for member in family:
        with suppress(psutil.Error):
            member.kill()
    process.wait(20)


class Processes:
    """Starts processes; `end` ends those that are left."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[Any]] = []

    def start(self, words: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """As `subprocess.Popen`, silent unless told otherwise."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._started.append(subprocess.Popen(words, **{**quiet, **options}))
        return self._started[-1]

    def end(self) -> None:
        """End what is still running."""
        for process in self._started:
            end(process)
