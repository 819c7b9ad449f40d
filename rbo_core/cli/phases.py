"""``python -m rbo_core phases``: a map over (ρ, η), as a table, a still, or a page that needs no network."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import landscapes
from rbo_core import sweep
from rbo_core.cli.files import read_text, require_writable
from rbo_core.cli.surface import add_surface_options, chosen_surface
from rbo_core.figures.phases import Jump, Mark, Notes, PhaseMap
from rbo_core.rolling import PROJECTIONS
from rbo_core.sweep import order_parameters, theory
from rbo_core.sweep.cells import build_method, steps

AXES = ("radius", "learning_rate")
EPILOG = """
With SWEEP.json, written as for the command sweep, that sweep is mapped: its grid must be of radius and learning_rate.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.epilog = EPILOG
    parser.add_argument("sweep", nargs="?", metavar="SWEEP.json", help="a sweep; without it the options describe one")
    add_surface_options(parser, dim=1)
    parser.add_argument("--projection", default="rigid", choices=tuple(PROJECTIONS), help="of the balls")
    parser.add_argument("--radii", default="0.05:3:24log", help="LOW:HIGH:COUNTlog, LOW:HIGH:COUNT, or R1,R2,…")
    parser.add_argument("--rates", default="0.003:1:24log", help="learning rates, written like the radii")
    parser.add_argument("--starts", type=int, default=8, help="balls a cell, from starts spread evenly")
    parser.add_argument("--steps", type=int, default=300)
    names = [known.name for known in order_parameters.ORDERS]
    parser.add_argument("--order", default="in_basin", choices=names, help="the order parameter that is mapped")
    parser.add_argument("--cell", help="RADIUS,RATE of the run that plays; default: the middle of the map")
    parser.add_argument("--store", type=Path, help="results file (default: sweeps.sqlite in RBO_DATA_DIR, else ./runs)")
    parser.add_argument("--html", type=Path, help="write the page here, one file that needs no network")
    parser.add_argument("--svg", type=Path, help="write the map here, true vectors")
    parser.add_argument("--json", action="store_true", help="print the map and its jumps as JSON")


def run(args: argparse.Namespace) -> int:
    """Sweep, print, write; bad input raises ``ValueError``."""
    require_writable("html", args.html, (".html",))
    require_writable("svg", args.svg, (".svg",))
    described = described_by(args)
    order_parameters.check(described, args.order)
    sweep.refuse(sweep.estimate(described, landscapes.get, 1), sweep.Limits())
    cell = chosen_cell(args.cell, described)
    with (
        sweep.Store(args.store) as store,
        tqdm(total=described.cells, unit="cell", desc="rolling", file=sys.stderr, leave=False, disable=None) as bar,
    ):

        def progress(done: int, total: int) -> bool:
            bar.update(done - bar.n)
            return False

        values = sweep.run(described, store, landscapes.get, progress=progress)
    write(args, described, values, cell)
    return 0


def described_by(args: argparse.Namespace) -> sweep.Sweep:
    """The sweep of the file, or of the options."""
    if args.sweep is not None:
        described = sweep.loads(read_text(args.sweep))
        names = tuple(axis.name for axis in described.grid)
        if names != AXES:
            raise ValueError(f"a phase map needs the grid radius, learning_rate in this order, got {', '.join(names)}")
        return described
    surface = chosen_surface(args)
    method: dict[str, Any] = {"name": "rbo", "projection": args.projection}
    if args.projection == "rigid":
        method["unit_speed"] = True
    return sweep.parse(
        {
            "surface": {"name": surface.name, "dim": surface.dim, "parameters": surface.parameters},
            "method": method,
            "grid": {"radius": axis_of(args.radii), "learning_rate": axis_of(args.rates)},
            "starts": args.starts,
            "seeds": [0],
            "steps": args.steps,
        }
    )


def axis_of(text: str) -> str | list[float]:
    """An axis as a sweep's JSON has it."""
    if ":" in text:
        return text
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"an axis is LOW:HIGH:COUNTlog, LOW:HIGH:COUNT or numbers and commas, got {text!r}") from None


