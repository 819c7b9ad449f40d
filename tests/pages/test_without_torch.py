"""Without the packages of networks their pages say what to install, and the others work."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).resolve().parents[2] / "pages"


@pytest.mark.parametrize("name", ["5_Train", "6_Network_landscape", "7_Network_phases", "8_Results"])
def test_a_page_of_networks_names_what_is_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pages.shared.needs_networks", raising=False)
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda package: None if package == "torch" else found(package))
    for _ in range(2):  # at every visit
        page = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60).run()
        assert not page.exception
        assert "need torch: run" in page.error[0].value
    monkeypatch.delitem(sys.modules, "pages.shared.needs_networks", raising=False)
