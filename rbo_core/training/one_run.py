"""One run in the making: data on the device, one optimizer, metrics every epoch, a checkpoint after each of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rbo_core.methods import METHODS
from rbo_core.torch.optimizer import optimizer_class
from rbo_core.training import diagnostics
from rbo_core.training.checkpoint import load_tree, random_state, restore_random_state, save_tree
from rbo_core.training.config import Method, TrainConfig
from rbo_core.training.data import DataSet, augment
from rbo_core.training.memory import keep_freed_pages, peak_memory
from rbo_core.training.plan import PROBE, dtype_of, flat_parameters, labels_of, order_generator, plan, seeded_model
from rbo_core.training.storage import keeps_snapshot
from rbo_core.training.store import RunStore

_TORCH: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD, "momentum": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW,
}  # fmt: skip
"""Methods for which torch has an optimizer of its own."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands. done, total: steps; metrics: the latest epoch's numbers."""

    done: int
    total: int
    epoch: int
    metrics: dict[str, float]


def build_optimizer(method: Method, model: nn.Module, seed: int = 0) -> torch.optim.Optimizer:
    """The optimizer of a method: ours, or torch's own for SGD, momentum, Adam and AdamW."""
    s: dict[str, Any] = dict(method.settings)
    if method.name in _TORCH and s["scaled_by"] == "none":
        del s["scaled_by"]
        if "beta1" in s:
            s["betas"] = (s.pop("beta1"), s.pop("beta2"))
        return _TORCH[method.name](model.parameters(), **s)
    if method.name == "entropy_sgd":
        s["seed"] = seed
    return optimizer_class(METHODS[method.name])(model, **s)


