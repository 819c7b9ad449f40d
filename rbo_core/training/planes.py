"""The loss of a network on a plane through its parameter space.

Two ways to choose the plane: random directions, normalised filter by filter so that networks of different scale compare
(Li et al. 2018, "Visualizing the loss landscape of neural nets"), or the first two principal components of what the
optimizers did. The axes are orthonormal, so a distance in the picture is a distance between parameters and a ball of
radius ρ on the picture has the ρ of training. The plane is evaluated as a batch of flat parameter vectors by
``torch.vmap``, on whatever device the network is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional as F

from rbo_core.cancelled import Cancelled
from rbo_core.refining import refining_order

Progress = Callable[[int, int], object]


@dataclass(frozen=True, eq=False)
class Plane:
    """θ(a, b) = origin + a·axes[0] + b·axes[1].

    origin: (n,); axes: (2, n), orthonormal, so a and b are in parameter units; share: (2,) of the trajectories'
    variance along each axis (zeros when the plane was not made from trajectories).
    """

    origin: Tensor
    axes: Tensor
    share: tuple[float, float] = (0.0, 0.0)

    def points(self, coordinates: Tensor) -> Tensor:
        """Parameters (B, n) at coordinates (B, 2)."""
        return torch.addmm(self.origin[None], coordinates.to(self.origin), self.axes)

    def project(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Coordinates (P, 2) of the nearest points of the plane to ``points (P, n)``, and the distance (P,) to them."""
        away = points - self.origin
        coordinates = away @ self.axes.T
        off = away - coordinates @ self.axes
        return coordinates, torch.linalg.vector_norm(off, dim=1)

    def held(self, trajectory: Tensor) -> float:
        """Share of the variance of one trajectory (T, n) about its own mean that lies in the plane, 0 to 1."""
        away = (trajectory - trajectory.mean(dim=0)).double()
        total = float((away**2).sum())
        return float(((away @ self.axes.T.double()) ** 2).sum()) / total if total > 0 else 1.0


def flatten(model: nn.Module) -> Tensor:
    """The network's parameters (n,), in the order of ``named_parameters``."""
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


def random_plane(model: nn.Module, origin: Tensor, seed: int = 0) -> tuple[Plane, float]:
    """A plane of two random directions, each filter as long as the network's own filter; biases and norms stay fixed.

    Args:
        model: tells the shapes; origin: (n,) parameters the plane goes through.

    Returns:
        The plane, with orthonormal axes, and the length of a filter-normalised direction, parameter units: one unit of
        the usual pictures.
    """
    generator = torch.Generator().manual_seed(seed)
    directions = []
    for _ in range(2):
        pieces, start = [], 0
        for p in model.parameters():
            own = origin[start : start + p.numel()].view(p.shape)
            start += p.numel()
            if p.dim() < 2:
                pieces.append(torch.zeros(p.numel(), dtype=origin.dtype, device=origin.device))
                continue
            draw = torch.randn(p.shape, generator=generator, dtype=origin.dtype).to(origin.device).flatten(1)
            length = torch.linalg.vector_norm(own.flatten(1), dim=1, keepdim=True)
            pieces.append((draw * (length / torch.linalg.vector_norm(draw, dim=1, keepdim=True))).reshape(-1))
        directions.append(torch.cat(pieces))
    unit = float(torch.linalg.vector_norm(directions[0]))
    if unit == 0.0:
        raise ValueError(
            "the network's weights are all zero, so there is no filter-normalised direction; train it first"
        )
    first = directions[0] / unit
    second = directions[1] - (directions[1] @ first) * first
    return Plane(origin, torch.stack([first, second / torch.linalg.vector_norm(second)])), unit


def principal_plane(trajectories: Sequence[Tensor], origin: Tensor) -> Plane:
    """The plane through ``origin (n,)`` along the first two principal components of all snapshots together.

    Args:
        trajectories: (T_i, n) snapshots of each optimizer.

    Raises:
        ValueError: when the snapshots span no plane.
    """
    rows = torch.cat(list(trajectories))
    mean = rows.double().mean(dim=0)
    gram = torch.zeros(len(rows), len(rows), dtype=torch.float64, device=rows.device)
    for start in range(0, rows.shape[1], 1 << 16):  # columns at a time: n may be millions
        away = rows[:, start : start + (1 << 16)].double() - mean[start : start + (1 << 16)]
        gram += away @ away.T
    values, vectors = torch.linalg.eigh(gram)
    values, vectors = values.flip(0).clamp(min=0.0), vectors.flip(1)
    total = float(values.sum())
    if len(rows) < 3 or total == 0.0 or float(values[1]) <= 1e-12 * total:
        raise ValueError(f"{len(rows)} snapshots span no plane; record at least three that do not lie on one line")
    axes = []
    for k in range(2):
        weights = vectors[:, k] / values[k].sqrt()
        axis = (rows.T.double() @ weights) - mean * weights.sum()
        axis /= torch.linalg.vector_norm(axis)
        # An eigenvector has no sign: let the first trajectory end on the positive side of where it began.
        moved = float((trajectories[0][-1] - trajectories[0][0]).double() @ axis)
        axes.append(axis if moved >= 0 else -axis)
    share = (float(values[0]) / total, float(values[1]) / total)
    return Plane(origin, torch.stack(axes).to(origin), share)


