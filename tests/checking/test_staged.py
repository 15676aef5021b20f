"""What a student's process says of itself, while libraries have been replaced to make it lie."""

import builtins
import contextlib
import copy
import sys
import types

import numpy as np
import pytest
import torch
from conftest import ROOT, hidden_of, reference_of
from torch import nn

from autograder.checking.answers import Mistake
from autograder.checking.check import challenge_seed, run_checks
from autograder.checking.student import LocalStudent
from autograder.grading.judging.data import built_in

ASSIGNMENTS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))

# The checks that rest on what a probe says about tensors, models and hooks beside their numbers.
REPORTED = {
    "01_mlp_basics": (
        "evaluation_leaves_no_traces", "requires_gradients", "whole", "leaves", "in_place", "unchanged",
        "gradient", "float", "traces",
    ),
    "02_deep_vs_wide": ("model", "changed", "unchanged", "traces", "leaves", "caller"),
    "03_optimizers": ("in_place", "gradient", "changes", "memory", "array", "start"),
    "04_initialization": ("in_place", "hooks", "trace", "changes", "leaves", "keeps", "refus", "caller"),
    "05_cifar_limits": ("traces", "leave", "changed", "same", "float"),
}  # fmt: skip


class Kind(type):
    def __instancecheck__(cls, item):
        return True


class Anything(metaclass=Kind):
    pass


def always(value):
    return lambda *args, **kwargs: value


KEPT: dict = {}


def first_seen(self, *args, **kwargs):
    """The state in which a model or tensor was met first: nothing ever changes."""
    return KEPT.setdefault(self, self)


REPLACED = [
    (torch, "equal", always(True)), (torch, "allclose", always(True)),
    (torch, "is_grad_enabled", always(True)), (torch, "is_tensor", always(False)),
    (torch, "zeros_like", lambda t, **_: t), (torch, "tensor", always(torch.zeros(2))),
    (torch.Tensor, "clone", first_seen), (torch.Tensor, "detach", first_seen),
    (torch.Tensor, "data_ptr", always(7)), (torch.Tensor, "__eq__", always(True)),
    (torch.Tensor, "grad", property(always(None))), (torch.Tensor, "is_leaf", property(always(True))),
    (torch.Tensor, "requires_grad", property(always(False))), (torch.Tensor, "any", always(False)),
    (torch.Tensor, "__torch_function__", classmethod(always(torch.zeros(2)))),
    (nn.Module, "state_dict", always({})), (nn.Module, "parameters", lambda self: iter(())),
    (nn.Module, "modules", lambda self: iter(())), (nn.Module, "__call__", always(torch.zeros(2, 2))),
    (nn.Module, "train", lambda self, mode=True: self), (nn.Parameter, "data", property(always(None))),
    (np, "array_equal", always(True)), (np, "shares_memory", always(True)), (np, "asarray", always(0)),
    (copy, "deepcopy", lambda value: value), (copy, "copy", lambda value: value),
    (builtins, "isinstance", always(False)), (builtins, "len", always(0)), (builtins, "id", always(7)),
    (builtins, "all", always(True)), (builtins, "any", always(False)), (builtins, "float", always(0.0)),
    (builtins, "sum", always(0)), (builtins, "type", Anything), (builtins, "bool", always(False)),
]  # fmt: skip


@contextlib.contextmanager
def staged():
    """All of that at once, in the library itself, and a torch of its own for who imports it."""
    missing, put, remove, old = object(), setattr, delattr, []
    for owner, name, _ in REPLACED:
        old.append(vars(owner).get(name, missing))
    own_torch = sys.modules["torch"]
    fake = types.ModuleType("torch")
    fake.__getattr__ = always(always(True))
    sys.modules["torch"] = fake
    try:
        for owner, name, value in REPLACED:
            put(owner, name, value)
        yield
    finally:
        for (owner, name, _), before in zip(REPLACED, old):
            remove(owner, name) if before is missing else put(owner, name, before)
        sys.modules["torch"] = own_torch


class Stager(LocalStudent):
    """A student whose process has replaced its libraries before each question."""

    def _ask(self, request, timeout):
        with staged():
            return super()._ask(request, timeout)


def test_replaced_libraries_are_whole_again_in_a_probe():
    probes = hidden_of("04_initialization").module("probes")
    student, plain = Stager({"leaky_relu_gain": lambda slope: slope}), LocalStudent({})
    plain.become(student._namespace)
    assert student.call(probes.gains_of, [0.25]).numbers().tolist() == [0.25]
    assert torch.equal(torch.zeros(2), torch.zeros(2)) and not torch.equal(
        torch.zeros(2), torch.ones(2)
    )


