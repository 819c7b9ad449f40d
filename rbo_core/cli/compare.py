"""``python -m rbo_core compare``: tuned methods on networks at equal gradients and at equal epochs."""

from __future__ import annotations

import argparse
import json
import platform
import shlex
import sys
from contextlib import ExitStack
from pathlib import Path

from tqdm import tqdm

from rbo_core import jobs
from rbo_core.cli.files import make_folder, require_writable, use_threads
from rbo_core.cluster import connected
from rbo_core.training import RunStore, TrainConfig
from rbo_core.training.compare import EDGE, ENTRANTS, Row, compare, markdown, records
from rbo_core.training.config import DATA
from rbo_core.training.models import MODELS

SCALES = {
    "laptop": {"gradients": 640, "epochs": 10, "batch_size": 50},
    "paper": {"gradients": 20_000, "epochs": 10, "batch_size": 128},
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--data", choices=DATA, default="digits")
    parser.add_argument("--model", choices=list(MODELS), default="mlp")
    parser.add_argument("--methods", nargs="+", choices=list(ENTRANTS), default=list(ENTRANTS), metavar="METHOD")
    parser.add_argument("--scale", choices=list(SCALES), default="laptop", help="sizes of budgets and minibatches")
    parser.add_argument("--gradients", type=int, help="gradient evaluations a run (default by scale)")
    parser.add_argument(
        "--epochs", type=int, help="epochs of the second comparison; 0 leaves it out (default by scale)"
    )
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--train-size", type=int)
    parser.add_argument("--label-noise", type=float, default=0.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[100, 101, 102, 103, 104])
    parser.add_argument("--points", type=int, choices=(4, 16), default=16, help="configurations tried for each method")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data-dir")
    parser.add_argument("--threads", type=int)
    parser.add_argument(
        "--store", type=Path, help="keep every run in this folder; the same command goes on there after a kill"
    )
    parser.add_argument("--out", type=Path, help="write OUT.md, OUT.csv and OUT.html")
    parser.add_argument("--scheduler", help="address of a Dask scheduler that trains (default: RBO_SCHEDULER, if set)")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")


def run(args: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    use_threads(args.threads)
    for ending in (".md", ".csv", ".html"):
        out = None if args.out is None else Path(f"{args.out}{ending}")
        make_folder("out", out)
        require_writable("out", out, (ending,))
    scale = SCALES[args.scale]
    gradients = scale["gradients"] if args.gradients is None else args.gradients
    epochs = scale["epochs"] if args.epochs is None else args.epochs
    base = TrainConfig(
        data=args.data,
        model=args.model,
        batch_size=scale["batch_size"] if args.batch_size is None else args.batch_size,
        train_size=args.train_size,
        label_noise=args.label_noise,
        device=args.device,
        data_dir=args.data_dir,
    )
    report = jobs.reporter()
    with ExitStack() as stack:
        client = stack.enter_context(connected(args.scheduler))
        store = stack.enter_context(RunStore(args.store)) if args.store is not None else None
        bar = stack.enter_context(tqdm(unit="run", file=sys.stderr, disable=args.json or None))

        def progress(done: int, total: int, what: str) -> bool:
            bar.total = total
            bar.update(done - bar.n)
            bar.set_description(what, refresh=False)
            return report(done, total, what)

        rows = compare(
            base,
            entrants=args.methods,
            gradient_budget=gradients,
            epochs=epochs or None,
            seeds=args.seeds,
            points=args.points,
            store=store,
            progress=progress,
            client=client,
        )
    print(json.dumps(records(rows)) if args.json else markdown(rows))
    if args.out is not None:
        _write(args, rows, base, gradients, epochs)
    return 0


def _command(words: list[str]) -> str:
    """The words without --store: where the runs are kept does not change the table."""
    kept = [w for k, w in enumerate(words) if not w.startswith("--store") and words[k - 1 : k] != ["--store"]]
    return shlex.join(kept)


def _write(args: argparse.Namespace, rows: list[Row], base: TrainConfig, gradients: int, epochs: int) -> None:
    import pandas as pd
    import torch

    from rbo_core.figures.comparison import comparison

    where = torch.cuda.get_device_name() if base.device.startswith("cuda") else f"{platform.machine()} CPU"
    grids = "\n".join(
        f"- {ENTRANTS[m].label}: "
        + "; ".join(f"{axis} {', '.join(f'{v:g}' for v in values)}" for axis, values in ENTRANTS[m].axes.items())
        for m in args.methods
    )
    noise = f", {100 * base.label_noise:g} % random training labels" if base.label_noise else ""
    text = f"""# {base.data}, {base.model}{noise}

`python -m rbo_core compare {_command(sys.argv[2:])}`

{base.train_size or "all"} training images, minibatches of {base.batch_size}, cosine schedule, no weight decay.
Each method was tuned over {args.points} settings on the validation images (seed 0, {gradients:,} gradients a run),
then trained on the fresh seeds {", ".join(map(str, args.seeds))}; the interval is Student's t over those seeds.
{f"Equal epochs ({epochs}) use the settings tuned at equal gradients. " if epochs else ""}Test images were used once.
{EDGE} marks a setting at the end of its grid: a better one may lie beyond.
{where}, {torch.get_num_threads()} thread(s), torch {torch.__version__}.

{markdown(rows)}
### Tuning grids{" (every fourth configuration)" if args.points == 4 else ""}

{grids}
"""
    Path(f"{args.out}.md").write_text(text)
    pd.DataFrame(records(rows)).to_csv(f"{args.out}.csv", index=False)
    comparison(rows).write_html(f"{args.out}.html", include_plotlyjs=True, full_html=True)