class Training:
    """A run in the making: its data, network, optimizer, and all that a checkpoint holds."""

    def __init__(
        self, config: TrainConfig, data: DataSet, device: torch.device, store: RunStore | None, run_id: str | None
    ) -> None:
        keep_freed_pages()
        self.config, self.device, self.store, self.run_id = config, device, store, run_id
        self.dtype = dtype_of(config)
        self.plan = plan(config, data)
        images = self.plan.images
        self.x = torch.from_numpy(data.train_x[:images]).to(device, self.dtype)
        self.y = torch.from_numpy(labels_of(config, data, images, config.seed)).to(device)
        self.validation = self._pair(data.validation_x, data.validation_y)
        self.test = self._pair(data.test_x, data.test_y)
        self.model = seeded_model(config, data, config.seed).to(device, self.dtype)
        self.optimizer = build_optimizer(config.method, self.model, config.seed)
        self.generator = order_generator(config.seed)
        self.per_epoch, self.total, self.price = self.plan.per_epoch, self.plan.total, self.plan.price
        self.done = 0
        self.seconds = 0.0
        self.rows: list[dict[str, float]] = []
        self.summary: dict[str, Any] = {}

    def _pair(self, x: Any, y: Any) -> tuple[Tensor, Tensor]:
        return torch.from_numpy(x).to(self.device, self.dtype), torch.from_numpy(y).to(self.device)

    def epochs(
        self, progress: Callable[[Progress], object] | None, should_cancel: Callable[[], bool] | None = None
    ) -> Iterator[str]:
        """Train, an epoch at each turn; yields "running" after each and at last the state in which the run ended."""
        if self.done == 0 and not self.rows:
            self._measure(0)
            self._save()
        state = "done"
        while self.done < self.total:
            epoch = self.done // self.per_epoch
            stopped = self._epoch(epoch, progress, should_cancel)
            if stopped:
                state = "cancelled"
                break
            self._measure(epoch + 1)
            if not math.isfinite(self.rows[-1]["train_loss"]):
                state = "diverged"
            self._save()
            if state == "diverged":
                break
            if self._was_deleted():
                state = "cancelled"
                break
            if self.done < self.total:
                yield "running"
        yield self._finish(state)

    def _was_deleted(self) -> bool:
        """Whether somebody deleted the run meanwhile; then what it has just written goes too."""
        if self.store is None or self.run_id is None or self.store.exists(self.run_id):
            return False
        self.store.delete(self.run_id)
        return True

    def _epoch(
        self, epoch: int, progress: Callable[[Progress], object] | None, should_cancel: Callable[[], bool] | None
    ) -> bool:
        order = torch.randperm(len(self.y), generator=self.generator).to(self.device)
        self.model.train()
        size = self.config.batch_size
        for k in range(min(self.per_epoch, self.total - self.done)):
            # Callbacks are asked between steps, so that a cancelled run is whole.
            now = Progress(self.done, self.total, epoch, self.rows[-1])
            if (progress is not None and progress(now)) or (should_cancel is not None and should_cancel()):
                return True
            start = time.perf_counter()
            self._step(order[k * size : (k + 1) * size])
            self.seconds += time.perf_counter() - start
        if self.device.type == "cuda":
            start = time.perf_counter()
            torch.cuda.synchronize(self.device)
            self.seconds += time.perf_counter() - start
        if progress is not None:
            progress(Progress(self.done, self.total, epoch + 1, self.rows[-1]))
        return False

    def _step(self, index: Tensor) -> None:
        x, y = self.x[index], self.y[index]
        if self.config.augment:
            x = augment(x, self.generator)
        lr = self.config.method["lr"] * self.plan.share(self.done)
        radius = self.plan.radius_at(self.done)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
            if radius is not None:
                group["radius"] = radius

        def closure() -> Tensor:
            self.optimizer.zero_grad()
            loss = self._loss(x, y)
            loss.backward()
            return loss

        self.optimizer.step(closure)  # type: ignore[arg-type]
        self.done += 1

    def _loss(self, x: Tensor, y: Tensor) -> Tensor:
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.config.precision == "bf16"):
            return F.cross_entropy(self.model(x), y)

    @torch.no_grad()
    def _evaluate(self, x: Tensor, y: Tensor) -> tuple[float, float]:
        """Mean loss and accuracy, in evaluation mode."""
        self.model.eval()
        loss = correct = 0.0
        for first in range(0, len(y), 1000):
            out = self.model(x[first : first + 1000])
            target = y[first : first + 1000]
            loss += F.cross_entropy(out, target, reduction="sum").item()
            correct += (out.argmax(dim=1) == target).sum().item()
        return loss / len(y), correct / len(y)

    def _measure(self, epoch: int) -> None:
        config = self.config
        row = {"epoch": float(epoch), "gradients": float(round(self.done * self.price)), "seconds": self.seconds}
        # At most as many training images as there are for validation: an epoch's numbers must not cost an epoch.
        sample = slice(0, max(len(self.validation[1]), 1000))
        row["train_loss"], row["train_accuracy"] = self._evaluate(self.x[sample], self.y[sample])
        row["validation_loss"], row["validation_accuracy"] = self._evaluate(*self.validation)
        row["learning_rate"] = self.optimizer.param_groups[0]["lr"]
        last = self.done >= self.total
        if config.diagnostics == "epoch" or (config.diagnostics == "final" and last):
            self._probe(row)
        row["peak_memory"] = peak_memory(self.device)
        self.rows.append(row)

    def _probe(self, row: dict[str, float]) -> None:
        x, y = self.x[:PROBE], self.y[:PROBE]
        parameters: list[Tensor] = list(self.model.parameters())

        def loss() -> Tensor:
            return F.cross_entropy(self.model(x), y)

        with diagnostics.same_function(self.model):
            _, grads = diagnostics.gradient(loss, parameters)
            row["gradient_norm"] = float(torch.sqrt(sum((g * g).sum() for g in grads)))  # type: ignore[arg-type]
            method = self.config.method
            if method.name == "rbo":
                row["penetration"] = diagnostics.penetration(loss, parameters, self._radius(), method["loss_scale"])
            row["sharpness"] = diagnostics.sharpness(loss, parameters)

    def _radius(self) -> float:
        """The ball's in the step before, or in the first."""
        scheduled = self.plan.radius_at(max(self.done - 1, 0))
        return float(self.config.method["radius"]) if scheduled is None else scheduled

    def _save(self) -> None:
        if self.store is None or self.run_id is None:
            return
        row = self.rows[-1]
        tree = {
            "model": dict(self.model.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "random": random_state(self.device),
            "done": self.done,
            "seconds": self.seconds,
            "rows": self.rows,
        }
        if self.config.snapshots:
            flat, epoch = flat_parameters(self.model), int(row["epoch"])
            if keeps_snapshot(epoch, math.ceil(self.total / self.per_epoch), flat.numel(), flat.element_size()):
                self.store.save_snapshot(self.run_id, epoch, flat)
        save_tree(self.store.path(self.run_id), "checkpoint", tree)
        self.store.add_metrics(self.run_id, {k: v for k, v in row.items() if math.isfinite(v)})

    def restore(self) -> None:
        """Go on from the last checkpoint; a run without one starts anew."""
        assert self.store is not None and self.run_id is not None
        tree = load_tree(self.store.path(self.run_id), "checkpoint")
        if tree is None:
            return
        self.model.load_state_dict(tree["model"])
        self.optimizer.load_state_dict(tree["optimizer"])
        self.generator.set_state(tree["generator"])
        restore_random_state(tree["random"], self.device)
        self.done, self.seconds, self.rows = tree["done"], tree["seconds"], tree["rows"]
        self.store.forget_after(self.run_id, -1.0)
        for row in self.rows:
            self.store.add_metrics(self.run_id, {k: v for k, v in row.items() if math.isfinite(v)})

    def _finish(self, state: str) -> str:
        # Who cancels does not wait for the test images.
        loss, accuracy = self._evaluate(*self.test) if state != "cancelled" else (math.nan, None)
        last = self.rows[-1]
        self.summary = {
            "test_loss": loss if math.isfinite(loss) else None,
            "test_accuracy": accuracy,
            "validation_accuracy": last["validation_accuracy"],
            "gradients": round(self.done * self.price),
            "epochs": last["epoch"],
            "seconds": self.seconds,
            "device": str(self.device),
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
        }
        if self.store is not None and self.run_id is not None:
            message = {"diverged": "the loss is no longer finite; lower the learning rate"}.get(state, "")
            self.store.update(self.run_id, state, message, self.summary)
        return state
