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

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import streamlit as st

import landscapes
import rbo_core
from landscapes.registry import definition_of
from pages.shared import shipped
from pages.shared.drawing import drawing_picker
from pages.shared.errors import show_error
from pages.shared.formula import formula_picker
from pages.shared.height_map import map_picker
from pages.shared.links import URL
from pages.shared.numbers import Scale, number, slider
from pages.shared.page import LINK_VERSION
from pages.shared.widgets import choice, several, toggle
from rbo_core import METHODS
from rbo_core.figures.style import color, label
from rbo_core.figures.words import short
from rbo_core.rolling import OWN, PROJECTIONS
from rbo_core.settings import Setting, Value, settings_of

_BALL = {one.name: one for one in settings_of(rbo_core.RBO)}

__all__ = [
    "START_KEYS",
    "URL",
    "choice",
    "draw",
    "get_surface",
    "ground_dim",
    "link_query",
    "method_controls",
    "number",
    "rival_controls",
    "rivals",
    "set_start",
    "several",
    "short",
    "surface_picker",
    "surface_titles",
    "toggle",
]


def surface_picker(
    dim: int,
    default: str = "wrinkled_bowl",
    key: str = "surface",
    begins: Mapping[str, Callable[[landscapes.Landscape], Any]] | None = None,
) -> landscapes.Landscape:
    """Choose a surface and its own parameters; its equation and where it comes from are folded below.

    The parameters live in the URL as `NAME_PARAMETER`, so that two surfaces never share one. begins: controls with
    what another surface sets them to, beside the start.
    """

    def begin(chosen: landscapes.Landscape) -> None:
        set_start(chosen)
        for name, value in (begins or {}).items():
            st.session_state[name] = value(chosen)

    def move_start() -> None:
        # Another surface has its own place and radius at which ball and point part.
        begin(get_surface(st.session_state[key], dim))

    titles = surface_titles(dim)
    name = choice("Surface", key, titles, default, on_change=move_start, quiet=True)
    if name == "formula":
        return formula_picker(dim, set_start)  # it changes at every key: the radius stays
    if name == "drawing":
        return drawing_picker()
    if name == "map":
        return map_picker(dim, begin)
    parameters = landscapes.parameters(name, dim)
    values: dict[str, Any] = {}

    shape = st.expander("Its shape and equation" if parameters else "Its equation")
    with shape:
        for parameter in parameters:
            if isinstance(parameter, landscapes.Parameter):
                values[parameter.name] = slider(parameter, f"{name}_{parameter.name}")
    try:
        surface = get_surface(name, dim, **values)
    except ValueError as error:
        show_error(f"{error}. Until then the picture uses the surface's own defaults.")
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


def first_radius(surface: landscapes.Landscape) -> float:
    """The radius with which a ball starts on this surface, within the control's range."""
    ends = _BALL["radius"]
    return min(max(float(surface.radius), float(ends.low or 0)), float(ends.high or math.inf))


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
        query |= {(f"{method.projection}_{k}" if k in OWN else k): v for k, v in settings.items()}
    else:
        query |= {"rivals": method.name, **{f"{method.name}_{k}": v for k, v in settings.items()}}
    query |= more
    return {name: str(v).lower() if isinstance(v, bool) else str(v) for name, v in query.items()}


@st.cache_resource(max_entries=64, ttl="1h", show_spinner=False)
def get_surface(name: str, dim: int, **parameters: float) -> landscapes.Landscape:
    """`landscapes.get`, built once for everyone (a landscape is frozen and safe to share)."""
    return shipped.known(landscapes.get(name, dim=dim, **parameters))


@st.cache_data(show_spinner=False)
def surface_titles(dim: int) -> dict[str, str]:
    """Name to title of every surface in dim parameters; none is built for it: a formula would be compiled."""
    return {name: definition_of(name, dim).title for name in landscapes.names(dim)}


FIRST: dict[str, dict[str, Value]] = {"momentum": {"learning_rate": 0.003}}
"""What the controls offer first, where it is not the method's own default."""


