"""Controls whose values live in the page's URL and whose bad values get a message, never a traceback.

Every control returns a value that can be used: when a link holds something impossible, the control says which value,
why, and what to do, and the run goes on with its default; all other settings are kept. Numbers are in `numbers.py`.

    kind = choice("x axis", "axis", {"step": "Step", "gradients": "Gradient evaluations"})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from pages.shared.addresses import remember
from pages.shared.links import URL, note_bad_link, show_bad_link, translate_link, unknown
from pages.shared.reports import heard
from pages.shared.reports import shown as note_shown


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
    remember(key, first, label)
    note_bad_link(key, lambda text: None if text in titles or text in shown else unknown(label, text, titles))
    translate_link(key, titles)
    common: dict[str, Any] = {"format_func": titles.__getitem__, "key": key, "bind": URL, "help": help}
    common["label_visibility"] = "collapsed" if quiet else "visible"
    if kind == "segmented":
        picked = st.segmented_control(
            label, values, default=first, required=True, on_change=heard(key, on_change), **common
        )
    else:
        picked = st.selectbox(label, values, index=values.index(first), on_change=heard(key, on_change), **common)
    note_shown(key, picked)
    show_bad_link(key, picked)
    return str(picked) if picked in titles else first


def open_choice(label: str, key: str, options: Mapping[str, str]) -> str | None:
    """One of several as pills, none of them chosen at first; `options` maps the value in the URL to what is read."""
    shown = {title: value for value, title in options.items()}
    known = ", ".join(f"{key}={value} ({title})" for value, title in options.items())
    remember(key, None, label)
    note_bad_link(
        key,
        lambda text: (
            None if text in options or text in shown else f"There is no {key} {text[:40]!r}; a link may say {known}."
        ),
    )
    translate_link(key, options)
    picked = st.pills(
        label,
        list(options),
        format_func=options.__getitem__,
        key=key,
        bind=URL,
        on_change=heard(key),
        label_visibility="collapsed",
    )
    note_shown(key, picked)
    show_bad_link(key, picked)
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
    remember(key, list(default), label)
    raw = st.query_params.get_all(key) if key not in st.session_state else []
    strange = [text for text in raw if text and text not in options and text not in shown]
    if strange:
        st.session_state[f"_link_{key}"] = unknown(label, strange[0], options)
    translate_link(key, options)
    picked = st.pills(
        label,
        list(options),
        selection_mode="multi",
        default=list(default),
        format_func=options.__getitem__,
        key=key,
        bind=URL,
        help=help,
        on_change=heard(key),
        label_visibility="collapsed" if quiet else "visible",
    )
    note_shown(key, picked)
    show_bad_link(key, tuple(picked))
    return tuple(name for name in options if name in picked)


def toggle(label: str, key: str, default: bool = False, *, help: str | None = None) -> bool:
    """A switch that lives in the URL as `?key=true` or `?key=false`."""
    remember(key, default, label)
    note_bad_link(
        key, lambda text: None if text.lower() in ("true", "false") else f"{label} is true or false, got {text[:24]!r}."
    )
    value = st.toggle(label, value=default, key=key, bind=URL, help=help, on_change=heard(key))
    note_shown(key, value)
    show_bad_link(key, value)
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
    remember(key, default, label)
    typed = st.text_input(
        label,
        value=default,
        max_chars=most,
        key=key,
        bind=URL,
        live="250ms",
        placeholder=placeholder,
        help=help,
        on_change=heard(key, on_change),
    )
    note_shown(key, typed)
    return str(typed or "")


def tabs(key: str, titles: Mapping[str, str]) -> Mapping[str, Any]:
    """Tabs of which the open one stands in the URL as `?key=name`; `titles` maps the names to what is read.

    Returns:
        Name to container, whose `.open` says which one is seen.
    """
    shown = {title: name for name, title in titles.items()}
    first = next(iter(titles.values()))
    remember(key, first, "tab")
    note_bad_link(key, lambda text: None if text in titles or text in shown else unknown("The tab", text, titles))
    translate_link(key, titles)
    made = st.tabs(list(titles.values()), default=first, key=key, bind=URL)
    show_bad_link(key, st.session_state[key])
    return dict(zip(titles, made, strict=True))


def fold(label: str, key: str) -> Any:
    """A folded part of a page, whose `.open` stands in the URL as `?key=true`."""
    remember(key, False, label)
    note_bad_link(
        key, lambda text: None if text.lower() in ("true", "false") else f"{label} is true or false, got {text[:24]!r}."
    )
    made = st.expander(label, key=key, bind=URL)
    show_bad_link(key, made.open)
    return made
