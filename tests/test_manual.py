"""The manual: it builds without a warning, and all its code and commands run."""

import argparse
import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from docs import addresses
from rbo_core.cli import main

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(kind, body) for kind, body in BLOCK.findall(page.read_text(encoding="utf-8")) if kind != "text"]


def runs(page: Path) -> bool:
    return any(kind in ("python", "sh") for kind, _ in blocks(page))


@pytest.mark.parametrize("page", [page for page in PAGES if runs(page)], ids=lambda page: page.stem)
def test_code_and_commands_run_in_the_order_of_the_page(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path / "runs"))
    names: dict[str, object] = {"__name__": "__manual__"}
    for kind, body in blocks(page):
        if kind == "python":
            exec(compile(body, str(page), "exec"), names)  # noqa: S102 - the manual's own code
        elif kind == "json":
            (tmp_path / "sweep.json").write_text(body)
        elif kind == "sh":
            for line in body.replace("\\\n", " ").splitlines():
                words = shlex.split(line)
                assert words[:3] == ["python", "-m", "rbo_core"], f"{page.name}: no test runs {line!r}"
                assert main(words[3:]) == 0, capsys.readouterr().err


COMMAND = re.compile(r"^python -m rbo_core (\w+)(.*)$", re.MULTILINE)
LASTING = [
    (page.stem, command, rest)
    for page in PAGES
    for kind, body in BLOCK.findall(page.read_text(encoding="utf-8"))
    if kind == "text"
    for command, rest in COMMAND.findall(body)
]


@pytest.mark.parametrize(("page", "command", "rest"), LASTING)
def test_commands_that_only_a_reader_runs_have_options_that_exist(page, command, rest):
    parser = argparse.ArgumentParser(exit_on_error=False)
    importlib.import_module(f"rbo_core.cli.{command}").configure(parser)
    parser.parse_args(shlex.split(rest))


@pytest.mark.slow
def test_the_manual_builds_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "-d", str(tmp_path / "trees"), "docs"]
    done = subprocess.run([*command, str(tmp_path / "html")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "html" / "index.html").is_file()
    assert len(PAGES) <= 15


ADDRESSES = (ROOT / "docs" / "addresses.md").read_text(encoding="utf-8")
LINK = re.compile(r"`(\w+\?[^`]*)`")
LOOKS = {"hide", "at", "autoplay", "projector"}
"""How a page is looked at, which no control of it says."""


def documented(title: str) -> set[str]:
    (section,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", ADDRESSES, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^\| `([\w.]+)` \|", section, re.MULTILINE))


@pytest.mark.parametrize("title", ["Roll", "Race", "Iron", "Phases", "Train", "Network phases"])
def test_every_setting_of_a_page_stands_in_the_table(title, tmp_path, monkeypatch):
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    known = documented(title) | documented("Surfaces")
    page = addresses.opened(title, {})
    assert {one.name for one in addresses.settings_in(page)} <= known, "run python -m docs.addresses"


@pytest.mark.parametrize("link", LINK.findall((ROOT / "docs" / "teachers.md").read_text(encoding="utf-8")))
def test_links_for_teachers_open_what_they_say(link, tmp_path, monkeypatch):
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    title, _, query = link.partition("?")
    asked = {name: value for name, value in parse_qsl(query) if name not in LOOKS}
    page = addresses.opened(title.replace("_", " "), asked)
    assert not page.exception and not page.error
    shown = {one.name: one.default for one in addresses.settings_in(page)}
    for name, value in asked.items():
        assert shown[name].lower() == value or float(shown[name]) == float(value)


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"`(rbo_core\.[\w.]+)`", (ROOT / "docs" / "reference.md").read_text("utf-8"))))
)
def test_who_makes_a_figure_exists(name):
    module, _, function = name.rpartition(".")
    if name.startswith("rbo_core.training"):
        pytest.importorskip("torch")
    assert callable(getattr(importlib.import_module(module), function))


def test_teachers_have_a_section_on_every_page():
    pages = {path.stem.partition("_")[2].replace("_", " ") for path in (ROOT / "pages").glob("[0-9]*_*.py")}
    text = (ROOT / "docs" / "teachers.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## ([\w ]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(sections) == pages | {"Home"}
    for told in sections.values():
        assert re.search(r"^\*Before ", told, re.MULTILINE)
        assert all(f"*{part}.*" in told for part in ("What students get wrong", "Demonstration", "Homework"))
        assert re.search(r"`\w*\?\w+=", told.partition("*Homework.*")[2]), "homework names an address"
