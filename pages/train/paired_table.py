"""Paired differences of methods to one of them, beside a table of results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.io.formats.style import Styler

from pages.shared.run_view import RunView, groups, score_of
from rbo_core.training.paired import Difference, called, differences

P = "p (Holm)"
SAYS = "the test says"
BETTER = "better"
_GREEN = {False: "#00694B", True: "#4FD6AC"}
_FORMATS = {
    "test accuracy (%)": "{:.2f}", "± (%)": "{:.2f}", "validation accuracy (%)": "{:.2f}", "train loss": "{:.3g}",
    "gradients": "{:,.0f}", "seconds": "{:.2f}", "penetration (%)": "{:.2g}", "sharpness": "{:.3g}", P: "{:.2g}",
    "± (points)": "{:.2f}",
}  # fmt: skip


def differences_to(runs: Sequence[RunView], reference: str) -> dict[str, Difference]:
    """Every method minus the reference, in points, over the seeds that all of them have; by the methods' labels.

    The statistics are the contest's: a paired t-test, corrected by Holm over the methods. Nothing where there are no
    two seeds in common.
    """
    score = score_of(runs)
    found: dict[str, dict[int, float]] = {}
    for members in groups(runs).values():
        values = {run.seed: 100 * run.last(score) for run in members if np.isfinite(run.last(score))}
        if values:
            found[members[0].label] = values
    if reference not in found or len(found) < 2:
        return {}
    common = sorted(set.intersection(*(set(values) for values in found.values())))
    if len(common) < 2:
        return {}
    told = differences({name: [values[seed] for seed in common] for name, values in found.items()}, (reference,))
    return {one.name: one for one in told}


def with_differences(table: pd.DataFrame, runs: Sequence[RunView], reference: str | None) -> pd.DataFrame:
    """The table with the difference to the reference, its interval, p, and what the corrected test says of it."""
    told = differences_to(runs, reference) if reference is not None else {}
    if not told:
        return table
    own = [told.get(label) for label in table["method"]]
    columns: dict[str, list[Any]] = {
        f"minus {reference} (points)": [np.nan if one is None else one.mean for one in own],
        "± (points)": [np.nan if one is None else one.half for one in own],
        P: [np.nan if one is None else one.holm for one in own],
        SAYS: ["" if one is None else _says(one) for one in own],
    }
    made = table.copy()
    at = list(made.columns).index("± (%)") + 1
    for k, (name, values) in enumerate(columns.items()):
        made.insert(at + k, name, values)
    return made


def readable(table: pd.DataFrame, dark: bool) -> Styler:
    """Numbers as people read them; a difference is green where the corrected test calls the method better."""
    minus = [name for name in table.columns if name.startswith("minus ")]
    formats: dict[Any, Any] = {name: form for name, form in _FORMATS.items() if name in table}
    formats.update(dict.fromkeys(minus, _signed))
    style = table.style.format(formats, na_rep="–")
    if SAYS not in table:
        return style
    green = f"color: {_GREEN[dark]}; font-weight: 600"

    def colored(row: pd.Series[Any]) -> list[str]:
        marked = (*minus, SAYS)
        return [green if name in marked and row[SAYS] == BETTER else "" for name in row.index]

    return style.apply(colored, axis=1)


def _says(one: Difference) -> str:
    return {1: BETTER, -1: "worse", 0: "not told apart"}[called(one.mean, one.holm)]


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\u2212")
