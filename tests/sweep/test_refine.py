"""Refinement near jumps: what is stored stays, only the jump's gap is halved, an interruption leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import landscapes
from rbo_core import Status, sweep
from rbo_core.sweep import order_parameters
from rbo_core.sweep.refine import FINEST, Refinement, deepest, finer, run_refined
from rbo_core.sweep.transitions import transition
from tests.sweep.surfaces import build

CORDUROY: dict[str, Any] = {
    "surface": {"name": "corduroy", "parameters": {"slope": 0.5, "width": 1.0, "depth": 2.0}},
    "method": {"name": "rbo", "projection": "rigid", "unit_speed": True, "learning_rate": 0.01},
    "grid": {"radius": "0.63:2.6:12log"},
    "starts": [[2.1], [2.6]],
    "steps": 2000,
}
HOW = Refinement("held", rounds=3)
CRITICAL = 1.25  # w(1 + s²)/2s


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sweep.Store]:
    with sweep.Store(tmp_path / "sweeps.sqlite") as store:
        yield store


def radii(spec: sweep.Sweep) -> np.ndarray:
    return np.array(spec.axis("radius").values, dtype=float)


def test_the_jump_is_known_eight_times_better_for_three_radii_more(store: sweep.Store) -> None:
    spec = sweep.parse(CORDUROY)
    fine, data = run_refined(spec, store, landscapes.get, HOW)
    assert set(radii(spec)) <= set(radii(fine))
    assert len(radii(fine)) == 12 + 3
    found = transition(radii(fine).tolist(), order_parameters.samples(data, "held"))
    assert found is not None
    assert found.low <= CRITICAL <= found.high
    step = radii(spec)[1] / radii(spec)[0]
    assert found.high / found.low == pytest.approx(step ** (1 / 8), rel=1e-6)
    # Cells of the coarse sweep are the same, bit for bit, and so is a sweep of the fine grid by itself.
    coarse = store.data(spec)
    shared = np.isin(radii(fine), radii(spec))
    assert data[shared].tobytes() == coarse.tobytes()
    with sweep.Store(store.path.with_name("other.sqlite")) as other:
        assert sweep.run(fine, other, landscapes.get).tobytes() == data.tobytes()


def test_an_interruption_in_the_second_round_leaves_no_trace(store: sweep.Store, tmp_path: Path) -> None:
    spec = sweep.parse(CORDUROY)
    with sweep.Store(tmp_path / "whole.sqlite") as other:
        fine, data = run_refined(spec, other, landscapes.get, HOW)
    rounds: list[int] = []

    def in_the_second_round(done: int, total: int) -> bool:
        rounds.append(total)
        return len(set(rounds)) == 3

    with pytest.raises(sweep.Cancelled):
        run_refined(spec, store, landscapes.get, HOW, progress=in_the_second_round)
    part, complete = deepest(spec, store, HOW)
    assert not complete
    assert set(radii(spec)) < set(radii(part)) < set(radii(fine))
    again, same = run_refined(spec, store, landscapes.get, HOW)
    assert again.id == fine.id
    assert same.tobytes() == data.tobytes()
    assert deepest(spec, store, HOW) == (fine, True)


def test_rows_of_every_other_axis_come_along(store: sweep.Store) -> None:
    fields = {**CORDUROY, "surface": "bowl", "starts": 3, "steps": 60, "method": {"name": "rbo", "projection": "rigid"}}
    spec = sweep.parse({**fields, "grid": {"learning_rate": [0.02, 0.1], "radius": "0.05:2:5log"}})
    fine, data = run_refined(spec, store, build, Refinement(rounds=1))
    assert fine.axis("learning_rate") == spec.axis("learning_rate")
    assert len(radii(fine)) > 5
    shared = np.isin(radii(fine), radii(spec))
    kept = data.reshape(*fine.shape, 3, -1)[:, shared]
    assert kept.tobytes() == store.data(spec).tobytes()


def test_refining_ends() -> None:
    spec = sweep.parse({**CORDUROY, "grid": {"radius": [1.0, FINEST**0.9, 2.0]}})
    flat = np.zeros((3, 2, 14))
    assert finer(spec, flat, HOW) is None, "nothing changes"
    jump = flat.copy()
    jump[1:, :, 0] = Status.CONVERGED
    assert finer(spec, jump, HOW) is None, "the gap with the jump is as narrow as gaps get"


@pytest.mark.parametrize(
    ("fields", "how", "message"),
    [
        ({"steps": None, "gradients": 500}, {}, "a number of steps"),
        ({}, {"rounds": 7}, "from 0 to 6 rounds, got 7"),
        ({"grid": {"radius": [2.0, 1.0]}}, {}, "increasing numbers"),
        ({}, {"axis": "momentum"}, "no axis 'momentum'"),
    ],
)
def test_what_cannot_be_refined_is_said(
    store: sweep.Store, fields: dict[str, Any], how: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        run_refined(sweep.parse({**CORDUROY, **fields}), store, landscapes.get, Refinement(**how))
    assert store.sweeps() == []
