"""``python -m rbo_core sweep``: run a sweep from a JSON file, or show, list and export stored ones."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import landscapes
from rbo_core import jobs, sweep
from rbo_core.checks import require
from rbo_core.cli.files import read_text, require_writable
from rbo_core.cluster import connected
from rbo_core.sweep import export, order_parameters, theory
from rbo_core.sweep.cost import Estimate, Limits
from rbo_core.sweep.refine import check as check_refinement
from rbo_core.sweep.transitions import regimes, transitions

FINITE_SIZE = "finite-size"
EXAMPLE = """a sweep.json:
  {"surface": {"name": "wrinkled_bowl", "dim": 1, "parameters": {"wavelength": 0.3}},
   "method": {"name": "rbo", "projection": "rigid", "unit_speed": true},
   "grid": {"radius": "0.05:3:40log", "learning_rate": "0.003:1:40log"},
   "starts": 16, "seeds": [0], "steps": 300}

An axis of the grid is a list of values or low:high:count (add "log" for a log axis); any setting of the method may be
one, and "surface.NAME" varies a parameter of the surface. "gradients": 6000 instead of "steps" gives every cell the
same number of evaluations. The same file again goes on where it stopped, and finds what is stored.

`sweep finite-size` is a recipe instead of a file: rigid balls on a bowl with wrinkles of three widths at twelve phases,
about a minute; how ρ_c/w goes to its limit and how the transition sharpens, by balls and by the lifetimes of crests.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog, parser.formatter_class = EXAMPLE, argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "what", help="a sweep's JSON file (- reads standard input), the recipe finite-size, or: show, list, delete"
    )
    parser.add_argument("id", nargs="?", help="id of a stored sweep, for show and delete")
    parser.add_argument("--workers", type=int, default=1, help="local processes (default 1: in this process)")
    parser.add_argument(
        "--scheduler",
        help="address of a Dask scheduler, tcp://host:8786, instead of local processes (default: RBO_SCHEDULER)",
    )
    parser.add_argument("--store", type=Path, help="results file (default: sweeps.sqlite in RBO_DATA_DIR, else ./runs)")
    names = [known.name for known in order_parameters.ORDERS]
    parser.add_argument("--order", default="in_basin", choices=names, help="order parameter whose jumps are reported")
    parser.add_argument("--along", help="axis along which it is followed (default radius, where that is an axis)")
    parser.add_argument(
        "--refine", type=int, default=0, metavar="ROUNDS",
        help="add values of that axis where the order parameter jumps, in so many rounds (default 0, at most 6)",
    )  # fmt: skip
    parser.add_argument("--balls", type=Path, help="write one row a ball to this .csv or .parquet file")
    parser.add_argument("--cells", type=Path, help="write one row a cell to this .csv or .parquet file")
    parser.add_argument("--max-hours", type=float, default=24.0, help="refuse sweeps that would take longer (24)")
    parser.add_argument("--max-megabytes", type=float, default=2000.0, help="refuse larger results (2000)")
    parser.add_argument("--estimate", action="store_true", help="say what the sweep would cost, and do nothing")
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")


