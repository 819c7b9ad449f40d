"""What one takes along from the page Network landscape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import plotly.graph_objects as go

from pages.network_landscape import view
from pages.network_landscape.controls import PlaneLook
from pages.network_landscape.rolling import pair
from pages.shared import network_examples
from pages.shared.take_away import Takings, figure_takings
from rbo_core.figures.network_code import Rolls, plane_code
from rbo_core.figures.player.offline import Words, offline_page

HEADING = "The loss of a network on a plane through its parameters"


def takings(look: PlaneLook, seen: view.Seen, configs: Sequence[Mapping[str, Any]]) -> Takings:
    """The view as a page, and the script that trains the runs, computes their plane and irons it.

    configs: of the plane's runs; none for the example, which tells its own.
    """
    rolls = None
    if look.view == "roll":
        methods = pair(look.result, look.radius, look.scale, look.projection)
        rolls = Rolls(methods, view.start_of(look.result), look.steps)
    told = list(configs) or network_examples.landscape_runs()
    code = plane_code(told, asdict(look.result.config), (look.radius, look.scale), rolls)
    words = Words(HEADING, seen.sentence, code=code)
    if (scene := seen.scene) is not None:
        return Takings("network_landscape", code, lambda: offline_page(scene, words))

    def figures(dark: bool) -> list[go.Figure]:
        made = view.seen(look, dark)
        return [*(panel.figure for panel in made.panels), *([] if made.below is None else [made.below])]

    return figure_takings("network_landscape", figures, words, [panel.head for panel in seen.panels])
