"""Training runs: resume and ensemble laws, the store, the command, and what bad input is told."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from rbo_core.cli import main
from rbo_core.torch import RBO
from rbo_core.training import Method, RunStore, TrainConfig, checkpoint, ensemble_blocks, run_training
from rbo_core.training.checkpoint import load_tree, save_tree
from rbo_core.training.ensemble import train_ensemble

QUICK = TrainConfig(epochs=3, train_size=200, diagnostics="none", device="cpu")
ANNEALED = TrainConfig(
    epochs=3, train_size=200, diagnostics="none", device="cpu", method=Method.of("rbo", radius=0.4),
    radius_schedule="linear", final_radius=0.01,
)  # fmt: skip
METHODS = {
    "rbo": Method.of("rbo", momentum=0.9, lr=0.1),
    "sam": Method.of("sam", momentum=0.9),
    "entropy_sgd": Method.of("entropy_sgd"),
    "adam": Method.of("adam"),
    "momentum": Method.of("momentum"),
}


def flat(model):
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


@pytest.mark.parametrize("name", METHODS)
def test_a_run_cut_short_resumes_bit_for_bit(name, tmp_path):
    config = dataclasses.replace(QUICK, method=METHODS[name])
    whole = run_training(config)
    with RunStore(tmp_path) as store:
        cut = run_training(config, store, should_cancel=iter([False] * 6 + [True]).__next__)
        assert cut.state == "cancelled" and store.get(cut.run_id).state == "cancelled"
        assert not torch.equal(flat(cut.model), flat(whole.model))
        again = run_training(config, store, resume=cut.run_id)
        assert again.state == "done"
        assert torch.equal(flat(again.model), flat(whole.model))
        assert store.metrics(cut.run_id)["epoch"].tolist() == [0, 1, 2, 3]
        assert torch.equal(flat(store.model(cut.run_id)), flat(whole.model))
        epochs, path = store.trajectory(cut.run_id)
        assert epochs.tolist() == [0, 1, 2, 3] and torch.equal(path[-1], flat(whole.model))


def test_a_radius_is_annealed_from_its_first_value_to_its_last_and_resumes_bit_for_bit(tmp_path, monkeypatch):
    used = []
    step = RBO.step
    monkeypatch.setattr(
        RBO, "step", lambda self, closure: used.append(self.param_groups[0]["radius"]) or step(self, closure)
    )
    whole = run_training(ANNEALED)
    assert used == pytest.approx(np.linspace(0.4, 0.01, 12))
    assert (used[0], used[-1]) == (0.4, 0.01)
    with RunStore(tmp_path) as store:
        cut = run_training(ANNEALED, store, should_cancel=iter([False] * 6 + [True]).__next__)
        again = run_training(ANNEALED, store, resume=cut.run_id)
        assert torch.equal(flat(again.model), flat(whole.model))
        assert store.get(cut.run_id).config == ANNEALED == TrainConfig.from_dict(ANNEALED.to_dict())
    for constant in (0.4, 0.01):
        method = Method.of("rbo", radius=constant)
        other = run_training(dataclasses.replace(QUICK, method=method))
        assert not torch.equal(flat(other.model), flat(whole.model))
    # A schedule between equal radii is none, to the last bit.
    level = dataclasses.replace(ANNEALED, method=method, radius_schedule="cosine")
    assert torch.equal(flat(run_training(level).model), flat(other.model))


def test_the_command_anneals_and_results_without_a_schedule_keep_their_names(capsys, tmp_path):
    args = [
        "train",
        "--epochs",
        "1",
        "--train-size",
        "100",
        "--diagnostics",
        "none",
        "--store",
        str(tmp_path),
        "--json",
    ]
    assert main([*args, "--radius-schedule", "exponential", "--final-radius", "0.01"]) == 0
    with RunStore(tmp_path) as store:
        config = store.list()[0].config
    assert (config.radius_schedule, config.final_radius) == ("exponential", 0.01)
    assert not {"radius_schedule", "final_radius"} & QUICK.to_dict().keys()
    assert main([*args, "--final-radius", "0.01"]) == 2
    assert main([*args, "--method", "sgd", "--radius-schedule", "linear", "--final-radius", "0.01"]) == 2
    assert "sgd has no radius to schedule" in capsys.readouterr().err
    with pytest.raises(ValueError, match="one by one"):
        train_ensemble(ANNEALED, lr=[0.1])


@pytest.mark.slow
def test_a_killed_run_resumes_bit_for_bit(tmp_path, processes):
    config = dataclasses.replace(QUICK, epochs=60, train_size=1000, method=METHODS["rbo"])
    (tmp_path / "c.json").write_text(json.dumps(config.to_dict()))
    command = [
        sys.executable,
        "-m",
        "rbo_core",
        "train",
        str(tmp_path / "c.json"),
        "--store",
        str(tmp_path),
        "--threads",
        "1",
    ]
    child = processes.start(command)
    for _ in range(600):
        time.sleep(0.05)
        with RunStore(tmp_path) as store:
            runs = store.list()
            if runs and len(store.metrics(runs[0].id)["epoch"]) >= 4:
                break
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with RunStore(tmp_path) as store:
            again = run_training(config, store, resume=store.list()[0].id)
            assert torch.equal(flat(again.model), flat(run_training(config).model))
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("name", ["rbo", "sam", "momentum", "sgd"])
def test_ensemble_members_equal_their_single_runs(name):
    config = dataclasses.replace(QUICK, precision="float64", label_noise=0.2, method=METHODS.get(name, Method.of(name)))
    lr, radius, seeds = [0.05, 0.1, 0.2], [0.02, 0.1, 0.5], [0, 7, 7]
    together = train_ensemble(config, lr=lr, radius=radius if name in ("rbo", "sam") else None, seeds=seeds)
    for b in range(3):
        settings = dict(config.method.settings) | {"lr": lr[b]}
        if "radius" in settings:
            settings["radius"] = radius[b]
        alone = run_training(dataclasses.replace(config, seed=seeds[b], method=Method.of(name, **settings)))
        torch.testing.assert_close(together.parameters[b], flat(alone.model), rtol=1e-7, atol=1e-9)
        assert together.validation_accuracy[b] == pytest.approx(alone.metrics[-1]["validation_accuracy"])


MEMBERS = {
    "sgd": {},
    "momentum": {"momentum": 0.8},
    "adam": {"lr": 0.01},
    "adamw": {"lr": 0.01},
    "sam": {"momentum": 0.9},
    "looksam": {"momentum": 0.9, "interval": 2},
    "entropy_sgd": {"thermal_noise": 0.05},
    "rbo": {"lr": 0.02, "momentum": 0.9, "momentum_on": "step", "loss_scale": 5.0, "trust": 2.0},
}


@pytest.mark.parametrize("name", MEMBERS)
def test_members_with_a_weight_decay_each_equal_their_single_runs(name, monkeypatch):
    monkeypatch.setattr(ensemble_blocks, "BYTES", 1.0)  # so that every member is a block of its own
    config = dataclasses.replace(QUICK, precision="float64", method=Method.of(name, **MEMBERS[name]))
    decay = [0.0, 0.03]
    lr = [config.method["lr"]] * 2
    together = train_ensemble(config, lr=lr, settings={"weight_decay": decay}, seeds=[3, 4])
    for b in range(2):
        method = Method.of(name, **{**dict(config.method.settings), "weight_decay": decay[b]})
        alone = run_training(dataclasses.replace(config, seed=3 + b, method=method))
        torch.testing.assert_close(together.parameters[b], flat(alone.model), rtol=1e-6, atol=1e-8)


def test_what_members_cannot_differ_in_is_named():
    config = dataclasses.replace(QUICK, method=Method.of("rbo"))
    with pytest.raises(ValueError, match="share n_projection_steps"):
        train_ensemble(config, lr=[0.1, 0.2], settings={"n_projection_steps": [2, 3]})
    with pytest.raises(ValueError, match="rbo has no setting 'colour'"):
        train_ensemble(config, lr=[0.1, 0.2], settings={"colour": [1, 2]})
    with pytest.raises(ValueError, match="weight_decay must have one entry a member, 2, got 1"):
        train_ensemble(config, lr=[0.1, 0.2], settings={"weight_decay": [0.1]})


def test_a_gradient_budget_is_the_same_price_for_all(tmp_path):
    for name, steps in (("sgd", 24), ("sam", 12), ("rbo", 12)):
        result = run_training(dataclasses.replace(QUICK, gradient_budget=24, method=Method.of(name)))
        assert result.summary["gradients"] == 24
        assert result.metrics[-1]["gradients"] == 24
        assert result.metrics[-1]["epoch"] == np.ceil(steps / 4)


def test_a_run_that_blows_up_is_said_to_have_diverged(tmp_path):
    with RunStore(tmp_path) as store:
        result = run_training(dataclasses.replace(QUICK, method=Method.of("sgd", lr=1e30)), store)
        run = store.get(result.run_id)
        assert run.state == "diverged" and "learning rate" in run.message


def test_diagnostics_have_the_right_columns():
    result = run_training(
        dataclasses.replace(QUICK, epochs=1, diagnostics="epoch", method=Method.of("rbo", radius=0.5))
    )
    last = result.metrics[-1]
    assert 0 <= last["penetration"] <= 1 and last["gradient_norm"] > 0 and last["sharpness"] > 0


def test_store_lists_filters_and_deletes(tmp_path):
    with RunStore(tmp_path) as store:
        first = run_training(QUICK, store).run_id
        second = run_training(dataclasses.replace(QUICK, method=Method.of("sgd"), seed=3), store).run_id
        assert {r.id for r in store.list()} == {first, second}
        assert [r.id for r in store.list(method="sgd", seed=3)] == [second]
        store.delete(first)
        assert [r.id for r in store.list()] == [second] and not store.path(first).exists()
        store._connection.execute("UPDATE runs SET config='{}}' WHERE id=?", (second,))
        assert store.list() == [] and second in store.broken


def test_command_trains_and_prints_json(tmp_path, capsys):
    assert (
        main(
            [
                "train",
                "--epochs",
                "1",
                "--train-size",
                "100",
                "--method",
                "sam",
                "--set",
                "lr=0.3",
                "--seeds",
                "1",
                "2",
                "--store",
                str(tmp_path),
                "--json",
            ]
        )
        == 0
    )
    printed = json.loads(capsys.readouterr().out)
    assert [row["state"] for row in printed] == ["done", "done"]
    with RunStore(tmp_path) as store:
        assert sorted(r.config.seed for r in store.list()) == [1, 2]
        assert store.list()[0].config.method["lr"] == 0.3


BAD = [
    ({"data": "svhn"}, "data must be one of"),
    ({"epochs": 0}, "epochs must be a whole number"),
    ({"label_noise": 1.5}, "label_noise must be between 0 and 1, got 1.5"),
    ({"final_radius": 0.1}, "final_radius is where a radius_schedule of linear, exponential, cosine ends; got 0.1"),
    ({"radius_schedule": "cosine", "final_radius": -1.0}, "final_radius must be positive, got -1.0"),
    ({"gradient_budget": 1}, "gradient_budget must be a whole number of at least 2"),
    ({"method": "sgdd"}, "method must be one of"),
    ({"method": {"name": "rbo", "rho": 1.0}}, "rbo has no setting 'rho'"),
    ({"method": {"name": "rbo", "lr": "fast"}}, "rbo lr must be a number"),
    ({"colour": "red"}, "a training run has no setting 'colour'"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_settings_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig.from_dict(change)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_cuda_where_there_is_none():
    with pytest.raises(ValueError, match="choose cpu or auto"):
        run_training(dataclasses.replace(QUICK, device="cuda"))


def test_a_checkpoint_replaced_while_it_is_read_is_read_anew(tmp_path, monkeypatch):
    save_tree(tmp_path, "checkpoint", {"done": 1, "x": torch.zeros(2)})
    read = checkpoint.load_file

    def slow(path):
        monkeypatch.setattr(checkpoint, "load_file", read)
        save_tree(tmp_path, "checkpoint", {"done": 2, "x": torch.ones(2)})  # the run that trains goes on
        return read(path)

    monkeypatch.setattr(checkpoint, "load_file", slow)
    assert load_tree(tmp_path, "checkpoint")["done"] == 2
    (tmp_path / (tmp_path / "checkpoint.current").read_text() / "tree.json").write_text("{")
    with pytest.raises(ValueError, match="damaged"):
        load_tree(tmp_path, "checkpoint")


def test_a_run_whose_process_is_gone_is_interrupted_and_one_that_trains_is_not(tmp_path, processes):
    code = (
        "import sys, time\nfrom rbo_core.training import RunStore, TrainConfig\n"
        "with RunStore(sys.argv[1]) as store:\n    run = store.create(TrainConfig())\n    with store.held(run):\n"
        "        print(run, flush=True); time.sleep(60)"
    )
    child = processes.start([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    run_id = child.stdout.readline().decode().strip()
    with RunStore(tmp_path) as store:
        assert store.get(run_id).state == "running"
        with pytest.raises(ValueError, match="being trained by another process"):
            run_training(QUICK, store, resume=run_id)
        assert store.get(run_id).state == "running", "asking for it does not make it fail"
        child.kill()
        child.wait()
        child.stdout.close()
        assert store.get(run_id).state == "interrupted"
        assert run_training(QUICK, store, resume=run_id).state == "done"


def test_a_run_belongs_to_who_asked_for_it(tmp_path, monkeypatch):
    with RunStore(tmp_path) as store:
        nobodys = store.create(QUICK)
        monkeypatch.setenv("RBO_JOB_OWNER", "0123456789abcdef")
        anns = store.create(QUICK)
        assert (store.get(nobodys).owner, store.get(anns).owner) == ("", "0123456789abcdef")
        store.delete(anns)
        assert [run.owner for run in store.list()] == [""]


def test_names_and_notes_are_kept_with_the_run_and_go_with_it(tmp_path):
    with RunStore(tmp_path) as store, RunStore(tmp_path) as other:
        first, second = store.create(QUICK), store.create(QUICK)
        store.annotate(first, "  the \n best\x00 ", "why:\r\n- larger batch\x1b[0m  \n")
        run = other.get(first)  # another process's connection
        assert (run.name, run.note) == ("the best", "why:\n- larger batch[0m")
        other.annotate(first, "better", "")
        assert {one.id: one.name for one in store.list()} == {first: "better", second: ""}
        store.delete(first)
        with pytest.raises(ValueError, match="may have been deleted meanwhile"):
            other.annotate(first, "x", "")
        assert store._connection.execute("SELECT count(*) FROM notes").fetchone()[0] == 0
        with pytest.raises(ValueError, match="note has at most 1,000 characters, got 1,001"):
            store.annotate(second, "", "n" * 1001)
