"""Readers, splits and models: files in the exact formats, real Fashion-MNIST, and what damaged files are told."""

from __future__ import annotations

import functools
import gzip
import hashlib
import http.server
import io
import os
import tarfile
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from rbo_core.training import data as data_module
from rbo_core.training.data import add_label_noise, augment, load
from rbo_core.training.formats import read_cifar, read_idx
from rbo_core.training.models import MODELS, build_model

FASHION = Path("/usr/share/datasets/fashion-mnist")


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes() + array.tobytes()


def write_mnist(folder, zipped, count=30):
    generator = np.random.default_rng(0)
    for part, n in (("train", count), ("t10k", 6)):
        for kind, array in (
            ("images-idx3", generator.integers(0, 256, (n, 28, 28), dtype=np.uint8)),
            ("labels-idx1", generator.integers(0, 10, n, dtype=np.uint8)),
        ):
            content = idx(array)
            path = folder / f"{part}-{kind}-ubyte{'.gz' if zipped else ''}"
            path.write_bytes(gzip.compress(content) if zipped else content)


@pytest.mark.parametrize("zipped", [True, False])
def test_idx_files_from_a_folder(tmp_path, zipped):
    write_mnist(tmp_path, zipped)
    data = load("mnist", str(tmp_path))
    assert data.train_x.shape == (25, 1, 28, 28) and data.validation_x.shape[0] == 5 and data.test_x.shape[0] == 6
    assert abs(data.train_x.mean()) < 1e-5 and data.train_x.std() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("name", "label_bytes", "classes"), [("cifar10", 1, 10), ("cifar100", 2, 100)])
def test_cifar_files_in_the_exact_format(tmp_path, name, label_bytes, classes):
    generator = np.random.default_rng(1)
    files = (
        [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
        if classes == 10
        else ["train.bin", "test.bin"]
    )
    kept = {}
    for file in files:
        labels = generator.integers(0, 10, (12, label_bytes), dtype=np.uint8)
        images = generator.integers(0, 256, (12, 3072), dtype=np.uint8)
        (tmp_path / file).write_bytes(np.hstack([labels, images]).tobytes())
        kept[file] = labels[:, -1], images
    labels, images = kept[files[-1]]
    x, y = read_cifar(tmp_path / files[-1], label_bytes, classes)
    assert np.array_equal(y, labels)
    # Red plane first, rows of 32.
    assert x[3, 1, 2, 5] == images[3, 1024 + 2 * 32 + 5]
    data = load(name, str(tmp_path))
    assert data.shape == (3, 32, 32) and data.classes == classes and np.array_equal(data.test_y, labels)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def server(tmp_path):
    """(folder that is served, its address); nothing is remembered from other tests."""
    load.cache_clear()
    folder = tmp_path / "served"
    folder.mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{serving.server_address[1]}/"
        serving.shutdown()
        thread.join()
    load.cache_clear()


def md5(path):
    return "md5:" + hashlib.md5(path.read_bytes()).hexdigest()


def test_download_gives_the_files_and_uses_them_again(tmp_path, server, monkeypatch):
    served, address = server
    write_mnist(served, zipped=True)
    monkeypatch.setitem(data_module.SOURCES, "mnist", (address, {p.name: md5(p) for p in served.iterdir()}))
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path / "own"))
    first = load("mnist")
    for path in served.iterdir():
        path.unlink()
    load.cache_clear()
    assert np.array_equal(first.train_x, load("mnist").train_x)


def test_downloaded_archives_are_unpacked_by_name_only(tmp_path, server, monkeypatch):
    served, address = server
    row = bytes([0, 3]) + bytes(3072)
    with tarfile.open(served / "cifar.tar.gz", "w:gz") as tar:
        for name in ("cifar-100-binary/train.bin", "cifar-100-binary/test.bin", "../evil.bin", "/tmp/../evil.txt"):
            member = tarfile.TarInfo(name)
            member.size = 20 * len(row)
            tar.addfile(member, io.BytesIO(20 * row))
    monkeypatch.setitem(data_module.SOURCES, "cifar100", (address, {"cifar.tar.gz": md5(served / "cifar.tar.gz")}))
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path / "own"))
    assert set(load("cifar100").test_y) == {3}
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("trouble", ["wrong checksum", "no such file"])
def test_a_bad_download_is_named_and_leaves_nothing(tmp_path, server, monkeypatch, trouble):
    served, address = server
    write_mnist(served, zipped=True)
    names = sorted(p.name for p in served.iterdir())
    monkeypatch.setitem(data_module.SOURCES, "mnist", (address, dict.fromkeys(names, "md5:" + 32 * "0")))
    if trouble == "no such file":
        (served / names[0]).unlink()
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path / "own"))
    with pytest.raises(ValueError, match=f"cannot download {address}{names[0]}.*--data-dir"):
        load("mnist")
    assert not [p for p in (tmp_path / "own").rglob("*") if p.is_file()]


