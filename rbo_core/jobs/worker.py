"""``python -m rbo_core.jobs.worker``: runs one job's command in this process and records how it ended."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from types import FrameType

from rbo_core.jobs.queue import CONFIG
from rbo_core.jobs.reporter import HEARTBEAT, Reporter, reporter

LISTEN = 0.1  # seconds between two looks for a Cancel
PATIENCE = 0.3  # seconds in which a cancelled command hears it by itself, and then in which it heeds an interrupt
INTERRUPTED = 130  # exit code


def main() -> int:
    """Run the job named in the environment; returns the command's exit code."""
    report = reporter()
    if not hasattr(report, "job"):
        print("error: this is started by the job queue; use `python -m rbo_core jobs`", file=sys.stderr)
        return 2
    if hasattr(os, "nice"):
        os.nice(5)  # visitors who look at pages go first
    # The server that started this process may be gone when somebody presses Cancel: end like an interrupted command.
    signal.signal(signal.SIGTERM, _interrupt)
    finished = threading.Event()
    threading.Thread(target=_beat, args=(report, finished), daemon=True).start()
    queue, job = report.queue, report.job
    words = [str(queue.file(job.id, "json")) if word == CONFIG else word for word in job.argv]
    code = 1
    try:
        from rbo_core.cli import main as command

        code = command(words)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except KeyboardInterrupt:
        code = INTERRUPTED
    finally:
        finished.set()
        _record(report, code)
    return code


def _record(report: Reporter, code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    cancelled = report.queue.get(report.job.id).cancel is not None
    if code == 0:
        end = {"state": "done"}
    elif cancelled:
        end = {"state": "cancelled", "message": "cancelled"}
    else:
        end = {"state": "failed", "message": _reason(report, code)}
    report.queue.update(report.job, **end, finished=time.time())


def _reason(report: Reporter, code: int) -> str:
    problem = sys.exc_info()[1]
    if problem is not None and not isinstance(problem, SystemExit | KeyboardInterrupt):
        return f"{type(problem).__name__}: {problem}"
    errors = [line for line in report.queue.log(report.job.id).splitlines() if line.startswith("error: ")]
    return errors[-1].removeprefix("error: ") if errors else f"the command ended with exit code {code}"


def _beat(report: Reporter, finished: threading.Event) -> None:
    """Signs of life until the command has finished, and an end for one that is cancelled."""
    last = time.monotonic()
    while not finished.wait(LISTEN):
        if time.monotonic() - last > HEARTBEAT:
            last = time.monotonic()
            report.beat()
        if report.cancelled():
            _stop(report, finished)
            break
    while not finished.wait(HEARTBEAT):
        report.beat()


def _stop(report: Reporter, finished: threading.Event) -> None:
    """End a cancelled command: who has heard it ends by itself and keeps what was finished.

    One that does not ask (it loads data, say) is interrupted, and one that does not heed that either (it compiles) ends
    with its process: what was finished before is stored.
    """
    if finished.wait(PATIENCE) or report.heard:
        return
    _thread.interrupt_main()
    if finished.wait(PATIENCE) or report.heard:
        return
    _record(report, INTERRUPTED)
    os._exit(INTERRUPTED)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