@pytest.mark.parametrize("has_versions", [True, False])
def test_what_is_replaced_after_many_probes_or_inside_one_is_whole_in_the_next(
    has_versions, monkeypatch
):
    """What was found whole once is compared again as soon as somebody has changed it."""
    student = LocalStudent({})
    libraries = student._libraries
    if not has_versions:
        # As in later versions of Python.
        for entry in libraries._known.values():
            entry[4] = None
    names = [(torch, "equal"), (nn.Linear, "forward"), (builtins, "len"), (np, "array_equal")]
    before = [getattr(owner, name) for owner, name in names]
    with contextlib.ExitStack() as restoring:
        for (owner, name), value in zip(names, before):
            restoring.callback(setattr, owner, name, value)
        for replaced in range(1, len(names) + 1):
            for _ in range(3):
                with libraries:
                    assert [getattr(owner, name) for owner, name in names] == before
                    inside = names[replaced - 1]
                    setattr(*inside, always(True))
            outside = [vars(owner)[name] for owner, name in names[:replaced]]
            assert all(value not in before for value in outside)


def test_what_a_cell_adds_to_a_library_stays():
    namespace: dict = {}
    student = LocalStudent(namespace)
    torch.Tensor.twice = lambda self: 2 * self
    try:
        namespace["leaky_relu_gain"] = lambda slope: torch.tensor(slope).twice()
        probes = hidden_of("04_initialization").module("probes")
        assert student.call(probes.gains_of, [0.25]).numbers().tolist() == [0.5]
    finally:
        del torch.Tensor.twice


def test_a_name_that_a_cell_puts_into_a_probe_is_gone():
    probes = hidden_of("03_optimizers").module("probes")
    names = reference_of("03_optimizers").namespace()
    student = LocalStudent(names)
    args = ["SGD", [np.ones(2, np.float32)], [[np.ones(2, np.float32)]], 0.1, {}]
    before = student.call(probes.updates, *args)["path"].items()[0].array()
    (module,) = [m for name, m in student._modules.items() if name.endswith("probes")]
    module.torch = types.ModuleType("torch")
    module.parameter = always(None)
    module.len = always(0)
    assert np.array_equal(student.call(probes.updates, *args)["path"].items()[0].array(), before)


def test_tracing_ends_where_a_probe_begins():
    seen = []
    probes = hidden_of("04_initialization").module("probes")
    student = LocalStudent({"leaky_relu_gain": lambda slope: sys.getprofile() is None})
    sys.setprofile(lambda frame, *_: seen.append(frame.f_code.co_name))
    try:
        reply = student.call(probes.gains_of, [0.25])
    finally:
        sys.setprofile(None)
    assert reply.items()[0].flag() and "gains_of" not in seen


class Zeros(torch.overrides.TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        return torch.zeros(2)


def test_modes_and_hooks_of_a_cell_do_not_see_a_probe():
    probes = hidden_of("04_initialization").module("probes")
    seen = []
    handle = nn.modules.module.register_module_forward_hook(lambda *args: seen.append(1))
    student = LocalStudent({"leaky_relu_gain": lambda slope: nn.Identity()(torch.tensor(slope))})
    try:
        with Zeros():
            reply = student.call(probes.gains_of, [0.25])
            assert torch._C._len_torch_function_stack() == 1
    finally:
        nn.Identity()(0)
        handle.remove()
    assert reply.numbers().tolist() == [0.25] and seen == [1]


def test_a_model_that_tells_its_old_state_is_unmasked():
    unmasked = hidden_of("04_initialization").module("probes").Unmasked
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    masks = unmasked(model)

    class Mask(nn.Sequential):
        training = property(always(True), always(None))

    with torch.no_grad():
        model[0].weight.add_(1)
    model.state_dict = model[0].state_dict = always(before)
    model.parameters = model.named_parameters = model.modules = lambda: iter(())
    model[0].weight.clone = always(before["0.weight"])
    model.__class__ = Mask
    masks.undo()
    assert type(model) is nn.Sequential and len(list(model.parameters())) == 2
    assert torch.equal(model.state_dict()["0.weight"], before["0.weight"] + 1)
    assert model[0].weight.clone() is not before["0.weight"]


def rows(assignment):
    """The bank's mistakes that fail a check which rests on such a report."""
    own = hidden_of(assignment)
    words = REPORTED[assignment]
    for answer in own.answers:
        if isinstance(answer, Mistake):
            for name in answer.failing:
                if any(word in name for word in words):
                    yield answer, next(c for c in own.checks[answer.exercise] if c.name == name)


@pytest.mark.slow
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_report_can_be_staged(assignment):
    """The verdicts on mistakes that fail such a check, and on the reference, are the same."""
    own, reference = hidden_of(assignment), reference_of(assignment)
    stager, plain = Stager({}), LocalStudent({})
    failed = 0

    def verdict(student, item, **solutions):
        student.become(reference.namespace(**solutions))
        (result,) = run_checks([item], student, lambda c: challenge_seed(b"s", b"1", c.name))
        assert not result.error
        return result.points

    with built_in(own), np.errstate(all="ignore"):
        tried = [row for row in rows(assignment) if row[1].name not in own.file_checks]
        for answer, item in tried:
            solution = {answer.exercise: answer.source}
            expected = verdict(plain, item, **solution)
            assert verdict(stager, item, **solution) == expected, (answer.name, item.name)
            failed += not expected
        for item in {item.name: item for _, item in tried}.values():
            assert verdict(stager, item)
    assert failed > 3 and failed > 0.8 * len(tried)
