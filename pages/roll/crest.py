"""What holds the ball, in a sentence."""

from __future__ import annotations

import landscapes
from pages.shared.controls import get_surface
from pages.shared.page import cached
from rbo_core import RBO, Status
from rbo_core.figures.player.track import Track
from rbo_core.figures.words import short, two_decimals
from rbo_core.ironing import Crests, field_crests, holder, sample

SAMPLES = 8001


@cached
def _crests(name: str, parameters: tuple[tuple[str, float], ...], loss_scale: float) -> Crests:
    surface = get_surface(name, 1, **dict(parameters))
    width = float(surface.bounds[0, 1] - surface.bounds[0, 0])
    return field_crests(sample(surface, SAMPLES, loss_scale, margin=width / 3))


def crests_of(surface: landscapes.Landscape, loss_scale: float) -> Crests:
    """The crests of the curve λ f."""
    return _crests(surface.name, tuple(sorted(surface.parameters.items())), loss_scale)


def held_by(track: Track, ball: RBO, surface: landscapes.Landscape) -> str:
    """The crest that holds a rigid ball at rest and the radius at which it lets go; nothing for other runs."""
    if track.status is not Status.CONVERGED or ball.projection != "rigid":
        return ""
    if track.center is None or track.radius is None:
        return ""
    found = crests_of(surface, float(ball.loss_scale))
    k = holder(found, float(track.center[track.stopped_at, 0]), float(track.radius[track.stopped_at]))
    if k is None:
        return ""
    where, life = two_decimals(found.position[k]), short(float(f"{found.lifetime[k]:.3g}"))
    return f" The crest at x = {where} holds balls up to ρ = {life}."
