"""What the network pages show before anything was trained here: results of the default settings, measured earlier.

`python -m pages.shared.network_examples` makes them again (about a minute and a half on two cores).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from pages.shared.network_plane import default_runs
from pages.shared.page import cached
from rbo_core.training import RunStore, TrainConfig, run_training
from rbo_core.training.landscape import PlaneConfig, PlaneResult, compute_plane, load_plane, save_plane
from rbo_core.training.phases import PhaseConfig, PhaseResult, compute_phases, load_phases, save_phases

FOLDER = Path(__file__).with_name("examples")
NAME = "default"


@cached
def plane() -> PlaneResult | None:
    """The plane of the ball, SGD and SAM on the digits; None when the file is not there."""
    return load_plane(NAME, FOLDER)


@cached
def _phases() -> PhaseResult | None:
    return load_phases(NAME, FOLDER)


def phases(config: PhaseConfig) -> PhaseResult | None:
    """The map of the default settings, when those are what `config` asks for."""
    found = _phases()
    return found if found is not None and found.config.key == config.key else None


def make() -> None:
    """Measure both again and write them into the folder of the examples."""
    with tempfile.TemporaryDirectory() as folder:
        with RunStore(folder) as store:
            ids = [str(run_training(TrainConfig.from_dict(config), store).run_id) for config in default_runs()]
            file = save_plane(compute_plane(PlaneConfig(runs=tuple(ids)), store), folder)
        _keep(file, "planes")
        _keep(save_phases(compute_phases(PhaseConfig()), folder), "network_phases")


def _keep(file: Path, kind: str) -> None:
    (FOLDER / kind).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, FOLDER / kind / f"{NAME}.npz")


if __name__ == "__main__":
    make()
