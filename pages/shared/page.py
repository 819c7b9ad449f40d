"""The shell every page opens with: configuration, menu, spacing, messages, and the cache settings.

A page stands alone, so its first lines are

    from pages.shared.page import how_it_works, open_page

    open_page("Roll", "Watch which hills hold the ball back.")
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

# Defaults vanish from the URL, so a link carries the version whose defaults it relied on.
LINK_VERSION = "1"
ROOT = Path(__file__).resolve().parents[2]
NETWORK_PAGES = ("Train", "Network landscape", "Network phases", "Results")

_F = TypeVar("_F", bound=Callable[..., Any])

_CSS = """
<style>
[data-testid="stMainBlockContainer"] {padding: 1.1rem 2rem 2rem; max-width: 1500px;}
[data-testid="stHeader"] {background: transparent; height: 2.6rem; min-height: 2.6rem; pointer-events: none;}
[data-testid="stHeader"] button, [data-testid="stHeader"] a {pointer-events: auto;}
[data-testid="stMainBlockContainer"] > div > [data-testid="stVerticalBlock"],
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] {gap: 0.6rem;}
.lab-head {display: flex; align-items: baseline; gap: 0.9rem; flex-wrap: wrap; margin: 0;}
.lab-head h1 {font-size: 1.45rem; font-weight: 650; letter-spacing: -0.01em; padding: 0; margin: 0;}
.lab-head p {margin: 0; font-size: 1rem; opacity: 0.78; line-height: 1.4;}
[data-testid="stSidebarHeader"] {height: 2.2rem; min-height: 2.2rem; margin-bottom: 0; padding-top: 0.5rem;}
[data-testid="stSidebarUserContent"] {padding-top: 0; padding-bottom: 0.6rem; margin-top: -1.15rem;}
[data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] {gap: 0.26rem;}
[class*="st-key-menu_"] [data-testid="stPageLink"] a {padding: 0.05rem 0.4rem; min-height: 0; height: 1.55rem;
  margin: 0;}
[class*="st-key-menu_"] [data-testid="stElementContainer"] {height: 1.6rem; margin: 0;}
[data-testid="stSidebar"] [data-testid="stPageLink"] p {font-size: 0.9rem; white-space: nowrap;}
.lab-brand {font-weight: 650; font-size: 1.02rem; letter-spacing: -0.01em; margin: 0;}
.lab-group {font-size: 0.74rem; font-weight: 650; letter-spacing: 0.09em; text-transform: uppercase; opacity: 0.62;
  margin: 0.35rem 0 0; padding-top: 0.4rem; border-top: 1px solid rgba(128, 136, 150, 0.28); line-height: 1.2;}
.lab-menu {font-size: 0.7rem; font-weight: 600; letter-spacing: 0.07em; text-transform: uppercase; opacity: 0.55;
  margin: 0.35rem 0 0 0.4rem;}
.lab-said {font-size: 1.02rem; line-height: 1.45; margin: 0.15rem 0 0;}
[data-testid="stSidebar"] [data-testid="stWidgetLabel"] p {font-size: 0.86rem;}
[data-testid="stSidebar"] [data-testid="stAlert"] [data-testid="stMarkdownContainer"] p {font-size: 0.86rem;}
[class*="st-key-pair_"] [data-testid="stSliderThumbValue"],
[class*="st-key-pair_"] [data-testid="stSliderTickBar"] {display: none;}
[class*="st-key-pair_"] [data-testid="stHorizontalBlock"] {gap: 0.7rem; align-items: flex-end; flex-wrap: nowrap;}
[class*="st-key-pair_"] [data-testid="stSlider"] > div:last-child {padding-top: 0; padding-bottom: 0; height: 1.6rem;}
[class*="st-key-pair_"] [data-testid="stWidgetLabel"] {margin-bottom: 0; min-height: 1.3rem;}
[class*="st-key-pair_"] [data-testid="stColumn"] {min-width: 0;}
[class*="st-key-pair_"] [data-testid="stNumberInput"] input {padding: 0.15rem 0.45rem; font-size: 0.86rem;
  font-variant-numeric: tabular-nums;}
[class*="st-key-pair_"] [data-testid="stNumberInputContainer"] {height: 2rem; min-height: 2rem;}
[class*="st-key-pair_"] [data-testid="InputInstructions"] {display: none;}
[class*="st-key-menu_"] [data-testid="stHorizontalBlock"] {gap: 0.2rem; flex-wrap: nowrap;}
[class*="st-key-menu_"] [data-testid="stColumn"] {min-width: 0;}
[class*="st-key-menu_"] [data-testid="stVerticalBlock"] {gap: 0 !important;}
[class*="st-key-pair_"] [data-testid="stNumberInput"] {margin-bottom: 0.05rem;}
[data-testid="stSidebar"] [data-testid="stExpander"] summary {padding: 0.25rem 0.6rem; min-height: 0;}
[data-testid="stSidebar"] [data-testid="stExpander"] summary p {font-size: 0.86rem;}
[data-testid="stSidebar"] [data-testid="stExpander"] details {border-color: rgba(128, 136, 150, 0.22);}
.st-key-axis [data-testid="stButtonGroup"], .st-key-budget [data-testid="stButtonGroup"] {display: flex;
  flex-direction: row; align-items: center; gap: 0.6rem;}
