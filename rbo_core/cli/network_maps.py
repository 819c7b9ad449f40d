"""``train --plane`` and ``train --phases``: maps of networks, computed once and kept under the request's key."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from tqdm import tqdm

from rbo_core import jobs
from rbo_core.cancelled import Cancelled
from rbo_core.cli.files import read_json
from rbo_core.training.landscape import PlaneConfig, compute_plane, save_plane
from rbo_core.training.phases import PhaseConfig, compute_phases, save_phases
from rbo_core.training.store import RunStore


def run_map(args: argparse.Namespace, store: RunStore) -> int:
    """Compute the map that ``args.config`` (a JSON file) describes; returns the exit code."""
    described = _read(args.config)
    report = jobs.reporter()
    with tqdm(total=1, file=sys.stderr, disable=args.json or None) as bar:

        def progress(done: int, total: int) -> bool:
            bar.total = total
            bar.update(done - bar.n)
            return report(done, total, "loss plane" if args.plane else "ensemble")

        try:
            if args.plane:
                plane = compute_plane(PlaneConfig.from_dict(described), store, progress)
                file, seconds, key = save_plane(plane, store.folder), plane.seconds, plane.config.key
            else:
                phases = compute_phases(PhaseConfig.from_dict(described), progress)
                file, seconds, key = save_phases(phases, store.folder), phases.seconds, phases.config.key
        except Cancelled:
            print("cancelled; nothing was stored", file=sys.stderr)
            return 130
        except TypeError as problem:
            raise ValueError(f"{args.config} does not describe a map: {problem}") from problem
    summary = {"key": key, "file": str(file), "seconds": round(seconds, 3)}
    print(json.dumps(summary) if args.json else f"{key}  {seconds:.1f} s  {file}")
    return 0


def _read(path: str | None) -> dict[str, Any]:
    if path is None:
        raise ValueError("--plane and --phases need a JSON file that describes the map")
    content = read_json(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold one JSON object, got {type(content).__name__}")
    return content
