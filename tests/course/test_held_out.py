"""What a student's kernel sees of the image files, and what the grader keeps."""

import os
import shutil

import numpy as np
import pytest
from conftest import ROOT, hidden_of

from autograder.authoring.classroom import hand_in, prepend, solved
from autograder.errors import UserError
from autograder.grading import batch
from autograder.grading.judging.data import for_kernels
from helpers import data, folders

A = "99_tiny"
SECRET = "ada;1.0"
OWN = hidden_of("05_cifar_limits")
held_out = OWN.module("held_out")


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """A data folder with a tiny `cifar10.npz` whose ten test labels are 0 ... 9."""
    folder = tmp_path / "data"
    folder.mkdir()
    rng = np.random.default_rng(1)
    np.savez(
        folder / "cifar10.npz",
        train_images=rng.integers(0, 256, (20, 32, 32, 3), np.uint8),
        train_labels=np.arange(20, dtype=np.uint8) % 10,
        test_images=rng.integers(0, 256, (10, 32, 32, 3), np.uint8),
        test_labels=np.arange(10, dtype=np.uint8),
    )
    shutil.copy(folder / "cifar10.npz", folder / "cifar10_backup.npz")
    np.savez(folder / "mnist.npz", train_labels=np.arange(3), answers=np.arange(9))
    (folder / "private").mkdir()
    (folder / "private" / "grades.csv").write_text(SECRET)
    shutil.copytree(folder / "private", folder / "animal_faces" / "private")
    for inside in folders.INSIDE:
        (folder / "animal_faces" / inside).mkdir(parents=True)
        (folder / "animal_faces" / inside / "1.png").write_text("a picture")
    seen = folder / "animal_faces" / "train" / "cat"
    (seen / "grades.csv").write_text(SECRET)
    for name in ("2.png", "3.PNG"):
        (seen / name).symlink_to(folder / "private" / "grades.csv")
    (seen / "4.png").mkdir()
    os.mkfifo(seen / "5.png")
    shutil.rmtree(folder / "animal_faces" / "val" / "wild")
    (folder / "animal_faces" / "val" / "wild").symlink_to(folder / "private")
    shutil.copy(folder / "private" / "grades.csv", folder / "private" / "6.png")
    monkeypatch.setenv("MLP_COURSE_DATA", str(folder))
    monkeypatch.delenv("MLP_COURSE_DATASET", raising=False)
    return folder


def test_a_students_folder_lacks_the_second_half_of_the_test_set(prepared, tmp_path):
    folder = for_kernels(tmp_path, OWN)
    whole, cut = np.load(prepared / "cifar10.npz"), np.load(folder / "cifar10.npz")
    assert cut["test_labels"].tolist() == [0, 1, 2, 3, 4]
    assert np.array_equal(cut["test_images"], whole["test_images"][:5])
    assert np.array_equal(cut["train_images"], whole["train_images"])
    assert [path.name for path in folder.iterdir()] == ["cifar10.npz"]


def test_the_grader_keeps_the_second_half_and_the_training_statistics(prepared):
    held, whole = held_out.load("cifar10"), np.load(prepared / "cifar10.npz")
    assert held.labels.tolist() == [5, 6, 7, 8, 9]
    assert np.array_equal(held.images.permute(0, 2, 3, 1), whole["test_images"][5:])
    pixels = whole["train_images"].reshape(-1, 3) / 255
    assert np.allclose(held.mean, pixels.mean(0)) and np.allclose(held.std, pixels.std(0), 1e-3)


def test_the_students_folder_follows_a_changed_file(prepared, tmp_path):
    own = hidden_of("01_mlp_basics")
    folder = for_kernels(tmp_path, own)
    os.utime(folder / "mnist.npz", (1, 1))
    for_kernels(tmp_path, own)
    assert (folder / "mnist.npz").stat().st_mtime == 1, "made anew although nothing changed"
    np.savez(prepared / "mnist.npz", train_labels=np.arange(4))
    for_kernels(tmp_path, own)
    assert np.load(folder / "mnist.npz")["train_labels"].tolist() == [0, 1, 2, 3]


def test_a_students_folder_holds_known_files_and_known_arrays_only(prepared, tmp_path):
    own = hidden_of("01_mlp_basics")
    folder = for_kernels(tmp_path, own)
    assert [path.name for path in folder.iterdir()] == ["mnist.npz"]
    assert np.load(folder / "mnist.npz").files == ["train_labels"]
    own = hidden_of("02_deep_vs_wide")
    folder = for_kernels(tmp_path, own)
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    known = {f"animal_faces/{inside}/1.png" for inside in folders.INSIDE}
    assert found == known - {"animal_faces/val/wild/1.png"}
    assert not any(SECRET in (folder / path).read_text() for path in found)


def test_the_students_folder_follows_a_new_picture(prepared, tmp_path):
    own = hidden_of("02_deep_vs_wide")
    folder = for_kernels(tmp_path, own)
    (prepared / "animal_faces" / "val" / "cat" / "9.png").write_text("new")
    assert (for_kernels(tmp_path, own) / "animal_faces" / "val" / "cat" / "9.png").is_file()
    assert folder.is_dir()


def test_an_assignment_without_data_has_no_folder(tmp_path):
    assert for_kernels(tmp_path, hidden_of("03_optimizers")) is None


def test_a_damaged_file_gets_one_message(prepared, tmp_path):
    (prepared / "cifar10.npz").write_bytes(b"PK damaged")
    with pytest.raises(UserError, match=r"cifar10\.npz cannot be read .* good copy"):
        for_kernels(tmp_path, OWN)
    (prepared / "cifar10.npz").unlink()
    for_kernels(tmp_path, OWN)


@pytest.mark.slow
def test_a_kernel_never_sees_a_held_out_label(prepared, course):
    spy = f"""
import os, numpy as np
own = os.path.join(os.environ["MLP_COURSE_DATA"], "cifar10.npz")
print("own", np.load(own)["test_labels"].tolist())
print("files seen:", os.listdir(os.environ["MLP_COURSE_DATA"]))
print("whole file seen:", os.path.exists({str(prepared / "cifar10.npz")!r}))
"""
    for name in ("data.py", "held_out.py"):
        shutil.copy(ROOT / "hidden" / "05_cifar_limits" / name, course.hidden / A)
    (course.hidden / "shared").mkdir()
    shutil.copy(ROOT / "hidden" / "shared" / "prepared.py", course.hidden / "shared")
    hand_in(course, "spy", A, prepend(solved(course, A), spy))
    (outcome,) = batch.grade(course, A, ["spy"])
    text = (course.folder("autograded") / "spy" / A / f"{A}.ipynb").read_text()
    assert "own [0, 1, 2, 3, 4]" in text
    assert "files seen: ['cifar10.npz']" in text
    if "exposed" not in outcome.isolation:
        assert "whole file seen: False" in text


def test_synthetic_held_out_images_are_other_images():
    with data.using("synthetic"):
        held, public = held_out.load("cifar10"), data.load_images("synthetic_color")
    assert held.name == "synthetic_color" and held.images.shape[1:] == (3, 32, 32)
    seen = {image.numpy().tobytes() for image in public.test_images}
    assert not any(image.numpy().tobytes() in seen for image in held.images[:200])
