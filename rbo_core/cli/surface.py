"""The options by which commands choose a surface: a name, its parameters, or a formula of one's own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import landscapes


def add_surface_options(parser: argparse.ArgumentParser, dim: int) -> None:
    """Add --surface, --dim (``dim`` unless a formula says otherwise), --param, --expression and --bounds."""
    parser.set_defaults(usual_dim=dim)
    parser.add_argument("--surface", default="wrinkled_bowl", help="surface name; `roll --list` lists them")
    parser.add_argument(
        "--dim", type=int, choices=(1, 2), help=f"1: a curve, 2: a surface (default {dim}, or what a formula is in)"
    )
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the surface")
    parser.add_argument("--expression", help='the formula of --surface formula, as in "a x^2 + sin(5x)" --param a=0.2')
    parser.add_argument(
        "--heights", type=Path, help="the file of --surface map: PNG, TIFF, ASCII grid, CSV, NPY, SDF, …"
    )
    parser.add_argument("--bounds", help="the window of --surface formula, LOW:HIGH or LOW:HIGH,LOW:HIGH")


def add_start_option(parser: argparse.ArgumentParser) -> None:
    """Add --start."""
    parser.add_argument("--start", help="start, comma-separated; default: the surface's own")


def chosen_surface(args: argparse.Namespace) -> landscapes.Landscape:
    """The surface that the options name; what was found out about it goes to standard error. ValueError when none."""
    given = _parameters(args.param)
    for name in ("expression", "bounds"):
        if (text := getattr(args, name)) is not None:
            if args.surface != "formula":
                raise ValueError(f"--{name} belongs to --surface formula, got --surface {args.surface}")
            given[name] = text
    if args.heights is not None:
        if args.surface != "map":
            raise ValueError(f"--heights belongs to --surface map, got --surface {args.surface}")
        given = _from_file(args.heights) | given
    own = args.surface == "formula" or args.heights is not None
    dim = args.dim if args.dim is not None or own else args.usual_dim
    surface = landscapes.get(args.surface, dim=dim, **given)
    for note in surface.notes:
        print(f"{surface.name}: {note}", file=sys.stderr)
    return surface


def _from_file(path: Path) -> dict[str, Any]:
    """What a file of heights says about the surface; where its units differ, that goes to standard error."""
    from landscapes.maps import UNITS, read

    try:
        found = read(path.read_bytes(), path.name)
    except OSError as problem:
        raise ValueError(f"cannot read {path}: {problem.strerror}; give a file of heights") from None
    given = {"heights": found.heights, "spacing": found.spacing, "no_data": found.no_data}
    if found.unit == found.height_unit or not found.unit or not found.height_unit:
        return given
    said = f"map: spacing is in {found.unit} and heights are in {found.height_unit}"
    if found.unit in UNITS and found.height_unit in UNITS:
        given["scale"] = UNITS[found.height_unit] / UNITS[found.unit]
        print(f"{said}: heights are taken in {found.unit}, × {given['scale']:g}", file=sys.stderr)
    else:
        print(
            f"{said}: a ball is round only where both have one unit (1° of latitude is 111.2 km); give "
            "--param spacing=… in the unit of heights",
            file=sys.stderr,
        )
    return given


def _parameters(pairs: list[str]) -> dict[str, Any]:
    """``["a=0.5", …]`` as keyword parameters of a surface; what is no number stays text."""
    parameters: dict[str, Any] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise ValueError(f"a surface parameter is written NAME=VALUE, got {pair!r}")
        try:
            parameters[name] = float(value)
        except ValueError:
            parameters[name] = value
    return parameters


def numbers(name: str, text: str) -> list[float]:
    """Numbers separated by commas; ValueError naming the text."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"{name} must be a number or comma-separated numbers, got {text!r}") from None
