"""``python -m rbo_core race``: balls of several radii and their rivals from one start, as a table or a page."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from tqdm import tqdm

import landscapes
from rbo_core import METHODS, RBO, Status, Trajectory, trace
from rbo_core.cli.files import require_writable
from rbo_core.cli.roll import add_page_options, require_film, save_pages
from rbo_core.cli.surface import add_start_option, add_surface_options, chosen_surface, numbers

MAX_RADII = 8


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_surface_options(parser, dim=2)
    add_start_option(parser)
    parser.add_argument(
        "--radii",
        help="radii of the balls, comma-separated; at most 8 (default: the surface's own and a quarter of it)",
    )
    parser.add_argument("--projection", default="rigid", help="of the balls: rigid, newton, gradient or argmin")
    parser.add_argument("--learning-rate", type=float, default=0.01, help="η of everyone")
    parser.add_argument(
        "--rivals", nargs="*", default=["sgd", "sam"], metavar="METHOD",
        help=f"who races the balls: {', '.join(name for name in METHODS if name != 'rbo')}",
    )  # fmt: skip
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--csv", type=Path, help="write every step of every racer here")
    add_page_options(parser, "race")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")


def run(args: argparse.Namespace) -> int:
    """Race, print, save; bad input raises ``ValueError``."""
    require_writable("csv", args.csv, (".csv",))
    require_writable("html", args.html, (".html",))
    require_film(args.film)
    surface = chosen_surface(args)
    start = surface.start if args.start is None else numbers("start", args.start)
    methods = racers(args, surface)
    shown = tqdm(methods, desc="racing", unit="racer", leave=False, disable=None)
    runs = [trace(method, surface, start, args.steps, seed=args.seed) for method in shown]
    rows = results(runs, surface)
    save(runs, args)
    if args.json:
        print(json.dumps({"surface": surface.name, "dim": surface.dim, "steps": args.steps, "racers": rows}))
    else:
        print(text_table(rows))
    return 0


def racers(args: argparse.Namespace, surface: landscapes.Landscape) -> list[Any]:
    """The balls, smallest first, and then the rivals."""
    from rbo_core.figures.player.racers import first_radii

    radii = sorted(dict.fromkeys(first_radii(surface) if args.radii is None else numbers("radii", args.radii)))
    if len(radii) > MAX_RADII:
        raise ValueError(f"radii must be at most {MAX_RADII} that can be told apart, got {len(radii)}")
    ball = RBO(learning_rate=args.learning_rate, projection=args.projection)
    if args.projection == "rigid":
        ball = dataclasses.replace(ball, unit_speed=True)
    made: list[Any] = [dataclasses.replace(ball, radius=radius) for radius in radii]
    for name in args.rivals:
        if name not in METHODS or name == "rbo":
            known = ", ".join(known for known in METHODS if known != "rbo")
            raise ValueError(f"a rival must be one of {known}; got {name!r}")
        cls: Any = METHODS[name]
        made.append(cls() if name == "entropy_sgd" else cls(learning_rate=args.learning_rate))
    return made


def results(runs: list[Trajectory], surface: landscapes.Landscape) -> list[dict[str, Any]]:
    """One row a racer, in plain numbers."""
    from rbo_core.figures.playing import raced

    rows = []
    for run, entry in zip(runs, raced(runs), strict=True):
        track = entry.track
        last = track.stopped_at
        rows.append(
            {
                "racer": entry.label,
                "method": track.name,
                "radius": float(run.method.radius) if isinstance(run.method, RBO) else None,
                "loss": float(track.loss[last]),
                "distance_to_minimum": float(track.distance[last]),
                "gradients": int(track.gradients[last]),
                "evaluations": int(track.evaluations),
                "deepest_penetration": None if track.penetration is None else float(track.penetration.max()),
                "steps": last,
                "status": Status(track.status).name,
            }
        )
    return rows


def save(runs: list[Trajectory], args: argparse.Namespace) -> None:
    """Write the files that were asked for."""
    if args.csv is not None:
        from rbo_core.figures.player.table import steps_table
        from rbo_core.figures.playing import raced

        named = [(entry.label, entry.track) for entry in raced(runs)]
        steps_table(named, "racer").to_csv(args.csv, index=False)
    save_pages(runs, args)


def text_table(rows: list[dict[str, Any]]) -> str:
    """The rows as aligned text."""
    shown = ["racer", "loss", "distance_to_minimum", "gradients", "evaluations", "steps", "status"]
    cells = [[name.replace("_", " ") for name in shown]]
    cells += [
        [f"{row[name]:.4g}" if isinstance(row[name], float) else str(row[name]) for name in shown] for row in rows
    ]
    widths = [max(len(line[k]) for line in cells) for k in range(len(shown))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)
