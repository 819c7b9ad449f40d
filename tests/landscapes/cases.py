"""Every surface in every dimension it exists in, and points and parameters to try them with."""

import numpy as np
import pytest

import landscapes

#: A map is nothing outside its window and has its own tests (maps/).
CASES = [(name, dim) for dim in (1, 2) for name in landscapes.names(dim) if name != "map"]
every_surface = pytest.mark.parametrize(("name", "dim"), CASES, ids=[f"{name}-{dim}" for name, dim in CASES])


def sliders(name, dim):
    """The parameters that are numbers; a surface of the visitor's own is also asked for texts."""
    return [p for p in landscapes.parameters(name, dim) if isinstance(p, landscapes.Parameter)]


def other_value(parameter):
    """A value that makes another surface of it."""
    if isinstance(parameter, landscapes.Parameter):
        return parameter.high if parameter.default != parameter.high else parameter.low
    return {
        "expression": "0.1x^2 + 0.2sin(9x)",
        "bounds": "-2.5:2.5",
        "knots": "AAfQfQD6-gAA",
    }[parameter.name]


def random_points(surface, count, seed=0, margin=0.0):
    """Points (count, d), uniform over the bounds extended by the margin."""
    low, high = surface.bounds.T
    return np.random.default_rng(seed).uniform(low - margin, high + margin, (count, surface.dim))


def random_parameters(name, dim, rng):
    """Every parameter at random within its range (on a log scale where the page has one)."""
    values = {}
    for parameter in sliders(name, dim):
        u = rng.uniform()
        if parameter.log:
            value = parameter.low * (parameter.high / parameter.low) ** u
        else:
            value = parameter.low + u * (parameter.high - parameter.low)
        values[parameter.name] = round(value) if parameter.integer else value
    return values
