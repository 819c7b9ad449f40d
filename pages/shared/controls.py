"""The controls of the lab: choose a surface, set an optimizer. The widgets themselves are in `widgets.py`.

with st.sidebar:
    group("Surface")
    surface = surface_picker(dim=1)
    group("Ball")
    ball = method_controls("rbo", dim=1)
    group("Rivals")
    rivals = rival_controls(("sgd", "sam"))
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import streamlit as st

import landscapes
import rbo_core
from pages.shared.page import LINK_VERSION
from pages.shared.widgets import URL, choice, number, several, short, toggle
from rbo_core.figures.style import LABELS, color

__all__ = [
    "RIVALS",
    "START_KEYS",
    "URL",
    "choice",
    "get_surface",
    "ground_dim",
    "link_query",
    "method_controls",
    "number",
    "rival_controls",
    "set_start",
    "several",
    "short",
    "surface_picker",
    "surface_titles",
    "toggle",
]


def surface_picker(dim: int, default: str = "wrinkled_bowl", key: str = "surface") -> landscapes.Landscape:
    """Choose a surface and its own parameters; its equation and where it comes from are folded below.

    The parameters live in the URL as `NAME_PARAMETER`, so that two surfaces never share one.
    """

    def move_start() -> None:
        # The old start may lie outside another surface; that surface's own start is the better beginning.
        set_start(get_surface(st.session_state[key], dim))

    titles = surface_titles(dim)
    name = choice("Surface", key, titles, default, on_change=move_start, quiet=True)
    parameters = landscapes.parameters(name, dim)
    values: dict[str, Any] = {}

    def draw(parameter: landscapes.Parameter) -> None:
        values[parameter.name] = number(
            parameter.label,
            f"{name}_{parameter.name}",
            parameter.default,
            parameter.low,
            parameter.high,
            log=parameter.log,
            integer=parameter.integer,
            step=parameter.step,
            help=parameter.help or None,
        )

    shape = st.expander("Its shape and equation" if parameters else "Its equation")
    with shape:
        for parameter in parameters:
            draw(parameter)
    try:
        surface = get_surface(name, dim, **values)
    except ValueError as error:
        st.error(f"{error}. Until then the picture uses the surface's own defaults.")
        surface = get_surface(name, dim)
    with shape:
        st.markdown(surface.summary)
        st.latex(surface.latex)
        st.caption(f"Lowest point: {_minimum_text(surface)}. {surface.source}")
    return surface


def ground_dim() -> int:
    """Number of parameters of the ground: a curve has one, a surface two."""
    grounds = {"curve": "Curve", "surface": "Surface"}
    return 2 if choice("Ground", "ground", grounds, kind="segmented", quiet=True) == "surface" else 1


START_KEYS: dict[int, tuple[str, ...]] = {1: ("start",), 2: ("start_x", "start_y")}


def set_start(surface: landscapes.Landscape, start: Iterable[float] | None = None) -> None:
    """Put the start's controls at `start`, by default the surface's own; in a callback or before they are drawn."""
    for name, value in zip(START_KEYS[surface.dim], surface.start if start is None else start, strict=True):
        st.session_state[name] = float(value)


def link_query(surface: landscapes.Landscape, method: Any, start: Iterable[float], **more: Any) -> dict[str, str]:
    """The address of a run on the pages Roll and Race, for `page.link`: `link("Roll", "Open it", link_query(...))`.

    more: further settings by the names of their controls (steps, seed, gradient_noise, ...).
    """
    query: dict[str, Any] = {"v": LINK_VERSION, "surface": surface.name}
    query |= {f"{surface.name}_{name}": value for name, value in surface.parameters.items()}
    query |= dict(zip(START_KEYS[surface.dim], start, strict=True))
    settings = {field.name: getattr(method, field.name) for field in fields(method)}
    if method.name == "rbo":
        own = set(_OWN_OF_PROJECTION)
        query |= {(f"{method.projection}_{k}" if k in own else k): v for k, v in settings.items()}
    else:
        query |= {"rivals": method.name, **{f"{method.name}_{k}": v for k, v in settings.items()}}
    query |= more
    return {name: str(v).lower() if isinstance(v, bool) else str(v) for name, v in query.items()}


@st.cache_resource(max_entries=64, ttl="1h", show_spinner=False)
def get_surface(name: str, dim: int, **parameters: float) -> landscapes.Landscape:
    """`landscapes.get`, built once for everyone (a landscape is frozen and safe to share)."""
    return landscapes.get(name, dim=dim, **parameters)


@st.cache_data(show_spinner=False)
def surface_titles(dim: int) -> dict[str, str]:
    """Name to title of every surface in dim parameters."""
    return {name: get_surface(name, dim).title for name in landscapes.names(dim)}


@dataclass(frozen=True)
class Setting:
    """One number of a method: its field, how it is called, and the range of its slider."""

    field: str
    label: str
    default: float
    low: float
    high: float
    log: bool = False
    integer: bool = False
    help: str | None = None


def _rate(default: float, high: float = 1.0) -> Setting:
    return Setting("learning_rate", "learning rate η", default, 1e-4, high, log=True)


_NOISE = Setting(
    "gradient_noise", "gradient noise", 0.0, 0.0, 5.0, help="Standard deviation of the noise added to every gradient."
)
_PROJECTIONS = {"rigid": "Rigid (exact)", "newton": "Newton", "gradient": "Gradient (paper)"}
_BALL = (
    Setting("radius", "radius ρ", 0.4, 0.01, 10.0, log=True, help="Wrinkles narrower than the ball cannot hold it."),
    Setting(
        "learning_rate",
        "learning rate η",
        0.01,
        1e-4,
        1.0,
        log=True,
        help="With unit speed, the length the centre moves in a step.",
    ),
    Setting("momentum", "momentum", 0.0, 0.0, 0.99, help="Inertia of the centre: 0 stops at every hold."),
)
_BALL_STEPS = Setting("n_projection_steps", "projection steps K", 2, 1, 100, integer=True, help="K gradients a step.")
_BALL_GAMMA = Setting("projection_step_size", "projection step γ", 0.01, 1e-4, 1.0, log=True)
_BALL_TRUST = Setting("trust", "trust", 0.5, 0.05, 1.0, help="How long a later Newton move may be beside the first.")
_BALL_SCALE = Setting("loss_scale", "loss scale λ", 1.0, 0.01, 100.0, log=True, help="The ball rolls on λ f.")

_OWN_OF_PROJECTION = ("n_projection_steps", "projection_step_size", "trust", "unit_speed")

SETTINGS: dict[str, tuple[Setting, ...]] = {
    "sgd": (_rate(0.01),),
    "momentum": (_rate(0.003), Setting("momentum", "momentum", 0.9, 0.0, 0.99)),
    "adam": (
        _rate(0.01),
        Setting("beta1", "β₁", 0.9, 0.0, 0.999),
        Setting("beta2", "β₂", 0.999, 0.0, 0.9999),
    ),
    "adamw": (
        _rate(0.01),
        Setting("beta1", "β₁", 0.9, 0.0, 0.999),
        Setting("beta2", "β₂", 0.999, 0.0, 0.9999),
        Setting("weight_decay", "weight decay", 0.01, 0.0, 1.0),
    ),
    "sam": (
        _rate(0.01),
        Setting("perturbation_radius", "perturbation ρ", 0.05, 0.001, 2.0, log=True),
        Setting("momentum", "momentum", 0.0, 0.0, 0.99),
    ),
    "entropy_sgd": (
        Setting("learning_rate", "learning rate η", 1.0, 0.01, 1.0, log=True, help="1 jumps to the walk's mean."),
        Setting("n_langevin_steps", "Langevin steps L", 5, 1, 50, integer=True, help="L gradients a step."),
        Setting("langevin_learning_rate", "Langevin rate η′", 0.01, 1e-4, 1.0, log=True),
        Setting("scope", "scope γ", 1.0, 0.0, 10.0, help="How strongly the walk is held to its centre."),
        Setting("thermal_noise", "thermal noise ε", 1e-3, 0.0, 1.0, help="Noise of the walk itself."),
        Setting("averaging", "averaging α", 0.75, 0.0, 1.0),
    ),
}
RIVALS: tuple[str, ...] = tuple(SETTINGS)
_CLASSES = {
    "sgd": "SGD",
    "momentum": "Momentum",
    "adam": "Adam",
    "adamw": "AdamW",
    "sam": "SAM",
    "entropy_sgd": "EntropySGD",
}


def method_controls(name: str, dim: int = 1, prefix: str | None = None, noise: float = 0.0) -> Any:
    """The controls of one optimizer, and the settings made from them.

    Args:
        name: "rbo" or one of RIVALS.
        dim: number of parameters; the rigid ball exists in 1 and 2 only.
        prefix: put before the names in the URL; by default nothing for the ball and `NAME_` for the others.
        noise: gradient noise (standard deviation), the same for all who race.

    Returns:
        A frozen dataclass of `rbo_core` (RBO, SGD, ...).
    """
    if name == "rbo":
        return _ball_controls(dim, prefix or "", noise)
    cls = getattr(rbo_core, _CLASSES[name])
    prefix = f"{name}_" if prefix is None else prefix
    values: dict[str, Any] = {setting.field: _draw(setting, prefix) for setting in SETTINGS[name]}
    if name == "momentum":
        values["nesterov"] = toggle("Nesterov", f"{prefix}nesterov", help="Look ahead before taking the gradient.")
    return _build(cls, values, noise)


def rival_controls(default: Sequence[str], noise: float = 0.0, key: str = "rivals") -> tuple[Any, ...]:
    """Choose who races the ball; each rival's own settings are folded."""
    names = several("Shown beside the ball", key, {name: LABELS[name] for name in RIVALS}, default, quiet=True)
    if not names:
        return ()
    made = []
    with st.expander("Their settings"):
        for name in names:
            st.html(f'<p class="lab-sub" style="--dot:{color(name)}">{LABELS[name]}</p>')
            made.append(method_controls(name, noise=noise))
    return tuple(made)


