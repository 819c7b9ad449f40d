"""Plotly figures that stay where they are when their data change: no flicker, no lost view.

plots.show([figure], key="iron_main")
"""

from .component import Picture, remembered, show

__all__ = ["Picture", "remembered", "show"]
