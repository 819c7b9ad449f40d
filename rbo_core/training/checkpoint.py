"""Checkpoints: tensors as safetensors, everything else as JSON, put in place by one atomic rename. No pickle."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

KEY = "__tensor__"


def save_tree(folder: Path, name: str, tree: Any) -> None:
    """Write nested dicts, lists, tensors and plain values; killed at any moment, the old version stays readable."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Tensor] = {}
    plain = _flatten(tree, tensors)
    part = folder / f"{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    save_file(tensors, part / "tensors.safetensors")
    (part / "tree.json").write_text(json.dumps(plain))
    for file in part.iterdir():
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
    # A folder cannot replace another in one rename, so a small file names the current one.
    version = f"{name}-{os.urandom(4).hex()}"
    part.rename(folder / version)
    pointer = folder / f"{name}.current.part"
    pointer.write_text(version)
    pointer.replace(folder / f"{name}.current")
    for old in folder.glob(f"{name}-*"):
        if old.name != version:
            shutil.rmtree(old, ignore_errors=True)


def load_tree(folder: Path, name: str) -> Any:
    """What :func:`save_tree` wrote last, tensors on the CPU, or None when there is nothing.

    Raises:
        ValueError: for a damaged file.
    """
    pointer = folder / f"{name}.current"
    version = _read_pointer(pointer)
    while version is not None:
        current = folder / version
        try:
            tensors = load_file(current / "tensors.safetensors")
            plain = json.loads((current / "tree.json").read_text())
        except (OSError, ValueError, SafetensorError) as problem:
            # A run that trains may have put a newer version in place and removed this one meanwhile.
            before, version = version, _read_pointer(pointer)
            if version == before:
                raise ValueError(f"{current} is damaged ({problem}); delete the run and train again") from problem
        else:
            return _unflatten(plain, tensors)
    return None


def _read_pointer(pointer: Path) -> str | None:
    try:
        return pointer.read_text()
    except FileNotFoundError:
        return None


def _flatten(tree: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(tree, Tensor):
        key = f"t{len(tensors)}"
        # Views of one flat buffer must not be written as shared memory.
        tensors[key] = tree.detach().cpu().contiguous().clone()
        return {KEY: key}
    if isinstance(tree, dict):
        return {"d": [[key, _flatten(value, tensors)] for key, value in tree.items()]}
    if isinstance(tree, list | tuple):
        return [_flatten(value, tensors) for value in tree]
    return tree


def _unflatten(plain: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(plain, dict):
        if KEY in plain:
            return tensors[plain[KEY]]
        return {key: _unflatten(value, tensors) for key, value in plain["d"]}
    if isinstance(plain, list):
        return [_unflatten(value, tensors) for value in plain]
    return plain


def random_state(device: torch.device) -> dict[str, Tensor]:
    """torch's global random streams of the CPU and of the device."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def restore_random_state(state: dict[str, Tensor], device: torch.device) -> None:
    """The inverse of :func:`random_state`."""
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], device)
