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


def check_race(surface, tracks: list[Track]) -> None:
    """The sentence of a race on a surface, against the runs that are drawn."""
    finest = surface.finest_scale
    raced = entries(tracks)
    scene = run_scene(surface, raced)
    said = plain(race_story(raced, finest)).replace("\N{NO-BREAK SPACE}", " ").replace("−", "-").replace("●", "")
    for entry, racer in zip(raced, scene.racers, strict=True):
        track = entry.track
        name = entry.label
        claim = next(part for part in re.split(r"\. (?=\s*[A-Z])", said) if name in part)
        assert racer.status == status_words(track, finest) and re.search(VERBS[racer.status], claim), claim
        if told := re.search(r"\((-?[\d.]+), (-?[\d.]+)\)", claim):
            end = track.place[track.stopped_at if racer.status != MOVES else -1]
            assert [float(x) for x in told.groups()] == pytest.approx(end.tolist(), abs=0.0051)
        sinks = f"{name} sank into the ground by up to" in said.replace("  ", " ")
        assert sinks == (track.deepest > 1) and (not sinks or f"up to {percent(track.deepest)}" in said)
    if winner := re.search(r"(?:^|\. )\s*([\w ]+?) ends lowest, at a loss of (\S+)\.(?: |$)", said):
        sound = [e for e in raced if e.track.status in (Status.CONVERGED, Status.RUNNING)]
        ends = {e.label: float(surface.value(e.track.place[-1][None])[0]) for e in sound}
        best = min(ends, key=ends.__getitem__)
        assert winner[1].strip() == best
        assert winner[2].replace("-", "−") == short(ends[best])


@pytest.mark.parametrize("name", landscapes.names(2))
def test_random_races(name):
    surface = landscapes.get(name, dim=2)
    choose = np.random.default_rng(len(name))
    low, high = surface.bounds.T
    for _ in range(RACES // len(landscapes.names(2))):
        start = [choose.uniform(low + 0.05 * (high - low), high - 0.05 * (high - low)).tolist()]
        rate = float(10 ** choose.uniform(-3, -0.5))
        ball = RBO(radius=float(10 ** choose.uniform(-1.5, 0.3)), learning_rate=rate, projection="newton")
        methods = (ball, SGD(learning_rate=rate), SAM(learning_rate=rate))
        check_race(surface, [track_of(trace(method, surface, start, 60, seed=1), depths=24) for method in methods])


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


@pytest.mark.parametrize("name", landscapes.names(1))
def test_what_a_ball_sees_is_counted_again(name):
    surface = landscapes.get(name, dim=1)
    where = sampling(surface, 1.0)
    low, high = radius_range(surface)
    radius = float(np.random.default_rng(len(name)).choice(np.geomspace(low, high, 9)[1:8]))
    at = Ironing.of(where, Span(low, high, 0.001), radius)
    said = what_the_ball_sees(at)
    ends = {0, len(at.ironed.heights) - 1}
    kept = [valleys(f, at.threshold) for f in (at.ironed.heights, at.ironed.ironed)]
    total, left = (len(set(floors) - ends) for floors in kept)
    cut = len(set(kept[1]) & ends)
    told = float(re.search(r"cannot touch ([\d.]+) %", said)[1])
    assert told == pytest.approx(100 * (1 - at.ironed.reachable.mean()), abs=0.06)
    touched = at.ironed.closing - at.ironed.heights < 1e-9  # where the underside of the sweep is the ground
    assert not np.any(touched & ~at.ironed.reachable)
    assert f"radius {short(radius)} sees {left} of {total} basins deeper than {short(at.threshold)}" in said
    assert (f"(and {cut} at the window's edge)" in said) == bool(cut)
    heights = (short(float(np.ptp(f))) for f in (at.ironed.heights, at.ironed.ironed))
    assert "the height range goes from {} to {}.".format(*heights) in said
