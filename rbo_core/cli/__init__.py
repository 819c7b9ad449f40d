"""Command line: ``python -m rbo_core COMMAND``, with ``--help`` after each."""

from __future__ import annotations

import argparse
import importlib
import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

COMMANDS = {
    "roll": "roll one optimizer over a surface and print or save what happened",
    "race": "race balls of several radii and their rivals from one start",
    "iron": "iron a surface at many radii and measure how smooth it gets",
    "sweep": "run or show a sweep over radius, learning rate and other settings",
    "phases": "map an order parameter over radius and learning rate, as a table, a still or a page",
    "train": "train a network with one optimizer",
    "plane": "the loss of a network of your own on a plane, ironed, with a ball that rolls on it",
    "compare": "a short contest of tuned optimizers, at equal gradients and at equal epochs",
    "contest": "tune methods in equal boxes as ensembles and test them on paired seeds",
    "jobs": "list, show or cancel background jobs",
    "app": "open the app in the browser",
    "serve": "serve a course: several servers of the app behind one address (nginx)",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (2 for bad input, with one line that says why).

    Only the chosen command's module is imported, so ``roll`` never loads torch.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    called = "rolling-ball" if Path(sys.argv[0]).stem == "rolling-ball" else "python -m rbo_core"
    parser = argparse.ArgumentParser(
        prog=called, description=f"Command line: {called} COMMAND, with --help after each."
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    module = None
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        if name == chosen:
            try:
                module = importlib.import_module(f"rbo_core.cli.{name}")
            except ModuleNotFoundError as problem:
                print(f"error: {missing(name, problem)}", file=sys.stderr)
                return 2
            module.configure(subparser)
    parsed = parser.parse_args(arguments)
    assert module is not None  # argparse has refused every unknown command by now
    try:
        code = int(module.run(parsed))
        sys.stdout.flush()
        return code
    except ModuleNotFoundError as problem:
        print(f"error: {missing(str(chosen), problem)}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Who read our output (`| head`) has seen enough. Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except sqlite3.Error as problem:
        print(
            f"error: the data folder cannot be used ({problem}); name another with --store or --data", file=sys.stderr
        )
        return 2
    except OSError as problem:
        print(f"error: {problem.filename or 'a file'}: {problem.strerror or problem}", file=sys.stderr)
        return 2
    except ValueError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


NETWORK_PACKAGES = ("torch", "sklearn", "safetensors", "pooch")
PIP = {"sklearn": "scikit-learn"}  # where pip calls it otherwise


def missing(what: str, problem: ModuleNotFoundError) -> str:
    """What to install when a package is not there that only networks need; any other is a mistake, raised again."""
    name = (problem.name or "").partition(".")[0]
    if name not in NETWORK_PACKAGES:
        raise problem
    return f"{what} needs {name}, which is not installed: pip install {PIP.get(name, name)}"
