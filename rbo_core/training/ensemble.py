"""Train B networks with different (ρ, η, seed) at once: the phase diagram of a network as one run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rbo_core.methods import METHODS
from rbo_core.settings import settings_of
from rbo_core.torch.ensemble import EnsembleObjective
from rbo_core.training.config import TrainConfig
from rbo_core.training.data import add_label_noise, load
from rbo_core.training.loop import PROBE, pick_device
from rbo_core.training.memory import keep_freed_pages
from rbo_core.training.models import build_model

Floats = NDArray[np.float64]

ENSEMBLES = ("rbo", "sam", "sgd", "momentum")
"""Methods that train many networks at once."""


@dataclass(frozen=True, eq=False)
class EnsembleResult:
    """What each member came to, all (B,): accuracies as fractions, NaN losses where a member diverged.

    parameters: (B, n), in the order of ``model.parameters()``. penetration: along the normal, NaN for point methods.
    """

    train_loss: Floats
    validation_loss: Floats
    validation_accuracy: Floats
    test_accuracy: Floats
    penetration: Floats
    diverged: NDArray[np.bool_]
    gradients: int
    seconds: float
    state: str
    parameters: torch.Tensor


def train_ensemble(
    config: TrainConfig,
    *,
    lr: Sequence[float] | Floats,
    radius: Sequence[float] | Floats | None = None,
    seeds: Sequence[int] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> EnsembleResult:
    """Train one member for each entry of ``lr (B,)``; member b equals the single run of its (ρ, η, seed).

    Args:
        config: everything the members share; method "rbo", "sgd", "momentum" or "sam".
        lr, radius: (B,) each; radius None takes the method's own (a point method has none).
        seeds: (B,) initialisation, data order and label noise; None gives all members ``config.seed``.
        progress: called with (steps done, steps in all); a true answer cancels.

    Raises:
        ValueError: lengths differ, or the method or model has no batched form.
    """
    members = len(lr)
    seeds = [config.seed] * members if seeds is None else [int(s) for s in seeds]
    if len(seeds) != members or (radius is not None and len(radius) != members):
        raise ValueError(
            f"lr, radius and seeds must have one entry a member, got {members}, "
            f"{members if radius is None else len(radius)} and {len(seeds)}"
        )
    if config.augment or config.precision == "bf16":
        raise ValueError("an ensemble has no augmentation and no bf16; switch them off")
    keep_freed_pages()
    device = pick_device(config.device)
    dtype = torch.float64 if config.precision == "float64" else torch.float32
    data = load(config.data, config.data_dir)
    count = min(config.train_size or len(data.train_y), len(data.train_y))
    if count < config.batch_size:
        raise ValueError(f"batch_size must be at most the {count} training images, got {config.batch_size}")

    start, unique = {}, sorted(set(seeds))
    labels = {s: add_label_noise(data.train_y[:count], data.classes, config.label_noise, s) for s in unique}
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        for seed in unique:
            torch.manual_seed(seed)
            model = build_model(config.model, data.shape, data.classes)
            start[seed] = torch.cat([p.detach().reshape(-1) for p in model.parameters()])
    position = torch.stack([start[s] for s in seeds]).to(device, dtype)
    objective = EnsembleObjective(model.to(device, dtype), list(seeds))
    method_of = _method(
        config,
        torch.tensor(np.asarray(lr), dtype=dtype, device=device),
        None if radius is None else torch.tensor(np.asarray(radius), dtype=dtype, device=device),
    )
    x = torch.from_numpy(data.train_x[:count]).to(device, dtype)
    y = torch.stack([torch.from_numpy(labels[s]) for s in seeds]).to(device)
    generators = {s: torch.Generator().manual_seed(s) for s in unique}

    per_epoch = count // config.batch_size
    price = config.method.gradients_per_step
    total = config.epochs * per_epoch if config.gradient_budget is None else config.gradient_budget // price
    state = method_of(1.0).init(objective, position)
    begin, outcome = time.perf_counter(), "done"
    rows = torch.arange(members, device=device)[:, None]
    for step in range(total):
        if progress is not None and progress(step, total):
            outcome = "cancelled"
            break
        k = step % per_epoch
        if k == 0:
            orders = {s: torch.randperm(count, generator=generators[s]) for s in unique}
            order = torch.stack([orders[s] for s in seeds]).to(device)
        index = order[:, k * config.batch_size : (k + 1) * config.batch_size]
        objective.minibatch(x[index], y[rows, index])
        share = 0.5 * (1 + math.cos(math.pi * step / total)) if config.schedule == "cosine" else 1.0
        state, _ = method_of(share).step(objective, state)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    seconds = time.perf_counter() - begin
    final = state.x
    train_loss, _ = objective.evaluate(final, x[:1000], y[0, :1000])
    if len(unique) > 1 and config.label_noise > 0:
        train_loss = torch.stack(
            [objective.evaluate(final[b : b + 1], x[:1000], y[b, :1000])[0][0] for b in range(members)]
        )
    validation = [torch.from_numpy(a).to(device) for a in (data.validation_x, data.validation_y)]
    test = [torch.from_numpy(a).to(device) for a in (data.test_x, data.test_y)]
    validation_loss, validation_accuracy = objective.evaluate(final, validation[0].to(dtype), validation[1])
    _, test_accuracy = objective.evaluate(final, test[0].to(dtype), test[1])
    deep = np.full(members, np.nan)
    if config.method.name == "rbo" and config.diagnostics != "none":
        objective.minibatch(x[:PROBE].expand(members, *x[:PROBE].shape), y[:, :PROBE])
        ball = method_of(1.0)
        deep = _penetration(objective, final, ball.radius, float(ball.loss_scale)).cpu().numpy().astype(float)
    loss = train_loss.cpu().numpy().astype(float)
    if progress is not None and outcome == "done":
        progress(total, total)
    return EnsembleResult(
        loss,
        validation_loss.cpu().numpy().astype(float),
        validation_accuracy.cpu().numpy().astype(float),
        test_accuracy.cpu().numpy().astype(float),
        deep,
        ~np.isfinite(loss),
        total * price,
        seconds,
        outcome,
        final.cpu(),
    )


def _method(config: TrainConfig, lr: torch.Tensor, radius: torch.Tensor | None) -> Callable[[float], Any]:
    """The batched method as a function of the schedule's share of the learning rate."""
    method = config.method
    if method["weight_decay"] != 0:
        raise ValueError("an ensemble has no weight decay; set weight_decay to 0")

    if method.name not in ENSEMBLES:
        raise ValueError(f"an ensemble trains {', '.join(ENSEMBLES[:-1])} or {ENSEMBLES[-1]}, got {method.name!r}")
    own = {one.name for one in settings_of(METHODS[method.name]) if one.network_name == "radius"}
    radii = {} if radius is None else dict.fromkeys(own, radius)

    def build(share: float) -> Any:
        return method.batched(learning_rate=lr * share, **radii)

    build(1.0)
    return build


def _penetration(
    objective: EnsembleObjective, x: torch.Tensor, radius: Any, loss_scale: float, samples: int = 17
) -> torch.Tensor:
    """``diagnostics.penetration`` for all members at once."""
    f, g = objective(x)
    f, g = loss_scale * f, loss_scale * g
    rho = torch.as_tensor(radius, dtype=x.dtype, device=x.device).expand(len(x))
    norm = torch.sqrt(1 + (g * g).sum(dim=1))
    distance = rho.clone()
    found = torch.zeros_like(rho, dtype=torch.bool)
    before = torch.zeros_like(rho)
    step = rho / (samples - 1)
    for k in range(samples - 1):
        t = k * step
        gap = f + (rho - t) / norm - loss_scale * objective(x - ((rho - t) / norm)[:, None] * g)[0]
        crossing = t if k == 0 else t - step * gap / (gap - before)
        hit = (gap <= 0) & ~found
        distance = torch.where(hit, crossing, distance)
        found |= hit
        before = gap
    return (rho - distance) / rho
