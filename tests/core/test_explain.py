"""The step as pictures explain it: equal to the reference's, at a bounded price."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

import landscapes
from rbo_core import RBO
from rbo_core.explain import explain_rigid_step
from rbo_core.reference import explain_step
from tests.core.surfaces import Explosive, Paraboloid


@pytest.mark.parametrize("name", ["wrinkled_bowl", "corduroy", "spectral_noise", "v_valley", "rastrigin"])
@pytest.mark.parametrize("length", [0.05, 0.5])
def test_it_is_the_reference_step(name: str, length: float) -> None:
    surface = landscapes.get(name, dim=1)
    ball = RBO(radius=0.4, projection="rigid")
    fast = explain_rigid_step(ball, surface, surface.start, length)
    rate = length / float(np.linalg.norm(fast.tangent))
    slow = explain_step(replace(ball, learning_rate=rate), surface, surface.start)
    for field in fields(fast):
        # Nelder-Mead knows a contact to about the root of the machine's precision.
        np.testing.assert_allclose(
            getattr(fast, field.name), getattr(slow, field.name), rtol=1e-5, atol=1e-5, err_msg=field.name
        )


class _Counted(Paraboloid):
    """A wrinkled bowl that counts the points it was asked for."""

    asked = 0
    finest_scale = 1e-3

    def value_and_grad(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        _Counted.asked += len(x)
        f, g = super().value_and_grad(x)
        return f + 1e-2 * np.cos(6000 * x).sum(axis=1), g - 60 * np.sin(6000 * x)


@pytest.mark.parametrize("radius", [1e-4, 0.4, 10.0])
def test_its_price_has_a_bound(radius: float) -> None:
    _Counted.asked = 0
    explain_rigid_step(RBO(radius=radius), _Counted(1.0), np.array([1.0]), 0.6 * radius)
    assert 0 < _Counted.asked < 2_000_000


def test_a_step_to_where_the_ground_is_not_finite_is_refused() -> None:
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="no ground of finite height"):
        explain_rigid_step(RBO(radius=0.5), Explosive(), np.array([2.2]), 0.1)
