"""Train B networks with different (ρ, η, seed) at once: the phase diagram of a network as one run."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rbo_core.checks import require
from rbo_core.methods import METHODS
from rbo_core.settings import replaced, settings_of
from rbo_core.torch.ensemble import EnsembleObjective
from rbo_core.torch.ensemble_step import EnsembleSteps
from rbo_core.torch.perceptrons import objective_of
from rbo_core.training.config import TrainConfig
from rbo_core.training.data import DataSet, load
from rbo_core.training.diagnostics import depth_along_normal
from rbo_core.training.ensemble_batches import Batches
from rbo_core.training.ensemble_blocks import BYTES, Progress, blocks, bytes_of_a_member, each, kept_of_an_image
from rbo_core.training.ensemble_result import Best, EnsembleResult, joined
from rbo_core.training.loop import pick_device
from rbo_core.training.memory import keep_freed_pages
from rbo_core.training.plan import PROBE, dtype_of, flat_parameters, plan, seeded_model

Floats = NDArray[np.float64]

BUILDING = threading.Lock()
"""Networks draw their start from torch's global generator."""
AT_ONCE = 1000
"""Images that a CPU's members look at together, at the most."""


def train_ensemble(
    config: TrainConfig,
    *,
    lr: Sequence[float] | Floats,
    radius: Sequence[float] | Floats | None = None,
    seeds: Sequence[int] | None = None,
    settings: Mapping[str, Sequence[float] | Floats] | None = None,
    looks: int = 0,
    progress: Progress | None = None,
) -> EnsembleResult:
    """Train one member for each entry of ``lr (B,)``; member b equals the single run of its settings and seed.

    Members that would not fit in memory together are trained block after block; on a CPU they are blocks that fit into
    its cache, one in each of torch's threads at a time.

    Args:
        config: everything the members share.
        lr, radius: (B,) each; radius None takes the method's own (a point method has none).
        seeds: (B,) initialisation, data order and label noise; None gives all members ``config.seed``.
        settings: further settings by their names on networks, (B,) each: weight_decay, and any number that balls of
            one batch may differ in.
        looks: how often, evenly spread, the validation images are looked at for the best moment to stop.
        progress: called with (steps done, steps in all), in the caller's thread; a true answer cancels.

    Raises:
        ValueError: lengths differ, a setting is not one that members may differ in, or the model has no batched form.
    """
    members = len(lr)
    given = {"lr": lr, **({} if radius is None else {"radius": radius}), **(settings or {})}
    own = [config.seed] * members if seeds is None else [int(s) for s in seeds]
    for name, values in (*given.items(), ("seeds", own)):
        if len(values) != members:
            raise ValueError(f"{name} must have one entry a member, {members}, got {len(values)}")
    if config.precision == "bf16":
        raise ValueError('an ensemble has no bf16; take precision "float32" or "float64"')
    if config.final_radius is not None:
        raise ValueError("members of an ensemble keep their radius; train runs with a radius_schedule one by one")
    keep_freed_pages()
    data = load(config.data, config.data_dir)
    parts = blocks(members, *bytes_of_a_member(config, data), pick_device(config.device))
    results: dict[int, EnsembleResult] = {}

    def train(k: int, told: Progress) -> bool:
        block = {name: np.asarray(values, dtype=float)[parts[k]] for name, values in given.items()}
        with BUILDING:
            ensemble = _Ensemble(config, data, block, own[parts[k]])
        results[k] = ensemble.measured(ensemble.train(told, looks))
        return results[k].state == "done"

    begin = time.perf_counter()
    each(len(parts), train, config.device, progress)
    seconds = time.perf_counter() - begin if len(results) > 1 else results[0].seconds
    found = joined([results[k] for k in sorted(results)], seconds)
    if progress is not None and found.state == "done":
        progress(1, 1)
    return found


