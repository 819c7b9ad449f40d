"""The Python behind the pages of networks: scripts that train the same runs, planes and maps again."""

from __future__ import annotations

import pprint
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rbo_core.figures.code import call

Config = Mapping[str, Any]
"""Settings as `to_dict` of `TrainConfig`, `PlaneConfig` or `PhaseConfig` gives them."""


@dataclass(frozen=True)
class Rolls:
    """What rolls on a plane: settings of methods, their start (2,) and how many steps."""

    methods: tuple[Any, ...]
    start: tuple[float, float]
    steps: int


def train_code(configs: Sequence[Config]) -> str:
    """A script that trains the same runs, as the list ``results``; their epochs lie in the store ``again``."""
    return "\n".join(
        [
            "from rbo_core.training import RunStore, TrainConfig, run_training",
            "",
            f"configs = {_written(list(configs))}",
            'with RunStore("again") as store:',
            "    results = [run_training(TrainConfig.from_dict(one), store) for one in configs]",
            "    epochs = [store.metrics(one.run_id) for one in results]",
            "for one, result in zip(configs, results):",
            '    print(one["method"]["name"], result.state, result.summary)',
            "",
        ]
    )


def plane_code(configs: Sequence[Config], plane: Config, look: tuple[float, float], rolls: Rolls | None = None) -> str:
    """A script that trains the runs again, computes the loss on their plane as ``plane``, and irons it as ``ironed``.

    Args:
        plane: without its runs.
        look: the ball's radius and λ.
        rolls: what rolls on it, as ``tracks``.
    """
    radius, scale = look
    rolling = [] if rolls is None else _rolling(rolls)
    settings = {name: value for name, value in plane.items() if name != "runs"}
    return "\n".join(
        [
            "from rbo_core.ironing import iron",
            "from rbo_core.training import RunStore, TrainConfig, run_training",
            "from rbo_core.training.landscape import PlaneConfig, compute_plane",
            "",
            f"configs = {_written(list(configs))}",
            f"settings = {_written(settings)}",
            'with RunStore("again") as store:',
            "    runs = [run_training(TrainConfig.from_dict(one), store).run_id for one in configs]",
            "    plane = compute_plane(PlaneConfig(runs=tuple(runs), **settings), store)",
            f"ironed = iron({scale!r} * plane.own, plane.spacing, {radius!r})",
            *rolling,
            "",
        ]
    )


def _rolling(rolls: Rolls) -> list[str]:
    names = ", ".join([*(type(method).__name__ for method in rolls.methods), "trace"])
    shown = ", ".join(call(method) for method in rolls.methods)
    return [
        "",
        f"from rbo_core import {names}",
        "from rbo_core.training.height_surface import HeightSurface",
        "",
        "surface = HeightSurface(plane.x, plane.y, plane.own)",
        f"tracks = [trace(method, surface, [{list(rolls.start)!r}], {rolls.steps}) for method in ({shown})]",
    ]


def phases_code(config: Config) -> str:
    """A script that trains the map again, as ``result``."""
    return "\n".join(
        [
            "from rbo_core.training.phases import PhaseConfig, compute_phases",
            "",
            f"config = PhaseConfig.from_dict({_written(dict(config))})",
            "result = compute_phases(config)",
            "print(result.validation_accuracy.mean(axis=2))",
            "",
        ]
    )


def _written(value: Any) -> str:
    return pprint.pformat(value, width=110, sort_dicts=False)
