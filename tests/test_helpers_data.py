"""Loading images and making batches: helpers.data."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision

from helpers import data


def prepared(shape=(28, 28), n_train=6, n_test=4):
    """Arrays of a small prepared file."""
    rng = np.random.default_rng(0)
    return {
        "train_images": rng.integers(0, 256, (n_train, *shape), dtype=np.uint8),
        "train_labels": (np.arange(n_train) % 10).astype(np.uint8),
        "test_images": rng.integers(0, 256, (n_test, *shape), dtype=np.uint8),
        "test_labels": (np.arange(n_test) % 10).astype(np.uint8),
    }


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise RuntimeError("no route to host")

    monkeypatch.setattr(torchvision.datasets, "MNIST", refuse)
    monkeypatch.setattr(torchvision.datasets, "CIFAR10", refuse)


@pytest.fixture
def fake_mnist(monkeypatch):
    """Replace torchvision's MNIST; return the arrays it serves and a list of the downloads."""
    arrays, downloads = prepared(), []

    class MNIST:
        def __init__(self, root, train, download):
            assert download
            downloads.append(Path(root))
            split = "train" if train else "test"
            self.data = torch.from_numpy(arrays[f"{split}_images"])
            self.targets = torch.from_numpy(arrays[f"{split}_labels"]).long()

    monkeypatch.setattr(torchvision.datasets, "MNIST", MNIST)
    return arrays, downloads


@pytest.mark.parametrize("name, shape", [("mnist", (28, 28)), ("cifar10", (32, 32, 3))])
def test_a_prepared_file_becomes_channels_first_tensors(tmp_path, no_network, name, shape):
    arrays = prepared(shape)
    np.savez(tmp_path / f"{name}.npz", **arrays)
    images = data.load_images(name, tmp_path)
    assert images.name == name
    assert len(images.classes) == 10
    for split in ("train", "test"):
        came = getattr(images, f"{split}_images")
        expected = arrays[f"{split}_images"].reshape(-1, shape[0], shape[1], (*shape, 1)[2])
        assert came.dtype == torch.uint8 and came.is_contiguous()
        for channel in range(expected.shape[-1]):
            np.testing.assert_array_equal(came[:, channel], expected[..., channel])
        labels = getattr(images, f"{split}_labels")
        assert labels.dtype == torch.int64
        assert labels.tolist() == arrays[f"{split}_labels"].tolist()
    assert "6 train" in repr(images) and "uint8" in repr(images)


def test_the_folder_comes_from_the_environment(tmp_path, no_network, monkeypatch):
    np.savez(tmp_path / "mnist.npz", **prepared())
    monkeypatch.setenv("MLP_COURSE_DATA", str(tmp_path))
    assert len(data.load_images("mnist").train_images) == 6
    monkeypatch.setenv("MLP_COURSE_DATA", "")
    assert data.data_folder() == Path.home() / ".cache" / "mlp-course"


def test_a_read_only_folder_with_the_file_is_enough(tmp_path, no_network):
    np.savez(tmp_path / "mnist.npz", **prepared())
    before = sorted(os.listdir(tmp_path))
    (tmp_path / "mnist.npz").chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert len(data.load_images("mnist", tmp_path).test_images) == 4
    finally:
        tmp_path.chmod(0o755)
    # The superuser may write anywhere, so see that nothing was.
    assert sorted(os.listdir(tmp_path)) == before


def test_a_download_is_kept_as_a_prepared_file(tmp_path, fake_mnist, capsys):
    arrays, downloads = fake_mnist
    folder = tmp_path / "not" / "yet"
    first = data.load_images("mnist", folder)
    np.testing.assert_array_equal(first.train_images[:, 0], arrays["train_images"])
    assert os.listdir(folder) == ["mnist.npz"]
    with np.load(folder / "mnist.npz", allow_pickle=False) as written:
        assert sorted(written.files) == sorted(arrays)
        for key, value in arrays.items():
            assert written[key].dtype == np.uint8
            np.testing.assert_array_equal(written[key], value)
    assert len(downloads) == 2
    second = data.load_images("mnist", folder)
    assert len(downloads) == 2
    assert torch.equal(first.test_labels, second.test_labels)
    assert capsys.readouterr().err == ""


def test_a_failing_download_says_what_to_do(tmp_path, no_network):
    with pytest.raises(data.DataMissing) as caught:
        data.load_images("mnist", tmp_path)
    for part in ("mnist.npz", str(tmp_path), "no route to host", "internet", "MLP_COURSE_DATA"):
        assert part in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_a_failing_write_leaves_nothing_behind(tmp_path, fake_mnist, monkeypatch):
    def fail(path, **arrays):
        Path(path).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(data.DataMissing, match="disk full"):
        data.load_images("mnist", tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path, fake_mnist):
    (tmp_path / "file").write_text("")
    with pytest.raises(data.DataMissing, match="MLP_COURSE_DATA"):
        data.load_images("mnist", tmp_path / "file" / "folder")
    assert fake_mnist[1] == []


