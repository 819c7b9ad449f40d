"""Files of measured heights: images, grids of terrain, tables, and the text forms of surface metrology.

``read(data, name)`` looks at what the file is, not at what it is called alone, never runs anything in it, and returns
heights with x along axis 0 and y, upwards, along axis 1, with what the file says or lets one guess about spacing, units
and holes. The forms SDF (ISO 25178-71), SMD and PRF (ISO 5436-2) are read as far as their public descriptions go: one
channel of heights on a regular grid. No conformity is claimed.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscapes.base import Floats
from landscapes.maps.store import MAX_SAMPLES, checked

MAX_BYTES = 20_000_000
UNITS = {"m": 1.0, "km": 1e3, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "μm": 1e-6, "nm": 1e-9}


@dataclass(frozen=True, eq=False)
class HeightFile:
    """What a file holds.

    heights: (N,) or (N, M), x along axis 0, y upwards along axis 1. spacing: of each axis, in ``unit``; height_unit: of
    the heights; "" where the file does not say. no_data: the value that marks holes, where the file names one. kind:
    what the file is, in words.
    """

    heights: Floats
    spacing: tuple[float, ...]
    unit: str
    height_unit: str
    no_data: float | None
    kind: str


def read(data: bytes, name: str = "") -> HeightFile:
    """Heights from a file's bytes; ValueError, in words for people, for what is none, too large or broken."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"a file of heights may have at most {MAX_BYTES // 10**6} MB, got {len(data) / 1e6:.1f} MB")
    reader = _reader(data, name.lower())
    try:
        found = reader(data)
    except (OSError, SyntaxError, OverflowError, EOFError, IndexError, KeyError, UnicodeDecodeError) as problem:
        raise ValueError(f"{name or 'the file'} cannot be read: {problem or type(problem).__name__}") from None
    checked(found.heights)
    return found


def _reader(data: bytes, name: str) -> Callable[[bytes], HeightFile]:
    head = data[:400]
    if head.startswith((b"\x89PNG", b"II*\x00", b"MM\x00*", b"\xff\xd8\xff")):
        return _image
    if head.startswith(b"\x93NUMPY"):
        return _npy
    if re.match(rb"\s*[ab](iso|bcr)-1\.0", head, re.IGNORECASE):
        return _sdf
    if re.match(rb"\s*ncols\s", head, re.IGNORECASE):
        return _ascii_grid
    if re.search(rb"^\s*CZ\s", data[:20_000], re.MULTILINE):
        return _profile_text
    if b"\0" in head or name.endswith((".png", ".tif", ".tiff", ".npy")):
        raise ValueError(
            "this is none of the files that are read: PNG, TIFF, JPEG, ASCII grid, CSV, NPY, SDF, SMD or PRF (as text)"
        )
    return _table


def _upright(rows: Floats) -> Floats:
    """Rows from the top to x along axis 0, y upwards along axis 1."""
    return np.ascontiguousarray(rows[::-1].T)


def _image(data: bytes) -> HeightFile:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image: Image.Image = Image.open(io.BytesIO(data), formats=("PNG", "TIFF", "JPEG"))
        _refuse_size(image.size)
        tags: Any = getattr(image, "tag_v2", {})
        scale, missing = tags.get(33550), tags.get(42113)  # GeoTIFF's pixel scale, GDAL's no-data
        if image.mode not in ("L", "I", "F", "I;16", "I;16B", "I;16L", "1"):
            image = image.convert("L")
        rows = np.asarray(image, dtype=float)
    spacing = (float(scale[0]), float(scale[1])) if scale and min(scale[:2]) > 0 else (1.0, 1.0)
    no_data = float(str(missing).strip("\0 ")) if missing else None
    unit = "" if not scale else ("°" if max(spacing) < 0.1 else "m")
    return HeightFile(_upright(rows), spacing, unit, "", no_data, f"an image of {image.mode} pixels")


def _npy(data: bytes) -> HeightFile:
    heights = np.load(io.BytesIO(data), allow_pickle=False)
    if heights.dtype.kind not in "fiub":
        raise ValueError(f"an NPY file must hold numbers, got {heights.dtype}")
    return HeightFile(heights.astype(float), (1.0,) * heights.ndim, "", "", None, "a NumPy array")


def _ascii_grid(data: bytes) -> HeightFile:
    """Esri's ASCII grid: six lines of words and numbers, then rows from north to south."""
    lines = _text(data).split("\n")
    head: dict[str, float] = {}
    count = 0
    for line in lines[:8]:
        words = line.split()
        if len(words) != 2 or not words[0][0].isalpha():
            break
        head[words[0].lower()] = float(words[1])
        count += 1
    columns, rows = int(head["ncols"]), int(head["nrows"])
    _refuse_size((columns, rows))
    values = _numbers(" ".join(lines[count:]))
    if values.size != columns * rows:
        raise ValueError(f"the grid should hold {columns} × {rows} heights, got {values.size:,}")
    step = head.get("cellsize", head.get("dx", 1.0))
    spacing = (step, head.get("dy", step))
    corner = [abs(head.get(name, 1e9)) for name in ("xllcorner", "yllcorner")]
    degrees = max(spacing) < 0.1 and corner[0] <= 360 and corner[1] <= 90
    return HeightFile(
        _upright(values.reshape(rows, columns)), spacing, "°" if degrees else "m", "m", head.get("nodata_value"),
        "an ASCII grid",
    )  # fmt: skip


