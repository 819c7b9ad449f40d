"""Results of jobs as files: arrays and their description in one .npz, named by what was asked for."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbo_core.folder import data_folder


def key_of(described: Mapping[str, Any]) -> str:
    """A name for what was asked for: the same request, the same name."""
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:16]


def result_path(kind: str, key: str, folder: Path | str | None = None) -> Path:
    """Where the result of that kind and key lies (default folder: the environment's RBO_DATA_DIR, else ./runs)."""
    if not key.isalnum():
        raise ValueError(f"a result's key has letters and digits only, got {key!r}")
    return Path(folder if folder is not None else data_folder()) / kind / f"{key}.npz"


def recent_results(kind: str, folder: Path | str | None = None, most: int = 20) -> list[Path]:
    """The files of a kind that were written last, newest first."""
    own = result_path(kind, "any", folder).parent
    return sorted(own.glob("*.npz"), key=lambda file: -file.stat().st_mtime)[:most] if own.is_dir() else []


def save_result(path: Path, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write all or nothing: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            named: dict[str, Any] = {"about": np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays}
            np.savez_compressed(file, **named)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load_result(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    """(description, arrays), or None when there is no such file.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        # numpy leaves a damaged file open if it opens it itself.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return json.loads(arrays.pop("about").tobytes()), arrays
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as problem:
        raise ValueError(f"{path} cannot be read ({problem}); delete it and compute it again") from problem
