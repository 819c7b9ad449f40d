"""``python -m rbo_core jobs``: list, show, cancel and run background jobs."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from rbo_core.checks import require
from rbo_core.jobs import Dispatcher, Job, Queue
from rbo_core.jobs.dispatcher import PERIOD


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("action", nargs="?", default="list", choices=("list", "show", "cancel", "run", "prune"),
                        help="list (default), show ID, cancel ID, run the queue here until it is empty, or prune: "
                        "forget what is older than --days")  # fmt: skip
    parser.add_argument("id", nargs="?", help="a job's id")
    parser.add_argument("--days", type=float, default=90.0, help="prune: jobs, visitors' runs and maps older than this")
    parser.add_argument("--all", action="store_true", help="list finished jobs too")
    parser.add_argument("--data", type=Path, help="data folder (default: RBO_DATA_DIR, else ./runs)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    if args.action in ("show", "cancel") and not args.id:
        raise ValueError(f"jobs {args.action} needs a job's id; `jobs list --all` shows them")
    queue = Queue(None if args.data is None else args.data / "jobs.sqlite")
    try:
        if args.action == "prune":
            return _prune(queue, args.days, args.json)
        if args.action == "run":
            _work(queue, args.json)
        if args.action in ("list", "run"):
            jobs = queue.jobs(states=None if args.all or args.action == "run" else ("queued", "running"))
            if args.json:
                print(json.dumps([_plain(job) for job in jobs], indent=2))
            else:
                print("\n".join(_line(job) for job in jobs) or "no jobs" + ("" if args.all else " waiting or running"))
            return 0
        job = queue.cancel(args.id) if args.action == "cancel" else queue.get(args.id)
        if args.json:
            print(json.dumps({**_plain(job), "position": queue.position(job.id), "log": queue.log(job.id)}, indent=2))
        else:
            print(_line(job))
            print(f"command: python -m rbo_core {' '.join(job.argv)}")
            if log := queue.log(job.id):
                print(log)
        return 0
    finally:
        queue.close()


def _work(queue: Queue, quiet: bool) -> None:
    dispatcher = Dispatcher(queue)
    waiting = queue.jobs(states=("queued", "running"), limit=1000)
    all_jobs = len(waiting)
    with tqdm(total=all_jobs, unit="job", file=sys.stderr, disable=quiet or None) as bar:
        while waiting:
            dispatcher.tick()
            time.sleep(PERIOD)
            waiting = queue.jobs(states=("queued", "running"), limit=1000)
            bar.set_postfix_str(waiting[-1].title if waiting else "")
            bar.update(max(0, all_jobs - len(waiting) - bar.n))
    dispatcher.collect()


def _prune(queue: Queue, days: float, as_json: bool) -> int:
    """What visitors left goes when it is older than so many days; runs of the command line stay."""
    from rbo_core.training.prune import prune_maps, prune_runs

    require("days", days, at_least=0)
    folder = queue.path.parent
    gone = {"jobs": queue.prune(days), "runs": prune_runs(folder, days), "maps": prune_maps(folder, days)}
    print(json.dumps(gone) if as_json else ", ".join(f"{count} {what}" for what, count in gone.items()) + " removed")
    return 0


def _plain(job: Job) -> dict[str, Any]:
    return {**dataclasses.asdict(job), "argv": list(job.argv)}


def _line(job: Job) -> str:
    state = f"{job.state} {job.fraction:.0%}" if job.state == "running" else job.state
    if job.state == "running" and job.cancel is not None:
        state = "stopping"
    return f"{job.id}  {state:<12} {job.kind:<8} {job.title}" + (f"  ({job.message})" if job.message else "")
