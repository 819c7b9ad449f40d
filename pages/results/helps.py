"""Does a ball help? The contests that came with the lab, on the page Results: a sentence and a table."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pandas.io.formats.style import Styler

from pages.shared.budgets import DRAWN, curve, records
from pages.shared.network_runs import DATA
from pages.shared.take_away import Takings, figure_takings
from rbo_core.figures.contests import REFERENCES, Row, rows, verdict
from rbo_core.figures.player.offline import Words

HOW = (
    "The difference is that of the best ball, in points, with *p* in brackets. *Every 5th step* says how often the "
    "ball takes its second gradient. Each contest has three to thirteen methods, tuned once in boxes with equally many "
    "settings, weight decay among them, and ten paired fresh seeds; *p* is corrected by Holm over the methods, and "
    "does not hold the luck of the tuning. Made by `python -m rbo_core contest`; `docs/does-it-help.md` has every "
    "command, and what to distrust."
)
_TINT = {1: "background-color: rgba(0, 158, 115, 0.22)", -1: "background-color: rgba(213, 94, 0, 0.24)", 0: ""}
"""Wins and losses, equally loud."""
CODE = """from pages.shared.budgets import DRAWN, curve, records
from rbo_core.figures.contests import rows, verdict

found = rows(records())  # the contests that came with the lab, one a row
print(verdict(found))
figures = [curve(title, dark=False) for title in DRAWN]
"""


def told() -> list[Row]:
    """One row a contest."""
    return rows(records())


def table() -> Styler:
    """The contests, with the differences tinted where the corrected test calls the ball better or worse."""
    found = told()
    frame = pd.DataFrame([
        {
            "data": f"{DATA[row.data]}{'' if row.data == 'digits' else f', {row.images:,}' if row.images else ', all'}",
            "network": row.network,
            "random labels": f"{100 * row.noise:.0f} %",
            "gradients": f"{row.gradients:,}",
            **{f"minus {title} (p)": row.gaps[name].text for name, title in REFERENCES.items()},
            "accuracy (%)": f"{row.mean:.2f} ± {row.half:.2f}",
            "best ball": row.ball,
        }
        for row in found
    ])  # fmt: skip

    def tinted(line: pd.Series[Any]) -> list[str]:
        gaps = found[int(str(line.name))].gaps
        tints = {f"minus {title} (p)": _TINT[gaps[name].says] for name, title in REFERENCES.items()}
        return [tints.get(column, "") for column in line.index]

    return frame.style.apply(tinted, axis=1)


def takings() -> Takings:
    """The curves as a page, and the script that draws them again."""
    words = Words("Does a ball help?", f"{verdict(told())} Made by python -m rbo_core contest.", code=CODE)
    return figure_takings("does_it_help", lambda dark: [curve(title, dark) for title in DRAWN], words)
