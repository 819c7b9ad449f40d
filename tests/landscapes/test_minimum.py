"""Global minima: closed forms against the scan, the scan against SciPy, and both against random points."""

import numpy as np
import pytest
from scipy import optimize

import landscapes
from landscapes.minimum import scan
from tests.landscapes.cases import CASES, every_surface, random_parameters, random_points, sliders

CLOSED = [(name, dim) for name, dim in CASES if landscapes.get(name, dim=dim).setup.minimum is not None]
SCANNED = [case for case in CASES if case not in CLOSED]


@every_surface
def test_minimum_lies_in_the_window_and_nothing_sampled_is_lower(name, dim):
    surface = landscapes.get(name, dim=dim)
    low = surface.minimum
    assert low.x.shape == (dim,)
    assert isinstance(low.value, float)
    assert (low.x >= surface.bounds[:, 0]).all()
    assert (low.x <= surface.bounds[:, 1]).all()
    assert surface.value(low.x[None])[0] == pytest.approx(low.value, abs=1e-12)
    assert surface.value(random_points(surface, 40_000, seed=7)).min() >= low.value - 1e-12
    assert low.certified.startswith(("closed form", "scan of"))
    assert surface.minimum is low


@pytest.mark.parametrize(("name", "dim"), CLOSED)
def test_closed_form_equals_the_scan(name, dim):
    for seed in (None, 1, 2, 3):
        values = {} if seed is None else random_parameters(name, dim, np.random.default_rng(seed))
        surface = landscapes.get(name, dim=dim, **values)
        if surface.setup.minimum is None:
            continue
        found = scan(surface.setup)
        assert found.value == pytest.approx(surface.minimum.value, abs=1e-9)


@pytest.mark.parametrize(("name", "dim"), SCANNED)
def test_scan_equals_scipys_polish_of_a_denser_scan(name, dim):
    surface = landscapes.get(name, dim=dim)
    counts = [6007] if dim == 1 else [431, 433]
    if name == "weierstrass_like" and dim == 1:
        counts = [160_001]
    axes = [np.linspace(*bounds, n) for bounds, n in zip(surface.bounds, counts, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, dim)
    f = surface.value(grid)
    best = np.inf
    for start in grid[np.argsort(f)[:40]]:
        polished = optimize.minimize(
            lambda x: surface.value(x[None])[0],
            start,
            method="Nelder-Mead",
            bounds=surface.bounds,
            options={
                "initial_simplex": start + 0.1 * surface.finest_scale * np.vstack([np.zeros(dim), np.eye(dim)]),
                "xatol": 1e-10,
                "fatol": 1e-14,
            },
        )
        best = min(best, polished.fun)
    assert surface.minimum.value == pytest.approx(best, abs=1e-9)


def test_noisy_sine_fit_is_scanned_and_beats_the_true_parameters():
    surface = landscapes.get("sine_mse", dim=2, noise=0.5, seed=3)
    assert surface.minimum.certified.startswith("scan")
    assert 0 < surface.minimum.value < surface.value([[2.0, 1.5]])[0]
    np.testing.assert_allclose(surface.value_and_grad(surface.minimum.x[None])[1], 0.0, atol=1e-6)


def test_corduroy_minimum_moves_from_the_groove_to_the_edge_when_the_ramp_is_steep():
    groove = landscapes.get("corduroy", slope=0.5, depth=1.0).minimum
    assert -4.0 < groove.x[0] < -3.0
    edge = landscapes.get("corduroy", slope=2.0, depth=0.1).minimum
    assert edge.x[0] == -4.0


def test_minimum_is_read_only():
    with pytest.raises(ValueError, match="read-only"):
        landscapes.get("wrinkled_bowl").minimum.x[0] = 0.0


@pytest.mark.parametrize("extreme", ["low", "high"])
@every_surface
def test_extreme_parameters_build_and_have_a_finite_minimum(name, dim, extreme):
    values = {parameter.name: getattr(parameter, extreme) for parameter in sliders(name, dim)}
    surface = landscapes.get(name, dim=dim, **values)
    low = surface.minimum
    assert np.isfinite(low.value)
    assert surface.value(random_points(surface, 5000)).min() >= low.value - 1e-9
