"""What every test relies on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.processes import Processes

# In CI a property test tries the same examples every time; everywhere else it goes on looking for new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Keep ``__main__``: AppTest puts the page there, and a spawned process would run that page when it starts."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def processes() -> Iterator[Processes]:
    """processes.start(words): a subprocess that does not outlive the test."""
    started = Processes()
    yield started
    started.end()
