"""The radius that a contest chose, beside the regimes of Network phases for the same task and budget."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rbo_core.training.config import Method
from rbo_core.training.contest import ContestResult
from rbo_core.training.phases import (
    PhaseConfig,
    compute_phases,
    load_phases,
    save_phases,
)
from rbo_core.training.regimes import network_regimes

BALL = "rbo"
"""The contestant that is the map's ball: no momentum, λ = 1."""
RADII, RATES = 8, 6


@dataclass(frozen=True)
class RadiusRegimes:
    """chosen: the plain ball's tuned radius. low, high: radii of the map that are level with its best one, best."""

    chosen: float
    low: float
    high: float
    best: float

    @property
    def sentence(self) -> str:
        """Where the chosen radius lies."""
        where = "below" if self.chosen < self.low else "above" if self.chosen > self.high else "inside"
        return (
            f"The plain ball's tuned radius is {self.chosen:.3g}. On the map of Network phases of this task "
            f"({RADII} radii, {RATES} learning rates, one seed, no weight decay, the same gradients) "
            f"radii from {self.low:.3g} to {self.high:.3g} are level with the best one, {self.best:.3g}: "
            f"it lies {where} that range."
        )


def regimes_of(
    result: ContestResult, folder: Path | None = None, progress: Callable[[int, int], object] | None = None
) -> RadiusRegimes | None:
    """The map's regimes beside the radius that was chosen; None where the plain ball took no part.

    Args:
        folder: keeps the map; one that is there already is taken.
        progress: as in :func:`compute_phases`.
    """
    own = next((one for one in result.standings if one.name == BALL), None)
    if own is None:
        return None
    train = dataclasses.replace(result.config.train, method=Method.of(BALL), diagnostics="final")
    config = PhaseConfig(train=train, n_radii=RADII, n_rates=RATES)
    found = None if folder is None else load_phases(config.key, folder)
    if found is None or not found.complete:
        found = compute_phases(
            config, progress, so_far=found, keep=None if folder is None else lambda made: save_phases(made, folder)
        )
    told = network_regimes(found)
    return RadiusRegimes(own.chosen["radius"], *told.macroscopic, float(config.radii[told.best[0]]))
