"""Order parameters and transitions, on data whose answer is known, and on the corduroy whose critical radius is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

import landscapes
from rbo_core import RBO, sweep, trace
from rbo_core.ironing import iron_landscape
from rbo_core.sweep import cells, export, measure, order_parameters, theory, transitions
from rbo_core.sweep.measure import COLUMNS
from rbo_core.trajectory import Status

X = np.geomspace(0.1, 10, 21)


def step(at: int, before: float, after: float, noise: float, balls: int = 40, seed: int = 0) -> np.ndarray:
    clean = np.where(np.arange(21) < at, before, after)[:, None]
    return clean + noise * np.random.default_rng(seed).normal(size=(21, balls))


@given(at=st.integers(3, 18), jump=st.floats(0.5, 5) | st.floats(-5, -0.5), seed=st.integers(0, 1000))
def test_a_clear_step_is_found_where_it_is(at: int, jump: float, seed: int) -> None:
    found = transitions.transition(X.tolist(), step(at, 1.0, 1.0 + jump, 0.05, seed=seed), draws=50)
    assert found is not None
    assert found.at == pytest.approx(np.sqrt(X[at - 1] * X[at]))
    assert found.low <= found.at <= found.high
    assert found.jump == pytest.approx(jump, abs=0.1)


def test_the_interval_widens_with_noise_and_holds_the_truth() -> None:
    sharp = transitions.transition(X.tolist(), step(11, 0, 1, 0.1))
    # Noise of an eighth of the step in the mean: four times as much is no longer told from a slope with slow noise.
    blurred = transitions.transition(X.tolist(), step(11, 0, 1, 0.6, balls=20, seed=3))
    assert sharp is not None
    assert blurred is not None
    assert (sharp.low, sharp.high) == (X[10], X[11])
    assert np.log(blurred.high / blurred.low) > np.log(sharp.high / sharp.low)
    assert blurred.low <= X[11]
    assert blurred.high >= X[10]


def test_noise_alone_has_no_transition() -> None:
    found = [transitions.transition(X.tolist(), step(0, 0, 0, 1.0, seed=s), draws=20) for s in range(60)]
    # Each of the 60 has a chance of 1 %: three or more would happen once in forty thousand.
    assert sum(one is not None for one in found) < 3


def test_a_constant_and_a_short_axis_have_no_transition() -> None:
    assert transitions.transition(X.tolist(), np.ones((21, 5))) is None
    assert transitions.transition([1.0, 2.0, 3.0], np.array([[0.0], [1.0], [1.0]])) is None
    assert transitions.transition(X.tolist(), np.full((21, 5), np.nan)) is None


def test_two_steps_make_three_regimes_named_by_the_data() -> None:
    clean = np.select([np.arange(21) < 6, np.arange(21) < 15], [0.1, 0.9], 0.4)[:, None]
    values = clean + 0.02 * np.random.default_rng(1).normal(size=(21, 30))
    found = transitions.transitions(X.tolist(), values)
    assert [one.at for one in found] == pytest.approx([np.sqrt(X[5] * X[6]), np.sqrt(X[14] * X[15])])
    # The neighbour does not blur a jump: each interval is the gap between two values.
    assert [(one.low, one.high) for one in found] == [(X[5], X[6]), (X[14], X[15])]
    named = transitions.regimes(X.tolist(), values, 1, found)
    assert [(r.low, r.high) for r in named] == [(X[0], X[5]), (X[6], X[14]), (X[15], X[20])]
    names = [r.name for r in named]
    assert names == ["microscopic", "macroscopic", "super-macroscopic"]
    # Where less is better a point is best, and that is no regime of a ball.
    assert transitions.regimes(X.tolist(), values, -1, found) == ()
    assert transitions.regimes(X.tolist(), values, 0, found) == ()
    assert transitions.regimes(X.tolist(), values, 1, ()) == ()


def test_missing_radii_are_left_out() -> None:
    values = step(11, 0, 1, 0.05)
    values[[3, 17]] = np.nan
    found = transitions.transition(X.tolist(), values)
    assert found is not None
    assert found.at == pytest.approx(np.sqrt(X[10] * X[11]))


def test_width_of_a_ramp_is_its_middle_half() -> None:
    # From 0 to 1 linearly in log x over two decades: a quarter to three quarters is one decade.
    ramp = (np.log10(X) + 1)[:, None] / 2 * np.ones((1, 4))
    found = transitions.Transition(1.0, 0.1, 10.0, 0.0, 1.0, 0.001)
    assert transitions.width(X.tolist(), ramp, found) == pytest.approx(10.0, rel=1e-9)
    falling = transitions.Transition(1.0, 0.1, 10.0, 1.0, 0.0, 0.001)
    assert transitions.width(X.tolist(), 1 - ramp, falling) == pytest.approx(10.0, rel=1e-9)


def test_bad_axes_are_refused() -> None:
    with pytest.raises(ValueError, match="x must increase"):
        transitions.transition([2.0, 1.0], np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"samples must have shape \(2, balls\)"):
        transitions.transition([1.0, 2.0], np.ones(2))


def rows(**columns: list[float]) -> np.ndarray:
    data = np.zeros((1, len(next(iter(columns.values()))), len(COLUMNS) + 1))
    for name, values in columns.items():
        data[0, :, COLUMNS.index(name)] = values
    return data


def test_diverged_balls_count_where_they_should() -> None:
    data = rows(
        final_loss=[1.0, 3.0, np.inf, 100.0], diverged=[0, 0, 1, 1], in_basin=[1, 0, 0, 0],
        reached_at=[7, np.nan, np.nan, np.nan],
        gradients=[10, 20, 30, 40], evaluations=[1, 2, 3, 4],
    )  # fmt: skip
    expected = {"final_loss": 2.0, "diverged": 0.5, "in_basin": 0.25, "reached_at": 7.0, "spent": 16.5}
    for name, value in expected.items():
        assert order_parameters.mean(order_parameters.samples(data, name))[0] == value
    late = order_parameters.samples(rows(reached_at=[np.nan], diverged=[0]), "reached_at")
    assert np.isnan(order_parameters.mean(late)[0])
    with pytest.raises(ValueError, match="order parameter must be one of"):
        order_parameters.order("enthalpy")


@given(hits=st.integers(0, 12), n=st.integers(12, 30))
def test_shares_have_wilson_intervals(hits: int, n: int) -> None:
    values = np.zeros((1, n))
    values[0, :hits] = 1.0
    middle, low, high = order_parameters.interval(values, share=True)
    exact = binomtest(hits, n).proportion_ci(method="wilson")
    assert middle[0] == hits / n
    assert (low[0], high[0]) == pytest.approx((min(exact.low, hits / n), max(exact.high, hits / n)), abs=1e-12)


def test_means_have_bootstrap_intervals_of_the_right_width() -> None:
    values = np.random.default_rng(0).normal(size=(1, 400))
    _, low, high = order_parameters.interval(values)
    assert high[0] - low[0] == pytest.approx(2 * 1.96 / 20, rel=0.15)


@pytest.mark.parametrize(("slope", "width"), [(0.5, 1.0), (0.2, 1.0)])
def test_the_corduroys_critical_radius_is_found(slope: float, width: float, tmp_path: Path) -> None:
    surface = landscapes.get("corduroy", dim=1, slope=slope, width=width, depth=2.0)
    known = width * (1 + slope**2) / (2 * slope)
    assert [one.radius for one in theory.expected(surface)] == pytest.approx([known])
    radii = np.round(known * np.geomspace(0.8, 1.25, 17), 10)
    spec = sweep.Sweep(
        surface="corduroy", dim=1, surface_parameters=(("depth", 2.0), ("slope", slope), ("width", width)),
        method="rbo", settings=(("projection", "rigid"), ("learning_rate", 0.05), ("unit_speed", True)),
        grid=(sweep.Axis("radius", tuple(radii.tolist())),),
        starts=((2.1,), (2.3,), (2.6,), (2.85,)), seeds=(0,), steps=600,
    )  # fmt: skip
    with sweep.Store(tmp_path / "s.sqlite") as store:
        data = sweep.run(spec, store, landscapes.get)
    found = transitions.transition(radii.tolist(), order_parameters.along(spec, data, "displacement", "radius"))
    assert found is not None
    assert found.low <= known <= found.high
    assert found.high / found.low < 1.1
    assert found.after > 4 * found.before


def test_expected_radii_of_wells_and_of_ground_without_crests() -> None:
    wells = landscapes.get("sharp_flat_wells", dim=1)
    curvature, ratio = wells.parameters["curvature"], wells.parameters["ratio"]
    assert [one.radius for one in theory.expected(wells)] == pytest.approx([1 / (curvature * ratio), 1 / curvature])
    assert theory.expected(landscapes.get("paraboloid", dim=1)) == ()
    # Too shallow for its slope, the corduroy has no crests: there is nothing to mark.
    assert theory.expected(landscapes.get("corduroy", dim=1, depth=0.1)) == ()


def test_marks_are_where_the_ironed_curve_opens_to_the_global_basin() -> None:
    for name in ("wrinkled_bowl", "spectral_noise", "value_noise"):
        surface = landscapes.get(name, dim=1)
        at = float(surface.minimum.x[0])
        marks = theory.expected(surface)
        assert 1 <= len(marks) <= 3
        for mark in marks:
            widths = []
            for factor in (0.97, 1.03):
                ironed = iron_landscape(surface, factor * mark.radius, 4001)
                x, h = ironed.axes[0], ironed.ironed
                peaks = x[1:-1][(h[1:-1] > h[:-2]) & (h[1:-1] > h[2:])]
                widths.append(min(peaks[peaks > at], default=x[-1]) - max(peaks[peaks < at], default=x[0]))
            assert widths[1] >= widths[0] + 0.05 * np.ptp(x)


@pytest.mark.parametrize(("name", "highest", "exact"), [("spectral_noise", 1.6, 23), ("gaussian_pits", 0.8, 23)])
def test_on_rough_curves_the_jump_is_where_guard_crests_let_go(
    tmp_path: Path, name: str, highest: float, exact: int
) -> None:
    surface = landscapes.get(name, dim=1)
    method = {"name": "rbo", "projection": "rigid", "unit_speed": True, "learning_rate": 0.02}
    grid = {"radius": f"0.2:{highest}:24log"}
    spec = sweep.parse({"surface": name, "method": method, "grid": grid, "starts": 8, "steps": 800})
    with sweep.Store(tmp_path / "s.sqlite") as store:
        data = sweep.run(spec, store, landscapes.get)
    radii = np.array(spec.axis("radius").values, dtype=float)
    arrived = order_parameters.along(spec, data, "in_basin", "radius")
    told = theory.arrivals(surface, radii, cells.starts(spec, surface), measure.basin_radius(surface, None))
    assert (arrived.sum(axis=1) == told.sum(axis=1)).sum() >= exact
    marked = [one.radius for one in theory.expected(surface) if one.label.endswith("lets go")]
    guards = [life for life in marked if 1.01 * life < radii[-1]]
    assert len(guards) == 2
    share = arrived.mean(axis=1)
    for life in guards:  # a step of this length carries a ball over the last of a crest a little early
        assert share[radii > 1.01 * life][0] > share[radii < 0.97 * life][-1]
    found = transitions.transition(radii.tolist(), arrived)
    assert found is not None
    assert any(found.low <= life <= found.high for life in guards)
    assert found.high < 1.4  # where the radius of curvature at the minimum would have it


def test_finer_wrinkles_scale_the_surface_and_the_radii() -> None:
    surface = {"name": "s", "parameters": {"k": 2.0}}
    spec = sweep.parse({"surface": surface, "method": "rbo", "grid": {"radius": [0.2, 0.4]}, "steps": 3})
    made = theory.finer(spec, {"w": 1.0, "a": 0.5}, (1.0, 0.25))
    assert dict(made[1].surface_parameters) == {"k": 2.0, "w": 0.25, "a": 0.125}
    assert [axis.values for axis in made[1].grid] == [(0.05, 0.1)]
    assert dict(made[0].surface_parameters) == {"k": 2.0, "w": 1.0, "a": 0.5}


def test_entropy_susceptibility_and_share_held_of_a_known_cell() -> None:
    data = np.zeros((1, 8, len(COLUMNS) + 1))
    # Two at −1, two at 2 (0.01 apart), four at 0, which is near the minimum; one of those is still rolling.
    data[0, :, -1] = [-1, -1, 2, 2.01, 0, 0, 0, 0]
    data[0, 4:, COLUMNS.index("in_basin")] = 1
    data[0, :, COLUMNS.index("status")] = [1, 1, 1, 0, 1, 1, 1, 0]
    assert Status.CONVERGED == 1 and Status.RUNNING == 0
    entropy = order_parameters.mean(order_parameters.samples(data, "entropy"))
    assert entropy[0] == pytest.approx(-(0.5 * np.log(0.5) + 0.5 * np.log(0.25)))
    assert order_parameters.mean(order_parameters.samples(data, "susceptibility"))[0] == pytest.approx(0.25)
    assert order_parameters.mean(order_parameters.samples(data, "held"))[0] == pytest.approx(3 / 8)
    # Lost balls have no place; what is not stored says nothing.
    data[0, 0, COLUMNS.index("diverged")] = 1
    assert np.isnan(order_parameters.samples(data, "entropy")[0, 0])
    assert np.isnan(order_parameters.samples(np.full_like(data, np.nan), "held")).all()


def arrivals(described: sweep.Sweep, arrived: np.ndarray) -> np.ndarray:
    """A sweep's data of which nothing but who arrived is known: arrived (cells, starts, seeds)."""
    data = np.zeros((described.cells, described.balls, len(COLUMNS) + 1))
    data[..., COLUMNS.index("in_basin")] = arrived.reshape(described.cells, -1)
    return data


