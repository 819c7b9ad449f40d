"""An installation that cannot be written, no home: kernels compile all the same, with one warning."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import warnings
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    import {first}, {second}
    print({expression})
print([str(one.message).split(":")[0] for one in said])
"""


@pytest.mark.parametrize(
    ("first", "second", "expression"),
    [
        ("landscapes", "rbo_core", "landscapes.get('plane', dim=1).value([[0.0]]).shape"),
        ("rbo_core", "landscapes", "rbo_core.RBO(radius=0.1, learning_rate=0.1).name"),
    ],
)
def test_no_place_for_compiled_kernels(first: str, second: str, expression: str, tmp_path: Path) -> None:
    for package in ("landscapes", "rbo_core"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "web"))
        for folder in [tmp_path / package, *(f for f in (tmp_path / package).rglob("*") if f.is_dir())]:
            (folder / "__pycache__").write_text("in the way, for root too")
    nowhere = str(tmp_path / "landscapes" / "__pycache__" / "home")
    environment = {**os.environ, "HOME": nowhere, "XDG_CACHE_HOME": nowhere, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("NUMBA_CACHE_DIR", None)
    code = CODE.format(first=first, second=second, expression=expression)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "['neither the installation nor a home can be written']"
