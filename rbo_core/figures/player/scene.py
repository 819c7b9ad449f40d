"""What the player shows: a ground, the racers that move over it, and their read-outs, as plain frozen data.

Shapes use T for the number of steps and d (1 or 2) for the number of parameters; every point carries its height last,
so a point is (d+1,) and a path is (T+1, d+1). Units are the landscape's own: parameters, and loss times the loss scale
λ for heights, so that a ball of radius ρ is drawn at its true size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SHAPES = ("ball", "circle", "square", "diamond", "triangle", "cross", "star")
FORMATS = ("number", "percent", "integer")
MAX_FRAMES = 1500


@dataclass(frozen=True, eq=False)
class Ground:
    """The landscape under the racers: a curve when `y` is None, else a surface.

    x: (N,), y: (M,) or None; heights: (N,) for a curve, (M, N) for a surface, rows along y as `np.meshgrid` gives them.
    ironed: same shape as heights, what a ball sees; drawn as a dashed curve or a translucent sheet.
    reachable: (N,) booleans, curve only; the stretches that the ball cannot touch are drawn in a warning colour.
    """

    x: np.ndarray
    heights: np.ndarray
    y: np.ndarray | None = None
    ironed: np.ndarray | None = None
    ironed_label: str = "ironed"
    reachable: np.ndarray | None = None

    def __post_init__(self) -> None:
        wanted = (len(self.x),) if self.y is None else (len(self.y), len(self.x))
        for name in ("heights", "ironed", "reachable"):
            value = getattr(self, name)
            if value is not None and np.shape(value) != wanted:
                raise ValueError(f"{name} must have shape {wanted}, got {np.shape(value)}")

    @classmethod
    def curve(cls, x: np.ndarray, heights: np.ndarray, **more: Any) -> Ground:
        return cls(x, heights, **more)

    @classmethod
    def surface(cls, x: np.ndarray, y: np.ndarray, heights: np.ndarray, **more: Any) -> Ground:
        return cls(x, heights, y, **more)

    @property
    def dim(self) -> int:
        return 1 if self.y is None else 2


@dataclass(frozen=True, eq=False)
class Readout:
    """A number per frame, shown live beside its racer. values: (T+1,); format: one of FORMATS."""

    label: str
    values: np.ndarray
    format: str = "number"

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {self.format!r}")


@dataclass(frozen=True, eq=False)
class Racer:
    """One ball or point.

    position: (T+1, d+1) contact point of a ball, or the point itself; center: (T+1, d+1), with `radius`, for a ball.
    contacts: (T+1, C, d+1) all contacts, NaN-padded, where a ball touches in several places at once.
    radii: (T+1,) of a ball that breathes, instead of `radius`.
    rotation: (T+1,) radians; left out, it is the centre's arc length over the radius (rolling without slipping).
    status: words for the end of the run ("converged"), shown from frame `stopped_at` on.
    opacity: of a ball on a curve, where arrows behind it are to be seen.
    loss: (T+1,) for the loss panel (default: the height); loss_x: (T+1,) its x axis (default: the step).
    loss_is, loss_x_is: what these are ("loss", "gradients"), so that a run of another radius can take their place.
    """

    name: str
    label: str
    color: str
    position: np.ndarray
    center: np.ndarray | None = None
    radius: float | None = None
    radii: np.ndarray | None = None
    contacts: np.ndarray | None = None
    rotation: np.ndarray | None = None
    status: str = ""
    stopped_at: int | None = None
    shape: str = "ball"
    opacity: float = 1.0
    loss: np.ndarray | None = None
    loss_x: np.ndarray | None = None
    readouts: tuple[Readout, ...] = ()
    loss_is: str = "loss"
    loss_x_is: str = ""

    def __post_init__(self) -> None:
        shape = np.shape(self.position)
        if len(shape) != 2 or shape[0] < 1 or shape[1] not in (2, 3):
            raise ValueError(f"position must have shape (T+1, 2) or (T+1, 3), got {shape}")
        if self.shape not in SHAPES:
            raise ValueError(f"shape must be one of {', '.join(SHAPES)}, got {self.shape!r}")
        if self.shape == "ball" and (self.center is None or self.radius is None):
            raise ValueError("a racer of shape 'ball' needs center and radius; use shape='circle' for a point")
        if self.center is not None and np.shape(self.center) != shape:
            raise ValueError(f"center must have the shape of position {shape}, got {np.shape(self.center)}")
        if self.radius is not None and not (np.isfinite(self.radius) and self.radius > 0):
            raise ValueError(f"radius must be positive, got {self.radius}")
        if self.radii is not None:
            if self.center is None or np.shape(self.radii) != shape[:1]:
                raise ValueError(f"radii must have shape {shape[:1]} and belong to a ball, got {np.shape(self.radii)}")
            if self.rotation is None:
                object.__setattr__(self, "rotation", breathing_angle(self.center, self.position, self.radii))


@dataclass(frozen=True, eq=False)
class Arrow:
    """An annotation that grows while the clock runs from frame `grows[0]` to `grows[1]` and stays until `until`.

    start, end: (d+1,). Equal start and end make a dot; head=False makes a plain line.
    """

    start: np.ndarray
    end: np.ndarray
    label: str
    color: str
    grows: tuple[float, float] = (0.0, 0.0)
    until: float | None = None
    head: bool = True
    dashed: bool = False


@dataclass(frozen=True)
class RadiusRange:
    """A strip under the playback bar on which the first racer's radius is chosen, from low to high.

    batch: names the `strip.Strip` whose runs belong to this scene.
    """

    value: float
    low: float
    high: float
    batch: str = ""


@dataclass(frozen=True)
class Drawing:
    """Lets the visitor draw the ground, a curve of `landscapes.drawing`.

    text: its knots, as the surface has them. scale: λ, height units of the picture to one of the paper. live: whether
    curves are told while they are drawn, not only when they are done. draft: whether this scene answers such a one.
    """

    text: str
    scale: float = 1.0
    live: bool = False
    draft: bool = False


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything one player shows.

    bounds: (d, 2) what the view spans (default: the ground's extent). minimum: (d+1,) the global minimum, marked.
    height_scale: factor on drawn heights; None draws true scale unless the heights would tower over the width.
    height_range: lowest and highest drawn height to show of a curve (default: what the racers need).
    duration: seconds a whole run takes at speed 1 (default: 4 to 12, by the number of steps).
    loss_log: logarithmic loss axis; None decides by the data. title: short sentence for screen readers.
    frame_word: what the playback bar counts.
    panels: scenes on curves that are shown side by side under this scene's clock, each under its title, instead of this
        scene's own picture; its racers still fill the read-outs.
    captions: (first frame, sentence) pairs shown over the plot from that frame on.
    radius: offers the radius under the playback bar.
    step_numbers: (T+1,) what the frames are called, where they are not the steps 0 to T.
    story: in a player that is there already, a film of another number plays from its beginning.
    drawing: offers the ground to the visitor's hand.
    """

    ground: Ground
    racers: tuple[Racer, ...]
    bounds: np.ndarray | None = None
    x_label: str = "θ"
    y_label: str = "θ₂"
    height_label: str = "loss"
    minimum: np.ndarray | None = None
    loss_panel: bool = True
    loss_x_label: str = "step"
    loss_label: str = "loss"
    loss_log: bool | None = None
    height_scale: float | None = None
    height_range: tuple[float, float] | None = None
    duration: float | None = None
    arrows: tuple[Arrow, ...] = ()
    captions: tuple[tuple[float, str], ...] = ()
    contour: bool = True
    clickable: bool = True
    title: str = "Animation of the run"
    frame_word: str = "step"
    panels: tuple[Scene, ...] = ()
    radius: RadiusRange | None = None
    step_numbers: np.ndarray | None = None
    story: int = 0
    drawing: Drawing | None = None

    def __post_init__(self) -> None:
        for racer in self.racers:
            if np.shape(racer.position)[1] != self.ground.dim + 1:
                raise ValueError(
                    f"racer {racer.label!r} has points of {np.shape(racer.position)[1]} coordinates, "
                    f"the ground needs {self.ground.dim + 1}"
                )

    @property
    def steps(self) -> int:
        """Longest run among the racers, in steps."""
        return max((len(racer.position) for racer in self.racers), default=1) - 1


