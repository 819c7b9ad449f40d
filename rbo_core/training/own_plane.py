"""The loss of any ``torch.nn.Module`` on a plane through its parameters, ironed and rolled on.

    plane = plane_of(model, loss, batches, directions="hessian")
    plane.figure(radius=0.5)

The two leading Hessian eigenvectors come from Lanczos (SciPy's ARPACK) with Hessian–vector products; random directions
are normalised filter by filter (Li et al. 2018), principal ones are those of given snapshots.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rbo_core.cancelled import Cancelled
from rbo_core.checks import require_count
from rbo_core.training.flat_loss import Loss, Task, hessian_plane, suiting_reach
from rbo_core.training.planes import Plane, flatten, principal_plane, random_plane, window_of

if TYPE_CHECKING:
    from landscapes import Landscape

Floats = NDArray[np.float64]
Progress = Callable[[int, int], object]
DIRECTIONS = ("hessian", "random", "principal")
_MOST_SIDE = 512
"""Numbers along an axis of a plane that is opened from a file."""
_MOST_HEIGHT = 1e6
"""A loss beyond this on the plane counts as a hole: the network has overflowed there."""


@dataclass(frozen=True, eq=False)
class NetworkPlane:
    """The loss on a plane of parameters.

    x (N,), y (N,): coordinates, parameter units, (0, 0) at the network; heights (N, N), [i, j] at (x[i], y[j]), NaN
    where it is not finite. directions: which plane; curvature (2,): the Hessian's eigenvalues, else NaN. path (T, 2):
    the snapshots' coordinates; off (T,): how far from the plane they are; path_loss (T,): their true loss, and
    plane_loss (T,) the plane's below them. notes: sentences on how it was made.
    """

    x: Floats
    y: Floats
    heights: Floats
    directions: str
    curvature: Floats
    path: Floats
    off: Floats
    path_loss: Floats
    plane_loss: Floats
    notes: tuple[str, ...]

    @property
    def surface(self) -> Landscape:
        """The loss as a surface that balls and points can roll on: a C² spline, holes where it is not finite."""
        import landscapes

        steps = float(self.x[1] - self.x[0]), float(self.y[1] - self.y[0])
        origin = float(self.x[0]), float(self.y[0])
        return landscapes.get("map", dim=2, heights=self.heights, spacing=steps, origin=origin, no_data=np.nan)

    def figure(self, radius: float, steps: int = 400, learning_rate: float | None = None) -> Any:
        """The loss, ironed at ``radius`` (parameter units), with a rigid ball that rolls on it; for a notebook.

        Raises:
            ValueError: for a radius that the plane is too small for.
        """
        from rbo_core import RBO, trace
        from rbo_core.figures import play
        from rbo_core.figures.player.build import Look

        surface = self.surface
        rate = 0.05 * radius if learning_rate is None else learning_rate
        ball = RBO(radius=radius, learning_rate=rate, projection="rigid", unit_speed=True)
        run = trace(ball, surface, surface.start, steps)
        return play(run, look=Look(ironed=True))

    def save(self, path: str | Path) -> Path:
        """Write the plane to an ``.npz`` file, which the page Network landscape opens too."""
        target = Path(path).with_suffix(".npz")
        texts = {"directions": np.array(self.directions), "notes": np.array(self.notes, dtype=np.str_)}
        np.savez_compressed(target, allow_pickle=False, **{**_arrays(self), **texts})
        return target

    @classmethod
    def load(cls, source: Any) -> NetworkPlane:
        """Read what :meth:`save` wrote, from a path or an open file; ValueError for anything else."""
        try:
            data = source.read() if hasattr(source, "read") else Path(source).read_bytes()
            with zipfile.ZipFile(io.BytesIO(data)) as parts:
                if max((part.file_size for part in parts.infolist()), default=0) > 9 * _MOST_SIDE**2:
                    raise ValueError(f"an array in it holds more than {_MOST_SIDE}² numbers")
            with np.load(io.BytesIO(data), allow_pickle=False) as kept:
                arrays = {name: np.asarray(kept[name], dtype=float) for name in _ARRAYS}
                directions, notes = str(kept["directions"]), tuple(str(note) for note in kept["notes"])
        except (OSError, KeyError, ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as problem:
            raise ValueError(f"this is no plane that plane_of(...).save wrote: {problem}") from None
        plane = cls(directions=directions, notes=notes, **arrays)
        _check(plane)
        return plane


_ARRAYS = ("x", "y", "heights", "curvature", "path", "off", "path_loss", "plane_loss")


def _check(plane: NetworkPlane) -> None:
    """ValueError where a file's arrays do not make a plane."""
    x, y, n = plane.x, plane.y, len(plane.path)
    for axis in (x, y):
        step = np.diff(axis)
        if axis.ndim != 1 or not 4 <= axis.size <= _MOST_SIDE or not (step > 0).all() or np.ptp(step) > 1e-6 * step[0]:
            raise ValueError(f"a plane has two evenly rising axes of 4 to {_MOST_SIDE} numbers, got shape {axis.shape}")
    shapes = {"heights": (x.size, y.size), "curvature": (2,), "path": (n, 2)}
    shapes |= dict.fromkeys(("off", "path_loss", "plane_loss"), (n,))
    for name, shape in shapes.items():
        if (found := getattr(plane, name).shape) != shape and not (name == "path" and n == 0):
            raise ValueError(f"{name} of a plane must have shape {shape}, got {found}")


