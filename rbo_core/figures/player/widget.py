"""The player as a notebook's widget (anywidget: Jupyter, VS Code, marimo), with the frame and the start shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import numpy as np
import traitlets

from rbo_core import Trajectory, trace
from rbo_core.figures.player.build import Look, run_scene
from rbo_core.figures.player.bundle import bundle, style, theme
from rbo_core.figures.player.payload import pack
from rbo_core.figures.playing import landscape_of, raced

_GLUE = """
export default {
  render({ model, el }) {
    const stage = document.createElement("div");
    stage.className = "rbp-notebook";
    el.append(stage);
    const bytes = () => { const v = model.get("scene"); return new Uint8Array(v.buffer, v.byteOffset, v.byteLength); };
    let told = -1, when = -Infinity;
    const tell = (name, value) => { model.set(name, value); model.save_changes(); };
    const component = {
      parentElement: stage,
      get data() { return bytes(); },
      setTriggerValue: (name, value) => name === "click" && tell("start", Array.from(value.x)),
      // Jupyter drops what the kernel sets while the browser's own changes are on their way, so a film tells twice a
      // second where it is, and again where it stops.
      onFrame: (frame) => {
        const now = performance.now();
        if (frame === told || (stage.querySelector(".rbp").__player.clock.playing && now - when < 500)) return;
        [told, when] = [frame, now];
        tell("frame", frame);
      },
    };
    const show = () => { mount(component); };
    const dispose = mount(component);
    const seek = () => {
      const frame = model.get("frame");
      if (frame !== told) { told = frame; stage.querySelector(".rbp").__player.clock.seek(frame); }
    };
    model.on("change:scene", show);
    model.on("change:frame", seek);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", show);
    return () => { dark.removeEventListener("change", show); dispose(); };
  },
};
"""

_FRAME = ".rbp-notebook { --st-font: inherit; background: var(--st-background-color); padding: 8px; }\n"


class PlayerWidget(anywidget.AnyWidget):
    """Runs on one surface, played in the notebook.

    Traits:
        frame: the frame that is shown, half a second late while the film plays; set it to stop there.
        start: (d,) where the runs begin; set it, or click on the ground, and they roll again from there.
    """

    _esm = bundle() + _GLUE
    _css = theme(".rbp-notebook") + _FRAME + style()

    scene = traitlets.Bytes().tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)
    start = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(self, runs: Sequence[Trajectory], look: Look, height: int) -> None:
        self._look, self._height = look, height
        self.runs = list(runs)
        super().__init__(scene=self._packed(), start=[float(x) for x in runs[0].start[0]])

    def _packed(self) -> bytes:
        surface = landscape_of(self.runs[0])
        return pack(run_scene(surface, raced(self.runs), self._look), self._height)

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
        start = np.asarray(change["new"])
        self.runs = [
            trace(r.method, r.surface, np.tile(start, (len(r.start), 1)), r.steps, seed=r.seed) for r in self.runs
        ]
        self.scene = self._packed()
