"""What the runs of the lessons say: every number of a reveal is computed from them."""

from __future__ import annotations

import numpy as np

from pages.lessons.lesson import Runs, Told
from pages.shared.controls import get_surface
from rbo_core.figures.player.racers import Entry
from rbo_core.figures.words import counted, dotted, percent, short, two_decimals
from rbo_core.ironing import Sweep, crests, critical_radius, local_minima, sample


def end(entry: Entry) -> float:
    """Where a run on a curve ended."""
    return float(entry.track.place[entry.track.stopped_at, 0])


def _at(entry: Entry) -> str:
    return f"x = {two_decimals(end(entry))}"


def _moved(entry: Entry) -> float:
    return abs(end(entry) - float(entry.track.place[0, 0]))


def _way(entry: Entry) -> float:
    """The share of the way from the start to the lowest point that lies behind it."""
    lowest = float(entry.track.distance[0])
    return _moved(entry) / lowest


def _name(entry: Entry) -> str:
    return dotted("The ball" if entry.label == "Ball" else entry.label, entry.color)


def stuck(raced: Runs) -> Told:
    """A point on the wrinkled bowl: to the bottom, half way, or not out of its wrinkle."""
    point = raced[0]
    share = _way(point)
    surface = get_surface("wrinkled_bowl", 1)
    dips = local_minima(sample(surface, 8001).heights)
    return Told(
        0 if share > 0.9 else 1 if share > 0.1 else 2,
        f"{_name(point)} moved by {two_decimals(_moved(point))} and then stayed: {percent(100 * share)} of the way to "
        f"the lowest point. This curve has {counted(dips, 'dip')}, and the first one was enough.",
    )


def rolls_on(raced: Runs) -> Told:
    """A ball beside the point: not further, past many wrinkles, or not at all."""
    ball, point = raced
    wrinkle = float(get_surface("wrinkled_bowl", 1).parameters["wavelength"])
    past = int(_moved(ball) / wrinkle)
    begin, depth = two_decimals(float(ball.track.place[0, 0])), ball.track.deepest
    return Told(
        0 if _moved(ball) <= _moved(point) + wrinkle else 1,
        f"{_name(ball)} rolled from x = {begin} to {_at(ball)}, "
        f"over {counted(past, 'wrinkle')}; {_name(point)} is still at {_at(point)}. The ball never "
        f"entered the ground (penetration {percent(abs(round(depth, 1)))}), and no crest on its way held one so large.",
    )


def held(raced: Runs) -> Told:
    """Two balls on the corduroy, on either side of the radius at which theory lets them go."""
    small, large = raced
    surface = get_surface("corduroy", 1)
    width, slope = (float(surface.parameters[name]) for name in ("width", "slope"))
    free = [_moved(one) > 1.5 * width for one in (small, large)]
    field = sample(surface, 16_001)
    found = crests(field.heights, float(field.spacing[0]))
    where = found.position.ravel()
    behind = int(np.argmin(np.where(where < end(small), end(small) - where, np.inf)))
    return Told(
        {(True, True): 0, (False, True): 1, (False, False): 2}.get((free[0], free[1]), 3),
        f"{_name(small)} rests between two crests, at {_at(small)}. {_name(large)} went on to "
        f"{_at(large)}. The crest at x = {two_decimals(where[behind])} lets go of every ball larger "
        f"than ρ_m = {short(round(float(found.lifetime[behind]), 3))}; theory, w(1 + s²)/2s, says "
        f"{short(round(float(critical_radius(width, slope)), 3))}.",
    )


def scales(swept: Sweep) -> Told:
    """How many dips are left when the ball is ten times larger."""
    left = [local_minima(ironed) for ironed in swept.ironed]
    ratio = left[1] / left[0]
    choices = np.array([0.9, 0.5, 0.1])
    counts = ", ".join(f"{count:,} at ρ = {short(radius)}" for count, radius in zip(left, swept.radii, strict=True))
    return Told(
        int(np.argmin(np.abs(np.log(choices / ratio)))),
        f"The ball sees {counts} of the {local_minima(swept.heights):,} dips of the curve itself. Ten times the radius "
        f"leaves {percent(100 * ratio)} of them, and the next ten times {percent(100 * left[2] / left[1])}.",
    )


def flat(raced: Runs) -> Told:
    """Two valleys equally deep, a sharp one first: who ends where."""
    ball, point = raced
    surface = get_surface("sharp_flat_wells", 1)
    at = np.array([[-float(surface.minimum.x[0])], [float(surface.minimum.x[0])]])
    step = 1e-3
    bend = [float(np.ravel(surface.value(x + step) + surface.value(x - step) - 2 * surface.value(x))[0]) / step**2
            for x in at[:, None]]  # fmt: skip
    radius = [short(float(f"{1 / one:.2g}")) for one in bend]
    in_flat = [abs(end(one) - at[1, 0]) < abs(end(one) - at[0, 0]) for one in (ball, point)]
    return Told(
        {(False, False): 0, (True, False): 1, (True, True): 2}.get((in_flat[0], in_flat[1]), 3),
        f"{_name(point)} stopped at {_at(point)}, {_name(ball)} at {_at(ball)}. Both valleys have their floor at the "
        f"same height, but the left one is bent {short(round(bend[0] / bend[1]))} times as strongly: its radius of "
        f"curvature is {radius[0]}, the right one's {radius[1]}, and the ball's is "
        f"{short(float(ball.track.method.radius))}.",
    )


def published(raced: Runs) -> Told:
    """How deep a ball that rolls as published sinks, beside the exact one."""
    paper, rigid = raced
    depth, moves = paper.track.deepest, paper.track.method.n_projection_steps
    return Told(
        0 if depth < 1 else 1 if depth < 25 else 2,
        f"{_name(paper)} sank in by up to {percent(depth)} of its radius: its {moves} small moves a step stop before "
        f"they have found the nearest ground. {_name(rigid)}, which looks at the whole ground below it, by "
        f"{percent(abs(round(rigid.track.deepest, 1)))}; it came to {_at(rigid)}, the published one to {_at(paper)}.",
    )


def costs(raced: Runs) -> Told:
    """Who is lowest when everyone has spent the same number of gradients."""
    order = sorted(raced, key=lambda one: one.track.end_loss)
    lowest, last = order[0], order[-1]
    budget = int(raced[0].track.gradients[-1])
    steps = ", ".join(
        f"{_name(one)} {int(budget // one.track.method.gradients_per_step)} steps to a loss of "
        f"{short(float(f'{one.track.end_loss:.2g}'))}"
        for one in raced
    )
    return Told(
        raced.index(lowest) if lowest in raced[:3] else 3,
        f"With {budget} gradients each: {steps}. {_name(last)} pays "
        f"{short(last.track.method.gradients_per_step)} gradients for a step and is last.",
    )