def test_susceptibility_across_seeds_has_the_variance_of_bernoulli_shares() -> None:
    p, radii, starts, seeds = 0.3, 400, 8, 10
    base = {"surface": "s", "method": "rbo", "starts": starts, "steps": 3}
    spec = sweep.parse({**base, "grid": {"radius": f"0.1:4:{radii}"}, "seeds": seeds})
    rng = np.random.default_rng(0)
    alone = arrivals(spec, rng.random((radii, starts, seeds)) < p)
    shared = arrivals(spec, np.repeat(rng.random((radii, 1, seeds)) < p, starts, axis=1))
    # Balls that know nothing of each other: p(1 − p). Balls of a seed that all do the same: as many times that.
    for data, expected in ((alone, p * (1 - p)), (shared, starts * p * (1 - p))):
        found = order_parameters.cell_map(spec, data, "seed_susceptibility")
        assert found.mean() == pytest.approx(expected, rel=4 * np.sqrt(2 / (seeds - 1) / radii))
        shares = data[..., COLUMNS.index("in_basin")].reshape(radii, starts, seeds).mean(axis=1)
        np.testing.assert_allclose(found, starts * shares.var(axis=1, ddof=1))
    along = order_parameters.along(spec, alone, "seed_susceptibility", "radius")
    assert along.shape == (radii, seeds)
    table = export.cells_table(spec, alone)
    np.testing.assert_allclose(table["seed_susceptibility"], order_parameters.mean(along))
    with pytest.raises(ValueError, match="of_sweep"):
        order_parameters.samples(alone, "seed_susceptibility")


