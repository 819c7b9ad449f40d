"""The visitor's own heights: examples first; a file is read, what it does not say is asked for, guesses filled in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import streamlit as st

import landscapes
from landscapes.maps import EXAMPLES, MAX_BYTES, SCALE, SPACING, UNITS, keep, raw, read, thinned
from landscapes.maps.surface import NO_DATA
from pages.shared.numbers import Scale, number
from pages.shared.page import show_error
from pages.shared.widgets import choice, text

SHOWN = {1: 20_000, 2: 512}
"""Samples along an axis beyond which a page takes every k-th."""
ENDINGS = ["png", "tif", "tiff", "jpg", "asc", "csv", "txt", "npy", "sdf", "smd", "prf"]
_TITLES = {"profile": "Roughness profile (made by us)", "terrain": "Terrain with a lake (made by us)",
           "photograph": "Photograph (flower.jpg)"}  # fmt: skip
_SAYS = {"": "not said", **{unit: unit for unit in ("m", "km", "cm", "mm", "µm", "nm")}, "°": "degrees"}
_YOURS = "Your file "
_UPLOAD, _SAID, _WRONG = "map_upload", "_map_said", "_map_wrong"


@dataclass(frozen=True)
class _Keys:
    """Names of the controls in the address."""

    heights: str = "map_heights"
    spacing: str = "map_spacing"
    unit: str = "map_unit"
    height_unit: str = "map_height_unit"
    no_data: str = "map_no_data"
    scale: str = "map_scale"


KEYS = _Keys()


def map_picker(dim: int, set_start: Callable[[landscapes.Landscape], None]) -> landscapes.Landscape:
    """The controls of heights, and their surface. set_start: puts the start's controls on another surface."""
    options = {name: _TITLES[name] for name in EXAMPLES if raw(name).ndim == dim}
    chosen = str(st.session_state.get(KEYS.heights) or st.query_params.get(KEYS.heights, "")).removeprefix(_YOURS)
    chosen = next((name for name, title in _TITLES.items() if title == chosen), chosen)
    if chosen and chosen not in options and _known(chosen, dim):
        options[chosen] = f"{_YOURS}{chosen}"  # the address holds what is shown, so the name must be in it
    if chosen not in options:
        st.session_state.pop(KEYS.heights, None)

    def moved() -> None:
        for key in (KEYS.spacing, KEYS.no_data, KEYS.scale, KEYS.unit, KEYS.height_unit):
            st.session_state.pop(key, None)
        st.session_state.pop(_SAID, None)
        with suppress(ValueError):
            set_start(landscapes.get("map", dim=dim, heights=st.session_state[KEYS.heights]))

    name = choice("Heights", KEYS.heights, options, on_change=moved)
    what = "A profile of your own" if dim == 1 else "A map of your own"
    st.file_uploader(
        what, ENDINGS, key=_UPLOAD, max_upload_size=MAX_BYTES // 10**6, on_change=lambda: _uploaded(dim, set_start),
        help="PNG, TIFF, ASCII grid, CSV, NPY, SDF, SMD, PRF; at most 20 MB and 4096² heights.",
    )  # fmt: skip
    if _WRONG in st.session_state:
        show_error(st.session_state[_WRONG])
    for sentence in st.session_state.get(_SAID, ()):
        st.caption(sentence)
    surface = _asked(name, dim)
    for note in surface.notes:
        st.caption(note)
    return surface


