"""Three small sets of heights that ship with the app: two made by us and named as such, one a real photograph."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from landscapes.base import Floats

EXAMPLES = {
    "profile": "A roughness profile, made by us: a turned surface of 4 mm, feed marks of 0.25 mm and tool noise, in mm",
    "terrain": "A terrain, made by us: ridged fractal hills of 6 km with a lake without data, in km",
    "photograph": "A photograph, flower.jpg of scikit-learn, its brightness as height",
}
SPACING = {"profile": (0.002,), "terrain": (0.05, 0.05), "photograph": (1.0, 1.0)}
START = {"profile": (0.6,), "terrain": (5.5 / 6.0, 0.5)}
"""Where ball and point part, in parts of the window; elsewhere the first place that is a number."""
SCALE = {"profile": 40.0, "terrain": 2.0, "photograph": 0.2}


@lru_cache(maxsize=3)
def example(name: str) -> Floats:
    """Heights of an example; KeyError for another name."""
    heights = {"profile": _profile, "terrain": _terrain, "photograph": _photograph}[name]()
    heights.setflags(write=False)
    return heights


def _profile() -> Floats:
    """4 mm of a turned surface, every 2 µm: feed marks, their wear, and noise of two lengths; mm."""
    rng = np.random.default_rng(7)
    x = np.arange(2001) * 0.002
    u = np.mod(x / 0.25, 1.0) - 0.5
    marks = 0.004 * u * u * 4.0 * (1.0 + 0.2 * rng.standard_normal(17)[(x / 0.25).astype(int)])
    noise = _smooth(rng.standard_normal(x.size), 6.0) * 0.0008 + _smooth(rng.standard_normal(x.size), 60.0) * 0.001
    return marks + noise


def _terrain() -> Floats:
    """6 km × 6 km, every 50 m: ridged multifractal hills (Musgrave's recipe) and a lake without data (−9999); km."""
    rng = np.random.default_rng(11)
    n = 121
    total, weight = np.zeros((n, n)), np.ones((n, n))
    for octave in range(5):
        noise = _smooth(rng.standard_normal((n, n)), 18.0 / 2.0**octave)
        ridge = (1.0 - np.abs(noise / np.abs(noise).max())) ** 2
        total += 0.5**octave * weight * ridge
        weight = np.clip(ridge, 0.2, 1.0)
    total = 0.9 * (total - total.min()) / np.ptp(total) + 0.1
    low = np.unravel_index(int(_smooth(total, 6.0)[20:-20, 20:-20].argmin()), (n - 40, n - 40))
    i, j = np.ogrid[:n, :n]
    lake = ((i - low[0] - 20) / 9.0) ** 2 + ((j - low[1] - 20) / 6.0) ** 2 < 1.0
    return np.where(lake, -9999.0, total)


def _photograph() -> Floats:
    """Every fourth pixel's brightness, 0 to 255, x to the right and y upwards."""
    from sklearn.datasets import load_sample_image

    grey = load_sample_image("flower.jpg")[::4, ::4].astype(float) @ np.array([0.299, 0.587, 0.114])
    return np.ascontiguousarray(grey[::-1].T)


def _smooth(values: Floats, sigma: float) -> Floats:
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(values, sigma, mode="wrap")
    return smooth / smooth.std()
