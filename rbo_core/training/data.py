"""The data sets, split and ready: digits (bundled with scikit-learn), MNIST, Fashion-MNIST, CIFAR-10, CIFAR-100."""

from __future__ import annotations

import os
import tarfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rbo_core.folder import data_folder
from rbo_core.training.formats import Bytes, read_cifar, read_idx

Images = NDArray[np.float32]

IDX = {
    "train-images": "train-images-idx3-ubyte",
    "train-labels": "train-labels-idx1-ubyte",
    "test-images": "t10k-images-idx3-ubyte",
    "test-labels": "t10k-labels-idx1-ubyte",
}
CIFAR = {
    "cifar10": ([f"data_batch_{i}.bin" for i in range(1, 6)], ["test_batch.bin"], 1, 10),
    "cifar100": (["train.bin"], ["test.bin"], 2, 100),
}
SOURCES: dict[str, tuple[str, dict[str, str]]] = {
    "mnist": (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        {
            "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
            "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
        },
    ),
    "fashion_mnist": (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        {
            "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
        },
    ),
    "cifar10": (
        "https://www.cs.toronto.edu/~kriz/",
        {"cifar-10-binary.tar.gz": "md5:c32a1d4ab5d03f1284b67883e8d87530"},
    ),
    "cifar100": (
        "https://www.cs.toronto.edu/~kriz/",
        {"cifar-100-binary.tar.gz": "md5:03b5dce01913d631647c71ecec9e9cb8"},
    ),
}
SYSTEM_FOLDERS = {
    "fashion_mnist": Path("/usr/share/datasets/fashion-mnist"),
    "mnist": Path("/usr/share/datasets/mnist"),
}
VALIDATION = 5000
DIGITS_SPLIT = (1000, 1297)  # training images end, validation images end; the rest tests
"""Training images of the downloaded sets that are held out for validation."""


