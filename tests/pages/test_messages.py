"""What a page refuses it says in the words of its controls, never with a setting's name in the code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.errors import labelled


@pytest.mark.parametrize(
    ("page", "query", "said"),
    [
        ("7_Network_phases", {"radius_low": "10", "radius_high": "1"}, "ρ to must be larger than ρ from, got 10 to 1"),
        ("7_Network_phases", {"newton_rate_low": "9"}, "η to must be larger than η from, got 9 to 3"),
        (
            "5_Train",
            {"train_size": "50", "batch": "80"},
            "Training images must be a whole number of at least 80, got 50",
        ),
        (
            "7_Network_phases",
            {"how_sharp": "often"},
            "How sharp does a network get? Theory beside measurement is true or",
        ),
    ],
)
def test_settings_are_called_as_their_controls(
    page: str, query: dict[str, str], said: str, visit: Callable[..., AppTest], tmp_path: Path
) -> None:
    assert any(error.value.startswith(said) for error in visit(page, tmp_path, **query).error)


def test_only_settings_are_put_in_other_words() -> None:
    for kept in (
        "no surface 'my_map', got \"start_x\" and `no_data`",
        "pass plane_of(model).save",
        "the file heights_2.csv",
        "or python -m rbo_core roll --loss_scale 2",
        "a link may say rbo_radius=2",
        "runs/my_run/metrics",
    ):
        assert labelled(kept) == kept
    assert labelled("loss_scale must be positive, got -1.0") == "loss scale λ must be positive, got -1.0"
    assert labelled("chunk_balls must be at least 1") == "chunk balls must be at least 1"
