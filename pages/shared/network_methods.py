"""The optimizers of the page Train: who can race, their settings, and the values that suit each data set.

What is offered first are good values found on the digits (MLP, batch 50, 640 gradients, cosine schedule), one per
method, and for larger images what the contest on Fashion-MNIST chose (benchmarks/results/contest/fashion_6000_noise).
Two that it lacked, Entropy-SGD and the published ball, had a smaller one: `python -m rbo_core contest --data
fashion_mnist --train-size 6000 --methods entropy_sgd rbo_published --settings 8 --seeds 3`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from pages.shared.controls import draw
from pages.shared.widgets import several
from rbo_core import METHODS
from rbo_core.figures.style import color, label
from rbo_core.rolling import OWN, PROJECTIONS
from rbo_core.settings import Setting, Value, network_settings
from rbo_core.training import Method

WEIGHT_DECAY = Setting("weight_decay", 0.0, "weight decay", low=0.0, high=0.1, help="½ λ|θ|² inside the loss.")
"""Every method has one besides its own settings; AdamW's is its own."""


@dataclass(frozen=True)
class Contender:
    """One optimizer as people choose it.

    key: its name in the address. method: the method's name in the core. fixed: settings that make it what it is.
    first: the values that the controls offer first, where they are not the method's own; images: likewise for data of
    larger images than the digits; highest: likewise the upper ends of ranges. left_out: settings that have no control
    here.
    """

    key: str
    method: str
    title: str
    fixed: Mapping[str, Value] = field(default_factory=dict)
    first: Mapping[str, Value] = field(default_factory=dict)
    highest: Mapping[str, float] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    images: Mapping[str, Value] = field(default_factory=dict)

    @property
    def settings(self) -> tuple[Setting, ...]:
        """What is chosen: numbers, switches and words, and the weight decay that every method has."""
        own = PROJECTIONS[str(self.fixed["projection"])].own if "projection" in self.fixed else {}
        first = {**own, **self.first}
        known = {WEIGHT_DECAY.name: WEIGHT_DECAY} | {one.name: one for one in network_settings(METHODS[self.method])}
        hidden = {*self.left_out, *self.fixed, *(OWN - set(own))}
        return tuple(
            replace(one, default=first.get(one.name, one.default), high=self.highest.get(one.name, one.high))
            for one in sorted(known.values(), key=lambda one: one is WEIGHT_DECAY)
            if one.shown and one.name not in hidden
        )


_TUNED = (
    Contender(
        "rbo", "rbo", "Rolling ball", {"projection": "newton"}, {"radius": 0.5, "lr": 1.0}, {"trust": 4.0},
        images={"radius": 0.17, "lr": 0.53},
    ),
    Contender(
        "published", "rbo", "Rolling ball, as published", {"projection": "gradient"}, {"radius": 0.1, "lr": 6.0},
        highest={"lr": 100.0}, left_out=("momentum", "momentum_on"), images={"radius": 1.1, "lr": 1.5},
    ),
    Contender("sgd", "sgd", "SGD", first={"lr": 1.0}, images={"lr": 0.2}),
    Contender("momentum", "momentum", "Momentum", first={"lr": 0.2}, images={"lr": 0.038}),
    Contender("adam", "adam", "Adam", first={"lr": 0.01}, left_out=("beta1", "beta2"), images={"lr": 0.0038}),
    Contender("adamw", "adamw", "AdamW", first={"lr": 0.01}, left_out=("beta1", "beta2"), images={"lr": 0.0024}),
    Contender("sam", "sam", "SAM", first={"lr": 0.5}, images={"lr": 0.21, "radius": 0.029}),
    Contender("entropy_sgd", "entropy_sgd", "Entropy-SGD", first={"langevin_lr": 0.3}, images={"langevin_lr": 0.2}),
)  # fmt: skip


SOURCE = {
    "digits": "First values: good ones on the digits (MLP, 640 gradients, true labels), one per method.",
    "fashion_mnist": "First learning rates and radii: chosen by the contest on 6,000 images of Fashion-MNIST (MLP, "
    "4,000 gradients, true labels; see Results).",
}
"""Where the values come from that are offered first."""
SOURCE |= {
    name: SOURCE["fashion_mnist"].replace("First", "Not tuned on these images. First", 1)
    for name in ("mnist", "cifar10", "cifar100")
}


def contenders(data: str = "digits") -> dict[str, Contender]:
    """Key to contender: those with values that suit the data set, then every other method as it is."""
    tuned = {one.key: one if data == "digits" else replace(one, first={**one.first, **one.images}) for one in _TUNED}
    return tuned | {name: Contender(name, name, label(name)) for name in METHODS if name not in tuned}


DEFAULT = ("rbo", "sgd", "momentum", "adam", "sam", "entropy_sgd")


@dataclass(frozen=True)
class Chosen:
    """A contender with its settings: what one method of a job is."""

    contender: Contender
    settings: dict[str, Any]

    @property
    def label(self) -> str:
        """What the legend calls it."""
        return self.contender.title

    @property
    def gradients_per_step(self) -> float:
        """Gradient evaluations one step costs."""
        return Method.of(self.contender.method, **self.settings).gradients_per_step


def standard(*keys: str) -> tuple[Chosen, ...]:
    """Contenders with the settings the controls offer first."""
    known = contenders()
    return tuple(
        Chosen(known[k], {**known[k].fixed, **{one.name: one.default for one in known[k].settings}}) for k in keys
    )


def offer(data: str) -> None:
    """Put the controls at what suits another data set, as far as they are drawn; in a callback."""
    for one in contenders(data).values():
        for setting in one.settings:
            if setting.name in one.images and f"{one.key}_{setting.name}" in st.session_state:
                st.session_state[f"{one.key}_{setting.name}"] = setting.default


def choose(data: str) -> tuple[Chosen, ...]:
    """The controls: who takes part, and each one's settings, folded, at first such as suit the data set."""
    known = contenders(data)
    names = several("Compared", "methods", {key: one.title for key, one in known.items()}, DEFAULT)
    if not names:
        return ()
    made = []
    with st.expander("Their settings"):
        for name in names:
            one = known[name]
            st.html(f'<p class="lab-sub" style="--dot:{color(one.method)}">{one.title}</p>')
            drawn = {setting.name: draw(setting, f"{one.key}_{setting.name}") for setting in one.settings}
            made.append(Chosen(one, {**one.fixed, **drawn}))
        st.caption(SOURCE[data])
    return tuple(made)
