"""What a training run is: a frozen description that can be stored, compared and rebuilt from JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from rbo_core.checks import require, require_choice, require_count
from rbo_core.method import BatchedMethod
from rbo_core.methods import METHODS
from rbo_core.schedule import SHAPES
from rbo_core.settings import Value, network_settings, settings_of
from rbo_core.torch.ellipsoid import SCALED_BY
from rbo_core.training.models import MODELS

DATA = ("digits", "mnist", "fashion_mnist", "cifar10", "cifar100")
PRECISIONS = ("float32", "float64", "bf16")
SCHEDULES = ("cosine", "constant")
RADIUS_SCHEDULES = ("constant", *SHAPES)
DIAGNOSTICS = ("epoch", "final", "none")


PLAIN: dict[str, Value] = {"scaled_by": "none"}
"""Settings of what is trained that say nothing at their defaults: a stored method leaves them out then."""


class _MethodDefaults(Mapping[str, dict[str, Value]]):
    """Read from ``rbo_core.METHODS`` whenever it is asked; besides its own settings every method has a weight decay and
    coordinates that may follow norms (``rbo_core.torch.ellipsoid``)."""

    def __getitem__(self, name: str) -> dict[str, Value]:
        own = {one.name: one.default for one in network_settings(METHODS[name])}
        return {**own, "weight_decay": own.get("weight_decay", 0.0), **PLAIN}

    def __iter__(self) -> Iterator[str]:
        return iter(METHODS)

    def __len__(self) -> int:
        return len(METHODS)


METHOD_DEFAULTS = _MethodDefaults()
"""Settings of each method on networks and their defaults; the names are those of the optimizer classes."""


@dataclass(frozen=True)
class Method:
    """An optimizer and its settings; ``Method.of("rbo", lr=0.5)`` fills in the defaults.

    settings: (name, value) pairs in the order of ``METHOD_DEFAULTS``.
    """

    name: str = "rbo"
    settings: tuple[tuple[str, Value], ...] = ()

    def __post_init__(self) -> None:
        require_choice("method", self.name, tuple(METHOD_DEFAULTS))
        defaults = METHOD_DEFAULTS[self.name]
        given = dict(self.settings)
        for key, value in given.items():
            if key not in defaults:
                raise ValueError(f"{self.name} has no setting {key!r}; it has {', '.join(defaults)}")
            _check_type(f"{self.name} {key}", value, defaults[key])
        require_choice("scaled_by", str(given.get("scaled_by", "none")), SCALED_BY)
        object.__setattr__(self, "settings", tuple((k, given.get(k, v)) for k, v in defaults.items()))

    @classmethod
    def of(cls, name: str, **settings: Value) -> Method:
        """A method by name with some settings changed."""
        return cls(name, tuple(settings.items()))

    def __getitem__(self, key: str) -> Any:
        return dict(self.settings)[key]

    @property
    def gradients_per_step(self) -> float:
        """Gradient evaluations of one step, on average."""
        return _gradients_per_step(self)

    def batched(self, **changes: Any) -> BatchedMethod[Any]:
        """The method of ``rbo_core`` with these settings; changes, by its own names, may hold a value a network (B,).

        Weight decay, unless it is the method's own, and coordinates belong to what is trained: they are left out.
        """
        known = METHODS[self.name]
        given = {one.name: self[one.network_name] for one in settings_of(known) if one.networks is not None}
        return known(**{**given, **changes})

    def to_dict(self) -> dict[str, Value]:
        """``{"name": …, setting: value, …}``."""
        own = {name: value for name, value in self.settings if name not in PLAIN or value != PLAIN[name]}
        return {"name": self.name, **own}

    def named(self) -> dict[str, Value]:
        """As :meth:`to_dict`, for the name of a stored result: what was added later is left out at its default."""
        later = {one.name: one.default for one in network_settings(METHODS[self.name]) if one.later}
        return {name: value for name, value in self.to_dict().items() if name not in later or value != later[name]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Value]) -> Method:
        """The inverse of :meth:`to_dict`; settings left out take their defaults."""
        rest = dict(values)
        return cls.of(str(rest.pop("name", "rbo")), **rest)


@lru_cache(4096)
def _gradients_per_step(method: Method) -> float:
    """A page asks for that of every contender many times in a run, and the method is built to know."""
    return method.batched().gradients_per_step


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One training run.

    Attributes:
        data, model: names (``DATA``, ``MODELS``).
        method: optimizer and settings.
        epochs: passes over the training images; ignored when ``gradient_budget`` is set.
        gradient_budget: gradient evaluations to spend in all, the same price for every method.
        batch_size: images a minibatch.
        schedule: of the learning rate over the whole run.
        radius_schedule: how the method's radius goes over the whole run to ``final_radius``; "constant" stays.
        final_radius: ρ of the last step; None with a constant radius.
        train_size: use only so many training images (None: all).
        label_noise: fraction of the training labels replaced by random ones.
        augment: random crops and flips (images of at least 28 pixels).
        seed: of initialisation, order of the data, label noise and the method's own noise.
        device: "auto", "cpu", "cuda", "cuda:1".
        precision: "bf16" is autocast with float32 parameters.
        diagnostics: when penetration and sharpness are measured.
        snapshots: keep the parameters of every epoch (for pictures of the landscape).
        data_dir: folder with the data files (None: the usual places, then a download).
    """

    data: str = "digits"
    model: str = "mlp"
    method: Method = field(default_factory=Method)
    epochs: int = 10
    gradient_budget: int | None = None
    batch_size: int = 50
    schedule: str = "cosine"
    radius_schedule: str = "constant"
    final_radius: float | None = None
    train_size: int | None = None
    label_noise: float = 0.0
    augment: bool = False
    seed: int = 0
    device: str = "auto"
    precision: str = "float32"
    diagnostics: str = "epoch"
    snapshots: bool = True
    data_dir: str | None = None

    def __post_init__(self) -> None:
        require_choice("data", self.data, DATA)
        require_choice("model", self.model, tuple(MODELS))
        require_choice("schedule", self.schedule, SCHEDULES)
        require_choice("radius_schedule", self.radius_schedule, RADIUS_SCHEDULES)
        self._check_radius()
        require_choice("precision", self.precision, PRECISIONS)
        require_choice("diagnostics", self.diagnostics, DIAGNOSTICS)
        require_count("epochs", self.epochs)
        require_count("batch_size", self.batch_size, 2)
        require_count("seed", self.seed, 0)
        if self.gradient_budget is not None:
            require_count("gradient_budget", self.gradient_budget, math.ceil(self.method.gradients_per_step))
        if self.train_size is not None:
            require_count("train_size", self.train_size, self.batch_size)
        for name in ("device", "data_dir"):
            if (value := getattr(self, name)) is not None and not isinstance(value, str):
                raise ValueError(f"{name} must be a word, got {value!r}")
        require("label_noise", self.label_noise, at_least=0)
        if self.label_noise > 1:
            raise ValueError(f"label_noise must be between 0 and 1, got {self.label_noise}")

    def _check_radius(self) -> None:
        if (self.radius_schedule == "constant") != (self.final_radius is None):
            raise ValueError(
                f"final_radius is where a radius_schedule of {', '.join(SHAPES)} ends; got {self.final_radius!r} with "
                f"{self.radius_schedule!r}"
            )
        if self.final_radius is None:
            return
        require("final_radius", self.final_radius, above=0)
        if "radius" not in dict(self.method.settings):
            raise ValueError(
                f"{self.method.name} has no radius to schedule; leave radius_schedule and final_radius out"
            )

    @property
    def title(self) -> str:
        """The run in a few words."""
        return f"{self.method.name}, {self.data}, {self.model}, seed {self.seed}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; a radius that stays says nothing of a schedule, as before there was one."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        if self.final_radius is None:
            del values["radius_schedule"], values["final_radius"]
        return {**values, "method": self.method.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainConfig:
        """The inverse of :meth:`to_dict`; what is left out takes its default.

        Raises:
            ValueError: for a name that does not exist.
        """
        known = [f.name for f in dataclasses.fields(cls)]
        for key in values:
            if key not in known:
                raise ValueError(f"a training run has no setting {key!r}; it has {', '.join(known)}")
        rest = dict(values)
        method = rest.pop("method", "rbo")
        method = Method.of(method) if isinstance(method, str) else Method.from_dict(method)
        return cls(method=method, **rest)


def _check_type(name: str, value: object, like: Value) -> None:
    if isinstance(like, bool):
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false, got {value!r}")
    elif isinstance(like, int):
        require_count(name, value)
    elif isinstance(like, float):
        if isinstance(value, bool | str) or not isinstance(value, int | float):
            raise ValueError(f"{name} must be a number, got {value!r}")
        require(name, value)
    elif not isinstance(value, str):
        raise ValueError(f"{name} must be a word, got {value!r}")
