"""The replay of 05: what counts as an MLP, and records that nobody honest sends."""

import copy
import os
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
import torch
from conftest import hidden_of
from torch import nn
from torch.nn import functional as F

from autograder.checking import wire

OWN = hidden_of("05_cifar_limits")
probes, replay = OWN.module("probes"), OWN.module("replay")
BATCH_SIZE, MAX_NUMBERS, MAX_STEPS = replay.BATCH_SIZE, replay.MAX_NUMBERS, replay.MAX_STEPS
Network, ReplayError = replay.Network, replay.ReplayError

SHAPE = (3, 4, 4)
SIZE = 48


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.randn(SIZE, 10) / 7)

    def forward(self, x):
        return self.function(x, self.weight)


def record_of(model):
    record = probes.recorded(model, SHAPE, BATCH_SIZE, MAX_NUMBERS, MAX_STEPS)
    return wire.decode(wire.encode(record))


def network_of(model):
    return Network(record_of(model), SHAPE)


def chain(*middle):
    layers = [nn.Flatten(), nn.Linear(SIZE, 8), *middle, nn.Linear(8, 10)]
    model = nn.Sequential(*layers)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d) and module.track_running_stats:
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return model


def gated(x, weight):
    value, gate = (x.flatten(1) @ weight).chunk(2, dim=1)
    return torch.cat([value * gate.sigmoid(), gate], 1)


