"""A small app around the player with runs of known shape; ?scene=curve, plane, ramp, compressed or bowl."""

from pathlib import Path

import numpy as np
import streamlit as st

from pages.player import player
from pages.shared import static
from rbo_core.figures.player.scene import Ground, Racer, Readout, Scene

static.FOLDER = Path(__file__).parent / "static"

st.set_page_config(layout="wide")
kind = st.query_params.get("scene", "curve")
STEPS = 200
RADIUS = 0.4


def rolled_in_plane(direction, slope, start, length):
    """A ball on the plane z = slope·x that rolls `length` along `direction`; exact contact and centre paths."""
    along = np.linspace(0, length, STEPS + 1)[:, None] * np.asarray(direction, dtype=float)
    xy = np.asarray(start, dtype=float) + along
    position = np.c_[xy, slope * xy[:, 0]]
    normal = np.array([-slope, 0.0, 1.0]) / np.hypot(slope, 1.0)
    return position, position + RADIUS * normal


radius = st.sidebar.slider("Size", 0.2, 0.8, RADIUS)
start = st.session_state.get("start", [-2.0, -1.5])
if kind == "curve":
    x = np.linspace(-3, 3, 601)
    t = np.linspace(0, 1, STEPS + 1)
    at = start[0] * (1 - t)
    position = np.c_[at, 0 * at]
    center = np.c_[at, 0 * at + radius]
    point = np.c_[start[0] * (1 - 0.1 * t), 0 * t]
    racers = (
        Racer("rbo", "ball", "#D55E00", position, center, radius, status="at rest", stopped_at=STEPS,
              readouts=(Readout("Place", at),)),
        Racer("sgd", "SGD", "#0072B2", point, shape="circle", status="stuck", stopped_at=50,
              readouts=(Readout("Place", point[:, 0]),)),
    )  # fmt: skip
    scene = Scene(Ground(x, 0 * x), racers, duration=4)
else:
    slope = {"plane": 0.0, "ramp": 10.0, "compressed": 10.0, "bowl": 0.0}[kind]
    x = np.linspace(-3, 3, 72) if kind in ("plane", "bowl") else np.linspace(-0.5, 0.5, 72)
    grid_x, grid_y = np.meshgrid(x, x)
    heights = slope * grid_x + (0.2 * (grid_x**2 + grid_y**2) if kind == "bowl" else 0.0)
    if kind == "bowl":
        t = np.linspace(0, 1, STEPS + 1)
        xy = np.outer(1 - t, start)
        position, center = np.c_[xy, 0.2 * (xy**2).sum(1)], None
        racers = (Racer("sgd", "SGD", "#0072B2", position, shape="circle", readouts=(Readout("Place", xy[:, 0]),)),)
    else:
        position, center = rolled_in_plane([0.6, 0.8], slope, [-0.2, -0.2], 0.3 if slope else 1.5)
        racers = (Racer("rbo", "", "#FF00FF", position, center, RADIUS, status=f"size {radius}"),)
    scene = Scene(Ground(x, heights, x), racers, height_scale=1.0 if kind == "ramp" else None, duration=4, minimum=None)
click = player(scene, key="player", height=480, autoplay=st.query_params.get("autoplay") == "1")
if click is not None:
    st.session_state.start = click.x.tolist()
    st.session_state.clicks = st.session_state.get("clicks", 0) + 1
    st.rerun()
st.text("clicks " + str(st.session_state.get("clicks", 0)) + " at " + " ".join(f"{v:.5f}" for v in start))
