"""``python -m rbo_core iron``: iron a surface at many radii, measure its smoothness, write table and picture."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import landscapes
from rbo_core.cli.files import require_writable
from rbo_core.cli.surface import add_surface_options, chosen_surface
from rbo_core.ironing import (
    Crests,
    Field,
    Measures,
    default_threshold,
    field_crests,
    iron_landscape,
    measure_sweep,
    power_law,
    sample,
    sweep_field,
)

MAX_RADII = 10_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_surface_options(parser, dim=1)
    parser.add_argument(
        "--radii",
        default="0.03:1:16log",
        help="LOW:HIGH:COUNTlog, LOW:HIGH:COUNT (even steps), or radii separated by commas",
    )
    parser.add_argument("--samples", type=int, help="samples an axis (default 4001 for a curve, 256 for a surface)")
    parser.add_argument("--loss-scale", type=float, default=1.0, help="the ball rolls on λf")
    parser.add_argument("--threshold", type=float, help="noise threshold of a basin, height units")
    parser.add_argument("--csv", type=Path, help="write the measures here; without it they are printed")
    parser.add_argument("--html", type=Path, help="write the picture here, one file that needs no network")
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")


def run(args: argparse.Namespace) -> int:
    """Iron, measure, write; bad input raises ``ValueError``."""
    radii = parsed_radii(args.radii)
    surface = chosen_surface(args)
    n = args.samples if args.samples is not None else (4001 if surface.dim == 1 else 256)
    require_writable("csv", args.csv, (".csv",))
    require_writable("html", args.html, (".html",))
    field = sample(surface, n, args.loss_scale, margin=float(radii.max()))
    idle = radii[radii < min(field.spacing)]
    if idle.size:
        print(
            f"warning: radius {idle[0]:g} is below one grid spacing ({min(field.spacing):g}): nothing is ironed there; "
            "use larger radii or more samples",
            file=sys.stderr,
        )
    told = concerns(surface, field, radii, n, args.loss_scale)
    for sentence in told:
        print(f"warning: {sentence}", file=sys.stderr)
    threshold = default_threshold(field.heights) if args.threshold is None else args.threshold
    with tqdm(total=radii.size, desc="ironing", unit="radius", leave=False, disable=None) as bar:

        def progress(done: int, total: int) -> bool:
            bar.update(done - bar.n)
            return False

        measures = measure_sweep(sweep_field(field, radii, progress=progress), threshold)
    if args.csv is not None:
        args.csv.write_text(measures.to_csv(), encoding="utf-8")
    if args.html is not None:
        args.html.write_text(page(surface, measures, n, args.loss_scale), encoding="utf-8")
    if args.json:
        more = {"crests": longest_lived(field_crests(field)), "concerns": told}
        print(json.dumps(summarise(surface, measures, args) | more))
    elif args.csv is None:
        print(measures.to_csv(), end="")
    return 0


def concerns(
    surface: landscapes.Landscape, field: Field, radii: NDArray[np.float64], n: int, loss_scale: float
) -> list[str]:
    """What the page Iron warns of: radii to which the ball is a flat disc, or at which it does nothing.

    The first is worst at the smallest radius. The second begins where heights are a tenth of the radius, and what a
    ball does grows with it, so the first radius beyond that tells.
    """
    span = float(np.nanmax(field.heights) - np.nanmin(field.heights))
    sound = radii[radii >= min(field.spacing)]  # of the others it is said that nothing is ironed
    doubtful = np.unique(np.concatenate([sound[:1], sound[sound > 10.0 * span][:1]]))
    return [
        f"at radius {radius:.3g} {sentence}"
        for radius in doubtful
        for sentence in iron_landscape(surface, float(radius), n=n, loss_scale=loss_scale).concerns
    ]


def parsed_radii(text: str) -> NDArray[np.float64]:
    """``"0.01:3:24log"``, ``"0.5:2:4"`` or ``"0.1,0.3,1"`` as radii, ascending."""
    remedy = (
        f"radii are written LOW:HIGH:COUNTlog, LOW:HIGH:COUNT or R1,R2,…, at most {MAX_RADII} of them; got {text!r}"
    )
    try:
        if ":" not in text:
            radii = np.array([float(part) for part in text.split(",")])
        else:
            low, high, count = text.split(":")
            log = count.endswith("log")
            n = int(count.removesuffix("log"))
            if not 1 <= n <= MAX_RADII or float(low) <= 0 or float(high) < float(low):
                raise ValueError
            radii = (np.geomspace if log else np.linspace)(float(low), float(high), n)
    except ValueError:
        raise ValueError(remedy) from None
    if not np.isfinite(radii).all() or (radii <= 0).any():
        raise ValueError(f"every radius must be positive and finite, got {text!r}")
    return np.unique(radii)


def summarise(surface: landscapes.Landscape, measures: Measures, args: argparse.Namespace) -> dict[str, Any]:
    """The measures as plain numbers, radius 0 (the landscape itself) first, and the power law of the basin count."""
    keep = (measures.radius > 0) & (measures.basins > 0)
    exponent = power_law(measures.radius[keep], measures.basins[keep])[0] if keep.sum() > 1 else None
    columns = {name: [v if np.isfinite(v) else None for v in c.tolist()] for name, c in measures.columns().items()}
    return {
        "surface": surface.name,
        "dim": surface.dim,
        "parameters": surface.parameters,
        "threshold": measures.threshold,
        "basins_power_law": exponent,
        "measures": columns,
        "csv": None if args.csv is None else str(args.csv),
        "html": None if args.html is None else str(args.html),
    }


def longest_lived(found: Crests, most: int = 20) -> dict[str, Any]:
    """How many crests there are, and position, height and lifetime (None: for ever) of those that live longest."""
    lifetime = [v if np.isfinite(v) else None for v in found.lifetime[:most].tolist()]
    return {
        "count": int(found.lifetime.size),
        "position": found.position[:most].tolist(),
        "height": found.height[:most].tolist(),
        "lifetime": lifetime,
    }


def page(surface: landscapes.Landscape, measures: Measures, n: int, loss_scale: float) -> str:
    """One HTML page: a ball of the middle radius glides over the ground, and every measure against the radius."""
    from rbo_core.figures.code import iron_code
    from rbo_core.figures.player.glide import glide_scene, said
    from rbo_core.figures.player.offline import Words, offline_page
    from rbo_core.figures.still import as_svg, measures_still

    radius = float(measures.radius[1:][(measures.radius.size - 1) // 2])
    ironed = iron_landscape(surface, radius, n=n, loss_scale=loss_scale)
    charts = tuple(as_svg(measures_still(measures, radius, dark)).decode() for dark in (False, True))
    words = Words(
        heading=f"{surface.title}, ironed",
        said=f"{said(ironed)} Basins deeper than {measures.threshold:.3g} count.",
        latex=(surface.latex,),
        code=iron_code(surface, radius, n, loss_scale),
        charts=(charts[0], charts[1]),
    )
    return offline_page(glide_scene(ironed, f"A ball on {surface.title}"), words)
