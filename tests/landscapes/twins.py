"""Every surface once more, as one plain torch expression: what the compiled kernels are held to."""

import base64
import math

import numpy as np
import torch

PI = math.pi


def wrinkled_bowl(x, p, surface):
    w = 2 * PI / p["wavelength"]
    waves = p["amplitude"] * torch.cos(w * x) + p["detail"] * torch.cos(2.3 * w * x + 1)
    return (p["steepness"] * x**2 + waves).sum(1)


def corduroy(x, p, surface):
    f = p["slope"] * x[:, 0] - p["depth"] * torch.abs(torch.sin(PI * x[:, 0] / p["width"]))
    return f if x.shape[1] == 1 else f + 0.5 * p["valley"] * x[:, 1] ** 2


def weierstrass(x, p, surface):
    layers = [p["a"] ** n * torch.cos(p["b"] ** n * PI * x) for n in range(p["terms"])]
    return p["height"] * sum(layers).sum(1)


def weierstrass_like(x, p, surface):
    k = torch.arange(1, p["terms"] + 1, dtype=torch.float64)
    return p["height"] * (torch.sin(k**2 * x[..., None]) / k**2).sum((1, 2))


def gaussian_pits(x, p, surface):
    pits = torch.as_tensor(surface.setup.t)
    squares = ((x[:, None, :] - pits) ** 2).sum(2)
    return p["steepness"] * (x**2).sum(1) - p["depth"] * torch.exp(-squares / (2 * p["sigma"] ** 2)).sum(1)


def value_noise(x, p, surface):
    table = torch.as_tensor(surface.setup.t)
    size = table.shape[1]
    f = p["steepness"] * (x**2).sum(1)
    for o in range(p["octaves"]):
        u = x * 2.0**o / p["cell"] + o * torch.tensor([0.37, 0.61], dtype=torch.float64)[: x.shape[1]]
        cell = torch.floor(u)
        s = u - cell
        fade = 6 * s**5 - 15 * s**4 + 10 * s**3
        i = (cell.long() + 61 * o) % size
        j = (i + 1) % size
        if x.shape[1] == 1:
            noise = (1 - fade[:, 0]) * table[0, i[:, 0]] + fade[:, 0] * table[0, j[:, 0]]
        else:
            a, b = fade[:, 0], fade[:, 1]
            noise = (1 - b) * ((1 - a) * table[i[:, 1], i[:, 0]] + a * table[i[:, 1], j[:, 0]])
            noise = noise + b * ((1 - a) * table[j[:, 1], i[:, 0]] + a * table[j[:, 1], j[:, 0]])
        f = f + p["amplitude"] * p["gain"] ** o * noise
    return f


def ravine(x, p, surface):
    angle, root = math.radians(p["angle"]), math.sqrt(p["condition"])
    u = math.cos(angle) * x[:, 0] + math.sin(angle) * x[:, 1]
    v = -math.sin(angle) * x[:, 0] + math.cos(angle) * x[:, 1]
    return p["height"] / 2 * (u**2 / root + root * v**2)


def saddle(x, p, surface):
    return p["height"] * (x[:, 0] ** 2 / 2 - x[:, 1] ** 2 / 2 + x[:, 1] ** 4 / (4 * p["distance"] ** 2))


def rosenbrock(x, p, surface):
    return p["height"] * ((1 - x[:, 0]) ** 2 + p["valley"] * (x[:, 1] - x[:, 0] ** 2) ** 2)


def rastrigin(x, p, surface):
    return p["height"] * (x**2 + p["amplitude"] * (1 - torch.cos(2 * PI * x))).sum(1)


def ackley(x, p, surface):
    cone = p["depth"] * torch.exp(-p["decay"] * torch.sqrt((x**2).mean(1)))
    return p["height"] * (p["depth"] + math.e - cone - torch.exp(torch.cos(2 * PI * x).mean(1)))


def whitley(x, p, surface):
    a, b = x[:, :, None], x[:, None, :]
    y = p["stiffness"] * (a**2 - b) ** 2 + (1 - b) ** 2
    return p["height"] * (y**2 / 4000 - torch.cos(y) + 1).sum((1, 2))


