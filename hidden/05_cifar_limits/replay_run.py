"""The language of `replay` and its interpreter.

It has products of a whole batch (B, features) with constant matrices, functions of single values,
normalisations, and changes of shape. Images are flattened at the start. No operation mixes images,
and none picks, averages or multiplies parts of an image, as convolution, pooling and attention do.
None compares pixels with anything, hidden values with a table, or tells whether two are equal.
The tables at the end hold torch's own operations under the names torch gives them: a name that is
not in a table is never looked up anywhere.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from autograder.checking import CheckFailed

BATCH_SIZE = 251  # a prime and not the size of a layer: a shape shows which axis the images have
MAX_RESULTS = 64  # of one operation
_MAX_VALUES_PER_IMAGE = 150_000  # over all steps together
_MAX_PRODUCTS_PER_IMAGE = 24_000_000  # multiplications, over all steps together

_DTYPES = {
    name: getattr(torch, name)
    for name in ("float16", "bfloat16", "float32", "float64", "bool", "int32", "int64")
}


class ReplayError(CheckFailed):
    """The record cannot be run as an MLP; the message is for the student."""


@dataclass(frozen=True)
class Layer:
    """A product with a weight matrix, of shape (fan_in, fan_out).

    `after_nonlinearity`: whether a nonlinear function stands between this product and the one
    before it.
    """

    fan_in: int
    fan_out: int
    after_nonlinearity: bool
    weight: torch.Tensor


@dataclass(frozen=True)
class Value:
    """A tensor of a run. `axis` is the dimension of the images, None for a constant.

    `nonlinear`: a nonlinear function was applied since the last product. `layers`: indices of the
    products it depends on.
    """

    tensor: torch.Tensor
    axis: int | None = None
    nonlinear: bool = False
    layers: frozenset = frozenset()


class _Problem(Exception):
    """Why an MLP would not compute a value."""


class Run:
    """One pass of a batch through the record: `output` and the `layers` met on the way."""

    def __init__(self, batch, constants, steps, output):
        self.layers: list[Layer] = []
        self._values = {**constants, 0: Value(batch.clone(), axis=0)}
        self._room = _MAX_VALUES_PER_IMAGE * BATCH_SIZE
        self._work = _MAX_PRODUCTS_PER_IMAGE * BATCH_SIZE
        for name, args, kwargs, results in steps:
            self._step(name, args, kwargs, results)
        result = self._value(output)
        if result.axis != 0 or result.tensor.ndim != 2 or not result.tensor.is_floating_point():
            shape = list(result.tensor.shape)
            raise ReplayError(f"expected logits of shape (images, classes), got {shape}")
        if not result.layers:
            raise ReplayError("the logits do not depend on the images through any weight matrix")
        self.output = result

    def _value(self, number):
        value = self._values.get(number)
        if value is None:
            raise ReplayError("the network could not be read: an unknown value is used")
        if isinstance(value, str):
            raise ReplayError(value)
        return value

    def _step(self, name, args, kwargs, results):
        """Run one operation. What an MLP does not do matters only if the output depends on it."""
        try:
            values = self._apply(name, args, kwargs)
        except (_Problem, ReplayError) as problem:
            values = [str(problem)] * len(results)
        except Exception:  # torch's errors about arguments that no honest record has
            values = [f"the operation {_shown(name)} of your network could not be repeated"]
            values *= len(results)
        in_place = _in_place(name)
        for number, value in zip(results, values):
            known = number in self._values
            if known and not in_place:
                raise ReplayError("the network could not be read: a value is made twice")
            if number is not None:
                self._values[number] = value

    def _apply(self, name, args, kwargs):
        args = [self._argument(a) for a in args]
        kwargs = {key: self._argument(a) for key, a in kwargs.items()}
        if name in _ELEMENTWISE:
            return [self._elementwise(name, args, kwargs)]
        if name in _REDUCTIONS:
            return [self._reduction(name, args, kwargs)]
        if name in _SPECIAL:
            result = _SPECIAL[name](self, *args, **kwargs)
            return result if isinstance(result, list) else [result]
        raise _Problem(_no_mlp(name))

    def _argument(self, item, depth=0):
        if item is None or isinstance(item, (bool, float)):
            return item
        if type(item) is int and abs(item) < 2**31:
            return item
        if isinstance(item, str) and item in ("none", "tanh"):  # the two ways to compute a GELU
            return item
        if isinstance(item, list) and len(item) <= 64 and depth == 0:
            return [self._argument(x, 1) for x in item]
        if isinstance(item, dict) and set(item) == {"tensor"} and type(item["tensor"]) is int:
            return self._value(item["tensor"])
        if isinstance(item, dict) and set(item) == {"dtype"} and isinstance(item["dtype"], str):
            if item["dtype"] in _DTYPES:
                return _DTYPES[item["dtype"]]
        raise _Problem("the network could not be read: an argument of unknown form")

    def _reserve(self, size):
        """Count `size` values of a result before it is made."""
        self._room -= size
        if size < 0 or self._room < 0:
            raise ReplayError("the network computes too many values: make it smaller")

    # Functions of single values

    def _elementwise(self, name, args, kwargs):
        values = [a for a in (*args, *kwargs.values()) if isinstance(a, Value)]
        shape = torch.broadcast_shapes(*(v.tensor.shape for v in values))
        in_place = _in_place(name)
        first = args[0] if args and isinstance(args[0], Value) else None
        if in_place and (first is None or first.axis is None):
            raise _Problem("your network changes a parameter or a buffer while it is evaluated")
        self._reserve(math.prod(shape))
        if name in _COMPARISONS:
            self._comparison(values)
        axis, args, kwargs = self._aligned(len(shape), args, kwargs)
        active = [v for v in values if v.axis is not None]
        linear = name in _LINEAR or (
            name in _LINEAR_IN_ONE
            and len(active) == 1
            and (active[0] is first or "div" not in name)
        )
        result = _ELEMENTWISE[name](
            *(a.tensor if isinstance(a, Value) else a for a in args),
            **{k: a.tensor if isinstance(a, Value) else a for k, a in kwargs.items()},
        )
        nonlinear = not linear or any(v.nonlinear for v in active)
        layers = frozenset().union(*(v.layers for v in active))
        return Value(result, axis, nonlinear, layers)

    def _comparison(self, values):
        """Hidden values may be compared with each other or with one number, as ReLU does."""
        tables = [v for v in values if v.axis is None and bool((v.tensor != v.tensor.min()).any())]
        if tables or any(v.axis is not None and not v.layers for v in values):
            raise _Problem(_no_mlp("compare"))

    def _aligned(self, num_dims, args, kwargs):
        """The images' axis in a result of `num_dims` dimensions, counted as broadcasting does.

        Constants come back with one row where they repeat it for each image.
        """
        values = [a for a in (*args, *kwargs.values()) if isinstance(a, Value)]
        places = {v.tensor.ndim - v.axis for v in values if v.axis is not None}
        if len(places) > 1:
            raise _Problem("your network mixes the images of a batch")
        if not places:
            return None, args, kwargs
        (place,) = places

        def single(item):
            if not isinstance(item, Value) or item.axis is not None or item.tensor.ndim < place:
                return item
            dim = item.tensor.ndim - place
            if item.tensor.shape[dim] == 1:
                return item
            row = item.tensor.narrow(dim, 0, 1)
            if item.tensor.shape[dim] != BATCH_SIZE or not bool((item.tensor == row).all()):
                raise _Problem("your network treats the images of a batch differently")
            return replace(item, tensor=row)

        args, kwargs = [single(a) for a in args], {k: single(a) for k, a in kwargs.items()}
        return num_dims - place, args, kwargs

    # Products with weight matrices

    def _product(self, a, b):
        a, b = self._matrix(a), self._matrix(b)
        if a.axis is not None and b.axis is not None:
            raise _Problem(
                "this is not an MLP: it multiplies activations by each other as matrices, as "
                "attention does; an MLP multiplies them by weight matrices"
            )
        active, constant = (a, b) if b.axis is None else (b, a)
        if active.axis not in (None, 0 if active is a else 1):
            raise _Problem("your network mixes the images of a batch")
        rows, columns = a.tensor.shape[0], b.tensor.shape[1]
        self._reserve(rows * columns)
        self._work -= rows * a.tensor.shape[1] * columns
        if self._work < 0:
            raise ReplayError("the network multiplies too much: make it smaller")
        if active.axis is None:
            return Value(a.tensor.float() @ b.tensor.float())
        weight = constant.tensor if active is a else constant.tensor.T
        # A product is taken in single precision where a type is smaller: constants arrive that way.
        dtype = torch.promote_types(a.tensor.dtype, b.tensor.dtype)
        dtype = torch.float64 if dtype == torch.float64 else torch.float32
        result = a.tensor.to(dtype) @ b.tensor.to(dtype)
        self.layers.append(Layer(*weight.shape, active.nonlinear, weight))
        return Value(result, active.axis, False, active.layers | {len(self.layers) - 1})

    def _matrix(self, value):
        tensor = _expect_value(value).tensor
        if tensor.ndim != 2 or not tensor.is_floating_point():
            raise _Problem("the network could not be read: a product of other things than matrices")
        if value.axis is not None and tensor.shape[value.axis] != BATCH_SIZE:
            raise _Problem("your network mixes the images of a batch")
        return value

    def _addmm(self, bias, a, b, beta=1, alpha=1):
        product = self._product(a, b)
        scaled = self._elementwise("aten.mul.Scalar", [product, alpha], {})
        return self._elementwise("aten.add.Tensor", [scaled, bias], {"alpha": beta})

    def _mv(self, a, vector):
        return self._squeeze(self._product(a, self._unsqueeze(vector, 1)), 1)

    def _bmm(self, a, b):
        if any(_expect_value(v).tensor.ndim != 3 or v.tensor.shape[0] != 1 for v in (a, b)):
            raise _Problem(_no_mlp("aten.bmm.default"))
        return self._unsqueeze(self._product(self._squeeze(a, 0), self._squeeze(b, 0)), 0)

    # Changes of shape

    def _reshaped(self, value, tensor, axis):
        if axis is not None and tensor.shape[axis] != BATCH_SIZE:
            raise _Problem("your network mixes the images of a batch")
        return replace(value, tensor=tensor, axis=axis)

    def _view(self, value, sizes):
        tensor = _expect_value(value).tensor
        sizes = _ints(sizes)
        known = math.prod(n for n in sizes if n != -1)
        if sizes.count(-1) == 1 and known > 0:
            sizes[sizes.index(-1)] = tensor.numel() // known
        # Compared exactly before torch sees them: its product of sizes may overflow 64 bits.
        if any(n < 1 for n in sizes) or math.prod(sizes) != tensor.numel():
            raise _Problem("the network could not be read: a view of another size")
        axis = None
        if value.axis is not None:
            before = math.prod(tensor.shape[: value.axis])
            starts = [math.prod(sizes[:i]) for i in range(len(sizes))]
            places = [i for i, n in enumerate(sizes) if n == BATCH_SIZE and starts[i] == before]
            if not places:
                raise _Problem(
                    "this is not an MLP: it joins the images of a batch with parts of an image, as "
                    "weights shared between patches need it; an MLP keeps (batch, features)"
                )
            axis = places[0]
        self._reserve(tensor.numel())
        return self._reshaped(value, tensor.reshape(sizes), axis)

    def _permute(self, value, dims):
        tensor = _expect_value(value).tensor
        dims = [_dim(d, tensor.ndim) for d in _ints(dims)]
        axis = None if value.axis is None else dims.index(value.axis)
        return self._reshaped(value, tensor.permute(dims), axis)

    def _transpose(self, value, first=0, second=1):
        dims = list(range(_expect_value(value).tensor.ndim))
        if len(dims) < 2:
            return value
        first, second = _dim(first, len(dims)), _dim(second, len(dims))
        dims[first], dims[second] = dims[second], dims[first]
        return self._permute(value, dims)

    def _unsqueeze(self, value, dim):
        tensor = _expect_value(value).tensor
        dim = _dim(dim, tensor.ndim + 1)
        axis = None if value.axis is None else value.axis + (dim <= value.axis)
        return self._reshaped(value, tensor.unsqueeze(dim), axis)

    def _squeeze(self, value, dims=None):
        tensor = _expect_value(value).tensor
        dims = range(tensor.ndim) if dims is None else dims if isinstance(dims, list) else [dims]
        dims = {_dim(d, tensor.ndim) for d in dims}
        gone = sorted(d for d in dims if tensor.shape[d] == 1)
        axis = None if value.axis is None else value.axis - sum(d < value.axis for d in gone)
        for dim in reversed(gone):
            tensor = tensor.squeeze(dim)
        return self._reshaped(value, tensor, axis)

    def _expand(self, value, sizes, implicit=False):
        tensor = _expect_value(value).tensor
        sizes = _ints(sizes)
        if len(sizes) < tensor.ndim:
            raise _Problem("the network could not be read: expanded to fewer dimensions")
        old = [1] * (len(sizes) - tensor.ndim) + list(tensor.shape)
        sizes = [o if n == -1 else n for n, o in zip(sizes, old, strict=True)]
        self._reserve(math.prod(sizes))
        axis = None if value.axis is None else value.axis + len(sizes) - tensor.ndim
        return self._reshaped(value, tensor.expand(sizes), axis)

    def _cat(self, values, dim=0):
        if not isinstance(values, list) or not values:
            raise _Problem("the network could not be read: nothing to join")
        tensors = [_expect_value(v).tensor for v in values]
        dim = _dim(dim, tensors[0].ndim)
        axes = {v.axis for v in values}
        if len(axes) > 1 or dim in axes:
            raise _Problem("your network mixes the images of a batch, or images with constants")
        self._reserve(sum(t.numel() for t in tensors))
        return replace(
            values[0],
            tensor=torch.cat(tensors, dim),
            nonlinear=all(v.nonlinear for v in values),
            layers=frozenset().union(*(v.layers for v in values)),
        )

    def _stack(self, values, dim=0):
        if not isinstance(values, list):
            raise _Problem("the network could not be read: nothing to join")
        return self._cat([self._unsqueeze(v, dim) for v in values], dim)

    def _hidden(self, value, name):
        """Parts of a hidden layer may be picked; parts of an image not, as convolutions do that."""
        if _expect_value(value).axis is not None and not value.layers:
            raise _Problem(_no_mlp(name))

    def _split(self, value, sizes, dim=0):
        self._hidden(value, "split")
        dim = _dim(dim, value.tensor.ndim)
        sizes = _ints(sizes) if isinstance(sizes, list) else _ints([sizes])[0]
        if not isinstance(sizes, list) and value.tensor.shape[dim] > MAX_RESULTS * sizes:
            raise _Problem("the network could not be read: a split into too many parts")
        parts = value.tensor.split(sizes, dim)
        return [self._reshaped(value, part, value.axis) for part in parts]

    def _slice(self, value, dim=0, start=None, end=None, step=1):
        tensor = _expect_value(value).tensor
        dim = _dim(dim, tensor.ndim)
        index = [slice(None)] * tensor.ndim
        index[dim] = slice(start, end, step)
        part = tensor[tuple(index)]
        if part.shape != tensor.shape:
            self._hidden(value, "slice")
        return self._reshaped(value, part, value.axis)

    def _select(self, value, dim, index):
        tensor = _expect_value(value).tensor
        dim = _dim(dim, tensor.ndim)
        if tensor.shape[dim] != 1:
            self._hidden(value, "select")
        if dim == value.axis:
            raise _Problem("your network mixes the images of a batch")
        axis = None if value.axis is None else value.axis - (dim < value.axis)
        return self._reshaped(value, tensor.select(dim, index), axis)

    def _copy(self, value, dtype=None, **_):
        tensor = _expect_value(value).tensor
        self._reserve(tensor.numel())
        return replace(value, tensor=tensor.to(dtype or tensor.dtype, copy=True))

    def _zeros_like(self, value, **_):
        self._reserve(_expect_value(value).tensor.numel())
        return replace(value, tensor=torch.zeros_like(value.tensor))

    # Sums over features, and normalisations

    def _features(self, value, dims, name):
        """Check that `dims` are all dimensions of an image, or some of a hidden layer."""
        tensor = _expect_value(value).tensor
        dims = list(range(tensor.ndim)) if dims is None else dims
        dims = {_dim(d, tensor.ndim) for d in (dims if isinstance(dims, list) else [dims])}
        if not dims:
            dims = set(range(tensor.ndim))
        if value.axis in dims:
            raise _Problem("your network mixes the images of a batch, in evaluation mode")
        rest = {d for d, n in enumerate(tensor.shape) if n > 1 and d != value.axis}
        if value.axis is not None and not rest <= dims and not value.layers:
            raise _Problem(_no_mlp(name if "." in name else f"pooling with {name}"))
        return dims

    def _reduction(self, name, args, kwargs):
        function, place = _REDUCTIONS[name]
        value = _expect_value(args[0])
        dims = args[place] if len(args) > place else kwargs.get("dim")
        dims = self._features(value, dims, "pool")
        if any(isinstance(a, Value) for a in (*args[1:], *kwargs.values())):
            raise _Problem("the network could not be read: an argument of unknown form")
        self._reserve(value.tensor.numel())
        result = function(value.tensor, *args[1:], **kwargs)
        result = result if isinstance(result, torch.Tensor) else result[0]
        axis = value.axis
        if axis is not None and result.ndim < value.tensor.ndim:
            axis -= sum(d < axis for d in dims)
        nonlinear = value.nonlinear or name not in _LINEAR
        return self._reshaped(replace(value, nonlinear=nonlinear), result, axis)

    def _softmax(self, value, dim, half=False):
        return self._normalised_exponentials(value, dim, torch.softmax)

    def _log_softmax(self, value, dim, half=False):
        return self._normalised_exponentials(value, dim, torch.log_softmax)

    def _normalised_exponentials(self, value, dim, function):
        self._features(value, [dim], "softmax")
        self._reserve(value.tensor.numel())
        return replace(value, tensor=function(value.tensor, dim), nonlinear=True)

    def _batch_norm(self, x, weight, bias, mean, variance, *rest):
        training, eps = (rest[0], rest[2]) if len(rest) == 3 else (False, rest[1])
        if training is not False or mean is None or variance is None:
            raise _Problem(
                "batch norm uses the statistics of the batch in evaluation mode: the images of a "
                "batch influence each other"
            )
        self._reserve(_expect_value(x).tensor.numel())
        if x.axis != 0 or x.tensor.ndim < 2:
            raise _Problem("your network mixes the images of a batch")
        size = (x.tensor.shape[1],)
        mean, variance, weight, bias = (_constant(v, size) for v in (mean, variance, weight, bias))
        result = F.batch_norm(
            x.tensor.float(), mean, variance, weight, bias, False, 0.0, _number(eps)
        )
        return replace(x, tensor=result)

    def _layer_norm(self, x, sizes, weight=None, bias=None, eps=1e-5):
        return self._normed(x, sizes, [weight, bias], eps, F.layer_norm)

    def _rms_norm(self, x, sizes, weight=None, eps=None):
        eps = torch.finfo(torch.float32).eps if eps is None else eps
        return self._normed(x, sizes, [weight], eps, F.rms_norm)

    def _normed(self, x, sizes, parameters, eps, function):
        tensor = _expect_value(x).tensor
        sizes = tuple(_ints(sizes))
        if not sizes or sizes != tuple(tensor.shape[-len(sizes) :]):
            raise _Problem("the network could not be read: a norm over another shape")
        first = tensor.ndim - len(sizes)
        self._features(x, list(range(first, tensor.ndim)), "layer norm")
        self._reserve(tensor.numel())
        parameters = [_constant(p, sizes) for p in parameters]
        result = function(tensor.float(), sizes, *parameters, eps=_number(eps))
        return replace(x, tensor=result, nonlinear=True)

    def _group_norm(self, x, weight, bias, num_images, num_features, num_pixels, groups, eps):
        shape = tuple(_expect_value(x).tensor.shape)
        given = (num_images, num_features)
        if x.axis != 0 or shape != given or num_pixels != 1 or type(groups) is not int:
            raise _Problem("this is not an MLP: a group norm over pixels")
        if groups < 1 or num_features % groups:
            raise _Problem("the network could not be read: a norm over another shape")
        self._hidden(x, "group norm")
        self._reserve(x.tensor.numel())
        parameters = [_constant(p, shape[1:]) for p in (weight, bias)]
        result = F.group_norm(x.tensor.float(), groups, *parameters, eps=_number(eps))
        return replace(x, tensor=result, nonlinear=True)

    def _glu(self, x, dim=-1):
        self._features(x, [dim], "split")
        self._hidden(x, "split")
        self._reserve(x.tensor.numel())
        return replace(x, tensor=F.glu(x.tensor, _dim(dim, x.tensor.ndim)), nonlinear=True)


def _in_place(name):
    """torch's convention: `aten.relu_.default` changes its first argument."""
    return name.rpartition(".")[0].endswith("_")


