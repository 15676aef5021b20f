"""Train once, load afterwards: `train_or_load`."""

import os
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch


class CheckpointError(Exception):
    """A checkpoint cannot be loaded, or holds what a checkpoint must not hold."""


class CheckpointMissing(CheckpointError):
    """A long training was not handed in, and is not repeated where a submission is graded."""


def train_or_load(path, train, load=None, long=False):
    """Return what is saved at `path`; where nothing is, call `train()` and save its result.

    Parameters
    ----------
    path : file of the checkpoint, beside the notebook.
    train : called without arguments; returns a dict of tensors, numbers, strings, None, and
        lists, tuples and dicts of these (a `state_dict()` is one).
    load : called with the dict if it came from the file, e.g. to put weights into a model.
    long : the training takes minutes: where a submission is graded, only load.

    Returns
    -------
    dict: the same whether trained or loaded: tensors on the CPU and without gradients, NumPy
    numbers as Python's.

    Raises
    ------
    CheckpointError : the file is damaged, holds anything else (code is never executed), or does
        not fit what `load` does with it; `train()` returned anything else; the folder cannot be
        written, which is found out before training.
    CheckpointMissing : `long`, the notebook is being graded, and there is no file.
    """
    path = Path(path)
    if path.exists():
        return _load(path, load)
    if long:
        expect_handed_in(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written: {error}") from error
    saved = plain(train())
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".checkpoint-") as scratch:
            finished = Path(scratch) / path.name
            torch.save(saved, finished)
            os.replace(finished, path)
    except (OSError, RuntimeError) as error:
        # Not raised: what was trained for minutes is worth more than its file.
        print(f"could not save {path} ({error}); the next run trains again")
    else:
        print(f"saved {path}")
    return saved


def expect_handed_in(*paths):
    """Raise `CheckpointMissing` where a submission is graded and one of the files is missing.

    nbgrader sets $NBGRADER_EXECUTION in the kernels it grades with.
    """
    missing = [str(path) for path in paths if not Path(path).exists()]
    if missing and os.environ.get("NBGRADER_EXECUTION") == "autograde":
        raise CheckpointMissing(
            f"{', '.join(missing)}: expected beside the notebook, came nothing. A long training is "
            "not repeated when a notebook is graded: hand in the files it saved, too"
        )


def _load(path, load):
    again = f"delete {path} to train again"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about foreign files, which are refused below
            saved = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:
        raise CheckpointError(
            f"{path} cannot be loaded ({type(error).__name__}: {_line(error)}): {again}"
        ) from error
    try:
        saved = plain(saved)
    except CheckpointError as error:
        raise CheckpointError(f"{path} is no checkpoint of this course: {error}; {again}") from None
    if load is not None:
        try:
            load(saved)
        except Exception as error:
            raise CheckpointError(
                f"{path} does not fit ({type(error).__name__}: {_line(error)}): {again}"
            ) from error
    print(f"loaded {path} ({again})")
    return saved


def _line(error):
    """Return the start of an error's text in one line: torch explains at length."""
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else f"{text[:300]} ..."


def plain(saved):
    """Return a copy of a dict with nothing in it that `torch.load(weights_only=True)` refuses.

    Raises
    ------
    CheckpointError : something else is in it; the message says where.
    """
    if not isinstance(saved, dict):
        raise CheckpointError(f"expected a dict, came {type(saved).__name__}")
    return _plain(saved, "checkpoint", 0)


def _plain(value, where, depth):
    if depth > 20:
        raise CheckpointError(f"{where}: nested too deeply")
    if isinstance(value, torch.Tensor):
        if value.layout != torch.strided or value.is_quantized:
            raise CheckpointError(f"{where}: expected an ordinary tensor, came {value.layout}")
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
                    f"{where}: expected keys that are strings or whole numbers, came {key!r}"
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
        f"came {type(value).__name__}{hint}"
    )
