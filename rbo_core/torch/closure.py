"""A training closure as an objective of the batched step: ``x (1, n) -> loss, gradient (1, n)``.

The loss is a tensor (1,), on a CPU a float: see ``floats.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from rbo_core.torch import floats, namespace
from rbo_core.torch.flat import FlatParameters
from rbo_core.torch.repeat import ModuleFinder, RandomStreams, RunningStatistics, stateful

Closure = Callable[[], Any]


class ClosureObjective:
    """Evaluates a closure at points of the flat parameter space; one object serves one step.

    Args:
        closure: clears gradients, computes the loss, calls ``backward()`` and returns the loss.
        flat: the parameters' buffer.
        modules: modules whose running statistics must advance once a step; None to find them in the first evaluation.
        decay: weight decay, a number or (n,): adds ½ Σ decay·x² to the loss and decay·x to its gradient.
        scale: None, or (n,): x holds displacements from the start, measured in units of ``scale``.
        process_group: group over which the loss is averaged, or None to take DistributedDataParallel's own.
        generator: source of :meth:`noise`.
    """

    def __init__(
        self,
        closure: Closure,
        flat: FlatParameters,
        modules: list[nn.Module] | None,
        *,
        decay: float | Tensor = 0.0,
        scale: Tensor | None = None,
        process_group: Any = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self.xp: Any = _namespace(flat.data.device)
        self.closure = closure
        self.flat = flat
        self.modules = modules
        self.loss: Any = None
        self.evaluations = 0
        self._decay, self._scale = decay, scale
        self._group = process_group
        self._generator = generator
        self._origin = flat.data.clone() if scale is not None else None
        self._random = RandomStreams(flat.data.device)
        self._statistics: RunningStatistics | None = None

    def __call__(self, x: Tensor) -> tuple[Tensor | float, Tensor]:
        parameters = self.flat.data
        self.place(x)
        loss = self._evaluate()
        g = self.flat.take_gradients()
        value = self._average(loss.detach().to(g.dtype))
        f = value.item() if self.xp is floats else value.reshape(1)
        if not isinstance(self._decay, float) or self._decay != 0.0:
            pull = self._decay * parameters
            f = f + 0.5 * self.xp.vecdot(pull[None], parameters[None])
            g += pull
        if self._scale is not None:
            g *= self._scale
        return f, g[None]

    def place(self, x: Tensor) -> None:
        """Set the parameters to the point ``x (1, n)``."""
        parameters = self.flat.data
        if self._scale is not None and self._origin is not None:
            torch.addcmul(self._origin, self._scale, x[0], out=parameters)
        elif x.data_ptr() != parameters.data_ptr():
            parameters.copy_(x[0])

    def noise(self, like: Tensor) -> Tensor:
        """Draws ±1, equally likely, of the optimizer's own seeded generator (the same on every rank and device).

        They drive a Langevin walk to the same weak order as normal draws (Kloeden and Platen 1992, section 14.1) and
        cost a tenth of them on a CPU.
        """
        count = like.numel()
        words = torch.empty(-(-count // 64), dtype=torch.int64).random_(-(2**63), None, generator=self._generator)
        bits = np.unpackbits(words.numpy().view(np.uint8), count=count)
        # 0, 1 -> 0, 2 -> 255, 1: in eight bits with a sign, 255 is −1.
        bits += bits
        bits -= np.uint8(1)
        return torch.from_numpy(bits.view(np.int8)).to(like.device, like.dtype).view_as(like)

    def finish(self) -> None:
        """Leave random streams and running statistics as after one evaluation."""
        if self.evaluations > 1:
            self._random.finish()
            if self._statistics is not None:
                self._statistics.restore()

    def _evaluate(self) -> Tensor:
        first = self.evaluations == 0
        if self.evaluations == 1:
            self._statistics = RunningStatistics(self.modules or [])
        if not first:
            self._random.rewind()
        if first:
            # Later evaluations find none: the gradients were taken.
            self.flat.clear_gradients()
        with torch.enable_grad():
            if self.modules is None:
                with ModuleFinder() as finder:
                    loss = self.closure()
                self.modules = stateful(finder.modules)
            else:
                loss = self.closure()
        _check_loss(loss)
        self.evaluations += 1
        if first:
            self.loss = loss
            self._random.first_done()
        return loss

    def _average(self, f: Tensor) -> Tensor:
        """DistributedDataParallel averages gradients over ranks; the loss of the whole batch needs the same."""
        group = self._group
        if group is None:
            for module in self.modules or ():
                if isinstance(module, nn.parallel.DistributedDataParallel):
                    group = module.process_group
                    break
            else:
                return f
        f = f.clone()
        dist.all_reduce(f, group=group)
        return f / dist.get_world_size(group)


def _namespace(device: torch.device) -> Any:
    return floats if device.type == "cpu" else namespace


def _check_loss(loss: object) -> None:
    if loss is None:
        raise ValueError("the closure returned None; it must return the loss it called backward() on")
    if not isinstance(loss, Tensor):
        raise ValueError(f"the closure must return the loss as a tensor, got {type(loss).__name__}")
    if loss.numel() != 1:
        raise ValueError(f"the closure must return one loss, got a tensor of shape {tuple(loss.shape)}; take its mean")