def _arrays(plane: NetworkPlane) -> dict[str, Floats]:
    return {name: getattr(plane, name) for name in _ARRAYS}


def plane_of(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[tuple[Any, Any]],
    directions: str | Sequence[Tensor] = "hessian",
    *,
    snapshots: Sequence[Tensor | nn.Module] = (),
    size: int = 41,
    reach: float | None = None,
    training: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> NetworkPlane:
    """The loss of a network on a plane through its parameters.

    Args:
        model: any module; it is left as it was, buffers included.
        loss: ``loss(model(inputs), targets)``, a mean over the batch.
        batches: (inputs, targets) pairs; all of them are one data set, kept in memory.
        directions: "hessian" (the two leading eigenvectors), "random" (filter-normalised), "principal" (of the
            snapshots), or two vectors (n,).
        snapshots: parameters (n,), or modules, along a path; shown on the plane, with their distance from it.
        size: points an axis. reach: half the plane's width, parameter units; None chooses one.
        training: BatchNorm and dropout as in training instead of as in evaluation; dropout then draws the same numbers
            at every point.
        progress: called with (points done, points); a true answer cancels.

    Raises:
        ValueError: for bad settings, no batches, snapshots that span no plane, and parameters that are not finite where
            no snapshot is. Cancelled: when progress asked to stop.
    """
    require_count("size", size, 5)
    data = list(batches)
    if not data:
        raise ValueError("batches must hold at least one (inputs, targets) pair, got none")
    path = [flatten(one) if isinstance(one, nn.Module) else torch.as_tensor(one).detach() for one in snapshots]
    origin, path, notes = _finite(flatten(model), path)
    task = Task(model, loss, data, training, seed)
    plane, curvature, unit = _plane(task, origin, path, directions)
    window = _window(plane, path, reach, unit, directions == "principal")
    axes = [np.linspace(low, high, size) for low, high in window]
    heights = _heights(task, plane, axes, progress)
    coordinates, off = plane.project(torch.stack(path).to(origin)) if path else (torch.zeros(0, 2), torch.zeros(0))
    mode = "training" if training else "evaluation"
    layers = {type(m).__name__ for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm | nn.Dropout)}
    if layers:
        notes.append(f"{' and '.join(sorted(layers))} as in {mode}.")
    if np.isnan(heights).any():
        notes.append(f"The loss is not finite on {100 * np.isnan(heights).mean():.1f} % of the plane: a hole there.")
    return NetworkPlane(
        x=axes[0], y=axes[1], heights=heights,
        directions=directions if isinstance(directions, str) else "given",
        curvature=curvature, path=coordinates.double().cpu().numpy(), off=off.double().cpu().numpy(),
        path_loss=np.array([task.value(point) for point in path]),
        plane_loss=np.array([task.value(plane.points(c[None])[0]) for c in coordinates]),
        notes=tuple(notes),
    )  # fmt: skip


