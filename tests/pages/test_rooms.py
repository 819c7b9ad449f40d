"""Who may import whom: a page uses its own room and what is shared, never another page's room."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "pages"
COMMON = {"shared", "player"}
ROOMS = {path.name for path in PAGES.iterdir() if (path / "__init__.py").exists()} - COMMON


def modules(*places: str) -> list[Path]:
    return [path for place in places for path in sorted(ROOT.glob(place))]


@cache
def imported(path: Path) -> set[str]:
    """Full names of the modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(path.relative_to(ROOT).with_suffix("").parts[: -node.level]) if node.level else ""
            base = ".".join(part for part in (package, node.module) if part)
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def rooms_used(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(path) if name.startswith("pages.") and name.split(".")[1] in ROOMS}


def room_of(path: Path) -> str:
    """The room a file belongs to: its folder, or for a script the room of its name."""
    parts = path.relative_to(PAGES).parts
    return parts[0] if len(parts) > 1 else path.stem.split("_", 1)[1].lower()


def test_every_room_has_a_page():
    assert {room_of(path) for path in PAGES.glob("[0-9]_*.py")} | {"home"} == ROOMS


@pytest.mark.parametrize("path", modules("app.py", "pages/*.py", "pages/**/*.py"), ids=lambda path: path.name)
def test_no_page_borrows_from_another_pages_room(path):
    own = {"home"} if path.name == "app.py" else {room_of(path)} - COMMON
    assert rooms_used(path) <= own


def test_what_is_shared_is_used_by_two():
    scripts = [*modules("app.py", "pages/**/*.py")]
    for module in modules("pages/shared/*.py"):
        if module.stem == "__init__":
            continue
        name = f"pages.shared.{module.stem}"
        users = {room_of(path) if path.name != "app.py" else "home" for path in scripts if name in imported(path)}
        assert "shared" in users or len(users - {"shared"}) >= 2, f"{name} is used by {users or 'nobody'} only"


def test_the_core_knows_no_page_and_the_figures_no_streamlit():
    for path in modules("rbo_core/**/*.py", "landscapes/**/*.py"):
        roots = {name.split(".")[0] for name in imported(path)}
        assert not roots & {"pages", "streamlit"}, path
    code = "import sys, rbo_core.figures.player.build, rbo_core.figures.player.step; print('streamlit' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "False"
