"""What every test relies on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.processes import Processes

# No test asks how fast a busy machine is. In CI a property test tries the same examples every time; everywhere else it
# goes on looking for new ones.
settings.register_profile("lab", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "lab")


LONG = {
    "browser/test_access.py": 127, "pages/test_addresses.py": 65, "browser/test_network_pages.py": 63,
    "browser/test_race.py": 57, "browser/test_walks.py": 57, "browser/test_train.py": 53,
    "browser/test_first_paint.py": 45, "browser/test_phases.py": 42, "browser/test_own_surfaces.py": 38,
    "browser/test_roll.py": 37, "cluster/test_cluster.py": 34, "browser/test_player.py": 32, "test_manual.py": 30,
    "core/test_reference.py": 19, "browser/test_addresses.py": 18, "sweep/test_interrupted.py": 13,
    "formula/test_hostile.py": 13, "pages/test_roll.py": 12, "pages/test_take_away.py": 12, "test_benchmarks.py": 11,
    "pages/test_own_surfaces.py": 11, "training/test_runs.py": 10, "browser/test_hand.py": 10,
    "core/test_contact.py": 10, "torch/test_laws.py": 9, "training/test_ensembles.py": 9,
    "formula/test_against_sympy.py": 9, "pages/test_race.py": 8, "browser/test_lessons.py": 8,
    "browser/test_tabs.py": 8, "browser/test_renderer.py": 8, "pages/test_first_settings.py": 7,
    "pages/test_typed.py": 7, "core/test_faults.py": 7, "phases/test_map.py": 6, "jobs/test_jobs.py": 6,
    "pages/test_claims.py": 5, "torch/test_distributed.py": 5, "serving/test_serve.py": 5,
}  # fmt: skip
"""Seconds of one core that the longest files take; the other ones of the browser some 15. They need not be exact."""


def pytest_configure(config: pytest.Config) -> None:
    """Let `--dist loadfile` keep the order below: its own begins with files of many tests and ends with long ones."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that two workers end together; within a file nothing changes."""

    def seconds(item: pytest.Item) -> int:
        file = item.path.as_posix()
        known = (time for name, time in LONG.items() if file.endswith(f"/{name}"))
        return next(known, 15 if "/browser/" in file else 0)

    items.sort(key=seconds, reverse=True)


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
