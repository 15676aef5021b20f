"""Seeds and progress bars: helpers.seeding, helpers.progress."""

import io
import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from helpers import progress, seeding


def draw():
    return random.random(), np.random.rand(), torch.rand(1).item()


def test_a_seed_repeats_all_three_generators():
    seeding.seed_everything(1)
    first = draw()
    seeding.seed_everything(2)
    other = draw()
    seeding.seed_everything(1)
    assert draw() == first
    assert all(a != b for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_numpy_cannot_take_changes_no_generator(seed):
    seeding.seed_everything(1)
    expected = draw()
    seeding.seed_everything(1)
    with pytest.raises(ValueError, match=str(seed)):
        seeding.seed_everything(seed)
    assert draw() == expected


@pytest.mark.parametrize("available, kind", [(True, "cuda"), (False, "cpu")])
def test_default_device(monkeypatch, available, kind):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    assert seeding.default_device() == torch.device(kind)


class Terminal(io.StringIO):
    def isatty(self):
        return True


# What a notebook kernel puts in the place of stdout is known by its module.
Kernel = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})


@pytest.mark.parametrize("stream", [Terminal, Kernel])
def test_a_bar_goes_to_stdout_only(monkeypatch, stream):
    out, err = stream(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    assert list(progress.progress(range(3), "epochs")) == [0, 1, 2]
    assert "epochs" in out.getvalue() and "3/3" in out.getvalue()
    assert err.getvalue() == ""


def test_total_for_what_has_no_length(monkeypatch):
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    assert list(progress.progress(iter("ab"), total=2)) == ["a", "b"]
    assert "2/2" in out.getvalue()


def test_quiet_in_a_log(capfd):
    bar = progress.progress(iter("ab"), "epochs", total=2)
    bar.set_postfix(loss=1.0)
    assert list(bar) == ["a", "b"]
    assert capfd.readouterr() == ("", "")


def test_helpers_come_without_widgets_and_plots():
    code = (
        "import sys, helpers; from helpers import data, progress, seeding; "
        "sys.exit(any(name in sys.modules for name in ('ipywidgets', 'matplotlib')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