BROKEN = {
    "missing": (lambda a: a.pop("test_labels"), "test_labels"),
    "other set": (lambda a: a.update(prepared((32, 32, 3))), r"expected uint8 \(N, 28, 28\)"),
    "floats": (lambda a: a.update(train_images=a["train_images"] / 255), "came float64"),
    "empty": (lambda a: a.update(test_images=a["test_images"][:0]), r"came uint8 \(0, 28, 28\)"),
    "short": (lambda a: a.update(train_labels=a["train_labels"][1:]), "expected 6 integers"),
    "range": (lambda a: a.update(train_labels=a["train_labels"] + 5), "expected 0 ... 9, came 5"),
    "objects": (lambda a: a.update(train_labels=np.array([{}] * 6)), "cannot be read"),
}


@pytest.mark.parametrize("change, message", BROKEN.values(), ids=BROKEN)
def test_an_unfit_prepared_file_is_refused(tmp_path, fake_mnist, change, message):
    arrays = prepared()
    change(arrays)
    np.savez(tmp_path / "mnist.npz", **arrays)
    with pytest.raises(data.DataError, match=message) as caught:
        data.load_images("mnist", tmp_path)
    assert str(tmp_path / "mnist.npz") in str(caught.value)
    assert "delete it" in str(caught.value)
    assert fake_mnist[1] == [], "a damaged file is the user's: never replaced silently"


@pytest.mark.parametrize("damage", ["text", "cut", "flipped", "npy"])
def test_a_corrupt_prepared_file_is_refused(tmp_path, no_network, damage):
    path = tmp_path / "mnist.npz"
    np.savez_compressed(path, **prepared())
    content = bytearray(path.read_bytes())
    if damage == "text":
        content = b"<html>not found</html>"
    elif damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content[300:320] = bytes(255 - byte for byte in content[300:320])
    path.write_bytes(content)
    if damage == "npy":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    with pytest.raises(data.DataError, match="cannot be read"):
        data.load_images("mnist", tmp_path)


def test_unknown_names_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="mnist, cifar10, synthetic; came 'MNIST'"):
        data.load_images("MNIST")
    monkeypatch.setenv("MLP_COURSE_DATASET", "nonsense")
    with pytest.raises(ValueError, match="MLP_COURSE_DATASET"):
        data.default_name("mnist")


def test_default_name_says_when_the_environment_decides(monkeypatch, capsys):
    monkeypatch.delenv("MLP_COURSE_DATASET", raising=False)
    assert data.default_name("mnist") == "mnist"
    monkeypatch.setenv("MLP_COURSE_DATASET", "mnist")
    assert data.default_name("mnist") == "mnist"
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("MLP_COURSE_DATASET", "synthetic")
    assert data.default_name("mnist") == "synthetic"
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and "synthetic" in out and "mnist" in out


def test_the_synthetic_set_is_the_same_every_time_and_leaves_the_generator_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    first = data.load_images("synthetic")
    assert torch.equal(torch.rand(2), expected)
    second = data.load_images("synthetic")
    assert torch.equal(first.train_images, second.train_images)
    assert torch.equal(first.test_labels, second.test_labels)
    assert first.train_images.shape == (4000, 1, 28, 28)
    assert first.test_images.shape == (1000, 1, 28, 28)
    assert first.train_images.dtype == torch.uint8 and first.train_images.is_contiguous()
    assert torch.bincount(first.train_labels, minlength=10).min() > 300


def test_the_synthetic_set_rewards_a_hidden_layer():
    images = data.load_images("synthetic")
    train, test = (part.flatten(1) / 255 for part in (images.train_images, images.test_images))
    means = torch.stack([train[images.train_labels == digit].mean(0) for digit in range(10)])
    nearest = (torch.cdist(test, means).argmin(1) == images.test_labels).double().mean()
    assert nearest < 0.8
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10)
    )
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    loader = data.TensorLoader(train, images.train_labels, 64, shuffle=True)
    for _ in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    accuracy = (model(test).argmax(1) == images.test_labels).double().mean()
    assert 0.88 < accuracy < 0.99


def numbered(n=10, channels=1):
    """Images whose every pixel is the image's number, labelled with that number."""
    number = torch.arange(n)
    return number.to(torch.uint8).reshape(n, 1, 1, 1).expand(n, channels, 2, 3), number


