"""Every claim of the sentence under the picture holds in the record that the picture is drawn from."""

from __future__ import annotations

import re

import numpy as np
import pytest

import landscapes
from pages.iron.data import Ironing, Span, radius_range, sampling
from pages.iron.view import what_the_ball_sees
from rbo_core import RBO, SAM, SGD, Status, trace
from rbo_core.figures.player.build import run_scene
from rbo_core.figures.player.racers import entries
from rbo_core.figures.player.story import MOVES, race_story, status_words, story
from rbo_core.figures.player.track import Track, track_of
from rbo_core.figures.words import percent, plain, short

SETTINGS = 300
RACES = 30
VERBS = {
    "at rest": "came to rest|stopped", "stays there": "stayed", MOVES: "moved on", "diverged": "diverged",
    "left the domain": "left the domain",
}  # fmt: skip


def runs_of(surface, choose: np.random.Generator) -> list[Track]:
    """A ball and two points with random settings from a random start."""
    low, high = surface.bounds[0]
    start = [[float(choose.uniform(low + 0.05 * (high - low), high - 0.05 * (high - low)))]]
    rate = float(10 ** choose.uniform(-3, -0.5))
    projection = str(choose.choice(["rigid", "newton", "gradient"]))
    ball = RBO(
        radius=float(10 ** choose.uniform(-1.5, 0.3)),
        learning_rate=rate,
        momentum=float(choose.choice([0.0, 0.8])),
        projection=projection,
        unit_speed=projection == "rigid",
        n_projection_steps=20 if projection == "gradient" else 2,
    )
    noise = float(choose.choice([0.0, 0.0, 0.5]))
    methods = (ball, SGD(learning_rate=rate, gradient_noise=noise), SAM(learning_rate=rate))
    return [track_of(trace(method, surface, start, 150, seed=1), depths=0) for method in methods]


def check(surface, tracks: list[Track]) -> None:
    finest = surface.finest_scale
    raced = entries(tracks)
    scene = run_scene(surface, raced)
    said = plain(story(tracks, finest)).replace("\N{NO-BREAK SPACE}", " ").replace("−", "-").replace("●", "")
    assert not re.search(r"\b(was|is) ", said)
    for entry, racer in zip(raced, scene.racers, strict=True):
        track, name = entry.track, "The ball" if entry.label == "Ball" else entry.label
        claim = next(part for part in re.split(r"\. (?=\s*[A-Z])", said) if name in part)
        # the read-outs and the sentence call the end by the same word
        assert racer.status == status_words(track, finest)
        assert re.search(VERBS[racer.status], claim), (claim, racer.status)
        end = track.place[track.stopped_at, 0]
        told = re.search(r"x = (-?[\d.]+)", claim)
        if told:
            assert float(told[1]) == pytest.approx(end, abs=0.0051)
            if track.status in (Status.CONVERGED, Status.RUNNING):  # where the film ends
                last = racer.center if racer.center is not None else racer.position
                assert float(told[1]) == pytest.approx(last[-1, 0], abs=0.0051)
        if steps := re.search(r"after ([\d,]+) step", claim):
            assert int(steps[1].replace(",", "")) in (track.stopped_at, len(track.loss) - 1)
        if "where it started" in claim and "wrinkle" not in claim:
            assert abs(end - track.place[0, 0]) <= 0.25 * finest + 1e-9
        if "in the wrinkle" in claim:
            assert np.abs(track.place[:, 0] - track.place[0, 0]).max() <= finest + 1e-9
            assert surface.minimum.x is not None
            assert track.distance[track.stopped_at] > 0.5 * finest
    if winner := re.search(r"(?:^|\. )\s*([\w ]+?) ends lowest", said):
        # Like with like: the ground straight below each, not a ball's contact on a crest beside a point's pit.
        sound = [e for e in raced if e.track.status in (Status.CONVERGED, Status.RUNNING)]
        best = min(sound, key=lambda e: surface.value(e.track.place[-1][None])[0])
        assert winner[1].strip() == ("The ball" if best.label == "Ball" else best.label)
    assert int(scene.step_numbers[-1]) == len(tracks[0].loss) - 1


