"""What the browser is told to fetch together with Streamlit's own scripts, before a page's first run says a word."""

from __future__ import annotations

from pages.home.elements import ELEMENTS, scripts
from pages.player.component import folder as player_folder
from pages.shared.chrome.component import folder as chrome_folder
from pages.shared.served_plotly import plotly_address

PLAYING = ("", "Roll", "Race", "Lessons")
"""Pages whose first picture is the player's, by their addresses; Plotly draws that of all others."""

DEEP = ("Race",)
"""Pages whose first picture is 3-D."""


def needed(page: str) -> list[str]:
    """Scripts for a page, by their paths below the server's own, the picture's first.

    None of ours where they cannot be written, which the page itself says.
    """
    elements = [f"static/js/{name}" for name in scripts(page)]
    try:
        chrome = [f"{chrome_folder()}/{name}" for name in ("chrome.js", "past.js")]
        picture = f"{player_folder()}/player.js" if page in PLAYING else plotly_address()
        early = [f"{player_folder()}/early.js"] if page in DEEP else []
    except ValueError:
        return elements
    return [*(f"app/static/{name}" for name in (picture, *early, *chrome)), *elements]


def later(page: str) -> list[str]:
    """Scripts that are fetched and compiled while Home is read, for whichever page comes next."""
    if page:
        return []
    first = needed(page)
    return [name for name in dict.fromkeys(name for other in ELEMENTS for name in needed(other)) if name not in first]
