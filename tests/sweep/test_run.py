"""Running sweeps: the numbers equal a loop over single balls, however the work is cut and wherever it runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rbo_core import RBO, SGD, Status, sweep, trace
from rbo_core.refining import interleaved, refining_order
from rbo_core.sweep import cells, measure, order_parameters
from rbo_core.sweep import engine as running
from rbo_core.sweep.measure import COLUMNS
from tests.sweep.surfaces import Bowl, build

RIGID: dict[str, Any] = {
    "surface": {"name": "bowl", "dim": 1},
    "method": {"name": "rbo", "projection": "rigid"},
    "grid": {"radius": "0.05:2:5log", "learning_rate": "0.003:0.3:4log"},
    "starts": 3,
    "seeds": 2,
    "steps": 40,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sweep.Store]:
    with sweep.Store(tmp_path / "sweeps.sqlite") as store:
        yield store


def column(data: np.ndarray, name: str) -> np.ndarray:
    return data[..., COLUMNS.index(name)]


@pytest.mark.parametrize(
    ("method", "dim"),
    [
        ({"name": "rbo", "projection": "rigid"}, 1),
        ({"name": "rbo", "projection": "rigid", "momentum": 0.8, "unit_speed": True}, 1),
        ({"name": "rbo", "projection": "rigid"}, 2),
        ({"name": "rbo", "projection": "newton", "gradient_noise": 0.3}, 1),
        ({"name": "rbo", "projection": "gradient", "n_projection_steps": 20, "projection_step_size": 0.05}, 2),
    ],
)
def test_bit_identical_however_it_is_cut(method: dict[str, Any], dim: int, tmp_path: Path) -> None:
    spec = sweep.parse(
        {**RIGID, "surface": {"name": "bowl", "dim": dim}, "method": method, "steps": 25 if dim == 1 else 6}
    )
    found = []
    for chunk_balls in (1, 19, 10**6):
        with sweep.Store(tmp_path / f"{chunk_balls}.sqlite") as store:
            found.append(sweep.run(spec, store, build, chunk_balls=chunk_balls))
    assert not np.isnan(found[0][..., 0]).any()
    assert found[0].tobytes() == found[1].tobytes() == found[2].tobytes()


def test_every_ball_equals_a_run_of_its_own(store: sweep.Store) -> None:
    spec = sweep.parse(
        {**RIGID, "method": {"name": "sgd", "gradient_noise": 0.2}, "grid": {"learning_rate": [0.01, 0.1]}}
    )
    data = sweep.run(spec, store, build)
    points = cells.starts(spec, Bowl())
    np.testing.assert_array_equal(points, [[-2.0], [0.0], [2.0]])
    for cell, rate in enumerate((0.01, 0.1)):
        for ball, (start, seed) in enumerate(itertools.product(range(3), range(2))):
            alone = trace(
                SGD(learning_rate=rate, gradient_noise=0.2), Bowl(), points[start], 40, seed=cells.stream(seed, start)
            )
            path = alone.position[:, 0, 0]
            assert column(data, "final_loss")[cell, ball] == alone.loss[-1, 0]
            assert data[cell, ball, -1] == path[-1]
            assert column(data, "path")[cell, ball] == pytest.approx(np.abs(np.diff(path)).sum(), rel=1e-12)
            assert column(data, "displacement")[cell, ball] == abs(path[-1] - path[0])
            assert column(data, "gradients")[cell, ball] == 40


def test_seeds_and_starts_have_streams_of_their_own() -> None:
    assert len({cells.stream(seed, start) for seed in range(20) for start in range(20)}) == 400


def test_measures_of_a_smooth_bowl(store: sweep.Store) -> None:
    # f = x²/4: SGD multiplies x by (1 − η/2) a step, diverges for η > 4, and first comes within 0.3 of 0 when it must.
    surface = {"name": "bowl", "parameters": {"amplitude": 0.0}}
    grid = {"learning_rate": [0.1, 1.0, 4.5]}
    spec = sweep.parse({"surface": surface, "method": "sgd", "grid": grid, "starts": [[2.0]], "steps": 60})
    data = sweep.run(spec, store, build)[:, 0]
    np.testing.assert_allclose(
        column(data, "final_loss")[:2], [0.25 * (2 * 0.95**60) ** 2, 0.25 * (2 * 0.5**60) ** 2], atol=1e-9
    )
    assert column(data, "in_basin").tolist() == [1, 1, 0]
    assert column(data, "diverged").tolist() == [0, 0, 1]
    assert column(data, "status")[2] == Status.LEFT_DOMAIN
    assert column(data, "reached_at")[0] == np.ceil(np.log(0.3 / 2) / np.log(0.95))
    assert column(data, "reached_at")[1] == 3
    assert np.isnan(column(data, "reached_at")[2])
    assert np.isnan(column(data, "mean_penetration")).all()


def test_a_ball_is_where_it_touches_whichever_contact_is_reported(store: sweep.Store) -> None:
    # Over the middle of a groove a ball touches both crests, at 0 and at the width: only one of them is the minimum's.
    spec = sweep.parse(
        {**RIGID, "surface": {"name": "bowl", "parameters": {"curvature": 0.0}}, "grid": {"radius": [0.4, 2.0]},
         "starts": [[0.24], [0.26]], "seeds": 1, "steps": 200, "basin_radius": 0.1}
    )  # fmt: skip
    data = sweep.run(spec, store, build)
    np.testing.assert_allclose(data[..., -1], 0.25, atol=1e-4)
    assert (column(data, "in_basin") == 1).all()
    assert (column(data, "distance") < 0.1).all()
    ball = RBO(radius=2.0, learning_rate=0.1, projection="rigid")
    run = trace(ball, Bowl(curvature=0.0), [[0.24], [0.26]], 200)
    assert run.contacts is not None
    for reported in (0, 1):
        other = replace(run, position=np.broadcast_to(run.contacts[-1, :, reported], run.position.shape))
        row = measure.measure(other, Bowl(curvature=0.0), 0.1)
        assert row[:, COLUMNS.index("in_basin")].tolist() == [1, 1]


def test_a_rigid_ball_does_not_sink_and_the_papers_projection_does(store: sweep.Store) -> None:
    rigid = sweep.run(sweep.parse({**RIGID, "seeds": 1}), store, build)
    loose = {"name": "rbo", "projection": "gradient", "n_projection_steps": 20, "projection_step_size": 0.01}
    paper = sweep.run(sweep.parse({**RIGID, "seeds": 1, "method": loose}), store, build)
    assert np.nanmax(column(rigid, "worst_penetration")) < 1e-3
    # At ρ = 2 the ball is four wrinkles wide: a local projection cannot keep it out of them.
    assert order_parameters.mean(column(paper, "mean_penetration").reshape(5, -1))[-1] > 0.05


def test_resuming_recomputes_nothing(store: sweep.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = sweep.parse(RIGID)

    def until_half(done: int, total: int) -> bool:
        return done >= total // 2

    with pytest.raises(sweep.Cancelled):
        sweep.run(spec, store, build, progress=until_half, chunk_balls=12)
    stored = set(store.done(spec.id).tolist())
    assert spec.cells // 2 <= len(stored) < spec.cells
    computed: list[int] = []

    def watched(chunk: running.Chunk, stop: Any = None) -> np.ndarray:
        computed.extend(chunk.cells)
        return original(chunk, stop)

    original = running.compute
    monkeypatch.setattr(running, "compute", watched)
    data = sweep.run(spec, store, build, chunk_balls=7)
    assert stored.isdisjoint(computed)
    assert len(computed) == spec.cells - len(stored)
    computed.clear()
    again = sweep.run(spec, store, build)
    assert computed == []
    assert again.tobytes() == data.tobytes()


def test_any_executor_gives_the_same(tmp_path: Path, store: sweep.Store) -> None:
    spec = sweep.parse(RIGID)
    data = sweep.run(spec, store, build)
    with sweep.Store(tmp_path / "t.sqlite") as other, ThreadPoolExecutor(3) as executor:
        assert sweep.run(spec, other, build, executor, chunk_balls=12, in_flight=3).tobytes() == data.tobytes()


def test_surfaces_and_words_may_be_axes(store: sweep.Store) -> None:
    grid = {"surface.width": [0.25, 0.5], "projection": ["rigid", "newton"], "radius": [0.1, 0.4]}
    spec = sweep.parse({**RIGID, "method": "rbo", "grid": grid, "seeds": 1})
    data = sweep.run(spec, store, build).reshape(2, 2, 2, 3, -1)
    for (i, width), (j, projection), (k, radius) in itertools.product(
        enumerate((0.25, 0.5)), enumerate(("rigid", "newton")), enumerate((0.1, 0.4))
    ):
        alone = trace(RBO(radius=radius, projection=projection), Bowl(width=width), [[-2.0], [0.0], [2.0]], 40)
        assert column(data[i, j, k], "final_loss").tolist() == alone.loss[-1].tolist()


def test_equal_gradients_buy_fewer_steps_where_a_step_costs_more(store: sweep.Store) -> None:
    grid = {"n_projection_steps": [2, 20], "radius": [0.1, 0.2]}
    fields = {**RIGID, "method": {"name": "rbo", "projection": "newton"}, "grid": grid, "seeds": 1, "steps": None}
    spec = sweep.parse({**fields, "gradients": 100})
    data = sweep.run(spec, store, build)
    spent = column(data, "gradients")
    assert (spent <= 100).all()
    assert [cells.steps(spec, build, cell) for cell in range(4)] == [50, 50, 5, 5]
    assert spent.max(axis=1).tolist() == [100, 100, 100, 100]


def test_coarse_cells_come_first() -> None:
    sequence = refining_order((9, 9)).tolist()
    assert sorted(sequence) == list(range(81))
    assert {divmod(cell, 9) for cell in sequence[:9]} == set(itertools.product((0, 4, 8), repeat=2))
    assert {divmod(cell, 9) for cell in sequence[:25]} == set(itertools.product((0, 2, 4, 6, 8), repeat=2))


def test_every_part_of_a_grid_reaches_over_the_whole() -> None:
    parts = interleaved((12, 9), 4)
    assert sorted(np.concatenate(parts)) == list(range(108))
    first, second = (np.unravel_index(part, (12, 9)) for part in parts[:2])
    assert set(zip(*first, strict=True)) == set(itertools.product((0, 4, 8), (0, 4, 8)))
    assert set(zip(*second, strict=True)) == set(itertools.product((2, 6, 10), (2, 6)))
    with pytest.raises(ValueError, match="power of two, got 3"):
        interleaved((4, 4), 3)


def test_progress_counts_cells(store: sweep.Store) -> None:
    seen: list[tuple[int, int]] = []
    spec = sweep.parse(RIGID)
    sweep.run(spec, store, build, progress=lambda done, total: seen.append((done, total)), chunk_balls=30)
    assert seen[0] == (0, 20)
    assert seen[-1] == (20, 20)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"method": "adagrad"}, "method.name must be one of rbo, sgd, .* got 'adagrad'"),
        ({"method": {"name": "sgd"}}, "method 'sgd' has no setting 'radius'"),
        ({"method": {"name": "rbo", "colour": 1}}, "no setting 'colour'"),
        ({"grid": {"radius": [0.1, -0.2]}}, "radius must be positive"),
        ({"method": "rbo", "grid": {"projection": ["rigid", "sticky"]}}, "projection must be one of"),
        ({"method": "rbo", "grid": {"radius": "big"}}, "grid.radius must hold numbers, got 'big'"),
        ({"surface": "hill"}, "surface.name must be bowl"),
        ({"surface": {"name": "bowl", "parameters": {"depth": 1}}}, "surface.parameters"),
        ({"starts": [[9.0]]}, r"starts must lie inside \[-3.0\] to \[3.0\], got \[9.0\]"),
    ],
)
def test_bad_settings_are_refused_before_any_work(store: sweep.Store, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sweep.run(sweep.parse({**RIGID, **fields}), store, build)
    assert store.sweeps() == []


def test_costs_are_estimated_and_limits_refuse_with_the_estimate() -> None:
    spec = sweep.parse(RIGID)
    cost = sweep.estimate(spec, build)
    assert (cost.cells, cost.balls, cost.ball_steps) == (20, 120, 4800)
    assert cost.result_bytes == 120 * len(sweep.columns(1)) * 8
    assert cost.seconds > 0
    sweep.refuse(cost, sweep.Limits())
    with pytest.raises(ValueError, match=r"too long: 20 cells, 120 balls, 4,800 ball-steps: about .*--max-hours"):
        sweep.refuse(cost, sweep.Limits(seconds=0.0))
    with pytest.raises(ValueError, match=r"too large: .*--max-megabytes"):
        sweep.refuse(cost, sweep.Limits(result_bytes=1.0))
    # One ball of 10⁸ steps rolls for less than a day, but its path is recorded whole.
    endless = sweep.parse({**RIGID, "grid": {"radius": [0.4]}, "starts": [[1.0]], "seeds": 1, "steps": 10**8})
    with pytest.raises(ValueError, match=r"one cell would take 8\.0 GB of memory .* Take fewer steps"):
        sweep.refuse(replace(sweep.estimate(endless, build), seconds=1.0), sweep.Limits())
    huge = sweep.parse({**RIGID, "grid": {"radius": "0.1:1:9999log", "learning_rate": "0.1:1:9999log"}})
    with pytest.raises(ValueError, match="99,980,001 cells of 6 balls"):
        sweep.refuse_size(huge, sweep.Limits())


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.21, "0.2 s"), (45, "45 s"), (600, "10 min"), (9000, "2.5 h"), (400000, "4.6 days")]
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert sweep.duration(seconds) == words
