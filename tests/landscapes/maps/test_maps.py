"""Height maps: the spline against SciPy's, holes against the map without them, files against what was written."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

import landscapes
from landscapes.maps import keep, read, thinned
from rbo_core import RBO, Status, trace

RNG = np.random.default_rng(5)
CURVE = ndimage.gaussian_filter(RNG.normal(0, 1, 120), 2)
GRID = ndimage.gaussian_filter(RNG.normal(0, 2, (40, 50)), 2)


@pytest.mark.parametrize(("heights", "spacing"), [(CURVE, 0.25), (GRID, (0.5, 0.2))], ids=["curve", "surface"])
def test_the_spline_is_scipys_and_its_gradient_its_slope(heights: np.ndarray, spacing: object) -> None:
    surface = landscapes.get("map", heights=heights, spacing=spacing, scale=3.0)
    low, high = surface.bounds.T
    steps = (high - low) / (np.array(heights.shape) - 1)
    x = RNG.uniform(low, high, (400, surface.dim))
    f, _ = surface.value_and_grad(x)
    assert np.array_equal(f, surface.value(x))
    np.testing.assert_allclose(f, 3 * ndimage.map_coordinates(heights, (x / steps).T, mode="mirror"), atol=1e-12)
    nodes = np.stack(
        np.meshgrid(*[np.arange(n) * s for n, s in zip(heights.shape, steps, strict=True)], indexing="ij"), -1
    )
    np.testing.assert_allclose(surface.value(nodes.reshape(-1, surface.dim)), 3 * heights.ravel(), atol=1e-12)
    inside = RNG.uniform(low + 0.01, high - 0.01, (100, surface.dim))
    for axis in range(surface.dim):
        step = 1e-6 * np.eye(surface.dim)[axis]
        slope = (surface.value(inside + step) - surface.value(inside - step)) / 2e-6
        np.testing.assert_allclose(surface.value_and_grad(inside)[1][:, axis], slope, atol=1e-6)
    assert np.isnan(surface.value(np.stack([low - 1e-3, high + 1e-3]))).all()


def test_a_map_is_a_value_that_travels(tmp_path, monkeypatch) -> None:
    surface = landscapes.get("map", heights=GRID, spacing=(0.5, 0.2), no_data=None)
    copy = pickle.loads(pickle.dumps(surface))  # noqa: S301
    assert copy == surface
    assert hash(copy) == hash(surface)
    assert landscapes.get("map", heights=GRID + 1e-9, spacing=(0.5, 0.2)) != surface
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    name = keep(GRID * 2)
    assert landscapes.get("map", dim=2, heights=name).value([[3.0, 4.0]])[0] == pytest.approx(2 * GRID[3, 4])
    assert [path.name for path in (tmp_path / "heights").iterdir()] == [f"{name}.npy"]


def test_far_from_a_hole_a_ball_rolls_as_without_it_and_never_touches_it() -> None:
    holed = GRID.copy()
    holed[18:22, 23:27] = -9999.0
    with_hole, without = (landscapes.get("map", heights=h, spacing=0.1) for h in (holed, GRID))
    assert "holes: nothing is there" in with_hole.notes[0]
    radius = 0.3
    start = RNG.uniform([0.4, 0.4], [3.5, 4.5], (60, 2))
    ball = RBO(radius=radius, learning_rate=0.02, projection="rigid")
    ours, theirs = (trace(ball, surface, start, steps=1) for surface in (with_hole, without))
    away = np.maximum(np.abs(start - [1.95, 2.45]) - [0.25, 0.25], 0.0)
    # The spline feels a filled hole over a few samples more: 0.27 a sample.
    far = np.hypot(*away.T) > radius + 1.0
    assert far.sum() >= 20
    np.testing.assert_allclose(ours.center[0][far], theirs.center[0][far], rtol=0, atol=1e-5)
    assert np.isfinite(with_hole.value(ours.position[0])).all()
    over = trace(ball, with_hole, [[1.95, 2.45]], steps=1)
    assert over.center[0, 0, 2] <= trace(ball, without, [[1.95, 2.45]], steps=1).center[0, 0, 2] + 1e-9
    wide = GRID.copy()
    wide[10:30, 10:40] = np.nan
    fell = trace(ball, landscapes.get("map", heights=wide, spacing=0.1), [[2.0, 2.5]], steps=3)
    assert fell.status[0] == Status.NON_FINITE


@pytest.mark.parametrize(("name", "dim"), [("profile", 1), ("terrain", 2), ("photograph", 2)])
def test_the_rigid_ball_never_penetrates_the_examples(name: str, dim: int) -> None:
    surface = landscapes.get("map", dim=dim, heights=name)
    radius = 0.04 * float(np.ptp(surface.bounds[0]))
    ball = RBO(radius=radius, learning_rate=0.1 * radius, projection="rigid", unit_speed=True)
    run = trace(ball, surface, surface.start, steps=60)
    assert np.abs(run.penetration).max() < 1e-3


def _saved(image: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


def _npy(array: np.ndarray, pickled: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=pickled)
    return file.getvalue()


ROWS = RNG.integers(0, 250, (6, 5))
UPRIGHT = ROWS[::-1].T.astype(float)
ASC = "ncols 5\nnrows 6\nxllcorner 7.1\nyllcorner 46.5\ncellsize 0.0008\nNODATA_value -9999\n" + "\n".join(
    " ".join(map(str, row)) for row in ROWS
)
SDF_HEAD = "aISO-1.0\nManufacID = test\nNumPoints = 5\nNumProfiles = 6\nXscale = 1e-6\nYscale = 2e-6\nZscale = 1e-9\n"
SDF = SDF_HEAD + "*\n" + " ".join(map(str, ROWS[::-1].ravel())) + "\n*\n"
PRF = (
    "1 2\nText 0\nCX M 8 MM 1.0 D\nCZ M 8 MM 1e-3 L\nEOR\nSPACING CX 2.5e-4\nEOR\n" + "\n".join("12345678") + "\nEOR\n"
)
SMD = (
    "'ISO 5436-2 - 2000' 'file'\nPRF 0\nCX I 8 mm 1.0 D 5e-4\nCZ A 8 um 2.0 D\n\x03\n\x03"
    + "\r\n".join("12345678")
    + "\r\n\x03\n"
)


@pytest.mark.parametrize(
    ("data", "heights", "spacing", "units", "no_data"),
    [
        (_saved(Image.fromarray(ROWS.astype(np.uint8)), "PNG"), UPRIGHT, (1, 1), ("", ""), None),
        (_saved(Image.fromarray((ROWS * 200).astype(np.uint16)), "PNG"), UPRIGHT * 200, (1, 1), ("", ""), None),
        (_saved(Image.fromarray(ROWS.astype(np.float32)), "TIFF"), UPRIGHT, (1, 1), ("", ""), None),
        (_npy(UPRIGHT), UPRIGHT, (1, 1), ("", ""), None),
        (ASC.encode(), UPRIGHT, (0.0008, 0.0008), ("°", "m"), -9999),
        (SDF.encode(), UPRIGHT * 1e-9, (1e-6, 2e-6), ("m", "m"), None),
        (PRF.encode(), np.arange(1, 9) * 1e-3, (2.5e-4,), ("mm", "mm"), None),
        (SMD.encode(), np.arange(1, 9) * 2.0, (5e-4,), ("mm", "um"), None),
        (b"z\n1\n2\n\n3\n4.5", [1, 2, 3, 4.5], (1,), ("", ""), None),
        (b"x;z\n0;1,5\n0,5;2\n1;3\n1,5;4", [1.5, 2, 3, 4], (0.5,), ("", ""), None),
        (b"1,2,3,4\n5,6,7,8\n9,10,11,12\n13,14,15,",
         [[13, 9, 5, 1], [14, 10, 6, 2], [15, 11, 7, 3], [np.nan, 12, 8, 4]],
         (1, 1), ("", ""), None),
    ],
    ids=["png8", "png16", "tiff", "npy", "asc", "sdf", "prf", "smd", "column", "profile", "matrix"],
)  # fmt: skip
def test_files_are_read_as_they_were_written(data, heights, spacing, units, no_data) -> None:
    found = read(data, "file")
    np.testing.assert_allclose(found.heights, heights)
    assert found.spacing == pytest.approx(spacing)
    assert (found.unit, found.height_unit) == units
    assert found.no_data == no_data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (_npy(np.array([{"a": 1}], dtype=object), pickled=True), "allow_pickle=False"),
        (b"\x89PNG" + b"\0" * 200, "cannot be read"),
        (b"\0\1\2" * 100, "none of the files that are read"),
        (b"1,2\n3", "as many numbers as the first"),
        (b"1\n2\nthree\n4", "'three', which is no number"),
        (b"", "empty"),
        (b"1\n2", "at least 4 samples"),
        (ASC.replace("nrows 6", "nrows 7").encode(), "should hold 5 × 7 heights"),
        (ASC.replace("ncols 5", "ncols 9999999").encode(), "at most 4096²"),
        (b"x" * 20_000_001, "at most 20 MB"),
        (SDF.replace("aISO", "bISO").encode(), "binary"),
    ],
    ids=["pickle", "png", "binary", "ragged", "word", "empty", "short", "count", "large", "bytes", "sdf"],
)
def test_what_is_no_map_gets_a_message(data: bytes, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        read(data, "file")
    assert words in str(caught.value)


def test_bad_requests_are_named() -> None:
    for given, words in [
        ({"heights": "../../etc/passwd"}, "are not known here"),
        ({"heights": np.zeros((3, 9))}, "at least 4 samples"),
        ({"heights": np.full(9, np.nan)}, "at least one finite number"),
        ({"heights": np.zeros((2000, 8)), "spacing": 1.0}, "take every 2th"),
        ({"heights": CURVE, "spacing": -1}, "spacing must be one positive number"),
        ({"heights": CURVE, "no_data": "none"}, "no_data must be a number"),
        ({"heights": GRID, "dim": 1}, "but dim=1 asks for a curve"),
    ]:
        with pytest.raises(ValueError) as caught:
            landscapes.get("map", **given)
        assert words in str(caught.value)
    fewer, k = thinned(np.zeros((2000, 8)), 1024)
    assert (fewer.shape, k) == ((1000, 4), 2)
