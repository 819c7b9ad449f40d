"""The landscape of stored runs: their loss on a plane, with clean and with noisy labels, and their paths in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from rbo_core.checks import require, require_choice, require_count
from rbo_core.training.config import TrainConfig
from rbo_core.training.data import add_label_noise, load
from rbo_core.training.flat_loss import Task, hessian_plane, suiting_reach
from rbo_core.training.loop import pick_device
from rbo_core.training.planes import Grid, Plane, evaluate, principal_plane, random_plane, window_of
from rbo_core.training.results import key_of, load_result, result_path, save_result
from rbo_core.training.store import RunStore

Floats = NDArray[np.float64]
KINDS = ("principal", "random", "hessian")
FOLDER = "planes"


@dataclass(frozen=True, kw_only=True)
class PlaneConfig:
    """Which plane to compute.

    Attributes:
        runs: ids of stored runs of one network; the plane goes through the last parameters of the first.
        kind: "principal" (first two principal components of all the runs' snapshots) "random" (filter-normalised) or
            "hessian" (the two leading eigenvectors of the training loss's Hessian at the first run's end).
        size: points an axis.
        label_noise: share of random labels in the noisy twin, where the first run itself had none.
        examples: training images the loss is averaged over (the first ones).
        reach: half the width of a random plane, in lengths of a filter-normalised direction; of a Hessian plane, in
            distances over which the loss doubles (at least rises by a half) along the first eigenvector.
        seed: of the random directions.
        device: "auto", "cpu", "cuda".
    """

    runs: tuple[str, ...]
    kind: str = "principal"
    size: int = 61
    label_noise: float = 0.4
    examples: int = 1000
    reach: float = 1.0
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "runs", tuple(str(run) for run in self.runs))
        if not self.runs:
            raise ValueError("a plane needs at least one run; name a stored one")
        require_choice("kind", self.kind, KINDS)
        require_count("size", self.size, 5)
        require_count("examples", self.examples)
        require_count("seed", self.seed, 0)
        require("reach", self.reach, above=0)
        require("label_noise", self.label_noise, above=0)
        if self.label_noise > 1:
            raise ValueError(f"label_noise must be at most 1, got {self.label_noise}")

    @property
    def key(self) -> str:
        """Names the result; the device does not change it."""
        return key_of({**asdict(self), "device": None})

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PlaneConfig:
        """From JSON; a name that does not exist is a ValueError."""
        known = tuple(cls.__dataclass_fields__)
        for name in values:
            if name not in known:
                raise ValueError(f"a plane has no setting {name!r}; it has {', '.join(known)}")
        return cls(**values)


@dataclass(frozen=True)
class Path2D:
    """A run's way over the plane. method: its name; coordinates (T, 2) and off (T,), its distance from the plane,
    parameter units; epochs (T,); held: share of its own variance inside the plane."""

    run: str
    method: str
    coordinates: Floats
    off: Floats
    epochs: NDArray[np.int64]
    held: float


@dataclass(frozen=True, eq=False)
class PlaneResult:
    """The loss on a plane.

    clean, noisy: (N, N) mean cross-entropy with true and with partly random labels of the same images; [i, j] stands at
    (x[i], y[j]), parameter units. share: (2,) of the variance of all snapshots along each axis (random planes too).
    trained_on: "clean" or "noisy", the labels the first run saw. known: (N, N), the points that are evaluated, None for
    all; the losses of the others are NaN.
    """

    config: PlaneConfig
    train: TrainConfig
    x: Floats
    y: Floats
    clean: Floats
    noisy: Floats
    paths: tuple[Path2D, ...]
    share: tuple[float, float]
    unit: float
    noise: float
    trained_on: str
    seconds: float
    known: NDArray[np.bool_] | None = None

    @property
    def complete(self) -> bool:
        """Whether no point is missing."""
        return self.known is None or bool(self.known.all())

    @property
    def share_known(self) -> float:
        """Of the points, those that are evaluated."""
        return 1.0 if self.known is None else float(self.known.mean())

    @property
    def spacing(self) -> tuple[float, float]:
        """Distance of neighbouring points along each axis, parameter units."""
        return float(self.x[1] - self.x[0]), float(self.y[1] - self.y[0])

    @property
    def own(self) -> Floats:
        """The loss with the labels the first run was trained on."""
        return self.noisy if self.trained_on == "noisy" else self.clean


def comparable(store: RunStore, run_id: str) -> list[str]:
    """The run itself and the latest finished run of every other method that saw the same data from the same start."""
    base = store.get(run_id)

    def task(config: TrainConfig) -> tuple[Any, ...]:
        return (config.data, config.model, config.seed, config.label_noise, config.train_size, config.augment,
                config.precision)  # fmt: skip

    found = {
        (base.config.method.name, base.config.method["projection"] if base.config.method.name == "rbo" else ""): run_id
    }
    for run in store.list(state="done"):
        method = run.config.method
        name = (method.name, method["projection"] if method.name == "rbo" else "")
        if name not in found and run.config.snapshots and task(run.config) == task(base.config):
            found[name] = run.id
    return list(found.values())


def compute_plane(
    config: PlaneConfig,
    store: RunStore,
    progress: Callable[[int, int], object] | None = None,
    *,
    so_far: PlaneResult | None = None,
    keep: Callable[[PlaneResult], object] | None = None,
) -> PlaneResult:
    """Evaluate the plane of stored runs, coarse grids before fine ones.

    Args:
        progress: called with (points done, points); a true answer raises `rbo_core.cancelled.Cancelled`.
        so_far: an unfinished plane of the same config, to go on with.
        keep: is given the plane after every batch of points, often; its arrays go on filling.

    Raises:
        ValueError: a run is missing, kept no snapshots, or is of another network than the first.
    """
    began = time.perf_counter()
    device = pick_device(config.device)
    base = store.get(config.runs[0]).config
    model = store.model(config.runs[0]).to(device).float()
    tracks = {}
    for run_id in config.runs:
        run = store.get(run_id)
        epochs, points = store.trajectory(run_id)
        if (run.config.data, run.config.model) != (base.data, base.model):
            raise ValueError(
                f"all runs of a plane must be of one network; {run_id} is {run.config.model} on {run.config.data}, "
                f"the first is {base.model} on {base.data}"
            )
        finite = torch.isfinite(points).all(dim=1)
        tracks[run_id] = run.config.method.name, epochs[finite.numpy()], points[finite].to(device).float()
    snapshots = [points for _, _, points in tracks.values()]
    origin = torch.cat([p.detach().reshape(-1) for p in model.parameters()])
    data = load(base.data, base.data_dir)
    count = min(base.train_size or len(data.train_y), len(data.train_y))
    noise = base.label_noise if base.label_noise > 0 else config.label_noise
    noisy = add_label_noise(data.train_y[:count], data.classes, noise, base.seed)
    use = min(config.examples, count)
    labels = [torch.from_numpy(a[:use]).to(device) for a in (data.train_y, noisy)]
    inputs = torch.from_numpy(data.train_x[:use]).to(device)
    unit = 0.0
    if config.kind == "principal":
        plane = principal_plane(snapshots, origin)
    elif config.kind == "hessian":
        plane, unit = _hessian_plane(model, origin, inputs, labels[1 if base.label_noise > 0 else 0])
    else:
        plane, unit = random_plane(model, origin, config.seed)
    paths = tuple(
        _path(plane, run_id, method, epochs, points) for run_id, (method, epochs, points) in tracks.items()
    )  # fmt: skip
    if config.kind == "principal":
        window = window_of([p.coordinates for p in paths])
    else:
        window = config.reach * unit * np.array([[-1.0, 1.0], [-1.0, 1.0]])

    share = plane.share if config.kind == "principal" else _shares(plane, snapshots)
    x, y = (np.linspace(low, high, config.size) for low, high in window)
    grid, spent = _begun(so_far, x, y)

    def now() -> PlaneResult:
        return PlaneResult(
            config, base, x, y, grid.heights[0], grid.heights[1], paths, share, unit, noise,
            "noisy" if base.label_noise > 0 else "clean", spent + time.perf_counter() - began, grid.known,
        )  # fmt: skip

    def told(done: int, total: int) -> bool:
        if keep is not None:
            keep(now())
        return progress is not None and bool(progress(done, total))

    evaluate(model, plane, window, config.size, inputs, labels, told, grid=grid)
    return now()


def _begun(so_far: PlaneResult | None, x: Floats, y: Floats) -> tuple[Grid, float]:
    """What is known of the plane on these axes, and the seconds it took; nothing where it was on others."""
    if so_far is not None and np.allclose(so_far.x, x) and np.allclose(so_far.y, y):
        known = np.ones((len(x), len(y)), bool) if so_far.known is None else so_far.known
        return Grid(np.stack([so_far.clean, so_far.noisy]), known.copy()), so_far.seconds
    return Grid.empty(2, len(x)), 0.0


def save_plane(result: PlaneResult, folder: Path | str | None = None) -> Path:
    """Store the result under its config's key; returns the file."""
    about = {
        "config": asdict(result.config), "train": result.train.to_dict(), "share": result.share, "unit": result.unit,
        "noise": result.noise, "trained_on": result.trained_on, "seconds": result.seconds,
        "paths": [{"run": p.run, "method": p.method, "held": p.held} for p in result.paths],
    }  # fmt: skip
    arrays: dict[str, NDArray[Any]] = {"x": result.x, "y": result.y, "clean": result.clean, "noisy": result.noisy}
    if not result.complete and result.known is not None:
        arrays["known"] = result.known
    for k, p in enumerate(result.paths):
        arrays |= {f"path{k}": p.coordinates, f"off{k}": p.off, f"epochs{k}": p.epochs}
    path = result_path(FOLDER, result.config.key, folder)
    save_result(path, about, arrays)
    return path


def load_plane(key: str, folder: Path | str | None = None) -> PlaneResult | None:
    """The stored plane of that key, as far as it is evaluated, or None; a damaged file is a ValueError."""
    found = load_result(result_path(FOLDER, key, folder))
    if found is None:
        return None
    about, arrays = found
    paths = tuple(
        Path2D(p["run"], p["method"], arrays[f"path{k}"], arrays[f"off{k}"], arrays[f"epochs{k}"], p["held"])
        for k, p in enumerate(about["paths"])
    )
    return PlaneResult(
        PlaneConfig.from_dict(about["config"]), TrainConfig.from_dict(about["train"]), arrays["x"], arrays["y"],
        arrays["clean"], arrays["noisy"], paths, tuple(about["share"]), about["unit"], about["noise"],
        about["trained_on"], about["seconds"], arrays.get("known"),
    )  # fmt: skip


def _hessian_plane(
    model: torch.nn.Module, origin: torch.Tensor, inputs: torch.Tensor, labels: torch.Tensor
) -> tuple[Plane, float]:
    """The plane of the two leading Hessian eigenvectors of the loss that the run was trained on, and its unit."""
    task = Task(model, F.cross_entropy, [(inputs, labels)])
    plane, values = hessian_plane(task, origin)
    return plane, suiting_reach(task.value(origin), values)


def _path(plane: Plane, run_id: str, method: str, epochs: NDArray[np.int64], points: torch.Tensor) -> Path2D:
    coordinates, off = (t.double().cpu().numpy() for t in plane.project(points))
    return Path2D(run_id, method, coordinates, off, np.asarray(epochs), plane.held(points))


def _shares(plane: Plane, snapshots: list[torch.Tensor]) -> tuple[float, float]:
    rows = torch.cat(snapshots).double()
    away = rows - rows.mean(dim=0)
    along = ((away @ plane.axes.T.double()) ** 2).sum(dim=0) / (away**2).sum().clamp(min=1e-300)
    return float(along[0]), float(along[1])
