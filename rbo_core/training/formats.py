"""Readers of the data files: IDX (MNIST and kin) and CIFAR's binary format, plain or gzipped, with NumPy alone."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

IMAGE_BYTES = 3 * 32 * 32


def read_bytes(path: Path) -> bytes:
    """A file's content, unpacked when it is gzipped (whatever its name).

    Raises:
        ValueError: the file cannot be read or its gzip stream is damaged.
    """
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise ValueError(f"cannot read {path}: {problem.strerror}") from problem
    if raw[:2] != b"\x1f\x8b":
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as problem:
        raise ValueError(f"{path} is a damaged gzip file ({problem}); delete it and fetch it again") from problem


def read_idx(path: Path, dimensions: int) -> Bytes:
    """An IDX file of unsigned bytes with ``dimensions`` axes (1: labels, 3: images).

    Raises:
        ValueError: another type, another number of axes, or a length that does not fit the header.
    """
    raw = read_bytes(path)
    expected = bytes([0, 0, 8, dimensions])
    if raw[:4] != expected:
        raise ValueError(f"{path} must begin with the IDX mark {expected.hex()}, got {raw[:4].hex() or 'nothing'}")
    header = 4 + 4 * dimensions
    if len(raw) < header:
        raise ValueError(f"{path} must have an IDX header of {header} bytes, got {len(raw)}")
    shape = np.frombuffer(raw, dtype=">u4", count=dimensions, offset=4).astype(np.int64)
    wanted = header + int(np.prod(shape))
    if len(raw) != wanted:
        raise ValueError(f"{path} must have {wanted} bytes for the shape {shape.tolist()}, got {len(raw)}")
    return np.frombuffer(raw, dtype=np.uint8, offset=header).reshape(shape).copy()


def read_cifar(path: Path, label_bytes: int, classes: int) -> tuple[Bytes, Bytes]:
    """Images (N, 3, 32, 32) and labels (N,) of a CIFAR binary file; the last label byte counts (the fine label).

    Raises:
        ValueError: a length that is no whole number of records, or a label out of range.
    """
    raw = read_bytes(path)
    record = label_bytes + IMAGE_BYTES
    if len(raw) == 0 or len(raw) % record:
        raise ValueError(f"{path} must hold whole records of {record} bytes, got {len(raw)} bytes")
    rows = np.frombuffer(raw, dtype=np.uint8).reshape(-1, record)
    labels = rows[:, label_bytes - 1].copy()
    if labels.max() >= classes:
        raise ValueError(f"{path} must have labels below {classes}, got {labels.max()}; is it another data set?")
    return rows[:, label_bytes:].reshape(-1, 3, 32, 32).copy(), labels