def test_batches_in_order_with_a_ragged_last_one():
    images, labels = numbered(10)
    loader = data.TensorLoader(images, labels.to(torch.uint8), 4)
    batches = list(loader)
    assert [len(y) for _, y in batches] == [4, 4, 2] and len(loader) == 3
    assert loader.dataset_size == 10 and "10 images" in repr(loader)
    assert torch.equal(torch.cat([y for _, y in batches]), labels)
    x, y = batches[0]
    assert x.dtype == torch.float32 and y.dtype == torch.int64 and x.shape == (4, 1, 2, 3)
    torch.testing.assert_close(torch.cat([x for x, _ in batches]), images.float() / 255)


def test_len_is_right_without_a_remainder():
    assert len(data.TensorLoader(*numbered(8), 4)) == len(list(data.TensorLoader(*numbered(8), 4)))


def orders(epochs, **options):
    loader = data.TensorLoader(*numbered(50), 7, shuffle=True, **options)
    return [torch.cat([y for _, y in loader]).tolist() for _ in range(epochs)]


def test_shuffling_redraws_the_order_from_the_seed():
    first, second = orders(2, seed=1)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second and first != list(range(50))
    torch.manual_seed(99)
    assert orders(2, seed=1) == [first, second]
    assert orders(1, seed=2) != [first]


def test_an_epoch_left_early_counts_as_an_epoch():
    loader = data.TensorLoader(*numbered(50), 7, shuffle=True, seed=1)
    iter(loader)
    assert torch.cat([y for _, y in loader]).tolist() == orders(2, seed=1)[1]


def test_images_and_labels_stay_together():
    images, labels = numbered(30)
    for x, y in data.TensorLoader(images, labels, 7, shuffle=True):
        assert torch.equal((x[:, 0, 0, 0] * 255).round().long(), y)


def test_normalising_per_channel():
    images = torch.randint(0, 256, (5, 3, 4, 4), dtype=torch.uint8)
    mean, std = (0.1, 0.2, 0.3), torch.tensor([1.0, 2.0, 4.0])
    ((x, _),) = data.TensorLoader(images, torch.zeros(5, dtype=torch.int64), 5, mean=mean, std=std)
    for channel in range(3):
        expected = (images[:, channel].double() / 255 - mean[channel]) / std[channel].double()
        torch.testing.assert_close(x[:, channel].double(), expected, atol=1e-6, rtol=0)


def test_floats_are_not_scaled_and_batches_are_copies():
    images, labels = torch.rand(4, 1, 2, 2) * 9, torch.arange(4)
    before = images.clone()
    ((x, y),) = data.TensorLoader(images, labels, 4)
    torch.testing.assert_close(x, before)
    x.zero_()
    y.zero_()
    assert torch.equal(images, before) and torch.equal(labels, torch.arange(4))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"labels": torch.arange(9)}, r"labels: expected shape \(10,\)"),
        ({"labels": torch.zeros(10, 1).long()}, r"labels: expected shape \(10,\)"),
        ({"labels": torch.zeros(10)}, "labels: expected integers, came torch.float32"),
        ({"images": torch.zeros(10, 1, 2, 3, dtype=torch.int64)}, "images: expected a uint8"),
        ({"images": torch.zeros(10)}, "images: expected a uint8"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 2.5}, "batch_size"),
        ({"mean": (0.1, 0.2)}, "mean: expected one number or 1"),
        ({"std": 0.0}, "std: expected positive"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    images, labels = numbered(10)
    with pytest.raises(ValueError, match=message):
        data.TensorLoader(**{"images": images, "labels": labels, "batch_size": 4} | change)


def test_split_indices():
    train, val = data.split_indices(20, 6, seed=4)
    assert len(train) == 14 and len(val) == 6
    assert sorted(torch.cat([train, val]).tolist()) == list(range(20))
    again = data.split_indices(20, 6, seed=4)
    assert torch.equal(train, again[0]) and torch.equal(val, again[1])
    assert not torch.equal(val, data.split_indices(20, 6, seed=5)[1])
    assert [len(part) for part in data.split_indices(3, 0, 0)] == [3, 0]
    for n_val in (-1, 21):
        with pytest.raises(ValueError, match=re.escape("expected 0 ... 20")):
            data.split_indices(20, n_val, seed=0)


@pytest.mark.parametrize(
    "name, shape, sizes",
    [("mnist", (1, 28, 28), (60_000, 10_000)), ("cifar10", (3, 32, 32), (50_000, 10_000))],
)
def test_the_real_set(name, shape, sizes):
    if not (folder := os.environ.get("MLP_COURSE_DATA")):
        pytest.skip("MLP_COURSE_DATA is not set")
    if not (Path(folder) / f"{name}.npz").exists():
        pytest.skip(f"no {name}.npz in MLP_COURSE_DATA")
    images = data.load_images(name)
    assert (len(images.train_images), len(images.test_images)) == sizes
    assert images.train_images.shape[1:] == shape
    assert sorted(set(images.test_labels.tolist())) == list(range(10))
