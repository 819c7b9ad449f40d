"""Controls whose values live in the page's URL and whose bad values get a message, never a traceback.

Every control returns a value that can be used: when a visitor types, or a link holds, something impossible, the control
says which value, why, and what to do, and the run goes on with the last good value; all other settings are kept.

    radius = number("radius ρ", "radius", 0.4, Scale(0.01, 10.0, log=True))
    kind = choice("x axis", "axis", {"step": "Step", "gradients": "Gradient evaluations"})
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from pages.shared.errors import escaped
from rbo_core.figures.words import short

if TYPE_CHECKING:  # Home waits neither for NumPy nor for numba, which comes with the surfaces
    from landscapes import Parameter

URL: Literal["query-params"] = "query-params"
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
    _remember(key, scale.of_kind(default))
    _note_bad_link(key, lambda text: _text_problem(label, text, accepted, whole))
    with st.container(key=f"pair_{key}"):
        left, right = st.columns([2.4, 1])
        typed = right.number_input(
            label,
            value=scale.of_kind(default),
            step=scale.box_step,
            format="%d" if whole else "%.6g",
            key=key,
            bind=URL,
            label_visibility="collapsed",
            on_change=on_change,
        )
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
        _show_bad_link(key, typed)
    return scale.of_kind(good)


def _draw_slider(
    label: str, key: str, scale: Scale, good: float, help: str | None, on_change: Callable[[], None] | None
) -> None:
    """The slider at the value next to the box's."""
    options = scale.options

    def from_slider() -> None:
        picked = st.session_state[_slider_key(key)]
        now = st.session_state[key]
        if now is not None and picked == _nearest(options, now):
            return  # a slider that was drawn anew reports its grid; the box's exact value is the one that was meant
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
        label, options, value=first, key=_slider_key(key), format_func=_shown, help=help, on_change=from_slider
    )


def linked_number(label: str, key: str, default: float, low: float, high: float) -> float:
    """A number that lives in the URL alone (`?key=value`), for a page that sets it in its picture by `link_number`."""
    text = st.query_params.get(key)
    if text is None:
        return default
    problem = _text_problem(label, text, (low, high), False)
    problem = problem or _number_problem(label, float(text), (low, high), False, False)
    if problem is not None:
        st.error(f"{problem} Until then the picture uses {short(default)}.")
        return default
    return float(text)


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


def choice(
    label: str,
    key: str,
    options: Mapping[str, str] | Sequence[str],
    default: str | None = None,
    *,
    kind: Literal["select", "segmented"] = "select",
    help: str | None = None,
    on_change: Callable[[], None] | None = None,
    quiet: bool = False,
) -> str:
    """One of several; `options` maps the value (as in the URL) to what people read, or lists the values.

    quiet: the label is for screen readers only, because what stands around the control says the same.
    """
    titles = dict(options) if isinstance(options, Mapping) else {o: o for o in options}
    values = list(titles)
    first = default if default in titles else values[0]
    shown = {title: value for value, title in titles.items()}
    _remember(key, first)
    _note_bad_link(key, lambda text: None if text in titles or text in shown else _unknown(label, text, titles))
    _translate_link(key, titles)
    common: dict[str, Any] = {"format_func": titles.__getitem__, "key": key, "bind": URL, "help": help}
    common["label_visibility"] = "collapsed" if quiet else "visible"
    if kind == "segmented":
        picked = st.segmented_control(label, values, default=first, required=True, on_change=on_change, **common)
    else:
        picked = st.selectbox(label, values, index=values.index(first), on_change=on_change, **common)
    _show_bad_link(key, picked)
    return str(picked) if picked in titles else first


def open_choice(label: str, key: str, options: Mapping[str, str]) -> str | None:
    """One of several as pills, none of them chosen at first; `options` maps the value in the URL to what is read."""
    shown = {title: value for value, title in options.items()}
    _remember(key, None)
    _note_bad_link(key, lambda text: None if text in options or text in shown else _unknown(label, text, options))
    _translate_link(key, options)
    picked = st.pills(
        label, list(options), format_func=options.__getitem__, key=key, bind=URL, label_visibility="collapsed"
    )
    _show_bad_link(key, picked)
    return picked if picked in options else None


