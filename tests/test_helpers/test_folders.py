"""Image trees: data.image_folder."""

import hashlib
import io
import json
import os
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import ImageFolder

from helpers import data, folders

CLASSES = ["cat", "dog", "wild"]


def png(value=0):
    file = io.BytesIO()
    Image.new("RGB", (32, 32), (value, 0, 0)).save(file, "PNG")
    return file.getvalue()


def tree_entries(top="afhq/"):
    """The files of a small tree as the published archive has them."""
    return {
        f"{top}{split}/{label}/{i}.png": png(i)
        for split in ("train", "val")
        for label in CLASSES
        for i in range(2)
    }


def zipped(entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def write_tree(folder):
    for name, content in tree_entries("").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@pytest.fixture
def host(monkeypatch):
    """Replace the network by a host with one archive; return what it serves, to be changed."""
    serves = {"archive": zipped(tree_entries()), "sha256": None, "asked": []}

    def answer(url):
        serves["asked"].append(url)
        if serves["archive"] is None:
            raise OSError("no route to host")
        if url == folders._URL:
            return io.BytesIO(serves["archive"])
        digest = serves["sha256"] or hashlib.sha256(serves["archive"]).hexdigest()
        attributes = {"extra": {"hashes": {"sha256": digest}}}
        return io.BytesIO(json.dumps({"data": {"attributes": attributes}}).encode())

    monkeypatch.setattr(folders, "_open", answer)
    return serves


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    return data.image_folder("generated_faces", tmp_path_factory.mktemp("root") / "new")


def pixels(folder):
    return {
        str(path.relative_to(folder)): np.asarray(Image.open(path)).tobytes()
        for path in sorted(folder.rglob("*.png"))
    }


def test_generated_faces_are_an_image_folder_and_the_same_every_time(generated, tmp_path):
    assert generated.parts[-2:] == ("new", "generated_faces")
    assert os.listdir(generated.parent) == ["generated_faces"]
    for split, n in (("train", 200), ("val", 50)):
        images = ImageFolder(generated / split)
        assert images.classes == CLASSES
        assert np.bincount(images.targets).tolist() == [n] * 3
        assert images[0][0].size == (32, 32) and images[0][0].mode == "RGB"
    first = pixels(generated)
    assert len(set(first.values())) == 750, "no image twice, none of val in train"
    inode = (generated / "train").stat().st_ino
    assert data.image_folder("generated_faces", generated.parent) == generated
    assert (generated / "train").stat().st_ino == inode, "not made again"
    assert pixels(data.image_folder("generated_faces", tmp_path)) == first


def test_faces_are_told_by_their_shape_not_their_colour(generated):
    def load(split):
        images = ImageFolder(generated / split)
        stacked = np.stack([np.asarray(image) for image, _ in images]) / 255
        return torch.tensor(stacked, dtype=torch.float32), torch.tensor(images.targets)

    def nearest_mean(train, labels, test):
        means = torch.stack([train[labels == label].mean(0) for label in range(3)])
        return torch.cdist(test, means).argmin(1)

    (train, labels), (val, val_labels) = load("train"), load("val")

    def accuracy(feature):
        came = nearest_mean(feature(train), labels, feature(val))
        return (came == val_labels).double().mean()

    def brightness(images):
        return (images.mean(3) - images.mean((1, 2, 3))[:, None, None]).flatten(1)

    # 150 images, a chance of 1/3: standard deviation 0.04.
    assert accuracy(lambda images: images.mean((1, 2))) < 0.6
    assert accuracy(brightness) > 0.75


def test_where_the_folder_cannot_be_written_faces_go_to_a_temporary_one(tmp_path):
    (tmp_path / "file").write_text("")
    path = data.image_folder("generated_faces", tmp_path / "file" / "folder")
    assert len(ImageFolder(path / "val")) == 150
    assert path == data.image_folder("generated_faces", tmp_path / "file" / "folder")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_prepared_tree_needs_no_network(tmp_path, host):
    write_tree(tmp_path / "animal_faces")
    assert data.image_folder("animal_faces", tmp_path) == tmp_path / "animal_faces"
    assert host["asked"] == []


def test_the_folder_comes_from_the_environment(tmp_path, host, monkeypatch):
    write_tree(tmp_path / "animal_faces")
    monkeypatch.setenv("MLP_COURSE_DATA", str(tmp_path))
    assert data.image_folder("animal_faces") == tmp_path / "animal_faces"


@pytest.mark.parametrize("top", ["afhq/", "", "name with space/"])
def test_a_download_becomes_the_prepared_tree(tmp_path, host, top, capsys):
    extra = {"__MACOSX/._x.png": b"", f"{top}README.txt": b"read me"}
    host["archive"] = zipped(tree_entries(top) | extra)
    path = data.image_folder("animal_faces", tmp_path / "new")
    assert os.listdir(tmp_path / "new") == ["animal_faces"]
    assert sum(file.is_file() for file in path.rglob("*")) == 12
    assert ImageFolder(path / "train").classes == CLASSES
    assert ImageFolder(path / "train")[1][0].getpixel((0, 0)) == (1, 0, 0)
    assert len(host["asked"]) == 2
    data.image_folder("animal_faces", tmp_path / "new")
    assert len(host["asked"]) == 2
    assert capsys.readouterr().err == ""


def test_a_missing_tree_says_what_to_do(tmp_path, host):
    host["archive"] = None
    with pytest.raises(data.DataMissing) as caught:
        data.image_folder("animal_faces", tmp_path)
    for part in (
        "animal_faces",
        str(tmp_path),
        "no route to host",
        "internet",
        "MLP_COURSE_DATA",
        "train/CLASS",
    ):
        assert part in str(caught.value)
    assert os.listdir(tmp_path) == []


def symlink():
    info = zipfile.ZipInfo("afhq/train/cat/link.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    file = io.BytesIO(zipped(tree_entries()))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    return file.getvalue()


def lying_size():
    """An archive that states one byte for a file of a megabyte."""
    content = bytearray(zipped(tree_entries() | {"afhq/big.png": bytes(2**20)}))
    for place in (22, 24):  # sizes in the local header and in the directory
        signature = b"PK\x03\x04" if place == 22 else b"PK\x01\x02"
        start = content.rfind(signature)
        content[start + place : start + place + 4] = (1).to_bytes(4, "little")
    return bytes(content)


HARMFUL = {
    "parent": (lambda: zipped(tree_entries() | {"../evil.png": png()}), "leads outside"),
    "inner parent": (lambda: zipped(tree_entries() | {"a/../../evil.png": png()}), "outside"),
    "absolute": (lambda: zipped(tree_entries() | {"/tmp/evil.png": png()}), "leads outside"),
    "backslash": (lambda: zipped(tree_entries() | {"..\\evil.png": png()}), "leads outside"),
    "drive": (lambda: zipped(tree_entries() | {"C:\\evil.png": png()}), "leads outside"),
    "link": (symlink, "not an ordinary file"),
    "other layout": (lambda: zipped({"cats/1.png": png()}), "expected train and val"),
    "empty class": (
        lambda: zipped({k: v for k, v in tree_entries().items() if "val/dog" not in k}),
        "expected train and val",
    ),
    "no archive": (lambda: b"<html>not found</html>", "not a zip"),
    "lying": (lying_size, "CRC"),
}


@pytest.mark.parametrize("archive, message", HARMFUL.values(), ids=HARMFUL)
def test_an_archive_that_could_do_harm_leaves_nothing(tmp_path, host, archive, message):
    host["archive"] = archive()
    with pytest.raises(data.DataMissing, match=message):
        data.image_folder("animal_faces", tmp_path / "a" / "b")
    assert [path.name for path in tmp_path.rglob("*")] in (["a", "b"], ["b", "a"])
    assert not Path("/tmp/evil.png").exists()


def test_another_checksum_than_the_published_one_is_refused(tmp_path, host):
    host["sha256"] = "0" * 64
    with pytest.raises(data.DataMissing, match="SHA-256 of the download: expected 0000"):
        data.image_folder("animal_faces", tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("limit", ["_MAX_ARCHIVE", "_MAX_EXTRACTED", "_MAX_FILES"])
def test_sizes_are_limited(tmp_path, host, monkeypatch, limit):
    monkeypatch.setattr(folders, limit, 10)
    with pytest.raises(data.DataMissing, match="expected at most"):
        data.image_folder("animal_faces", tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", folders.FOLDER_NAMES)
def test_an_incomplete_tree_is_refused_and_kept(tmp_path, host, name):
    write_tree(tmp_path / name)
    (tmp_path / name / "val" / "dog" / "0.png").unlink()
    (tmp_path / name / "val" / "dog" / "1.png").rename(tmp_path / name / "val" / "dog" / "1.txt")
    with pytest.raises(data.DataError, match="PNG or JPEG files in val/dog.*delete it") as caught:
        data.image_folder(name, tmp_path)
    assert str(tmp_path / name) in str(caught.value)
    (tmp_path / name / "val" / "dog" / "1.txt").unlink()
    (tmp_path / name / "val" / "dog").rmdir()
    with pytest.raises(data.DataError, match="folder val/dog"):
        data.image_folder(name, tmp_path)
    assert host["asked"] == []


def test_default_folder_name(monkeypatch, capsys):
    monkeypatch.delenv("MLP_COURSE_DATASET", raising=False)
    assert data.default_folder_name("animal_faces") == "animal_faces"
    monkeypatch.setenv("MLP_COURSE_DATASET", "cifar10")
    assert data.default_folder_name("animal_faces") == "animal_faces"
    monkeypatch.setenv("MLP_COURSE_DATASET", "synthetic")
    assert data.default_folder_name("generated_faces") == "generated_faces"
    assert capsys.readouterr().out == ""
    assert data.default_folder_name("animal_faces") == "generated_faces"
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and "generated_faces" in out and "animal_faces" in out


def test_unknown_names_are_refused():
    for function in (data.image_folder, data.default_folder_name):
        with pytest.raises(ValueError, match="animal_faces, generated_faces; got 'cats'"):
            function("cats")
