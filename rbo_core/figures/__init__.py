"""Pure figure builders and the player's scenes, usable from a notebook: no Streamlit here."""

from rbo_core.figures.play import OfflinePage, play

__all__ = ["OfflinePage", "play"]
