"""``python -m rbo_core compare``: a short contest at equal gradients and at equal epochs, in sizes with a name."""

from __future__ import annotations

import argparse
from pathlib import Path

from rbo_core.cli.contest import hold_all, shared_options
from rbo_core.training import TrainConfig
from rbo_core.training.contest import ContestConfig

SCALES = {
    "laptop": {"gradients": 640, "epochs": 10, "batch_size": 50},
    "paper": {"gradients": 20_000, "epochs": 10, "batch_size": 128},
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    shared_options(parser)
    parser.add_argument("--scale", choices=list(SCALES), default="laptop", help="sizes of budgets and minibatches")
    parser.add_argument("--gradients", type=int, help="gradient evaluations a run (default by scale)")
    parser.add_argument(
        "--epochs", type=int, help="epochs of the second comparison; 0 leaves it out (default by scale)"
    )
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--label-noise", type=float, default=0.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[100, 101, 102, 103, 104])
    parser.add_argument("--points", type=int, default=16, help="settings tried for every method in every box")
    parser.add_argument("--store", type=Path, help="keep every stage here; the same command goes on after a kill")


def run(args: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    scale = SCALES[args.scale]
    epochs = scale["epochs"] if args.epochs is None else args.epochs
    train = TrainConfig(
        data=args.data,
        model=args.model,
        gradient_budget=scale["gradients"] if args.gradients is None else args.gradients,
        batch_size=scale["batch_size"] if args.batch_size is None else args.batch_size,
        train_size=args.train_size,
        label_noise=args.label_noise,
        device=args.device,
        data_dir=args.data_dir,
        diagnostics="none",
        snapshots=False,
    )
    config = ContestConfig(
        train=train,
        contestants=tuple(args.methods),
        settings=args.points,
        fresh_seeds=tuple(args.seeds),
        epochs=epochs or None,
    )
    return hold_all([config], args, args.store)
