"""``train --plane`` and ``train --phases``: maps of networks, computed once and kept under the request's key."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tqdm import tqdm

from rbo_core import jobs
from rbo_core.cancelled import Cancelled
from rbo_core.cli.files import read_json
from rbo_core.training import landscape, phases
from rbo_core.training.landscape import PlaneConfig, PlaneResult
from rbo_core.training.phases import PhaseConfig, PhaseResult
from rbo_core.training.results import result_path
from rbo_core.training.store import RunStore

KEEP = 0.8
"""Seconds between two stored states of a map that grows in small steps: writing one takes some milliseconds."""

_Map = TypeVar("_Map", PhaseResult, PlaneResult)
Progress = Callable[[int, int], object]


def run_map(args: argparse.Namespace, store: RunStore) -> int:
    """Compute the map that ``args.config`` (a JSON file) describes; returns the exit code.

    What is stored of it is taken, and every state of it is stored: a command that was stopped goes on.
    """
    described = _read(args.config)
    report = jobs.reporter()
    with tqdm(total=1, file=sys.stderr, disable=args.json or None) as bar:
        before: list[int] = []

        def progress(done: int, total: int) -> bool:
            # What was stored already is no work of this command: the time that is left is told by its own pace.
            if not before:
                before.append(done)
            bar.total = total - before[0]
            bar.update(done - before[0] - bar.n)
            return report(done - before[0], total - before[0], "loss plane" if args.plane else "ensemble")

        try:
            made = (_plane if args.plane else _phases)(described, store, progress)
        except Cancelled:
            print("cancelled; what was finished is stored, and the same command goes on with it", file=sys.stderr)
            return 130
        except TypeError as problem:
            raise ValueError(f"{args.config} does not describe a map: {problem}") from problem
    file = result_path((landscape if args.plane else phases).FOLDER, made.config.key, store.folder)
    summary = {"key": made.config.key, "file": str(file), "seconds": round(made.seconds, 3)}
    print(json.dumps(summary) if args.json else f"{made.config.key}  {made.seconds:.1f} s  {file}")
    return 0


def _phases(described: dict[str, Any], store: RunStore, progress: Progress) -> PhaseResult:
    config = PhaseConfig.from_dict(described)
    found = _stored(lambda: phases.load_phases(config.key, store.folder))
    return phases.compute_phases(
        config, progress, so_far=found, keep=lambda made: phases.save_phases(made, store.folder)
    )


def _plane(described: dict[str, Any], store: RunStore, progress: Progress) -> PlaneResult:
    config = PlaneConfig.from_dict(described)
    found = _stored(lambda: landscape.load_plane(config.key, store.folder))
    with _keeping(lambda made: landscape.save_plane(made, store.folder)) as keep:
        return landscape.compute_plane(config, store, progress, so_far=found, keep=keep)


@contextlib.contextmanager
def _keeping(save: Callable[[PlaneResult], object]) -> Iterator[Callable[[PlaneResult], None]]:
    """keep(made) stores a state now and then, and the last one when the work ends, however it ends."""
    latest: PlaneResult | None = None
    last = time.monotonic()

    def keep(made: PlaneResult) -> None:
        nonlocal latest, last
        latest = made
        if time.monotonic() - last > KEEP:
            save(made)
            latest, last = None, time.monotonic()

    try:
        yield keep
    finally:
        if latest is not None:
            save(latest)


def _stored(load: Callable[[], _Map | None]) -> _Map | None:
    """What is stored of a map; a damaged file is written anew."""
    with contextlib.suppress(ValueError):
        return load()
    return None


def _read(path: str | None) -> dict[str, Any]:
    if path is None:
        raise ValueError("--plane and --phases need a JSON file that describes the map")
    content = read_json(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold one JSON object, got {type(content).__name__}")
    return content
