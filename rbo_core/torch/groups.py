"""The settings of parameter groups as what one step of one ball needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from rbo_core.checks import require
from rbo_core.method import BatchedMethod
from rbo_core.settings import network_settings, replaced, settings_of
from rbo_core.torch.flat import FlatParameters

Group = dict[str, Any]

OWN = ("lr", "weight_decay")
"""What may differ between groups."""


class StepSettings(NamedTuple):
    """What a step needs to know.

    method: with the largest learning rate of the groups; 1 if that is zero.
    lr: that rate, a float, or a tensor () on a GPU, whose value nobody looks at.
    ratio: (n,) each coordinate's share of it, None where all have the same.
    decay: weight decay, one number or (n,).
    maximize: climb.
    scaled_by: whose norms the coordinates follow, of ``ellipsoid.SCALED_BY``.
    """

    method: BatchedMethod[Any]
    lr: float | Tensor
    ratio: Tensor | None
    decay: float | Tensor
    maximize: bool
    scaled_by: str


def complete(name: str, method: type[BatchedMethod[Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    """All options of a method, those that were given and the others' defaults.

    Args:
        name: of the optimizer, for messages.

    Raises:
        TypeError: for an unknown option. ValueError: for a bad one.
    """
    known = {one.name: one for one in network_settings(method)}
    options = {"weight_decay": 0.0, **{key: one.default for key, one in known.items()}, **given}
    for key, value in options.items():
        if key in OWN:
            if not (isinstance(value, Tensor) and value.is_cuda):
                require(key, value, at_least=0)
        elif key not in known:
            raise TypeError(f"{name} has no option {key!r}; it has {', '.join(known)}")
        else:
            known[key].check(value)
    return options


class Settings:
    """Reads the settings of groups, and reads them anew only after they changed.

    Args:
        method: the settings class whose step is taken.
        shared: names of the settings that belong to the whole ball.
    """

    def __init__(self, method: type[BatchedMethod[Any]], shared: Sequence[str]) -> None:
        self._own = {one.name: one.network_name for one in settings_of(method) if one.networks is not None}
        self._class = method
        self._shared = tuple(shared)
        self._names = (*OWN, *self._shared)
        self._key: list[Any] | None = None
        self._cached: StepSettings | None = None

    def method(self, group: Mapping[str, Any], **changes: Any) -> BatchedMethod[Any]:
        """The batched method with a group's settings; raises ValueError for bad ones."""
        values = {name: number(group[known]) for name, known in self._own.items()}
        on_gpu = {name: value.reshape(1) for name, value in values.items() if isinstance(value, Tensor)}
        plain = {name: value for name, value in values.items() if name not in on_gpu}
        return replaced(self._class(**{**plain, **changes}), **on_gpu)

    def check(self, groups: Sequence[Group]) -> None:
        """Raise ``ValueError`` for bad settings, or such as differ although they belong to the whole ball."""
        for group in groups:
            for name in OWN:
                if not isinstance(value := number(group[name]), Tensor):
                    require(name, value, at_least=0)
            for name in self._shared:
                if group[name] is not groups[0][name] and group[name] != groups[0][name]:
                    raise ValueError(
                        f"{name} must be the same in all parameter groups, because they are one ball; "
                        f"got {groups[0][name]!r} and {group[name]!r}"
                    )

    def forget(self) -> None:
        """Read everything anew next time: the buffer changed."""
        self._key = None

    def read(self, groups: Sequence[Group], flat: FlatParameters) -> StepSettings:
        """The settings of a step; raises ValueError for bad ones."""
        key = [group[name] for group in groups for name in self._names]
        if any([isinstance(value, Tensor) for value in key]):  # noqa: C419, a list is faster
            key = [id(value) if isinstance(value := number(entry), Tensor) else value for entry in key]
        if self._cached is None or self._key != key:
            self.check(groups)
            self._cached, self._key = self._read(groups, flat), key
        elif isinstance(self._cached.ratio, Tensor) and isinstance(self._cached.lr, Tensor):
            self._cached = self._read(groups, flat)
        return self._cached

    def _read(self, groups: Sequence[Group], flat: FlatParameters) -> StepSettings:
        rates = [number(group["lr"]) for group in groups]
        ratio = None
        lr: float | Tensor
        if any(isinstance(rate, Tensor) for rate in rates):
            lr = rates[0]
            if any(rate is not lr for rate in rates):
                lr = torch.stack([torch.as_tensor(rate, device=flat.data.device).reshape(()) for rate in rates]).amax()
                ratio = self._per_coordinate(groups, flat, "lr") / lr.clamp(min=1e-30)
        else:
            lr = max(map(float, rates))
            if lr > 0 and any(rate != lr for rate in rates):
                ratio = self._per_coordinate(groups, flat, "lr") / lr
        decays = {float(group["weight_decay"]) for group in groups}
        decay = decays.pop() if len(decays) == 1 else self._per_coordinate(groups, flat, "weight_decay")
        method = self.method({**groups[0], "lr": 1.0 if isinstance(lr, float) and lr == 0 else lr})
        return StepSettings(method, lr, ratio, decay, bool(groups[0]["maximize"]), groups[0]["scaled_by"])

    @staticmethod
    def _per_coordinate(groups: Sequence[Group], flat: FlatParameters, name: str) -> Tensor:
        out = torch.zeros_like(flat.data)
        value = {id(p): number(group[name]) for group in groups for p in group["params"]}
        for segment in flat.segments:
            out[segment.start : segment.stop] = value[id(segment.parameter)]
        return out


def number(value: Any) -> Any:
    """A setting as a plain number; a GPU's tensor stays one, since reading it is waiting for the GPU."""
    if isinstance(value, Tensor) and not value.is_cuda:
        return value.item()
    return value
