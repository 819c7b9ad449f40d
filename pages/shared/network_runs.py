"""Between the network pages and the store of training runs: settings become runs, stored runs become `RunView`s.

The command line writes into the same store, so its runs appear on the pages and the other way round.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pages.shared.network_methods import Chosen, contenders
from pages.shared.run_view import RunView
from rbo_core.figures.words import counted, noise_words
from rbo_core.folder import data_folder
from rbo_core.jobs import CONFIG
from rbo_core.training import Method, RunStore, StoredRun, TrainConfig
from rbo_core.training import data as data_sets
from rbo_core.training.price import runs_pace, runs_seconds
from rbo_core.training.storage import check_space

DATA = {
    "digits": "Digits (8 × 8)",
    "mnist": "MNIST",
    "fashion_mnist": "Fashion-MNIST",
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
}
MODELS = {
    "mlp": "MLP",
    "resnet6": "ResNet-6",
    "resnet8": "ResNet-8",
    "vgg9": "VGG-9",
    "resnet8-gn": "ResNet-8, GroupNorm",
    "vgg9-gn": "VGG-9, GroupNorm",
    "resnet18": "ResNet-18",
    "wrn28-10": "WRN-28-10",
}
RANDOM_LABELS = (
    "Share of training labels drawn at random. One in ten of those is right by chance: 40 % random are 36 % wrong."
)
SCHEDULES = {"cosine": "Cosine to zero", "constant": "Constant"}
RADIUS_SCHEDULES = {"constant": "Constant", "cosine": "Cosine", "linear": "Linear", "exponential": "Exponential"}
RECENT = 20
"""Finished runs that tell how fast this machine is."""
# Where a run was computed and what was kept of it do not change its results.
_INCIDENTAL = ("device", "data_dir", "snapshots", "diagnostics")


@dataclass(frozen=True)
class Task:
    """What all methods of a race share. label_noise: fraction; unit: "gradients" or "epochs"; train_size: 0 is all.

    radius_schedule, final_radius: of the balls among them.
    """

    data: str
    model: str
    label_noise: float
    unit: str
    amount: int
    seeds: int
    batch_size: int
    schedule: str
    train_size: int
    augment: bool
    device: str
    sharpness: bool
    radius_schedule: str = "constant"
    final_radius: float | None = None

    def configs(self, chosen: Sequence[Chosen]) -> list[dict[str, Any]]:
        """One run a seed and method, seed by seed, so that all methods grow together.

        Raises:
            ValueError: a setting is impossible; the message names it.
        """
        for one in chosen:
            if self.unit == "gradients" and self.amount < one.gradients_per_step:
                raise ValueError(
                    f"gradient evaluations must be at least {one.gradients_per_step}, the price of one step of "
                    f"{one.label}, got {self.amount}"
                )
        return [
            TrainConfig(
                data=self.data,
                model=self.model,
                method=Method.of(one.contender.method, **one.settings),
                epochs=self.amount if self.unit == "epochs" else 10,
                gradient_budget=self.amount if self.unit == "gradients" else None,
                batch_size=self.batch_size,
                schedule=self.schedule,
                **self._radius(one.contender.method),
                train_size=self.train_size or None,
                label_noise=self.label_noise,
                augment=self.augment,
                seed=seed,
                device=self.device,
                diagnostics="epoch" if self.sharpness else "none",
            ).to_dict()
            for seed in range(self.seeds)
            for one in chosen
        ]

    def _radius(self, method: str) -> dict[str, Any]:
        """The radius' way over the run, for a ball; nothing for the others and for a radius that stays."""
        if method != "rbo" or self.radius_schedule == "constant":
            return {}
        return {"radius_schedule": self.radius_schedule, "final_radius": self.final_radius}

    def title(self, chosen: Sequence[Chosen]) -> str:
        """The job in a few words."""
        noise = f", {noise_words(self.label_noise)}" if self.label_noise else ""
        counts = f"{counted(len(chosen), 'method')}, {counted(self.seeds, 'seed')}"
        return f"{DATA[self.data]}, {MODELS[self.model]}{noise}: {counts}, {self.amount:,} {self.unit}"


DEFAULT = Task(
    data="digits", model="mlp", label_noise=0.0, unit="gradients", amount=640, seeds=10, batch_size=50,
    schedule="cosine", train_size=0, augment=False, device="auto", sharpness=True,
)  # fmt: skip
"""What the page Train offers first."""


def will_store(configs: Sequence[Mapping[str, Any]]) -> float:
    """Bytes that these runs will leave on the server's disk.

    Raises:
        ValueError: more than one job may store, or than the disk can take.
    """
    return check_space([TrainConfig.from_dict(config) for config in configs], data_folder())


def will_take(configs: Sequence[Mapping[str, Any]]) -> float | None:
    """Seconds that a job takes for these runs, as far as one knows; None on a GPU."""
    made = []
    with contextlib.suppress(ValueError, sqlite3.Error), RunStore() as store:
        done = [run for run in store.list(most=RECENT, state="done") if run.summary.get("device") == "cpu"]
        made = [(run.config, float(run.summary["seconds"])) for run in done]
    return runs_seconds([TrainConfig.from_dict(config) for config in configs], runs_pace(made))


def command() -> list[str]:
    """What the job runs."""
    return ["train", CONFIG, "--json"]


