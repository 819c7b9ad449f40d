"""What there is to know of a method's setting, said once, beside the field it belongs to.

    radius: Number = setting(0.4, label="radius ρ", low=0.01, high=10.0, log=True, above=0)

The checks of a method, the command line, the axes of a sweep, the torch optimizers, the training runs and the pages'
controls all read it from here (:func:`settings_of`), so that a new setting is a change in one place.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rbo_core.checks import require, require_choice, require_count

Value = float | int | bool | str
"""A setting's value where it is one for all balls, as JSON and the web know it."""

BOUNDS = ("above", "at_least", "below", "at_most")
"""The words for what is accepted, those of :func:`rbo_core.checks.require`."""

NETWORK_NAMES = {
    "learning_rate": "lr",
    "langevin_learning_rate": "langevin_lr",
    "perturbation_radius": "radius",
}
"""The settings that are called otherwise where networks are trained, as users of ``torch.optim`` expect."""


@dataclass(frozen=True)
class Setting:
    """One setting of a method.

    Attributes:
        name: the field's name. default: its value when nothing is said.
        label: what people call it, with its symbol. unit: of its values; "" for a plain number.
        help: one sentence on what it does.
        low, high: the range that is worth trying, which controls offer; None where no control shows the setting.
        log: whether the range is gone through in equal ratios.
        choices: of a word, each with what people read (in the order in which they are offered); {} for others.
        advanced: whether controls fold it away.
        batchable: whether balls of one batch may differ in it.
        bounds: what is accepted at all: some of ``above``, ``at_least``, ``below`` and ``at_most``.
        networks: (default, low, high) where networks are trained; None where it does not exist there.
        network_choices: the choices there; None for the same.
        later: whether it was added when results were stored already under names made of all settings: such a name
            leaves it out while it has its default, so that the results are found again.
    """

    name: str
    default: Value
    label: str
    unit: str = ""
    help: str = ""
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)
    advanced: bool = False
    batchable: bool = False
    bounds: Mapping[str, float] = field(default_factory=dict)
    networks: tuple[Value, float | None, float | None] | None = None
    network_choices: Mapping[str, str] | None = None
    later: bool = False

    @property
    def kind(self) -> type:
        """``float``, ``int``, ``bool`` or ``str``."""
        return type(self.default)

    @property
    def integer(self) -> bool:
        """Whether it is a whole number."""
        return self.kind is int

    @property
    def shown(self) -> bool:
        """Whether controls show it: it has a range, or is a switch or one of several words."""
        return self.low is not None or self.kind in (bool, str)

    @property
    def network_name(self) -> str:
        """Its name where networks are trained."""
        return NETWORK_NAMES.get(self.name, self.name)

    @property
    def range(self) -> str:
        """The range that is worth trying, in words."""
        if self.choices:
            return ", ".join(self.choices)
        if self.low is None or self.high is None:
            return ""
        return f"{self.low:g} to {self.high:g}{' (log)' if self.log else ''}{f' {self.unit}' if self.unit else ''}"

    @property
    def described(self) -> str:
        """Label, range, default and what it does, in a line."""
        worth = f"{self.range}; " if self.range else ""
        return f"{self.label} ({worth}default {self.default}). {self.help}".strip()

    def for_networks(self) -> Setting:
        """The same setting where networks are trained: its name, default and range there.

        Raises:
            ValueError: when it does not exist there.
        """
        if self.networks is None:
            raise ValueError(f"{self.name} is no setting of training on networks; leave it out")
        default, low, high = self.networks
        choices = self.choices if self.network_choices is None else self.network_choices
        return dataclasses.replace(self, name=self.network_name, default=default, low=low, high=high, choices=choices)

    def check(self, value: Any) -> None:
        """Raise ``ValueError``, naming value and remedy, unless ``value`` (or every entry of an array) is allowed."""
        if self.choices:
            require_choice(self.name, value, tuple(self.choices))
        elif self.kind is int:
            require_count(self.name, value, int(self.bounds.get("at_least", 1)))
        elif self.kind is float:
            require(self.name, value, **self.bounds)


def setting(
    default: Value,
    *,
    label: str,
    low: float | None = None,
    high: float | None = None,
    batchable: bool | None = None,
    networks: bool | tuple[Value, float | None, float | None] = True,
    **more: Any,
) -> Any:
    """A field of a method's settings class that carries its :class:`Setting`.

    Args:
        batchable: by default numbers are, counts, switches and words are not.
        networks: (default, low, high) on networks; True takes the same there, False says it does not exist there.
        more: further attributes of :class:`Setting`, and its bounds: ``above``, ``at_least``, ``below``, ``at_most``.
    """
    bounds: dict[str, float] = {
        name: more.pop(name) for name in ("above", "at_least", "below", "at_most") if name in more
    }
    made = Setting(
        "", default, label, low=low, high=high, bounds=bounds, **more,
        batchable=isinstance(default, float) if batchable is None else batchable,
        networks=(default, low, high) if networks is True else (networks or None),
    )  # fmt: skip
    return field(default=default, metadata={"setting": made})


def gradient_noise() -> Any:
    """The field that all methods have: on surfaces noise is added, on networks minibatches bring it."""
    return setting(
        0.0, label="gradient noise", low=0.0, high=5.0, at_least=0, networks=False,
        help="Standard deviation of the noise added to every gradient.",
    )  # fmt: skip


_KNOWN: dict[type, tuple[Setting, ...]] = {}


def settings_of(method: type) -> tuple[Setting, ...]:
    """The settings of a method's class, in the order of its fields."""
    if method not in _KNOWN:
        _KNOWN[method] = tuple(_described(one) for one in dataclasses.fields(method))
    return _KNOWN[method]


def network_settings(method: type) -> tuple[Setting, ...]:
    """Those that exist where networks are trained, as they are called and ranged there."""
    return tuple(one.for_networks() for one in settings_of(method) if one.networks is not None)


def check_settings(method: Any) -> None:
    """Check every setting of ``method``, an instance; raises ``ValueError`` that names the first bad one."""
    for one in settings_of(method.__class__):
        one.check(getattr(method, one.name))


def replaced(method: Any, **values: Any) -> Any:
    """A copy of ``method``, an instance, with settings that were checked before, in the form a device wants.

    To look at a GPU's array, as a check must, is to wait for the GPU.
    """
    made = copy.copy(method)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


def _described(one: dataclasses.Field[Any]) -> Setting:
    known: Setting | None = one.metadata.get("setting")
    if known is not None:
        return dataclasses.replace(known, name=one.name)
    default: Any = one.default
    return Setting(one.name, default, one.name.replace("_", " "), batchable=isinstance(default, float))
