"""A step of the ball and of SAM taken apart, on the MLP at batch 128 on a CPU: what two gradients cost, and what the
rest does.

Every line runs in a process of its own with one network, one thread; the least processor time of many short blocks, in
several rounds, since other work on a machine only adds to it.

python benchmarks/bench_step.py [--rounds 5] [--batch 128]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rbo_core.torch import RBO, SAM, floats  # noqa: E402
from rbo_core.torch.repeat import Bystanders  # noqa: E402
from rbo_core.torch.streams import RandomStreams  # noqa: E402
from rbo_core.training.memory import keep_freed_pages  # noqa: E402
from rbo_core.training.models import build_model  # noqa: E402

LINES = {
    "closures": "two closures alone",
    "sgd": "two SGD steps (torch)",
    "sam": "a SAM step",
    "rbo": "an RBO step, K = 2",
    "rbo unseen": "the same beside another network that it never calls",
    "rbo careless": "the same without replayed streams and a look at modules",
    "arithmetic": "the RBO step's own arithmetic, its gradients given",
    "copies": "gradients into one vector, twice, and the copy of the parameters",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--line", choices=list(LINES), help="measure this one here and print its microseconds")
    options = parser.parse_args()
    if options.line is not None:
        print(least(step_of(options.line, options.batch)))
        return
    found: dict[str, float] = dict.fromkeys(LINES, float("inf"))
    for _ in range(options.rounds):
        for line in LINES:
            command = [sys.executable, __file__, "--line", line, "--batch", str(options.batch)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found[line] = min(found[line], float(out))
    print("| | µs | of two SGD steps |\n| --- | ---: | ---: |")
    for line, title in LINES.items():
        print(f"| {title} | {found[line]:,.0f} | {found[line] / found['sgd']:.3f} |")


def step_of(line: str, batch: int) -> Callable[[], object]:
    """One step of a line."""
    torch.set_num_threads(1)
    keep_freed_pages()
    torch.manual_seed(0)
    model = build_model("mlp", (1, 28, 28), 10)
    x, y = torch.randn(batch, 1, 28, 28), torch.randint(0, 10, (batch,))
    optimizer: Any = torch.optim.SGD(model.parameters(), lr=0.01)
    if line == "sam":
        optimizer = SAM(model, lr=0.01, radius=0.05)
    elif line.startswith("rbo"):
        optimizer = RBO(model, lr=0.01, radius=0.05)
    if line == "rbo unseen":
        step_of.other = build_model("mlp", (1, 28, 28), 10)  # type: ignore[attr-defined]
    if line == "rbo careless":
        Bystanders.watch = RandomStreams.begin = RandomStreams.first_done = lambda self: None  # type: ignore[method-assign]

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        return loss

    def twice() -> None:
        for _ in range(2):
            closure() if line == "closures" else optimizer.step(closure)

    if line in ("closures", "sgd"):
        return twice
    closure()
    if line == "arithmetic":
        return arithmetic(model)
    if line == "copies":
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        return lambda: (flat.clone(), *(torch.cat([g.flatten() for g in gradients]) for _ in range(2)))
    return lambda: optimizer.step(closure)


class Given:
    """An objective whose gradients are there."""

    xp = floats
    start: Tensor | None = None
    left_out = staticmethod(lambda finite: None)

    def __init__(self, gradients: list[Tensor], start: Tensor) -> None:
        self.gradients, self.start, self.calls = gradients, start, 0

    def __call__(self, x: Tensor) -> tuple[float, Tensor]:
        self.calls += 1
        return 1.0, self.gradients[self.calls % 2]


def arithmetic(model: torch.nn.Module) -> Callable[[], object]:
    """The ball's step with gradients that are there; it overwrites them, which costs what it costs."""
    from rbo_core.rolling import RBO as Ball

    gradients = [torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])[None] for _ in "12"]
    ball, x = Ball(radius=0.05, learning_rate=1e-9), torch.randn_like(gradients[0])
    objective: Any = Given(gradients, x[0])
    return lambda: ball.step(objective, ball.init(objective, x))


def least(step: Callable[[], object], blocks: int = 60, steps: int = 10) -> float:
    """Microseconds of a step: the least mean of a block."""
    found = []
    for _ in range(blocks):
        begin = time.process_time()
        for _ in range(steps):
            step()
        found.append((time.process_time() - begin) / steps)
    return 1e6 * min(found)


if __name__ == "__main__":
    main()
