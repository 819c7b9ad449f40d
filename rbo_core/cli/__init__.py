"""Command line: ``python -m rbo_core roll | race | iron | sweep | train | compare | jobs | app``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

COMMANDS = {
    "roll": "roll one optimizer over a surface and print or save what happened",
    "race": "race balls of several radii and their rivals from one start",
    "iron": "iron a surface at many radii and measure how smooth it gets",
    "sweep": "run or show a sweep over radius, learning rate and other settings",
    "train": "train a network with one optimizer",
    "compare": "compare tuned optimizers on networks at equal budgets",
    "jobs": "list, show or cancel background jobs",
    "app": "open the app in the browser",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (2 for bad input, with one line that says why).

    Only the chosen command's module is imported, so ``roll`` never loads torch.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    parser = argparse.ArgumentParser(prog="python -m rbo_core", description=__doc__)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    module = None
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        if name == chosen:
            module = importlib.import_module(f"rbo_core.cli.{name}")
            module.configure(subparser)
    parsed = parser.parse_args(arguments)
    assert module is not None  # argparse has refused every unknown command by now
    try:
        return int(module.run(parsed))
    except ValueError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