def method_controls(
    name: str, dim: int = 1, prefix: str | None = None, noise: float = 0.0, radius: float | None = None
) -> Any:
    """The controls of one optimizer, and the settings made from them.

    Args:
        name: of `rbo_core.METHODS`.
        dim: number of parameters; the rigid ball exists in 1 and 2 only.
        prefix: put before the names in the URL; by default nothing for the ball and `NAME_` for the others.
        noise: gradient noise (standard deviation), the same for all who race.
        radius: the ball's at first, where it is not the setting's own.

    Returns:
        A frozen dataclass of `rbo_core` (RBO, SGD, ...).
    """
    if name == "rbo":
        return _ball_controls(dim, prefix or "", noise, radius)
    cls = METHODS[name]
    prefix = f"{name}_" if prefix is None else prefix
    first = FIRST.get(name, {})
    known = [one for one in settings_of(cls) if one.shown and one.name != "gradient_noise"]
    return _build(cls, {one.name: draw(one, f"{prefix}{one.name}", first.get(one.name)) for one in known}, noise)


def rivals() -> dict[str, str]:
    """Name to label of the methods that can race the ball."""
    return {name: label(name) for name in METHODS if name != "rbo"}


def rival_controls(default: Sequence[str], noise: float = 0.0, key: str = "rivals") -> tuple[Any, ...]:
    """Choose who races the ball; each rival's own settings are folded."""
    names = several("Shown beside the ball", key, rivals(), default, quiet=True)
    if not names:
        return ()
    made = []
    with st.expander("Their settings"):
        for name in names:
            st.html(f'<p class="lab-sub" style="--dot:{color(name)}">{label(name)}</p>')
            made.append(method_controls(name, noise=noise))
    return tuple(made)


def draw(setting: Setting, key: str, first: Value | None = None) -> Any:
    """The control of a setting: a slider, a switch or a choice. first: its value at first, by default the setting's."""
    value = setting.default if first is None else first
    help = setting.help or None
    if setting.choices:
        return choice(setting.label, key, setting.choices, str(value), help=help)
    if setting.kind is bool:
        return toggle(setting.label, key, bool(value), help=help)
    assert setting.low is not None and setting.high is not None  # what has no range is not shown
    drawn = number(
        setting.label,
        key,
        float(value),
        Scale(setting.low, setting.high, log=setting.log, integer=setting.integer),
        help=help,
    )
    return int(drawn) if setting.integer else drawn


def noise_controls() -> tuple[float, int]:
    """Gradient noise for all, and the seed that repeats it."""
    noise = draw(_BALL["gradient_noise"], "gradient_noise")
    seed = number("seed", "seed", 0, Scale(0, 999, integer=True), help="The same seed gives the same noise.")
    return float(noise), int(seed)


def _ball_controls(dim: int, prefix: str, noise: float, radius: float | None) -> rbo_core.RBO:
    shown = [one for name, one in _BALL.items() if name not in ("projection", "gradient_noise")]
    first = {} if radius is None else {"radius": radius}
    values = {one.name: draw(one, f"{prefix}{one.name}", first.get(one.name)) for one in shown if not one.advanced}
    allowed = {
        name: one.title
        for name, one in PROJECTIONS.items()
        if one.most_parameters is None or dim <= one.most_parameters
    }
    projection = choice("projection", f"{prefix}projection", allowed, help=_BALL["projection"].help)
    own = PROJECTIONS[projection].own
    with st.expander("Advanced"):
        for one in shown:
            # Each projection keeps its own values: what suits one (unit speed, K) is not what suits another.
            if one.name in own:
                values[one.name] = draw(one, f"{prefix}{projection}_{one.name}", own[one.name])
            elif one.advanced and one.name not in OWN:
                values[one.name] = draw(one, f"{prefix}{one.name}")
    return _build(rbo_core.RBO, {**values, "projection": projection}, noise)


def _build(cls: Any, values: dict[str, Any], noise: float) -> Any:
    """The settings as a dataclass; what it refuses is said, and its defaults take over."""
    try:
        return cls(**values, gradient_noise=noise)
    except ValueError as error:
        show_error(f"{error}. Until then the picture uses the defaults.")
        return cls(learning_rate=values["learning_rate"])


def _minimum_text(surface: landscapes.Landscape) -> str:
    at = ", ".join(short(float(x)) for x in np.atleast_1d(surface.minimum.x))
    return f"{short(float(surface.minimum.value))} at ({at}), {surface.minimum.certified}"
