"""The batched step on the strict array API and on torch equals the step on NumPy."""

from __future__ import annotations

from typing import Any

import array_api_compat.torch as torch_namespace
import array_api_strict
import numpy as np
import pytest
import torch

from rbo_core import RBO, SAM, SGD, Adam, AdamW, EntropySGD, LookSAM, Momentum
from rbo_core.arrays import plain

METHODS: list[Any] = [
    RBO(momentum=0.5, unit_speed=True),
    RBO(projection="gradient", n_projection_steps=4, loss_scale=2.0),
    SGD(),
    Momentum(nesterov=True),
    Adam(),
    AdamW(),
    SAM(momentum=0.3),
    LookSAM(momentum=0.3, interval=2),
    EntropySGD(),
]


class Quartic:
    """f(x) = ¼ Σ x⁴ − ½ Σ x² in whichever namespace it is given."""

    start = left_out = None

    def __init__(self, xp: Any) -> None:
        self.array_api, self.xp = xp, plain(xp)

    def __call__(self, x: Any) -> tuple[Any, Any]:
        return self.array_api.sum(0.25 * x**4 - 0.5 * x**2, axis=-1), x**3 - x

    def noise(self, like: Any) -> Any:
        return like * 0.0 + 0.25


def _run(method: Any, xp: Any, x: Any) -> Any:
    objective = Quartic(xp)
    state = method.init(objective, x)
    for _ in range(5):
        state, _ = method.step(objective, state)
    return state.x


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.name)
def test_one_step_many_worlds(method: Any) -> None:
    start = np.random.default_rng(0).normal(size=(3, 7))
    expected = _run(method, np, start)
    strict = _run(method, array_api_strict, array_api_strict.asarray(start))
    np.testing.assert_allclose(np.asarray(strict), expected, rtol=1e-12)
    tensor = _run(method, torch_namespace, torch.from_numpy(start))
    assert tensor.dtype == torch.float64
    np.testing.assert_allclose(tensor.numpy(), expected, rtol=1e-12)
