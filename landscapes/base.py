"""What a surface is: a frozen name-and-parameters value that evaluates f and its gradient over a batch.

A surface's mathematics lives in one compiled *kernel* with the signature

    kernel(x, p, t, f, g, grad)

x (B, d) points, p (n,) constants, t (m, k) a table, f (B,) out, g (B, d) out (written only if ``grad``). The value
and the gradient share one body, so ``value`` returns the bits that ``value_and_grad`` returns; each point is computed
by itself with IEEE arithmetic (no fastmath), so it does not depend on its neighbours in the batch either.

Kernels release the GIL. A large batch is cut among Python threads instead of numba's own threading layer, whose
fallback ("workqueue") aborts the process when two threads enter it at once.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscapes.kernel_cache import njit

Floats = NDArray[np.float64]
Kernel = Callable[[Floats, Floats, Floats, Floats, Floats, bool], None]

#: Compiles a kernel. ``error_model="numpy"`` lets a division give inf instead of raising (and vectorise).
kernel = njit(cache=True, nogil=True, error_model="numpy")

#: Points from which a batch is cut among threads; below it, starting them costs more than it saves.
PARALLEL_POINTS = 50_000

NO_TABLE: Floats = np.zeros((0, 0))
_NO_GRADIENT: Floats = np.zeros((0, 0))


@dataclass(frozen=True)
class Parameter:
    """One number that a surface can be asked for, with the range in which it means something."""

    name: str
    label: str
    default: float
    low: float
    high: float
    step: float = 0.01
    log: bool = False
    integer: bool = False
    help: str = ""
    limits: tuple[float, float] | None = None  # what a value may be, where that is wider than the slider's range

    def check(self, surface: str, value: object) -> float:
        """The value as a float (or int); ValueError naming the value and the range."""
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
            raise ValueError(f"{self.name} of {surface} must be a number in {self._range()}, got {value!r}")
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"{self.name} of {surface} must be finite, in {self._range()}, got {value!r}")
        if self.integer and number != round(number):
            raise ValueError(f"{self.name} of {surface} must be a whole number in {self._range()}, got {value!r}")
        low, high = self.limits or (self.low, self.high)
        if not low <= number <= high:
            raise ValueError(f"{self.name} of {surface} must lie in {self._range()}, got {value!r}")
        return int(number) if self.integer else number

    def _range(self) -> str:
        low, high = self.limits or (self.low, self.high)
        return f"[{low:g}, {high:g}]"


@dataclass(frozen=True)
class Text:
    """Something in writing that a surface can be asked for: a formula, a window.

    read: what was given, as the text that is kept; ValueError where it means nothing.
    """

    name: str
    label: str
    default: str
    read: Callable[[object], str]
    help: str = ""

    def check(self, surface: str, value: object) -> str:
        """The text that is kept; ValueError naming what is wrong."""
        return self.read(value)


def seed(help: str, default: int = 0) -> Parameter:
    """The seed of a surface that is drawn at random."""
    return Parameter("seed", "Seed", default, 0, 10_000, 1, integer=True, help=help)


@dataclass(frozen=True, eq=False)
class Minimum:
    """The lowest point inside the bounds: x (d,), its value, and how we know."""

    x: Floats
    value: float
    certified: str


@dataclass(frozen=True, eq=False)
class Setup:
    """A surface with its parameters filled in: what ``Definition.build`` returns."""

    kernel: Kernel
    p: Floats
    bounds: Floats  # (d, 2)
    start: Floats  # (d,), or (2,) of which a curve takes the first
    finest_scale: float
    radius: float = 0.4  # of a ball that parts from a point which starts at the same place
    t: Floats = field(default_factory=lambda: NO_TABLE)
    minimum: Callable[[], Minimum] | None = None  # None: scan
    separable: bool = False  # f(x) = Σ_j φ(x_j): a scan in one parameter is enough
    latex: str | None = None  # this surface's own equation, where the kind has none
    notes: tuple[str, ...] = ()  # sentences on what was found out about it


@dataclass(frozen=True)
class Definition:
    """A kind of surface: its texts, its parameters in d parameters, and how to set it up.

    A surface of the visitor's own has ``asks``: what it can be asked for depends on what was given. Where ``dim`` is
    not given, ``dim_of`` knows it.
    """

    name: str
    title: str
    dims: tuple[int, ...]
    latex: Callable[[int], str]
    source: str
    summary: str
    parameters: Callable[[int], tuple[Parameter, ...]]
    build: Callable[[int, Mapping[str, Any]], Setup]
    asks: Callable[[int, Mapping[str, Any]], tuple[Parameter | Text, ...]] | None = None
    dim_of: Callable[[Mapping[str, Any]], int] | None = None
    pack: Callable[[Mapping[str, Any]], Any] | None = None
    unpack: Callable[[Any], object] | None = None

    def parameters_for(self, dim: int, given: Mapping[str, Any]) -> tuple[Parameter | Text, ...]:
        """What a surface in ``dim`` parameters can be asked for, when ``given`` was."""
        return self.parameters(dim) if self.asks is None else self.asks(dim, given)


def box(dim: int, low: float, high: float) -> Floats:
    """(d, 2) bounds, the same interval for every parameter."""
    return np.tile(np.array([[low, high]]), (dim, 1))


@dataclass(frozen=True, eq=False, repr=False)
class Landscape:
    """A surface to roll on. Get one from ``landscapes.get``; two are equal when name, dim and parameters are."""

    definition: Definition
    dim: int
    values: tuple[tuple[str, float | str], ...]
    setup: Setup

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def title(self) -> str:
        return self.definition.title

    @property
    def latex(self) -> str:
        return self.setup.latex or self.definition.latex(self.dim)

    @property
    def source(self) -> str:
        return self.definition.source

    @property
    def summary(self) -> str:
        return self.definition.summary

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was found out about this surface: its gaps, its finest detail."""
        return self.setup.notes

    @property
    def parameters(self) -> dict[str, Any]:
        """Every parameter's value, defaults included."""
        return dict(self.values)

    @property
    def bounds(self) -> Floats:
        """(d, 2) window, parameter units. Evaluation works outside it too."""
        return self.setup.bounds

    @property
    def start(self) -> Floats:
        """(d,) a start from which a point and a ball fare differently."""
        return self.setup.start

    @property
    def radius(self) -> float:
        """The radius of a ball that fares differently from a point when both begin at ``start``, parameter units."""
        return self.setup.radius

    @property
    def finest_scale(self) -> float:
        """Shortest wavelength or feature width inside the bounds, parameter units."""
        return self.setup.finest_scale

    @property
    def compiled(self) -> tuple[Kernel, Floats, Floats]:
        """The kernel, its constants p and its table t: for loops that are compiled themselves."""
        return self.setup.kernel, self.setup.p, self.setup.t

    @cached_property
    def minimum(self) -> Minimum:
        """The global minimum inside the bounds (computed once, then remembered)."""
        from landscapes.minimum import scan

        found = self.setup.minimum() if self.setup.minimum is not None else scan(self.setup)
        found.x.setflags(write=False)
        return found

    def value_and_grad(self, x: ArrayLike) -> tuple[Floats, Floats]:
        """f (B,) and its gradient g (B, d) at x (B, d), landscape units.

        At a kink g is the derivative to the right (Corduroy, V-valley) or zero (Ackley's cone). Raises ValueError for a
        wrong shape; non-finite points give non-finite values, not errors.
        """
        points = self._points(x)
        f = np.empty(points.shape[0])
        g = np.empty(points.shape)
        self._run(points, f, g, True)
        return f, g

    def value(self, x: ArrayLike) -> Floats:
        """f (B,) alone at x (B, d); the same bits as ``value_and_grad`` at a lower price."""
        points = self._points(x)
        f = np.empty(points.shape[0])
        self._run(points, f, _NO_GRADIENT, False)
        return f

    def _points(self, x: ArrayLike) -> Floats:
        points = np.ascontiguousarray(x, dtype=np.float64)
        if not points.flags.writeable:
            # numba would compile a second kernel for read-only arrays, which costs far more than this copy.
            points = points.copy()
        shape = points.shape
        if len(shape) != 2 or shape[1] != self.dim:
            raise ValueError(
                f"points on {self.name} must have shape (B, {self.dim}), got {np.shape(x)}: pass one row a point"
            )
        return points

    def _run(self, x: Floats, f: Floats, g: Floats, grad: bool) -> None:
        setup = self.setup
        n = x.shape[0]
        if n < PARALLEL_POINTS:
            setup.kernel(x, setup.p, setup.t, f, g, grad)
            return
        workers = _workers()
        edges = [n * k // workers for k in range(workers + 1)]
        parts = [slice(a, b) for a, b in pairwise(edges)]
        jobs = [_pool().submit(setup.kernel, x[s], setup.p, setup.t, f[s], g[s], grad) for s in parts[1:]]
        setup.kernel(x[parts[0]], setup.p, setup.t, f[parts[0]], g[parts[0]], grad)
        for job in jobs:
            job.result()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Landscape):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, int, tuple[tuple[str, float | str], ...]]:
        return self.definition.name, self.dim, self.values

    def __repr__(self) -> str:
        settings = "".join(
            f", {name}={value!r}" if isinstance(value, str) else f", {name}={value:g}" for name, value in self.values
        )
        return f"landscapes.get({self.name!r}, dim={self.dim}{settings})"

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        # Kernels are not pickled: the receiver builds the surface again from its name and parameters.
        pack = self.definition.pack
        return _rebuild, (*self._key(), None if pack is None else pack(self.parameters))


def _rebuild(name: str, dim: int, values: tuple[tuple[str, float | str], ...], packed: Any = None) -> Landscape:
    from landscapes.registry import definition_of, get

    unpack = definition_of(name, dim).unpack
    if packed is not None and unpack is not None:
        unpack(packed)
    return get(name, dim, **dict(values))


@lru_cache(maxsize=1)
def _workers() -> int:
    return max(1, min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 16))


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_workers(), thread_name_prefix="landscapes")


if hasattr(os, "register_at_fork"):
    # A forked child inherits the pool without its threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)
