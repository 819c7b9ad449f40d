"""Every step of every racer as a table."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from rbo_core.figures.player.track import Track


def steps_table(named: Iterable[tuple[str, Track]], who: str = "method") -> pd.DataFrame:
    """One row a step and track: its name in column `who`, step, x (x1, x2), loss, gradients, and for a ball its centre,
    the radius if that changes, and the penetration."""
    frames = []
    for name, track in named:
        last = track.stopped_at + 1
        dim = track.position.shape[1]
        axes = ["x"] if dim == 1 else [f"x{i + 1}" for i in range(dim)]
        columns: dict[str, object] = {who: name, "step": np.arange(last)}
        columns |= {axis: track.position[:last, i] for i, axis in enumerate(axes)}
        columns |= {"loss": track.loss[:last], "gradients": track.gradients[:last]}
        if track.center is not None:
            columns |= {f"center_{axis}": track.center[:last, i] for i, axis in enumerate([*axes, "height"])}
        if track.breathes and track.radius is not None:
            columns["radius"] = track.radius[:last]
        if track.penetration is not None:
            columns["penetration"] = track.penetration[:last]
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[who, "step", "x", "loss"])
