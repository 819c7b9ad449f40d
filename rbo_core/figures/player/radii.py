"""What becomes of a ball at every radius: the batch behind the radius strip, and the strip made from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

import landscapes
from rbo_core import trace
from rbo_core.ball.heights import radius_limits
from rbo_core.figures.player.build import sampled_heights
from rbo_core.figures.player.racers import Entry
from rbo_core.figures.player.scene import RadiusRange
from rbo_core.figures.player.story import status_words
from rbo_core.figures.player.strip import Mark, Strip, StripRun, thinned
from rbo_core.figures.player.track import Floats, Track, moving_steps, track_of
from rbo_core.ironing import crests
from rbo_core.rolling import RBO
from rbo_core.settings import settings_of

LOW, HIGH = next((float(s.low or 0), float(s.high or 0)) for s in settings_of(RBO) if s.name == "radius")
"""The strip's ends: the range worth trying that the setting itself names."""
COUNT = {1: 33, 2: 17}
"""Radii in the batch, by the number of parameters: over two a rigid ball costs six times as much a step."""
MOST_CRESTS = 400


@dataclass(frozen=True)
class Roll:
    """A ball's run: its settings, start (d,), number of steps and seed."""

    ball: RBO
    start: tuple[float, ...]
    steps: int
    seed: int = 0

    @property
    def whatever_radius(self) -> Roll:
        """The same for runs that differ by the radius alone."""
        return replace(self, ball=replace(self.ball, radius=1.0))


def radii(dim: int) -> Floats:
    """(R,) the radii of the batch, evenly spread over a logarithmic axis."""
    return np.array([float(f"{radius:.3g}") for radius in np.geomspace(LOW, HIGH, COUNT[dim])])


def radius_range(roll: Roll, batch: str) -> RadiusRange:
    """The strip's range, for the scene of the run. batch: a name for everything its runs depend on."""
    return RadiusRange(float(roll.ball.radius), LOW, HIGH, batch)


def rolled(
    surface: landscapes.Landscape, roll: Roll, progress: Callable[[int, int], object] | None = None
) -> tuple[Track, ...]:
    """The ball's runs at every radius of the strip that the surface has room for, as one batch, penetration left out.

    Args:
        progress: as `trace` takes it; when it cancels, there are no runs.
    """
    sizes = radii(surface.dim)
    if roll.ball.projection == "rigid":  # others need no heights round the ball
        least, most = radius_limits(surface)
        sizes = sizes[(sizes >= least) & (sizes <= most)]
    batch = replace(roll.ball, radius=sizes)
    run = trace(batch, surface, [list(roll.start)] * len(sizes), roll.steps, seed=roll.seed, progress=progress)
    if run.cancelled:
        return ()
    return tuple(track_of(run, ball, depths=0) for ball in range(len(sizes)))


def strip_of(
    surface: landscapes.Landscape,
    runs: Sequence[Track],
    rivals: Sequence[Entry],
    batch: str,
    tell: Callable[[Track], str],
) -> Strip:
    """The strip of `runs` beside its rivals' ends. tell: the sentence under the picture with that run in it."""
    flat = surface.dim == 1
    scale = float(runs[0].method.loss_scale)
    lowest = float(np.atleast_1d(surface.minimum.x)[0] if flat else surface.minimum.value)
    marks = tuple(Mark(rival.label, rival.color, _end(rival.track)) for rival in rivals)
    ends = [_end(run) for run in runs]
    started = [run.place[0, 0] if flat else run.loss[0] for run in (*runs[:1], *(rival.track for rival in rivals))]
    seen = np.array([*ends, *(mark.value for mark in marks), *started, lowest])
    # a large ball that was pushed over the rim must not flatten the others
    limits = surface.bounds[0] if flat else (lowest, max(started))
    seen = np.clip(seen[np.isfinite(seen)], *limits)
    return Strip(
        id=batch,
        runs=tuple(_thin(run, end, scale, tell(run), surface) for run, end in zip(runs, ends, strict=True)),
        label="where it ends" if flat else "loss where it ends",
        bounds=(float(seen.min()), max(float(seen.max()), float(seen.min()) + 1e-9)),
        lowest=lowest,
        marks=marks,
        crests=crest_lifetimes(surface, scale) if flat else None,
    )


def crest_lifetimes(surface: landscapes.Landscape, scale: float) -> NDArray[np.float64]:
    """(K,) radii within the strip at which a crest of the curve λ f lets the ball go, the longest MOST_CRESTS."""
    x, height = sampled_heights(surface)
    # Nothing is there in a gap: ground far below everything holds no ball either.
    depth = float(np.nanmin(height)) - 10.0 * float(x[-1] - x[0])
    height = np.where(np.isfinite(height), height, depth)
    lifetime = crests(scale * height, float(x[1] - x[0])).lifetime
    return np.sort(lifetime[(lifetime >= LOW) & (lifetime <= HIGH)])[-MOST_CRESTS:]


def _end(track: Track) -> float:
    """What the strip draws of a run: where it ends on a curve, its loss there on a surface."""
    last = track.stopped_at
    return float(track.place[last, 0] if track.position.shape[1] == 1 else track.loss[last])


def _thin(track: Track, outcome: float, scale: float, sentence: str, surface: landscapes.Landscape) -> StripRun:
    assert track.center is not None
    last = len(track.loss) - 1
    settled = min(last, round(1.08 * moving_steps([track], float(np.ptp(surface.bounds[0])))) + 12)
    kept = np.unique([*thinned(settled), min(track.stopped_at, settled)])
    return StripRun(
        radius=float(track.method.radius),
        steps=kept,
        center=track.center[kept],
        contact=np.column_stack([track.position[kept], scale * track.loss[kept]]),
        loss=track.loss[kept],
        gradients=track.gradients[kept],
        stopped=track.stopped_at,
        status=status_words(track, surface.finest_scale),
        sentence=sentence,
        outcome=outcome,
    )
