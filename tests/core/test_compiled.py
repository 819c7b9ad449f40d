"""A run as one compiled loop against the same run step by step: the same bits, whatever surface and method."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import landscapes
from rbo_core import METHODS, RBO, SGD, Adam, EntropySGD, LookSAM, Momentum, Trajectory, trace
from rbo_core.compiled.program import program_of
from rbo_core.objective import SurfaceObjective
from tests.landscapes.cases import every_surface

EACH = np.array([0.5, 1.0, 2.0, 0.25, 1.5])
RUNS: dict[str, Any] = {
    "newton": RBO(n_projection_steps=3, trust=EACH / 2, loss_scale=0.5),
    "newton, interval": RBO(interval=3, momentum=0.5, gradient_noise=0.1 * EACH),
    "published": RBO(projection="gradient", radius=0.3 * EACH, n_projection_steps=20),
    "published, momentum": RBO(projection="gradient", momentum=0.4, unit_speed=True),
    "momentum on the step": RBO(momentum=EACH / 4, momentum_on="step"),
    "looksam": LookSAM(interval=3, momentum=0.3, gradient_noise=0.2),
    "adam": Adam(beta1=EACH / 4),
    "nesterov": Momentum(nesterov=True),
    "rigid": RBO(projection="rigid", radius=0.4 * EACH, momentum=0.3),
    "entropy": EntropySGD(thermal_noise=0.1, gradient_noise=0.1),
    **{name: one(**{"adaptive": True} if name == "sam" else {}) for name, one in METHODS.items() if name != "rbo"},
}


@dataclass(frozen=True, eq=False)
class Uncompiled:
    """A surface of which nobody knows that it has a compiled kernel."""

    surface: Any
    dim: int = field(init=False)
    bounds: Any = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "dim", self.surface.dim)
        object.__setattr__(self, "bounds", self.surface.bounds)

    @property
    def finest_scale(self) -> float:
        return float(self.surface.finest_scale)

    def value_and_grad(self, x: Any) -> Any:
        return self.surface.value_and_grad(x)


def assert_same(whole: Trajectory, stepwise: Trajectory) -> None:
    for name in (
        "position", "loss", "center", "radius", "contacts", "gradient_count", "evaluation_count", "status",
        "stopped_at",
    ):  # fmt: skip
        np.testing.assert_array_equal(getattr(whole, name), getattr(stepwise, name), err_msg=name)


def starts(surface: Any) -> Any:
    low, high = surface.bounds.T
    return np.random.default_rng(1).uniform(0.9 * low + 0.1 * high, 0.1 * low + 0.9 * high, (EACH.size, surface.dim))


@every_surface
def test_every_surface_and_method_gives_the_bits_of_the_run_step_by_step(name: str, dim: int) -> None:
    surface = landscapes.get(name, dim=dim)
    twin, start, seed = Uncompiled(surface), starts(surface), np.arange(EACH.size)
    for method in RUNS.values():
        assert_same(trace(method, surface, start, 12, seed), trace(method, twin, start, 12, seed))


@pytest.mark.parametrize("name", [name for name in RUNS if name != "rigid"])
def test_these_methods_do_run_as_a_whole(name: str) -> None:
    surface = landscapes.get("wrinkled_bowl")
    objective = SurfaceObjective(surface, EACH.size, 3, RUNS[name].gradient_noise)
    state, _ = RUNS[name].step(objective, RUNS[name].init(objective, starts(surface)))
    program = program_of(RUNS[name], objective, state)
    assert program is not None
    assert program.evaluations.mean() == RUNS[name].gradients_per_step


def test_blocks_reports_and_ways_to_end_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of four balls one breaks, one leaves, one comes to rest, and one rolls on.
    surface = landscapes.get("formula", expression="x^2 + 0.01sqrt(abs(x + 0.5) - 0.1)", bounds=[[-2.0, 2.0]])
    method = SGD(learning_rate=np.array([0.75, 1.05, 0.3, 1e-5]))
    start, steps = [[1.0], [1.4], [0.5], [1.0]], 450  # the first jumps into a gap of the surface
    stepwise = trace(method, Uncompiled(surface), start, steps)
    assert sorted(stepwise.status.tolist()) == [0, 1, 2, 3]
    monkeypatch.setattr(importlib.import_module("rbo_core.trajectory"), "BLOCK", 7)
    assert_same(trace(method, surface, start, steps), stepwise)
    told: list[tuple[int, int]] = []
    assert_same(trace(method, surface, start, steps, progress=lambda *done: told.append(done)), stepwise)
    assert told == [(done, steps) for done in [*range(4, steps, 4), steps]]
    cut = trace(method, surface, start, steps, progress=lambda done, _: done >= 100)
    assert cut.cancelled
    np.testing.assert_array_equal(cut.position, stepwise.position[: cut.steps + 1])


rates = st.sampled_from([1e-3, 0.02, 0.3])


@given(rates, st.sampled_from([0.0, 0.5, 0.9]), st.booleans(), st.integers(0, 99), st.integers(1, 20))
@settings(max_examples=6)
def test_rigid_balls_march_as_they_step(rate: float, momentum: float, unit: bool, seed: int, block: int) -> None:
    """In valleys (V-shaped and smooth), at rest, leaving: one thread or more, whatever the block."""
    surface = landscapes.get(("wrinkled_bowl", "corduroy", "v_valley")[seed % 3], dim=1 + seed % 2)
    draw, (low, high) = np.random.default_rng(seed), surface.bounds.T
    start, radius = draw.uniform(low, high, (64, surface.dim)), draw.uniform(0.2, 1.0, 64)
    ball = RBO(projection="rigid", radius=radius, learning_rate=rate, momentum=momentum, unit_speed=unit)
    objective = SurfaceObjective(surface, 64)
    assert ball.marching(objective, ball.init(objective, start)) is not None
    stepwise = trace(ball, Uncompiled(surface), start, 20)
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(importlib.import_module("rbo_core.trajectory"), "BLOCK", block)
        for threads in (1, 2):
            changed.setattr(importlib.import_module("rbo_core.threads"), "threads", lambda n=threads: n)
            assert_same(trace(ball, surface, start, 20), stepwise)


def test_many_balls_are_cut_into_lanes() -> None:
    surface = landscapes.get("weierstrass_like", dim=2)
    start = np.random.default_rng(0).uniform(0.0, 7.0, (600, 2))
    method = RBO(projection="gradient", gradient_noise=0.1, radius=np.linspace(0.1, 1.0, 600))
    seed = np.arange(600)
    assert_same(trace(method, surface, start, 6, seed), trace(method, Uncompiled(surface), start, 6, seed))


@dataclass(frozen=True, kw_only=True)
class Cautious(SGD):
    """A step that looks at its gradient before it moves: nothing that could be recorded."""

    def step(self, objective: Any, state: Any) -> Any:
        _, g = objective(state.x)
        half = replace(self, learning_rate=self.learning_rate / 2)
        return SGD.step(half if (abs(g) > 1.0).any() else self, objective, state)


@pytest.mark.parametrize("method", [Cautious(), RBO(projection="argmin")], ids=["looks", "argmin"])
def test_what_cannot_be_recorded_runs_step_by_step(method: Any) -> None:
    surface = landscapes.get("wrinkled_bowl")
    run = trace(method, surface, [[-2.6]], 4)
    assert run.steps == 4 and np.isfinite(run.position).all()
    objective = SurfaceObjective(surface, 1)
    state, _ = method.step(objective, method.init(objective, np.array([[-2.6]])))
    assert program_of(method, objective, state) is None
