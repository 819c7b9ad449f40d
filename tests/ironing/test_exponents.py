"""Exponents of crest counts on fractional Brownian ground of known Hurst exponent."""

import pytest

import landscapes
from rbo_core.ironing.exponents import crest_counts, gentle_exponent


@pytest.mark.parametrize("hurst", [0.2, 0.5, 0.8])
def test_gentle_and_steep_ground_have_their_own_exponents(hurst):
    surfaces = [
        landscapes.get("fractional_brownian", dim=1, hurst=hurst, seed=seed, harmonics=1024) for seed in range(1, 11)
    ]
    gentle, own, steep = (crest_counts(surfaces, scale) for scale in (0.01, 1.0, 100.0))
    assert gentle.exponent == pytest.approx(gentle_exponent(hurst), abs=0.07)
    assert steep.exponent == pytest.approx(-1.0, abs=0.12)
    assert steep.exponent - 0.03 < own.exponent < gentle.exponent + 0.03
    assert gentle.low < gentle.exponent < gentle.high


def test_one_surface_has_no_interval():
    with pytest.raises(ValueError, match="two surfaces"):
        crest_counts([landscapes.get("fractional_brownian", dim=1)], 1.0)
