"""The description of a sweep: JSON, ids, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import landscapes
from rbo_core import sweep
from rbo_core.sweep.cells import starts

GOOD: dict[str, Any] = {
    "surface": {"name": "bowl", "dim": 1, "parameters": {"width": 0.5}},
    "method": {"name": "rbo", "projection": "rigid"},
    "grid": {"radius": [0.1, 0.2, 0.4], "learning_rate": "0.01:1:3log"},
    "starts": 4,
    "steps": 10,
}


def changed(**fields: Any) -> dict[str, Any]:
    return {**GOOD, **fields}


def test_reads_every_way_to_write_an_axis() -> None:
    grid = {"radius": {"low": 1, "high": 100, "count": 3}, "momentum": "0:1:3", "trust": 0.5, "projection": "rigid"}
    made = sweep.parse(changed(method="rbo", grid=grid))
    assert [axis.values for axis in made.grid] == [(1.0, 10.0, 100.0), (0.0, 0.5, 1.0), (0.5,), ("rigid",)]
    assert made.shape == (3, 3, 1, 1)
    assert (made.cells, made.balls) == (9, 4)
    assert made.cell(4) == {"radius": 10.0, "momentum": 0.5, "trust": 0.5, "projection": "rigid"}


def test_id_does_not_change_between_releases() -> None:
    # A stored sweep is found by its id: a change here loses everybody's results (raise spec.VERSION if it must be).
    assert sweep.parse(GOOD).id == "c6bd6da6ad6df4ca"


def test_id_ignores_what_does_not_matter() -> None:
    same = json.loads(json.dumps(GOOD))
    same["method"] = {"projection": "rigid", "name": "rbo"}
    same["seeds"] = 1
    assert sweep.parse(same).id == sweep.parse(GOOD).id
    assert sweep.parse(changed(grid={"radius": [1, 2]})).id == sweep.parse(changed(grid={"radius": [1.0, 2.0]})).id


@pytest.mark.parametrize(
    "fields",
    [{"steps": 11}, {"starts": 5}, {"seeds": 2}, {"basin_radius": 0.1}, {"surface": "bowl"}, {"method": "rbo"},
     {"grid": {"learning_rate": "0.01:1:3log", "radius": [0.1, 0.2, 0.4]}}],
)  # fmt: skip
def test_id_follows_what_matters(fields: dict[str, Any]) -> None:
    assert sweep.parse(changed(**fields)).id != sweep.parse(GOOD).id


numbers = st.floats(min_value=1e-300, max_value=1e300)


@given(
    radii=st.lists(numbers, min_size=1, max_size=6, unique=True),
    settings=st.dictionaries(st.sampled_from(["momentum", "trust", "flag"]), numbers | st.booleans(), max_size=3),
    starts=st.integers(1, 5) | st.lists(st.floats(-3, 3), min_size=1, max_size=4),
    seeds=st.lists(st.integers(0, 2**62), min_size=1, max_size=3),
    budget=st.sampled_from(["steps", "gradients"]),
)
def test_json_round_trip(
    radii: list[float], settings: dict[str, Any], starts: Any, seeds: list[int], budget: str
) -> None:
    fields = {"surface": "s", "method": {"name": "m", **settings}, "grid": {"radius": radii}, "starts": starts}
    made = sweep.parse({**fields, "seeds": seeds, budget: 7})
    again = sweep.loads(sweep.dumps(made))
    assert again == made
    assert again.id == made.id


@given(low=st.floats(1e-6, 1e3), factor=st.floats(1.0, 1e6), count=st.integers(2, 60), log=st.booleans())
def test_spread_keeps_its_ends_and_order(low: float, factor: float, count: int, log: bool) -> None:
    values = sweep.spread(low, low * factor, count, log)
    assert (values[0], values[-1], len(values)) == (low, low * factor, count)
    assert np.all(np.diff(values) >= -1e-11 * low * factor)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "the sweep must be an object"),
        (changed(colour=1), "the sweep has no field 'colour'"),
        ({k: v for k, v in GOOD.items() if k != "grid"}, "grid is missing"),
        (changed(surface={"nam": "x"}), "surface has no field 'nam'"),
        (changed(surface={"dim": 1}), "surface.name must be a name"),
        (changed(surface={"name": "bowl", "dim": 1.5}), "surface.dim must be a whole number, got 1.5"),
        (changed(surface={"name": "bowl", "dim": 0}), "surface.dim must be at least 1, got 0"),
        (changed(surface={"name": "b", "parameters": {"width": None}}), "surface.parameters.width must be a number"),
        (changed(method={"name": "rbo", "trust": [1]}), r"method.trust must be a number"),
        (changed(grid={"radius": []}), "grid.radius must hold at least one value"),
        (changed(grid={"radius": [1, 1.0]}), "grid.radius must hold different values"),
        (changed(grid={"radius": [float("nan")]}), "grid.radius must be finite"),
        (changed(grid={"radius": "1:0.1:5log"}), "grid.radius must read low:high:count"),
        (changed(grid={"radius": "0:1:5log"}), "a log axis must start above 0"),
        (changed(grid={"radius": "1:2:many"}), "grid.radius must read low:high:count"),
        (changed(grid={"radius": {"low": 1, "high": 2, "count": 10**9}}), "count must be from 1 to"),
        (changed(grid={"radius": {"low": 1, "high": 2}}), "grid.radius.count must be a whole number, got None"),
        (changed(grid={"radius": {"low": "x", "high": 2, "count": 3}}), "grid.radius.low must be a finite number"),
        (changed(grid={}), "grid must name at least one setting"),
        (changed(grid=[["radius"]]), "grid must be an object or a list of"),
        (changed(method={"name": "rbo", "radius": 1.0}), "method.radius is also an axis of the grid"),
        (changed(starts=0), "starts must be at least 1, got 0"),
        (changed(starts=[]), "starts must hold at least one point"),
        (changed(starts=[[0.0, 1.0]]), "starts must be points of 1 finite numbers"),
        (changed(starts="many"), "starts must be a whole number"),
        (changed(seeds=[-1]), "seeds must be whole numbers from 0"),
        (changed(seeds=[]), "seeds must be whole numbers from 0"),
        (changed(steps=0), "steps must be at least 1, got 0"),
        (changed(steps=True), "steps must be a whole number, got True"),
        (changed(gradients=5), "either steps or gradients"),
        (changed(steps=None), "either steps or gradients"),
        (changed(basin_radius=0), "basin_radius must be positive"),
        (changed(version=3), "version must be 2, got 3"),
    ],
)
def test_bad_fields_are_named(data: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sweep.parse(data)


def test_malformed_json_names_the_place() -> None:
    with pytest.raises(ValueError, match="line 2 column 14"):
        sweep.loads('{"surface": "bowl",\n "steps": 12,,\n}')
    with pytest.raises(ValueError, match="every number must be finite, got NaN"):
        sweep.loads('{"steps": NaN}')


def test_unknown_axis_is_named() -> None:
    with pytest.raises(ValueError, match="no axis 'momentum'"):
        sweep.parse(GOOD).axis("momentum")


def test_random_starts_are_seeded_and_leave_old_ids_alone() -> None:
    plain = sweep.parse({"surface": "wrinkled_bowl", "method": "rbo", "grid": {"radius": [0.2]}, "steps": 5})
    scattered = sweep.parse({**sweep.to_dict(plain), "starts": 40, "random_starts": 3})
    assert "random_starts" not in sweep.to_dict(plain)
    assert sweep.loads(sweep.dumps(scattered)) == scattered
    surface = landscapes.get("wrinkled_bowl", dim=1)
    first, again = starts(scattered, surface), starts(scattered, surface)
    np.testing.assert_array_equal(first, again)
    assert first.shape == (40, 1)
    assert np.unique(np.round(np.diff(np.sort(first[:, 0])), 6)).size > 30
    assert (surface.bounds[0, 0] <= first).all() and (first <= surface.bounds[0, 1]).all()
    with pytest.raises(ValueError, match="random_starts"):
        sweep.parse({**sweep.to_dict(plain), "starts": [[0.1]], "random_starts": 3})
