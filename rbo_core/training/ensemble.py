"""Train B networks with different (ρ, η, seed) at once: the phase diagram of a network as one run."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rbo_core.checks import require
from rbo_core.methods import METHODS
from rbo_core.settings import replaced, settings_of
from rbo_core.torch.ensemble import EnsembleObjective
from rbo_core.torch.ensemble_step import EnsembleSteps
from rbo_core.training.config import TrainConfig
from rbo_core.training.data import DataSet, load
from rbo_core.training.diagnostics import depth_along_normal
from rbo_core.training.loop import pick_device
from rbo_core.training.memory import keep_freed_pages
from rbo_core.training.plan import PROBE, dtype_of, flat_parameters, labels_of, order_generator, plan, seeded_model

Floats = NDArray[np.float64]

BYTES = 6e9
"""Memory that members trained together may take; more of them are cut into blocks."""
COPIES = 14
"""Arrays of a member's parameters that a step keeps at once, at the most: gradients, moments, and their copies."""


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
    validation_images: int


def train_ensemble(
    config: TrainConfig,
    *,
    lr: Sequence[float] | Floats,
    radius: Sequence[float] | Floats | None = None,
    seeds: Sequence[int] | None = None,
    settings: Mapping[str, Sequence[float] | Floats] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> EnsembleResult:
    """Train one member for each entry of ``lr (B,)``; member b equals the single run of its settings and seed.

    Members that would not fit in memory together are trained block after block.

    Args:
        config: everything the members share.
        lr, radius: (B,) each; radius None takes the method's own (a point method has none).
        seeds: (B,) initialisation, data order and label noise; None gives all members ``config.seed``.
        settings: further settings by their names on networks, (B,) each: weight_decay, and any number that balls of
            one batch may differ in.
        progress: called with (steps done, steps in all); a true answer cancels.

    Raises:
        ValueError: lengths differ, a setting is not one that members may differ in, or the model has no batched form.
    """
    members = len(lr)
    given = {"lr": lr, **({} if radius is None else {"radius": radius}), **(settings or {})}
    own = [config.seed] * members if seeds is None else [int(s) for s in seeds]
    for name, values in (*given.items(), ("seeds", own)):
        if len(values) != members:
            raise ValueError(f"{name} must have one entry a member, {members}, got {len(values)}")
    if config.augment or config.precision == "bf16":
        raise ValueError("an ensemble has no augmentation and no bf16; switch them off")
    if config.final_radius is not None:
        raise ValueError("members of an ensemble keep their radius; train runs with a radius_schedule one by one")
    keep_freed_pages()
    data = load(config.data, config.data_dir)
    parts = _blocks(members, _bytes_of_a_member(config, data))
    results: list[EnsembleResult] = []
    for k, part in enumerate(parts):

        def told(done: int, total: int, k: int = k) -> object:
            return progress is not None and progress(k * total + done, len(parts) * total)

        block = {name: np.asarray(values, dtype=float)[part] for name, values in given.items()}
        ensemble = _Ensemble(config, data, block, own[part])
        results.append(ensemble.measured(ensemble.train(told)))
        if results[-1].state == "cancelled":
            break
    if progress is not None and results[-1].state == "done":
        progress(1, 1)
    return _joined(results)


def _blocks(members: int, bytes_each: float) -> list[slice]:
    """Members in as few blocks of nearly equal size as fit."""
    count = max(1, math.ceil(members * bytes_each / BYTES))
    edges = [members * k // count for k in range(count + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges) if b > a]


def _bytes_of_a_member(config: TrainConfig, data: DataSet) -> float:
    """What one member takes while it trains, by its parameters, its minibatch and what the layers keep of it."""
    with torch.random.fork_rng(devices=[]):
        parameters = flat_parameters(seeded_model(config, data, 0)).numel()
    pixels = float(np.prod(data.shape))
    kept = 64 if config.model != "mlp" else 4  # feature maps of a convolutional network, in images
    return 4.0 * (COPIES * parameters + (1 + kept) * config.batch_size * pixels)


def _joined(results: list[EnsembleResult]) -> EnsembleResult:
    if len(results) == 1:
        return results[0]
    last = results[-1]
    arrays = {
        name: np.concatenate([getattr(result, name) for result in results])
        for name in ("train_loss", "validation_loss", "validation_accuracy", "test_accuracy", "penetration", "diverged")
    }
    seconds = sum(result.seconds for result in results)
    parameters = torch.cat([result.parameters for result in results])
    return EnsembleResult(**arrays, gradients=last.gradients, seconds=seconds, state=last.state,
                          parameters=parameters, validation_images=last.validation_images)  # fmt: skip


class _Ensemble:
    """B networks in one batch; each follows the plan of its single run."""

    def __init__(self, config: TrainConfig, data: DataSet, settings: Mapping[str, Floats], seeds: list[int]) -> None:
        self.config, self.data, self.seeds = config, data, seeds
        self.device, self.dtype = pick_device(config.device), dtype_of(config)
        self.plan = plan(config, data)
        self.unique = sorted(set(seeds))
        images = self.plan.images
        start = {}
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            for seed in self.unique:
                model = seeded_model(config, data, seed)
                start[seed] = flat_parameters(model)
        self.position = torch.stack([start[s] for s in seeds]).to(self.device, self.dtype)
        method, decay = _method(config, settings)
        pull = None if decay is None else torch.tensor(decay, dtype=self.dtype, device=self.device)
        self.objective = EnsembleObjective(model.to(self.device, self.dtype), list(seeds), pull)
        self.lr = torch.tensor(settings["lr"], dtype=self.dtype, device=self.device)
        self.method = self._on_device(method)
        labels = {s: labels_of(config, data, images, s) for s in self.unique}
        self.x = torch.from_numpy(data.train_x[:images]).to(self.device, self.dtype)
        self.y = torch.stack([torch.from_numpy(labels[s]) for s in seeds]).to(self.device)
        self.seconds = 0.0

    def train(self, progress: Callable[[int, int], object] | None) -> str:
        """Take all steps; "done" or "cancelled"."""
        generators = {s: order_generator(s) for s in self.unique}
        size, total = self.config.batch_size, self.plan.total
        steps = EnsembleSteps(self.objective, self.method, self.lr, self.x, self.y, self.position)
        begin, outcome = time.perf_counter(), "done"
        for step in range(total):
            if progress is not None and progress(step, total):
                outcome = "cancelled"
                break
            k = step % self.plan.per_epoch
            if k == 0:
                orders = {s: torch.randperm(self.plan.images, generator=generators[s]) for s in self.unique}
                order = torch.stack([orders[s] for s in self.seeds]).to(self.device)
            steps.take(order[:, k * size : (k + 1) * size], self.plan.share(step))
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self.seconds = time.perf_counter() - begin
        self.position = steps.state.x
        return outcome

    def measured(self, outcome: str) -> EnsembleResult:
        """What the members came to."""
        validation_loss, validation_accuracy = self._evaluated(self.data.validation_x, self.data.validation_y)
        _, test_accuracy = self._evaluated(self.data.test_x, self.data.test_y)
        train_loss = _floats(self._train_loss())
        return EnsembleResult(
            train_loss=train_loss,
            validation_loss=_floats(validation_loss),
            validation_accuracy=_floats(validation_accuracy),
            test_accuracy=_floats(test_accuracy),
            penetration=self._penetration(),
            diverged=~np.isfinite(train_loss),
            gradients=round(self.plan.total * self.plan.price),
            seconds=self.seconds,
            state=outcome,
            parameters=self.position.cpu(),
            validation_images=len(self.data.validation_y),
        )

    def _evaluated(self, images: NDArray[Any], labels: NDArray[Any]) -> tuple[torch.Tensor, torch.Tensor]:
        x, y = torch.from_numpy(images).to(self.device, self.dtype), torch.from_numpy(labels).to(self.device)
        return self.objective.evaluate(self.position, x, y)

    def _train_loss(self) -> torch.Tensor:
        """(B,) on the first thousand training images, with each member's own labels."""
        x, y, final = self.x[:1000], self.y[:, :1000], self.position
        if len(self.unique) == 1 or self.config.label_noise == 0:
            return self.objective.evaluate(final, x, y[0])[0]
        each = [self.objective.evaluate(final[b : b + 1], x, y[b])[0][0] for b in range(len(final))]
        return torch.stack(each)

    def _penetration(self) -> Floats:
        """(B,) along the normal; NaN for point methods, or where the config asks for no diagnostics."""
        members = len(self.seeds)
        if self.config.method.name != "rbo" or self.config.diagnostics == "none":
            return np.full(members, np.nan)
        self.objective.minibatch(self.x[:PROBE].expand(members, *self.x[:PROBE].shape), self.y[:, :PROBE])
        ball: Any = self.method
        return _floats(_penetration(self.objective, self.position, ball.radius, float(ball.loss_scale)))

    def _on_device(self, method: Any) -> Any:
        """The method, which was checked, with its arrays where the networks are."""
        arrays = {name: value for name, value in vars(method).items() if isinstance(value, np.ndarray)}
        return replaced(method, **{n: torch.tensor(v, dtype=self.dtype, device=self.device) for n, v in arrays.items()})


def _floats(values: torch.Tensor) -> Floats:
    return values.cpu().numpy().astype(float)


def _method(config: TrainConfig, settings: Mapping[str, Floats]) -> tuple[Any, Floats | None]:
    """The batched method with an array (B,) of every setting that is given, checked; and the weight decay (B,) that is
    none of its own, None for none."""
    method = config.method
    known = {one.network_name: one for one in settings_of(METHODS[method.name]) if one.networks is not None}
    changes: dict[str, Floats] = {}
    decay: Floats | None = None
    for name, values in settings.items():
        if name in known:
            if not known[name].batchable:
                raise ValueError(f"members of one ensemble share {name}; train one ensemble for each value of it")
            changes[known[name].name] = values
        elif name == "weight_decay":
            decay = values
        elif name == "radius":
            continue  # of a point method, beside balls of the same grid
        else:
            raise ValueError(f"{method.name} has no setting {name!r}; it has {', '.join(known)}, weight_decay")
    if decay is None and "weight_decay" not in known and method["weight_decay"] != 0:
        decay = np.full(len(settings["lr"]), float(method["weight_decay"]))
    if decay is not None:
        require("weight_decay", decay, at_least=0)
    return method.batched(**changes), decay


def _penetration(objective: EnsembleObjective, x: torch.Tensor, radius: Any, loss_scale: float) -> torch.Tensor:
    """`diagnostics.depth_along_normal` of all members at once."""
    f, g = objective(x)
    f, g = loss_scale * f, loss_scale * g
    rho = torch.as_tensor(radius, dtype=x.dtype, device=x.device).expand(len(x))
    norm = torch.sqrt(1 + (g * g).sum(dim=1))

    def gap(t: torch.Tensor) -> torch.Tensor:
        below = (rho - t) / norm
        return f + below - loss_scale * objective(x - below[:, None] * g)[0]

    return depth_along_normal(gap, rho)
