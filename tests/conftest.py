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
    "browser/test_access.py": 120, "browser/test_network_pages.py": 80, "browser/test_race.py": 75,
    "test_manual.py": 70, "browser/test_walks.py": 65, "cluster/test_cluster.py": 60, "browser/test_train.py": 60,
    "pages/test_addresses.py": 55, "core/test_contact.py": 50, "core/test_reference.py": 50,
    "sweep/test_interrupted.py": 50, "browser/test_phases.py": 45, "browser/test_addresses.py": 40,
    "browser/test_roll.py": 40, "formula/test_against_sympy.py": 35, "browser/test_player.py": 35,
    "browser/test_first_paint.py": 35, "browser/test_own_surfaces.py": 30, "pages/test_roll.py": 30,
    "training/test_runs.py": 28, "formula/test_hostile.py": 25,
    "core/test_faults.py": 24, "training/test_ensembles.py": 23, "core/test_cli_roll.py": 20,
    "jobs/test_jobs.py": 19, "core/test_ball_laws.py": 18, "pages/test_first_settings.py": 18,
    "sweep/test_finite_size.py": 14, "serving/test_serve.py": 13, "core/test_database.py": 13,
    "test_benchmarks.py": 13, "torch/test_distributed.py": 12,
}  # fmt: skip
"""Seconds that the longest files take; the other ones of the browser some 25. They need not be exact."""


def pytest_configure(config: pytest.Config) -> None:
    """Let `--dist loadfile` keep the order below: its own begins with files of many tests and ends with long ones."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that two workers end together; within a file nothing changes."""

    def seconds(item: pytest.Item) -> int:
        file = item.path.as_posix()
        known = (time for name, time in LONG.items() if file.endswith(f"/{name}"))
        return next(known, 25 if "/browser/" in file else 0)

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
