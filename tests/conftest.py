"""What every test relies on."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Keep ``__main__``: AppTest puts the page there, and a spawned process would run that page when it starts."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
