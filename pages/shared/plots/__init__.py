"""Plotly figures that stay where they are when their data change: no flicker, no lost view.

plots.show([figure], key="iron_main")
"""

from .component import Picture, Stages, remembered, show

__all__ = ["Picture", "Stages", "remembered", "show"]