def several(
    label: str,
    key: str,
    options: Mapping[str, str],
    default: Sequence[str],
    *,
    help: str | None = None,
    quiet: bool = False,
) -> tuple[str, ...]:
    """Any number of options, as pills; the order is that of `options`. quiet: as in `choice`."""
    shown = {title: value for value, title in options.items()}
    _remember(key, list(default))
    raw = st.query_params.get_all(key) if key not in st.session_state else []
    unknown = [text for text in raw if text and text not in options and text not in shown]
    if unknown:
        st.session_state[f"_link_{key}"] = _unknown(label, unknown[0], options)
    _translate_link(key, options)
    picked = st.pills(
        label,
        list(options),
        selection_mode="multi",
        default=list(default),
        format_func=options.__getitem__,
        key=key,
        bind=URL,
        help=help,
        label_visibility="collapsed" if quiet else "visible",
    )
    _show_bad_link(key, tuple(picked))
    return tuple(name for name in options if name in picked)


def toggle(label: str, key: str, default: bool = False, *, help: str | None = None) -> bool:
    """A switch that lives in the URL as `?key=true` or `?key=false`."""
    _remember(key, default)
    _note_bad_link(
        key, lambda text: None if text.lower() in ("true", "false") else f"{label} is true or false, got {text[:24]!r}."
    )
    value = st.toggle(label, value=default, key=key, bind=URL, help=help)
    _show_bad_link(key, value)
    return value


def text(
    label: str,
    key: str,
    default: str,
    *,
    placeholder: str | None = None,
    most: int = 1000,
    help: str | None = None,
    on_change: Callable[[], None] | None = None,
) -> str:
    """A line of text, read while the visitor types (a quarter of a second after the last key); `?key=…` in the URL."""
    _remember(key, default)
    typed = st.text_input(
        label,
        value=default,
        max_chars=most,
        key=key,
        bind=URL,
        live="250ms",
        placeholder=placeholder,
        help=help,
        on_change=on_change,
    )
    return str(typed or "")


def set_controls(values: Mapping[str, Any]) -> None:
    """Give controls these values and all others their defaults; call it in a callback, before they are drawn."""
    for key, default in st.session_state.get("_defaults", {}).items():
        st.session_state[key] = default
    for key, value in values.items():
        st.session_state[key] = value
    for key in [name for name in st.session_state if str(name).startswith(("_good_", "_link_"))]:
        del st.session_state[key]


def _remember(key: str, default: Any) -> None:
    st.session_state.setdefault("_defaults", {})[key] = default


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


def _text_problem(label: str, text: str, accepted: tuple[float, float], integer: bool) -> str | None:
    """What is wrong with a number in a link; its size is checked with the box's value, if a box can hold it."""
    kind = "whole" if integer else "finite"
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    sound = math.isfinite(value) and (not integer or (value == round(value) and abs(value) < 2**53))
    low, high = accepted
    return None if sound else f"{label} must be a {kind} number from {short(low)} to {short(high)}, got {text[:24]!r}."


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


def _unknown(label: str, text: str, titles: Mapping[str, str]) -> str:
    known = ", ".join(titles.values())
    return f"{label} {text[:40]!r} is unknown. Choose one of: {known}."


def _note_bad_link(key: str, problem: Callable[[str], str | None]) -> None:
    """Remember what a link got wrong, and take it out of the address.

    Streamlit itself would drop a bad value without a word, or, at an infinite whole number, stop with a traceback. It
    reads the address only when a widget first appears, so the run begins again.
    """
    if key in st.session_state:
        return
    text = st.query_params.get(key)
    said = problem(text) if text is not None else None
    if said is not None:
        st.session_state[f"_link_{key}"] = said
        del st.query_params[key]
        st.rerun()


def _show_bad_link(key: str, value: Any) -> None:
    """Say what the link got wrong, until the visitor changes this control."""
    said, seen = f"_link_{key}", f"_link_{key}_value"
    if said not in st.session_state:
        return
    if st.session_state.setdefault(seen, value) != value:
        del st.session_state[said], st.session_state[seen]
        return
    st.error(escaped(st.session_state[said]))


def _translate_link(key: str, titles: Mapping[str, str]) -> None:
    """Let a link say the value (`wrinkled_bowl`) where Streamlit expects the shown text (`Wrinkled bowl`).

    Streamlit reads the address only when a widget first appears, so the address is put right and the run begun again.
    """
    if key in st.session_state:
        return
    raw = st.query_params.get_all(key)
    wanted = [titles.get(text, text) for text in raw]
    if wanted != raw:
        st.query_params[key] = wanted if len(wanted) > 1 else wanted[0]
        st.rerun()
