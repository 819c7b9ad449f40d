"""Links the cameras of a Plotly figure's two 3-D scenes: turn one, and the other turns with it.

Plotly has no such option. A component without a picture of its own watches both scenes and hands the camera of the one
that moved to the other; it also keeps the view through redraws.
"""

from __future__ import annotations

import streamlit as st

_SCRIPT = """
const parts = ["eye", "center", "up"].flatMap((k) => ["x", "y", "z"].map((i) => [k, i]));
const same = (a, b) => parts.every(([k, i]) => Math.abs(a[k][i] - b[k][i]) < 1e-6);

export default function (component) {
  const { parentElement, data } = component;
  let last = null, stopped = false;
  const look = () => {
    if (stopped) return;
    requestAnimationFrame(look);
    const plot = document.querySelector(`.st-key-${data.container} .js-plotly-plot`);
    const layout = plot && plot._fullLayout;
    if (!layout || !layout.scene || !layout.scene2) return;
    const one = layout.scene._scene, two = layout.scene2._scene;
    if (!one || !two || !one.getCamera || !one.glplot || !two.glplot) return;
    try {
      const a = one.getCamera(), b = two.getCamera();
      if (last && same(a, last) && same(b, last)) return;
      const turned = last && same(a, last) ? b : a;
      last = turned;
      for (const [scene, name] of [[one, "scene"], [two, "scene2"]]) {
        if (same(scene.getCamera(), turned)) continue;
        layout[name].camera = { ...layout[name].camera, eye: turned.eye, center: turned.center, up: turned.up };
        scene.setViewport(layout[name]);
        if (plot.layout[name]) plot.layout[name].camera = layout[name].camera;
      }
      parentElement.dataset.linked = "true";
    } catch (error) {
      stopped = true;
      console.warn("The two views turn separately:", error);
    }
  };
  look();
  return () => { stopped = true; };
}
"""


def link_cameras(container: str) -> None:
    """Link the scenes `scene` and `scene2` of the one Plotly chart inside `st.container(key=container)`."""
    mount = st.components.v2.component("iron_link_cameras", js=_SCRIPT, isolate_styles=False)
    mount(key=f"link_{container}", data={"container": container}, height=1)
