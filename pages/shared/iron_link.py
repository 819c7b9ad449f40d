"""Links the cameras of 3-D Plotly charts that stand side by side: turn one, and the others turn with it.

Plotly has no such option. A component without a picture of its own watches the scenes and hands the camera of the one
that moved to the others; it also keeps the view through redraws.
"""

from __future__ import annotations

import streamlit as st

_SCRIPT = """
const parts = ["eye", "center", "up"].flatMap((k) => ["x", "y", "z"].map((i) => [k, i]));
const same = (a, b) => parts.every(([k, i]) => Math.abs(a[k][i] - b[k][i]) < 1e-6);

export default function (component) {
  const { data } = component;
  let last = null, stopped = false;
  const look = () => {
    if (stopped) return;
    requestAnimationFrame(look);
    const plots = [...document.querySelectorAll(`.st-key-${data.container} .js-plotly-plot`)];
    const views = plots.map((plot) => plot._fullLayout?.scene?._scene).filter((s) => s?.glplot && s.getCamera);
    if (views.length < 2 || views.length < plots.length) return;
    try {
      const cameras = views.map((scene) => scene.getCamera());
      if (last && cameras.every((camera) => same(camera, last))) return;
      last = (last && cameras.find((camera) => !same(camera, last))) || cameras[0];
      plots.forEach((plot, i) => {
        if (same(cameras[i], last)) return;
        const layout = plot._fullLayout.scene;
        layout.camera = { ...layout.camera, eye: last.eye, center: last.center, up: last.up };
        views[i].setViewport(layout);
        plot.layout.scene.camera = layout.camera; // the next redraw starts from here
      });
    } catch (error) {
      stopped = true;
      console.warn("The views turn separately:", error);
    }
  };
  look();
  return () => { stopped = true; };
}
"""


def link_cameras(container: str) -> None:
    """Link the 3-D charts inside `st.container(key=container)`."""
    mount = st.components.v2.component("iron_link_cameras", js=_SCRIPT, isolate_styles=False)
    mount(key=f"link_{container}", data={"container": container}, height=1)