@dataclass(frozen=True, eq=False)
class Click:
    """Where the visitor clicked, x: (d,) in parameter units."""

    x: np.ndarray


def roll_angle(center: np.ndarray, radius: float) -> np.ndarray:
    """Angle turned by a ball that rolls without slipping: the arc length of its centre's path over ρ.

    center: (T+1, d+1); returns (T+1,) radians. On a curve (d = 1) the sign follows the direction: rolling to the right
    turns clockwise and is positive. A step without a finite centre adds nothing.
    """
    return _turned(np.diff(np.asarray(center, dtype=np.float64), axis=0), radius)


def breathing_angle(center: np.ndarray, contact: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """As `roll_angle`, of a ball whose radius changes: swelling lifts its centre off the contact without turning it.

    center, contact: (T+1, d+1); radii: (T+1,).
    """
    center, radii = np.asarray(center, dtype=np.float64), np.asarray(radii, dtype=np.float64)
    lift = np.diff(radii)[:, None] * (center - np.asarray(contact, dtype=np.float64))[1:] / radii[1:, None]
    return _turned(np.diff(center, axis=0) - lift, radii[1:])


def _turned(step: np.ndarray, radius: float | np.ndarray) -> np.ndarray:
    length = np.sqrt(np.sum(step**2, axis=1))
    if step.shape[1] == 2:
        length = np.copysign(length, step[:, 0])
    return np.concatenate([[0.0], np.cumsum(np.nan_to_num(length / radius, posinf=0.0, neginf=0.0))])
