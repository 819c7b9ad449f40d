"""Two gloo ranks with half a batch each follow one process with the whole batch, also in parts under ``no_sync``."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from tests.torch.helpers import OPTIMIZERS, batch, closure_of, mlp, vector

STEPS = 4


def in_two_parts(model, optimizer, x, y):
    """The README's accumulation: only the last part's backward pass exchanges gradients."""
    parts = list(zip(x.chunk(2), y.chunk(2), strict=True))

    def closure():
        optimizer.zero_grad()
        total = 0.0
        for k, (inputs, labels) in enumerate(parts):
            with model.no_sync() if k < len(parts) - 1 else contextlib.nullcontext():
                loss = torch.nn.functional.cross_entropy(model(inputs), labels) / len(parts)
                loss.backward()
            total = total + loss.detach()
        return total

    return closure


FORMS = {"whole": closure_of, "parts": in_two_parts}


def rank_main(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    store = dist.FileStore(f"{folder}/store", 2)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=2, timeout=datetime.timedelta(seconds=60))
    for (name, build), (form, closure) in itertools.product(OPTIMIZERS.items(), FORMS.items()):
        model = torch.nn.parallel.DistributedDataParallel(mlp())
        optimizer = build(model.parameters())
        for step in range(STEPS):
            x, y = batch(step)
            half = slice(8 * rank, 8 * rank + 8)
            optimizer.step(closure(model, optimizer, x[half], y[half]))
        Path(f"{folder}/{name}_{form}{rank}").write_text(repr(vector(model).tolist()))
    dist.barrier()
    dist.destroy_process_group()
    # Gloo's threads may still run when the interpreter tears down, and then abort a rank that has done its work.
    os._exit(0)


@pytest.mark.slow
def test_two_ranks_equal_one_process_with_the_whole_batch(tmp_path):
    mp.spawn(rank_main, args=(str(tmp_path),), nprocs=2)
    for name, build in OPTIMIZERS.items():
        model = mlp()
        optimizer = build(model)
        for step in range(STEPS):
            optimizer.step(closure_of(model, optimizer, *batch(step)))
        for form in FORMS:
            ranks = []
            for rank in (0, 1):
                text = (tmp_path / f"{name}_{form}{rank}").read_text()
                ranks.append(torch.tensor([float(v) for v in text.strip("[]").split(",")], dtype=torch.float64))
            assert torch.equal(ranks[0], ranks[1])
            torch.testing.assert_close(ranks[0], vector(model), rtol=1e-9, atol=1e-11)