def all_runs() -> tuple[list[RunView], str]:
    """Every stored run, broken ones included, and why the store cannot be read ("" when it can)."""
    try:
        with RunStore() as store:
            runs = store.list()
            views = _views(store, runs)
            broken = [
                RunView(key, key, "unreadable", "", "–", "–", 0.0, 0, "broken", 0.0, problem=why)
                for key, why in store.broken.items()
            ]
        return [*views, *broken], ""
    except (ValueError, sqlite3.Error) as error:
        return [], str(error)


def runs_of(configs: Sequence[Mapping[str, Any]], since: float = 0.0) -> list[RunView]:
    """The latest stored run of each config that was made after `since`, in the order of the configs."""
    wanted = {same_run(config): index for index, config in enumerate(configs)}
    try:
        with RunStore() as store:
            found: dict[int, StoredRun] = {}
            for run in store.list():
                index = wanted.get(same_run(run.config.to_dict()))
                if index is not None and run.created >= since and index not in found:
                    found[index] = run
            return _views(store, [found[index] for index in sorted(found)])
    except (ValueError, sqlite3.Error):
        return []


def rank(run: RunView) -> int:
    """The place of a run's method among the contenders; unknown methods come last."""
    methods = [one.method for one in contenders().values()]
    return methods.index(run.method) if run.method in methods else len(methods)


def delete(ids: Sequence[str], may_change: Callable[[str], bool]) -> None:
    """Remove runs with their metrics and parameters. may_change: tells by a run's owner whether it may go."""
    with RunStore() as store:
        for run_id in ids:
            if may_change(store.owner(run_id)):
                store.delete(run_id)


def annotate(run_id: str, name: str, note: str, may_change: Callable[[str], bool]) -> None:
    """Write a name and a note to a run, if its owner's answer to may_change allows it.

    Raises:
        ValueError: they are too long, the run is gone, or it belongs to somebody else.
    """
    with RunStore() as store:
        if not may_change(store.owner(run_id)):
            raise ValueError("this run belongs to another visitor: only they write to it")
        store.annotate(run_id, name, note)


def data_note(name: str) -> str | None:
    """What happens first when a data set is not on this machine; None when it is."""
    if name == "digits":
        return None
    with RunStore() as store:
        own = store.folder / "datasets" / name
    places: list[Path | None] = [own, data_sets.SYSTEM_FOLDERS.get(name)]
    if any(place is not None and data_sets.has_all(name, place) for place in places):
        return None
    return (
        f"{DATA[name]} is not on this machine. The job downloads it first; without a connection, put its files into "
        f"{own} (gzipped or not)."
    )


def _views(store: RunStore, runs: Sequence[StoredRun]) -> list[RunView]:
    return views(runs, [store.metrics(run.id) for run in runs])


def views(runs: Sequence[StoredRun], metrics: Sequence[Mapping[str, Any]]) -> list[RunView]:
    """Runs as the pages show them. metrics: of each run, column name -> (epochs + 1,) values."""
    labels = _labels([run.config.method for run in runs])
    return [_view(run, columns, labels[run.config.method]) for run, columns in zip(runs, metrics, strict=True)]


def _view(run: StoredRun, metrics: Mapping[str, Any], label: str) -> RunView:
    config = run.config
    plain = config.to_dict()
    score = run.summary.get("test_accuracy") if run.state in ("done", "diverged") else None
    return RunView(
        id=run.id,
        group=group(plain),
        label=label,
        method=config.method.name,
        data=config.data,
        model=config.model,
        label_noise=config.label_noise,
        seed=config.seed,
        state=run.state,
        owner=run.owner,
        created=run.created,
        settings=config.method.to_dict(),
        config=plain,
        epochs=pd.DataFrame(metrics),
        test_accuracy=score,
        problem=run.message,
        budget=f"{config.gradient_budget:,} gradients" if config.gradient_budget else counted(config.epochs, "epoch"),
        name=run.name,
        note=run.note,
    )


def _labels(methods: Sequence[Method]) -> dict[Method, str]:
    """A name for each method; those with the same name say how they differ."""
    names = {method: _name(method) for method in dict.fromkeys(methods)}
    made = {}
    for method, name in names.items():
        twins = [other for other, given in names.items() if given == name]
        differing = [k for k, v in method.settings if any(other[k] != v for other in twins)]
        shown = ", ".join(
            f"{k} {method[k]:.3g}" if isinstance(method[k], float) else f"{k} {method[k]}" for k in differing
        )
        made[method] = f"{name} ({shown})" if shown else name
    return made


def _name(method: Method) -> str:
    if method.name == "rbo":
        title = contenders()["published" if method["projection"] == "gradient" else "rbo"].title
    else:
        title = contenders()[method.name].title
    extra = method.name in ("rbo", "sam") and method["momentum"] > 0
    return f"{title} + momentum" if extra else title


def group(config: Mapping[str, Any]) -> str:
    """Equal for configs that differ by their seed alone."""
    return same_run({**config, "seed": 0})


def same_run(config: Mapping[str, Any]) -> str:
    """Equal for configs whose results are equal."""
    kept = {name: value for name, value in config.items() if name not in _INCIDENTAL}
    if kept.get("gradient_budget") is not None:
        kept.pop("epochs", None)
    return json.dumps(kept, sort_keys=True)
