"""The rigid contact against SciPy's dilation, dense scans and known critical radii."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import grey_dilation

import landscapes
from rbo_core import RBO, Status, trace
from rbo_core.ball.contact import find_contacts
from rbo_core.ball.heights import height_grid
from tests.core.surfaces import Plane, Smooth

# A height map is nothing outside its window, where these tests look: it has its own.
EVERY = [(name, dim) for dim in (1, 2) for name in landscapes.names(dim) if name != "map"]


def _hemisphere(radius: float, spacing: float, dim: int) -> np.ndarray:
    reach = int(radius / spacing)
    axes = np.meshgrid(*([np.arange(-reach, reach + 1) * spacing] * dim), indexing="ij")
    square = radius**2 - sum(axis**2 for axis in axes)
    return np.where(square >= 0, np.sqrt(np.maximum(square, 0)), -np.inf)


@pytest.mark.parametrize(("dim", "nodes"), [(1, 6001), (2, 161)])
@pytest.mark.parametrize("radius", [0.15, 0.6, 1.4])
def test_centre_heights_equal_grey_dilation(dim: int, nodes: int, radius: float) -> None:
    surface = Smooth(dim=dim)
    axis = np.linspace(-4, 4, nodes)
    mesh = np.stack([a.ravel() for a in np.meshgrid(*([axis] * dim), indexing="ij")], axis=1)
    heights = surface.value_and_grad(mesh)[0].reshape([nodes] * dim)
    ball = _hemisphere(radius, axis[1] - axis[0], dim)
    dilated = grey_dilation(heights, footprint=np.isfinite(ball), structure=np.where(np.isfinite(ball), ball, 0))
    inner = np.abs(mesh).max(axis=1) < 4 - radius - 0.1
    chosen = np.flatnonzero(inner)[:: max(1, inner.sum() // 150)]
    many = np.full(chosen.size, radius)
    grid = height_grid(surface, radius)
    found = find_contacts(
        grid, lambda x: surface.value_and_grad(x)[0], mesh[chosen], many, np.ones(chosen.size), 1e-7 * many
    )
    excess = found.height - dilated.ravel()[chosen]
    assert excess.min() > -1e-12  # the true maximum is never below a sampled one
    # A maximum between nodes of spacing δ lies within about δ²/ρ of the nearest one.
    assert excess.max() < 2 * dim * (axis[1] - axis[0]) ** 2 / radius


def _distance_by_lattice(surface: landscapes.Landscape, center: np.ndarray, radius: float, nodes: int) -> float:
    """|c − Γ| by brute force over a lattice under the ball, twice refined about its nearest point."""
    dim = surface.dim
    middle, half, best = center[:dim], radius, np.inf
    for _ in range(3):
        axes = [np.linspace(m - half, m + half, nodes) for m in middle]
        points = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=1)
        square = ((points - center[:dim]) ** 2).sum(axis=1) + (surface.value(points) - center[dim]) ** 2
        best, middle, half = min(best, square.min()), points[square.argmin()], 4 * half / nodes
    return float(np.sqrt(best))


@pytest.mark.parametrize(("name", "dim"), EVERY)
@pytest.mark.parametrize("radius", [0.1, 0.5])
def test_a_rigid_ball_never_penetrates_and_always_touches(name: str, dim: int, radius: float) -> None:
    surface = landscapes.get(name, dim=dim)
    run = trace(RBO(radius=radius, learning_rate=0.01, projection="rigid"), surface, surface.start, steps=60)
    nodes = 20_001 if dim == 1 else 401
    for t in np.unique(np.linspace(0, int(run.stopped_at[0]), 12 if dim == 1 else 3).astype(int)):
        distance = _distance_by_lattice(surface, run.center[t, 0], radius, nodes)
        assert (radius - distance) / radius < 1e-3, f"step {t} penetrates"
        assert (radius - distance) / radius > -1e-2, f"step {t} hovers"
    assert np.abs(run.penetration).max() < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(("name", "dim"), EVERY)
def test_small_balls_anywhere_neither_penetrate_nor_hover(name: str, dim: int) -> None:
    """Down to a ball that lies between two nodes of the search grid, and after it has rolled into a groove."""
    surface = landscapes.get(name, dim=dim)
    low, high = surface.bounds.T
    starts = low + (high - low) * np.random.default_rng(0).uniform(0.1, 0.9, (4, dim))
    for radius in (1e-4, 0.003, 0.01, 0.05):
        ball = RBO(radius=radius, learning_rate=0.05 * radius, projection="rigid", unit_speed=True)
        depth = trace(ball, surface, starts, steps=25).penetration
        assert depth is not None
        assert depth.max() < 1e-3, f"a ball of {radius} penetrates"
        assert depth.min() > -1e-2, f"a ball of {radius} hovers"


@pytest.mark.parametrize("slope", [(0.0,), (3.0,), (-1000.0,), (0.3, -0.1), (25.0, 40.0), (-700.0, 900.0)])
@pytest.mark.parametrize("radius", [1e-6, 1e-3, 0.3, 2.0])
def test_on_a_plane_the_contact_is_known_however_steep(slope: tuple[float, ...], radius: float) -> None:
    plane = Plane(slope)
    s, norm = np.array(slope), np.sqrt(1 + np.square(slope).sum())
    center = np.full((1, len(slope)), 0.123)
    found = find_contacts(
        height_grid(plane, radius), lambda x: plane.value_and_grad(x)[0], center, np.array([radius]), np.ones(1),
        np.array([1e-9 * radius]),
    )  # fmt: skip
    # h = f(c) + ρ √(1 + |s|²), touching at c + ρ s/√(1 + |s|²)
    assert (found.height[0] - center[0] @ s) / radius == pytest.approx(norm, rel=1e-8)
    np.testing.assert_allclose((found.point[0, 0] - center[0]) / radius, s / norm, atol=3e-5)
    assert np.isnan(found.point[0, 1:]).all()


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("radius", [1e-6, 1e-3, 0.02, 0.5])
def test_a_ball_in_a_groove_touches_both_walls_however_small(dim: int, radius: float) -> None:
    groove = landscapes.get("v_valley", dim=dim, slope=1.5)
    found = find_contacts(
        height_grid(groove, radius), groove.value, np.zeros((1, dim)), np.array([radius]), np.ones(1),
        np.array([1e-7 * radius]),
    )  # fmt: skip
    walls = found.point[0, ~np.isnan(found.point[0, :, 0])]
    assert sorted(walls[:, 0] / radius) == pytest.approx([-1.5 / np.sqrt(3.25), 1.5 / np.sqrt(3.25)], abs=1e-4)


def test_two_contacts_that_tie_are_both_found_and_neither_is_penetrated() -> None:
    surface = landscapes.get("corduroy", dim=1)
    run = trace(RBO(radius=0.6, learning_rate=0.02, projection="rigid"), surface, [[2.4]], steps=600)
    assert run.status[0] == Status.CONVERGED
    assert (~np.isnan(run.contacts[-1, 0, :, 0])).sum() == 2
    assert np.abs(run.penetration[-1, 0]) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(("slope", "width"), [(0.2, 1.0), (0.5, 1.0), (0.5, 0.6)])
def test_the_corduroys_critical_radius(slope: float, width: float) -> None:
    """Between crests a ball rests exactly while ρ < w(1 + s²)/(2s)."""
    surface = landscapes.get("corduroy", dim=1, slope=slope, width=width, depth=2.0)

    theory = width * (1 + slope**2) / (2 * slope)
    radii = theory * np.linspace(0.98, 1.02, 21)
    ball = RBO(radius=radii, learning_rate=4e-3 * width, projection="rigid")
    run = trace(ball, surface, np.full((21, 1), 0.5 * width), steps=int(5 / (4e-3 * slope)))
    rests = np.abs(run.center[-1, :, 0] - 0.5 * width) < width
    assert rests[0]
    assert not rests[-1]
    assert radii[rests].max() == pytest.approx(theory, rel=5e-3)


@pytest.mark.parametrize(("radius", "rest"), [(0.2, -2.42), (0.4, -0.58), (1.6, -0.02)])
def test_the_default_demo_shows_the_transition(radius: float, rest: float) -> None:
    ball = RBO(radius=radius, learning_rate=0.01, projection="rigid", unit_speed=True)
    run = trace(ball, landscapes.get("wrinkled_bowl"), [[-2.6]], steps=900)
    assert run.status[0] == Status.CONVERGED
    assert run.center[-1, 0, 0] == pytest.approx(rest, abs=0.01)