class _Ensemble:
    """B networks in one batch; each follows the plan of its single run."""

    def __init__(self, config: TrainConfig, data: DataSet, settings: Mapping[str, Floats], seeds: list[int]) -> None:
        self.config, self.data, self.seeds = config, data, seeds
        self.device, self.dtype = pick_device(config.device), dtype_of(config)
        self.plan = plan(config, data)
        start = {}
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            for seed in sorted(set(seeds)):
                model = seeded_model(config, data, seed)
                start[seed] = flat_parameters(model)
        fitting = int(BYTES / 4 // (len(seeds) * kept_of_an_image(model, data)))
        self.at_once = max(config.batch_size, min(fitting, AT_ONCE) if self.device.type == "cpu" else fitting)
        self.position = torch.stack([start[s] for s in seeds]).to(self.device, self.dtype)
        method, decay = _method(config, settings)
        pull = None if decay is None else torch.tensor(decay, dtype=self.dtype, device=self.device)
        network = model.to(self.device, self.dtype)
        self.objective = objective_of(network, list(seeds), pull, config.method["scaled_by"])
        self.lr = torch.tensor(settings["lr"], dtype=self.dtype, device=self.device)
        self.method = self._on_device(method)
        self.batches = Batches(config, data, self.plan, seeds, self.device)
        self.validation = self._pair(data.validation_x, data.validation_y)
        self.seconds = 0.0
        self.best = Best(self.position)

    def train(self, progress: Progress | None, looks: int) -> str:
        """Take all steps; "done" or "cancelled"."""
        total = self.plan.total
        due = {math.ceil(total * (k + 1) / looks) for k in range(looks)}
        steps = EnsembleSteps(self.objective, self.method, self.lr, self.batches.minibatch, self.position)
        begin, outcome = time.perf_counter(), "done"
        for step in range(total):
            if progress is not None and progress(step, total):
                outcome = "cancelled"
                break
            steps.take(self.batches.draw(step), self.plan.share(step))
            if step + 1 in due:
                x = steps.state.x
                self.best.offer(x, self.objective.evaluate(x, *self.validation, self.at_once)[1], step + 1)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self.seconds = time.perf_counter() - begin
        self.position = steps.state.x
        return outcome

    def measured(self, outcome: str) -> EnsembleResult:
        """What the members came to."""
        test = self._pair(self.data.test_x, self.data.test_y)
        validation_loss, validation_accuracy = self.objective.evaluate(self.position, *self.validation, self.at_once)
        _, test_accuracy = self.objective.evaluate(self.position, *test, self.at_once)
        images, own = self.batches.first(1000), self.batches.own_labels(1000)
        train_loss = _floats(self.objective.evaluate(self.position, images, own, self.at_once)[0])
        return EnsembleResult(
            train_loss=train_loss,
            validation_loss=_floats(validation_loss),
            validation_accuracy=_floats(validation_accuracy),
            test_accuracy=_floats(test_accuracy),
            stopped_accuracy=self._stopped(test),
            stopped_gradients=_floats(self.best.step * self.plan.price),
            penetration=self._penetration(),
            diverged=~np.isfinite(train_loss),
            gradients=round(self.plan.total * self.plan.price),
            seconds=self.seconds,
            state=outcome,
            parameters=self.position.cpu(),
            validation_images=len(self.data.validation_y),
        )

    def _stopped(self, test: tuple[torch.Tensor, torch.Tensor]) -> Floats:
        """(B,) test accuracy of the best moment to stop; NaN where nobody looked for it."""
        looked = self.best.step > 0
        if not looked.any():
            return np.full(len(looked), np.nan)
        _, accuracy = self.objective.evaluate(self.best.position, *test, self.at_once)
        return _floats(torch.where(looked, accuracy, torch.nan))

    def _pair(self, images: NDArray[Any], labels: NDArray[Any]) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(images).to(self.device, self.dtype), torch.from_numpy(labels).to(self.device)

    def _penetration(self) -> Floats:
        """(B,) along the normal; NaN for point methods, or where the config asks for no diagnostics."""
        members = len(self.seeds)
        if self.config.method.name != "rbo" or self.config.diagnostics == "none":
            return np.full(members, np.nan)
        images = self.batches.first(PROBE)
        self.objective.minibatch(images.expand(members, *images.shape), self.batches.own_labels(PROBE))
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
