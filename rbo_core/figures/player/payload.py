"""One binary message per scene: four bytes of header length, a JSON header, then float32 arrays, little endian.

An array stands in the header as {"a": [offset in floats, length]}; an evenly rising one (step numbers, gradient counts)
as {"l": [first, increment, length]}, which costs nothing. Paths longer than MAX_FRAMES are thinned evenly; the clock,
the rotation and the read-outs are thinned with them, so they stay in step.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from landscapes.drawing import PAPER
from rbo_core.figures.player.scene import MAX_FRAMES, Racer, Scene, roll_angle

TALL = 1.25  # heights beyond this multiple of the width are compressed, or one would look at a needle


@dataclass
class Floats:
    """The arrays of a message; `add` and `add_grid` return what stands for one in its header."""

    parts: list[np.ndarray] = field(default_factory=list)
    length: int = 0

    def add_grid(self, values: Any) -> dict[str, list[float]] | None:
        """Heights of a surface in 16 bits: a step of 1/65534 of their range is never seen. 65535: a hole."""
        if values is None:
            return None
        grid = np.asarray(values, dtype=np.float64).ravel()
        finite = grid[np.isfinite(grid)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        step = (high - low) / 65534 or 1.0
        whole = np.nan_to_num((grid - low) / step, nan=65535.0, posinf=65534.0, neginf=0.0)
        whole = np.append(np.round(whole), [0] * (grid.size % 2)).astype("<u2")
        self.parts.append(whole.view("<f4"))
        self.length += len(whole) // 2
        return {"q": [self.length - len(whole) // 2, grid.size, low, step]}

    def add(self, values: Any) -> dict[str, list[float]] | None:
        if values is None:
            return None
        flat = np.asarray(values, dtype=np.float64).ravel()
        if flat.size > 2 and np.all(np.isfinite(flat)):
            increment = (flat[-1] - flat[0]) / (flat.size - 1)
            line = flat[0] + increment * np.arange(flat.size)
            if np.max(np.abs(flat - line)) <= 1e-7 * (np.max(np.abs(flat)) + 1e-300):
                return {"l": [float(flat[0]), float(increment), flat.size]}
        self.parts.append(flat.astype("<f4"))
        self.length += flat.size
        return {"a": [self.length - flat.size, flat.size]}


def frames(steps: int) -> np.ndarray:
    """Steps that are sent, (F,) integers from 0 to `steps`: all of them up to MAX_FRAMES, evenly thinned beyond."""
    if steps < MAX_FRAMES:
        return np.arange(steps + 1)
    return np.unique(np.round(np.linspace(0, steps, MAX_FRAMES)).astype(int))


def height_scale(scene: Scene) -> float:
    """Factor on drawn heights: 1 (true scale) unless the ground is far taller than wide."""
    if scene.height_scale is not None:
        return scene.height_scale
    heights = np.asarray(scene.ground.heights, dtype=np.float64)
    x = np.asarray(scene.ground.x)
    tall = (np.nanmax(heights) - np.nanmin(heights)) / (x[-1] - x[0])
    return 1.0 if tall <= TALL or not np.isfinite(tall) else float(0.6 / tall)


def _racer(racer: Racer, kept: np.ndarray, floats: Floats, thinned: bool) -> dict[str, Any]:
    last = len(racer.position) - 1
    index = np.minimum(kept, last)
    if last < kept[-1]:
        index = index[: int(np.searchsorted(kept, last)) + 1]
    pick = lambda values: None if values is None else floats.add(np.asarray(values)[index])  # noqa: E731
    rotation = racer.rotation
    if rotation is None and thinned and racer.center is not None and racer.radius:
        rotation = roll_angle(racer.center, racer.radius)
    position = np.asarray(racer.position)
    return {
        "name": racer.name,
        "label": racer.label,
        "color": racer.color,
        "shape": racer.shape,
        "opacity": racer.opacity,
        "radius": racer.radius,
        "radii": pick(racer.radii),
        "status": racer.status,
        "stopped": None if racer.stopped_at is None else int(np.searchsorted(kept, racer.stopped_at)),
        "position": pick(position),
        "center": pick(racer.center),
        "rotation": pick(rotation),
        "contacts": _contacts(racer, index, floats),
        "loss": pick(racer.loss),
        "lossX": pick(racer.loss_x),
        "lossIs": racer.loss_is,
        "lossXIs": "steps" if racer.loss_x is None else racer.loss_x_is,
        "readouts": [{"label": r.label, "format": r.format, "values": pick(r.values)} for r in racer.readouts],
    }


def _contacts(racer: Racer, index: np.ndarray, floats: Floats) -> dict[str, Any] | None:
    """Only the frames where a ball touches in a second place, as pairs of frame and point."""
    if racer.contacts is None:
        return None
    contacts = np.asarray(racer.contacts, dtype=np.float64)[index]
    position = np.asarray(racer.position, dtype=np.float64)[index][:, None, :]
    apart = np.linalg.norm(contacts - position, axis=-1) > 1e-6 * (racer.radius or 1.0)
    frame, slot = np.nonzero(np.isfinite(contacts).all(-1) & apart)
    return {"frame": floats.add(frame), "point": floats.add(contacts[frame, slot])} if frame.size else None


def pack(scene: Scene, height: int = 560, autoplay: bool = True, name: str = "") -> bytes:
    """Serialise a scene for the browser. name: by which a radius strip finds this player."""
    floats = Floats()
    header = _describe(scene, floats, height, autoplay)
    header["panels"] = [_describe(panel, floats, height, autoplay) for panel in scene.panels]
    return message({**header, "name": name}, floats)


def message(header: dict[str, Any], floats: Floats) -> bytes:
    """Length of the header, the header, and the arrays it points to."""
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + b"".join(part.tobytes() for part in floats.parts)


def _drawing(scene: Scene) -> dict[str, Any] | None:
    return None if scene.drawing is None else {**asdict(scene.drawing), "paper": asdict(PAPER)}


def _describe(scene: Scene, floats: Floats, height: int, autoplay: bool) -> dict[str, Any]:
    kept = frames(scene.steps)
    ground = scene.ground
    bounds = scene.bounds
    if bounds is None:
        axes = [ground.x] if ground.y is None else [ground.x, ground.y]
        bounds = np.array([[np.min(axis), np.max(axis)] for axis in axes])
    heights = floats.add if ground.y is None else floats.add_grid
    return {
        "dim": ground.dim,
        "height": height,
        "autoplay": autoplay,
        "steps": floats.add(kept if scene.step_numbers is None else np.asarray(scene.step_numbers)[kept]),
        "duration": scene.duration or float(np.clip(scene.steps / 75, 4, 12)),
        "bounds": np.asarray(bounds, dtype=float).tolist(),
        "radius": None if scene.radius is None else vars(scene.radius),
        "drawing": _drawing(scene),
        "labels": {"x": scene.x_label, "y": scene.y_label, "height": scene.height_label},
        "minimum": None if scene.minimum is None else np.asarray(scene.minimum, dtype=float).tolist(),
        "lossPanel": scene.loss_panel,
        "loss": {"x": scene.loss_x_label, "y": scene.loss_label, "log": scene.loss_log},
        "heightScale": height_scale(scene),
        "contour": scene.contour,
        "clickable": scene.clickable,
        "title": scene.title,
        "story": scene.story,
        "word": scene.frame_word,
        "range": None if scene.height_range is None else [float(v) for v in scene.height_range],
        "captions": [[float(at), text] for at, text in scene.captions],
        "ground": {
            "x": floats.add(ground.x),
            "y": floats.add(ground.y),
            "heights": heights(ground.heights),
            "ironed": heights(ground.ironed),
            "ironedLabel": ground.ironed_label,
            "reachable": floats.add(ground.reachable),
        },
        "racers": [_racer(racer, kept, floats, len(kept) <= scene.steps) for racer in scene.racers],
        "arrows": [
            {
                "start": np.asarray(a.start, dtype=float).tolist(),
                "end": np.asarray(a.end, dtype=float).tolist(),
                "label": a.label,
                "color": a.color,
                "grows": list(a.grows),
                "until": a.until,
                "head": a.head,
                "dashed": a.dashed,
            }
            for a in scene.arrows
        ],
    }
