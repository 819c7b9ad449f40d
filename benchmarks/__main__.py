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
LIMITS = {"ironing": 200, "trajectories": 120, "surfaces": 60, "networks": 90, "sweeps": 100, "app": 130}
"""The parts, with seconds after which one is given up."""
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
