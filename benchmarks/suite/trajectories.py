"""Balls on a curve of 100 harmonics, 500 steps, published projection (K = 20): ours, NumPy, JAX; and rigid balls.

The limit of one local ball is the surface: 10,000 gradients of 100 harmonics, each a chain of dependent complex
products (0.25 µs), are 2.5 ms; the rest of the loop takes 12 operations of some 5 ns for each gradient. With many balls
the surface takes nine tenths of the time. A rigid ball's step is a contact search, some 36 values of the surface (nine
looks of four) and 0.9 µs for the scan of its height grid. Of many balls a value takes 57 ns a core, so 3.6 µs a search
on one core, of which the values are six tenths; the balls are halved between two threads. One ball asks for three
values and then for one: they wait for the same chain of products, 1 µs a look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

import landscapes
from benchmarks.suite.measure import Report, compared, growth
from rbo_core import RBO, trace

TERMS, K, ETA, RHO, GAMMA = 100, 20, 1e-3, 0.1, 0.01
MISSING = "JAX left out, it is not installed: pip install -r requirements-bench.txt"


def run(quick: bool) -> Report:
    """One ball and many."""
    report = Report()
    steps = 20 if quick else 500
    counts = (1, 4, 16) if quick else (1, 4, 16, 64, 256)
    beside = counts if quick else (1, 16, 256)
    surface = landscapes.get("weierstrass_like", dim=1, terms=TERMS)
    local = RBO(radius=RHO, learning_rate=ETA, projection="gradient", n_projection_steps=K, projection_step_size=GAMMA)
    _check(surface, local)
    rigid = RBO(radius=RHO, learning_rate=ETA, projection="rigid", unit_speed=True)
    rolled = _jax(surface, steps)
    if rolled is None:
        report.notes.append(MISSING)
    ours: list[float] = []
    rolling: list[float] = []
    for count in counts:
        start = np.linspace(0.2, 2.8, count)
        calls: dict[str, Any] = {"ours": lambda start=start: trace(local, surface, start[:, None], steps)}
        if count in beside:
            calls["NumPy"] = lambda start=start: _numpy(surface, start, steps)
        if count in beside and rolled is not None:
            calls["JAX"] = lambda start=start: rolled(start).block_until_ready()
        rows = compared(f"published, K = {K}, {count} balls, {steps} steps", calls, 3 if count < 256 else 2)
        report.rows += rows
        ours.append(rows[0].steady)
        calls = {"ours": lambda start=start: trace(rigid, surface, start[:, None], steps)}
        rows = compared(f"rigid, {count} balls, {steps} steps", calls, 3)
        report.rows += rows
        rolling.append(rows[0].steady)
    report.growth.append(growth(f"published, K = {K}, over balls", "ours", counts, ours))
    report.growth.append(growth("rigid, over balls", "ours", counts, rolling))
    return report


def _check(surface: landscapes.Landscape, ball: RBO) -> None:
    """NumPy's version does what ours does: of one step and three moves, for on this curve rounding soon grows large."""
    start = np.linspace(0.2, 2.8, 5)
    ours = trace(replace(ball, n_projection_steps=3), surface, start[:, None], 1).position[-1, :, 0]
    np.testing.assert_allclose(_numpy(surface, start, 1, 3), ours, rtol=1e-9)


def _height(surface: landscapes.Landscape) -> float:
    return float(surface.parameters["height"])


def _numpy(surface: landscapes.Landscape, start: np.ndarray, steps: int, moves: int = K) -> np.ndarray:
    """The published step as one writes it in NumPy, over a batch (B,)."""
    k2 = np.arange(1, TERMS + 1.0) ** 2
    height = _height(surface)

    def both(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        angle = x[:, None] * k2
        return height * (np.sin(angle) / k2).sum(axis=1), height * np.cos(angle).sum(axis=1)

    x = start.copy()
    for _ in range(steps):
        f, g = both(x)
        norm = np.sqrt(1 + g * g)
        moved, y = x - RHO * g / norm - ETA * g, f + RHO / norm - ETA * g * g
        z = x
        for k in range(moves):
            if k:
                f, g = both(z)
            z = z - GAMMA * ((z - moved) + (f - y) * g)
        x = z
    return x


def _jax(surface: landscapes.Landscape, steps: int) -> Callable[[np.ndarray], Any] | None:
    """The same with jit, scan and vmap; None where JAX is not installed."""
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    k2 = jnp.arange(1, TERMS + 1.0) ** 2
    height = _height(surface)

    def both(x: Any) -> tuple[Any, Any]:
        angle = x * k2
        return height * jnp.sum(jnp.sin(angle) / k2), height * jnp.sum(jnp.cos(angle))

    def step(x: Any, _: None) -> tuple[Any, None]:
        f, g = both(x)
        norm = jnp.sqrt(1 + g * g)
        moved, y = x - RHO * g / norm - ETA * g, f + RHO / norm - ETA * g * g

        def inner(z: Any, _: None) -> tuple[Any, None]:
            f, g = both(z)
            return z - GAMMA * ((z - moved) + (f - y) * g), None

        return jax.lax.scan(inner, x, None, length=K)[0], None

    def one(x: Any) -> Any:
        return jax.lax.scan(step, x, None, length=steps)[0]

    return jax.jit(jax.vmap(one))
