"""A number's control: a slider, and a box whose exact value stands in the page's URL.

Whatever a visitor types or a link holds, `number` returns a value that can be used; what is impossible is named, with
the remedy, and the last good value stays.

    radius = number("radius ρ", "radius", 0.4, Scale(0.01, 10.0, log=True))
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.shared.addresses import remember, take_address
from pages.shared.errors import escaped
from pages.shared.links import URL, note_bad_link, show_bad_link
from pages.shared.reports import heard, last_shown, set_by_hand, shown
from pages.shared.typed import read
from rbo_core.figures.words import short

if TYPE_CHECKING:  # Home waits neither for NumPy nor for numba, which comes with the surfaces
    from landscapes import Parameter

_POINTS_PER_DECADE = 24


@dataclass(frozen=True)
class Scale:
    """The values of a number's control.

    low, high: the slider's range. log: gone through in equal ratios (needs low > 0). integer: whole numbers only. step:
    between the slider's places; None for one that suits the range. limits: what the box accepts, wider than the slider
    if need be; None for the slider's own range.
    """

    low: float
    high: float
    log: bool = False
    integer: bool = False
    step: float | None = None
    limits: tuple[float, float] | None = None

    @property
    def accepted(self) -> tuple[float, float]:
        """What the box accepts."""
        return (float(self.low), float(self.high)) if self.limits is None else self.limits

    @property
    def options(self) -> list[float]:
        """The places of the slider."""
        return _grid(float(self.low), float(self.high), self.log, self.integer, self.step)

    @property
    def box_step(self) -> float:
        """How far the box's plus and minus go."""
        return 1 if self.integer else step_of(float(self.low), float(self.high), self.log, self.step)

    def of_kind(self, value: float) -> float:
        """The value as the box has it: whole or not."""
        return int(value) if self.integer else float(value)


def number(
    label: str,
    key: str,
    default: float,
    scale: Scale,
    *,
    help: str | None = None,
    on_change: Callable[[], None] | None = None,
) -> float:
    """A slider with a box for the exact value; the box is what the URL holds (`?key=value`).

    Args:
        label: what it is, with its unit where it has one.
        key: its name in the URL and in the session.
        default: its value when the URL says nothing.
        on_change: called when the visitor changes it.

    Returns:
        The value, or the last good one when the box holds something impossible (the message says so).
    """
    accepted, whole = scale.accepted, scale.integer
    remember(key, scale.of_kind(default), label)
    note_bad_link(key, lambda text: _text_problem(label, text, accepted, whole))
    _put_right(key, whole)
    with st.container(key=f"pair_{key}"):
        left, right = st.columns([2.4, 1])
        typed = right.number_input(
            label,
            value=scale.of_kind(default),
            step=scale.box_step,
            format="%d" if whole else "%.6g",
            key=key,
            bind=URL,
            placeholder="whole number" if whole else "number",  # chrome/typed.js reads what is typed by it
            label_visibility="collapsed",
            on_change=heard(key, on_change),
        )
        shown(key, typed)
        problem = _number_problem(label, typed, accepted, whole, scale.log)
        good = st.session_state.get(f"_good_{key}", float(default))
        if problem is None:
            good = float(typed)
            st.session_state[f"_good_{key}"] = good
        with left:
            _draw_slider(label, key, scale, good, help, on_change)
    if problem is not None:
        st.error(f"{escaped(problem)} Until then the picture uses {short(good)}.")
    else:
        show_bad_link(key, typed)
    return scale.of_kind(good)


def _draw_slider(
    label: str, key: str, scale: Scale, good: float, help: str | None, on_change: Callable[[], None] | None
) -> None:
    """The slider at the value next to the box's."""
    options = scale.options

    def from_slider() -> None:
        picked = st.session_state[_slider_key(key)]
        now = last_shown(key, st.session_state[key])
        if now is not None and picked == _nearest(options, now):
            return  # a slider that was drawn anew reports its grid; the box's exact value is the one that was meant
        set_by_hand(key)
        st.session_state[key] = scale.of_kind(picked)
        if on_change is not None:
            on_change()

    nearest = _nearest(options, good)
    count, first = st.session_state.get(f"_sliders_{key}", (0, None))
    if first not in options or st.session_state.get(_slider_key(key)) != nearest:
        # A new slider: were the old one moved, a browser that has not heard of it yet would report its old place as
        # the visitor's wish, and the value just typed would be lost.
        count, first = count + (first is not None), nearest
        st.session_state[f"_sliders_{key}"] = (count, first)
    st.select_slider(
        label,
        options,
        value=first,
        key=_slider_key(key),
        format_func=_shown,
        help=help,
        on_change=heard(_slider_key(key), from_slider),
    )


