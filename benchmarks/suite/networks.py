"""A step of the optimizers beside torch's fused SGD and pytorch_optimizer's SAM, and an ensemble beside a loop."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.optimizers import METHODS, stepper
from benchmarks.suite.measure import Report, Row, compared, growth
from rbo_core.training import Method, TrainConfig, run_training
from rbo_core.training.ensemble import train_ensemble
from rbo_core.training.memory import keep_freed_pages
from rbo_core.training.models import build_model

SHOWN = ("adam", "sam", "rbo newton K=2", "rbo newton K=2 momentum", "rbo gradient K=20", "entropy-sgd L=5")


def run(quick: bool) -> Report:
    """An MLP at batch 128 on one thread; digits networks together and one after another on two."""
    report = Report()
    keep_freed_pages()
    torch.set_num_threads(1)
    _steps(report, quick)
    torch.set_num_threads(2)
    _ensemble(report, quick)
    return report


def _steps(report: Report, quick: bool) -> None:
    x, y = torch.randn(128, 1, 28, 28), torch.randint(0, 10, (128,))

    def made(build: Callable[[nn.Module], torch.optim.Optimizer], before: bool = False) -> Callable[[], object]:
        torch.manual_seed(0)
        model = build_model("mlp", (1, 28, 28), 10)
        step = stepper(model, build(model), x, y, before=before)
        return lambda: [step() for _ in range(2 if quick else 5)]

    calls: dict[str, Any] = {"torch SGD": made(METHODS["sgd"][0])}
    calls["torch SGD, fused"] = made(lambda m: torch.optim.SGD(m.parameters(), lr=1e-3, fused=True))
    calls |= {f"ours: {name}" if name != "adam" else "torch Adam": made(METHODS[name][0]) for name in SHOWN}
    try:
        from pytorch_optimizer import SAM
    except ImportError:
        report.notes.append("pytorch_optimizer's SAM left out, not installed: pip install -r requirements-dev.txt")
    else:
        calls["pytorch_optimizer SAM"] = made(
            lambda m: SAM(m.parameters(), torch.optim.SGD, rho=0.05, lr=1e-3), before=True
        )
    per = (2 if quick else 5) * 1e-3
    report.rows += compared("a step, MLP, batch 128, one thread", calls, 3 if quick else 15, per, "ms")


def _ensemble(report: Report, quick: bool) -> None:
    count, each = (4, 2) if quick else (64, 8)
    config = TrainConfig(method=Method.of("rbo"), epochs=1 if quick else 3, diagnostics="none", device="cpu")
    together, alone = [], []
    for turn in range(2 if quick else 3):
        took = _trained_together(config, count)
        one = 0.0
        for b in range(0, count, each):
            lr, radius, seed = _member(b, count)
            method = Method.of("rbo", lr=lr, radius=radius)
            one += run_training(dataclasses.replace(config, seed=seed, method=method)).summary["seconds"]
        if turn:  # the first warms both up
            together.append(took)
            alone.append(each * one)
    group = f"{count} digits networks, {config.epochs} epochs"
    ratio = float(np.median(np.array(alone) / np.array(together)))
    report.rows.append(Row(group, "together", float(np.median(together)), ratio=1.0, rounds=len(together)))
    report.rows.append(Row(group, f"one after another ({count // each} of them, scaled)", float(np.median(alone)),
                           ratio=ratio, rounds=len(alone)))  # fmt: skip
    members = (2, 3, 4) if quick else (4, 8, 16, 32, 64, 128)
    cost = [float(np.median([_trained_together(config, n) for _ in range(1 if quick else 3)])) for n in members]
    report.growth.append(growth(f"an ensemble's seconds, {config.epochs} epochs, over members", "together", members,
                                cost))  # fmt: skip


def _trained_together(config: TrainConfig, count: int) -> float:
    """Seconds of an ensemble of so many."""
    lr, radius, seeds = zip(*(_member(b, count) for b in range(count)), strict=True)
    return float(train_ensemble(config, lr=np.array(lr), radius=np.array(radius), seeds=list(seeds)).seconds)


def _member(b: int, count: int) -> tuple[float, float, int]:
    """Learning rate, radius and seed of the b-th of an ensemble."""
    lr, radius = (float(np.geomspace(low, high, count)[b]) for low, high in ((0.05, 1.0), (0.02, 2.0)))
    return lr, radius, b % 4
