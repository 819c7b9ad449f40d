"""The optimizers of the page Train: who can race, their settings, and the values that suit the digits.

Defaults are good values found on the digits (MLP, batch 50, 640 gradients, cosine schedule), one per method; the page
`compare` on the command line tunes all methods on equal grids.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.shared.controls import Setting
from pages.shared.widgets import number, several
from rbo_core.figures.style import color


@dataclass(frozen=True)
class Racer:
    """One optimizer as people choose it.

    key: its name in the address. method: the method's name in the core. cost: gradients a step, as a function of its
    settings. fixed: settings that make it what it is.
    """

    key: str
    method: str
    title: str
    settings: tuple[Setting, ...]
    cost: str
    fixed: dict[str, Any] = field(default_factory=dict)


def _rate(default: float, low: float = 1e-4, high: float = 10.0) -> Setting:
    return Setting("lr", "learning rate η", default, low, high, log=True)


def _momentum(default: float) -> Setting:
    return Setting("momentum", "momentum", default, 0.0, 0.99)


_RADIUS = Setting(
    "radius", "radius ρ", 0.5, 0.001, 100.0, log=True, help="In parameter units; the loss is scaled by λ."
)
_SCALE = Setting("loss_scale", "loss scale λ", 1.0, 0.01, 100.0, log=True, help="The ball rolls on λ times the loss.")
_K = Setting("n_projection_steps", "projection steps K", 2, 1, 100, integer=True, help="K gradients a step.")

RACERS: dict[str, Racer] = {
    racer.key: racer
    for racer in (
        Racer(
            "rbo", "rbo", "Rolling ball",
            (_RADIUS, _rate(1.0), _momentum(0.0), _K, Setting("trust", "trust", 0.5, 0.05, 1.0), _SCALE),
            "K", {"projection": "newton"},
        ),
        Racer(
            "published", "rbo", "Rolling ball, as published",
            (
                Setting("radius", "radius ρ", 0.1, 0.001, 100.0, log=True),
                _rate(6.0, high=100.0),
                Setting("n_projection_steps", "projection steps K", 20, 1, 100, integer=True),
                Setting("projection_step_size", "projection step γ", 0.01, 1e-4, 1.0, log=True),
                _SCALE,
            ),
            "K", {"projection": "gradient"},
        ),
        Racer("sgd", "sgd", "SGD", (_rate(1.0),), "1"),
        Racer("momentum", "momentum", "Momentum", (_rate(0.2), _momentum(0.9)), "1"),
        Racer("adam", "adam", "Adam", (_rate(0.01, 1e-5, 1.0),), "1"),
        Racer(
            "adamw", "adamw", "AdamW",
            (_rate(0.01, 1e-5, 1.0), Setting("weight_decay", "weight decay", 0.01, 0.0, 1.0)), "1",
        ),
        Racer(
            "sam", "sam", "SAM",
            (
                _rate(1.0),
                Setting("radius", "perturbation ρ", 0.05, 0.001, 2.0, log=True),
                _momentum(0.0),
            ), "2",
        ),
        Racer(
            "entropy_sgd", "entropy_sgd", "Entropy-SGD",
            (
                Setting("lr", "learning rate η", 1.0, 0.01, 1.0, log=True),
                Setting("n_langevin_steps", "Langevin steps L", 5, 1, 50, integer=True, help="L gradients a step."),
                Setting("langevin_lr", "Langevin rate η′", 0.3, 1e-4, 10.0, log=True),
                Setting("scope", "scope γ", 0.01, 0.0, 10.0),
                Setting("thermal_noise", "thermal noise ε", 1e-4, 0.0, 1.0),
                Setting("averaging", "averaging α", 0.75, 0.0, 1.0),
            ), "L",
        ),
    )
}  # fmt: skip
DEFAULT = ("rbo", "sgd", "momentum", "adam", "sam", "entropy_sgd")


@dataclass(frozen=True)
class Chosen:
    """A racer with its settings: what one method of a job is."""

    racer: Racer
    settings: dict[str, Any]

    @property
    def label(self) -> str:
        """What the legend calls it."""
        return self.racer.title

    @property
    def gradients_per_step(self) -> int:
        """Gradient evaluations one step costs."""
        counts = {"K": "n_projection_steps", "L": "n_langevin_steps"}
        return int(self.settings[counts[self.racer.cost]]) if self.racer.cost in counts else int(self.racer.cost)


def standard(*keys: str) -> tuple[Chosen, ...]:
    """Racers with the settings the controls offer first."""
    return tuple(
        Chosen(RACERS[k], {**RACERS[k].fixed, **{s.field: s.default for s in RACERS[k].settings}}) for k in keys
    )


def choose() -> tuple[Chosen, ...]:
    """The controls: who takes part, and each one's settings, folded."""
    names = several("Compared", "methods", {key: racer.title for key, racer in RACERS.items()}, DEFAULT)
    if not names:
        return ()
    made = []
    with st.expander("Their settings"):
        for name in names:
            racer = RACERS[name]
            st.html(f'<p class="lab-sub" style="--dot:{color(racer.method)}">{racer.title}</p>')
            made.append(Chosen(racer, {**racer.fixed, **{s.field: _draw(racer, s) for s in racer.settings}}))
    return tuple(made)


def _draw(racer: Racer, setting: Setting) -> float:
    return number(
        setting.label,
        f"{racer.key}_{setting.field}",
        setting.default,
        setting.low,
        setting.high,
        log=setting.log,
        integer=setting.integer,
        help=setting.help,
    )
