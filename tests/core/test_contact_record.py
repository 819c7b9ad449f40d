"""Contacts and penetrations of balls of all sizes on every surface are what they were when they were recorded.

`python -m tests.core.test_contact_record` records them anew; do so only for a change that is meant to change them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import landscapes
from rbo_core.ball.contact import find_contacts
from rbo_core.ball.heights import MEASURED, height_grid
from rbo_core.ball.penetration import penetration

FILE = Path(__file__).with_name("contacts.npz")
EVERY = [(name, dim) for dim in (1, 2) for name in landscapes.names(dim) if name not in {"formula", "drawing", "map"}]
"""Those that keep their default; what a visitor writes or brings is tested where it is read."""
RADII = np.array([1e-4, 3e-3, 0.02, 0.1, 0.4, 1.0])
SCALES = np.array([1.0, 20.0, 0.3, 1.0, 2.5, 1.0])
SUNK = np.array([0.0, 0.5, 0.1, -0.02, 1.0, 0.01])
"""How far below its place on the ground each ball's depth is measured, in radii."""


def searched(name: str, dim: int) -> dict[str, np.ndarray]:
    """Six balls anywhere on a surface: height, first contact, how many tie, and the depth of the ball pushed down."""
    surface = landscapes.get(name, dim=dim)
    low, high = surface.bounds.T
    draw = np.random.default_rng(len(name) + 100 * dim)
    center = low + (high - low) * draw.uniform(0.02, 0.98, (RADII.size, dim))
    grid = height_grid(surface, MEASURED * RADII.max())
    found = find_contacts(grid, surface.value, center, RADII, SCALES, 1e-7 * RADII)
    ties = np.isfinite(found.point[:, :, 0]).sum(axis=1)
    centers = np.column_stack([center, found.height - SUNK * RADII])
    depth = penetration(grid, surface.value, centers, RADII, SCALES)
    return {"height": found.height, "contact": found.point[:, 0], "ties": ties, "depth": depth}


@pytest.mark.parametrize(("name", "dim"), EVERY)
def test_contacts_are_those_recorded(name: str, dim: int) -> None:
    with np.load(FILE) as record:
        kept = {key: record[f"{name}{dim}/{key}"] for key in ("height", "contact", "ties", "depth")}
    found = searched(name, dim)
    # Where F is flat its place is known to the root of the precision, a depth to a millionth: machines differ in that.
    np.testing.assert_allclose(found["height"], kept["height"], rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(found["contact"] / RADII[:, None], kept["contact"] / RADII[:, None], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(found["ties"], kept["ties"])
    np.testing.assert_allclose(found["depth"], kept["depth"], rtol=0, atol=2e-6)


if __name__ == "__main__":
    np.savez_compressed(
        FILE, **{f"{name}{dim}/{key}": array for name, dim in EVERY for key, array in searched(name, dim).items()}
    )
