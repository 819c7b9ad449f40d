"""Mounts the player: the browser side lives in web/ and is served from static/, so a rerun never sends it again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.shared.reports import heard
from pages.shared.static import publish
from rbo_core.figures.player import WEB
from rbo_core.figures.player.bundle import bundle

if TYPE_CHECKING:  # what makes a scene waits for NumPy and numba; what shows one that is made need not
    from rbo_core.figures.player.scene import Click, Scene

EARLY = Path(__file__).with_name("early.js")
"""For pages that begin with a 3-D picture."""

# The modules are found relative to Streamlit's own script, so a base path or a proxy prefix needs no setting.
BOOT = """
const modules = new URL("../../app/static/@FOLDER@/player.js",
                        document.querySelector('script[type="module"][src*="static/js/"]').src).href;
export default async function (component) {
  const { @MOUNT@ } = await import(modules);
  return @MOUNT@(component);
}
"""


def _boot(mount: str) -> str:
    return BOOT.replace("@FOLDER@", folder()).replace("@MOUNT@", mount)


@cache
def folder() -> str:
    """Where the player is served, under static/: as one module, player.js, and the modules that it is made of."""
    whole = f"{bundle()}\nexport {{ mount, mountStrip }};\n"
    return publish("player", [EARLY, *(path for path in WEB.iterdir() if path.is_file())], {"player.js": whole})


def player(
    scene: Scene,
    key: str,
    height: int = 560,
    autoplay: bool = True,
    on_click: Callable[[Click], None] | None = None,
    on_radius: Callable[[float], None] | None = None,
    on_draw: Callable[[str, bool], None] | None = None,
) -> Click | None:
    """Show `scene`; returns the visitor's click on the ground in the run right after it, else None.

    on_click: called with the click before that run begins, for a page that needs it before it draws its controls.
    on_radius: called with the radius chosen in the picture or on the strip, before the run that follows.
    on_draw: called with a curve that was drawn, as text, and whether the visitor has let go of it, before the run that
    follows; for a scene with a drawing.
    height: pixels for the whole plot area on a wide screen, without the playback bar and the read-outs. Keep `key`
    constant: it is what lets camera and playback survive a rerun.
    """
    from rbo_core.figures.player.payload import pack

    packed = pack(scene, height, autoplay, key)
    return played(packed, scene.ground.dim, key, on_click=on_click, on_radius=on_radius, on_draw=on_draw)


def played(
    packed: bytes,
    dim: int,
    key: str,
    *,
    on_click: Callable[[Click], None] | None = None,
    on_radius: Callable[[float], None] | None = None,
    on_draw: Callable[[str, bool], None] | None = None,
) -> Click | None:
    """As `player`, of a scene of `dim` parameters that `pack` made bytes of, for the player of this key."""
    # Registered at each mount: the registry belongs to the running server, and an equal definition is a no-op.
    mount = st.components.v2.component(
        "rolling_ball_player",
        js=_boot("mount"),
        css=(WEB / "player.css").read_text(encoding="utf-8"),
        isolate_styles=False,
    )

    def clicked() -> None:
        click = _click(st.session_state[key], dim)
        if on_click is not None and click is not None:
            on_click(click)

    def chosen() -> None:
        radius = _radius(st.session_state[key])
        if on_radius is not None and radius is not None:
            on_radius(radius)

    def drawn() -> None:
        told = st.session_state[key].get("draw")
        if on_draw is not None and told:
            on_draw(str(told["knots"]), bool(told["done"]))

    asked: dict[str, Any] = {"on_click_change": clicked, "on_radius_change": chosen, "on_draw_change": drawn}
    asked = {name: heard(key, does) for name, does in asked.items()}
    return _click(mount(key=key, data=packed, **asked), dim)


def radius_strip(packed: bytes, key: str) -> None:
    """Hand the player with this key the runs of its radius strip; call it after `player`, when the picture is up.

    packed: by `rbo_core.figures.player.strip.pack_strip`, for the player of this key.
    """
    mount = st.components.v2.component(
        "rolling_ball_radius_strip", html="<span hidden></span>", js=_boot("mountStrip"), isolate_styles=False
    )
    mount(key=f"{key}_strip", data=packed, height=1)


def _radius(result: Mapping[str, Any]) -> float | None:
    asked = result.get("radius")
    value = float(asked["radius"]) if asked else 0.0
    return value if math.isfinite(value) and value > 0 else None


def _click(result: Mapping[str, Any], dim: int) -> Click | None:
    clicked = result.get("click")
    if not clicked:
        return None
    import numpy as np

    from rbo_core.figures.player.scene import Click

    x = np.asarray(clicked["x"], dtype=np.float64)
    return Click(x) if x.shape == (dim,) and np.all(np.isfinite(x)) else None