def noise_controls() -> tuple[float, int]:
    """Gradient noise for all, and the seed that repeats it."""
    noise = _draw(_NOISE, "")
    seed = number("seed", "seed", 0, 0, 999, integer=True, help="The same seed gives the same noise.")
    return float(noise), int(seed)


def _ball_controls(dim: int, prefix: str, noise: float) -> rbo_core.RBO:
    radius, rate, momentum = (_draw(setting, prefix) for setting in _BALL)
    allowed = {key: text for key, text in _PROJECTIONS.items() if key != "rigid" or dim <= 2}
    projection = choice(
        "projection",
        f"{prefix}projection",
        allowed,
        help="Rigid: never enters the ground. Newton: two gradients a step. Gradient: as published.",
    )
    values: dict[str, Any] = {"radius": radius, "learning_rate": rate, "momentum": momentum, "projection": projection}
    with st.expander("Advanced"):
        # Each projection keeps its own values: what suits one (unit speed, K) is not what suits another.
        own = f"{prefix}{projection}_"
        if projection == "gradient":
            values["n_projection_steps"] = _draw(_BALL_STEPS, own, default=20)
            values["projection_step_size"] = _draw(_BALL_GAMMA, own)
        if projection == "newton":
            values["n_projection_steps"] = _draw(_BALL_STEPS, own)
            values["trust"] = _draw(_BALL_TRUST, own)
        values["unit_speed"] = toggle(
            "unit speed",
            f"{own}unit_speed",
            projection == "rigid",
            help="Divide the step by the length of the tangent, so that η is a length.",
        )
        values["loss_scale"] = _draw(_BALL_SCALE, prefix)
    return _build(rbo_core.RBO, values, noise)


def _draw(setting: Setting, prefix: str, default: float | None = None) -> float:
    return number(
        setting.label,
        f"{prefix}{setting.field}",
        setting.default if default is None else default,
        setting.low,
        setting.high,
        log=setting.log,
        integer=setting.integer,
        help=setting.help,
    )


def _fields(cls: type) -> set[str]:
    return {field.name for field in fields(cls)}


def _build(cls: Any, values: dict[str, Any], noise: float) -> Any:
    """The settings as a dataclass; what it refuses is said, and its defaults take over."""
    if "gradient_noise" in _fields(cls):
        values = {**values, "gradient_noise": noise}
    try:
        return cls(**values)
    except ValueError as error:
        st.error(f"{error}. Until then the picture uses the defaults.")
        return cls(learning_rate=values["learning_rate"])


def _minimum_text(surface: landscapes.Landscape) -> str:
    at = ", ".join(short(float(x)) for x in np.atleast_1d(surface.minimum.x))
    return f"{short(float(surface.minimum.value))} at ({at}), {surface.minimum.certified}"