def linked_number(label: str, key: str, default: float, low: float, high: float) -> float:
    """A number that lives in the URL alone (`?key=value`), for a page that sets it in its picture by `link_number`."""
    text = st.query_params.get(key)
    if text is None:
        return default
    problem = _text_problem(label, text, (low, high), False)
    value = default if problem else read(text, False)
    problem = problem or _number_problem(label, value, (low, high), False, False)
    if problem is not None:
        st.error(f"{escaped(problem)} Until then the picture uses {short(default)}.")
        return default
    return value


def link_number(key: str, value: float, default: float) -> None:
    """Put a number into the URL, in a callback; as everywhere, a default is left out."""
    if value == default:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = f"{value:.6g}"


def _nearest(options: Sequence[float], value: float) -> float:
    """The place of the slider closest to a value; of two equally close ones the smaller. options: ascending."""
    above = bisect_left(options, value)
    return min(options[max(above - 1, 0) : above + 1], key=lambda option: abs(option - value))


def _slider_key(key: str) -> str:
    count, _ = st.session_state.get(f"_sliders_{key}", (0, None))
    return f"{key}_slider" + (f"_{count}" if count else "")


def slider(parameter: Parameter, key: str, on_change: Callable[[], None] | None = None) -> float:
    """The control of a surface's parameter."""
    return number(
        parameter.label,
        key,
        parameter.default,
        Scale(
            parameter.low,
            parameter.high,
            log=parameter.log,
            integer=parameter.integer,
            step=parameter.step,
            limits=parameter.limits,
        ),
        help=parameter.help or None,
        on_change=on_change,
    )


def step_of(low: float, high: float, log: bool, step: float | None) -> float:
    """The step of the box's arrows, for a slider from low to high."""
    if step is not None and step > 0:
        return float(step)
    return float(10 ** math.floor(math.log10((high - low) / 50))) if not log else float(low)


_shown = lru_cache(maxsize=8192)(short)  # a slider formats all its places at every run


@lru_cache(maxsize=512)
def _grid(low: float, high: float, log: bool, integer: bool, step: float | None) -> list[float]:
    if log:
        import numpy as np  # Home has no slider, and does not wait for it

        count = max(2, round(_POINTS_PER_DECADE * math.log10(high / low)) + 1)
        raw = np.geomspace(low, high, count)
        rounded = np.unique(np.round(raw)) if integer else [float(f"{value:.2g}") for value in raw]
        return sorted({float(value) for value in rounded} | {low, high})
    step = 1.0 if integer and step is None else step_of(low, high, False, step)
    count = max(1, math.floor((high - low) / step + 1e-9))
    values = [float(f"{low + i * step:.10g}") for i in range(count + 1)]
    return values if math.isclose(values[-1], high) else [*values, high]


def _text_problem(label: str, text: str, accepted: tuple[float, float], whole: bool) -> str | None:
    """What is wrong with a number in a link; its size is checked with the box's value, if a box can hold it."""
    try:
        read(text, whole)
    except ValueError as problem:
        low, high = accepted
        kind = "whole" if whole else "finite"
        said = f"{label} must be a {kind} number from {short(low)} to {short(high)}, got {text[:24]!r}"
        return f"{said}, which {problem}." if "may be" in str(problem) else f"{said}."
    return None


def _put_right(key: str, whole: bool) -> None:
    """Let a link say a number as people write it (0,3) where Streamlit expects 0.3."""
    text = st.query_params.get(key) if key not in st.session_state else None
    if text is None:
        return
    value = read(text, whole)
    wanted = f"{value:.0f}" if whole else repr(value)
    try:
        known = (int if whole else float)(text) == value
    except ValueError:
        known = False
    if not known:
        st.query_params[key] = wanted
        take_address()


def _number_problem(label: str, value: Any, accepted: tuple[float, float], integer: bool, log: bool) -> str | None:
    """What is wrong with a value, with the remedy; None when nothing is."""
    if value is None or not math.isfinite(value):
        return f"{label} must be a finite number, got {value}."
    low, high = accepted
    if log and value <= 0:
        return f"{label} must be positive, got {short(value)}: type a number from {short(low)} to {short(high)}."
    if not low <= value <= high:
        return f"{label} must lie between {short(low)} and {short(high)}, got {short(value)}."
    if integer and value != round(value):
        return f"{label} must be a whole number, got {short(value)}."
    return None
