"""The player's message to the browser: sizes, exactness, thinning, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rbo_core.figures.player.payload import frames, height_scale, pack
from rbo_core.figures.player.scene import MAX_FRAMES, Ground, Racer, Readout, Scene, roll_angle


def unpacked(message: bytes) -> tuple[dict, object]:
    """Header and a reader of its arrays, written independently of the JavaScript."""
    length = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + length])
    body = message[4 + length :]

    def array(ref):
        if ref is None:
            return None
        if "a" in ref:
            offset, count = ref["a"]
            return np.frombuffer(body, "<f4", count, 4 * offset).astype(float)
        if "q" in ref:
            offset, count, low, step = ref["q"]
            return low + step * np.frombuffer(body, "<u2", count, 4 * offset)
        first, increment, count = ref["l"]
        return first + increment * np.arange(count)

    return header, array


def ball(steps: int, dim: int = 1) -> Racer:
    t = np.linspace(0, 3, steps + 1)
    position = np.column_stack([np.sin((k + 1) * t) for k in range(dim)] + [t**2])
    told = (Readout("loss", t**2), Readout("gradients", np.arange(steps + 1) * 2.0, "integer"))
    return Racer("rbo", "ball", "#D55E00", position, position + 0.3, 0.3, stopped_at=steps, readouts=told)


def curve() -> Ground:
    x = np.linspace(-1, 1, 301)
    return Ground(x, x**2)


def test_paths_and_grounds_arrive_as_they_were():
    racer = ball(100)
    header, array = unpacked(pack(Scene(curve(), (racer,))))
    sent = header["racers"][0]
    assert np.allclose(array(sent["position"]).reshape(101, 2), racer.position, atol=1e-6)
    assert np.allclose(array(sent["center"]).reshape(101, 2), racer.center, atol=1e-6)
    assert np.array_equal(array(sent["readouts"][1]["values"]), np.arange(101) * 2)
    assert np.allclose(array(header["ground"]["heights"]), curve().heights, atol=1e-6)
    assert header["bounds"] == [[-1.0, 1.0]]


def test_a_hole_in_a_surface_arrives_as_a_hole():
    x = np.linspace(0, 1, 4)
    heights = np.add.outer(x, x)
    heights[1, 2] = np.nan
    header, array = unpacked(pack(Scene(Ground(x, heights, x), (ball(5, 2),))))
    _, count, low, step = header["ground"]["heights"]["q"]
    sent = array(header["ground"]["heights"]).reshape(4, 4)
    assert sent[1, 2] == low + 65535 * step
    assert (count, low) == (16, 0.0)
    ground = np.isfinite(heights)
    assert np.allclose(sent[ground], heights[ground], atol=2e-5)
    assert sent[ground].max() < low + 65535 * step


@pytest.mark.parametrize("size", [3, 4])
def test_a_surface_is_sent_within_one_part_in_65535_of_its_range(size):
    rng = np.random.default_rng(size)
    heights = rng.normal(size=(size, size)) * 100
    axis = np.linspace(0, 1, size)
    header, array = unpacked(pack(Scene(Ground(axis, heights, axis), (ball(20, 2),))))
    error = np.abs(array(header["ground"]["heights"]) - heights.ravel()).max()
    assert error <= 0.51 * np.ptp(heights) / 65535
    # an odd number of 16-bit samples must not shift what follows
    assert np.allclose(array(header["racers"][0]["position"]).reshape(21, 3), ball(20, 2).position, atol=1e-6)


def test_four_balls_of_a_thousand_steps_on_a_fine_surface_stay_below_200_kb():
    axis = np.linspace(-3, 3, 72)
    heights = np.random.default_rng(0).normal(size=(72, 72))
    assert len(pack(Scene(Ground(axis, heights, axis), tuple(ball(1000, 2) for _ in range(4))))) <= 200_000


def test_long_runs_are_thinned_with_their_clock_and_their_turning():
    steps = 10_000
    racer = ball(steps)
    header, array = unpacked(pack(Scene(curve(), (racer,))))
    sent = header["racers"][0]
    kept = np.round(array(header["steps"])).astype(int)
    assert len(kept) == MAX_FRAMES
    assert (kept[0], kept[-1]) == (0, steps)
    assert np.allclose(array(sent["position"]).reshape(-1, 2), racer.position[kept], atol=1e-6)
    assert np.allclose(array(sent["rotation"]), roll_angle(racer.center, 0.3)[kept], rtol=1e-5)
    assert sent["stopped"] == MAX_FRAMES - 1


def test_racers_of_different_lengths_share_one_clock():
    header, array = unpacked(pack(Scene(curve(), (ball(100), ball(40)))))
    assert len(array(header["racers"][0]["position"])) == 2 * 101
    assert len(array(header["racers"][1]["position"])) == 2 * 41


def test_rolling_without_slipping_on_an_arc():
    # a centre on a circle of radius 2 travels 2·θ, so a ball of radius 0.5 turns by 4·θ
    theta = np.linspace(0, 1.2, 4001)
    center = 2 * np.column_stack([np.sin(theta), -np.cos(theta)])
    assert np.allclose(roll_angle(center, 0.5), 4 * theta, atol=1e-5)
    assert np.allclose(roll_angle(center[::-1], 0.5), -(4 * theta), atol=1e-5)


def test_only_second_contacts_are_sent():
    racer = ball(10)
    contacts = np.full((11, 2, 2), np.nan)
    contacts[:, 0] = racer.position
    contacts[4, 1] = racer.position[4] + [0.2, 0.1]
    double = Racer("rbo", "ball", "#D55E00", racer.position, racer.center, 0.3, contacts=contacts)
    header, array = unpacked(pack(Scene(curve(), (double,))))
    sent = header["racers"][0]["contacts"]
    assert array(sent["frame"]).tolist() == [4]
    assert np.allclose(array(sent["point"]), racer.position[4] + [0.2, 0.1], atol=1e-6)


def test_true_scale_unless_the_ground_towers():
    x = np.linspace(0, 1, 50)
    assert height_scale(Scene(Ground(x, x), ())) == 1.0
    assert height_scale(Scene(Ground(x, 60 * x), ())) == pytest.approx(0.01)
    assert height_scale(Scene(Ground(x, 60 * x), (), height_scale=1.0)) == 1.0


def test_values_that_are_not_finite_survive_the_message():
    path = np.column_stack([np.linspace(0, 1, 6), [1.0, 2.0, np.inf, np.nan, np.nan, np.nan]])
    header, array = unpacked(pack(Scene(curve(), (Racer("sgd", "SGD", "#0072B2", path, shape="circle"),))))
    assert np.allclose(array(header["racers"][0]["position"]), path.ravel(), equal_nan=True)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Racer("a", "a", "#000000", np.zeros(3)), "position must have shape"),
        (lambda: Racer("a", "a", "#000000", np.zeros((3, 2))), "needs center and radius"),
        (lambda: Racer("a", "a", "#000000", np.zeros((3, 2)), shape="blob"), "shape must be one of"),
        (lambda: Racer("a", "a", "#000000", np.ones((3, 2)), np.ones((3, 2)), -1.0), "radius must be positive"),
        (lambda: Ground(np.zeros(3), np.zeros(4)), r"heights must have shape \(3,\)"),
        (lambda: Readout("a", np.zeros(3), "hex"), "format must be one of"),
        (lambda: Scene(curve(), (ball(3, 2),)), "needs 2"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_frames_are_all_steps_of_a_short_run():
    assert np.array_equal(frames(10), np.arange(11))
