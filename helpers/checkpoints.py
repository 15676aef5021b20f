"""Train once, then load: `train_or_load`."""

import hashlib
import os
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import torch

from helpers.provenance import difference, made_by

# What a file holds beside each other: a training's result, and what it was made by.
RESULT, RECORD = "result", "record"
KEYS = {"when", "made_by", "files"}


class CheckpointError(Exception):
    """A checkpoint cannot be loaded, or contains something that is not allowed in one."""


class CheckpointMissing(CheckpointError):
    """The result of a long training was not handed in, and grading does not repeat the training."""


def train_or_load(path, train, load=None, long=False, files=()):
    """Return what is saved at `path`; if nothing is, call `train()` and save its result.

    Saved with it is what it was made by: the notebook's code that `train` reaches, its data set and
    settings. Where one of them is another one now, the training is done again, and says why. What
    is at `path` is replaced when a training has ended, so an interrupted one leaves nothing behind.

    Parameters
    ----------
    path : file of the checkpoint, beside the notebook.
    train : called without arguments; returns a dict of tensors, numbers, strings, None, and
        lists, tuples and dicts of these (a `state_dict()` is one).
    load : called with the dict if it came from the file, e.g. to put weights into a model.
    long : the training takes minutes: while a submission is graded, only load.
    files : names of files that the training writes, too: it is then called with the folder to write
        them into, and they are put beside `path` when it has ended.

    Returns
    -------
    dict : the same whether trained or loaded: tensors are on the CPU and without gradients, NumPy
        numbers become Python numbers.

    Raises
    ------
    CheckpointError : the file is damaged, contains anything else (code is never executed), or does
        not fit what `load` does with it; `train()` returned anything else or did not write a file;
        the folder is not writable, which is checked before training.
    CheckpointMissing : `long` is set, the notebook is being graded, and there is no file.
    """
    path, graded = Path(path), os.environ.get("NBGRADER_EXECUTION") == "autograde"
    beside = [path.parent / name for name in files]
    made = made_by(train)
    if path.exists():
        saved = _read(path)
        stale = _stale(saved, made, beside) if not graded else ""
        if not stale:
            return _use(path, saved, load)
        print(f"{path}: {stale} since it was trained: training again")
    if long:
        expect_handed_in(path, *beside)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written: {error}") from error
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".checkpoint-") as scratch:
        result = plain(train(scratch) if files else train())
        _expect_written(scratch, files)
        _save(path, result, made, scratch, files)
    return result


def load(path):
    """Return what `train_or_load` has saved at `path`, whatever made it.

    Raises
    ------
    CheckpointError : the file is missing, damaged, or contains anything else.
    """
    saved = _read(Path(path))
    return saved.get(RESULT, saved)


def _save(path, result, made, scratch, files):
    """Put a training's files beside `path` and its result at `path`, the last of all."""
    written = [Path(scratch) / name for name in files]
    record = {
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "made_by": made,
        "files": {file.name: _hash(file) for file in written},
    }
    try:
        finished = Path(scratch) / path.name
        torch.save({RESULT: result, RECORD: record}, finished)
        for file in (*written, finished):
            os.replace(file, path.parent / file.name)
    except (OSError, RuntimeError) as error:
        # Not raised: the result of minutes of training is worth more than its file.
        print(f"could not save {path} ({error}); the next run trains again")
    else:
        print(f"saved {', '.join(str(path.parent / name) for name in (*files, path.name))}")


def _expect_written(folder, files):
    missing = [name for name in files if not (Path(folder) / name).is_file()]
    if missing:
        raise CheckpointError(
            f"the training was to write {', '.join(missing)} into the folder it was given, and "
            "did not"
        )


def _stale(saved, made, beside):
    """Why a checkpoint does not belong to this notebook as it is now; "" if it does."""
    record = saved.get(RECORD)
    if record is None:
        return ""
    for file in beside:
        if not file.exists():
            return f"{file.name} has been deleted"
        if record["files"].get(file.name) != _hash(file):
            return f"{file.name} has been replaced"
    return difference(record["made_by"], made)