def _asked(name: str, dim: int) -> landscapes.Landscape:
    """What a file does not say, asked for; the surface made of the answers."""
    with st.expander("Spacing, units, holes", expanded=name not in EXAMPLES):
        usual = ",".join(f"{step:g}" for step in SPACING.get(name, (1.0,) * dim))
        axes = "x" if dim == 1 else "x, y"
        spacing = text(f"spacing ({axes})", KEYS.spacing, "", placeholder=usual, most=60)
        unit = choice("its unit", KEYS.unit, _SAYS)
        height_unit = choice("unit of heights", KEYS.height_unit, _SAYS)
        no_data = text(
            "no data", KEYS.no_data, "", placeholder="−9999, −32768, ±3.4e38, NaN", most=30,
            help="The value that marks holes. Empty: the usual ones. `nan`: none but NaN.",
        )  # fmt: skip
        scale = number(
            "vertical scale", KEYS.scale, SCALE.get(name, 1.0), Scale(0.01, 100.0, log=True, limits=(1e-9, 1e9))
        )
    given = {"heights": name, "no_data": no_data.replace("−", "-")}
    if spacing.strip():
        given["spacing"] = spacing
    if "°" in (unit, height_unit) and unit != height_unit:
        st.warning(
            "The spacing is in one unit and the heights are in another that is no length like it: a ball is round only "
            "where both have one unit. One degree of latitude is 111.2 km: write the spacing in km or m."
        )
    elif unit in UNITS and height_unit in UNITS:
        scale *= UNITS[height_unit] / UNITS[unit]
    try:
        return landscapes.get("map", dim=dim, scale=scale, **given)
    except ValueError as error:
        show_error(f"{error}. Until then the picture shows it without that")
        return landscapes.get("map", dim=dim, heights=name)


def _known(name: str, dim: int) -> bool:
    try:
        return raw(name).ndim == dim
    except ValueError:
        if name not in EXAMPLES:
            st.session_state[_WRONG] = f"heights {name[:24]!r} are not known here (any more); upload the file again"
        return False


def _uploaded(dim: int, set_start: Callable[[landscapes.Landscape], None]) -> None:
    """Read the file, keep its heights, and fill the guesses into the controls."""
    st.session_state.pop(_WRONG, None)
    file = st.session_state.get(_UPLOAD)
    if file is None:
        return
    try:
        found = read(file.getvalue(), file.name)
        if found.heights.ndim != dim:
            kinds = {1: "a profile: choose a curve or the page Roll", 2: "a map: choose a surface or the page Race"}
            raise ValueError(f"{file.name} holds {kinds[found.heights.ndim]}")
        heights, k = thinned(found.heights, SHOWN[dim])
        name = keep(heights)
    except ValueError as error:
        st.session_state[_WRONG] = str(error)
        return
    spacing = tuple(k * step for step in found.spacing)
    st.session_state[KEYS.heights] = name
    st.session_state[KEYS.spacing] = ",".join(f"{step:g}" for step in spacing)
    st.session_state[KEYS.unit] = _unit(found.unit)
    st.session_state[KEYS.height_unit] = _unit(found.height_unit)
    st.session_state[KEYS.no_data] = "" if found.no_data is None else f"{found.no_data:g}"
    ratio = UNITS.get(found.height_unit, 1.0) / UNITS.get(found.unit, 1.0)
    st.session_state[KEYS.scale] = _guessed_scale(heights, spacing, ratio)
    size = " × ".join(f"{n:,}" for n in found.heights.shape)
    said = [f"{file.name[:40]}: {found.kind}, {size} heights."]
    if k > 1:
        said.append(f"The page shows every {k}th along each axis.")
    st.session_state[_SAID] = said
    with suppress(ValueError):
        set_start(landscapes.get("map", dim=dim, heights=name, spacing=spacing, no_data=found.no_data))


def _unit(said: str) -> str:
    return {"um": "µm", "μm": "µm"}.get(said, said) if said in _SAYS or said in UNITS else ""


def _guessed_scale(heights: np.ndarray, spacing: tuple[float, ...], ratio: float) -> float:
    """1 where heights are of the order of the window, else a power of ten that lets one see them."""
    ground = heights[np.isfinite(heights) & ~np.isin(heights.astype(np.float32), np.array(NO_DATA, np.float32))]
    width = max(n * step for n, step in zip(heights.shape, spacing, strict=True))
    span = ratio * float(np.ptp(ground)) if ground.size else 0.0
    if span <= 0.0 or 0.02 <= span / width <= 2.0:
        return 1.0
    return float(np.clip(10.0 ** np.round(np.log10(0.2 * width / span)), 1e-9, 1e9))