MLPS = {
    "plain": chain(nn.ReLU()),
    "in place": chain(nn.ReLU(inplace=True), nn.ELU(inplace=True)),
    "norms": chain(nn.BatchNorm1d(8), nn.GELU(), nn.LayerNorm(8), nn.GroupNorm(2, 8), nn.RMSNorm(8)),
    "activations": chain(
        nn.PReLU(), nn.LogSigmoid(), nn.Softsign(), nn.RReLU(), nn.Hardswish(), nn.Tanhshrink(),
        nn.Softshrink(), nn.Mish(), nn.SELU(), nn.CELU(), nn.ReLU6(), nn.GELU("tanh"), nn.SiLU(),
    ),
    "dropouts": chain(nn.Dropout(0.5), nn.AlphaDropout(0.5), nn.ReLU()),
    "weight norm": nn.Sequential(
        nn.Flatten(), nn.utils.parametrizations.weight_norm(nn.Linear(SIZE, 10))
    ),
    "2d batch norm of the input": nn.Sequential(nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(SIZE, 10)),
    "einsum": Function(lambda x, w: torch.einsum("bi,io->bo", x.flatten(1), w)),
    "einsum over pixels": Function(lambda x, w: torch.einsum("bchw,chwo->bo", x, w.view(3, 4, 4, 10))),
    "tensordot": Function(lambda x, w: torch.tensordot(x, w.view(3, 4, 4, 10), 3)),
    "transposed": Function(lambda x, w: (w.T @ x.reshape(len(x), -1).T).T + 1),
    "inference mode": Function(torch.inference_mode()(lambda x, w: F.linear(x.flatten(1), w.T))),
    "one row per image": Function(lambda x, w: (x.flatten(1)[:, None] @ w).squeeze(1)),
    "double": Function(lambda x, w: x.double().flatten(1) @ w.double()),
    "ReLU by hand": Function(lambda x, w: (lambda h: h * (h > 0))(x.view(x.size(0), -1) @ w)),
    "where": Function(lambda x, w: (lambda h: torch.where(h > 0, h, 0.1 * h))(x.flatten(1) @ w)),
    "normalised by hand": Function(
        lambda x, w: ((x - x.mean((1, 2, 3), keepdim=True)) / x.std((1, 2, 3), keepdim=True)).flatten(1)
        @ w
    ),
    "unit length": Function(lambda x, w: F.normalize(x.flatten(1)) @ w),
    "column by column": Function(
        lambda x, w: torch.stack([x.flatten(1) @ w[:, i] for i in range(10)], 1)
    ),
    "gated": Function(gated),
    "maxout": Function(lambda x, w: (x.flatten(1) @ w.repeat(1, 2)).view(-1, 10, 2).amax(2)),
    "a bias per row": Function(lambda x, w: x.flatten(1) @ w + torch.ones(len(x), 10)),
    "looks at the images": Function(
        lambda x, w: x.flatten(1) @ w if torch.isfinite(x).all() else x.flatten(1)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MLPS)
def test_an_mlp_gives_its_own_logits(name):
    model = MLPS[name].eval()
    network = network_of(model)
    images = torch.randn(BATCH_SIZE + 40, *SHAPE)
    with torch.no_grad():
        expected = model(images).float()
    assert torch.allclose(network.logits(images), expected, rtol=1e-4, atol=1e-4)


def test_layers_and_what_stands_between_them():
    network = network_of(chain(nn.ReLU()))
    assert network.sizes == [SIZE, 8, 10]
    assert [layer.after_nonlinearity for layer in network.layers] == [False, True]
    for linear in (nn.Identity(), nn.BatchNorm1d(8), nn.Dropout(0.5)):
        layers = network_of(chain(linear)).layers
        assert [layer.after_nonlinearity for layer in layers] == [False, False]


def test_layers_off_the_way_to_the_output_do_not_count():
    model = Function(lambda x, w: (x.flatten(1) @ torch.randn(SIZE, 5), x.flatten(1) @ w)[1])
    assert network_of(model).sizes == [SIZE, 10]


class Rows(nn.Module):
    def __init__(self):
        super().__init__()
        self.row, self.out = nn.Linear(4, 2), nn.Linear(24, 10)

    def forward(self, x):
        return self.out(torch.relu(self.row(x)).flatten(1))


def patchwise(x, w):
    patches = x.unfold(2, 2, 2).unfold(3, 2, 2).permute(0, 2, 3, 1, 4, 5).reshape(len(x), 4, 12)
    return (patches @ w[:12]).sum(1)


def attention(x, w):
    tokens = x.flatten(2)
    return (torch.softmax(tokens @ tokens.transpose(1, 2), 2) @ tokens).flatten(1) @ w


def shared_by_broadcasting(x, w):
    return (x.view(len(x), 4, 12, 1) * w[:12]).sum(2).flatten(1) @ torch.randn(40, 10)


OTHERS = {
    "convolution": (nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(8, 10)), "convolution"),
    "rows by one view": (Rows(), "parts of an image"),
    "patches": (Function(patchwise), "patches"),
    "attention": (Function(attention), "attention"),
    "patches by broadcasting": (Function(shared_by_broadcasting), "some of the pixels"),
    "pixels compared with an image": (
        Function(lambda x, w: (x.flatten(1) > w[:, 0]).float() @ w), "comparison of pixels"
    ),
    "hidden values compared with a table": (
        Function(lambda x, w: ((x.flatten(1) @ w) > torch.arange(10.0)).float()), "with a table"
    ),
    "a search for equal numbers": (
        Function(lambda x, w: ((x.flatten(1) @ w[:, :1]) == torch.arange(10.0)).float()), "equality"
    ),
    "a table of labels": (
        Function(lambda x, w: F.embedding((x.flatten(1) @ w).argmax(1), w)), "not an MLP"
    ),
    "pooling": (nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12, 10)), "pooling"),
    "mean over the pixels": (Function(lambda x, w: x.mean((2, 3)) @ w[:3]), "some of the pixels"),
    "single pixels": (Function(lambda x, w: x.flatten(1)[:, [1, 2]] @ w[:2]), "picked by position"),
    "part of the image": (Function(lambda x, w: x.flatten(1)[:, :9] @ w[:9]), "parts of the image"),
    "batch statistics": (chain(nn.BatchNorm1d(8, track_running_stats=False)), "of the batch"),
    "mean over the batch": (Function(lambda x, w: (x - x.mean(0)).flatten(1) @ w), "images of a batch"),
    "dropout that stays": (Function(lambda x, w: F.dropout(x.flatten(1)) @ w), "random numbers"),
    "noise": (Function(lambda x, w: x.flatten(1) @ w + torch.randn(len(x), 10)), "differently"),
    "images, not logits": (Function(lambda x, w: x + 0), "expected logits"),
    "no weights": (Function(lambda x, w: x.flatten(1) * 2), "weight matrix"),
    "a changing buffer": (
        Function(lambda x, w: torch.ones(len(x), 10).add_(x.flatten(1) @ w)), "while it is evaluated"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_mlp_is_named(name):
    model, word = OTHERS[name]
    with pytest.raises(ReplayError, match=word):
        network_of(model)


def test_constant_outputs_do_not_depend_on_the_images():
    reply = probes.recorded(
        Function(lambda x, w: torch.zeros(len(x), 10)), SHAPE, BATCH_SIZE, MAX_NUMBERS, MAX_STEPS
    )
    assert reply["problem"] == "output"


def test_too_large_a_network_is_not_recorded():
    model = nn.Sequential(nn.Flatten(), nn.Linear(SIZE, 10))
    with pytest.raises(probes.RecordTooLarge):
        probes.recorded(model, SHAPE, BATCH_SIZE, 100, MAX_STEPS)
    deep = nn.Sequential(nn.Flatten(), nn.Linear(SIZE, 10), *[nn.ReLU()] * 20)
    with pytest.raises(probes.RecordTooLarge):
        probes.recorded(deep, SHAPE, BATCH_SIZE, MAX_NUMBERS, 10)


# Records that were not made by running a network


def plain_record():
    """x.view(B, 48) @ W, with W = constant 1."""
    weight = np.ones((SIZE, 10), np.float32)
    return {
        "arrays": [[1, weight]],
        "steps": [
            ["aten.view.default", [{"tensor": 0}, [BATCH_SIZE, SIZE]], {}, [2]],
            ["aten.mm.default", [{"tensor": 2}, {"tensor": 1}], {}, [3]],
        ],
        "output": 3,
    }


def forged(change):
    record = copy.deepcopy(plain_record())
    change(record)
    return record


def step(record, index, name=None, args=None, kwargs=None, results=None):
    old = record["steps"][index]
    new = [name, args, kwargs, results]
    record["steps"][index] = [o if n is None else n for o, n in zip(old, new, strict=True)]


def insert(record, name, args, kwargs=None):
    """Put an operation on the logits at the end."""
    record["steps"].append([name, args, kwargs or {}, [9]])
    record["output"] = 9


FORGERIES = {
    "no dict": lambda r: r.clear(),
    "steps are text": lambda r: r.update(steps="x"),
    "a step is text": lambda r: r["steps"].append("x"),
    "too many steps": lambda r: r.update(steps=r["steps"] * 300),
    "the output is text": lambda r: r.update(output="3"),
    "the output is a bool": lambda r: r.update(output=True),
    "an unknown output": lambda r: r.update(output=77),
    "an array under the images' number": lambda r: r["arrays"].append([0, np.ones(3)]),
    "an array twice": lambda r: r["arrays"].append([1, np.ones(3)]),
    "an array that is a list": lambda r: r["arrays"].append([5, [1.0, 2.0]]),
    "an array of text": lambda r: r["arrays"].append([5, np.array(["x"])]),
    "too many numbers": lambda r: r["arrays"].append([5, np.zeros(MAX_NUMBERS, np.int8)]),
    "a value of the future": lambda r: r["steps"].reverse(),
    "a value from itself": lambda r: step(r, 0, args=[{"tensor": 2}, [BATCH_SIZE, SIZE]]),
    "a value made twice": lambda r: step(r, 1, results=[2]),
    "the images overwritten": lambda r: step(r, 1, results=[0]),
    "a name with no dot": lambda r: step(r, 1, name="system"),
    "a name of Python's": lambda r: step(r, 1, name="aten.__class__.default"),
    "a name that loads files": lambda r: step(r, 1, name="aten.from_file.default"),
    "memory by strides": lambda r: step(
        r,
        0,
        name="aten.as_strided.default",
        args=[{"tensor": 0}, [BATCH_SIZE, SIZE], [1, 1], 1 << 20],
    ),
    "an out variant": lambda r: step(r, 1, name="aten.mm.out"),
    "an out argument": lambda r: step(r, 1, kwargs={"out": {"tensor": 1}}),
    "arguments as keywords twice": lambda r: step(r, 1, kwargs={"a": {"tensor": 2}}),
    "self as keyword": lambda r: step(r, 1, kwargs={"self": {"tensor": 2}}),
    "sizes that overflow": lambda r: step(
        r, 0, args=[{"tensor": 0}, [BATCH_SIZE, SIZE, 1 << 31, 1 << 31, 4]]
    ),
    "sizes that overflow to the right number": lambda r: step(
        r, 0, args=[{"tensor": 0}, [BATCH_SIZE, SIZE + (1 << 30), 1 << 30, 16]]
    ),
    "negative sizes": lambda r: step(r, 0, args=[{"tensor": 0}, [-BATCH_SIZE, -SIZE]]),
    "two sizes left open": lambda r: step(r, 0, args=[{"tensor": 0}, [-1, -1]]),
    "sizes of zero": lambda r: step(r, 0, args=[{"tensor": 0}, [0, -1]]),
    "sizes are floats": lambda r: step(
        r, 0, args=[{"tensor": 0}, [float(BATCH_SIZE), float(SIZE)]]
    ),
    "sizes are text": lambda r: step(r, 0, args=[{"tensor": 0}, ["251", "48"]]),
    "sizes are bools": lambda r: step(r, 0, args=[{"tensor": 0}, [BATCH_SIZE, SIZE, True]]),
    "a huge expansion": lambda r: insert(
        r, "aten.expand.default", [{"tensor": 3}, [1 << 30, 1 << 30, BATCH_SIZE, 10]]
    ),
    "a negative expansion": lambda r: insert(
        r, "aten.expand.default", [{"tensor": 3}, [-(1 << 30), BATCH_SIZE, 10]]
    ),
    "a text for a number": lambda r: insert(r, "aten.mul.Tensor", [{"tensor": 3}, "2"]),
    "a number too large": lambda r: insert(r, "aten.mul.Tensor", [{"tensor": 3}, 1 << 70]),
    "a dimension too high": lambda r: insert(r, "aten.unsqueeze.default", [{"tensor": 3}, 1 << 30]),
    "a permutation with repeats": lambda r: insert(
        r, "aten.permute.default", [{"tensor": 3}, [0, 0]]
    ),
    "an unknown type": lambda r: insert(
        r, "aten._to_copy.default", [{"tensor": 3}], {"dtype": {"dtype": "quint8"}}
    ),
    "a type by another name": lambda r: insert(
        r, "aten._to_copy.default", [{"tensor": 3}], {"dtype": {"dtype": "__loader__"}}
    ),
    "logits as whole numbers": lambda r: insert(
        r, "aten._to_copy.default", [{"tensor": 3}], {"dtype": {"dtype": "int64"}}
    ),
    "a split of zero": lambda r: insert(r, "aten.split.Tensor", [{"tensor": 3}, 0, 1]),
    "a split of minus one": lambda r: insert(r, "aten.split.Tensor", [{"tensor": 3}, -1, 1]),
    "a slice with step zero": lambda r: insert(
        r, "aten.slice.Tensor", [{"tensor": 3}, 1, 0, 10, 0]
    ),
    "a slice of the batch": lambda r: insert(r, "aten.slice.Tensor", [{"tensor": 3}, 0, 0, 10, 1]),
    "one image picked": lambda r: insert(r, "aten.select.int", [{"tensor": 3}, 0, 0]),
    "nothing joined": lambda r: insert(r, "aten.cat.default", [[], 0]),
    "lists in lists": lambda r: insert(r, "aten.cat.default", [[[{"tensor": 3}]], 0]),
    "a norm with missing figures": lambda r: insert(
        r,
        "aten.native_batch_norm.default",
        [{"tensor": 3}, None, None, None, None, False, 0.1, 1e-5],
    ),
    "a norm with short figures": lambda r: insert(
        r,
        "aten.native_batch_norm.default",
        [{"tensor": 3}, None, None, {"tensor": 1}, {"tensor": 1}, False, 0.1, 1e-5],
    ),
    "a norm with arguments missing": lambda r: insert(
        r, "aten.native_batch_norm.default", [{"tensor": 3}]
    ),
    "a group norm in no groups": lambda r: insert(
        r, "aten.native_group_norm.default", [{"tensor": 3}, None, None, BATCH_SIZE, 10, 1, 0, 1e-5]
    ),
    "a layer norm of another shape": lambda r: insert(
        r, "aten.native_layer_norm.default", [{"tensor": 3}, [1 << 30], None, None, 1e-5]
    ),
    "an operation without arguments": lambda r: insert(r, "aten.relu.default", []),
    "a tensor inside a number's place": lambda r: insert(
        r, "aten.leaky_relu.default", [{"tensor": 3}, {"tensor": 3}]
    ),
    "work without end": lambda r: (
        r["steps"].extend(["aten.exp.default", [{"tensor": 0}], {}, [100 + i]] for i in range(450))
        or r.update(output=549)
    ),
    "a weight changed in place": lambda r: insert(
        r, "aten.mul_.Tensor", [{"tensor": 1}, {"tensor": 3}]
    ),
    "two weights multiplied for a result": lambda r: insert(
        r, "aten.mul.Tensor", [{"tensor": 1}, {"tensor": 1}]
    ),
}


def test_the_plain_record_is_a_network():
    images = torch.randn(7, *SHAPE)
    network = Network(plain_record(), SHAPE)
    assert torch.allclose(
        network.logits(images), images.flatten(1).sum(1, keepdim=True).expand(7, 10)
    )


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_record_is_refused(name):
    with pytest.raises(ReplayError):
        Network(forged(FORGERIES[name]), SHAPE)


def test_records_survive_the_wire_or_are_refused():
    for change in FORGERIES.values():
        try:
            record = wire.decode(wire.encode(forged(change)))
        except wire.WireError:
            continue
        with pytest.raises(ReplayError):
            Network(record, SHAPE)


@pytest.mark.parametrize("junk", [None, 3, "x", [], {}, {"arrays": 1, "steps": [], "output": 0}])
def test_junk_is_refused(junk):
    with pytest.raises(ReplayError):
        Network(junk, SHAPE)


def test_random_changes_never_escape():
    """Whatever stands in a record: a network or a ReplayError, nothing else."""
    rng = np.random.default_rng(0)
    names = ["aten.view.default", "aten.mm.default", "aten.relu_.default", "aten.cat.default",
             "aten.native_layer_norm.default", "aten._softmax.default", "aten.mean.dim",
             "aten.addmm.default", "aten.bmm.default", "aten.t.default", "aten.squeeze.dim",
             "aten.where.self", "aten.pow.Tensor_Tensor", "aten.glu.default", "aten.split.Tensor",
             "aten._prelu_kernel.default", "aten.var.correction", "aten.nan_to_num.default"]  # fmt: skip
    values = [
        {"tensor": 0}, {"tensor": 1}, {"tensor": 2}, {"tensor": 3}, {"tensor": -1}, {"tensor": "0"},
        [BATCH_SIZE, SIZE], [-1], [], [0], [{"tensor": 2}, {"tensor": 3}], 0, 1, -1, 7, 1 << 31,
        1e308, float("nan"), float("inf"), None, True, "none", "tanh", "x", {"dtype": "float16"},
        {"dtype": "bool"}, {}, [[1]],
    ]  # fmt: skip

    def some(low, high):
        return [values[i] for i in rng.integers(len(values), size=rng.integers(low, high))]

    for _ in range(int(os.environ.get("FUZZ_CHECKPOINTS", 1500))):
        record = plain_record()
        for number in range(rng.integers(1, 4)):
            args = some(0, 5)
            kwargs = {
                str(rng.choice(["alpha", "dim", "out", "keepdim", "correction"])): v
                for v in some(0, 2)
            }
            record["steps"].insert(
                int(rng.integers(3)),
                [str(rng.choice(names)), args, kwargs, [int(rng.integers(8)), 20 + number]],
            )
        record["output"] = int(rng.integers(8))
        try:
            Network(record, SHAPE).logits(torch.randn(3, *SHAPE))
        except ReplayError:
            pass


def test_limits_keep_a_run_short():
    record = plain_record()
    record["arrays"] = [[1, np.ones((SIZE, 100_000), np.float32)]]
    record["steps"] += [
        ["aten.mm.default", [{"tensor": 2}, {"tensor": 1}], {}, [i]] for i in range(4, 20)
    ]
    record["output"] = 19
    with pytest.raises(ReplayError, match="make it smaller"):
        Network(record, SHAPE)


def test_a_checkpoint_written_on_a_gpu_is_the_same_network_without_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 8), nn.ReLU(), nn.Linear(8, 10))
    with mock.patch("torch.serialization.location_tag", lambda storage: "cuda:0"):
        torch.save(model.state_dict(), "gpu.pt")
    if not torch.cuda.is_available():
        with pytest.raises(RuntimeError, match="CUDA"):
            torch.load("gpu.pt", weights_only=True)
    names = SimpleNamespace(made=lambda: copy.deepcopy(model).requires_grad_(False))
    record = probes.checkpoint(names, "made", "gpu.pt", BATCH_SIZE, MAX_NUMBERS, MAX_STEPS)
    network = Network(wire.decode(wire.encode(record)))
    images = torch.randn(5, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(network.logits(images), model(images), atol=1e-5)
