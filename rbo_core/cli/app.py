"""``python -m rbo_core app``: open the app, from wherever one stands."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

STATIC_VARIABLE = "RBO_STATIC_DIR"
CACHE_VARIABLE = "NUMBA_CACHE_DIR"
PACKAGE = Path(__file__).resolve().parents[1]


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--port", type=int, help="where it listens (default: 8501 or the next that is free)")
    parser.add_argument("--address", default="localhost", help="for whom; 0.0.0.0 lets other machines in")
    parser.add_argument("--headless", action="store_true", help="do not open a browser")


def run(args: argparse.Namespace) -> int:
    """Run Streamlit until it is stopped; its exit code is this command's."""
    if args.port is not None and not 0 <= args.port < 65536:
        raise ValueError(f"--port must be between 0 and 65535, got {args.port}")
    command = [sys.executable, "-m", "streamlit", "run", str(script()), "--server.address", args.address]
    if args.port is not None:
        command += ["--server.port", str(args.port)]
    if args.headless:
        command += ["--server.headless", "true"]
    if os.name == "posix":
        os.execve(sys.executable, command, environment())  # a signal to the command is then one to the server
    return subprocess.run(command, env=environment(), check=False).returncode


def script() -> Path:
    """``app.py``: inside the installed package, or beside it in a checkout."""
    for folder in (PACKAGE / "_app", PACKAGE.parent):
        if (folder / "app.py").is_file() and (folder / "pages").is_dir():
            if not os.access(folder, os.W_OK):
                return _writable_copy(folder) / "app.py"
            (folder / "static").mkdir(exist_ok=True)  # Streamlit warns where there is none as it starts
            return folder / "app.py"
    raise ValueError(f"app.py lies neither in {PACKAGE / '_app'} nor in {PACKAGE.parent}; install the project again")


def _writable_copy(folder: Path) -> Path:
    """A folder of links to the app, with a place for what the browser fetches: the installation cannot be written."""
    copy = Path(tempfile.mkdtemp(prefix="rolling-ball-"))
    for name in ("app.py", "pages", ".streamlit"):
        (copy / name).symlink_to(folder / name)
    (copy / "static").mkdir()
    os.environ[STATIC_VARIABLE] = str(copy / "static")
    words = f"{folder} cannot be written: the browser's files are kept in {copy}"
    if CACHE_VARIABLE not in os.environ and not _can_be_written(_home_cache()):
        (copy / "kernels").mkdir()
        os.environ[CACHE_VARIABLE] = str(copy / "kernels")
        words += f", and so are compiled kernels, for want of a home; name a lasting folder with {CACHE_VARIABLE}"
    print(words, file=sys.stderr)
    return copy


def _home_cache() -> Path | None:
    """Where numba would keep its kernels on Linux; elsewhere it finds its own."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "numba"
    except RuntimeError:
        return None


def _can_be_written(folder: Path | None) -> bool:
    """That folder, or the nearest one above it that exists."""
    return folder is not None and os.access(next(one for one in (folder, *folder.parents) if one.exists()), os.W_OK)


def environment() -> dict[str, str]:
    """The server's environment: the package of this very command comes first, whatever folder it runs in."""
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(PACKAGE.parent), *([known] if known else [])])}