def test_random_surfaces_are_seeds_too_and_one_seed_has_no_variance() -> None:
    base = {"surface": "s", "method": "rbo", "starts": 2, "steps": 3}
    spec = sweep.parse({**base, "grid": [["surface.seed", [1, 2, 3]], ["radius", [0.1, 0.2]]]})
    order_parameters.check(spec, "seed_susceptibility")
    # At the radius 0.1 no, one and both balls arrive on the three surfaces; at 0.2 both do on each.
    arrived = np.array([[0, 0], [1, 1], [0, 1], [1, 1], [1, 1], [1, 1]])[..., None]
    found = order_parameters.cell_map(spec, arrivals(spec, arrived), "seed_susceptibility")
    np.testing.assert_allclose(found, [[2 * 0.25, 0.0]] * 3)
    single = sweep.parse({**base, "grid": {"radius": [0.1, 0.2]}})
    assert np.isnan(
        order_parameters.cell_map(single, arrivals(single, np.ones((2, 2, 1))), "seed_susceptibility")
    ).all()
    with pytest.raises(ValueError, match="gradient_noise"):
        order_parameters.check(single, "seed_susceptibility")


def test_values_added_near_a_jump_say_where_it_is_and_not_whether() -> None:
    added = np.sqrt(X[10] * X[11]) * np.array([1.0, np.sqrt(np.sqrt(X[11] / X[10]))])
    x = np.sort(np.concatenate([X, added]))
    assert transitions.evenly(x).sum() == 21
    assert transitions.evenly(np.linspace(1, 2, 11)).all()
    assert transitions.evenly(np.array([0.1, 0.2, 0.5, 0.7])).all()
    rng = np.random.default_rng(2)
    values = (x > 1.001 * added[0])[:, None] + 0.02 * rng.normal(size=(23, 30))
    found = transitions.transition(x.tolist(), values)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((added[0], added[1]))
    assert found.abrupt
    coarse = transitions.transition(X.tolist(), values[np.isin(x, X)])
    assert coarse is not None
    assert coarse.p == found.p


@pytest.mark.parametrize("name", ["wrinkled_bowl", "spectral_noise"])
def test_slow_balls_end_where_lifetimes_say(name: str) -> None:
    surface = landscapes.get(name, dim=1)
    radii, begun = np.geomspace(0.1, 2.5, 9), np.array([-2.3, -0.9, 0.8, 2.2])
    told = theory.arrivals(surface, radii, begun, 0.3)
    ball = RBO(radius=np.repeat(radii, 4), learning_rate=0.01, projection="rigid", unit_speed=True)
    run = trace(ball, surface, np.tile(begun, 9)[:, None], 2500)
    rolled = measure.measure(run, surface, 0.3)[:, COLUMNS.index("in_basin")].reshape(9, 4) == 1
    np.testing.assert_array_equal(told, rolled)
    assert told[-1].all()
    assert not told[0].all()
    with pytest.raises(ValueError, match="only curves"):
        theory.arrivals(landscapes.get(name, dim=2), radii, begun, 0.3)
