"""Training runs on a Dask cluster: the runs stay in this machine's store, only their settings and results travel."""

from __future__ import annotations

import io
import math
import queue
import shutil
import tarfile
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rbo_core.cluster import outcome
from rbo_core.training.config import TrainConfig
from rbo_core.training.loop import run_training
from rbo_core.training.one_run import Progress
from rbo_core.training.store import RunStore

POLL = 0.25  # seconds between two looks at what the workers say
TELL = 1.0  # seconds between two words of a worker
KEPT = ("checkpoint", "snapshots")

# A run draws from torch's global generators, so one process trains one at a time, however many threads Dask gives it.
ONE_AT_A_TIME = threading.Lock()

Told = Callable[[float, int, str], object]
"""``told(runs done, runs in all, what runs)``; a true answer ends the work."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to: its id here (None without a store), its state and its summary."""

    run_id: str | None
    state: str
    summary: dict[str, Any]


def train_all(
    client: Any,
    wanted: Sequence[tuple[TrainConfig, str | None]],
    store: RunStore | None = None,
    told: Told | None = None,
) -> list[Outcome]:
    """Train all runs on the workers of a ``distributed.Client``, as many at a time as there are.

    Args:
        wanted: settings, each with the id of the stored run that is to hold the result (None makes one). What such a
            run had is done anew: its checkpoint lies here, and not where it trains.
        told: hears of progress; its true answer lets every run end where it stands.

    Raises:
        ValueError: what a run refuses, or the cluster gave one up.
        BeingTrained: another process trains one of the stored runs.
    """
    topic = f"rbo-training-{uuid.uuid4().hex[:12]}"
    ids = [run or (store.create(config) if store is not None else None) for config, run in wanted]
    said: queue.Queue[dict[str, Any]] = queue.Queue()
    with ExitStack() as held:
        for run_id in ids:
            if store is not None and run_id is not None:
                held.enter_context(store.held(run_id))
                store.forget_after(run_id, -1.0)
                store.update(run_id, "running")
        client.subscribe_topic(topic, lambda event: said.put(event[1]))
        held.callback(client.unsubscribe_topic, topic)
        following = _Following(client, topic, [config for config, _ in wanted], ids, store, told)
        return following.all(said)


class _Following:
    """Follows runs on workers until all have ended."""

    def __init__(
        self, client: Any, topic: str, configs: Sequence[TrainConfig], ids: Sequence[str | None],
        store: RunStore | None, told: Told | None,
    ) -> None:  # fmt: skip
        from distributed import Event

        self.store, self.told, self.configs, self.ids = store, told, configs, ids
        self.stop = Event(topic, client=client)
        self.shares = [0.0] * len(configs)
        self.futures = [
            client.submit(_train, config.to_dict(), topic, k, store is not None, key=f"{topic}-{k}", pure=False)
            for k, config in enumerate(configs)
        ]

    def all(self, said: queue.Queue[dict[str, Any]]) -> list[Outcome]:
        """Every run's outcome, in order."""
        left, found = set(range(len(self.futures))), {}
        try:
            while left:
                self._hear(said)
                for k in [k for k in left if self.futures[k].done()]:
                    left.remove(k)
                    try:
                        found[k] = self._ended(k, outcome(self.futures[k]))
                    except Exception as problem:
                        self._note(k, "failed", str(problem), None)
                        raise
                    self.shares[k] = 1.0
        finally:
            self.stop.set()
            for k in left:
                self.futures[k].cancel()
                self._note(k, "cancelled", "", None)
        return [found[k] for k in range(len(self.futures))]

    def _hear(self, said: queue.Queue[dict[str, Any]]) -> None:
        """Take in what workers said, for a moment, and pass it on."""
        last, until = 0, time.monotonic() + POLL
        while (wait := until - time.monotonic()) > 0:
            try:
                word = said.get(timeout=wait)
            except queue.Empty:
                break
            last = word["run"]
            self.shares[last] = max(self.shares[last], word["share"])
            run_id = self.ids[last]
            if self.store is not None and run_id is not None and self.store.exists(run_id):
                self.store.add_metrics(run_id, _finite(word["row"]))
        if self.told is not None and self.told(sum(self.shares), len(self.shares), self.configs[last].title):
            self.stop.set()

    def _ended(self, k: int, result: dict[str, Any]) -> Outcome:
        run_id = self.ids[k]
        if self.store is not None and run_id is not None and self.store.exists(run_id):
            for row in result["rows"]:
                self.store.add_metrics(run_id, _finite(row))
            _unpack(result["files"], self.store.path(run_id))
        self._note(k, result["state"], result["message"], result["summary"])
        return Outcome(run_id, result["state"], result["summary"])

    def _note(self, k: int, state: str, message: str, summary: dict[str, Any] | None) -> None:
        run_id = self.ids[k]
        if self.store is not None and run_id is not None:
            self.store.update(run_id, state, message, summary)


def _train(settings: dict[str, Any], topic: str, number: int, keep: bool) -> dict[str, Any]:
    """Runs on a worker: one training run in a folder that goes with it; what it came to travels back."""
    from distributed import Event, get_client, get_worker

    stop, worker, last = Event(topic, client=get_client()), get_worker(), [0.0, -1.0]

    def tell(now: Progress) -> bool:
        late = time.monotonic() - last[0] > TELL
        if not (late or now.metrics["epoch"] != last[1]):
            return False
        last[:] = [time.monotonic(), now.metrics["epoch"]]
        worker.log_event(topic, {"run": number, "share": now.done / now.total, "row": now.metrics})
        return bool(stop.is_set())

    config = TrainConfig.from_dict(settings)
    with ONE_AT_A_TIME, tempfile.TemporaryDirectory(prefix="rbo-run-") as folder, RunStore(folder) as store:
        if stop.is_set():
            return {"state": "cancelled", "message": "", "summary": {}, "rows": [], "files": b""}
        result = run_training(config, store, tell)
        run = store.get(str(result.run_id))
        files = _pack(store.path(run.id)) if keep else b""
        return {
            "state": run.state, "message": run.message, "summary": run.summary, "rows": result.metrics, "files": files,
        }  # fmt: skip


def _finite(row: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in row.items() if math.isfinite(value)}


def _pack(folder: Path) -> bytes:
    """A run's tensors as an archive in memory."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in sorted(folder.iterdir()):
            if path.name.startswith(KEPT):
                archive.add(path, path.name)
    return packed.getvalue()


def _unpack(files: bytes, folder: Path) -> None:
    if not files:
        return
    for name in ("snapshots", *(old.name for old in folder.glob("checkpoint*"))):
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    with tarfile.open(fileobj=io.BytesIO(files)) as archive:
        archive.extractall(folder, filter="data")