def _expect_value(item):
    if not isinstance(item, Value):
        raise _Problem("the network could not be read: a tensor is missing")
    return item


def _ints(items):
    if not isinstance(items, list) or not all(type(n) is int for n in items):
        raise _Problem("the network could not be read: sizes that are not whole numbers")
    return list(items)


def _dim(dim, num_dims):
    if type(dim) is not int or not -num_dims <= dim < num_dims:
        raise _Problem("the network could not be read: a dimension that is not there")
    return dim % num_dims


def _number(item):
    if type(item) not in (int, float) or not math.isfinite(item):
        raise _Problem("the network could not be read: a number is missing")
    return float(item)


def _constant(value, shape):
    """A parameter of a norm as a tensor of `shape`, or None."""
    if value is None:
        return None
    if _expect_value(value).axis is not None or tuple(value.tensor.shape) != tuple(shape):
        raise _Problem("the network could not be read: a norm's parameter of another shape")
    return value.tensor.float()


_TELLING = (
    ("batch_norm", "batch norm with the statistics of the batch in evaluation mode"),
    ("conv", "a convolution"),
    ("pool", "pooling or a mean over some of the pixels"),
    ("attention", "attention"),
    ("bmm", "products of stacks of matrices, as attention or patch-wise layers have them"),
    ("im2col", "patches of the image"),
    ("unfold", "patches of the image"),
    ("bernoulli", "random numbers in evaluation mode"),
    ("dropout", "dropout in evaluation mode"),
    ("rand", "random numbers in evaluation mode"),
    ("compare", "a comparison of pixels, or with a table of stored numbers"),
    ("aten.eq", "a comparison of values for equality, as a search in a table needs it"),
    ("aten.ne.", "a comparison of values for equality, as a search in a table needs it"),
    ("embedding", "a table in which values are looked up"),
    ("index", "single values picked by position"),
    ("gather", "single values picked by position"),
    ("select", "parts of the image"),
    ("slice", "parts of the image"),
    ("split", "parts of the image"),
    ("lstm", "a recurrent network"),
    ("gru", "a recurrent network"),
)


