"""What runs store: estimated before they start, refused when it is too much, and as estimated when they ran."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from rbo_core.training import RunStore, TrainConfig, run_training, storage
from rbo_core.training.data import load
from rbo_core.training.models import build_model
from rbo_core.training.storage import check_space, keeps_snapshot, parameters_of, run_bytes


def test_the_size_of_a_run_is_known_before_it_starts(tmp_path: Path) -> None:
    config = TrainConfig(epochs=4, train_size=100, diagnostics="none", device="cpu")
    with RunStore(tmp_path) as store:
        run = str(run_training(config, store).run_id)
        found = sum(file.stat().st_size for file in store.path(run).rglob("*.safetensors"))
        assert store.trajectory(run)[0].tolist() == [0, 1, 2, 3, 4]
    one = 4 * sum(p.numel() for p in build_model("mlp", (1, 8, 8), 10).parameters())
    assert run_bytes(config) == (5 + storage.CHECKPOINT_COPIES) * one
    assert 6 * one < found <= run_bytes(config) + 10_000, "snapshots, and a checkpoint with the optimizer's state"


def test_large_networks_keep_few_snapshots() -> None:
    parameters = parameters_of("resnet18", (3, 32, 32), 10)
    assert parameters == 11_173_962  # He et al. 2016, for 32 x 32 images
    kept = [epoch for epoch in range(201) if keeps_snapshot(epoch, 200, parameters)]
    assert kept[0] == 0 and kept[-1] == 200
    assert 4 * parameters * len(kept) <= storage.SNAPSHOT_BYTES + 4 * parameters
    assert len([epoch for epoch in range(1001) if keeps_snapshot(epoch, 1000, 1000)]) <= storage.MOST_SNAPSHOTS + 1


def test_one_press_cannot_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six methods, ten seeds, ResNet-18: with a snapshot an epoch this was half a terabyte."""
    large = TrainConfig(data="cifar10", model="resnet18", epochs=200)
    assert 60 * run_bytes(large) < 20.5e9
    monkeypatch.setenv("RBO_MAX_GB", "5")
    with pytest.raises(ValueError, match=r"would store .* GB; one job may store 5 GB"):
        check_space([dataclasses.replace(large, seed=k) for k in range(60)], tmp_path / "not" / "yet")
    monkeypatch.setenv("RBO_MAX_GB", "")
    assert check_space([TrainConfig()], tmp_path) < 2e7


def test_the_table_of_data_sets_is_right() -> None:
    data = load("digits")
    assert storage.KINDS["digits"] == (data.shape, data.classes, len(data.train_y))
