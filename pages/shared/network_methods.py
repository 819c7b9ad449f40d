"""The optimizers of the page Train: who can race, their settings, and the values that suit the digits.

Defaults are good values found on the digits (MLP, batch 50, 640 gradients, cosine schedule), one per method; the page
`compare` on the command line tunes all methods in boxes of equal size.
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
    first: the values that the controls offer first, where they are not the method's own; highest: likewise the upper
    ends of ranges. left_out: settings that have no control here.
    """

    key: str
    method: str
    title: str
    fixed: Mapping[str, Value] = field(default_factory=dict)
    first: Mapping[str, Value] = field(default_factory=dict)
    highest: Mapping[str, float] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

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
    Contender("rbo", "rbo", "Rolling ball", {"projection": "newton"}, {"radius": 0.5, "lr": 1.0}, {"trust": 4.0}),
    Contender(
        "published", "rbo", "Rolling ball, as published", {"projection": "gradient"}, {"radius": 0.1, "lr": 6.0},
        highest={"lr": 100.0}, left_out=("momentum", "momentum_on"),
    ),
    Contender("sgd", "sgd", "SGD", first={"lr": 1.0}),
    Contender("momentum", "momentum", "Momentum", first={"lr": 0.2}),
    Contender("adam", "adam", "Adam", first={"lr": 0.01}, left_out=("beta1", "beta2")),
    Contender("adamw", "adamw", "AdamW", first={"lr": 0.01}, left_out=("beta1", "beta2")),
    Contender("sam", "sam", "SAM", first={"lr": 0.5}),
    Contender("entropy_sgd", "entropy_sgd", "Entropy-SGD", first={"langevin_lr": 0.3}),
)  # fmt: skip


def contenders() -> dict[str, Contender]:
    """Key to contender: those with values tuned on the digits, then every other method as it is."""
    tuned = {one.key: one for one in _TUNED}
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


def choose() -> tuple[Chosen, ...]:
    """The controls: who takes part, and each one's settings, folded."""
    known = contenders()
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
    return tuple(made)
