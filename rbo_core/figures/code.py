"""The Python that makes a picture: a script with exactly the settings of what is shown, numbers in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import landscapes
from rbo_core.schedule import RadiusSchedule
from rbo_core.settings import settings_of

LINE = 118
"""Longest line of a script."""


@dataclass(frozen=True)
class Start:
    """What a run needs beside surface and method.

    at: (d,) parameters; radius: the balls' schedule; budget: gradients that each method may spend, instead of steps.
    """

    at: tuple[float, ...]
    steps: int
    seed: int = 0
    radius: RadiusSchedule | None = None
    budget: int | None = field(default=None, kw_only=True)


def call(value: Any, names: Sequence[str] = ()) -> str:
    """``Name(setting=…)`` of a settings dataclass: what differs from its defaults, and `names` in any case."""
    told = [
        f"{one.name}={_literal(getattr(value, one.name))}"
        for one in settings_of(type(value))
        if one.name in names or getattr(value, one.name) != one.default
    ]
    return f"{type(value).__name__}({', '.join(told)})"


def surface_call(surface: landscapes.Landscape) -> str:
    """``landscapes.get(…)`` with every parameter that is not at its default."""
    usual = landscapes.get(surface.name, dim=surface.dim).parameters
    told = [f"{name}={_literal(value)}" for name, value in surface.parameters.items() if value != usual.get(name)]
    return f"landscapes.get({', '.join([repr(surface.name), f'dim={surface.dim}', *told])})"


def run_code(surface: landscapes.Landscape, methods: Sequence[Any], start: Start, show: str = "play(runs)") -> str:
    """A script that repeats runs of several methods from one start, bit for bit, as the list ``runs``.

    show: its last line; "" leaves it out, with its import.
    """
    balls = start.radius is not None and any(method.sphere is not None for method in methods)
    used = {type(method).__name__ for method in methods} | ({"RadiusSchedule"} if balls else set())
    lines = ["import landscapes", f"from rbo_core import {', '.join([*sorted(used, key=str.lower), 'trace'])}"]
    if show:
        lines.append("from rbo_core.figures import play")
    shown = [call(method, ("radius", "learning_rate")) for method in methods]
    lines += ["", f"surface = {surface_call(surface)}", "methods = [", *(f"    {one}," for one in shown), "]"]
    at = ", ".join(_literal(value) for value in start.at)
    steps = str(start.steps) if start.budget is None else f"int({start.budget} // method.gradients_per_step)"
    run = f"trace(method, surface, [[{at}]], {steps}, seed={start.seed}"
    if balls:
        lines += [
            f'breath = RadiusSchedule.parse("{start.radius}")',
            "radii = [breath if method.sphere else None for method in methods]",
            f"runs = [{run}, radius=radius) for method, radius in zip(methods, radii)]",
        ]
    else:
        lines.append(f"runs = [{run}) for method in methods]")
    lines += [show] if show else []
    return "\n".join(lines) + "\n"


def _literal(value: Any) -> str:
    return repr(value.item() if hasattr(value, "item") else value)


def iron_code(surface: landscapes.Landscape, radius: float, samples: int, loss_scale: float = 1.0) -> str:
    """A script that irons a surface at one radius, bit for bit, as ``ironed``, and shows it."""
    figure = "curve_figure" if surface.dim == 1 else "surface_figure"
    told = f"{_literal(radius)}, n={samples}" + (f", loss_scale={_literal(loss_scale)}" if loss_scale != 1 else "")
    return "\n".join(
        [
            "import landscapes",
            f"from rbo_core.figures.ironing import {figure}",
            "from rbo_core.ironing import iron_landscape",
            "",
            f"surface = {surface_call(surface)}",
            f"ironed = iron_landscape(surface, {told})",
            f"{figure}(ironed, dark=False).show()",
            "",
        ]
    )


def radii_code(surface: landscapes.Landscape, radii: Sequence[float], samples: int) -> str:
    """A script that irons a curve at several radii, bit for bit, as ``swept``, and shows it."""
    return "\n".join(
        [
            "import numpy as np",
            "",
            "import landscapes",
            "from rbo_core.figures.ironing import multiple_figures",
            "from rbo_core.ironing import sample, sweep_field",
            "",
            f"surface = {surface_call(surface)}",
            f"radii = np.array({[float(one) for one in radii]!r})",
            f"swept = sweep_field(sample(surface, {samples}, margin=radii.max()), radii)",
            "for figure in multiple_figures(swept, dark=False):",
            "    figure.show()",
            "",
        ]
    )


def sweep_code(described: str, order: str) -> str:
    """A script that computes a sweep, given as JSON, in a store of its own, and maps an order parameter of it.

    Parts that are stored already are not computed again.
    """
    lines = [
        "import landscapes",
        "from rbo_core import sweep",
        "from rbo_core.sweep import order_parameters",
        "",
        f'spec = sweep.loads("""{described}""")',
        'with sweep.Store("sweeps.sqlite") as store:',
        "    values = sweep.run(spec, store, landscapes.get)",
        f"share = order_parameters.cell_map(spec, values, {order!r})",
        "",
    ]
    return "\n".join(lines)