@pytest.mark.parametrize("name", landscapes.names(1))
def test_random_settings(name):
    surface = landscapes.get(name, dim=1)
    choose = np.random.default_rng(len(name))
    for _ in range(max(SETTINGS // len(landscapes.names(1)), 1)):
        check(surface, runs_of(surface, choose))


def test_a_point_that_goes_down_a_bowl_sits_in_no_wrinkle():
    surface = landscapes.get("paraboloid", dim=1)
    for rate in (0.001, 0.01, 0.3):
        said = plain(
            story([track_of(trace(SGD(learning_rate=rate), surface, [[-2.0]], 400), depths=0)], surface.finest_scale)
        )
        assert "wrinkle" not in said
        assert "stayed" not in said


def racers_of(surface, choose: np.random.Generator) -> list[Track]:
    """Two balls of the same kind and other radii, rigid or projected, and two points, from a random start."""
    low, high = surface.bounds.T
    start = [choose.uniform(low + 0.05 * (high - low), high - 0.05 * (high - low)).tolist()]
    rate = float(10 ** choose.uniform(-3, -0.5))
    projection = str(choose.choice(["rigid", "rigid", "newton", "gradient"]))
    settings = {
        "learning_rate": rate,
        "momentum": float(choose.choice([0.0, 0.8])),
        "projection": projection,
        "unit_speed": projection == "rigid",
        "n_projection_steps": 20 if projection == "gradient" else 2,
    }
    radius = float((high - low).max()) * float(10 ** choose.uniform(-2, -0.9))
    balls = [RBO(radius=radius, **settings), RBO(radius=2.3 * radius, **settings)]
    noise = float(choose.choice([0.0, 0.0, 0.5]))
    methods = (*balls, SGD(learning_rate=rate, gradient_noise=noise), SAM(learning_rate=rate))
    return [track_of(trace(method, surface, start, 50, seed=1), depths=12) for method in methods]


def check_race(surface, tracks: list[Track]) -> None:
    """The sentence of a race on a surface, against the runs that are drawn."""
    finest = surface.finest_scale
    raced = entries(tracks)
    scene = run_scene(surface, raced)
    said = plain(race_story(raced, finest)).replace("\N{NO-BREAK SPACE}", " ").replace("−", "-").replace("●", "")
    assert not re.search(r"\b(was|is) ", said)
    for entry, racer in zip(raced, scene.racers, strict=True):
        track, name = entry.track, entry.label
        claim = next(part for part in re.split(r"\. (?=\s*[A-Z])", said) if name in part)
        assert racer.status == status_words(track, finest) and re.search(VERBS[racer.status], claim), claim
        end = track.place[track.stopped_at if racer.status != MOVES else -1]
        if told := re.search(r"\((-?[\d.]+), (-?[\d.]+)\)", claim):
            assert [float(x) for x in told.groups()] == pytest.approx(end.tolist(), abs=0.0051)
        if "where it started" in claim and "wrinkle" not in claim:
            assert np.linalg.norm(end - track.place[0]) <= 0.25 * finest + 1e-9
        if "in the wrinkle" in claim:
            assert np.linalg.norm(track.place - track.place[0], axis=1).max() <= finest + 1e-9
        sinks = f"{name} sank into the ground by up to" in said.replace("  ", " ")
        assert sinks == (track.deepest > 1) and (not sinks or f"up to {percent(track.deepest)}" in said)
        ground = float(surface.value(track.place[track.stopped_at][None])[0])
        if held := re.search(re.escape(name) + r" touches at (\S+), over ground at (\S+?)[.;](?: |$)", said):
            touch = float(track.loss[track.stopped_at])
            assert [word.replace("-", "−") for word in held.groups()] == [short(touch), short(ground)]
            assert touch > ground
    check_winner(surface, raced, said)


def check_winner(surface, raced, said: str) -> None:
    """Who ended lowest, by the ground straight below each, and nobody else did."""
    sound = [e for e in raced if e.track.status in (Status.CONVERGED, Status.RUNNING)]
    ends = {e.label: float(surface.value(e.track.place[e.track.stopped_at][None])[0]) for e in sound}
    # over a hole there is no ground: what counts there is where the ball touches
    touched = {e.label: float(e.track.loss[e.track.stopped_at]) for e in sound}
    ends = {name: end if np.isfinite(end) else touched[name] for name, end in ends.items()}
    fell = max((float(e.track.loss.max()) for e in sound), default=0.0) - min(ends.values(), default=0.0)
    labels = [entry.label for entry in raced]
    if winner := re.search(rf"({'|'.join(map(re.escape, labels))}) ends lowest, at a loss of (\S+)\.(?: |$)", said):
        best = min(ends, key=ends.__getitem__)
        assert (winner[1], winner[2].replace("-", "−")) == (best, short(ends[best]))
    elif together := re.search(r"[^;]* end lowest, side by side", said.replace(". ", ";")):
        level = [name for name in ends if re.search(rf"{re.escape(name)}(?![\d.])", together[0])]
        assert len(level) > 1 and max(ends[name] for name in level) - min(ends.values()) <= 2e-3 * fell
    elif "All end equally low" in said:
        assert len(ends) == len(raced) and max(ends.values()) - min(ends.values()) <= 2e-3 * fell
    else:
        assert not ends


@pytest.mark.parametrize("name", landscapes.names(2))
def test_random_races(name):
    surface = landscapes.get(name, dim=2)
    choose = np.random.default_rng(len(name))
    for _ in range(max(RACES // len(landscapes.names(2)), 1)):
        check_race(surface, racers_of(surface, choose))


def valleys(f: np.ndarray, deeper: float) -> list[int]:
    """Floors (samples) of the valleys of a curve that are deeper than that, by going along it with a hysteresis."""
    floors, low, high, down = [], 0, 0, True
    for i, height in enumerate(f):
        low, high = (i if height < f[low] else low), (i if height > f[high] else high)
        if down and height > f[low] + deeper:
            floors, high, down = [*floors, low], i, False
        elif not down and height < f[high] - deeper:
            low, down = i, True
    return [*floors, low] if down else floors


def pits(f: np.ndarray, deeper: float) -> list[int]:
    """Floors (flat samples) of the basins of a surface that are deeper than that: flooded sample by sample, where two
    lakes meet the one with the higher floor ends; a sample has eight neighbours."""
    lake: dict[int, int] = {}  # sample -> floor of the lake it is in

    def floor_of(k: int) -> int:
        while lake[k] != k:
            k = lake[k]
        return k

    kept = []
    for k in np.argsort(f, axis=None, kind="stable")[: np.isfinite(f).sum()].tolist():  # a hole is a wall
        row, column = divmod(k, f.shape[1])
        lake[k] = k
        for i in range(max(row - 1, 0), min(row + 2, f.shape[0])):
            for j in range(max(column - 1, 0), min(column + 2, f.shape[1])):
                if (other := i * f.shape[1] + j) not in lake:
                    continue
                low, high = sorted((floor_of(k), floor_of(other)), key=lambda at: (f.flat[at], at))
                if low != high:
                    lake[high] = low
                    kept += [high] if f.flat[k] - f.flat[high] > deeper else []
    return [*kept, floor_of(next(iter(lake)))]


def rim(f: np.ndarray) -> set[int]:
    """Samples on the window's border, as `valleys` and `pits` number them."""
    inside = np.zeros(f.shape, bool)
    inside[(slice(1, -1),) * f.ndim] = True
    return set(np.flatnonzero(~inside.ravel()).tolist())


def check_ironing(surface, choose: np.random.Generator, samples: int = 256) -> None:
    where = sampling(surface, 1.0, samples)
    low, high = radius_range(surface)
    radius = float(choose.choice(np.geomspace(low, high, 9)[1:8]))
    at = Ironing.of(where, Span(low, high, 0.001), radius)
    said = what_the_ball_sees(at)
    ends = rim(at.ironed.heights)
    find = valleys if surface.dim == 1 else pits
    kept = [find(f, at.threshold) for f in (at.ironed.heights, at.ironed.ironed)]
    total, left = (len(set(floors) - ends) for floors in kept)
    cut = len(set(kept[1]) & ends)
    told = float(re.search(r"cannot touch ([\d.]+) %", said)[1])
    there = np.isfinite(at.ironed.heights)
    assert told == pytest.approx(100 * (1 - at.ironed.reachable[there].mean()), abs=0.06)
    touched = at.ironed.closing - at.ironed.heights < 1e-9  # where the underside of the sweep is the ground
    assert not np.any(touched & ~at.ironed.reachable)
    assert f"radius {short(radius)} sees {left} of {total} basins deeper than {short(at.threshold)}" in said
    assert (f"(and {cut} at the window's edge)" in said) == bool(cut)
    assert f" of the {'curve' if surface.dim == 1 else 'surface'};" in said
    heights = (short(float(np.nanmax(f) - np.nanmin(f))) for f in (at.ironed.heights, at.ironed.ironed))
    assert "the height range goes from {} to {}.".format(*heights) in said


@pytest.mark.parametrize("name", landscapes.names(1))
def test_what_a_ball_sees_of_a_curve_is_counted_again(name):
    check_ironing(landscapes.get(name, dim=1), np.random.default_rng(len(name)))


@pytest.mark.parametrize("name", landscapes.names(2))
def test_what_a_ball_sees_of_a_surface_is_counted_again(name):
    check_ironing(landscapes.get(name, dim=2), np.random.default_rng(len(name)), samples=48)
