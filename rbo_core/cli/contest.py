"""``python -m rbo_core contest``: tuned, paired comparisons of methods on networks, at several budgets and noises."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import platform
import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from rbo_core import jobs
from rbo_core.cancelled import Cancelled
from rbo_core.cli.files import make_folder, require_writable, use_threads
from rbo_core.cluster import connected
from rbo_core.training import TrainConfig
from rbo_core.training.config import DATA
from rbo_core.training.contest import MOVES, ContestConfig, ContestResult, hold
from rbo_core.training.contest_regimes import RadiusRegimes, regimes_of
from rbo_core.training.contest_report import EDGE, as_dict, markdown, paper_of, records
from rbo_core.training.contestants import CONTESTANTS
from rbo_core.training.models import MODELS


class Reported(NamedTuple):
    """A contest, and its radius beside the regimes of Network phases where that was asked for."""

    contest: ContestResult
    radius: RadiusRegimes | None


ENDINGS = (".md", ".json", ".csv", ".html")


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    shared_options(parser)
    parser.add_argument("--gradients", nargs="+", type=int, default=[1000], help="budgets, each tuned by itself")
    parser.add_argument("--label-noise", nargs="+", type=float, default=[0.0], help="shares of random training labels")
    parser.add_argument(
        "--epochs", type=int, help="test at so many epochs too, with the settings tuned at equal gradients"
    )
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--augment", action="store_true", help="random crops and flips")
    parser.add_argument("--settings", type=int, default=24, help="tried for every method in every box")
    parser.add_argument("--tuning-seeds", type=int, default=2, help="how many runs a setting is judged by")
    parser.add_argument(
        "--tunings", type=int, default=1,
        help="tune every method so many times, with other settings and tuning seeds; intervals then hold that draw too "
             "(3 or more; few make them wide)",
    )  # fmt: skip
    parser.add_argument("--seeds", type=int, default=10, help="paired fresh seeds of the test")
    parser.add_argument("--folder", type=Path, help="keep every stage here; the same command goes on after a kill")


def shared_options(parser: argparse.ArgumentParser) -> None:
    """What ``compare`` asks in the same words."""
    parser.add_argument("--data", default="digits", choices=DATA)
    parser.add_argument("--model", default="mlp", choices=list(MODELS))
    parser.add_argument("--methods", nargs="+", default=list(CONTESTANTS), metavar="METHOD",
                        help=f"of {', '.join(CONTESTANTS)}")  # fmt: skip
    parser.add_argument("--train-size", type=int, help="use only so many training images")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data-dir", help="folder with the data files")
    parser.add_argument("--threads", type=int, help="CPU threads")
    parser.add_argument("--out", type=Path, help=f"write OUT{', OUT'.join(ENDINGS)}")
    parser.add_argument("--scheduler", help="address of a Dask scheduler that trains (default: RBO_SCHEDULER, if set)")
    parser.add_argument("--regimes", action="store_true", help="map the ball's radii too, and say where the best lies")
    parser.add_argument("--json", action="store_true", help="print the contests as JSON")


def run(args: argparse.Namespace) -> int:
    """Hold every contest, print and save; bad input raises ``ValueError``."""
    configs = []
    for gradients, noise in itertools.product(args.gradients, args.label_noise):
        train = TrainConfig(
            data=args.data, model=args.model, gradient_budget=gradients, label_noise=noise, train_size=args.train_size,
            batch_size=args.batch_size, augment=args.augment, device=args.device, data_dir=args.data_dir,
            diagnostics="none", snapshots=False,
        )  # fmt: skip
        configs.append(
            ContestConfig(
                train=train,
                contestants=tuple(args.methods),
                settings=args.settings,
                tuning_seeds=tuple(range(args.tuning_seeds)),
                fresh_seeds=tuple(range(100, 100 + args.seeds)),
                epochs=args.epochs,
                tunings=args.tunings,
            )
        )
    return hold_all(configs, args, args.folder)


def hold_all(configs: Sequence[ContestConfig], args: argparse.Namespace, folder: Path | None) -> int:
    """Hold contests one after the other, print and save them; returns the exit code.

    Args:
        args: with what :func:`shared_options` asks.
        folder: keeps every stage.
    """
    use_threads(args.threads)
    for ending in ENDINGS:
        out = None if args.out is None else Path(f"{args.out}{ending}")
        make_folder("out", out)
        require_writable("out", out, (ending,))
    report = jobs.reporter()
    results: list[Reported] = []
    with ExitStack() as stack:
        client = stack.enter_context(connected(args.scheduler))
        bar = stack.enter_context(tqdm(unit="stage", file=sys.stderr, disable=args.json or None))

        def told(done: int, total: int, what: str) -> bool:
            behind, whole = total * len(results), total * len(configs)
            bar.total = whole
            bar.set_description(f"{_title(configs[len(results)])}, {what}", refresh=False)
            bar.update(behind + done - bar.n)
            return report(behind + done, whole, what)

        for config in configs:
            try:
                result = hold(config, folder, told, client)
                radius = None
                if args.regimes:
                    bar.set_description("mapping radii")
                    radius = regimes_of(result, folder, lambda done, total: report(done, total, "mapping radii"))
                results.append(Reported(result, radius))
            except Cancelled:
                return 130
            if args.out is not None:
                _write(args, results)
    print(json.dumps(_records(results)) if args.json else _text(results))
    return 0


def _title(config: ContestConfig) -> str:
    train = config.train
    return f"{train.gradient_budget:,} gradients, {train.label_noise:.0%} random labels"


def _text(results: Sequence[Reported]) -> str:
    parts = []
    for one in results:
        parts.append(f"## {_title(one.contest.config)}\n\n{markdown(one.contest)}")
        if one.radius is not None:
            parts.append(f"{one.radius.sentence}\n")
    return "\n".join(parts)


def _records(results: Sequence[Reported]) -> list[dict[str, Any]]:
    return [
        as_dict(one.contest) | ({} if one.radius is None else {"radius": dataclasses.asdict(one.radius)})
        for one in results
    ]


def _write(args: argparse.Namespace, results: Sequence[Reported]) -> None:
    import pandas as pd
    import torch

    from rbo_core.figures.comparison import comparison

    first = results[0].contest.config
    on_gpu = args.device.startswith("cuda") or (args.device == "auto" and torch.cuda.is_available())
    where = torch.cuda.get_device_name() if on_gpu else f"{platform.machine()} CPU, {torch.get_num_threads()} thread(s)"
    size = "All" if first.train.train_size is None else f"{first.train.train_size:,}"
    tuned = "one tuning seed" if len(first.tuning_seeds) == 1 else f"{len(first.tuning_seeds)} tuning seeds"
    again = "" if first.epochs is None else (
        f"Equal epochs ({first.epochs}) use the settings tuned at equal gradients. "
    )  # fmt: skip
    intervals = "intervals are Student's t over the seeds: that tuning is a draw, too, they do not hold"
    if first.tunings > 1:
        intervals = (
            f"every method was tuned {first.tunings} times, with other settings of its boxes and other tuning seeds; "
            "accuracies are means over all, intervals and p-values hold both draws, of tunings and of seeds (two-way "
            "random effects, Satterthwaite's degrees of freedom)"
        )
    boxes = "\n".join(
        f"- {CONTESTANTS[m].label}: " + "; ".join(f"{axis} {low:g} to {high:g}" for axis, (low, high) in
                                                 CONTESTANTS[m].box.items())
        for m in first.contestants
    )  # fmt: skip
    text = f"""# {first.train.data}, {first.train.model}: tuned and paired

