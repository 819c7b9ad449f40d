"""What the optimizers of this package have in common: one step of a batched method on one flat parameter buffer.

The mathematics is the batched step of ``rbo_core.rolling`` and ``rbo_core.points`` with one ball, whose coordinates are
all parameters. This module adds what a training loop needs round it: groups, weight decay, schedulers, checkpoints, and
that a step which breaks off leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from rbo_core import points
from rbo_core.checks import require_choice
from rbo_core.method import BatchedMethod
from rbo_core.settings import Value, network_settings
from rbo_core.torch import checkpoint
from rbo_core.torch.closure import Closure, ClosureObjective, Evaluation
from rbo_core.torch.ellipsoid import SCALED_BY, scales, weights_in
from rbo_core.torch.flat import FlatParameters
from rbo_core.torch.groups import OWN, Settings, StepSettings, complete
from rbo_core.torch.recorded import Recorder
from rbo_core.torch.repeat import Bystanders
from rbo_core.torch.scaling import ScaledClosure
from rbo_core.torch.signs import Signs
from rbo_core.torch.slopes import SlopeCheck
from rbo_core.torch.streams import RandomStreams

Parameters = nn.Module | Iterable[Any]

LATER = ("maximize", "scaled_by")
"""Options that checkpoints of earlier releases lack."""


class FlatOptimizer(torch.optim.Optimizer):
    """Common part: a batched method on one flat parameter buffer.

    Args:
        params: a module, parameters (named or not), or parameter groups. ``lr`` and ``weight_decay`` may differ
            between groups; the other settings belong to the whole ball and must agree.
        lr: η ≥ 0; by default the method's own. A tensor is followed when a scheduler fills it in place.
        weight_decay: λ ≥ 0, as ½ λ|θ|² inside the loss.
        maximize: climb the loss (the weight decay still pulls to zero).
        scaled_by: "layers" or "filters" steps in coordinates that follow their norms, in which the ball is an ellipsoid
            of the weights (``ellipsoid.py``).
        options: the settings of ``method`` on networks; what is left out takes its default.
        model: module (or modules) whose running statistics must count a minibatch once although a step evaluates it
            several times. Without it modules are found when the closure calls them.
        process_group: ranks whose losses are averaged; DistributedDataParallel's own group by default.

    Attributes:
        steps_cut_short: so many steps had an evaluation after the first that was not finite: RBO kept its last finite
            move (plain gradient descent), the others left the step out. Reading it waits for a GPU.
    """

    method: ClassVar[type[BatchedMethod[Any]]] = points.SGD
    """The settings class in ``rbo_core`` whose step it takes."""
    _state: ClassVar[type[Any]] = points.PointState
    """The type of the method's state."""
    _keeps_start: ClassVar[bool] = True
    """Whether the method returns to the start of the step after it has evaluated elsewhere."""
    _recorded: ClassVar[bool] = False
    """Whether a GPU may replay a step: nothing in it but the closure depends on the host."""
    _uses_loss: ClassVar[bool] = False
    """Whether the loss itself, beside its gradient, moves the ball."""

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor | None = None,
        *,
        weight_decay: float = 0.0,
        maximize: bool = False,
        scaled_by: str = "none",
        model: nn.Module | Iterable[nn.Module] | None = None,
        process_group: Any = None,
        signs: Signs | None = None,
        **options: Value,
    ) -> None:
        if isinstance(params, nn.Module):
            model = params if model is None else model
            params = params.parameters()
        if isinstance(model, nn.Module):
            model = [model]
        require_choice("scaled_by", scaled_by, SCALED_BY)
        given = {**({} if lr is None else {"lr": lr}), "weight_decay": weight_decay, **options}
        settings = complete(type(self).__name__, self.method, given)
        self._settings = Settings(self.method, [name for name in (*settings, *LATER) if name not in OWN])
        self._process_group = process_group
        self._signs = signs
        self._wanted: list[int] = []
        self._flat: FlatParameters | None = None
        self._memory: Any = None
        self._cut_short: Any = 0
        self._recorder: Recorder | None = None
        self._check = SlopeCheck() if self._uses_loss else None
        super().__init__(params, {**settings, "maximize": maximize, "scaled_by": scaled_by})
        self._settings.method(self.param_groups[0])
        self._bystanders = Bystanders(model or (), ())
        self._flat_parameters()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        lines = (f"        {one.name}: {one.described}" for one in network_settings(cls.method) if one.name != "lr")
        cls.__doc__ = f"{(cls.__doc__ or '').rstrip()}\n\n    Options, with their defaults:\n" + "\n".join(lines)

    @property
    def steps_cut_short(self) -> int:
        return int(self._cut_short)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As in torch; settings that belong to the whole ball must be those of the other groups.

        Raises:
            ValueError: they are not, or a setting is bad; the group is then not added.
        """
        before = len(self.param_groups)
        super().add_param_group(param_group)
        try:
            self._settings.check(self.param_groups)
        except ValueError:
            del self.param_groups[before:]
            raise

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> Any:
        """One step, all of it or, when an exception ends it, nothing: parameters, buffers, memory and random streams
        are then as before.

        Args:
            closure: clears the gradients, computes the loss, calls ``loss.backward()`` and returns the loss. It is
                called once for every gradient the method needs; afterwards gradients are cleared.

        Returns:
            What the closure returned first: the loss at the start of the step.

        Raises:
            ValueError: when the closure is missing or returns no loss, or settings are bad.
        """
        if closure is None:
            raise ValueError(
                f"{type(self).__name__}.step needs a closure that clears the gradients, computes the loss, calls "
                "backward() and returns the loss: loss = optimizer.step(closure). torch.amp.GradScaler.step cannot "
                "pass one: use optimizer.step(scaled_closure(scaler, closure)), or bfloat16 autocast without a scaler"
            )
        flat = self._flat_parameters()
        settings = self._settings.read(self.param_groups, flat)
        memory, drawn = self._memory, None if self._signs is None else self._signs.position.clone()
        objective = self._objective(closure, flat, settings)
        try:
            self._move(objective, flat, settings)
            if not objective.done:
                objective.finish()
        except BaseException as problem:
            if not objective.done:
                objective.restore()
                self._memory = memory
            if self._signs is not None and drawn is not None:
                self._signs.restore(drawn)
            if "backward through the graph a second time" in str(problem):
                problem.add_note("A step calls the closure several times: the forward pass belongs in the closure.")
            raise
        if objective.unusable is not None:
            self._cut_short += objective.unusable
        return objective.loss

    def _objective(self, closure: Closure, flat: FlatParameters, settings: StepSettings) -> ClosureObjective:
        scale = self._scale(flat, settings)
        capturing = flat.data.is_cuda and torch.cuda.is_current_stream_capturing()
        check = None if capturing or self._check is None or not self._check.open else self._check
        arena = None
        # Steps that are looked at run one by one, as do those in other coordinates or with scaled gradients.
        plain = check is None and settings.ratio is None and scale is None and not isinstance(closure, ScaledClosure)
        if self._recorder is not None and plain and not capturing:
            arena = self._recorder.arena(flat.data.numel(), flat.data.dtype)
        return ClosureObjective(
            closure,
            flat,
            self._bystanders,
            self._streams,
            Evaluation(
                decay=settings.decay,
                scale=scale,
                maximize=settings.maximize,
                check=check,
                process_group=self._process_group,
                signs=self._signs,
                arena=arena,
            ),
        )

    def _scale(self, flat: FlatParameters, settings: StepSettings) -> Tensor | None:
        """(n,) the unit of each coordinate in which the step is taken, None where all are 1."""
        ratio = None if settings.ratio is None or self._keeps_start else torch.sqrt(settings.ratio)
        if settings.scaled_by == "none":
            return ratio
        own = scales(flat.data[None], weights_in(flat), settings.scaled_by)[0]
        return own if ratio is None else own.mul_(ratio)

    def _move(self, objective: ClosureObjective, flat: FlatParameters, settings: StepSettings) -> None:
        method: Any = settings.method
        if isinstance(settings.lr, float) and settings.lr == 0.0:
            objective(flat.data[None])
            return
        if self._replayed(method, objective):
            return
        state = method.init(objective, (torch.zeros_like(flat.data) if objective.displaced else flat.data)[None])
        if self._memory is not None:
            state = self._memory._replace(x=state.x)
        objective.missing.memory = _vectors(state)
        # A step overwrites the point it starts from, so parameters move in place.
        state, _ = method.step(objective, state)
        objective.place(state.x)
        if settings.ratio is not None and self._keeps_start:
            torch.addcmul(objective.origin, settings.ratio, flat.data - objective.origin, out=flat.data)
        new = state._replace(x=None)
        objective.missing.leave(objective.origin, _vectors(new))
        closure = objective.closure
        self._memory = closure.settle(objective, self._memory, new) if isinstance(closure, ScaledClosure) else new

    def _replayed(self, method: Any, objective: ClosureObjective) -> bool:
        """Take the step by graphs recorded on a GPU; False where it is none that can be."""
        if objective.arena is None or self._recorder is None or self._memory is None:
            return False
        objective.missing.memory = _vectors(self._memory)
        new = self._recorder.take(method, objective, self._memory)
        if new is None:
            return False
        self._memory = new
        return True

    def _flat_parameters(self) -> FlatParameters:
        """The buffer, made anew when parameters were added, frozen, moved or replaced."""
        wanted = [p for group in self.param_groups for p in group["params"] if p.requires_grad]
        ids = [id(p) for p in wanted]
        flat = self._flat
        if flat is not None and ids == self._wanted and flat.is_current():
            return flat
        memory = None if flat is None else checkpoint.by_parameter(self._memory, flat)
        self._flat = flat = FlatParameters(wanted)
        self._wanted = ids
        self._streams = RandomStreams(flat.data.device)
        self._recorder = None
        if flat.data.is_cuda:
            self._cut_short = torch.as_tensor(self._cut_short, device=flat.data.device).reshape(1).to(torch.int64)
            self._recorder = Recorder(flat.data.device, self._cut_short) if self._recorded else None
        self._bystanders.set_ours(ids)
        self._settings.forget()
        if memory is not None:
            self._memory = checkpoint.joined(memory, flat, self._state)
        return flat

    def state_dict(self) -> dict[str, Any]:
        """As in torch, with the method's memory per parameter, plus ``ball``: what belongs to no parameter."""
        split = checkpoint.by_parameter(self._memory, self._flat)
        try:
            for name, value in split.items():
                if isinstance(value, dict):
                    for segment in self._flat.segments if self._flat is not None else ():
                        self.state[segment.parameter][name] = value[id(segment.parameter)]
            out = super().state_dict()
        finally:
            self.state.clear()
        ball = {name: value for name, value in split.items() if not isinstance(value, dict)}
        if self._signs is not None:
            ball["drawn"] = self._signs.position.clone()
        out["ball"] = ball
        return out

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned; the next step is bit for bit the one that would have followed.

        Raises:
            ValueError: another optimizer's checkpoint, or other parameters; the optimizer is then as before.
        """
        wanted = [name for name in self.defaults if name not in LATER]
        checkpoint.check_checkpoint(state_dict, wanted, type(self).__name__, self.param_groups, self._state)
        groups = [{**self.defaults, **group} for group in state_dict["param_groups"]]
        self._settings.check(groups)
        self._settings.method({**groups[0], "lr": 1.0})
        super().load_state_dict({**state_dict, "param_groups": groups})
        split = dict(state_dict["ball"])
        split.pop("generator", None)  # of earlier releases, whose streams were others
        drawn = split.pop("drawn", None)
        if drawn is not None and self._signs is not None:
            self._signs.restore(drawn)
        for parameter, entries in self.state.items():
            for name, value in entries.items():
                split.setdefault(name, {})[id(parameter)] = value
        self.state.clear()
        self._settings.forget()
        self._memory = checkpoint.joined(split, self._flat_parameters(), self._state)


def _vectors(state: Any) -> list[Tensor]:
    """The fields of a state that hold one number a parameter, without x."""
    return [value for value in state[1:] if isinstance(value, Tensor) and value.dim() == 2]
