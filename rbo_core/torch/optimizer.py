"""The rolling ball, SAM, LookSAM and Entropy-SGD as ``torch.optim.Optimizer`` classes."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import torch

from rbo_core import points, rolling
from rbo_core.method import BatchedMethod
from rbo_core.torch.flat_optimizer import FlatOptimizer, Parameters
from rbo_core.torch.signs import Signs


class RBO(FlatOptimizer):
    """The Rolling Ball Optimizer (arXiv 2505.19527): rolls a ball of radius ρ on the graph of the minibatch loss.

    Projection "newton" (ours) spends ``n_projection_steps`` gradients a step, two by default: the price of SAM. One is
    exactly SGD. Projection "gradient" is the paper's Eq. 4; its K = 20 to 100 gradients a step make it far dearer.

    Departures from the paper: the Newton projection, its guard and its interval; momentum; weight decay as
    ½ λ|θ|² inside the loss, so that value and gradient belong together; groups with different learning rates roll in
    coordinates θ/√lr, which makes the first-order move of each group its own ``lr`` times its gradient.

    The closure returns the loss its gradient belongs to (both move the ball; the first steps compare them and warn). It
    may use dropout, BatchNorm, other optimizers' parameters and any global random stream: they see a minibatch once. A
    step costs K gradients and a copy of the parameters, with momentum one of that too. A step that raises leaves
    nothing behind; if a later evaluation is not finite the ball keeps the move before it. Sparse gradients, complex,
    half and sharded parameters and groups of several radii are refused by name.

    Args:
        params: module, parameters or groups.
        lr: η ≥ 0.
        radius: ρ > 0, in units of the parameters; may be scheduled through ``param_groups``.
        options: below; weight_decay, model and process_group as in :class:`FlatOptimizer`.

    >>> optimizer = RBO(model, lr=0.5, radius=0.05)
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = criterion(model(x), y)
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)
    """

    method = rolling.RBO
    _state = rolling.BallState
    _keeps_start = False
    _uses_loss = True
    _recorded = True

    def __init__(
        self,
        params: Parameters,
        lr: float | torch.Tensor = 0.1,
        radius: float = 0.05,
        **options: Any,
    ) -> None:
        if (projection := options.get("projection")) is not None and projection not in rolling.LOCAL:
            raise ValueError(
                f"projection must be {' or '.join(map(json.dumps, rolling.LOCAL))}, got {projection!r}; "
                '"rigid" searches all parameters and works on surfaces with 1 or 2 of them only'
            )
        super().__init__(params, lr, radius=radius, **options)


class SAM(FlatOptimizer):
    """Sharpness-aware minimisation (Foret et al. 2021) with SGD or momentum underneath; two gradients a step.

    The perturbation has one norm over all parameters. Weight decay is ½ λ|θ|² inside the loss, hence also in
    the perturbation. The closure is that of :class:`RBO`, of whose loss only the gradient is used. A step costs two
    gradients and a copy of the parameters. A step that raises leaves nothing behind, one whose second gradient is not
    finite is skipped, and the same parameters are refused.

    Args:
        params: module, parameters or groups.
        lr: η ≥ 0.
        radius: length of the perturbation.
        options: below; weight_decay, model and process_group as in :class:`FlatOptimizer`.
    """

    method: ClassVar[type[points.PointMethod]] = points.SAM
    _recorded = True

    def __init__(
        self,
        params: Parameters,
        lr: float | torch.Tensor = 0.1,
        radius: float = 0.05,
        **options: Any,
    ) -> None:
        super().__init__(params, lr, radius=radius, **options)


class LookSAM(SAM):
    """LookSAM (Liu et al. 2022): SAM whose second gradient is taken every ``interval``-th step; the steps between use
    again what that gradient had across the first, at the first one's present length.

    A step costs (n + 1)/n gradients on average, a copy of the parameters and one of the direction, with momentum one
    more. All else is as in :class:`SAM`.

    Args:
        params: module, parameters or groups.
        lr: η ≥ 0.
        radius: length of the perturbation.
        options: below; weight_decay, model and process_group as in :class:`FlatOptimizer`.
    """

    method = points.LookSAM


class EntropySGD(FlatOptimizer):
    """Entropy-SGD (Chaudhari et al. 2017, Algorithm 1): follow the mean of a short Langevin walk.

    ``lr`` is the paper's ηγ: 1 jumps to the walk's mean. ``n_langevin_steps`` gradients a step, all on the
    closure's minibatch, and two copies of the parameters. The closure is that of :class:`RBO`, of whose loss only the
    gradient is used. A step that raises leaves nothing behind, one whose walk does not stay finite is skipped, and the
    same parameters are refused.

    Args:
        params: module, parameters or groups.
        lr: share of the way to the walk's mean.
        seed: of the walk's noise; the same on all ranks.
        options: below; weight_decay, model and process_group as in :class:`FlatOptimizer`.
    """

    method = points.EntropySGD
    _recorded = True

    def __init__(self, params: Parameters, lr: float | torch.Tensor = 1.0, *, seed: int = 0, **options: Any) -> None:
        super().__init__(params, lr, signs=Signs([seed]), **options)


def optimizer_class(method: type[BatchedMethod[Any]]) -> type[FlatOptimizer]:
    """The optimizer that takes a method's step on networks: one of those above, or one made for it."""
    for known in (RBO, SAM, LookSAM, EntropySGD):
        if known.method is method:
            return known
    return type(method.__name__, (FlatOptimizer,), {"method": method, "__doc__": method.__doc__})