def test_real_fashion_mnist():
    if not FASHION.is_dir():
        if os.environ.get("CI"):
            pytest.fail("CI must have Debian's package dataset-fashion-mnist")
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    data = load("fashion_mnist", str(FASHION))
    assert data.train_x.shape == (55_000, 1, 28, 28) and data.test_x.shape == (10_000, 1, 28, 28)
    # The published set is balanced: 6,000 training and 1,000 test images a class.
    both = np.bincount(data.train_y, minlength=10) + np.bincount(data.validation_y, minlength=10)
    assert both.tolist() == [6000] * 10 and np.bincount(data.test_y).tolist() == [1000] * 10


DAMAGE = [
    (lambda raw: raw[:-3], r"must have \d+ bytes for the shape \[7, 28, 28\], got"),
    (lambda raw: raw + b"x", "must have"),
    (lambda raw: b"\x00\x00\x0d\x03" + raw[4:], "must begin with the IDX mark 00000803, got 00000d03"),
    (lambda raw: b"", "got nothing"),
    (lambda raw: raw[:9], "IDX header of 16 bytes, got 9"),
    (lambda raw: gzip.compress(raw)[:-20], "damaged gzip file"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGE)
def test_damaged_idx_files_are_named(tmp_path, damage, message):
    path = tmp_path / "images"
    path.write_bytes(damage(idx(np.zeros((7, 28, 28), dtype=np.uint8))))
    with pytest.raises(ValueError, match=message) as caught:
        read_idx(path, 3)
    assert str(path) in str(caught.value)


def test_wrong_folders_and_files_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte .* missing"):
        load("mnist", str(tmp_path))
    with pytest.raises(ValueError, match="does not exist"):
        load("mnist", str(tmp_path / "nowhere"))
    (tmp_path / "test.bin").write_bytes(b"\x01" * 3074 * 2 + b"x")
    with pytest.raises(ValueError, match=r"whole records of 3074 bytes, got 6149"):
        read_cifar(tmp_path / "test.bin", 2, 100)
    (tmp_path / "test.bin").write_bytes(b"\xff" * 3073)
    with pytest.raises(ValueError, match="labels below 10, got 255"):
        read_cifar(tmp_path / "test.bin", 1, 10)


def test_digits_are_bundled_and_split():
    data = load("digits")
    assert (len(data.train_y), len(data.validation_y), len(data.test_y)) == (1000, 297, 500)


def test_label_noise_touches_exactly_the_fraction_and_follows_the_seed():
    labels = np.full(1000, 3)
    noisy = add_label_noise(labels, 10, 0.4, seed=1)
    # 400 labels are drawn anew, one in ten of them hits the old class again.
    assert 330 <= (noisy != 3).sum() <= 390
    assert np.array_equal(noisy, add_label_noise(labels, 10, 0.4, seed=1))
    assert not np.array_equal(noisy, add_label_noise(labels, 10, 0.4, seed=2))
    assert np.array_equal(add_label_noise(labels, 10, 0.0, seed=1), labels)


def test_augmentation_equals_crops_and_flips_one_by_one():
    x = torch.randn(9, 2, 28, 28, generator=torch.Generator().manual_seed(0))
    out = augment(x, torch.Generator().manual_seed(4))
    draws = torch.Generator().manual_seed(4)
    shift = torch.randint(0, 9, (2, 9), generator=draws)
    flip = torch.randint(0, 2, (9,), generator=draws)
    assert 0 < flip.sum() < 9
    padded = torch.nn.functional.pad(x, (4, 4, 4, 4))
    for n in range(9):
        r, c = int(shift[0, n]), int(shift[1, n])
        crop = padded[n, :, r : r + 28, c : c + 28]
        assert torch.equal(out[n], crop.flip(2) if flip[n] else crop)


@pytest.mark.parametrize("name", MODELS)
def test_models_map_images_to_classes(name):
    if name == "wrn28-10":
        with torch.device("meta"):
            model = build_model(name, (3, 32, 32), 100)
        # Zagoruyko and Komodakis report 36.5 million parameters.
        assert sum(p.numel() for p in model.parameters()) == pytest.approx(36.5e6, rel=0.01)
        return
    model = build_model(name, (3, 32, 32), 10)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    depth = sum(
        isinstance(m, torch.nn.Conv2d | torch.nn.Linear)
        and not (isinstance(m, torch.nn.Conv2d) and m.kernel_size == (1, 1))
        for m in model.modules()
    )
    assert depth == {"mlp": 3, "resnet6": 6, "resnet8": 8, "vgg9": 9, "resnet18": 18}[name.removesuffix("-gn")]


def test_small_images_are_refused():
    with pytest.raises(ValueError, match="at least 8 × 8 pixels, got 4 × 4"):
        build_model("vgg9", (1, 4, 4), 10)
