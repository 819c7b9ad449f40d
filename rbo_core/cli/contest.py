"""``python -m rbo_core contest``: tuned, paired comparisons of methods on networks, at several budgets and noises."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import platform
import shlex
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from rbo_core.training import TrainConfig
from rbo_core.training.config import DATA
from rbo_core.training.contest import CONTESTANTS, ContestConfig, ContestResult, hold, markdown
from rbo_core.training.models import MODELS


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--data", default="digits", choices=DATA)
    parser.add_argument("--model", default="mlp", choices=list(MODELS))
    parser.add_argument("--methods", nargs="+", default=list(CONTESTANTS), metavar="METHOD",
                        help=f"of {', '.join(CONTESTANTS)}")  # fmt: skip
    parser.add_argument("--gradients", nargs="+", type=int, default=[1000], help="budgets, each tuned by itself")
    parser.add_argument("--label-noise", nargs="+", type=float, default=[0.0], help="shares of random training labels")
    parser.add_argument("--train-size", type=int, help="use only so many training images")
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--settings", type=int, default=24, help="tried for every method in every box")
    parser.add_argument("--tuning-seeds", type=int, default=2, help="how many runs a setting is judged by")
    parser.add_argument("--seeds", type=int, default=10, help="paired fresh seeds of the test")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data-dir", help="folder with the data files")
    parser.add_argument("--folder", type=Path, help="keep every stage here; the same command goes on after a kill")
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    parser.add_argument("--json", action="store_true", help="print the standings as JSON")


def run(args: argparse.Namespace) -> int:
    """Hold every contest, print and save; bad input raises ``ValueError``."""
    if args.out is not None and not args.out.parent.is_dir():
        raise ValueError(f"out cannot be written to {str(args.out)!r}: there is no folder {str(args.out.parent)!r}")
    for name in ("tuning_seeds", "seeds"):
        if getattr(args, name) < 2:
            raise ValueError(f"{name.replace('_', '-')} must be at least 2, got {getattr(args, name)}")
    results: list[ContestResult] = []
    for gradients, noise in itertools.product(args.gradients, args.label_noise):
        config = _config(args, gradients, noise)
        with tqdm(desc=f"{gradients} gradients, {noise:.0%} random labels", disable=args.json or None) as bar:

            def told(done: int, total: int, what: str, bar: tqdm[Any] = bar) -> bool:
                bar.total = total
                bar.set_postfix_str(what, refresh=False)
                bar.update(done - bar.n)
                return False

            results.append(hold(config, args.folder, told))
        if args.out is not None:
            _write(args, results)
    print(json.dumps(_records(results)) if args.json else _text(results))
    return 0


def _config(args: argparse.Namespace, gradients: int, noise: float) -> ContestConfig:
    train = TrainConfig(
        data=args.data, model=args.model, gradient_budget=gradients, label_noise=noise, train_size=args.train_size,
        batch_size=args.batch_size, device=args.device, data_dir=args.data_dir, diagnostics="none", snapshots=False,
    )  # fmt: skip
    return ContestConfig(
        train=train,
        contestants=tuple(args.methods),
        settings=args.settings,
        tuning_seeds=tuple(range(args.tuning_seeds)),
        fresh_seeds=tuple(range(100, 100 + args.seeds)),
    )


def _text(results: list[ContestResult]) -> str:
    parts = []
    for result in results:
        train = result.config.train
        parts.append(f"### {train.gradient_budget:,} gradients, {train.label_noise:.0%} random labels\n")
        parts.append(markdown(result))
    return "\n".join(parts)


def _records(results: list[ContestResult]) -> list[dict[str, object]]:
    return [
        {
            "train": result.config.train.to_dict() | {"data_dir": None},
            "standings": [dataclasses.asdict(one) | {"mean": one.mean, "half": one.half} for one in result.standings],
            "differences": [dataclasses.asdict(one) for one in result.differences],
        }
        for result in results
    ]


def _write(args: argparse.Namespace, results: list[ContestResult]) -> None:
    import torch

    where = torch.cuda.get_device_name() if torch.cuda.is_available() and args.device != "cpu" else platform.machine()
    command = shlex.join(["python", "-m", "rbo_core", *sys.argv[1:]])
    first = results[0].config
    size = "all" if args.train_size is None else f"{args.train_size:,}"
    head = f"""# {args.data}, {args.model}: tuned and paired

`{command}`

{size} training images, minibatches of {args.batch_size}, cosine schedule. Every method tried {args.settings}
settings a box with {len(first.tuning_seeds)} tuning seeds and was chosen by its mean accuracy on the validation images;
where the winner stood at an edge the box moved (at most twice; "tried" counts all). Then {len(first.fresh_seeds)} fresh
seeds, the same for all methods: differences are paired, p-values corrected by Holm over the methods, and bold where
below 0.05. † marks a setting that still stands at an edge. Test images were used once. {where}, torch
{torch.__version__}.

"""
    args.out.with_suffix(".md").write_text(head + _text(results), encoding="utf-8")
    args.out.with_suffix(".json").write_text(json.dumps(_records(results), indent=1), encoding="utf-8")
