"""Names, parameters, errors, and a landscape as a value: frozen, hashable, picklable, equal by what it is."""

import dataclasses
import pickle
import subprocess
import sys

import numpy as np
import pytest

import landscapes
from tests.landscapes.cases import every_surface, other_value, sliders

BOTH = {
    *("wrinkled_bowl", "weierstrass", "weierstrass_like", "fractional_brownian", "corduroy", "gaussian_pits"),
    *("spectral_noise", "value_noise", "rastrigin", "ackley", "whitley", "sine_mse", "sharp_flat_wells"),
    *("plane", "paraboloid", "v_valley", "formula", "map"),
}
ONLY_1D = {"drawing"}
ONLY_2D = {"ravine", "saddle", "rosenbrock"}


def test_the_list_of_surfaces():
    assert set(landscapes.names()) == BOTH | ONLY_1D | ONLY_2D
    assert set(landscapes.names(1)) == BOTH | ONLY_1D
    assert set(landscapes.names(dim=2)) == BOTH | ONLY_2D


@every_surface
def test_texts_window_and_start(name, dim):
    surface = landscapes.get(name, dim=dim)
    assert (surface.name, surface.dim) == (name, dim)
    assert surface.title
    assert surface.source.endswith(".")
    assert surface.summary.endswith(".")
    assert len(surface.summary) <= 120
    assert surface.latex.startswith("f(")
    assert surface.latex.count("{") == surface.latex.count("}")
    assert surface.latex.count(r"\left") == surface.latex.count(r"\right")
    assert surface.bounds.shape == (dim, 2)
    assert (surface.bounds[:, 0] < surface.bounds[:, 1]).all()
    assert surface.start.shape == (dim,)
    assert (surface.start > surface.bounds[:, 0]).all()
    assert (surface.start < surface.bounds[:, 1]).all()
    assert 0 < surface.finest_scale <= np.ptp(surface.bounds, axis=1).max()


@every_surface
def test_heights_and_widths_share_a_scale(name, dim):
    """In true scale the picture is neither a needle nor a line."""
    surface = landscapes.get(name, dim=dim)
    axes = [np.linspace(*bounds, 151) for bounds in surface.bounds]
    f = surface.value(np.stack(np.meshgrid(*axes), -1).reshape(-1, dim))
    assert 0.05 < np.ptp(f) / np.ptp(surface.bounds[0]) < 2.0


@every_surface
def test_parameters_are_consistent_and_listed_with_their_defaults(name, dim):
    parameters = landscapes.parameters(name, dim)
    assert landscapes.get(name, dim=dim).parameters == {p.name: p.default for p in parameters}
    for parameter in sliders(name, dim):
        assert parameter.low <= parameter.default <= parameter.high
        assert parameter.step > 0
        assert parameter.label
        assert parameter.help
        assert not parameter.log or parameter.low > 0


@every_surface
def test_every_parameter_changes_the_surface(name, dim):
    if name == "sine_mse":
        base = {"noise": 0.3}  # its seed only seeds the noise
    else:
        base = {"expression": "a x^2 + 0.2sin(x)"} if name == "formula" else {}
    x = np.random.default_rng(0).uniform(-1.7, 1.7, (200, dim))
    before = landscapes.get(name, dim=dim, **base).value(x)
    for parameter in landscapes.parameters(name, dim, **base):
        if parameter.name == "bounds":
            continue  # the window, not the surface
        after = landscapes.get(name, dim=dim, **base | {parameter.name: other_value(parameter)}).value(x)
        assert not np.array_equal(before, after), parameter.name


@every_surface
def test_landscape_is_a_value(name, dim):
    surface = landscapes.get(name, dim=dim)
    parameter = landscapes.parameters(name, dim)[0]
    other = landscapes.get(name, dim=dim, **{parameter.name: other_value(parameter)})
    explicit = landscapes.get(name, dim=dim, **surface.parameters)
    assert explicit == surface
    assert hash(explicit) == hash(surface)
    assert other != surface
    assert surface != "something else"
    assert len({surface, explicit, other}) == 2
    copy = pickle.loads(pickle.dumps(other))  # noqa: S301
    assert copy == other
    x = np.full((3, dim), 0.3)
    assert np.array_equal(copy.value(x), other.value(x))
    with pytest.raises(dataclasses.FrozenInstanceError):
        surface.dim = 3
    with pytest.raises(ValueError, match="read-only"):
        surface.bounds[0, 0] = 0.0


def test_equality_ignores_the_order_and_number_type_of_parameters():
    a = landscapes.get("weierstrass", b=5, a=0.25)
    b = landscapes.get("weierstrass", dim=np.int64(1), a=np.float64(0.25), b=5.0)
    assert a == b
    assert a.parameters["b"] == 5
    assert isinstance(a.parameters["b"], int)


def test_pickle_holds_no_table():
    assert len(pickle.dumps(landscapes.get("fractional_brownian", dim=2))) < 500


def test_repr_is_how_to_get_it():
    assert repr(landscapes.get("plane", slope=0.25)) == "landscapes.get('plane', dim=1, slope=0.25)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: landscapes.get("rastrigan"),
            r"unknown surface 'rastrigan' \(did you mean 'rastrigin'\?\); choose one",
        ),
        (lambda: landscapes.get(3), r"unknown surface 3; choose one of wrinkled_bowl"),
        (lambda: landscapes.parameters("nothing"), r"unknown surface 'nothing'"),
        (lambda: landscapes.get("rosenbrock"), r"rosenbrock exists with dim=2, got dim=1"),
        (lambda: landscapes.get("ackley", dim=3), r"ackley exists with dim=1 or dim=2, got dim=3"),
        (lambda: landscapes.get("ackley", dim=True), r"got dim=True"),
        (lambda: landscapes.get("plane", slop=1.0), r"unknown parameter 'slop' of plane in 1D; it has slope \(did you"),
        (
            lambda: landscapes.get("corduroy", valley=0.1),
            r"unknown parameter 'valley' of corduroy in 1D; it has slope,",
        ),
        (lambda: landscapes.get("plane", slope=float("nan")), r"slope of plane must be finite, in \[0, 5\], got nan"),
        (lambda: landscapes.get("plane", slope=float("inf")), r"slope of plane must be finite, in \[0, 5\], got inf"),
        (lambda: landscapes.get("plane", slope=-1.0), r"slope of plane must lie in \[0, 5\], got -1.0"),
        (lambda: landscapes.get("plane", slope="steep"), r"slope of plane must be a number in \[0, 5\], got 'steep'"),
        (lambda: landscapes.get("plane", slope=True), r"slope of plane must be a number in \[0, 5\], got True"),
        (lambda: landscapes.get("weierstrass", b=2.5), r"b of weierstrass must be a whole number in \[2, 7\], got 2.5"),
        (lambda: landscapes.get("weierstrass", terms=9), r"terms of weierstrass must lie in \[1, 8\], got 9"),
        (lambda: landscapes.get("value_noise", seed=-1), r"seed of value_noise must lie in \[0, 10000\], got -1"),
    ],
)
def test_errors_name_the_value_and_the_remedy(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_import_loads_neither_torch_nor_the_app_nor_the_core():
    code = (
        "import sys, landscapes; landscapes.get('wrinkled_bowl').minimum; "
        "print([m for m in ('torch', 'streamlit', 'plotly', 'rbo_core', 'scipy.optimize') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
