"""``python -m rbo_core roll``: one optimizer on one surface, as a summary or a file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import landscapes
from rbo_core import METHODS, RadiusSchedule, Status, Trajectory, trace
from rbo_core.cli import film
from rbo_core.cli.files import require_writable
from rbo_core.cli.surface import add_start_option, add_surface_options, chosen_surface, numbers
from rbo_core.schedule import HELP
from rbo_core.settings import Setting, settings_of

FORMATS = (".csv", ".parquet", ".json")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options; every setting of every method is one, so ``--help`` lists them all."""
    add_surface_options(parser, dim=1)
    add_start_option(parser)
    parser.add_argument("--method", default="rbo", choices=sorted(METHODS))
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--radius-schedule", help=f"a radius that changes with the step, instead of --radius: {HELP}")
    parser.add_argument("--output", type=Path, help="write the trajectory to this .csv, .parquet or .json file")
    add_page_options(parser, "run")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument("--list", action="store_true", help="list the surfaces and stop")
    settings = parser.add_argument_group("settings of the method (those it has)")
    for name, owners in _settings().items():
        option, first = "--" + name.replace("_", "-"), next(iter(owners.values()))
        if first.kind is bool:
            settings.add_argument(option, action="store_true", default=None, help=_help(owners))
        else:
            settings.add_argument(option, type=first.kind, help=_help(owners))


def run(args: argparse.Namespace) -> int:
    """Roll, print, save; bad input raises ``ValueError``."""
    if args.list:
        for name in landscapes.names(args.dim or 1):
            print(name)
        return 0
    require_writable("output", args.output, FORMATS)
    require_writable("html", args.html, (".html",))
    require_film(args.film)
    surface = chosen_surface(args)
    start = surface.start if args.start is None else numbers("start", args.start)
    method, radius = _method(args), None
    if args.radius_schedule is not None:
        if args.radius is not None:
            raise ValueError("give --radius or --radius-schedule, not both")
        radius = RadiusSchedule.parse(args.radius_schedule)
    with tqdm(total=args.steps, desc="rolling", unit="step", leave=False, disable=None) as bar:

        def progress(done: int, total: int) -> bool:
            bar.update(done - bar.n)
            return False

        run = trace(method, surface, start, args.steps, seed=args.seed, progress=progress, radius=radius)
    summary = summarise(run)
    if args.output is not None:
        write(run, args.output)
        summary["output"] = str(args.output)
    summary |= save_pages([run], args)
    print(json.dumps(summary) if args.json else "\n".join(f"{key:>22}  {value}" for key, value in summary.items()))
    return 0


def summarise(run: Trajectory) -> dict[str, Any]:
    """What happened to the first ball, in plain numbers."""
    deepest = None if run.penetration is None else float(np.max(run.penetration[:, 0]))
    return {
        "method": run.method.name,
        "status": Status(run.status[0]).name,
        "meaning": Status(run.status[0]).message,
        "steps": int(run.stopped_at[0]),
        "position": run.position[-1, 0].tolist(),
        "center": None if run.center is None else run.center[-1, 0].tolist(),
        "radius": None if run.radius is None else float(run.radius[-1, 0]),
        "loss": float(run.loss[-1, 0]),
        "gradients": int(run.gradients[0]),
        "evaluations": int(run.evaluations[0]),
        "largest_penetration": deepest,
        "seconds": round(run.seconds, 4),
    }


def table(run: Trajectory) -> dict[str, Any]:
    """The first ball's trajectory as columns: step, position, loss, centre, penetration and what was spent."""
    columns: dict[str, Any] = {"step": np.arange(run.steps + 1)}
    for i in range(run.position.shape[2]):
        columns[f"x{i + 1}"] = run.position[:, 0, i]
    columns["loss"] = run.loss[:, 0]
    if run.center is not None:
        for i in range(run.position.shape[2]):
            columns[f"center{i + 1}"] = run.center[:, 0, i]
        columns["center_height"] = run.center[:, 0, -1]
    if run.radius is not None:
        columns["radius"] = run.radius[:, 0]
    if run.penetration is not None:
        columns["penetration"] = run.penetration[:, 0]
    columns["gradients"] = run.gradient_count[:, 0]
    columns["evaluations"] = run.evaluation_count[:, 0]
    return columns


def write(run: Trajectory, path: Path) -> None:
    """Write the first ball's trajectory as CSV, Parquet or JSON, by the file's ending."""
    import pandas as pd

    frame = pd.DataFrame(table(run))
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        path.write_text(json.dumps({"summary": summarise(run), "trajectory": frame.to_dict(orient="list")}))


def add_page_options(parser: argparse.ArgumentParser, what: str) -> None:
    """The options of what :func:`save_pages` writes."""
    parser.add_argument("--html", type=Path, help=f"write the {what} here: one page that plays without a network")
    parser.add_argument("--film", type=Path, help=f"film the {what} into this .mp4, .webm or .gif (needs Chromium)")


def require_film(path: Path | None) -> None:
    """Refuse a film that cannot be made or written, before the work."""
    if path is not None:
        require_writable("film", path, tuple(film.ENDINGS))
        film.browser()


def save_pages(runs: list[Trajectory], args: argparse.Namespace) -> dict[str, str]:
    """Write the page and the film that were asked for; returns what was written where."""
    if args.html is None and args.film is None:
        return {}
    from rbo_core.figures.playing import page_of

    page = page_of(runs)
    written = {}
    if args.html is not None:
        written["html"] = str(page.save(args.html))
    if args.film is not None:
        film.write_film(page.html, args.film)
        written["film"] = str(args.film)
    return written


def _settings() -> dict[str, dict[str, Setting]]:
    """Every setting's name, with the methods that have it and what it is there."""
    known: dict[str, dict[str, Setting]] = {}
    for method in METHODS.values():
        for one in settings_of(method):
            known.setdefault(one.name, {})[method.name] = one
    return known


def _help(owners: dict[str, Setting]) -> str:
    """What a setting is, whose, its range and its default; where methods differ, the first one's and the others'."""
    first = next(iter(owners.values()))
    told = f"{first.label} of {', '.join(owners)}" if len(owners) < len(METHODS) else first.label
    ranges = _unless_equal({name: one.range for name, one in owners.items()})
    defaults = "" if first.kind is bool else _unless_equal({name: f"{one.default}" for name, one in owners.items()})
    told = "; ".join(part for part in (told, ranges, f"default {defaults}" if defaults else "") if part)
    return f"{told}. {first.help}".replace("%", "%%").strip()


def _unless_equal(texts: dict[str, str]) -> str:
    first, *_ = texts.values()
    others = [f"{name} {text}" for name, text in texts.items() if text != first]
    return first + (f" ({', '.join(others)})" if others else "")


def _method(args: argparse.Namespace) -> Any:
    chosen = METHODS[args.method]
    known = {one.name for one in settings_of(chosen)}
    given = {name: getattr(args, name) for name in _settings() if getattr(args, name) is not None}
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f"{args.method} has no setting {unknown[0]!r}; its settings are {', '.join(sorted(known))}")
    if args.method == "rbo" and "projection" not in given and (args.dim or 1) <= 2:
        given["projection"] = "rigid"
    return chosen(**given)
