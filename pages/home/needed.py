"""What the browser is told to fetch together with Streamlit's own scripts, before a page's first run says a word."""

from __future__ import annotations

from pages.player.component import folder as player_folder
from pages.shared.chrome.component import folder as chrome_folder
from pages.shared.plotly_script import plotly_script

PLAYING = ("", "Roll", "Race", "Lessons")
"""Pages whose first picture is the player's, by their addresses; Plotly draws that of all others."""


def needed(page: str) -> list[str]:
    """Scripts below static/ for a page; none where they cannot be written, which the page itself says."""
    try:
        chrome = [f"{chrome_folder()}/{name}" for name in ("chrome.js", "past.js")]
        return [*chrome, f"{player_folder()}/player.js" if page in PLAYING else plotly_script()]
    except ValueError:
        return []