@dataclass(frozen=True, eq=False)
class DataSet:
    """Images (N, channels, rows, columns) as float32, normalised by the training mean and deviation;
    labels (N,) int64.
    """

    name: str
    classes: int
    train_x: Images
    train_y: NDArray[np.int64]
    validation_x: Images
    validation_y: NDArray[np.int64]
    test_x: Images
    test_y: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, rows, columns) of an image."""
        return self.train_x.shape[1], self.train_x.shape[2], self.train_x.shape[3]


@lru_cache(maxsize=2)
def load(name: str, data_dir: str | None = None) -> DataSet:
    """A data set by name.

    Args:
        name: "digits", "mnist", "fashion_mnist", "cifar10" or "cifar100".
        data_dir: folder that holds the files, gzipped or not; None looks in the project's data folder and in Debian's
            ``/usr/share/datasets``, then downloads (checked by MD5).

    Raises:
        ValueError: unknown name, missing, wrong or damaged files, or a download that failed.
    """
    if name == "digits":
        return _digits()
    if name not in SOURCES:
        raise ValueError(f"data must be one of digits, {', '.join(SOURCES)}; got {name!r}")
    folder = _folder(name, data_dir)
    if name in CIFAR:
        train_files, test_files, label_bytes, classes = CIFAR[name]
        parts = [read_cifar(_find(folder, f), label_bytes, classes) for f in train_files]
        train = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
        tests = [read_cifar(_find(folder, f), label_bytes, classes) for f in test_files]
        test = np.concatenate([p[0] for p in tests]), np.concatenate([p[1] for p in tests])
    else:
        classes = 10
        train = _idx_pair(folder, "train")
        test = _idx_pair(folder, "test")
    return _prepare(name, classes, *train, *test)


def _digits() -> DataSet:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(images))
    x = (images[order].reshape(-1, 1, 8, 8) / 16.0).astype(np.float32)
    y = labels[order].astype(np.int64)
    a, b = DIGITS_SPLIT
    mean, deviation = x[:a].mean(), x[:a].std()
    x = (x - mean) / deviation
    return DataSet("digits", 10, x[:a], y[:a], x[a:b], y[a:b], x[b:], y[b:])


def validation_images(name: str) -> int:
    """How many images a data set, as it was published, holds out for validation."""
    return DIGITS_SPLIT[1] - DIGITS_SPLIT[0] if name == "digits" else VALIDATION


def _idx_pair(folder: Path, part: str) -> tuple[Bytes, Bytes]:
    image_path, label_path = _find(folder, IDX[f"{part}-images"]), _find(folder, IDX[f"{part}-labels"])
    images, labels = read_idx(image_path, 3), read_idx(label_path, 1)
    if len(images) != len(labels):
        raise ValueError(f"{label_path} must have one label for each of the {len(images)} images, got {len(labels)}")
    if images.shape[1:] != (28, 28):
        raise ValueError(f"{image_path} must hold images of 28 × 28 pixels, got {images.shape[1]} × {images.shape[2]}")
    if labels.size and labels.max() > 9:
        raise ValueError(f"{label_path} must have labels below 10, got {labels.max()}")
    return images[:, None], labels


def _prepare(name: str, classes: int, train_x: Bytes, train_y: Bytes, test_x: Bytes, test_y: Bytes) -> DataSet:
    held = min(VALIDATION, len(train_x) // 6)
    if held == 0 or len(test_x) == 0:
        raise ValueError(
            f"{name} must have at least 6 training images and a test image, got {len(train_x)} and {len(test_x)}"
        )
    # One fixed order, so that the held-out images are the same in every run.
    order = np.random.default_rng(0).permutation(len(train_x))
    train_x, train_y = train_x[order], train_y[order]
    sample = train_x[:-held][:10_000] / np.float32(255)
    mean = sample.mean(axis=(0, 2, 3), keepdims=True, dtype=np.float64).astype(np.float32)
    deviation = np.maximum(sample.std(axis=(0, 2, 3), keepdims=True, dtype=np.float64), 1e-3).astype(np.float32)

    def ready(images: Bytes) -> Images:
        out = images.astype(np.float32)
        out /= np.float32(255)
        out -= mean
        out /= deviation
        return out

    labels = train_y.astype(np.int64)
    return DataSet(
        name, classes, ready(train_x[:-held]), labels[:-held], ready(train_x[-held:]), labels[-held:],
        ready(test_x), test_y.astype(np.int64),
    )  # fmt: skip


def _find(folder: Path, name: str) -> Path:
    for candidate in (name, f"{name}.gz", name.replace("-idx", ".idx"), f"{name.replace('-idx', '.idx')}.gz"):
        if (folder / candidate).is_file():
            return folder / candidate
    raise ValueError(f"{folder} must hold {name} (or {name}.gz), which is missing; fetch it or name another folder")


def has_all(name: str, folder: Path) -> bool:
    """Whether a folder holds every file of a downloaded data set."""
    wanted = CIFAR[name][0] + CIFAR[name][1] if name in CIFAR else list(IDX.values())
    try:
        for file in wanted:
            _find(folder, file)
    except ValueError:
        return False
    return True


def _folder(name: str, data_dir: str | None) -> Path:
    if data_dir is not None:
        root = Path(data_dir)
        if not root.is_dir():
            raise ValueError(f"data_dir must be a folder, got {data_dir!r}, which does not exist")
        subfolders = [
            root,
            root / name,
            root / name.replace("_", "-"),
            root / "cifar-10-batches-bin",
            root / "cifar-100-binary",
        ]
        return next((f for f in subfolders if has_all(name, f)), root)
    own = data_folder() / "datasets" / name
    for folder in (own, SYSTEM_FOLDERS.get(name)):
        if folder is not None and has_all(name, folder):
            return folder
    download(name, own)
    return own


def download(name: str, folder: Path) -> None:
    """Fetch a data set's files with progress on stderr; a file appears whole and checked, or not at all.

    Raises:
        ValueError: no connection, or a file whose checksum is wrong.
    """
    import pooch

    base, files = SOURCES[name]
    for file, checksum in files.items():
        try:
            path = pooch.retrieve(base + file, known_hash=checksum, fname=file, path=folder, progressbar=True)
        except (OSError, ValueError) as problem:
            raise ValueError(
                f"cannot download {base + file} ({problem}); put the files into a folder and name it with --data-dir"
            ) from problem
        if file.endswith(".tar.gz"):
            _unpack(Path(path), folder, CIFAR[name][0] + CIFAR[name][1])


def _unpack(archive: Path, folder: Path, names: list[str]) -> None:
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            name = Path(member.name).name
            content = tar.extractfile(member) if name in names else None
            if content is not None:
                part = folder / f"{name}.{os.getpid()}.part"  # another process may unpack the same
                part.write_bytes(content.read())
                part.replace(folder / name)


def add_label_noise(labels: NDArray[np.int64], classes: int, fraction: float, seed: int) -> NDArray[np.int64]:
    """Labels with ``fraction`` of them (exactly, rounded) drawn anew, uniformly from all classes."""
    generator = np.random.default_rng([seed, 0x4E])
    count = round(fraction * len(labels))
    chosen = generator.permutation(len(labels))[:count]
    out = labels.copy()
    out[chosen] = generator.integers(0, classes, count)
    return out


PAD = 4
"""Pixels of zeros round an image from which crops are taken."""


def draw_crops(count: int, generator: torch.Generator) -> Tensor:
    """(3, count) first row, first column and flip (0 or 1) of random crops, drawn on the CPU: every device sees the
    same."""
    places = torch.randint(0, 2 * PAD + 1, (2, count), generator=generator)
    return torch.cat([places, torch.randint(0, 2, (1, count), generator=generator)])


def padded(x: Tensor) -> Tensor:
    """Images ``x (N, C, H, W)`` with zeros round them, from which :func:`cropped` takes its crops."""
    return torch.nn.functional.pad(x, (PAD, PAD, PAD, PAD))


def cropped(images: Tensor, index: Tensor, crops: Tensor) -> Tensor:
    """Crops ``(..., C, H, W)`` of the padded images ``(N, C, H + 2 PAD, W + 2 PAD)`` number ``index (...)``.

    Args:
        crops: (3, ...) as :func:`draw_crops` draws them, on the images' device.
    """
    height, width = images.shape[2] - 2 * PAD, images.shape[3] - 2 * PAD
    along = torch.arange(width, device=images.device)
    rows = crops[0, ..., None] + torch.arange(height, device=images.device)
    columns = crops[1, ..., None] + torch.where(crops[2, ..., None] == 1, along.flip(0), along)
    # Advanced indices round a slice put the channels last.
    found = images[index[..., None, None], :, rows[..., :, None], columns[..., None, :]]
    return found.movedim(-1, -3).contiguous()


def augment(x: Tensor, generator: torch.Generator) -> Tensor:
    """Random crops after zero padding and random left-right flips of ``x (N, C, H, W)``, on x's device.

    The draws come from ``generator`` (CPU), so every device sees the same crops.
    """
    index = torch.arange(len(x), device=x.device)
    return cropped(padded(x), index, draw_crops(len(x), generator).to(x.device))
