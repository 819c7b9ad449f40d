"""A plane that was saved from a notebook (`plane_of(...).save`), opened beside the stored runs."""

from __future__ import annotations

import streamlit as st

from pages.shared import plots
from pages.shared.controls import Scale, number, short
from pages.shared.page import show_error
from rbo_core.figures.ironing import surface_figure
from rbo_core.ironing import iron_landscape
from rbo_core.training import NetworkPlane


def own_plane(dark: bool) -> None:
    """The uploader, and the plane it was given: the loss, what a ball sees of it, and how far its path lies off."""
    with st.expander("Open a plane from a notebook"):
        st.caption("`plane_of(model, loss, batches).save(file)` of `rbo_core.training` writes it, for any network.")
        file = st.file_uploader("File", ["npz"], key="own_plane", max_upload_size=20, label_visibility="collapsed")
        if file is None:
            return
        try:
            plane = NetworkPlane.load(file)
            width = float(plane.x[-1] - plane.x[0])
            radius = number(
                "radius ρ", "own_radius", float(f"{width / 10:.1g}"), Scale(width / 200, width / 2, log=True)
            )
            ironed = iron_landscape(plane.surface, radius, n=len(plane.x))
        except ValueError as error:
            show_error(error)
            return
        for note in (*plane.notes, *ironed.concerns):
            st.caption(note)
        plots.show([surface_figure(ironed, dark, seen=seen) for seen in (False, True)], key="own_plane_pair", columns=2)
        st.markdown(_said(plane, radius, ironed.unreachable_share))


def _said(plane: NetworkPlane, radius: float, share: float) -> str:
    text = f"A ball of ρ = {short(radius)} cannot touch {100 * share:.0f} % of it."
    if plane.directions == "hessian":
        text += (
            f" Curvatures along the axes: {short(float(plane.curvature[0]))} and {short(float(plane.curvature[1]))}."
        )
    if len(plane.path):
        text += (
            f" The path's end lies {short(float(plane.off[-1]))} off the plane: its true loss is "
            f"{short(float(plane.path_loss[-1]))}, the plane's there {short(float(plane.plane_loss[-1]))}."
        )
    return text
