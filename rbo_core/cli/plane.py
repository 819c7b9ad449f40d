"""``python -m rbo_core plane``: the loss of one's own network on a plane, from a function in one's own module."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from rbo_core import RBO, trace
from rbo_core.cli.files import require_writable, use_threads
from rbo_core.ironing import iron_landscape
from rbo_core.training.own_plane import DIRECTIONS, NetworkPlane, plane_of


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--model",
        required=True,
        metavar="MODULE:FUNCTION",
        help="a function of a module that Python can import from here; it returns (model, loss, batches), or "
        "(model, loss, batches, snapshots)",
    )
    parser.add_argument("--directions", choices=DIRECTIONS, default="hessian")
    parser.add_argument("--size", type=int, default=41, help="points an axis")
    parser.add_argument("--reach", type=float, help="half the plane's width, parameter units; chosen if left out")
    parser.add_argument("--training", action="store_true", help="BatchNorm and dropout as in training")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--radius", type=float, help="of the ball, parameter units; default: a tenth of the plane")
    parser.add_argument("--threads", type=int, help="CPU threads for torch")
    parser.add_argument("--save", type=Path, help="write the plane here (.npz); the page Network landscape opens it")
    parser.add_argument("--html", type=Path, help="write the plane, ironed, with a ball that rolls on it, here")
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")


def run(args: argparse.Namespace) -> int:
    """Compute the plane, write what is asked for; bad input raises ``ValueError``."""
    require_writable("save", args.save, (".npz",))
    require_writable("html", args.html, (".html",))
    use_threads(args.threads)
    model, loss, batches, *snapshots = _built(args.model)
    with tqdm(total=args.size**2, desc="loss plane", unit="point", leave=False, disable=None) as bar:
        plane = plane_of(
            model, loss, batches, args.directions, snapshots=snapshots[0] if snapshots else (), size=args.size,
            reach=args.reach, training=args.training, seed=args.seed, progress=lambda done, _: bar.update(done - bar.n),
        )  # fmt: skip
    radius = float(plane.x[-1] - plane.x[0]) / 10 if args.radius is None else args.radius
    found = _summary(plane, radius)
    for note in (*plane.notes, *found["concerns"]):
        print(f"plane: {note}", file=sys.stderr)
    if args.save is not None:
        plane.save(args.save)
    if args.html is not None:
        _write_page(plane, radius, args.html)
    print(json.dumps(found) if args.json else _said(found))
    return 0


def _built(name: str) -> tuple[Any, ...]:
    """What the function at MODULE:FUNCTION returns."""
    module, sign, function = name.partition(":")
    if not sign or not module or not function.isidentifier():
        raise ValueError(f"--model is written MODULE:FUNCTION, as in mine.networks:small, got {name!r}")
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` has it, whatever started this
    try:
        build = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as problem:
        raise ValueError(f"--model {name!r} cannot be imported from here: {problem}") from None
    found = build()
    if not isinstance(found, tuple) or len(found) not in (3, 4):
        wanted = "(model, loss, batches) or (model, loss, batches, snapshots)"
        raise ValueError(f"{name} must return {wanted}, got {type(found).__name__}")
    return found


def _summary(plane: NetworkPlane, radius: float) -> dict[str, Any]:
    ironed = iron_landscape(plane.surface, radius, n=len(plane.x))
    return {
        "directions": plane.directions,
        "window": [[float(axis[0]), float(axis[-1])] for axis in (plane.x, plane.y)],
        "curvature": plane.curvature.tolist() if plane.directions == "hessian" else None,
        "radius": radius,
        "unreachable": ironed.unreachable_share,
        "off": plane.off.tolist(),
        "path_loss": plane.path_loss.tolist(),
        "plane_loss": plane.plane_loss.tolist(),
        "concerns": list(ironed.concerns),
    }


def _said(found: dict[str, Any]) -> str:
    (a, b), (c, d) = found["window"]
    lines = [f"{found['directions']} plane, [{a:.3g}, {b:.3g}] × [{c:.3g}, {d:.3g}] about the network"]
    if found["curvature"]:
        lines.append("curvatures along its axes: {:.4g} and {:.4g}".format(*found["curvature"]))
    lines.append(f"a ball of radius {found['radius']:.3g} cannot touch {100 * found['unreachable']:.1f} % of it")
    if found["off"]:
        last = found["off"][-1], found["path_loss"][-1], found["plane_loss"][-1]
        lines.append("the path ends {:.3g} off the plane: loss {:.4g} there, {:.4g} on the plane".format(*last))
    return "\n".join(lines)


def _write_page(plane: NetworkPlane, radius: float, path: Path) -> None:
    from rbo_core.figures.player.build import Look
    from rbo_core.figures.playing import page_of

    ball = RBO(radius=radius, learning_rate=0.05 * radius, projection="rigid", unit_speed=True)
    page_of([trace(ball, plane.surface, plane.surface.start, 400)], look=Look(ironed=True)).save(path)
