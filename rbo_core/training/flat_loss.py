"""A network's loss as a function of its flat parameters, and the plane of its two leading Hessian eigenvectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from rbo_core.training.planes import Plane

Floats = NDArray[np.float64]
Loss = Callable[[Any, Any], Tensor]


class Task:
    """The loss as a function of flat parameters, on all batches; the model itself is never touched."""

    def __init__(
        self, model: nn.Module, loss: Loss, data: list[tuple[Any, Any]], training: bool = False, seed: int = 0
    ) -> None:
        self.model, self.loss, self.data, self.training, self.seed = model, loss, data, training, seed
        self.shapes = [(name, p.shape, p.numel()) for name, p in model.named_parameters()]
        # A batch counts by its examples; a loss is a mean over them.
        sizes = np.array([len(targets) if hasattr(targets, "__len__") else 1 for _, targets in data], float)
        self.weights = (sizes / sizes.sum()).tolist()

    def _named(self, flat: Tensor) -> dict[str, Tensor]:
        named, start = {}, 0
        for name, shape, count in self.shapes:
            named[name] = flat[start : start + count].view(shape)
            start += count
        return named

    def __call__(self, flat: Tensor) -> Tensor:
        """Mean loss at parameters (n,), a scalar that has a gradient if ``flat`` wants one."""
        total = flat.new_zeros(())
        for (inputs, targets), weight in zip(self.data, self.weights, strict=True):
            # Copies: BatchNorm in training writes its running statistics.
            state = {**self._named(flat), **{name: b.clone() for name, b in self.model.named_buffers()}}
            total = total + weight * self.loss(functional_call(self.model, state, (inputs,)), targets)
        return total

    def value(self, flat: Tensor) -> float:
        """Mean loss at parameters (n,)."""
        with torch.no_grad(), self.mode():
            return float(self(flat))

    @contextmanager
    def mode(self) -> Iterator[None]:
        """The model in its mode, and its random numbers always the same; afterwards as it was."""
        modes = {module: module.training for module in self.model.modules()}
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            self.model.train(self.training)
            try:
                yield
            finally:
                for module, was in modes.items():
                    module.training = was

    def hessian_product(self, flat: Tensor, vector: Tensor) -> Tensor:
        """H v at parameters (n,)."""
        with self.mode(), torch.enable_grad():
            at = flat.detach().clone().requires_grad_(True)
            (gradient,) = torch.autograd.grad(self(at), at, create_graph=True)
            (product,) = torch.autograd.grad(gradient @ vector, at)
        return product


def hessian_plane(task: Task, origin: Tensor) -> tuple[Plane, Floats]:
    """The plane of the two Hessian eigenvectors of largest size, and their eigenvalues (2,), by Lanczos."""
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    n = origin.numel()
    if n < 3:
        raise ValueError(f"a Hessian plane needs at least three parameters, got {n}")

    def product(v: Floats) -> Floats:
        vector = torch.as_tensor(np.ravel(v), dtype=origin.dtype, device=origin.device)
        return task.hessian_product(origin, vector).double().cpu().numpy()

    start = np.random.default_rng(0).standard_normal(n)
    operator = LinearOperator((n, n), matvec=product, dtype=np.float64)
    try:
        values, vectors = eigsh(operator, k=2, which="LM", v0=start, tol=1e-4, maxiter=200)
    except ArpackNoConvergence:
        raise ValueError("Lanczos found no two leading eigenvectors; take directions='random' or more data") from None
    order = np.argsort(-np.abs(values))
    axes = torch.as_tensor(vectors[:, order].T.copy(), dtype=origin.dtype, device=origin.device)
    return Plane(origin, axes), values[order]


def suiting_reach(loss: float, curvatures: Floats) -> float:
    """Distance over which a loss doubles, at least rises by a half, along the largest curvature; parameter units."""
    return float(np.sqrt(2.0 * max(loss, 0.5) / max(float(np.abs(curvatures).max()), 1e-12)))
