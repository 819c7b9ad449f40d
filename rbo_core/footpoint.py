"""The two local projections of a moved centre onto the graph, warm-started at the old contact.

Both look for the footpoint  p⁺ = argmin over p in Γ of |p − c̃|²  (arXiv 2505.19527, Eq. 3) of the centre
c̃ = (θ̃, ỹ) and spend ``steps`` gradients, the one at the warm start included. The third, rigid projection
has no local footpoint: it is a global contact (``ball/contact.py``).
"""

from __future__ import annotations

from rbo_core.arrays import Namespace
from rbo_core.checks import Number, column
from rbo_core.fused import moved, moved_where, quotient, usable
from rbo_core.objective import Array, Objective

TINY = 1e-30
"""Keeps 0/0 at zero, in float32 as well."""


class Tangent:
    """The tangent plane of the scaled graph at one point: f (B,), g (B, d), and g2 = |g|² (B,) where it is wanted.

    The gradient is handed out for the last time by :meth:`take`, so that a network of n parameters needs no more than
    two further arrays of that size while it evaluates.
    """

    __slots__ = ("f", "g", "g2")

    def __init__(self, xp: Namespace, f: Array, g: Array) -> None:
        self.f, self.g, self.g2 = f, g, xp.vecdot(g, g)

    def take(self) -> Array:
        """The gradient, which this object then no longer holds."""
        g, self.g = self.g, None
        return g


def gradient_projection(
    objective: Objective,
    z: Array,
    tangent: Tangent,
    offset: Array,
    height: Array,
    *,
    step_size: Number,
    steps: int,
    loss_scale: Number,
) -> Array:
    """The paper's projection (Eq. 4): gradient descent on ½|p − c̃|² along the graph, ``steps`` times.

    A network's ball whose loss or gradient is not finite after a move stays where that move ended.

    Args:
        z: (B, d) warm start, the old contact's parameters θ.
        tangent: the graph's tangent plane there; its gradient is taken.
        offset: (B, d) θ̃ − θ, overwritten; height: (B,) ỹ; step_size: γ.

    Returns:
        (B, d) the footpoint; usually far from converged for the γ and K of the paper.
    """
    xp = objective.xp
    gamma = column(step_size)
    for k in range(steps):
        if k > 0:
            tangent = Tangent(xp, *scaled(objective(z), loss_scale))
        # z ← z + γ[(θ̃ − z) − (f(z) − ỹ) ∇f(z)]
        descent = tangent.take()
        descent *= column(height - tangent.f)
        descent += offset
        good = usable(objective, tangent.f + tangent.g2) if k > 0 else True
        z = moved_where(xp, good, z, gamma, descent)
        offset = moved_where(xp, good, offset, -gamma, descent)
        del descent
    return z


def newton_projection(
    objective: Objective,
    z: Array,
    u: Array,
    s: Array,
    height: Array,
    *,
    first_length: Array,
    trust: Number,
    steps: int,
    loss_scale: Number,
) -> Array:
    """Gauss-Newton: replace Γ by its tangent plane at z and take that plane's nearest point to c̃.

    From the old contact the first move is exactly gradient descent, whatever the radius, because the centre
    lies on the normal (``rolling.py`` makes it in closed form); the radius acts from the second gradient on, here.
    A second or later move is at most ``trust`` times as long as the first, which removes the blow-ups of an unguarded
    iteration at no cost. A network's ball stays where its last move ended when loss or
    gradient are not finite there.

    Args:
        z: (B, d) where the first move ended, overwritten.
        u, s: (B, d), overwritten, and (B,): θ̃ − z = s u, so that a multiple of a gradient needs no pass of its own.
        height: (B,) ỹ; first_length: (B,) length of the first move.

    Returns:
        (B, d) the footpoint.
    """
    xp = objective.xp
    reach = trust * first_length
    for k in range(1, steps):
        plane = Tangent(xp, *scaled(objective(z), loss_scale))
        # r = f(z) + g·(θ̃ − z) − ỹ ;  z⁺ = θ̃ − g r / (1 + |g|²) = z + s (u − w g)
        residual = plane.f + s * xp.vecdot(plane.g, u) - height
        w = quotient(xp, residual, (1.0 + plane.g2) * s)
        u = moved(xp, u, column(-w), plane.g)
        length = abs(s) * xp.sqrt(xp.vecdot(u, u))
        good = usable(objective, length)
        factor = xp.minimum(reach / (length + TINY), xp.ones_like(length))
        z = moved_where(xp, good, z, column(factor * s), u)
        if k < steps - 1:
            # θ̃ − z⁺ = s ((1 − factor) (u − w g) + w g)
            u *= column(1.0 - factor)
            u = moved(xp, u, column(w), plane.take())
        del plane
    return z


def scaled(value_and_gradient: tuple[Array, Array], loss_scale: Number) -> tuple[Array, Array]:
    """(λ f, λ ∇f): the loss in units of the parameters."""
    f, g = value_and_gradient
    if isinstance(loss_scale, float | int) and loss_scale == 1:
        return f, g
    return loss_scale * f, column(loss_scale) * g
