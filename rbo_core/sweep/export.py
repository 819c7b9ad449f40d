"""Results as tables: one row a ball, or one row a cell with its order parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rbo_core.sweep.measure import columns
from rbo_core.sweep.order_parameters import ORDERS, interval, is_share, of_sweep
from rbo_core.sweep.spec import Sweep

if TYPE_CHECKING:
    import pandas as pd


def balls_table(sweep: Sweep, data: NDArray[np.float64]) -> pd.DataFrame:
    """One row for every ball stored so far: cell, the grid's settings, start, seed, and all columns."""
    import pandas as pd

    names = columns(sweep.dim)
    known = np.isfinite(data[:, :, 0])  # the status of a stored ball is never NaN
    cell, ball = np.nonzero(known)
    table = _settings(sweep, cell)
    table["start"] = ball // len(sweep.seeds)
    table["seed"] = np.array(sweep.seeds)[ball % len(sweep.seeds)]
    rows = data[cell, ball]
    for i, name in enumerate(names):
        whole = name in ("status", "stopped_at", "gradients", "evaluations", "diverged")
        table[name] = rows[:, i].astype(np.int64) if whole else rows[:, i]
    return pd.DataFrame(table)


def cells_table(sweep: Sweep, data: NDArray[np.float64]) -> pd.DataFrame:
    """One row for every cell stored so far: the grid's settings and each order parameter with its 95 % interval."""
    import pandas as pd

    cell = np.flatnonzero(np.isfinite(data[:, 0, 0]))
    table = _settings(sweep, cell)
    for order in ORDERS:
        values = of_sweep(sweep, data, order.name).reshape(sweep.cells, -1)[cell]
        middle, low, high = interval(values, count=200, share=is_share(order.name))
        table[order.name], table[f"{order.name}_low"], table[f"{order.name}_high"] = middle, low, high
    return pd.DataFrame(table)


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV or Parquet, by the ending of ``path``."""
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        raise ValueError(f"{path} must end in .csv or .parquet")


def _settings(sweep: Sweep, cells: NDArray[np.int64]) -> dict[str, NDArray[np.generic]]:
    where = np.unravel_index(cells, sweep.shape)
    table: dict[str, NDArray[np.generic]] = {"cell": cells}
    for axis, index in zip(sweep.grid, where, strict=True):
        table[axis.name] = np.array(axis.values)[index]
    return table