def window_of(paths: Sequence[NDArray[np.float64]], margin: float = 0.35) -> NDArray[np.float64]:
    """A square window (2, 2) round coordinates (T, 2), ``margin`` of their extent wider on every side."""
    points = np.concatenate([np.asarray(p, dtype=float) for p in paths])
    low, high = points.min(axis=0), points.max(axis=0)
    half = (0.5 + margin) * max(float((high - low).max()), 1e-6)
    middle = (low + high) / 2
    return np.stack([middle - half, middle + half], axis=1)


@dataclass(frozen=True, eq=False)
class Grid:
    """Losses on a grid of the plane, as far as they are known.

    heights: (K, N, N), one for each labelling; [k, i, j] stands at the i-th place of the first axis and the j-th of the
    second. known: (N, N), which of them are evaluated; the others are NaN. Both fill in place.
    """

    heights: NDArray[np.float64]
    known: NDArray[np.bool_]

    @classmethod
    def empty(cls, labellings: int, size: int) -> Grid:
        """Nothing evaluated yet."""
        return cls(np.full((labellings, size, size), np.nan), np.zeros((size, size), bool))


def evaluate(
    model: nn.Module,
    plane: Plane,
    window: NDArray[np.float64],
    size: int,
    inputs: Tensor,
    labels: Sequence[Tensor],
    progress: Progress | None = None,
    memory: float = 4e6,
    grid: Grid | None = None,
) -> NDArray[np.float64]:
    """Mean cross-entropy on a ``size × size`` grid of the plane, coarse grids before fine ones.

    Args:
        model: on the device of ``inputs``; evaluated in its evaluation mode (running statistics, no dropout).
        window: (2, 2) lowest and highest coordinate along each axis, parameter units.
        inputs: (P, ...) examples; labels: several (P,) labellings of the same examples, evaluated in one pass.
        progress: called with (points done, points) after every batch; a true answer cancels.
        memory: bytes of activations of one batch, roughly; small on a CPU, where it must fit the cache.
        grid: what is known already, and is filled; None for a new one.

    Returns:
        (len(labels), size, size) losses; [k, i, j] stands at (window[0] at i, window[1] at j).

    Raises:
        Cancelled: when progress asked to stop; the grid keeps what was evaluated.
        ValueError: for a grid of fewer than 2 points an axis.
    """
    if size < 2:
        raise ValueError(f"size must be at least 2 points an axis, got {size}")
    grid = Grid.empty(len(labels), size) if grid is None else grid
    losses = _losses(model, inputs, torch.stack([label.to(inputs.device) for label in labels]))
    axes = [torch.linspace(float(low), float(high), size, dtype=torch.float64) for low, high in window]
    coordinates = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).view(-1, 2)
    order = refining_order((size, size))
    order = order[~grid.known.ravel()[order]]
    batch = _batch(model, inputs, memory)
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            for start in range(0, len(order), batch):
                here = order[start : start + batch]
                found = vmap(losses)(plane.points(coordinates[here].to(inputs.device))).double().cpu().numpy()
                place = np.unravel_index(here, (size, size))
                grid.heights[:, place[0], place[1]] = found.T
                grid.known[place] = True
                if progress is not None and progress(int(grid.known.sum()), size * size):
                    raise Cancelled
    finally:
        model.train(was_training)
    return grid.heights


def _losses(model: nn.Module, inputs: Tensor, targets: Tensor) -> Callable[[Tensor], Tensor]:
    """Flat parameters (n,) to the mean cross-entropy (K,) under each of the labellings targets (K, P)."""
    shapes = [(name, p.shape, p.numel()) for name, p in model.named_parameters()]

    def losses(flat: Tensor) -> Tensor:
        parameters, start = {}, 0
        for name, shape, count in shapes:
            parameters[name] = flat[start : start + count].view(shape)
            start += count
        logits = functional_call(model, parameters, (inputs,))
        log_p = F.log_softmax(logits, dim=-1)
        return -log_p[None].expand(len(targets), -1, -1).gather(2, targets[..., None]).mean(dim=(1, 2))

    return losses


def _batch(model: nn.Module, inputs: Tensor, memory: float) -> int:
    """How many networks to evaluate at once: by the widest activation of one example."""
    widest = 1

    def note(module: nn.Module, given: object, out: object) -> None:
        nonlocal widest
        if isinstance(out, Tensor):
            widest = max(widest, out.numel())

    handles = [m.register_forward_hook(note) for m in model.modules()]
    was_training = model.training
    try:
        with torch.no_grad():
            model.eval()(inputs[:1])
    finally:
        model.train(was_training)
        for handle in handles:
            handle.remove()
    scale = 128.0 if inputs.device.type == "cuda" else 1.0
    return int(max(1, min(4096, scale * memory / (4.0 * widest * len(inputs)))))
