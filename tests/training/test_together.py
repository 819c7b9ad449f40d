"""Runs that take turns: each comes to what it comes to alone, all grow together, and who stops loses nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from rbo_core.training import Method, RunStore, TrainConfig, run_training
from rbo_core.training import together as turns
from rbo_core.training.one_run import Training
from rbo_core.training.together import train_together
from rbo_core.training.unfinished import unfinished

SHORT = TrainConfig(method=Method.of("sgd", lr=0.2), gradient_budget=40, train_size=200, diagnostics="none")
METHODS = ("sgd", "sam", "rbo", "entropy_sgd", "adam")
CONFIGS = [replace(SHORT, method=Method.of(name), seed=seed) for seed, name in enumerate(METHODS)]


def wanted(configs=CONFIGS):
    return [(config, None) for config in configs]


def quiet(done: float, total: int, what: str) -> bool:
    return False


def same(one, other) -> bool:
    pairs = zip(one.model.parameters(), other.model.parameters(), strict=True)
    return all(torch.equal(p, q) for p, q in pairs) and [row["validation_loss"] for row in one.metrics] == [
        row["validation_loss"] for row in other.metrics
    ]


def test_every_run_comes_to_what_it_comes_to_alone_whatever_the_others_draw(monkeypatch):
    loss = Training._loss

    def noisy(self, x, y):
        return loss(self, x + 0.1 * torch.randn_like(x), y)  # torch's global stream, as dropout uses it

    monkeypatch.setattr(Training, "_loss", noisy)
    for config, result in zip(CONFIGS, train_together(wanted(), None, quiet), strict=True):
        assert same(run_training(config), result), config.method.name


def test_all_methods_grow_together():
    seen: list[tuple[str, int]] = []

    def told(done: float, total: int, what: str) -> bool:
        run, _, epoch = what.rpartition(", epoch ")
        seen.append((run, int(epoch)))
        assert 0 <= done <= total == len(CONFIGS)
        return False

    train_together(wanted(), None, told)
    last = dict(seen)
    # Methods that pay more for a step have fewer epochs: what grows alike is the share of the run.
    assert last == {one.title: 40 // one.method.gradients_per_step // 4 for one in CONFIGS}
    shares = dict.fromkeys(last, 0.0)
    for run, epoch in seen:
        shares[run] = epoch / last[run]
        assert max(shares.values()) - min(shares.values()) <= 1 / min(last.values())


def test_who_cancels_keeps_what_was_trained_and_goes_on_from_there(tmp_path):
    alone = [run_training(config) for config in CONFIGS]
    with RunStore(tmp_path) as store:
        stopped = train_together(wanted(), store, lambda done, total, what: done > 3)
        assert {one.state for one in stopped} == {"cancelled"}
        assert len(stopped) == len(CONFIGS)
        assert all(len(store.metrics(str(one.run_id))["epoch"]) > 1 for one in stopped)
        left = unfinished(CONFIGS, store, 0.0)
        assert [run for _, run in left] == [one.run_id for one in stopped]
        for config, result, whole in zip(CONFIGS, train_together(left, store, quiet), alone, strict=True):
            assert same(whole, result), config.method.name
        assert {run.state for run in store.list()} == {"done"}


def test_who_stops_at_once_leaves_no_runs_that_never_began(tmp_path):
    with RunStore(tmp_path) as store:
        train_together(wanted(), store, lambda done, total, what: True)
        assert len(store.list()) == 1


def test_a_keyboard_interrupt_lets_go_of_the_runs_that_wait(tmp_path):
    def told(done: float, total: int, what: str) -> bool:
        if done > 1.5:
            raise KeyboardInterrupt
        return False

    store = RunStore(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train_together(wanted(), store, told)
    begun = store.list()
    assert len(begun) == len(CONFIGS) and {run.state for run in begun} == {"interrupted"}
    # In the same process: nobody holds them, so they go on, to what they come to alone.
    again = train_together([(run.config, run.id) for run in begun], store, quiet)
    assert same(again[0], run_training(begun[0].config))


def test_one_that_fails_does_not_stop_the_others(tmp_path):
    bad = replace(SHORT, train_size=None, batch_size=2000)
    with RunStore(tmp_path) as store:
        with pytest.raises(ValueError, match="batch_size must be at most the 1000 training images, got 2000"):
            train_together(wanted([bad, SHORT]), store, quiet)
        assert {run.config: run.state for run in store.list()} == {bad: "failed", SHORT: "done"}


def test_networks_too_large_to_wait_side_by_side_run_in_groups(monkeypatch):
    assert turns._groups(CONFIGS) == [list(range(len(CONFIGS)))]
    one = turns.ARRAYS * turns.network_bytes(SHORT)
    monkeypatch.setattr(turns, "MEMORY", 3.5 * one)
    assert turns._groups(CONFIGS[:5]) == [[0, 1, 2], [3, 4]]
    monkeypatch.setattr(turns, "MEMORY", 0.1 * one)
    assert turns._groups(CONFIGS[:2]) == [[0], [1]]