def _table(data: bytes) -> HeightFile:
    """CSV: one column of heights, positions and heights, or a matrix; a line of words at the top is left out."""
    text = _text(data).lstrip("\ufeff")
    sign = next((c for c in (";", "\t", ",") if c in text.split("\n", 2)[-1] or c in text), None)
    rows = [[cell.strip() for cell in line.split(sign)] for line in text.splitlines() if line.strip()]
    if not rows:
        raise ValueError("the file is empty")
    if sign == ";":
        rows = [[cell.replace(",", ".") for cell in row] for row in rows]
    if any(_number(cell) is None for cell in rows[0] if cell):
        rows = rows[1:]
    widths = {len(row) for row in rows}
    if len(widths) != 1:
        raise ValueError(
            f"every line must have as many numbers as the first, got {min(widths or {0})} to {max(widths or {0})}"
        )
    _refuse_size((widths.pop(), len(rows)))
    cells = [[np.nan if cell == "" else _number(cell) for cell in row] for row in rows]
    for k, row in enumerate(cells):
        if None in row:
            raise ValueError(f"line {k + 1} of the numbers holds {rows[k][row.index(None)][:24]!r}, which is no number")
    values = np.array(cells, dtype=float)
    if values.shape[1] == 1 or values.shape[0] == 1:
        return HeightFile(values.ravel(), (1.0,), "", "", None, "a column of heights")
    step = np.diff(values[:, 0])
    if values.shape[1] == 2 and step.size and (step > 0).all():
        if np.ptp(step) > 1e-3 * step.mean():
            raise ValueError("positions must be evenly spaced to be a profile; resample it first")
        return HeightFile(values[:, 1].copy(), (float(step.mean()),), "", "", None, "positions and heights")
    return HeightFile(_upright(values), (1.0, 1.0), "", "", None, "a table of heights")


def _sdf(data: bytes) -> HeightFile:
    """SDF in ASCII: lines ``key = value``, a star, the heights row by row with BAD for a hole; scales are in metres."""
    text = _text(data)
    if text.lstrip()[:1].lower() == "b":
        raise ValueError("this SDF file is binary: export it as ASCII (aISO-1.0)")
    head_text, _, rest = text.partition("*")
    head = {
        k.strip().lower(): v.strip() for k, sign, v in (line.partition("=") for line in head_text.splitlines()) if sign
    }
    columns, rows = int(head["numpoints"]), int(head["numprofiles"])
    _refuse_size((columns, rows))
    values = _numbers(re.sub(r"\bBAD\b", "nan", rest.partition("*")[0], flags=re.IGNORECASE)) * float(head["zscale"])
    if values.size != columns * rows:
        raise ValueError(f"the file should hold {columns} × {rows} heights, got {values.size:,}")
    if rows == 1:
        return HeightFile(values, (float(head["xscale"]),), "m", "m", None, "an SDF profile")
    spacing = float(head["xscale"]), float(head["yscale"])
    return HeightFile(_upright(values.reshape(rows, columns)[::-1]), spacing, "m", "m", None, "an SDF surface")


_AXIS = re.compile(
    r"^[ \t]*C([XZ])[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\S+)(?:[ \t]+(\S+))?(?:[ \t]+(\S+))?", re.MULTILINE
)


def _profile_text(data: bytes) -> HeightFile:
    """SMD and PRF profiles: axis lines CX and CZ (count, unit, factor), then records of one height a line.

    The spacing stands in a line SPACING CX (PRF) or at the end of the CX line of an axis with increments (SMD).
    """
    text = _text(data).replace("\x03", "\nEOR\n")
    axes = {match[1]: match for match in _AXIS.finditer(text)}
    if "X" not in axes or "Z" not in axes:
        raise ValueError("a profile needs its axes: lines that begin with CX and CZ")
    x, z = axes["X"], axes["Z"]
    unit, height_unit = x[4].strip("'\"").lower(), z[4].strip("'\"").lower()
    said = re.search(r"^\s*SPACING\s+CX\s+(\S+)", text, re.MULTILINE)
    step = float(said[1]) if said else float(x[7]) if x[7] and _number(x[7]) is not None else float(x[5])
    records = [part.split() for part in re.split(r"^\s*EOR\s*$", text[z.end() :], flags=re.MULTILINE)]
    values = max((list(map(_number, words)) for words in records if words), key=len, default=[])
    holes = [np.nan if v is None else v for v in values]
    heights = np.array(holes, dtype=float) * float(z[5])
    return HeightFile(heights, (step,), unit, height_unit, None, "a profile in text form")


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig", errors="strict") if _is_utf8(data) else data.decode("latin-1")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _numbers(text: str) -> Floats:
    words = text.split()
    if len(words) > MAX_SAMPLES:
        raise ValueError(f"a file may hold at most 4096² = {MAX_SAMPLES:,} heights, got {len(words):,}")
    try:
        return np.array(words, dtype=float)
    except ValueError:
        bad = next(word for word in words if _number(word) is None)
        raise ValueError(f"heights must be numbers, got {bad[:24]!r}") from None


def _refuse_size(size: tuple[int, int]) -> None:
    if size[0] < 1 or size[1] < 1 or size[0] * size[1] > MAX_SAMPLES:
        raise ValueError(f"a map may have at most 4096² = {MAX_SAMPLES:,} heights, got {size[0]:,} × {size[1]:,}")
