"""A training closure as an objective of the batched step: ``x (1, n) -> loss, gradient (1, n)``.

The loss is a tensor (1,), on a CPU a float: see ``floats.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from rbo_core.arrays import Namespace
from rbo_core.torch import floats, namespace
from rbo_core.torch.arena import Arena
from rbo_core.torch.flat import FlatParameters
from rbo_core.torch.missing import Missing
from rbo_core.torch.repeat import Bystanders
from rbo_core.torch.scaling import ScaledClosure
from rbo_core.torch.signs import Signs
from rbo_core.torch.slopes import SlopeCheck
from rbo_core.torch.streams import RandomStreams

Closure = Callable[[], Any]


@dataclass(frozen=True)
class Evaluation:
    """How a step sees the closure's loss.

    decay: weight decay, a number or (n,): adds ½ Σ decay·x² to the loss and decay·x to its gradient.
    scale: None, or (n,): x holds displacements from the start, measured in units of ``scale``.
    maximize: climb the loss: its sign is turned, the weight decay's is not.
    check: compares loss and gradient; None where the method does not use the loss.
    process_group: ranks over which the loss is averaged, or None to take DistributedDataParallel's own.
    signs: source of :meth:`ClosureObjective.noise`.
    arena: memory for what evaluations leave; None for new memory each time.
    """

    decay: float | Tensor = 0.0
    scale: Tensor | None = None
    maximize: bool = False
    check: SlopeCheck | None = None
    process_group: Any = None
    signs: Signs | None = None
    arena: Arena | None = None


class ClosureObjective:
    """Evaluates a closure at points of the flat parameter space; one object serves one step.

    Args:
        closure: clears gradients, computes the loss, calls ``backward()`` and returns the loss.
        flat: the parameters' buffer.
        bystanders: what belongs to the closure's modules and must count a minibatch once; or modules known to be such,
            None to find them all in the first evaluation.
        streams: the random streams every evaluation must see alike.
        how: what it makes of them.

    Attributes:
        loss: what the closure returned first.
        evaluations: so many it made.
        origin: (n,) the parameters at the first evaluation.
        start: the same as a point of the step, which reads it and leaves it alone; None where x holds displacements.
        finite: whether all evaluations so far were, as a bool or a tensor (1,); kept where a backward pass is scaled.
        missing: the parameters that had no gradient in the first evaluation, which are left alone.
        done: set when a recorded step has run to its end; it can no longer be undone.
        unusable: whether a later evaluation could not be used, a bool or a tensor (1,); None if nothing was said.
    """

    # What most steps leave as it is.
    loss: Any = None
    evaluations = 0
    origin: Any = None
    start: Tensor | None = None
    finite: Any = True
    unusable: Any = None
    done = False
    _held: tuple[Any, Tensor] | None = None

    def __init__(
        self,
        closure: Closure,
        flat: FlatParameters,
        bystanders: Bystanders | Iterable[nn.Module] | None,
        streams: RandomStreams | None = None,
        how: Evaluation = Evaluation(),
    ) -> None:
        self.xp: Namespace = _namespace(flat.data.device)
        self.closure = closure
        self.flat = flat
        self.missing = Missing(flat)
        if not isinstance(bystanders, Bystanders):
            bystanders = Bystanders(bystanders or (), map(id, (s.parameter for s in flat.segments)))
        self._bystanders = bystanders
        self._streams = RandomStreams(flat.data.device) if streams is None else streams
        self._scaled = closure if isinstance(closure, ScaledClosure) else None
        self._decay, self._scale, self._maximize = how.decay, how.scale, how.maximize
        self._check, self._group, self._signs = how.check, how.process_group, how.signs
        self.arena = how.arena
        self._bystanders.begin()
        self._streams.begin()

    @property
    def kind(self) -> tuple[Any, ...]:
        """What makes its evaluations of one kind for a recorded step."""
        decay = self._decay if isinstance(self._decay, float) else id(self._decay)
        return self._maximize, decay

    @property
    def displaced(self) -> bool:
        """Whether x holds displacements from the start of the step."""
        return self._scale is not None

    def __call__(self, x: Tensor) -> tuple[Tensor | float, Tensor]:
        self.place(x)
        held, self._held = self._held, None
        return self.completed(*(self.evaluate() if held is None else held))

    def hold(self, first: tuple[Any, Tensor]) -> None:
        """Give the first evaluation, made already, when the step asks for it."""
        self._held = first

    def evaluate(self) -> tuple[Tensor | float, Tensor]:
        """Loss and gradient (n,) where the parameters are, without weight decay."""
        parameters = self.flat.data
        first = self.evaluations == 0
        loss = self._first_loss() if first else self._later_loss()
        self.evaluations += 1
        if not self.flat.is_current():
            self.flat.adopt()
        value = self._average(loss.detach().to(parameters.dtype))
        found = None if self.arena is None else self.arena.found[not first]
        g, missing = self.flat.take_gradients(value, found)
        if found is not None:
            value = found[-1:]
        if first:
            # A recorded step keeps its origin itself.
            if self.arena is None or missing:
                self.keep_origin(parameters.clone())
            if missing:
                self.missing.spare(missing)
        elif self.missing.segments:
            self.missing.clear(g)
        f = self._value(value, g)
        if self._check is not None:
            if first:
                self._check.first(f, g)
            elif self.evaluations == 2:
                self._check.second(f, g, parameters, self.origin)
        return f, g

    def keep_origin(self, origin: Tensor) -> None:
        """Say where the parameters were at the first evaluation (n,); this array is only read."""
        self.origin = origin
        self.start = origin if self._scale is None else None

    def place(self, x: Tensor) -> None:
        """Set the parameters to the point ``x (1, n)``."""
        parameters = self.flat.data
        if self._scale is not None:
            if self.origin is not None:
                torch.addcmul(self.origin, self._scale, x[0], out=parameters)
        elif x.data_ptr() != parameters.data_ptr():
            parameters.copy_(x[0])

    def noise(self, like: Tensor) -> Tensor:
        """Draws ±1 like ``like (1, n)``, of the optimizer's own seeded stream."""
        if self._signs is None:
            raise ValueError("this step draws noise and was given no source of it; give signs=Signs([seed])")
        return self._signs(like)

    def left_out(self, usable: Any) -> None:
        """Told by a method whether what it evaluated could be used: a bool, or a tensor (1,)."""
        lost = (not usable) if isinstance(usable, bool) else ~usable
        self.unusable = lost if self.unusable is None else self.unusable | lost

    def finish(self) -> None:
        """Leave random streams, running statistics and the gradients of others as after one evaluation."""
        if self.evaluations > 1:
            self._streams.finish()
        self._bystanders.finish()
        if self._check is not None:
            self._check.forget()

    def restore(self) -> None:
        """Leave everything as before the step: parameters, buffers, random streams."""
        self.flat.reclaim()
        if self.origin is not None:
            self.flat.data.copy_(self.origin)
        self.missing.give_back()
        self._streams.restore()
        self._bystanders.restore()
        if self._check is not None:
            self._check.forget()

    def _first_loss(self) -> Tensor:
        # Later evaluations find no gradients: they were taken.
        self.flat.clear_gradients()
        self._bystanders.watch()
        try:
            with torch.enable_grad():
                self.loss = loss = self.closure()
        finally:
            self._bystanders.unwatch()
        _check_loss(loss)
        self._streams.first_done()
        self._bystanders.first_done(loss)
        return loss

    def _later_loss(self) -> Tensor:
        self._streams.rewind()
        with torch.enable_grad():
            loss = self.closure()
        _check_loss(loss)
        return loss

    def _value(self, value: Tensor, g: Tensor) -> Any:
        """The loss as a step wants it; unscales the gradient and turns both signs where that is wanted."""
        if self._scaled is not None:
            g *= self._scaled.inverse_scale(g.device)
            finite = torch.isfinite(value.reshape(1)) & torch.isfinite(torch.dot(g, g))
            self.finite = self.finite & (bool(finite) if self.xp is floats else finite)
        if self._maximize:
            value = -value if self.arena is None else value.neg_()
            g.neg_()
        return value.item() if self.xp is floats else value.reshape(1)

    def completed(self, f: Any, g: Tensor) -> tuple[Any, Tensor]:
        """Loss and gradient (1, n) of the step's own problem: with weight decay, in its units."""
        parameters = self.flat.data
        if not isinstance(self._decay, float) or self._decay != 0.0:
            pull = self._decay * parameters
            if self.missing.segments:
                self.missing.clear(pull)
            f = f + 0.5 * self.xp.vecdot(pull[None], parameters[None])
            g += pull
        if self._scale is not None:
            g *= self._scale
        return f, g[None]

    def _average(self, f: Tensor) -> Tensor:
        """DistributedDataParallel averages gradients over ranks; the loss of the whole batch needs the same."""
        group = self._group if self._group is not None else self._bystanders.process_group
        if group is None:
            return f
        f = f.clone()
        dist.all_reduce(f, group=group)
        return f / dist.get_world_size(group)


def _namespace(device: torch.device) -> Namespace:
    return floats if device.type == "cpu" else namespace


def _check_loss(loss: object) -> None:
    if loss is None:
        raise ValueError("the closure returned None; it must return the loss it called backward() on")
    if not isinstance(loss, Tensor):
        raise ValueError(f"the closure must return the loss as a tensor, got {type(loss).__name__}")
    if loss.numel() != 1:
        raise ValueError(f"the closure must return one loss, got a tensor of shape {tuple(loss.shape)}; take its mean")