def _hash(file):
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def expect_handed_in(*paths):
    """Raise `CheckpointMissing` if a submission is being graded and one of the files is missing.

    nbgrader sets $NBGRADER_EXECUTION in the kernels it grades with.
    """
    missing = [str(path) for path in paths if not Path(path).exists()]
    if missing and os.environ.get("NBGRADER_EXECUTION") == "autograde":
        raise CheckpointMissing(
            f"{', '.join(missing)}: expected beside the notebook, found nothing. A long training is "
            "not repeated when a notebook is graded: hand in the files it saved, too"
        )


def _read(path):
    again = f"delete {path} to train again"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about other kinds of files, which are refused below
            saved = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:
        raise CheckpointError(
            f"{path} cannot be loaded ({type(error).__name__}: {_line(error)}): {again}"
        ) from error
    try:
        saved = plain(saved)
        record = saved.get(RECORD)
        if record is not None and not (isinstance(record, dict) and KEYS <= record.keys()):
            raise CheckpointError(f"expected {', '.join(sorted(KEYS))} in its record")
        return saved
    except CheckpointError as error:
        raise CheckpointError(
            f"{path} is not a checkpoint of this course: {error}; {again}"
        ) from None


def _use(path, saved, load):
    again = f"delete {path} to train again"
    record, result = saved.get(RECORD), saved.get(RESULT, saved)
    if load is not None:
        try:
            load(result)
        except Exception as error:
            raise CheckpointError(
                f"{path} does not fit ({type(error).__name__}: {_line(error)}): {again}"
            ) from error
    print(f"loaded {path} ({_trained(record)}{again})")
    return result


def _trained(record):
    """When and on what a checkpoint was trained, for the line that says that it was loaded."""
    if record is None:
        return ""
    sets = [text for text in record["made_by"].get("data", {}).values() if "tensor" not in text]
    return f"trained {record['when']}{' on ' + ' and '.join(sets) if sets else ''}; "


def _line(error):
    """Return the start of an error's text in one line: torch's messages are long."""
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else f"{text[:300]} ..."


def plain(saved):
    """Return a copy of a dict that contains nothing `torch.load(weights_only=True)` would refuse.

    Raises
    ------
    CheckpointError : the dict contains something else; the message says where.
    """
    if not isinstance(saved, dict):
        raise CheckpointError(f"expected a dict, got {type(saved).__name__}")
    return _plain(saved, "checkpoint", 0)


def _plain(value, where, depth):
    if depth > 20:
        raise CheckpointError(f"{where}: nested too deeply")
    if isinstance(value, torch.Tensor):
        if value.layout != torch.strided or value.is_quantized:
            raise CheckpointError(f"{where}: expected an ordinary tensor, got {value.layout}")
        # A copy, because a view would be saved with everything it is a view of.
        return value.detach().to("cpu", copy=True).contiguous()
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        return value.item()
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, dict):
        for key in value:
            if type(key) not in (str, int):
                raise CheckpointError(
                    f"{where}: expected keys that are strings or whole numbers, got {key!r}"
                )
        return {key: _plain(part, f"{where}[{key!r}]", depth + 1) for key, part in value.items()}
    if type(value) in (list, tuple):
        parts = (_plain(part, f"{where}[{i}]", depth + 1) for i, part in enumerate(value))
        return type(value)(parts)
    hint = ""
    if isinstance(value, torch.nn.Module):
        hint = "; save its state_dict()"
    elif isinstance(value, np.ndarray):
        hint = "; save torch.from_numpy(it)"
    raise CheckpointError(
        f"{where}: expected tensors, numbers, strings, lists or dicts, "
        f"got {type(value).__name__}{hint}"
    )
