"""The rolling ball, SAM and Entropy-SGD as ``torch.optim.Optimizer`` classes.

The mathematics is the batched step of ``rbo_core.rolling`` and ``rbo_core.points`` with one ball, whose coordinates are
all parameters in one flat buffer. This module adds what a training loop needs round it: groups, weight decay,
schedulers, checkpoints.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from rbo_core import points, rolling
from rbo_core.checks import require
from rbo_core.method import Method
from rbo_core.settings import Value, network_settings, settings_of
from rbo_core.torch.closure import Closure, ClosureObjective
from rbo_core.torch.flat import FlatParameters
from rbo_core.torch.repeat import stateful

Parameters = nn.Module | Iterable[Any]


class FlatOptimizer(torch.optim.Optimizer):
    """Common part: a batched method on one flat parameter buffer.

    Args:
        params: a module, parameters, or parameter groups. ``lr`` and ``weight_decay`` may differ between groups;
            the other settings belong to the whole ball and must agree.
        lr: η ≥ 0; by default the method's own.
        weight_decay: λ ≥ 0, as ½ λ|θ|² inside the loss.
        options: the settings of ``method`` on networks; what is left out takes its default.
        model: module (or modules) whose running statistics must count a minibatch once although a step evaluates it
            several times. Without it the modules are found in the first closure call.
        process_group: ranks whose losses are averaged; DistributedDataParallel's own group by default.
    """

    method: ClassVar[type[Method[Any]]] = points.SGD
    """The settings class in ``rbo_core`` whose step it takes."""
    _state: ClassVar[type[Any]] = points.PointState
    """The type of the method's state."""
    _keeps_start: ClassVar[bool] = True
    """Whether the method returns to the start of the step after it has evaluated elsewhere."""

    def __init__(
        self,
        params: Parameters,
        lr: float | None = None,
        *,
        weight_decay: float = 0.0,
        model: nn.Module | Iterable[nn.Module] | None = None,
        process_group: Any = None,
        generator: torch.Generator | None = None,
        **options: Value,
    ) -> None:
        if isinstance(params, nn.Module):
            model = params if model is None else model
            params = params.parameters()
        if isinstance(model, nn.Module):
            model = [model]
        settings = self._complete({**({} if lr is None else {"lr": lr}), "weight_decay": weight_decay, **options})
        self._modules = None if model is None else stateful(m for one in model for m in one.modules())
        self._process_group = process_group
        self._generator = generator
        self._shared = tuple(name for name in settings if name not in ("lr", "weight_decay"))
        self._wanted: list[int] = []
        self._flat: FlatParameters | None = None
        self._memory: Any = None
        self._cached: tuple[tuple[Any, ...], Method[Any], float, Tensor | None, float | Tensor] | None = None
        super().__init__(params, settings)
        self._method(self.param_groups[0])
        self._flat_parameters()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        lines = (f"        {one.name}: {one.described}" for one in network_settings(cls.method) if one.name != "lr")
        cls.__doc__ = f"{(cls.__doc__ or '').rstrip()}\n\n    Options, with their defaults:\n" + "\n".join(lines)

    @classmethod
    def _complete(cls, given: dict[str, Any]) -> dict[str, Any]:
        """All options, those that were given and the others' defaults; raises for an unknown or a bad one."""
        known = {one.name: one for one in network_settings(cls.method)}
        complete = {"weight_decay": 0.0, **{name: one.default for name, one in known.items()}, **given}
        for name, value in complete.items():
            if name in ("lr", "weight_decay"):
                require(name, value, at_least=0)
            elif name not in known:
                raise TypeError(f"{cls.__name__} has no option {name!r}; it has {', '.join(known)}")
            else:
                known[name].check(value)
        return complete

    def _method(self, group: dict[str, Any]) -> Method[Any]:
        """The batched method with a group's settings; raises ValueError for bad ones."""
        own = (one for one in settings_of(self.method) if one.networks is not None)
        return self.method(**{one.name: group[one.network_name] for one in own})

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> Any:
        """One step.

        Args:
            closure: clears the gradients, computes the loss, calls ``loss.backward()`` and returns the loss. It is
                called once for every gradient the method needs. Clip gradients inside it; afterwards they are cleared.

        Returns:
            What the closure returned first: the loss at the start of the step.

        Raises:
            ValueError: when the closure is missing or returns no loss, or settings are bad.
        """
        if closure is None:
            raise ValueError(
                f"{type(self).__name__}.step needs a closure that clears the gradients, computes the loss, calls "
                "backward() and returns the loss: loss = optimizer.step(closure). torch.amp.GradScaler cannot pass "
                "one, and the ball needs loss and gradient on one scale: train in bfloat16 autocast without a scaler"
            )
        flat = self._flat_parameters()
        method, lr, ratio, decay = self._settings(flat)
        in_metric = ratio is not None and not self._keeps_start
        objective = ClosureObjective(
            closure,
            flat,
            self._modules,
            decay=decay,
            scale=torch.sqrt(ratio) if ratio is not None and in_metric else None,
            process_group=self._process_group,
            generator=self._generator,
        )
        try:
            if lr == 0.0:
                objective(flat.data[None])
            else:
                self._move(method, objective, flat, ratio, in_metric)
        finally:
            objective.finish()
            self._modules = objective.modules
        return objective.loss

    def _move(
        self,
        method: Any,
        objective: ClosureObjective,
        flat: FlatParameters,
        ratio: Tensor | None,
        in_metric: bool,
    ) -> None:
        # A step overwrites the point it starts from, so parameters move in place.
        start = flat.data.clone() if ratio is not None and not in_metric else None
        state = method.init(objective, (torch.zeros_like(flat.data) if in_metric else flat.data)[None])
        if self._memory is not None:
            state = self._memory._replace(x=state.x)
        state, _ = method.step(objective, state)
        if start is not None and ratio is not None:
            torch.addcmul(start, ratio, state.x[0] - start, out=flat.data)
        else:
            objective.place(state.x)
        self._memory = state._replace(x=None)

    def _flat_parameters(self) -> FlatParameters:
        """The buffer, made anew when parameters were added, frozen, moved or replaced."""
        wanted = [p for group in self.param_groups for p in group["params"] if p.requires_grad]
        flat = self._flat
        if flat is not None and flat.is_current() and [id(p) for p in wanted] == self._wanted:
            return flat
        memory = None if flat is None else self._memory_by_parameter()
        self._flat = FlatParameters(wanted)
        self._wanted = [id(p) for p in wanted]
        self._cached = None
        if memory is not None:
            self._restore_memory(memory)
        return self._flat

    def _settings(self, flat: FlatParameters) -> tuple[Method[Any], float, Tensor | None, float | Tensor]:
        """(method, largest lr, each coordinate's share of it or None, weight decay: one number if groups agree)."""
        key = tuple(value for group in self.param_groups for name, value in group.items() if name != "params")
        if self._cached is not None and self._cached[0] == key:
            return self._cached[1:]
        for group in self.param_groups:
            require("lr", group["lr"], at_least=0)
            require("weight_decay", group["weight_decay"], at_least=0)
            for name in self._shared:
                if group[name] != self.param_groups[0][name]:
                    raise ValueError(
                        f"{name} must be the same in all parameter groups, because they are one ball; "
                        f"got {self.param_groups[0][name]!r} and {group[name]!r}"
                    )
        lr = max(float(group["lr"]) for group in self.param_groups)
        method = self._method({**self.param_groups[0], "lr": lr if lr > 0 else 1.0})
        ratio = None
        if lr > 0 and any(group["lr"] != lr for group in self.param_groups):
            ratio = self._per_coordinate(flat, "lr") / lr
        decays = {float(group["weight_decay"]) for group in self.param_groups}
        decay: float | Tensor = decays.pop() if len(decays) == 1 else self._per_coordinate(flat, "weight_decay")
        self._cached = (key, method, lr, ratio, decay)
        return method, lr, ratio, decay

    def _per_coordinate(self, flat: FlatParameters, name: str) -> Tensor:
        out = torch.empty_like(flat.data)
        value = {id(p): float(group[name]) for group in self.param_groups for p in group["params"]}
        for segment in flat.segments:
            out[segment.start : segment.stop] = value[id(segment.parameter)]
        return out

    def _memory_by_parameter(self) -> dict[str, Any]:
        """The method's state: tensors (1, n) split as a dict parameter id -> tensor, the rest as it is."""
        if self._memory is None or self._flat is None:
            return {}
        split: dict[str, Any] = {}
        for name, value in self._memory._asdict().items():
            if isinstance(value, Tensor) and value.dim() == 2:
                ids = (id(segment.parameter) for segment in self._flat.segments)
                split[name] = dict(zip(ids, self._flat.split(value[0]), strict=True))
            elif value is not None:
                split[name] = value
        return split

    def _restore_memory(self, split: dict[str, Any]) -> None:
        if not split:
            self._memory = None
            return
        flat = self._flat
        assert flat is not None
        fields: dict[str, Any] = {}
        for name, value in split.items():
            if isinstance(value, dict):
                fields[name] = flat.join([value.get(id(s.parameter)) for s in flat.segments])[None]
            elif isinstance(value, Tensor):
                fields[name] = value.to(flat.data.device, flat.data.dtype)
            else:
                fields[name] = value
        self._memory = self._state(x=None, **fields)

    def state_dict(self) -> dict[str, Any]:
        """As in torch, with the method's memory per parameter, plus ``ball``: what belongs to no parameter."""
        split = self._memory_by_parameter()
        try:
            for name, value in split.items():
                if isinstance(value, dict):
                    for segment in self._flat.segments if self._flat is not None else ():
                        self.state[segment.parameter][name] = value[id(segment.parameter)]
            out = super().state_dict()
        finally:
            self.state.clear()
        ball = {name: value for name, value in split.items() if not isinstance(value, dict)}
        if self._generator is not None:
            ball["generator"] = self._generator.get_state()
        out["ball"] = ball
        return out

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned; the next step is bit for bit the one that would have followed."""
        super().load_state_dict(state_dict)
        split = dict(state_dict.get("ball", {}))
        generator = split.pop("generator", None)
        if generator is not None and self._generator is not None:
            self._generator.set_state(generator.cpu())
        for parameter, entries in self.state.items():
            for name, value in entries.items():
                split.setdefault(name, {})[id(parameter)] = value
        self.state.clear()
        self._cached = None
        self._flat_parameters()
        self._restore_memory(split)


class RBO(FlatOptimizer):
    """The Rolling Ball Optimizer (arXiv 2505.19527): rolls a ball of radius ρ on the graph of the minibatch loss.

    Projection "newton" (ours) spends ``n_projection_steps`` gradients a step, two by default: the price of SAM. One is
    exactly SGD. Projection "gradient" is the paper's Eq. 4; its K = 20 to 100 gradients a step make it far dearer.

    Departures from the paper: the Newton projection and its guard; momentum on the centre; weight decay as
    ½ λ|θ|² inside the loss, so that value and gradient belong together; groups with different learning rates roll in
    coordinates θ/√lr, which makes the first-order move of each group its own ``lr`` times its gradient.

    Args:
        params: module, parameters or groups.
        lr: η ≥ 0.
        radius: ρ > 0, in units of the parameters; may be scheduled through ``param_groups``.
        options: below; weight_decay, model and process_group as in :class:`FlatOptimizer`.

    >>> optimizer = RBO(model, lr=0.5, radius=0.05)
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = criterion(model(x), y)
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)
    """

    method = rolling.RBO
    _state = rolling.BallState
    _keeps_start = False

    def __init__(
        self,
        params: Parameters,
        lr: float = 0.1,
        radius: float = 0.05,
        **options: Any,
    ) -> None:
        if (projection := options.get("projection")) is not None and projection not in rolling.LOCAL:
            raise ValueError(
                f"projection must be {' or '.join(map(json.dumps, rolling.LOCAL))}, got {projection!r}; "
                '"rigid" searches all parameters and works on surfaces with 1 or 2 of them only'
            )
        super().__init__(params, lr, radius=radius, **options)


class SAM(FlatOptimizer):
    """Sharpness-aware minimisation (Foret et al. 2021) with SGD or momentum underneath; two gradients a step.

    The perturbation has one norm over all parameters. Weight decay is ½ λ|θ|² inside the loss, hence also in
    the perturbation.

    Args:
        params: module, parameters or groups.
        lr: η ≥ 0.
        radius: length of the perturbation.
        options: below; weight_decay, model and process_group as in :class:`FlatOptimizer`.
    """

    method = points.SAM

    def __init__(
        self,
        params: Parameters,
        lr: float = 0.1,
        radius: float = 0.05,
        **options: Any,
    ) -> None:
        super().__init__(params, lr, radius=radius, **options)


class EntropySGD(FlatOptimizer):
    """Entropy-SGD (Chaudhari et al. 2017, Algorithm 1): follow the mean of a short Langevin walk.

    ``lr`` is the paper's ηγ: 1 jumps to the walk's mean. ``n_langevin_steps`` gradients a step, all on the
    closure's minibatch.

    Args:
        params: module, parameters or groups.
        lr: share of the way to the walk's mean.
        seed: of the walk's noise; the same on all ranks.
        options: below; weight_decay, model and process_group as in :class:`FlatOptimizer`.
    """

    method = points.EntropySGD

    def __init__(self, params: Parameters, lr: float = 1.0, *, seed: int = 0, **options: Any) -> None:
        super().__init__(params, lr, generator=torch.Generator().manual_seed(seed), **options)


def optimizer_class(method: type[Method[Any]]) -> type[FlatOptimizer]:
    """The optimizer that takes a method's step on networks: one of those above, or one made for it."""
    for known in (RBO, SAM, EntropySGD):
        if known.method is method:
            return known
    return type(method.__name__, (FlatOptimizer,), {"method": method, "__doc__": method.__doc__})
