"""What a setting says of itself agrees with what its method accepts, and is enough for a control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from rbo_core import METHODS, RBO, EntropySGD
from rbo_core.methods import method_class
from rbo_core.rolling import LOCAL, PROJECTIONS
from rbo_core.settings import NETWORK_NAMES, Setting, network_settings, setting, settings_of

KNOWN = [(name, one) for name, method in METHODS.items() for one in settings_of(method)]
ON_NETWORKS = [(name, one) for name, method in METHODS.items() for one in network_settings(method)]


@pytest.mark.parametrize(("name", "one"), [*KNOWN, *ON_NETWORKS], ids=lambda value: getattr(value, "name", value))
def test_ranges_and_defaults_are_accepted(name: str, one: Setting) -> None:
    assert one.label
    one.check(one.default)
    if one.choices:
        assert one.default in one.choices
        for choice in one.choices:
            one.check(choice)
        with pytest.raises(ValueError, match=f"{one.name} must be one of"):
            one.check("sticky")
    elif one.kind is not bool and one.low is not None:
        assert one.high is not None
        assert one.low <= one.default <= one.high
        assert one.low > 0 or not one.log
        one.check(one.kind(one.low))
        one.check(one.kind(one.high))
        with pytest.raises(ValueError, match=one.name):
            one.check(-1)


@pytest.mark.parametrize(("name", "one"), KNOWN, ids=lambda value: getattr(value, "name", value))
def test_what_is_called_batchable_takes_one_value_a_ball(name: str, one: Setting) -> None:
    values = np.array([one.default, one.default]) if one.kind is float else None
    assert one.batchable == (values is not None)
    if values is not None:
        assert getattr(METHODS[name](**{one.name: values}), one.name) is values


def test_the_names_that_differ_on_networks() -> None:
    differing = {one.name: one.network_name for _, one in KNOWN if one.name != one.network_name}
    assert differing == NETWORK_NAMES
    assert {one.name for one in network_settings(METHODS["sam"])} == {"lr", "radius", "momentum", "adaptive"}
    with pytest.raises(ValueError, match="gradient_noise is no setting of training"):
        settings_of(RBO)[0].for_networks()


def test_projections_own_settings_of_the_ball() -> None:
    known = {one.name: one for one in settings_of(RBO)}
    assert tuple(known["projection"].choices) == tuple(PROJECTIONS)
    for name, projection in PROJECTIONS.items():
        for key, first in projection.own.items():
            known[key].check(first)
        RBO(projection=name, **projection.own)
    (local,) = [one for one in network_settings(RBO) if one.name == "projection"]
    assert tuple(local.choices) == tuple(LOCAL) == ("newton", "gradient")


def test_bounds_at_both_ends_name_both() -> None:
    with pytest.raises(ValueError, match=r"averaging must be between 0 and 1, got 1\.5"):
        EntropySGD(averaging=1.5)
    with pytest.raises(ValueError, match=r"averaging must be zero or positive, got -0\.5"):
        EntropySGD(averaging=-0.5)
    with pytest.raises(ValueError, match=r"method.name must be one of rbo, .*; got 'bro'"):
        method_class("bro", called="method.name")


def test_a_field_without_a_description_has_a_plain_one() -> None:
    @dataclass
    class Bare:
        step_length: float = 0.1
        noisy: Any = setting(True, label="noisy")

    one, two = settings_of(Bare)
    assert (one.label, one.shown, one.batchable, one.described) == (
        "step length",
        False,
        True,
        "step length (default 0.1).",
    )
    assert (two.name, two.shown, two.kind) == ("noisy", True, bool)