def chosen_cell(text: str | None, described: sweep.Sweep) -> tuple[float, float]:
    """ρ and η of the run that plays."""
    radii, rates = (described.axis(name).values for name in AXES)
    if text is None:
        return float(radii[len(radii) // 2]), float(rates[len(rates) // 2])
    try:
        radius, rate = (float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"--cell is RADIUS,RATE, two numbers, got {text!r}") from None
    if not (radius > 0 and rate > 0 and np.isfinite([radius, rate]).all()):
        raise ValueError(f"--cell needs a radius and a rate that are positive and finite, got {text!r}")
    return radius, rate


def write(
    args: argparse.Namespace, described: sweep.Sweep, values: NDArray[np.float64], cell: tuple[float, float]
) -> None:
    """Print the map, and write the files that were asked for."""
    from rbo_core.figures.phases_page import clearest_jumps, map_of, numbers_of

    shown, jumps = map_of(described, values, args.order), clearest_jumps(described, values, args.order)
    if args.html is not None or args.svg is not None:
        pictures(args, described, shown, Notes(jumps=jumps, radius=cell[0], rate=cell[1]))
    if args.json:
        cells = [[None if np.isnan(v) else v for v in row] for row in shown.values.tolist()]
        told = {"id": described.id, "order": args.order, "radii": shown.radii.tolist(), "rates": shown.rates.tolist()}
        print(json.dumps({**told, "values": cells, "jumps": [vars(one) for one in jumps]}))
    elif args.html is None and args.svg is None:
        for row in numbers_of(shown):
            print("\t".join(row))


def pictures(args: argparse.Namespace, described: sweep.Sweep, shown: PhaseMap, notes: Notes) -> None:
    """Write the page and the still. notes: the jumps, and the run that plays; theory is added here."""
    from rbo_core import trace
    from rbo_core.figures.code import sweep_code
    from rbo_core.figures.phases_page import phases_page
    from rbo_core.figures.player.build import Look, run_scene
    from rbo_core.figures.player.offline import Words
    from rbo_core.figures.player.racers import entries
    from rbo_core.figures.player.story import story
    from rbo_core.figures.player.track import track_of
    from rbo_core.figures.still import as_svg, map_still

    surface = landscapes.get(described.surface, described.dim, **dict(described.surface_parameters))
    method = build_method(described, {**dict(described.settings), "radius": notes.radius, "learning_rate": notes.rate})
    known = theory.expected(surface, float(method.loss_scale))
    notes = replace(notes, theory=tuple(Mark(one.radius, one.label) for one in known))
    if args.svg is not None:
        args.svg.write_bytes(as_svg(map_still(shown, notes, surface.title)))
    if args.html is None:
        return
    track = track_of(trace(method, surface, [list(surface.start)], steps(described, landscapes.get)), depths=0)
    flat = surface.dim == 1
    look = Look(ironed=flat, contour=False, loss_panel=False, clickable=False)
    words = Words(
        heading=f"{surface.title}: {shown.label} over radius and learning rate",
        said=f"{jump_words(notes.jumps, shown.label)} {story((track,), surface.finest_scale)}",
        latex=(surface.latex,),
        code=sweep_code(sweep.dumps(described), args.order),
    )
    page = phases_page(shown, notes, run_scene(surface, entries([track]), look), words)
    args.html.write_text(page, encoding="utf-8")


def jump_words(jumps: Sequence[Jump], label: str) -> str:
    """Where the order parameter jumps, in a sentence."""
    if not jumps:
        return f"The {label} has no clear jump or crossover along ρ."
    low, high = (pick(jumps, key=lambda one: one.radius) for pick in (min, max))
    between = f"at ρ = {low.radius:.3g}" if low is high else f"between ρ = {low.radius:.3g} and {high.radius:.3g}"
    rows = "one learning rate" if len(jumps) == 1 else f"{len(jumps)} learning rates"
    return f"At {rows} the {label} jumps or crosses over {between}."
