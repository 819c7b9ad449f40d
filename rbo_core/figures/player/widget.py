"""The player as a notebook's widget (anywidget: Jupyter, VS Code, marimo), with the frame and the start shared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from rbo_core import Trajectory, trace
from rbo_core.figures.player.build import Look, run_scene
from rbo_core.figures.player.bundle import bundle, notebook_theme, style
from rbo_core.figures.player.payload import pack
from rbo_core.figures.playing import landscape_of, raced

GLUE = Path(__file__).with_name("widget.js")
_FRAME = ".rbp-notebook { --st-font: inherit; background: var(--st-background-color); padding: 8px; }\n"


class PlayerWidget(anywidget.AnyWidget):
    """Runs on one surface, played in the notebook.

    Traits:
        frame: the frame that is shown, half a second late while the film plays; set it to stop there.
        start: (d,) where the runs begin; set it, or click on the ground, and they roll again from there.
        asked: what Python has set, counted: ``{"n": count, "frame": frame or None}``. Written here only.
        told: what the picture tells, and the count it had heard by then. Written by the picture only; what it told
            before it heard the last wish is dropped, so Python wins where both changed something at once.
    """

    _esm = bundle() + "\n" + GLUE.read_text(encoding="utf-8")
    _css = notebook_theme(".rbp-notebook") + _FRAME + style()

    scene = traitlets.Bytes().tag(sync=True)
    frame = traitlets.Int(0, min=0).tag(sync=True)
    start = traitlets.List(traitlets.Float()).tag(sync=True)
    asked = traitlets.Dict(default_value={"n": 0, "frame": None}).tag(sync=True)
    told = traitlets.Dict().tag(sync=True)

    def __init__(self, runs: Sequence[Trajectory], look: Look, height: int) -> None:
        self._look, self._height = look, height
        self._hearing = True
        self.runs = list(runs)
        super().__init__(scene=self._packed(), start=[float(x) for x in runs[0].start[0]])
        self._hearing = False

    def _packed(self) -> bytes:
        surface = landscape_of(self.runs[0])
        return pack(run_scene(surface, raced(self.runs), self._look), self._height)

    @traitlets.observe("told")
    def _listen(self, change: dict[str, Any]) -> None:
        told = change["new"]
        if told.get("heard") != self._count():
            return
        self._hearing = True
        try:
            self.set_trait("frame", int(told.get("frame", self.frame)))
            self.set_trait("start", [float(x) for x in told.get("start", self.start)])
        finally:
            self._hearing = False

    def _ask(self, frame: int | None) -> None:
        if not self._hearing:
            self.asked = {"n": self._count() + 1, "frame": frame}

    def _count(self) -> int:
        return int(self.asked["n"] or 0)

    @traitlets.validate("frame")
    def _wished(self, proposal: dict[str, Any]) -> int:
        # A validator and no observer: the film may have left the frame that it told last, and is asked back to it.
        frame = int(proposal["value"])
        self._ask(frame)
        return frame

    @traitlets.validate("start")
    def _inside(self, proposal: dict[str, Any]) -> list[float]:
        bounds = self.runs[0].surface.bounds
        start = np.asarray(proposal["value"], dtype=float)
        if start.shape != (len(bounds),) or not np.all((start >= bounds[:, 0]) & (start <= bounds[:, 1])):
            raise traitlets.TraitError(
                f"start must be {len(bounds)} numbers inside {bounds.tolist()}, got {proposal['value']}"
            )
        return [float(x) for x in start]

    @traitlets.observe("start")
    def _roll_again(self, change: dict[str, Any]) -> None:
        if change["old"] in (None, traitlets.Undefined, []):
            return
        self._ask(None)
        start = np.asarray(change["new"])
        self.runs = [
            trace(r.method, r.surface, np.tile(start, (len(r.start), 1)), r.steps, seed=r.seed) for r in self.runs
        ]
        self.scene = self._packed()