def _no_mlp(name):
    what = next((text for word, text in _TELLING if word in name), f"the operation {_shown(name)}")
    return (
        f"this is not an MLP: its forward pass uses {what}; allowed are products of the flattened "
        "image and of hidden layers with weight matrices, functions of single values, and "
        "normalisations"
    )


def _shown(name):
    return "".join(c for c in name[:60] if c.isalnum() or c in "._")


# The language


def _overload(name):
    base, overload = name.split(".")
    return getattr(getattr(torch.ops.aten, base), overload)


def _table(names):
    """`aten.NAME` → torch's operation; with the one that works in place, where torch has it."""
    table = {}
    for name in names.split():
        base, overload = name.split(".")
        table[f"aten.{name}"] = _overload(name)
        if hasattr(torch.ops.aten, base + "_"):
            if overload in getattr(torch.ops.aten, base + "_").overloads():
                table[f"aten.{base}_.{overload}"] = _overload(f"{base}_.{overload}")
    return table


def _both_ways(*names):
    return {
        f"aten.{base}{end}.{o}" for base, o in (n.split(".") for n in names) for end in ("", "_")
    }


_ELEMENTWISE: dict[str, Callable] = _table("""
    add.Tensor add.Scalar sub.Tensor sub.Scalar rsub.Tensor rsub.Scalar mul.Tensor mul.Scalar
    div.Tensor div.Scalar neg.default abs.default sign.default sgn.default square.default
    pow.Tensor_Scalar pow.Tensor_Tensor pow.Scalar sqrt.default rsqrt.default reciprocal.default
    exp.default expm1.default exp2.default log.default log1p.default log2.default sin.default
    cos.default tanh.default sinh.default cosh.default atan.default asinh.default erf.default
    sigmoid.default relu.default relu6.default gelu.default silu.default mish.default elu.default
    celu.default selu.default leaky_relu.default softplus.default hardtanh.default hardswish.default
    hardsigmoid.default hardshrink.default softshrink.default threshold.default
    _prelu_kernel.default clamp.default clamp.Tensor clamp_min.default clamp_min.Tensor
    clamp_max.default clamp_max.Tensor maximum.default minimum.default fmax.default fmin.default
    where.self where.ScalarOther where.ScalarSelf where.Scalar gt.Scalar gt.Tensor ge.Scalar
    ge.Tensor lt.Scalar lt.Tensor le.Scalar le.Tensor
    logical_and.default logical_or.default logical_not.default bitwise_and.Tensor bitwise_or.Tensor
    bitwise_not.default addcmul.default addcdiv.default lerp.Scalar lerp.Tensor xlogy.Tensor
    sinc.default masked_fill.Scalar nan_to_num.default
""")
_ELEMENTWISE["aten.log_sigmoid_forward.default"] = F.logsigmoid
_ELEMENTWISE["aten.rrelu_with_noise.default"] = lambda x, noise, low=1 / 8, high=1 / 3, *_: (
    F.leaky_relu(x, (low + high) / 2)
)