def run(args: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    require_writable("balls", args.balls, (".csv", ".parquet"))
    require_writable("cells", args.cells, (".csv", ".parquet"))
    if args.what in ("show", "list", "delete"):
        with sweep.Store(args.store) as store:
            return _stored(args, store)
    if args.workers < 1:
        raise ValueError(f"workers must be at least 1, got {args.workers}")
    if args.what == FINITE_SIZE:
        return _finite_size(args)
    described = sweep.loads(read_text(args.what, f"a JSON file, {FINITE_SIZE}, or show, list, delete"))
    _check_along(args, described)
    check_refinement(described, how := _refinement(args))
    require("max-hours", args.max_hours, at_least=0)
    require("max-megabytes", args.max_megabytes, at_least=0)
    limits = Limits(args.max_hours * 3600, args.max_megabytes * 1e6)
    sweep.refuse_size(described, limits)
    cost = sweep.estimate(described, landscapes.get, args.workers)
    if args.estimate:
        print(json.dumps(vars(cost)) if args.json else cost)
        return 0
    sweep.refuse(cost, limits)
    return _run(args, described, how, cost)


def _finite_size(args: argparse.Namespace) -> int:
    """The recipe: how the transition sharpens as the wrinkles get finer."""
    recipe, report = sweep.FiniteSize(), jobs.reporter()
    bar = tqdm(total=recipe.rolled, unit="width", file=sys.stderr, disable=args.json or None)

    def progress(width: int, done: int, total: int) -> bool:
        bar.update(width - bar.n)
        return report(width * 1000 + round(1000 * done / total), recipe.rolled * 1000, "rolling")

    with sweep.Store(args.store) as store, _executor(args) as executor:
        try:
            found = sweep.run_finite_size(recipe, store, landscapes.get, executor, progress=progress)
        except sweep.Cancelled:
            print("cancelled; what was finished is stored, the same command goes on", file=sys.stderr)
            return 130
        finally:
            bar.close()
    _print(args, found.summary())
    return 0


def _refinement(args: argparse.Namespace) -> sweep.Refinement:
    return sweep.Refinement(args.order, args.along or "radius", args.refine)


def _run(args: argparse.Namespace, described: sweep.Sweep, how: sweep.Refinement, cost: Estimate) -> int:
    report = jobs.reporter()
    with sweep.Store(args.store) as store, _executor(args) as executor:
        print(f"sweep {described.id}: {cost}", file=sys.stderr)
        begin, computed, before = time.perf_counter(), 0, -1
        bar = tqdm(total=described.cells, unit="cell", file=sys.stderr, disable=args.json or None)

        def progress(done: int, total: int) -> bool:
            nonlocal computed, before
            # A refined sweep begins with the cells that it shares with the one before.
            computed += max(done - before, 0) if before >= 0 and total == bar.total else 0
            before, bar.total = done, total
            bar.update(done - bar.n)
            return report(done, total, "rolling")

        try:
            described, data = sweep.run_refined(described, store, landscapes.get, how, executor, progress=progress)
        except sweep.Cancelled:
            print("cancelled; what was finished is stored, the same command goes on", file=sys.stderr)
            return 130
        finally:
            bar.close()
        seconds = time.perf_counter() - begin
        summary = _summary(args, described, data)
        summary |= {"computed_cells": computed, "seconds": round(seconds, 3)}
        _export(args, described, data)
        _print(args, summary)
    return 0


def _stored(args: argparse.Namespace, store: sweep.Store) -> int:
    if args.what == "list":
        rows = [{"id": i, "created": t, "stored_cells": n, **_title(store.spec(i))} for i, t, n in store.sweeps()]
        if args.json:
            print(json.dumps(rows, indent=2))
        elif not rows:
            print("no sweeps stored")
        else:
            for row in rows:
                made = time.strftime("%Y-%m-%d %H:%M", time.localtime(row["created"]))
                print(f"{row['id']}  {made}  {row['stored_cells']}/{row['cells']} cells  {row['title']}")
        return 0
    if not args.id:
        raise ValueError(f"sweep {args.what} needs a sweep's id; `sweep list` shows them")
    described = store.spec(args.id)
    if args.what == "delete":
        store.delete(args.id)
        _print(args, {"deleted": args.id})
        return 0
    if described.id != args.id:
        raise ValueError(
            f"sweep {args.id} was computed by an earlier release, which numbered other results: delete it "
            f"(`sweep delete {args.id}`) and run its description again"
        )
    _check_along(args, described)
    data = store.data(described)
    _export(args, described, data)
    summary = _summary(args, described, data)
    _print(args, summary | {"spec": sweep.to_dict(described)} if args.json else summary)
    return 0


def _summary(args: argparse.Namespace, described: sweep.Sweep, data: Any) -> dict[str, Any]:
    """What the sweep found, in a few numbers: the best cell of every order parameter, and where ``--order`` jumps."""
    done = int(np.isfinite(data[:, 0, 0]).sum())
    found: dict[str, Any] = {"id": described.id, **_title(described), "stored_cells": done, "balls": described.balls}
    for known in order_parameters.ORDERS:
        cells = order_parameters.cell_map(described, data, known.name).ravel()
        if known.better and np.isfinite(cells).any():
            best = int(np.nanargmax(known.better * cells))
            found[f"best_{known.name}"] = {"value": float(cells[best]), **described.cell(best)}
    along = args.along or "radius"
    if along in [axis.name for axis in described.grid]:
        found |= _jumps(described, data, args.order, along)
    return found


def _check_along(args: argparse.Namespace, described: sweep.Sweep) -> None:
    order_parameters.check(described, args.order)
    if args.along is not None:
        described.axis(args.along)


def _jumps(described: sweep.Sweep, data: Any, name: str, along: str) -> dict[str, Any]:
    """Transitions and regimes of one order parameter along one axis, over all balls of the other axes; and theory."""
    where = [axis.name for axis in described.grid].index(along)
    grid = order_parameters.of_sweep(described, data, name)
    samples = np.moveaxis(grid, where, 0).reshape(described.shape[where], -1)
    values = described.axis(along).values
    if any(isinstance(value, str) for value in values):
        return {}
    rising = np.argsort(np.array(values, dtype=float))
    x, samples = np.array(values, dtype=float)[rising].tolist(), samples[rising]
    jumps = transitions(x, samples)
    found: dict[str, Any] = {f"transitions_of_{name}": [vars(one) | {"jump": one.jump} for one in jumps]}
    found["regimes"] = [vars(one) for one in regimes(x, samples, order_parameters.order(name).better, jumps)]
    if along == "radius" and not any(axis.name.startswith("surface.") for axis in described.grid):
        parameters: dict[str, Any] = dict(described.surface_parameters)
        surface = landscapes.get(described.surface, dim=described.dim, **parameters)
        scale = float(dict(described.settings).get("loss_scale", 1.0))
        found["theory"] = [vars(one) for one in theory.expected(surface, scale)]
    return found


def _title(described: sweep.Sweep) -> dict[str, Any]:
    axes = " × ".join(f"{len(axis.values)} {axis.name}" for axis in described.grid)
    extra = dict(described.settings).get("projection", "")
    method = f"{described.method} {extra}".strip()
    return {"title": f"{method} on {described.surface} {described.dim}-D: {axes}", "cells": described.cells}


def _print(args: argparse.Namespace, summary: dict[str, Any]) -> None:
    if args.json:
        print(json.dumps(summary, indent=2))
        return
    for name, value in summary.items():
        entries = value if isinstance(value, list) else [value]
        for entry in entries:
            if isinstance(entry, dict):
                entry = ", ".join(f"{k} = {v:.6g}" if isinstance(v, float) else f"{k} = {v}" for k, v in entry.items())
            print(f"{name.replace('_', ' ')}: {entry}")


def _export(args: argparse.Namespace, described: sweep.Sweep, data: Any) -> None:
    if args.balls is not None:
        export.write(export.balls_table(described, data), args.balls)
    if args.cells is not None:
        export.write(export.cells_table(described, data), args.cells)


@contextlib.contextmanager
def _executor(args: argparse.Namespace) -> Iterator[Executor | None]:
    """Local processes where they were asked for; else the cluster that is named, if any; else this process."""
    if args.workers > 1 and args.scheduler is None:
        with sweep.workers(args.workers) as executor:
            yield executor
        return
    with connected(args.scheduler) as client:
        if client is None:
            yield None
            return
        with client.get_executor() as executor:
            yield executor
