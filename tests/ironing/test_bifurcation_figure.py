"""The figures of rests and crests hold what they were given."""

import numpy as np
import pytest

import landscapes
from rbo_core.figures.bifurcation import CLICKS, bifurcation_figure, lifetimes_figure, strip
from rbo_core.ironing import field_crests, rests, sample


@pytest.fixture(scope="module")
def bowl():
    field = sample(landscapes.get("wrinkled_bowl", dim=1), 2001, margin=1.5)
    return field, rests(field, np.geomspace(0.05, 1.5, 20)), field_crests(field)


def test_the_strip_holds_the_height_of_each_starts_rest(bowl):
    _, listed, _ = bowl
    x = np.linspace(-2.9, 2.9, 31)
    radii, ends = strip(listed, x)
    assert ends.shape == (31, 20)
    k, i = 7, 12
    here = listed.at(float(radii[k]))
    own = (here.low <= x[i]) & (x[i] <= here.high)
    assert ends[i, k] in here.height[own]


def test_crests_are_drawn_up_to_their_lifetimes(bowl):
    _, listed, found = bowl
    fig = bifurcation_figure(listed, found, (-3.0, 3.0), 0.3, -2.6, dark=False)
    ends = next(t for t in fig.data if t.name == "lets go")
    own = (found.lifetime >= 0.05 * 0.999) & (found.lifetime <= 1.5)
    np.testing.assert_allclose(np.sort(ends.x), np.sort(found.lifetime[own]), rtol=1e-6)
    assert any(t.name == CLICKS for t in fig.data)
    bars = lifetimes_figure(found, (0.05, 1.5), 0.3, dark=True)
    assert bars.data[0].name.startswith(f"{int((found.lifetime > 0.3).sum())} of ")