def _finite(origin: Tensor, path: list[Tensor]) -> tuple[Tensor, list[Tensor], list[str]]:
    """Where the plane goes through, the finite snapshots, and what to say of the others."""
    sound = [point for point in path if bool(torch.isfinite(point).all())]
    notes = []
    if len(sound) < len(path):
        notes.append(f"{len(path) - len(sound)} of {len(path)} snapshots are not finite (the run diverged): left out.")
    if not bool(torch.isfinite(origin).all()):
        if not sound:
            raise ValueError("the network's parameters are not finite: it has diverged; give snapshots of before")
        origin = sound[-1].to(origin)
        notes.append("The network's own parameters are not finite: the plane goes through its last finite snapshot.")
    return origin, sound, notes


def _plane(
    task: Task, origin: Tensor, path: list[Tensor], directions: str | Sequence[Tensor]
) -> tuple[Plane, Floats, float | None]:
    """The plane, the Hessian's eigenvalues where it is theirs, and a length that suits it where there is one."""
    unknown = np.full(2, np.nan)
    if not isinstance(directions, str):
        return _spanned(origin, directions), unknown, None
    if directions == "hessian":
        plane, values = hessian_plane(task, origin)
        return plane, values, suiting_reach(task.value(origin), values)
    if directions == "random":
        plane, unit = random_plane(task.model, origin, task.seed)
        return plane, unknown, unit
    if directions == "principal":
        if not path:
            raise ValueError("principal directions need snapshots: pass snapshots=[...] of at least three points")
        return principal_plane([torch.stack(path).to(origin)], origin), unknown, None
    raise ValueError(f"directions must be one of {', '.join(DIRECTIONS)}, or two vectors; got {directions!r}")


def _spanned(origin: Tensor, vectors: Sequence[Tensor]) -> Plane:
    if len(vectors) != 2 or any(torch.as_tensor(v).numel() != origin.numel() for v in vectors):
        raise ValueError(
            f"two vectors of {origin.numel():,} numbers each are needed, got {len(vectors)} of another size"
        )
    a, b = (torch.as_tensor(v).detach().reshape(-1).to(origin) for v in vectors)
    length = float(torch.linalg.vector_norm(a))
    rest = b - (b @ a) / max(length**2, 1e-300) * a
    if length == 0.0 or float(torch.linalg.vector_norm(rest)) <= 1e-6 * float(torch.linalg.vector_norm(b)):
        raise ValueError("the two vectors span no plane: they are zero or parallel")
    return Plane(origin, torch.stack([a / length, rest / torch.linalg.vector_norm(rest)]))


def _window(plane: Plane, path: list[Tensor], reach: float | None, unit: float | None, fit: bool) -> Floats:
    if reach is not None and not (np.isfinite(reach) and reach > 0):
        raise ValueError(f"reach must be positive, got {reach}")
    if reach is None and fit and path:
        coordinates = plane.project(torch.stack(path).to(plane.origin))[0].double().cpu().numpy()
        return window_of([coordinates, np.zeros((1, 2))])
    if reach is None:
        reach = unit if unit is not None else 0.1 * max(float(torch.linalg.vector_norm(plane.origin)), 1e-3)
    return np.array([[-reach, reach]] * 2)


def _heights(task: Task, plane: Plane, axes: list[Floats], progress: Progress | None) -> Floats:
    heights = np.empty((axes[0].size, axes[1].size))
    for i, a in enumerate(axes[0]):
        for j, b in enumerate(axes[1]):
            coordinates = torch.tensor([[a, b]], dtype=plane.origin.dtype)
            heights[i, j] = task.value(plane.points(coordinates)[0])
        if progress is not None and progress((i + 1) * axes[1].size, heights.size):
            raise Cancelled
    return np.where(np.abs(heights) < _MOST_HEIGHT, heights, np.nan)
