"""The shell every page opens with: configuration, menu, spacing, messages, and the cache settings.

A page stands alone, so its first lines are

    from pages.shared.page import how_it_works, open_page

    open_page("Roll", "Watch which hills hold the ball back.")
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from pages.shared import errors
from pages.shared.addresses import arrive, last_address
from pages.shared.chrome import chrome
from pages.shared.errors import escaped
from pages.shared.errors import show_error as show_error
from pages.shared.first_paint import STYLE
from pages.shared.terms import explained, told_in

# Defaults vanish from the URL, so a link carries the version whose defaults it relied on.
LINK_VERSION = "1"
ROOT = Path(__file__).resolve().parents[2]
_TOLD = "_told_in_the_head"  # the terms that the page's head explains
NETWORK_PAGES = ("Train", "Network landscape", "Network phases", "Results")

_F = TypeVar("_F", bound=Callable[..., Any])


def open_page(title: str, caption: str, icon: str | None = None, heading: str | None = None) -> None:
    """Configure the page, draw the menu and the head; call it first, once.

    Args:
        title: the page's name, as in the menu.
        caption: one sentence on what to look at.
        icon: a page icon as `st.set_page_config` takes it; the default is a ball.
        heading: what stands at the top, if not the title.
    """
    errors.install()
    arrive(title)
    st.set_page_config(page_title=f"{title} · Rolling-ball lab", page_icon=icon or _ball_icon(), layout="wide")
    st.html(STYLE)
    with st.sidebar:
        _menu()
    st.session_state[_TOLD] = told_in(caption)
    with st.container(key=f"head_{title.lower().replace(' ', '_')}"):
        st.html(f'<div class="lab-head"><h1>{heading or title}</h1><p>{caption}</p></div>')
    chrome(LINK_VERSION)
    _check_link_version()


def is_dark() -> bool:
    """Whether the visitor sees the dark theme (for Plotly figures; the player reads the theme itself)."""
    return st.context.theme.type == "dark"


def group(title: str) -> None:
    """A heading for a group of controls in the sidebar (Surface, Ball, Rivals)."""
    st.html(f'<p class="lab-group">{title}</p>')


def put_away(*keys: str) -> None:
    """Take containers out of sight whose controls keep their values."""
    if keys:
        hidden = ", ".join(f".st-key-{key}" for key in keys)
        st.html(f"<style>{hidden} {{display: none;}}</style>")


def sentence(text: str, **attributes: str) -> None:
    """The sentence under the plot that says what happened (HTML; escape what a visitor typed).

    attributes become `data-*` attributes, for scripts that read the page. A term that the page's head does not explain
    (`pages/shared/terms.py`) explains itself where it first stands.
    """
    text = explained(text, st.session_state.get(_TOLD, ()))
    data = "".join(f' data-{name}="{value}"' for name, value in attributes.items())
    st.html(f'<p class="lab-said" role="status"{data}>{text}</p>')


def readouts(items: Iterable[tuple[str, str, str]], name: str, least: str = "7.4rem", head: str = "") -> None:
    """A row of numbers: (what it is, its value, what stands small beside it).

    least: width of one, as CSS has it; head: HTML that stands above.
    """
    told = st.session_state.get(_TOLD, ())
    cells = "".join(
        f"<div><span>{explained(what, told)}</span><b>{value}{f' <i>{beside}</i>' if beside else ''}</b></div>"
        for what, value, beside in items
    )
    st.html(f'{head}<div class="lab-read" style="--least: {least}" data-testid="{name}-readouts">{cells}</div>')


def how_it_works(markdown: str) -> None:
    """The folded explanation: the equations, and what to try."""
    with st.expander("How this works"):
        st.markdown(markdown)


def cached(function: _F) -> _F:
    """`st.cache_data` with the lab's limits. Cache compact arrays, not figures; the arguments must hash."""
    keep = st.cache_data(max_entries=64, max_size="200MB", ttl="1h", show_spinner=False)
    return cast(_F, keep(function))


@cache
def page_files() -> dict[str, Path]:
    """The pages that exist, title to file, in the order of their numbers."""
    files = sorted((ROOT / "pages").glob("[0-9]*_*.py"), key=lambda file: int(file.stem.split("_")[0]))
    return {page_title(file): file for file in files}


def page_title(file: Path) -> str:
    """`pages/6_Network_landscape.py` → "Network landscape"."""
    return re.sub(r"^\d+_", "", file.stem).replace("_", " ")


def link(title: str, label: str | None = None, query: Mapping[str, str | list[str]] | None = None) -> None:
    """A link to a page by its title; nothing when the page does not exist. query: settings the page opens with."""
    file = page_files().get(title)
    if file is not None:
        _page_link(_relative(file), label or title, query)


def card(title: str, text: str, told: Collection[str] = ()) -> None:
    """A page's name, as a link, over a line that says what one sees there. told: terms explained above it."""
    with st.container(border=True, height="stretch", gap="xxsmall", key=f"card_{title}"):
        link(title)
        st.html(f'<p class="lab-card">{explained(text, told)}</p>')


def _relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def _page_link(file: str, label: str, query: Mapping[str, str | list[str]] | None = None) -> None:
    try:
        st.page_link(file, label=label, query_params=dict(query or {"v": LINK_VERSION}))
    except StreamlitPageNotFoundError:
        st.caption(label)  # A page file run by itself (`streamlit run pages/1_Roll.py`) knows no other pages.


def _menu() -> None:
    files = page_files()
    right_hand = (*NETWORK_PAGES, "Lessons")
    surfaces = {name: file for name, file in files.items() if name not in right_hand}
    networks = {name: file for name, file in files.items() if name in right_hand}
    st.html('<p class="lab-brand">Rolling-ball lab</p>')
    with st.container(key="menu_pages"):
        left, right = st.columns([1, 1.35])
        with left:
            _page_link("app.py", "Home", last_address("Home"))
            for name, file in surfaces.items():
                _page_link(_relative(file), name, last_address(name))
        with right:
            for name, file in networks.items():
                _page_link(_relative(file), name, last_address(name))


def _check_link_version() -> None:
    found = st.query_params.get("v")
    if found is not None and found != LINK_VERSION:
        st.warning(
            f"This link was made for version {escaped(repr(found[:12]))} of the lab's links and this is version "
            f"{LINK_VERSION}: "
            "a setting it leaves out may have another default here. Check the settings before you rely on the picture.",
        )


def _ball_icon() -> str:
    # A file of our own: the icon fonts of `:material/...:` favicons come from the network.
    return str(Path(__file__).with_name("icon.svg"))