def sine_mse(x, p, surface):
    data = torch.linspace(0, 10, 50, dtype=torch.float64)
    amplitude = x[:, 1:2] if x.shape[1] == 2 else p["amplitude"]
    errors = amplitude * torch.sin(x[:, :1] * data) - torch.as_tensor(surface.setup.t[0])
    return p["height"] * (errors**2).mean(1)


def sharp_flat_wells(x, p, surface):
    half = torch.zeros(x.shape[1], dtype=torch.float64)
    half[0] = p["separation"] / 2
    at_sharp = p["curvature"] * (math.sqrt(1 + p["separation"] ** 2) - 1)
    variance = at_sharp / (p["ratio"] * p["curvature"])
    funnel = p["curvature"] * (torch.sqrt(1 + ((x - half) ** 2).sum(1)) - 1)
    return funnel * (1 - torch.exp(-((x + half) ** 2).sum(1) / (2 * variance)))


def plane(x, p, surface):
    return p["slope"] * x.sum(1) / math.sqrt(x.shape[1])


def paraboloid(x, p, surface):
    return p["curvature"] / 2 * (x**2).sum(1)


def v_valley(x, p, surface):
    f = p["slope"] * torch.abs(x[:, 0])
    return f if x.shape[1] == 1 else f + 0.5 * p["valley"] * x[:, 1] ** 2


def formula(x, p, surface):
    """The default formulas, written out."""
    if x.shape[1] == 1:
        x = x[:, 0]
        return 0.15 * x**2 + 0.3 * torch.sin(8 * x) + 0.1 * torch.cos(19 * x)
    return 0.1 * (x**2).sum(1) + 0.4 * torch.sin(5 * x[:, 0]) * torch.cos(5 * x[:, 1])


def drawing(x, p, surface):
    """The natural spline by its definition: C² cubics through the knots, no curvature at the ends, straight beyond."""
    bits = np.unpackbits(np.frombuffer(base64.urlsafe_b64decode(p["knots"]), np.uint8)).reshape(-1, 2, 12)
    knots = torch.as_tensor((bits @ (1 << np.arange(12)[::-1])) * (0.0015, 0.0005) + (-3.0, 0.0))
    at, height = knots.T.contiguous()
    h, rise = at.diff(), height.diff() / at.diff()
    system = torch.diag(2 * torch.cat([h[:1], h[:-1] + h[1:], h[-1:]]))
    system += torch.diag(torch.cat([h[:0].new_zeros(1), h[1:]]), 1) + torch.diag(
        torch.cat([h[:-1], h.new_zeros(1)]), -1
    )
    m = torch.linalg.solve(system, 6 * torch.cat([h.new_zeros(1), rise.diff(), h.new_zeros(1)]))
    inner = x[:, 0].clamp(at[0], at[-1])
    k = (torch.searchsorted(at, inner.detach(), right=True) - 1).clamp(0, len(h) - 1)
    a, b = (at[k + 1] - inner) / h[k], (inner - at[k]) / h[k]
    bend = ((a**3 - a) * m[k] + (b**3 - b) * m[k + 1]) * h[k] ** 2 / 6
    left = rise[0] - h[0] * m[1] / 6
    right = rise[-1] + h[-1] * m[-2] / 6
    beyond = left * (x[:, 0] - at[0]).clamp(max=0) + right * (x[:, 0] - at[-1]).clamp(min=0)
    return a * height[k] + b * height[k + 1] + bend + beyond


TWINS = {
    twin.__name__: twin
    for twin in (
        *(wrinkled_bowl, corduroy, weierstrass, weierstrass_like, gaussian_pits, value_noise, ravine, saddle),
        *(
            rosenbrock,
            rastrigin,
            ackley,
            whitley,
            sine_mse,
            sharp_flat_wells,
            plane,
            paraboloid,
            v_valley,
            formula,
            drawing,
        ),
    )
}
