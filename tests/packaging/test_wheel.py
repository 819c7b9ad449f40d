"""What `pip install .` brings: the app inside the package, the command, and needs that stand in requirements.txt."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from rbo_core.cli import app, main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel, unpacked as pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    zipfile.ZipFile(wheel).extractall(site)
    return site


def metadata(site: Path, name: str) -> str:
    (folder,) = site.glob("*.dist-info")
    return (folder / name).read_text(encoding="utf-8")


def test_every_line_of_the_requirements_is_asked_for_and_torch_only_with_networks(installed):
    lines = re.findall(r"^Requires-Dist: ([\w-]+)(.*)$", metadata(installed, "METADATA"), re.MULTILINE)
    light = {name for name, rest in lines if "extra" not in rest}
    networks = {name for name, rest in lines if "extra == 'networks'" in rest}
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert light | networks == set(re.findall(r"^([\w-]+)>=", text, re.MULTILINE))
    assert "torch" in networks and "torch" not in light
    assert {"streamlit", "numpy", "numba", "plotly"} <= light


def test_the_command_is_there_and_every_page_travels(installed):
    assert "rolling-ball = rbo_core.cli:main" in metadata(installed, "entry_points.txt")
    home = installed / "rbo_core" / "_app"
    pages = {
        file.relative_to(ROOT)
        for file in (ROOT / "pages").rglob("*")
        if file.suffix in {".py", ".css", ".js", ".npz", ".zip"}
    }
    assert pages and all((home / page).is_file() for page in pages)
    assert (home / ".streamlit" / "config.toml").read_bytes() == (ROOT / ".streamlit" / "config.toml").read_bytes()


def test_in_a_checkout_the_app_is_the_one_beside_the_package():
    assert app.script() == ROOT / "app.py"
    assert (ROOT / "static").is_dir()  # or Streamlit warns as it starts


@pytest.mark.parametrize("called", ["/usr/bin/rolling-ball", "rolling-ball.exe", "rbo_core/__main__.py"])
def test_help_names_the_command_as_it_was_called(monkeypatch, capsys, called):
    monkeypatch.setattr(app.sys, "argv", [called])
    with pytest.raises(SystemExit):
        main(["roll", "--help"])
    wanted = "python -m rbo_core" if called.endswith(".py") else "rolling-ball"
    assert capsys.readouterr().out.startswith(f"usage: {wanted} roll ")


@pytest.mark.parametrize("home", [True, False])
def test_one_warning_says_where_everything_is_kept_that_cannot_be_where_it_belongs(tmp_path, monkeypatch, capsys, home):
    installed = tmp_path / "installed"
    (installed / "pages").mkdir(parents=True)
    (installed / "app.py").touch()
    monkeypatch.setattr(app, "PACKAGE", installed / "package")
    monkeypatch.setattr(app.os, "access", lambda folder, mode: home and not Path(folder).is_relative_to(installed))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CACHE_HOME", app.CACHE_VARIABLE, app.STATIC_VARIABLE):
        monkeypatch.setenv(name, "")  # so that it is put back afterwards
        monkeypatch.delenv(name)
    copy = app.script().parent
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and str(installed) in said and str(copy) in said
    assert Path(os.environ[app.STATIC_VARIABLE]).parent == copy and (copy / "app.py").exists()
    kernels = os.environ.get(app.CACHE_VARIABLE)
    assert kernels is None if home else Path(kernels) == copy / "kernels" and app.CACHE_VARIABLE in said


@pytest.mark.slow
def test_the_installed_app_opens_from_any_folder(installed, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "rbo_core", "app", "--headless", "--address", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(installed)}, stdout=subprocess.DEVNULL
    )
    try:
        answer = b""
        end = time.monotonic() + 60
        while not answer and time.monotonic() < end:
            with suppress(OSError):
                answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).read()
            time.sleep(0.2)
        assert answer == b"ok"
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize("port", ["-1", "70000"])
def test_an_impossible_port_is_named(port, capsys):
    assert main(["app", "--port", port]) == 2
    assert port in capsys.readouterr().err
