"""The surface that heights are: ``landscapes.get("map", heights=array, spacing=(dx, dy), no_data=None)``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from landscapes.base import Definition, Floats, Parameter, Setup, Text
from landscapes.maps.examples import EXAMPLES, SCALE, SPACING, START
from landscapes.maps.kernel import coefficients, map_kernel
from landscapes.maps.store import raw, remember
from landscapes.window import first_finite, wide_radius

MOST = (43_000, 1_024)
"""Samples along an axis beyond which the contact search's grid would miss some: a curve, a surface."""
NO_DATA = (-9999.0, -32768.0, -3.4028234663852886e38, 3.4028234663852886e38, -3.4e38, 3.4e38)
_DEFAULT = {1: "profile", 2: "terrain"}


def _asks(dim: int, given: Mapping[str, Any]) -> tuple[Parameter | Text, ...]:
    name = _read_heights(given.get("heights", _DEFAULT[dim]))
    heights = raw(name)
    if heights.ndim != dim:
        kinds = {1: "a curve (N,)", 2: "a surface (N, M)"}
        raise ValueError(f"heights are {kinds[heights.ndim]}, but dim={dim} asks for {kinds[dim]}")
    spacing = ",".join(f"{step:g}" for step in SPACING.get(name, (1.0,) * dim))
    return (
        Text("heights", "Heights", name, _read_heights, "An array, or the name of heights that are known."),
        Text("spacing", "Spacing", spacing, lambda value: _read_spacing(value, dim), "Between samples."),
        Text("origin", "Origin", ",".join(["0.0"] * dim), lambda value: _read_origin(value, dim), "Of sample 0."),
        Text("no_data", "No data", "", _read_no_data, "The value that marks holes; empty: the usual ones."),
        Parameter("scale", "Vertical scale", SCALE.get(name, 1.0), 0.01, 100.0, log=True, limits=(1e-12, 1e12),
                  help="Heights are multiplied by it."),
    )  # fmt: skip


def _read_heights(value: object) -> str:
    if isinstance(value, str):
        raw(value)
        return value
    return remember(np.asarray(value))


def _read_spacing(value: object, dim: int) -> str:
    try:
        given = [float(part) for part in value.split(",")] if isinstance(value, str) else np.ravel(value).tolist()  # type: ignore[call-overload]
        steps = [float(step) for step in given] * (dim if len(given) == 1 else 1)
    except (TypeError, ValueError):
        steps = []
    if len(steps) != dim or not all(1e-12 < step < 1e12 for step in steps):
        raise ValueError(f"spacing must be one positive number or one per axis ({dim}), got {value!r}")
    return ",".join(repr(step) for step in steps)


def _read_origin(value: object, dim: int) -> str:
    try:
        given = [float(part) for part in value.split(",")] if isinstance(value, str) else np.ravel(value).tolist()  # type: ignore[call-overload]
        place = [float(one) for one in given]
    except (TypeError, ValueError):
        place = []
    if len(place) != dim or not all(abs(one) < 1e12 for one in place):
        raise ValueError(f"origin must be one number per axis ({dim}), got {value!r}")
    return ",".join(repr(one) for one in place)


def _read_no_data(value: object) -> str:
    if value is None or value == "":
        return ""
    try:
        return repr(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(f"no_data must be a number, nan or None, got {value!r}") from None


def holes(heights: Floats, no_data: str) -> Floats:
    """The heights with NaN in their holes; no_data as `_read_no_data` writes it."""
    f = heights.copy()
    f[~np.isfinite(f)] = np.nan
    for mark in (float(no_data),) if no_data else NO_DATA:
        f[np.isclose(f, mark, rtol=1e-6, atol=0.0)] = np.nan
    return f


def _hole_note(given: Floats, heights: Floats) -> tuple[str, ...]:
    """How much of it is a hole, and by which value; heights: those given, NaN in holes."""
    hole = np.isnan(heights)
    if not hole.any():
        return ()
    marks = sorted({f"{value:.6g}" for value in np.unique(given[hole].astype(np.float32))[:3].tolist()})
    return (f"{100 * float(hole.mean()):.2g} % of it are holes: nothing is there (marked {', '.join(marks)}).",)


def _build(dim: int, params: Mapping[str, Any]) -> Setup:
    heights = holes(raw(params["heights"]), params["no_data"])
    if not np.isfinite(heights).any():
        raise ValueError("heights hold nothing but holes: give another no_data value")
    if max(heights.shape) > MOST[dim - 1]:
        k = -(-max(heights.shape) // MOST[dim - 1])
        raise ValueError(
            f"heights may have at most {MOST[dim - 1]:,} samples along an axis for a ball to roll on, got "
            f"{max(heights.shape):,}: take every {k}th, as landscapes.maps.thinned does"
        )
    steps = np.array([float(step) for step in params["spacing"].split(",")])
    counts = np.array(heights.shape)
    low = np.array([float(one) for one in params["origin"].split(",")])
    bounds = np.stack([low, low + (counts - 1) * steps], axis=1)
    axes = np.stack([low, 1.0 / steps, counts.astype(float)], axis=1)
    table = coefficients(heights)
    p = np.concatenate([[params["scale"]], axes.ravel()])

    def value(x: Floats) -> Floats:
        f = np.empty(len(x))
        map_kernel(x, p, table, f, np.zeros((0, 0)), False)
        return f

    share_in = START.get(str(params["heights"]))
    start = first_finite(value, bounds) if share_in is None else low + np.array(share_in) * np.ptp(bounds, axis=1)
    said = _hole_note(raw(params["heights"]), heights)
    size = " × ".join(f"{n:,}" for n in heights.shape)
    return Setup(
        kernel=map_kernel, p=p, t=table, bounds=bounds, start=start, finest_scale=2.0 * float(steps.min()),
        radius=wide_radius(bounds),
        latex=rf"f(x) = \text{{the }} C^2 \text{{ cubic spline through {size} heights}}", notes=said,
    )  # fmt: skip


def _dim_of(given: Mapping[str, Any]) -> int:
    heights = given.get("heights")
    if heights is None:
        return 1
    return raw(heights).ndim if isinstance(heights, str) else int(np.ndim(heights))


MAP = Definition(
    name="map",
    title="Height map",
    dims=(1, 2),
    latex=lambda dim: r"f(x) = \text{a spline through heights}",
    source="Measured heights: " + "; ".join(EXAMPLES.values()) + "; or your own.",
    summary="Measured heights, joined by a C² cubic spline; holes are nothing, and so is what lies outside.",
    parameters=lambda dim: (),
    build=_build,
    asks=_asks,
    dim_of=_dim_of,
    pack=lambda values: None if values["heights"] in EXAMPLES else raw(str(values["heights"])),
    unpack=remember,
)
