"""What a checkpoint is made by: the code that a training reaches, its data and its settings."""

import itertools
import linecache

import pytest
import torch

from helpers import data
from helpers.provenance import difference, made_by

NOTEBOOK = """
import math
rate = 0.1
sizes = (3, 2)
unused = 1

class Net:
    \"\"\"A network.\"\"\"
    def forward(self):
        return helper()

def helper():
    return 1

def loss(x):
    return x ** 2

def train():
    \"\"\"Train.\"\"\"
    net = Net()
    return {"n": [loss(rate) for _ in range(3)], "sizes": sizes, "images": images.name}
"""
numbers = itertools.count()


def run(source, **names):
    """The names of a notebook whose cells are this source."""
    filename = f"/tmp/ipykernel_1/{next(numbers)}.py"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    names |= {"__name__": "__main__"}
    exec(compile(source, filename, "exec"), names)
    return names


@pytest.fixture(scope="module")
def images():
    return data.load_images("synthetic")


@pytest.fixture
def before(images):
    return made_by(run(NOTEBOOK, images=images)["train"])


def test_what_is_reached_is_recorded(before):
    assert set(before["code"]) == {"train", "Net", "helper", "loss"}
    assert before["settings"] == {"rate": "0.1", "sizes": "(3, 2)"}
    assert list(before["data"]) == ["images"] and before["data"]["images"].startswith("synthetic (")


CHANGES = {
    "a helper of a method": ("return 1", "return 2", "the code of `helper` has changed"),
    "a class": ("return helper()", "return -helper()", "the code of `Net` has changed"),
    "the training": ("range(3)", "range(4)", "the code of `train` has changed"),
    "a loss": ("x ** 2", "x ** 4", "the code of `loss` has changed"),
    "a number": ("rate = 0.1", "rate = 0.2", "`rate` was 0.1 and is 0.2 now"),
    "sizes": ("(3, 2)", "(3, 3)", "`sizes` was (3, 2) and is (3, 3) now"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_named(before, images, change):
    old, new, said = change
    assert old in NOTEBOOK
    now = made_by(run(NOTEBOOK.replace(old, new), images=images)["train"])
    assert difference(before, now) == said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("unused = 1", "unused = 2"),
        ("    return 1", "    # Why not?\n    return 1"),
        ("A network.", "An MLP."),
        ("return x ** 2", "return (x  **  2)"),
        ("import math", "import math\n\n\n"),
        ("rate = 0.1", "rate = 0.3 / 3"),
    ],
)
def test_what_makes_no_difference_is_none(before, images, old, new):
    assert old in NOTEBOOK
    assert (
        difference(before, made_by(run(NOTEBOOK.replace(old, new), images=images)["train"])) == ""
    )


def test_another_data_set_is_named(before):
    other = data.synthetic_images("synthetic", num_train=50, num_test=20)
    said = difference(before, made_by(run(NOTEBOOK, images=other)["train"]))
    assert (
        said.startswith("`images` was synthetic (")
        and "and is synthetic (50 and 20 images)" in said
    )


def test_a_closure_and_a_partial_are_seen():
    def variant(n):
        return made_by(lambda: {"n": n})

    assert difference(variant(1), variant(2)) == "`n` was 1 and is 2 now"
    names = run("import functools\ndef train(n):\n    return {'n': n}\n")
    first, second = (made_by(names["functools"].partial(names["train"], n)) for n in (1, 2))
    assert "arguments" in difference(first, second)


def test_a_network_of_the_notebook_is_seen_by_its_class():
    source = """
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(WIDTH, 2)
def train():
    return Net().state_dict()
"""
    narrow, wide = (made_by(run(source.replace("WIDTH", w))["train"]) for w in ("3", "5"))
    assert difference(narrow, wide) == "the code of `Net` has changed"


def test_tensors_count_by_their_shape():
    source = "def train():\n    return {'x': x}\n"
    one = made_by(run(source, x=torch.zeros(2, 3))["train"])
    assert difference(one, made_by(run(source, x=torch.ones(2, 3))["train"])) == ""
    assert "(2, 3)" in difference(one, made_by(run(source, x=torch.zeros(3, 3))["train"]))