_REDUCTIONS: dict[str, tuple[Callable, int]] = {
    f"aten.{name}": (_overload(name), place)
    for name, place in {
        "mean.dim": 1,
        "sum.dim_IntList": 1,
        "amax.default": 1,
        "amin.default": 1,
        "max.dim": 1,
        "min.dim": 1,
        "var.correction": 1,
        "std.correction": 1,
        "logsumexp.default": 1,
        "linalg_vector_norm.default": 2,
        "norm.ScalarOpt_dim": 2,
    }.items()
}

_COMPARISONS = {
    f"aten.{base}{end}.{kind}"
    for base in ("gt", "ge", "lt", "le")
    for end in ("", "_")
    for kind in ("Scalar", "Tensor")
}

# Without one of these between two products the two are one.
_LINEAR = _both_ways(
    "add.Tensor", "add.Scalar", "sub.Tensor", "sub.Scalar", "rsub.Tensor", "rsub.Scalar",
    "neg.default", "mul.Scalar", "div.Scalar", "mean.dim", "sum.dim_IntList",
)  # fmt: skip
_LINEAR_IN_ONE = _both_ways("mul.Tensor", "div.Tensor")

_SPECIAL: dict[str, Callable] = {
    "aten.mm.default": Run._product,
    "aten.addmm.default": Run._addmm,
    "aten.mv.default": Run._mv,
    "aten.bmm.default": Run._bmm,
    "aten.view.default": Run._view,
    "aten._unsafe_view.default": Run._view,
    "aten.reshape.default": Run._view,
    "aten.t.default": Run._transpose,
    "aten.transpose.int": Run._transpose,
    "aten.permute.default": Run._permute,
    "aten.unsqueeze.default": Run._unsqueeze,
    "aten.squeeze.default": Run._squeeze,
    "aten.squeeze.dim": Run._squeeze,
    "aten.squeeze.dims": Run._squeeze,
    "aten.expand.default": Run._expand,
    "aten.cat.default": Run._cat,
    "aten.stack.default": Run._stack,
    "aten.split.Tensor": Run._split,
    "aten.split_with_sizes.default": Run._split,
    "aten.slice.Tensor": Run._slice,
    "aten.select.int": Run._select,
    "aten.clone.default": Run._copy,
    "aten._to_copy.default": Run._copy,
    "aten.detach.default": lambda run, value: _expect_value(value),
    "aten.alias.default": lambda run, value: _expect_value(value),
    "aten.lift_fresh.default": lambda run, value: _expect_value(value),
    "aten.zeros_like.default": Run._zeros_like,
    "aten.empty_like.default": Run._zeros_like,
    "aten._softmax.default": Run._softmax,
    "aten._log_softmax.default": Run._log_softmax,
    "aten.native_batch_norm.default": Run._batch_norm,
    "aten._native_batch_norm_legit.default": Run._batch_norm,
    "aten._native_batch_norm_legit_no_training.default": Run._batch_norm,
    "aten.native_layer_norm.default": Run._layer_norm,
    "aten._fused_rms_norm.default": Run._rms_norm,
    "aten.native_group_norm.default": Run._group_norm,
    "aten.glu.default": Run._glu,
}
