"""What a student's kernel sees of the image files, and what the grader keeps."""

import math
import os

import numpy as np
import pytest

from autograder import held_out
from autograder.authoring.classroom import hand_in, prepend, solved
from autograder.authoring.thresholds import false_fail_rate
from autograder.errors import UserError
from autograder.grading import batch

A = "99_tiny"


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
    (folder / "mnist.npz").write_bytes(b"left as it is")
    monkeypatch.setenv("MLP_COURSE_DATA", str(folder))
    monkeypatch.delenv("MLP_COURSE_DATASET", raising=False)
    return folder


def test_a_students_folder_lacks_the_second_half_of_the_test_set(prepared, tmp_path):
    folder = held_out.student_folder(tmp_path / "private")
    whole, cut = np.load(prepared / "cifar10.npz"), np.load(folder / "cifar10.npz")
    assert cut["test_labels"].tolist() == [0, 1, 2, 3, 4]
    assert np.array_equal(cut["test_images"], whole["test_images"][:5])
    assert np.array_equal(cut["train_images"], whole["train_images"])
    assert (folder / "mnist.npz").read_bytes() == b"left as it is"


def test_the_grader_keeps_the_second_half_and_the_training_statistics(prepared):
    held, whole = held_out.load("cifar10"), np.load(prepared / "cifar10.npz")
    assert held.labels.tolist() == [5, 6, 7, 8, 9]
    assert np.array_equal(held.images.permute(0, 2, 3, 1), whole["test_images"][5:])
    pixels = whole["train_images"].reshape(-1, 3) / 255
    assert np.allclose(held.mean, pixels.mean(0)) and np.allclose(held.std, pixels.std(0), 1e-3)


def test_the_students_folder_follows_a_changed_file(prepared, tmp_path):
    folder = held_out.student_folder(tmp_path / "private")
    os.utime(folder / "mnist.npz", (1, 1))
    held_out.student_folder(tmp_path / "private")
    assert (folder / "mnist.npz").stat().st_mtime == 1, "made anew although nothing changed"
    (prepared / "mnist.npz").write_bytes(b"another")
    held_out.student_folder(tmp_path / "private")
    assert (folder / "mnist.npz").read_bytes() == b"another"


def test_a_damaged_file_gets_one_message(prepared, tmp_path):
    (prepared / "cifar10.npz").write_bytes(b"PK damaged")
    with pytest.raises(UserError, match=r"cifar10\.npz cannot be read .* good copy"):
        held_out.student_folder(tmp_path / "private")
    (prepared / "cifar10.npz").unlink()
    held_out.student_folder(tmp_path / "private")


def test_a_kernel_never_sees_a_held_out_label(prepared, course):
    spy = f"""
import os, numpy as np
own = os.path.join(os.environ["MLP_COURSE_DATA"], "cifar10.npz")
print("own", np.load(own)["test_labels"].tolist())
print("whole file seen:", os.path.exists({str(prepared / "cifar10.npz")!r}))
"""
    hand_in(course, "spy", A, prepend(solved(course, A), spy))
    (result,) = batch.grade(course, A, ["spy"])
    text = (course.folder("autograded") / "spy" / A / f"{A}.ipynb").read_text()
    assert "own [0, 1, 2, 3, 4]" in text
    if "exposed" not in result.isolation:
        assert "whole file seen: False" in text


def test_synthetic_held_out_images_are_other_images(monkeypatch):
    from helpers import data

    monkeypatch.setenv("MLP_COURSE_DATASET", "synthetic")
    held, public = held_out.load("cifar10"), data.load_images("synthetic_color")
    assert held.name == "synthetic_color" and held.images.shape[1:] == (3, 32, 32)
    seen = {image.numpy().tobytes() for image in public.test_images}
    assert not any(image.numpy().tobytes() in seen for image in held.images[:200])


def test_the_false_fail_rate_is_that_of_a_students_t():
    # From a table of quantiles: P(t < -7.173) = 0.001 with 4 degrees of freedom.
    scores = [-2.0, -1.0, 0.0, 1.0, 2.0]
    spread = math.sqrt(2.5) * math.sqrt(6 / 5)
    assert false_fail_rate(scores, -7.173 * spread) == pytest.approx(0.001, rel=1e-3)
    assert false_fail_rate(scores, 0.0) == pytest.approx(0.5)
    assert false_fail_rate([0.6, 0.6, 0.6], 0.5) == 0 and false_fail_rate([0.6, 0.6], 0.7) == 1
    with pytest.raises(ValueError, match="at least 2"):
        false_fail_rate([0.6], 0.5)