`{_command()}`

{size} training images, minibatches of {first.train.batch_size}, {first.train.schedule} schedule. Every method tried
{first.settings} settings a box with {tuned} and was chosen by its mean accuracy on the validation images; where the
winner stood at an edge the box moved (at most {MOVES} times; "tried" counts all). Then {len(first.fresh_seeds)} fresh
seeds, the same for all methods: differences are paired, p-values corrected by Holm over the methods, and bold where
below 0.05; {intervals}. {again}{EDGE} marks a setting that still stands at an edge. "Stopped early" is
the test accuracy of the parameters that did best on the validation images, looked at while training. Test images were
used once. {where}, torch {torch.__version__}.

{_text(results)}
## The boxes at first

{boxes}
"""
    Path(f"{args.out}.md").write_text(text, encoding="utf-8")
    Path(f"{args.out}.json").write_text(json.dumps(_records(results), indent=1), encoding="utf-8")
    rows: list[dict[str, Any]] = []
    for one in results:
        train = one.contest.config.train
        task = {"budget gradients": train.gradient_budget, "label noise": train.label_noise}
        rows += [task | row for row in records(one.contest)]
    pd.DataFrame(rows).to_csv(f"{args.out}.csv", index=False)
    comparison(results[-1].contest.standings, paper_of(results[-1].contest)).write_html(
        f"{args.out}.html", include_plotlyjs=True, full_html=True
    )


def _command() -> str:
    """The command as typed, without where stages are kept: that does not change the table."""
    words, kept = sys.argv[1:], []
    for k, word in enumerate(words):
        where = ("--store", "--folder")
        if not word.startswith(where) and (k == 0 or words[k - 1] not in where):
            kept.append(word)
    return shlex.join(["python", "-m", "rbo_core", *kept])
