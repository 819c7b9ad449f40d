"""One ball, one step, slowly: to be read beside arXiv 2505.19527. The fast batched step is tested against this.

Nothing here is shared with the fast step except the settings and the rule it implements: local projections are
written out from the paper's equations, and the rigid contact is a plain dense scan polished by SciPy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from rbo_core.objective import Loss, Surface
from rbo_core.rolling import RBO

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StepExplanation:
    """Every quantity of one step, as points and vectors (d + 1,) in parameters and scaled loss.

    Attributes:
        contact: p = (θ, f(θ)); normal: ν(p); tangent: τ(p) as the step uses it; center: c = p + ρν.
        moved_center: c̃ = c − ηv.
        footpoints: (K + 1, d + 1) the projection's iterates on the graph, from the old contact to the new one; for the
            rigid ball the tied contacts of the new position.
        new_contact, new_center: the ball after the step.
        velocity: (d + 1,) v, to pass to the next step.
    """

    contact: Floats
    normal: Floats
    tangent: Floats
    center: Floats
    moved_center: Floats
    footpoints: Floats
    new_contact: Floats
    new_center: Floats
    velocity: Floats


def explain_step(
    ball: RBO, surface: Surface, theta: Floats, velocity: Floats | None = None, taken: int = 0
) -> StepExplanation:
    """One step of one ball from ``theta (d,)``: its contact, or, for a rigid ball, the point under its centre.

    ``velocity (d + 1,)`` is the last step's (None at the start). The next step starts at ``new_contact[:-1]``
    (rigid: ``new_center[:-1]``). ``taken`` steps went before: with an interval not all are alike.
    """
    theta = np.asarray(theta, dtype=float)
    if velocity is None:
        velocity = np.zeros(theta.size + 1)
    if ball.projection == "rigid":
        return _rigid_step(ball, surface, theta, velocity)
    return _local_step(ball, surface, theta, velocity, taken)


def _local_step(ball: RBO, surface: Surface, theta: Floats, velocity: Floats, taken: int) -> StepExplanation:
    def point(z: Floats) -> Floats:
        return np.append(z, loss_and_gradient(z)[0])

    def loss_and_gradient(z: Floats) -> tuple[float, Floats]:
        f, g = surface.value_and_grad(z[None, :])
        return ball.loss_scale * f[0], ball.loss_scale * g[0]

    def normal_at(z: Floats) -> Floats:
        g = loss_and_gradient(z)[1]
        return np.append(-g, 1.0) / np.sqrt(1.0 + g @ g)

    f, g = loss_and_gradient(theta)
    p = np.append(theta, f)
    nu = normal_at(theta)
    tau = np.append(g, g @ g)
    if ball.unit_speed:
        tau = tau / np.sqrt(1.0 + g @ g)
    c = p + ball.radius * nu
    on_step = ball.momentum_on == "step" and ball.momentum > 0
    v = tau if on_step else ball.momentum * velocity + tau
    # The old velocity is laid into the new tangent plane.
    v[-1] = g @ v[:-1]
    c_moved = c - ball.learning_rate * v

    target, height = c_moved[:-1], c_moved[-1]
    if ball.projection == "argmin":
        z = nearest_by_scan(ball, surface, c_moved, float(np.linalg.norm(c_moved - p)))
        iterates, steps = [p, point(z)], 0
    else:
        z, iterates = theta.copy(), [p]
        steps = ball.n_projection_steps if taken % ball.interval == 0 else 1
    first_move = None
    for _ in range(steps):
        f, g = loss_and_gradient(z)
        if ball.projection == "gradient":
            move = -ball.projection_step_size * ((z - target) + (f - height) * g)
        else:
            r = f + g @ (target - z) - height
            move = target - g * r / (1.0 + g @ g) - z
            length = float(np.linalg.norm(move))
            if first_move is None:
                first_move = length
            elif length > ball.trust * first_move:
                move = move * (ball.trust * first_move / length)
        z = z + move
        iterates.append(point(z))
    if on_step:
        # The heavy ball is pushed by what this roll moved.
        v = ball.momentum * velocity + np.append((theta - z) / ball.learning_rate, 0.0)
        z = theta - ball.learning_rate * v[:-1]
    new = point(z)
    return StepExplanation(p, nu, tau, c, c_moved, np.array(iterates), new, new + ball.radius * normal_at(z), v)


def nearest_by_scan(ball: RBO, surface: Surface, center: Floats, reach: float) -> Floats:
    """Parameters (d,) of the graph's point nearest to center (d + 1,), by a dense scan within `reach` of it, then
    Nelder-Mead."""
    dim = center.size - 1
    value = Loss(surface)

    def away(z: Floats) -> Floats:
        return np.sum((z - center[:dim]) ** 2, axis=1) + (ball.loss_scale * value(z) - center[dim]) ** 2

    finest = float(getattr(surface, "finest_scale", reach))
    nodes = 2 * int(np.ceil(reach / finest * (40 if dim == 1 else 12))) + 41
    axis = np.linspace(-reach, reach, nodes)
    lattice = np.stack([a.ravel() for a in np.meshgrid(*([axis] * dim), indexing="ij")], axis=1) + center[:dim]
    start = lattice[int(np.nanargmin(away(lattice)))]
    simplex = np.vstack([start, start + np.eye(dim) * (axis[1] - axis[0]) * 0.5])
    options = {"xatol": 1e-12, "fatol": 1e-18, "initial_simplex": simplex, "maxiter": 2000}
    return np.asarray(minimize(lambda z: away(z[None, :])[0], start, method="Nelder-Mead", options=options).x)


def rigid_contacts(
    ball: RBO, surface: Surface, theta: Floats, tie: float = 1e-7, nodes: int | None = None
) -> tuple[float, Floats, Floats]:
    """(h(θ), tied contacts (C, d), their slopes ∇h (C, d)) by a dense scan of the ball's shadow.

    Every local maximum of F(u) = f(θ + u) + √(ρ² − |u|²) on a lattice over |u| ≤ ρ is climbed with Nelder-Mead.
    ``nodes`` is the lattice's size along an axis; by default it resolves the surface's finest scale tenfold.
    """
    rho, dim = float(ball.radius), theta.size
    value = Loss(surface)

    def center_height(y: Floats) -> Floats:
        gap = rho**2 - np.sum((y - theta) ** 2, axis=1)
        return np.where(gap >= 0, ball.loss_scale * value(y) + np.sqrt(np.maximum(gap, 0)), -np.inf)

    if nodes is None:
        finest = min(float(getattr(surface, "finest_scale", rho)), rho)
        nodes = 2 * int(np.ceil(rho / finest * (40 if dim == 1 else 10))) + 41
    axis = np.linspace(-rho, rho, nodes)
    lattice = np.stack([a.ravel() for a in np.meshgrid(*([axis] * dim), indexing="ij")], axis=1) + theta
    heights = center_height(lattice).reshape([nodes] * dim)
    padded = np.pad(heights, 1, constant_values=-np.inf)
    peak = np.isfinite(heights)
    drop = np.zeros_like(heights)
    for offset in np.ndindex(*([3] * dim)):
        neighbour = padded[tuple(slice(o, o + nodes) for o in offset)]
        peak &= heights >= neighbour
        both = np.isfinite(neighbour) & np.isfinite(heights)
        drop = np.fmax(drop, np.subtract(heights, neighbour, where=both, out=np.zeros_like(heights)))
    # A maximum between nodes rises above its node by less than the drop to a neighbour.
    worthy = peak & (heights + drop >= heights.max() - tie * rho)
    found = []
    for start in lattice[worthy.ravel()]:
        simplex = np.vstack([start, start + np.eye(dim) * (axis[1] - axis[0]) * 0.5])
        best = minimize(
            lambda y: -center_height(y[None, :])[0],
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-11 * rho, "fatol": 1e-15, "initial_simplex": simplex, "maxiter": 2000},
        )
        found.append((-float(best.fun), best.x))
    if not found:
        raise ValueError(
            f"no ground of finite height lies under a ball of radius {rho:g} at {theta.tolist()}; "
            "take a smaller radius or a shorter step"
        )
    found.sort(key=lambda item: -item[0])
    top = found[0][0]
    contacts: list[Floats] = []
    for height, y in found:
        if height >= top - tie * rho and all(np.max(np.abs(y - c)) > 0.25 * (axis[1] - axis[0]) for c in contacts):
            contacts.append(y)
    points = np.array(contacts)
    u = points - theta
    return top, points, u / np.sqrt(np.maximum(rho**2 - np.sum(u * u, axis=1, keepdims=True), 1e-30 * rho**2))


def smallest_element(vectors: Floats) -> Floats:
    """Smallest-norm element of the convex hull of ``vectors (C, d)``, as a small quadratic programme."""
    if len(vectors) == 1:
        return vectors[0]
    count = len(vectors)
    best = minimize(
        lambda w: float(np.sum((w @ vectors) ** 2)),
        np.full(count, 1.0 / count),
        jac=lambda w: 2.0 * vectors @ (w @ vectors),
        bounds=[(0.0, 1.0)] * count,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": lambda w: np.ones(count)},
        method="SLSQP",
        options={"ftol": 1e-18, "maxiter": 500},
    )
    return np.asarray(best.x @ vectors)


def _rigid_step(ball: RBO, surface: Surface, theta: Floats, velocity: Floats) -> StepExplanation:
    dim = theta.size
    h, points, slopes = rigid_contacts(ball, surface, theta)
    drives = slopes / np.sqrt(1 + np.sum(slopes**2, axis=1, keepdims=True)) if ball.unit_speed else slopes
    carried = ball.momentum * velocity[:dim]
    # v = β v + the element of the contacts' hull that leaves the smallest v
    v = smallest_element(drives + carried)
    move = -ball.learning_rate * v
    new_theta = theta + move
    new_h, new_points, new_slopes = rigid_contacts(ball, surface, new_theta)
    # Downhill at the start, uphill at the end: find the valley between by bisection of the slope along the move.
    if (slopes @ move).max() <= 0 < new_slopes[0] @ move:
        low, high = 0.0, 1.0
        for _ in range(60):
            at = 0.5 * (low + high)
            _, _, here = rigid_contacts(ball, surface, theta + at * move)
            rise = here @ move
            if rise.min() <= 0 <= rise.max():
                break
            if (high - low) * np.linalg.norm(move) <= 1e-10 * ball.radius:
                break
            low, high = (at, high) if rise.max() < 0 else (low, at)
        hull = here / np.sqrt(1 + np.sum(here**2, axis=1, keepdims=True)) if ball.unit_speed else here
        needed = (at * v - carried) @ -move
        if not carried.any() or needed >= min(0.0, float((hull @ -move).min())):
            v = at * v
            new_theta = theta + at * move
            new_h, new_points, new_slopes = rigid_contacts(ball, surface, new_theta, tie=1e-5)

    def lifted(y: Floats) -> Floats:
        return np.append(y, ball.loss_scale * Loss(surface)(y[None, :])[0])

    center = np.append(theta, h)
    contact = lifted(points[np.argmin(np.sum(slopes**2, axis=1))])
    rise = smallest_element(slopes)
    tangent = np.append(rise, rise @ rise)
    moved = center - np.append(-(new_theta - theta), v @ rise * ball.learning_rate)
    new_contact = lifted(new_points[np.argmin(np.sum(new_slopes**2, axis=1))])
    return StepExplanation(
        contact=contact,
        normal=(center - contact) / ball.radius,
        tangent=tangent,
        center=center,
        moved_center=moved,
        footpoints=np.array([lifted(y) for y in new_points]),
        new_contact=new_contact,
        new_center=np.append(new_theta, new_h),
        velocity=np.append(v, 0.0),
    )
