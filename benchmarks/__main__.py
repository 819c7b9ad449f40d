"""Everything at once: one dated JSON and one table in benchmarks/results/.

    python -m benchmarks                       # under twelve minutes on two cores
    python -m benchmarks --only ironing app    # some parts
    python -m benchmarks --quick --out /tmp    # a minute, to see that all of it runs; its numbers mean nothing

Each part runs in a process of its own with a limit of its time; where one fails the table says so, the others stand.
JAX and the others' packages: pip install -r requirements-dev.txt -r requirements-bench.txt
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LIMITS = {"ironing": 180, "trajectories": 110, "surfaces": 60, "networks": 80, "sweeps": 90, "app": 200}
"""The parts, with seconds after which one is given up: twelve minutes in all."""
PACKAGES = (
    "numpy", "scipy", "numba", "scikit-image", "jax", "torch", "pytorch_optimizer", "distributed", "streamlit",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write, print; 1 where a part failed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=tuple(LIMITS), default=list(LIMITS), metavar="PART")
    parser.add_argument("--quick", action="store_true", help="tiny sizes")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--readme", action="store_true", help="put the five numbers that matter into the README")
    options = parser.parse_args(argv)
    if not options.out.is_dir():
        parser.error(f"there is no folder {options.out}; make it")
    begin = time.time()
    parts = {}
    for name in options.only:
        print(f"{name} …", file=sys.stderr, flush=True)
        parts[name] = measured(name, options.quick)
    day = time.strftime("%Y-%m-%d", time.localtime(begin))
    result = {"date": day, "machine": machine(), "seconds": round(time.time() - begin), "parts": parts}
    stem = options.out / f"benchmarks_{day}{'_quick' if options.quick else ''}"
    stem.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    stem.with_suffix(".md").write_text(table(result), encoding="utf-8")
    if options.readme:
        write_readme(result, stem.with_suffix(".md"))
    print(table(result))
    return int(any("problem" in part for part in parts.values()))


def measured(name: str, quick: bool) -> dict[str, Any]:
    """A part's report, or what went wrong, as ``problem``."""
    command = [sys.executable, "-c", f"import json; from benchmarks.suite.{name} import run; "
               f"print('\\n' + json.dumps(run({quick}).plain()))"]  # fmt: skip
    begin = time.perf_counter()
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=LIMITS[name], check=False,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"problem": f"took more than {LIMITS[name]} s and was ended"}
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"]
        return {"problem": lines[-1]}
    return {**json.loads(done.stdout.strip().splitlines()[-1]), "seconds": round(time.perf_counter() - begin, 1)}


def machine() -> dict[str, Any]:
    """Hardware and versions."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "missing"
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return {
        "processor": _processor(), "cores": os.cpu_count(), "system": platform.platform(), "load": round(load, 2),
        "python": platform.python_version(), **versions,
    }  # fmt: skip


FIVE: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "ironing", "surface, 512², radius 20", "SciPy", "ratio",
        "times as fast as SciPy's grey dilation, {scikit-image} times as fast as scikit-image's rolling ball: 512², "
        "radius 20",
    ),
    (
        "trajectories", "published, K = 20, 256 balls, 500 steps", "JAX", "ratio",
        "times as fast as jitted JAX: 256 balls as published on 100 harmonics, 500 steps (one ball: "
        "{published, K = 20, 1 balls, 500 steps|JAX} times)",
    ),
    ("surfaces", "100 harmonics", "ours", "steady", "ns a point for value and gradient of 100 harmonics on one core"),
    (
        "networks", "a step, MLP, batch 128, one thread", "ours: rbo newton K=2", "ratio",
        "times the price of a step of SGD for a step of the ball (of SAM: {ours: sam})",
    ),
    (
        "app", "to a moving ball on Home", "nothing compiled yet", "steady",
        "s from the address to a moving ball on a machine where nothing is compiled yet",
    ),
)  # fmt: skip
"""The numbers that the README shows: part, group, who, which column, and the words after it; braces name others
of the group, or GROUP|WHO."""


def five(result: Mapping[str, Any]) -> list[str]:
    """A line for each of the numbers that matter; those of parts that failed or were not asked for are left out."""
    lines = []
    for part, group, who, column, words in FIVE:
        measured = result["parts"].get(part, {}).get("rows", [])
        rows = {row["who"]: row[column] for row in measured if row["group"] == group}
        if rows.get(who) is None:
            continue
        others = {f"{row['group']}|{row['who']}": row[column] for row in measured}
        for other, value in {**others, **rows}.items():
            words = words.replace(f"{{{other}}}", f"{value:.3g}" if value is not None else "?")
        lines.append(f"- **{rows[who]:.3g}** {words}")
    return lines


def write_readme(result: Mapping[str, Any], written: Path) -> None:
    """Put the numbers between the README's marks, with the command and the machine."""
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition("<!-- numbers -->")
    _, _, after = rest.partition("<!-- end -->")
    about = result["machine"]
    where = f"{about['processor']}, {about['cores']} cores, {result['date']}"
    head = f"`python -m benchmarks` ({where}; all of it: [{written.name}](benchmarks/results/{written.name})):"
    told = "\n".join(["", head, "", *five(result), ""])
    readme.write_text(f"{before}<!-- numbers -->{told}<!-- end -->{after}", encoding="utf-8")


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def table(result: Mapping[str, Any]) -> str:
    """The whole result as Markdown."""
    about = result["machine"]
    versions = ", ".join(f"{name} {about[name]}" for name in PACKAGES)
    lines = [
        f"# Benchmarks, {result['date']}",
        "",
        f"`python -m benchmarks`: {about['processor']}, {about['cores']} cores, {about['system']}, Python "
        f"{about['python']}, load at the end {about['load']}; {result['seconds']} s in all. {versions}.",
        "",
        "Steady: median after a first call. Ratio: times the first of its group, median over rounds in turns.",
    ]
    for name, part in result["parts"].items():
        lines += ["", f"## {name}", ""]
        if "problem" in part:
            lines.append(f"**Failed:** {part['problem']}")
            continue
        lines += ["| what | who | steady | first call | ratio |", "| --- | --- | ---: | ---: | ---: |"]
        for row in part["rows"]:
            first = "" if row["first"] is None else f"{row['first']:.3g} s"
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.3g}"
            lines.append(f"| {row['group']} | {row['who']} | {row['steady']:.3g} {row['unit']} | {first} | {ratio} |")
        for one in part["growth"]:
            lines += ["", f"Growth, {one['group']} ({one['who']}): exponent {one['exponent']:.2f} "
                      f"(95 % {one['low']:.2f} to {one['high']:.2f})"]  # fmt: skip
        lines += ["", *(f"- {note}" for note in part["notes"])]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(main())
