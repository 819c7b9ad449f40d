"""``python -m rbo_core train``: train networks, go on with a stored run, or list stored runs."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from rbo_core import jobs
from rbo_core.cli.files import read_json, use_threads
from rbo_core.cluster import connected
from rbo_core.training import METHOD_DEFAULTS, Method, Result, RunStore, StoredRun, TrainConfig
from rbo_core.training.config import DATA, DIAGNOSTICS, PRECISIONS, RADIUS_SCHEDULES, SCHEDULES
from rbo_core.training.models import MODELS
from rbo_core.training.remote import Outcome, train_all
from rbo_core.training.storage import check_space
from rbo_core.training.together import train_together
from rbo_core.training.unfinished import Wanted, unfinished


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("config", nargs="?", help='JSON file: one run, a list of runs, or {"runs": [...]}')
    parser.add_argument("--data", choices=DATA)
    parser.add_argument("--model", choices=list(MODELS))
    parser.add_argument("--method", choices=list(METHOD_DEFAULTS))
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the method, e.g. lr=0.5"
    )
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--gradient-budget", type=int, help="gradient evaluations to spend, instead of epochs")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--schedule", choices=SCHEDULES)
    parser.add_argument("--radius-schedule", choices=RADIUS_SCHEDULES, help="of the radius, to --final-radius")
    parser.add_argument("--final-radius", type=float, help="radius of the last step")
    parser.add_argument("--train-size", type=int, help="use only so many training images")
    parser.add_argument("--label-noise", type=float, help="fraction of random training labels")
    parser.add_argument("--augment", action="store_true", default=None, help="random crops and flips")
    parser.add_argument("--seeds", type=int, nargs="+", default=None, help="one run a seed (default 0)")
    parser.add_argument("--device", help="auto, cpu, cuda, cuda:1")
    parser.add_argument("--precision", choices=PRECISIONS)
    parser.add_argument("--diagnostics", choices=DIAGNOSTICS, help="when penetration and sharpness are measured")
    parser.add_argument("--data-dir", help="folder with the data files")
    parser.add_argument("--threads", type=int, help="CPU threads")
    parser.add_argument("--scheduler", help="address of a Dask scheduler that trains (default: RBO_SCHEDULER, if set)")
    parser.add_argument("--store", type=Path, help="results folder (default: RBO_DATA_DIR, else ./runs)")
    parser.add_argument("--resume", metavar="ID", help="go on with a stored run")
    parser.add_argument("--list", action="store_true", help="list stored runs")
    parser.add_argument("--plane", action="store_true", help="CONFIG describes a plane through stored runs: compute it")
    parser.add_argument(
        "--phases", action="store_true", help="CONFIG describes a (radius, learning rate) grid: train it"
    )
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")


def run(args: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    use_threads(args.threads)
    with RunStore(args.store) as store:
        if args.list:
            return _list(store, args.json)
        if args.plane or args.phases:
            from rbo_core.cli.network_maps import run_map

            return run_map(args, store)
        if args.resume is not None:
            return _train([(store.get(args.resume).config, args.resume)], store, args)
        wanted = configs(args)
        size = check_space(wanted, store.folder)
        if size > 1e8:
            print(f"these {len(wanted)} runs will store up to {size / 1e9:,.1f} GB in {store.folder}", file=sys.stderr)
        job = getattr(jobs.reporter(), "job", None)
        if job is not None and job.attempt > 1:
            return _train(unfinished(wanted, store, job.created), store, args)
        return _train([(config, None) for config in wanted], store, args)


def configs(args: argparse.Namespace) -> list[TrainConfig]:
    """The runs the arguments describe: those of the file, with what the flags change."""
    described: list[dict[str, Any]] = [{}]
    if args.config is not None:
        described = _read(args.config)
    names = [f.name for f in dataclasses.fields(TrainConfig) if f.name not in ("method", "seed", "snapshots")]
    changes = {name: getattr(args, name) for name in names if getattr(args, name, None) is not None}
    out = []
    for one in described:
        described_method = one.get("method", "rbo") if args.method is None else args.method
        config = TrainConfig.from_dict({**one, **changes, "method": described_method})
        method = config.method
        settings = dict(_setting(method.name, word) for word in args.set)
        method = Method.from_dict({**method.to_dict(), **settings})
        seeds = args.seeds if args.seeds is not None else [config.seed]
        out += [dataclasses.replace(config, method=method, seed=seed) for seed in seeds]
    return out


def _read(path: str) -> list[dict[str, Any]]:
    content = read_json(path)
    if isinstance(content, dict):
        content = content.get("runs", [content])
    if not isinstance(content, list) or not content or not all(isinstance(one, dict) for one in content):
        raise ValueError(f'{path} must hold one run, a list of runs, or {{"runs": [...]}}')
    return content


def _setting(method: str, word: str) -> tuple[str, Any]:
    name, equals, value = word.partition("=")
    if not equals:
        raise ValueError(f"--set takes NAME=VALUE, got {word!r}")
    default = METHOD_DEFAULTS[method].get(name)
    try:
        if isinstance(default, bool):
            return name, {"true": True, "false": False}[value.lower()]
        if isinstance(default, int | float):
            return name, type(default)(value)
    except (KeyError, ValueError):
        raise ValueError(f"{name} must be a {type(default).__name__}, got {value!r}") from None
    return name, value


def _train(wanted: Wanted, store: RunStore, args: argparse.Namespace) -> int:
    """Train runs here, an epoch of each in turn, or at the same time on a cluster; returns the exit code."""
    with connected(args.scheduler) as client:
        ended = _here(wanted, store, args.json) if client is None else _there(client, wanted, store, args.json)
    if args.json:
        print(json.dumps([{"id": one.run_id, "state": one.state, **one.summary} for one in ended]))
    return 130 if any(one.state == "cancelled" for one in ended) else 0


def _here(wanted: Wanted, store: RunStore, as_json: bool) -> list[Result]:
    report = jobs.reporter()
    with tqdm(total=len(wanted), unit="run", file=sys.stderr, disable=as_json or None) as bar:

        def told(done: float, total: int, what: str) -> bool:
            bar.update(round(done - bar.n, 3))
            bar.set_postfix_str(what, refresh=False)
            return report(done, total, what)

        results = train_together(wanted, store, told)
    if not as_json:
        for result in results:
            _say(store.get(str(result.run_id)).config, result)
    return results


def _there(client: Any, wanted: Wanted, store: RunStore, as_json: bool) -> list[Outcome]:
    report = jobs.reporter()
    with tqdm(total=len(wanted), unit="run", file=sys.stderr, disable=as_json or None) as bar:

        def told(done: float, total: int, title: str) -> bool:
            bar.update(done - bar.n)
            return report(done, total, title)

        ended = train_all(client, wanted, store, told)
    if not as_json:
        for (config, _), one in zip(wanted, ended, strict=True):
            _say(config, one)
    return ended


def _say(config: TrainConfig, ended: Result | Outcome) -> None:
    accuracy = ended.summary.get("test_accuracy")
    found = "" if accuracy is None else f", test accuracy {100 * accuracy:.2f} %"
    print(f"{ended.run_id}  {config.title}: {ended.state}{found}")


def _list(store: RunStore, as_json: bool) -> int:
    runs: list[StoredRun] = store.list()
    if as_json:
        print(json.dumps([{"id": r.id, "state": r.state, "config": r.config.to_dict(), **r.summary} for r in runs]))
        return 0
    for r in runs:
        accuracy = r.summary.get("test_accuracy")
        shown = "" if accuracy is None else f"{100 * accuracy:.2f} %"
        c = r.config
        print(f"{r.id}  {r.state:9} {c.data:14} {c.model:9} {c.method.name:12} seed {c.seed}  {shown}")
    for run_id, problem in store.broken.items():
        print(f"{run_id}  broken: {problem}", file=sys.stderr)
    return 0
