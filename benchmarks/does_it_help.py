"""The figure and the table of docs/does-it-help.md and of the pages Train and Results, from the stored contests.

python benchmarks/does_it_help.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rbo_core.figures.contests import BALLS, CURVES, REFERENCES, by_budget, rows  # noqa: E402
from rbo_core.figures.style import color, palette  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "contest"
PAGE = ROOT / "docs" / "does-it-help.md"
PACKED = ROOT / "pages" / "shared" / "contests.json"
BEGIN, END = "<!-- table -->", "<!-- end -->"
DASHES = {"solid": "-", "dash": "--"}
"""Plotly's names of lines in Matplotlib's."""


def contests() -> list[dict[str, Any]]:
    """Every stored contest, one for each data set, budget and noise."""
    return [record for file in sorted(RESULTS.glob("*.json")) for record in json.loads(file.read_text())]


def figure(dark: bool = False) -> Figure:
    """Test accuracy against the budget, Fashion-MNIST (6,000 images) with 40 % random labels."""
    wanted = {"data": "fashion_mnist", "label_noise": 0.4, "train_size": 6000, "model": "mlp"}
    runs = by_budget(contests(), wanted)
    colors = palette(dark)
    picture = Figure(figsize=(8, 4.6), facecolor=colors.paper)
    axes = picture.add_subplot()
    for name, (label, method, dash) in CURVES.items():
        points = [
            (r["train"]["gradient_budget"], s["mean"], s["half"])
            for r in runs for s in r["standings"] if s["name"] == name
        ]  # fmt: skip
        budget, mean, half = (list(values) for values in zip(*points, strict=True))
        axes.errorbar(budget, mean, half, color=color(method), ls=DASHES[dash], lw=1.6, capsize=2, label=label)
    axes.set_xscale("log")
    axes.set_xticks([250, 1000, 4000, 16000], ["250", "1,000", "4,000", "16,000"])
    axes.minorticks_off()
    axes.set_xlabel("gradients")
    axes.set_ylabel("test accuracy, %")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", color=colors.grid, lw=0.6)
    axes.legend(frameon=False, fontsize=9)
    return picture


def table() -> str:
    """The best form of the ball beside both baselines, one row a contest."""
    lines = [
        "| data | network | random labels | gradients | best ball | accuracy, % | minus SGD + momentum (Holm p) "
        "| minus SAM + momentum (Holm p) |",
        "| --- | --- | ---: | ---: | --- | ---: | --- | --- |",
    ]
    for row in rows(contests()):
        cells = " | ".join(f"**{gap.text}**" if gap.says else gap.text for gap in map(row.gaps.__getitem__, REFERENCES))
        lines.append(
            f"| {row.task} | {row.network} | {row.noise:.0%} | {row.gradients:,} | {row.ball} "
            f"| {row.mean:.2f} ± {row.half:.2f} | {cells} |"
        )
    return "\n".join(lines)


def packed() -> list[dict[str, Any]]:
    """Of each contest what the pages show."""

    def kept(one: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
        return {name: round(one[name], 5) if isinstance(one[name], float) else one[name] for name in names}

    return [
        {
            "train": kept(record["train"], ("data", "model", "train_size", "label_noise", "gradient_budget")),
            "standings": [kept(s, ("name", "label", "validation", "mean", "half")) for s in record["standings"]],
            "differences": [
                kept(d, ("name", "reference", "mean", "half")) | {"holm": float(f"{d['holm']:.3g}")}
                for d in record["differences"] if d["name"] in BALLS
            ],
        }
        for record in contests()
    ]  # fmt: skip


def main() -> None:
    """Write all three."""
    PACKED.write_text(json.dumps(packed(), separators=(",", ":")), encoding="utf-8")
    mpl.rcParams["svg.fonttype"] = "none"
    mpl.rcParams["svg.hashsalt"] = "does-it-help"
    figure().savefig(ROOT / "docs" / "does-it-help.svg", bbox_inches="tight", metadata={"Date": None})
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