[data-testid="stSidebar"] .st-key-axis [data-testid="stButtonGroup"] {gap: 0.4rem;}
[data-testid="stSidebar"] .st-key-axis label {flex: none; white-space: nowrap;}
[data-testid="stSidebar"] .st-key-axis button {padding-inline: 0.45rem;}
[data-testid="stSidebar"] .st-key-axis button p {font-size: 0.82rem;}
.lab-sub {font-size: 0.86rem; font-weight: 600; margin: 0.3rem 0 0;}
.lab-sub::before {content: ""; display: inline-block; width: 0.6em; height: 0.6em; border-radius: 50%;
  background: var(--dot); margin-right: 0.45em;}
.st-key-presets {gap: 0.28rem !important; align-items: center; row-gap: 0.25rem !important;}
.st-key-presets > div {width: auto !important; flex: 0 0 auto !important;}
.st-key-presets button {padding: 0.1rem 0.5rem; min-height: 0; border-radius: 1rem; background: transparent;
  border-color: rgba(128, 136, 150, 0.4);}
.st-key-presets button p {font-size: 0.82rem;}
.st-key-home_player .rbp-readouts {display: none;}
@media (min-width: 641px) {.st-key-home_stage {min-height: 450px;}}
[class*="st-key-card_"] [data-testid="stPageLink"] a {padding: 0; margin: 0; min-height: 0; background: transparent;}
[class*="st-key-card_"] [data-testid="stPageLink"] p {font-weight: 650; font-size: 1.02rem;}
[class*="st-key-card_"] {padding: 0.7rem 0.9rem !important;}
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] {padding: 2.4rem 0.8rem 1.5rem;}
  .lab-head h1 {font-size: 1.25rem;}
}
</style>
"""


def open_page(title: str, caption: str, icon: str | None = None, heading: str | None = None) -> None:
    """Configure the page, draw the menu and the head; call it first, once.

    Args:
        title: the page's name, as in the menu.
        caption: one sentence on what to look at.
        icon: a page icon as `st.set_page_config` takes it; the default is a ball.
        heading: what stands at the top, if not the title.
    """
    st.set_page_config(page_title=f"{title} · Rolling-ball lab", page_icon=icon or _ball_icon(), layout="wide")
    st.html(_CSS)
    with st.sidebar:
        _menu()
    st.html(f'<div class="lab-head"><h1>{heading or title}</h1><p>{caption}</p></div>')
    _check_link_version()


def is_dark() -> bool:
    """Whether the visitor sees the dark theme (for Plotly figures; the player reads the theme itself)."""
    return st.context.theme.type == "dark"


def group(title: str) -> None:
    """A heading for a group of controls in the sidebar (Surface, Ball, Rivals)."""
    st.html(f'<p class="lab-group">{title}</p>')


def sentence(text: str, **attributes: str) -> None:
    """The sentence under the plot that says what happened (HTML; escape what a visitor typed).

    attributes become `data-*` attributes, for scripts that read the page.
    """
    data = "".join(f' data-{name}="{value}"' for name, value in attributes.items())
    st.html(f'<p class="lab-said" role="status"{data}>{text}</p>')


def how_it_works(markdown: str) -> None:
    """The folded explanation: the equations, and what to try."""
    with st.expander("How this works"):
        st.markdown(markdown)


def show_error(error: BaseException | str) -> None:
    """Show a user error where the control is: the message alone, never a traceback."""
    text = str(error).strip() or type(error).__name__
    st.error(text[0].upper() + text[1:])


def cached(function: _F) -> _F:
    """`st.cache_data` with the lab's limits. Cache compact arrays, not figures; the arguments must hash."""
    return st.cache_data(max_entries=64, max_size="200MB", ttl="1h", show_spinner=False)(function)


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


def card(title: str, text: str) -> None:
    """A page's name, as a link, over a line that says what one sees there."""
    with st.container(border=True, height="stretch", gap="xxsmall", key=f"card_{title}"):
        link(title)
        st.caption(text)


def _relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def _page_link(file: str, label: str, query: Mapping[str, str | list[str]] | None = None) -> None:
    try:
        st.page_link(file, label=label, query_params=dict(query) if query else None)
    except StreamlitPageNotFoundError:
        st.caption(label)  # A page file run by itself (`streamlit run pages/1_Roll.py`) knows no other pages.


def _menu() -> None:
    files = page_files()
    surfaces = {name: file for name, file in files.items() if name not in NETWORK_PAGES}
    networks = {name: file for name, file in files.items() if name in NETWORK_PAGES}
    st.html('<p class="lab-brand">Rolling-ball lab</p>')
    with st.container(key="menu_pages"):
        left, right = st.columns([1, 1.35])
        with left:
            _page_link("app.py", "Home")
            for name, file in surfaces.items():
                _page_link(_relative(file), name)
        with right:
            for name, file in networks.items():
                _page_link(_relative(file), name)


def _check_link_version() -> None:
    found = st.query_params.get("v")
    if found is not None and found != LINK_VERSION:
        st.warning(
            f"This link was made for version {found[:12]!r} of the lab's links and this is version {LINK_VERSION}: "
            "a setting it leaves out may have another default here. Check the settings before you rely on the picture.",
        )
    if found != LINK_VERSION:
        st.query_params["v"] = LINK_VERSION


def _ball_icon() -> str:
    # A file of our own: the icon fonts of `:material/...:` favicons come from the network.
    return str(Path(__file__).with_name("icon.svg"))
