"""The radius strip: its runs are those of single balls, its sentences those of the page, its message small."""

from __future__ import annotations

import json

import numpy as np
import pytest

import landscapes
from rbo_core import RBO, SAM, SGD, trace
from rbo_core.figures.player.racers import entries
from rbo_core.figures.player.radii import Roll, crest_lifetimes, radii, radius_range, rolled, strip_of
from rbo_core.figures.player.story import story
from rbo_core.figures.player.strip import pack_strip
from rbo_core.figures.player.track import track_of

BALL = RBO(radius=0.4, learning_rate=0.01, projection="rigid", unit_speed=True)


@pytest.fixture(scope="module")
def surface():
    return landscapes.get("wrinkled_bowl", dim=1)


@pytest.fixture(scope="module")
def runs(surface):
    return rolled(surface, Roll(BALL, (-2.6,), 900))


@pytest.mark.parametrize("index", [3, 16, 30])
def test_a_run_of_the_batch_is_that_of_a_ball_alone(surface, runs, index):
    radius = radii(1)[index]
    alone = trace(
        RBO(radius=float(radius), learning_rate=0.01, projection="rigid", unit_speed=True), surface, [[-2.6]], 900
    )
    assert runs[index].method.radius == radius
    assert np.array_equal(runs[index].center, alone.center[:, 0])
    assert runs[index].stopped_at == alone.stopped_at[0]


def test_the_jump_that_the_paper_is_about_is_seen_in_the_strip(surface, runs):
    strip = strip_of(surface, runs, (), "x", lambda run: "")
    ends = {run.radius: run.outcome for run in strip.runs}
    # checked facts: near the start at 0.2, past the middle of the slope at 0.4, at the bottom at 1.6
    assert all(end < -2.3 for radius, end in ends.items() if radius < 0.2)
    assert all(-0.7 < end < 0.3 for radius, end in ends.items() if radius > 0.45)
    last = strip.runs[-1]
    assert last.steps[0] == 0
    assert last.center[-1, 0] == pytest.approx(last.outcome, abs=0.02)


def test_its_sentences_are_those_of_the_page(surface, runs):
    rivals = [
        track_of(trace(method, surface, [[-2.6]], 900)) for method in (SGD(learning_rate=0.01), SAM(learning_rate=0.01))
    ]
    strip = strip_of(surface, runs, entries(rivals), "x", lambda run: story([run, *rivals], surface.finest_scale))
    at = 20
    alone = trace(
        RBO(radius=float(radii(1)[at]), learning_rate=0.01, projection="rigid", unit_speed=True), surface, [[-2.6]], 900
    )
    assert strip.runs[at].sentence == story([track_of(alone), *rivals], surface.finest_scale)
    assert [mark.name for mark in strip.marks] == ["SGD", "SAM"]


@pytest.mark.parametrize("projection", ["rigid", "newton", "gradient"])
@pytest.mark.parametrize("name", landscapes.names(1))
def test_its_message_is_small_on_every_curve(name, projection):
    surface = landscapes.get(name, dim=1)
    ball = RBO(radius=0.4, learning_rate=0.01, projection=projection)
    roll = Roll(ball, tuple(float(v) for v in surface.start), 300)
    message = pack_strip(strip_of(surface, rolled(surface, roll), (), "x", lambda run: "word " * 40), "roll_player")
    assert len(message) < 400_000
    length = int.from_bytes(message[12:16], "little")
    header = json.loads(message[16 : 16 + length])
    assert len(header["runs"]) == 33
    assert header["low"] < header["high"]


def test_ticks_are_the_radii_at_which_crests_let_go(surface):
    cusped = landscapes.get("corduroy", dim=1)
    ticks = crest_lifetimes(cusped, 1.0)
    slope, width = cusped.parameters["slope"], cusped.parameters["width"]
    critical = width * (1 + slope**2) / (2 * slope)
    assert np.min(np.abs(ticks - critical)) < 0.02 * critical


def test_the_range_is_named_by_the_batch():
    offered = radius_range(Roll(BALL, (-2.6,), 900), "abc")
    assert (offered.value, offered.low, offered.high, offered.batch) == (0.4, 0.01, 10.0, "abc")
