"""Finite size: the limit's closed form, the exponents of lifetimes, balls beside them, and the recipe's three homes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import landscapes
from rbo_core import cli, sweep
from rbo_core.figures.finite_size import finite_size_figure
from rbo_core.sweep import finite_size
from rbo_core.sweep.finite_size import LIMIT, FiniteSize, predict, run_finite_size, stored_finite_size

COARSE = FiniteSize(widths=(0.3, 0.15, 0.1), phases=4, radii=6)
"""Quick to roll."""


def test_lifetimes_go_to_the_closed_form_and_their_spread_shrinks_like_the_width() -> None:
    found = predict(FiniteSize(), landscapes.get)
    # Slope 0.15 where balls count as arrived, crests of curvature radius w/2π²: 3.408 − 0.051.
    assert pytest.approx(3.357, abs=1e-3) == LIMIT
    limit, power = found.limit(found.predicted), found.exponent(found.predicted)
    assert limit.value == pytest.approx(LIMIT, rel=0.01)
    assert limit.low < LIMIT < limit.high
    assert power.value == pytest.approx(1.0, abs=0.005)
    assert power.low < 1 < power.high
    spread = np.array([one.value for one in found.spread(found.predicted)])
    # Uniformly placed within a wrinkle: halving w halves the spread, but for what the slope itself changes.
    assert ((spread[:-1] / spread[1:] > 1.5) & (spread[:-1] / spread[1:] < 2.05)).all()
    sharpens = found.spread_exponent(found.predicted)
    assert sharpens.low < 1 < sharpens.high
    assert sharpens.value == pytest.approx(1.0, abs=0.1)


def test_balls_do_what_lifetimes_say_and_page_command_and_python_share_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sweep, "FiniteSize", lambda: COARSE)
    monkeypatch.setattr(finite_size, "PACE", 12)
    told: list[tuple[int, int, int]] = []
    with sweep.Store() as store:
        assert stored_finite_size(COARSE, store, landscapes.get).curves == ()
        rolled = run_finite_size(COARSE, store, landscapes.get, progress=lambda *done: told.append(done))
        again = stored_finite_size(COARSE, store, landscapes.get)
    assert {width for width, _, _ in told} == {0, 1, 2}
    assert rolled.measured is not None
    # The radii are refined to about 3 %, and a step of a twelfth of a wrinkle leaps over the last crests.
    np.testing.assert_allclose(rolled.measured, rolled.predicted, rtol=0.12)
    assert np.corrcoef(rolled.measured.ravel(), rolled.predicted.ravel())[0, 1] > 0.95
    assert again.measured is not None
    np.testing.assert_array_equal(again.measured, rolled.measured)
    assert cli.main(["sweep", "finite-size", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == json.loads(json.dumps(rolled.summary()))
    assert said["limit_closed_form"] == LIMIT
    dots = [trace for trace in finite_size_figure(rolled, dark=False).data if trace.name == "balls"]
    assert [len(trace.x) for trace in dots] == [len(one.relative) for one in rolled.curves]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"widths": (0.3, 0.2)}, "widths must be three or more"),
        ({"widths": (0.1, 0.2, 0.3)}, "positive and falling"),
        ({"rolled": 6}, "3 to 5 of the widths, got 6"),
        ({"phases": 3}, "phases must be at least 4, got 3"),
    ],
)
def test_bad_recipes_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FiniteSize(**fields)


def test_a_phase_without_an_arrival_says_nothing() -> None:
    x = np.array([1.0, 2.0, 4.0])
    assert finite_size._from_on(x, np.array([False, True, True])) == pytest.approx(np.sqrt(2))
    assert np.isnan(finite_size._from_on(x, np.array([True, True, False])))
    assert np.isnan(finite_size._from_on(x, np.array([True, True, True])))
