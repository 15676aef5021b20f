"""Train or load: helpers.checkpoints."""

import os
import pickle
import re
from collections import Counter, OrderedDict
from unittest import mock

import numpy as np
import pytest
import torch

from helpers import checkpoints, data
from helpers.checkpoints import CheckpointError, train_or_load


def never():
    raise AssertionError("trained again")


@pytest.fixture
def graded(monkeypatch):
    """As where a submission is graded: what is there is loaded, whatever made it."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")


def test_trained_once_and_the_same_afterwards(tmp_path, capsys):
    path = tmp_path / "sub" / "model.pt"
    model = torch.nn.Linear(3, 2)
    calls = Counter()

    def train():
        calls["train"] += 1
        return {
            "model": model.state_dict(),
            "parameter": model.weight,
            "history": {"val_accuracy": [0.5, np.float64(0.75), np.int32(3)], 2: (True, None)},
            "name": "baseline",
            "nan": float("nan"),
            "empty": [],
        }

    trained = train_or_load(path, train)
    assert capsys.readouterr().out == f"saved {path}\n"
    loaded = train_or_load(str(path), train)
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and "loaded" in out and str(path) in out and "delete" in out
    assert calls["train"] == 1 and os.listdir(path.parent) == ["model.pt"]
    for saved in (trained, loaded):
        assert list(saved) == ["model", "parameter", "history", "name", "nan", "empty"]
        assert type(saved["model"]) is dict
        assert torch.equal(saved["model"]["weight"], model.weight)
        assert type(saved["parameter"]) is torch.Tensor and not saved["parameter"].requires_grad
        assert saved["history"] == {"val_accuracy": [0.5, 0.75, 3], 2: (True, None)}
        assert type(saved["history"]["val_accuracy"][1]) is float
        assert saved["name"] == "baseline" and saved["nan"] != saved["nan"]
    with torch.no_grad():
        model.weight.zero_()
    assert not torch.equal(trained["model"]["weight"], model.weight), "a copy, not the model's own"
    model.load_state_dict(loaded["model"])


def test_a_view_is_saved_without_what_it_is_a_view_of(tmp_path):
    train_or_load(tmp_path / "a.pt", lambda: {"row": torch.zeros(1000, 1000)[0]})
    assert (tmp_path / "a.pt").stat().st_size < 20_000


def test_load_is_called_with_what_came_from_the_file_only(tmp_path):
    path, model, seen = tmp_path / "a.pt", torch.nn.Linear(2, 1), []

    def train():
        return {"model": model.state_dict()}

    train_or_load(path, train, load=seen.append)
    assert seen == []
    other = torch.nn.Linear(2, 1)
    saved = train_or_load(path, train, load=lambda saved: other.load_state_dict(saved["model"]))
    assert torch.equal(other.weight, model.weight) and "model" in saved
    wider = torch.nn.Linear(5, 1)
    with pytest.raises(CheckpointError, match="does not fit.*delete.*train again") as caught:
        train_or_load(path, train, load=lambda saved: wider.load_state_dict(saved["model"]))
    assert str(path) in str(caught.value) and path.exists()


class Local:
    pass


UNFIT = {
    "module": (lambda: {"model": torch.nn.Linear(2, 2)}, r"\['model'\].*Linear.*state_dict"),
    "array": (lambda: {"x": [np.zeros(2)]}, r"\['x'\]\[0\].*ndarray.*from_numpy"),
    "object": (lambda: {"a": {"b": Local()}}, r"\['a'\]\['b'\].*Local"),
    "function": (lambda: {"a": never}, "function"),
    "set": (lambda: {"a": {1}}, "set"),
    "complex": (lambda: {"a": 1j}, "complex"),
    "sparse": (lambda: {"a": torch.eye(2).to_sparse()}, "ordinary tensor"),
    "key": (lambda: {(1, 2): 3}, r"keys.*\(1, 2\)"),
    "none": (lambda: None, "expected a dict, got NoneType"),
    "list": (lambda: [1], "expected a dict, got list"),
}


@pytest.mark.parametrize("train, message", UNFIT.values(), ids=UNFIT)
def test_what_cannot_be_loaded_again_is_not_saved(tmp_path, train, message):
    with pytest.raises(CheckpointError, match=message):
        train_or_load(tmp_path / "a.pt", train)
    assert os.listdir(tmp_path) == []


def test_a_dict_inside_itself_is_refused(tmp_path):
    saved = {}
    saved["again"] = saved
    with pytest.raises(CheckpointError, match="nested too deeply"):
        train_or_load(tmp_path / "a.pt", lambda: saved)
    assert os.listdir(tmp_path) == []


class Harmful:
    def __reduce__(self):
        return os.mkdir, (os.environ["CHECKPOINT_TEST_TARGET"],)


def harmful_pickle(path):
    path.write_bytes(pickle.dumps({"a": Harmful()}))


def harmful_torch(path):
    torch.save({"a": Harmful()}, path)


def cut(path):
    torch.save({"a": torch.zeros(100)}, path)
    path.write_bytes(path.read_bytes()[:-200])


DAMAGED = {
    "pickle with code": harmful_pickle,
    "torch file with code": harmful_torch,
    "cut": cut,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("<html>"),
    "folder": lambda path: path.mkdir(),
    "a bare tensor": lambda path: torch.save(torch.zeros(2), path),
    "a shape": lambda path: torch.save({"a": torch.Size([2])}, path),
    "a record of something else": lambda path: torch.save({"record": {"when": "now"}}, path),
    "a record that is a number": lambda path: torch.save({"record": 3}, path),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_named_and_executes_nothing(tmp_path, monkeypatch, damage, capsys):
    target = tmp_path / "made by the file"
    monkeypatch.setenv("CHECKPOINT_TEST_TARGET", str(target))
    path = tmp_path / "a.pt"
    damage(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(CheckpointError, match="delete .*a.pt to train again") as caught:
        train_or_load(path, never)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert not target.exists()
    assert before is None or path.read_bytes() == before
    assert capsys.readouterr() == ("", "")


def test_an_ordered_dict_saved_elsewhere_is_accepted(tmp_path):
    torch.save(OrderedDict(a=torch.ones(2)), tmp_path / "a.pt")
    assert train_or_load(tmp_path / "a.pt", never)["a"].tolist() == [1, 1]


def test_a_file_written_on_a_gpu_is_loaded_without_one(tmp_path):
    with mock.patch("torch.serialization.location_tag", lambda storage: "cuda:0"):
        torch.save({"a": torch.ones(2)}, tmp_path / "a.pt")
    loaded = train_or_load(tmp_path / "a.pt", never)["a"]
    assert loaded.device.type == "cpu" and loaded.tolist() == [1, 1]


@pytest.mark.parametrize("error", [OSError("disk full"), RuntimeError("write failed")])
def test_a_failing_write_keeps_the_training_and_leaves_no_file(
    tmp_path, monkeypatch, capsys, error
):
    def fail(saved, path):
        path.write_bytes(b"half")
        raise error

    monkeypatch.setattr(torch, "save", fail)
    assert train_or_load(tmp_path / "a.pt", lambda: {"a": 1}) == {"a": 1}
    assert os.listdir(tmp_path) == []
    assert str(error) in capsys.readouterr().out


@pytest.mark.parametrize("stage", ["train", "save"])
def test_an_interruption_leaves_no_file(tmp_path, monkeypatch, stage):
    def interrupted(*args):
        raise KeyboardInterrupt

    if stage == "save":
        monkeypatch.setattr(torch, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_or_load(tmp_path / "a.pt", interrupted if stage == "train" else lambda: {"a": 1})
    assert os.listdir(tmp_path) == []


def test_a_place_that_cannot_be_written_is_found_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="cannot be written"):
        train_or_load(tmp_path / "file" / "a.pt", never)


def test_an_error_of_the_training_is_not_disguised(tmp_path):
    def train():
        raise FileNotFoundError("the data")

    with pytest.raises(FileNotFoundError, match="the data"):
        train_or_load(tmp_path / "a.pt", train)


def test_a_long_training_is_not_repeated_where_a_submission_is_graded(tmp_path, monkeypatch):
    path = tmp_path / "long.pt"
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(checkpoints.CheckpointMissing, match=r"long\.pt: expected beside"):
        checkpoints.train_or_load(path, lambda: {"n": 1}, long=True)
    assert checkpoints.train_or_load(tmp_path / "short.pt", lambda: {"n": 1}) == {"n": 1}
    monkeypatch.delenv("NBGRADER_EXECUTION")
    assert checkpoints.train_or_load(path, lambda: {"n": 2}, long=True) == {"n": 2}
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert checkpoints.train_or_load(path, lambda: {"n": 3}, long=True) == {"n": 2}


def test_files_are_put_in_place_when_the_training_has_ended(tmp_path, capsys):
    best = tmp_path / "best.pt"
    best.write_text("of an earlier training")

    def train(folder):
        (tmp_path / folder / "best.pt").write_text("weights")
        assert best.read_text() == "of an earlier training"
        return {"n": 1}

    def interrupted(folder):
        (tmp_path / folder / "best.pt").write_text("half-trained weights")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_or_load(tmp_path / "all.pt", interrupted, files=["best.pt"])
    assert best.read_text() == "of an earlier training"
    assert train_or_load(tmp_path / "all.pt", train, files=["best.pt"]) == {"n": 1}
    assert best.read_text() == "weights"
    assert sorted(os.listdir(tmp_path)) == ["all.pt", "best.pt"]
    capsys.readouterr()
    train_or_load(tmp_path / "all.pt", train, files=["best.pt"])
    assert capsys.readouterr().out.startswith("loaded")


@pytest.mark.parametrize("what", ["replaced", "deleted"])
def test_a_file_that_this_training_did_not_write_is_noticed(tmp_path, capsys, what):
    calls = Counter()

    def train(folder):
        calls["train"] += 1
        (tmp_path / folder / "best.pt").write_text("weights")
        return {}

    train_or_load(tmp_path / "all.pt", train, files=["best.pt"])
    if what == "replaced":
        (tmp_path / "best.pt").write_text("others")
    else:
        (tmp_path / "best.pt").unlink()
    train_or_load(tmp_path / "all.pt", train, files=["best.pt"])
    assert (
        f"best.pt has been {what} since it was trained: training again" in capsys.readouterr().out
    )
    assert calls["train"] == 2 and (tmp_path / "best.pt").read_text() == "weights"


def test_a_file_that_the_training_does_not_write_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"was to write best\.pt into the folder"):
        train_or_load(tmp_path / "all.pt", lambda folder: {}, files=["best.pt"])
    assert os.listdir(tmp_path) == []


def test_other_code_trains_again_and_says_so(tmp_path, capsys):
    train_or_load(tmp_path / "a.pt", lambda: {"n": 1})
    assert train_or_load(tmp_path / "a.pt", lambda: {"n": 2}) == {"n": 2}
    assert "the code of `<lambda>` has changed since it was trained" in capsys.readouterr().out


def test_what_was_handed_in_is_loaded_whatever_made_it(tmp_path, graded):
    train_or_load(tmp_path / "a.pt", lambda: {"n": 1})
    assert train_or_load(tmp_path / "a.pt", never) == {"n": 1}


def test_when_and_on_what_is_told(tmp_path, capsys):
    images = data.load_images("synthetic")

    def train():
        return {"n": len(images.train_images)}

    train_or_load(tmp_path / "a.pt", train)
    train_or_load(tmp_path / "a.pt", train)
    said = capsys.readouterr().out.splitlines()[1]
    pattern = (
        r"loaded .*a\.pt \(trained 20\d\d-\d\d-\d\d \d\d:\d\d on synthetic \(.*\); delete .*\)"
    )
    assert re.fullmatch(pattern, said)


def test_what_was_saved_can_be_loaded_whatever_made_it(tmp_path):
    train_or_load(tmp_path / "a.pt", lambda: {"n": 1})
    assert checkpoints.load(tmp_path / "a.pt") == {"n": 1}
    with pytest.raises(CheckpointError, match=r"b\.pt cannot be loaded"):
        checkpoints.load(tmp_path / "b.pt")
