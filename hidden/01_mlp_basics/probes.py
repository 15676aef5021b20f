"""Probes of assignment 01. Arrays come in, plain data goes out; nothing here judges."""

import numbers
import tempfile
import warnings
from pathlib import Path
from unittest import mock

import torch
from torch import nn
from torch.nn import functional as F

from ..shared.networks import batches, network, restored
from ..shared.traces import file_content, observed


def shapes(tensors):
    return [list(t.shape) for t in tensors]


def pairs(parameters):
    return [(weight, bias) for weight, bias in parameters]


# functional_parameters, functional_mlp


def drawn_parameters(ns, dims, std=None):
    parameters = ns.functional_parameters(tuple(dims), **({} if std is None else {"std": std}))
    first, again = pairs(parameters), pairs(parameters)
    dtypes = [str(t.dtype) for pair in first for t in pair]
    return {"pairs": first, "again": len(again), "dtypes": dtypes}


def train_parameters(ns, dims, lr, num_steps):
    """Start, first gradients and values after SGD steps that pull every number towards 1.

    `asked` says of each tensor whether it requires a gradient.
    """
    parameters = pairs(ns.functional_parameters(tuple(dims)))
    tensors = [t for pair in parameters for t in pair]
    start = [[t.detach().clone() for t in pair] for pair in parameters]
    try:
        optimizer = torch.optim.SGD(tensors, lr=lr)
    except ValueError:  # raised for tensors that are not leaves
        optimizer = None
    gradients = None
    for _ in range(num_steps):
        loss = sum((t - 1).square().sum() / 2 for t in tensors)
        if loss.requires_grad:
            loss.backward()
        if gradients is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # reading .grad of a non-leaf warns
                gradients = [None if t.grad is None else t.grad.clone() for t in tensors]
        if optimizer is None:
            break
        optimizer.step()
        optimizer.zero_grad()
    asked = [t.requires_grad for t in tensors]
    return {"start": start, "asked": asked, "gradients": gradients, "end": tensors}


def functional_logits(ns, x, parameters, factors=None):
    """Logits, the inputs after the call, and the parameters' gradients of sum(logits * factors)."""
    x = torch.tensor(x)
    parameters = [tuple(torch.tensor(t, requires_grad=True) for t in pair) for pair in parameters]
    logits = ns.functional_mlp(x, parameters)
    result = {"logits": logits, "x": x, "parameters": parameters}
    if factors is not None:
        if isinstance(logits, torch.Tensor) and logits.requires_grad:
            (logits * torch.tensor(factors)).sum().backward()
        result["gradients"] = [[t.grad for t in pair] for pair in parameters]
    return result


# mlp_gradients


def hand_gradients(ns, x, labels, parameters):
    """The gradients, worked out where autograd can neither record nor run forward."""

    def stop(*_):
        raise RuntimeError("autograd is off here: work the gradients out by hand")

    hooks = torch.autograd.graph.saved_tensors_hooks(stop, stop)
    forward_mode = mock.patch.object(torch.autograd.forward_ad, "make_dual", stop)
    with torch.inference_mode(), hooks, forward_mode:
        layers = [tuple(torch.tensor(t) for t in pair) for pair in parameters]
        gradients = ns.mlp_gradients(torch.tensor(x), torch.tensor(labels), layers)
        return [[t.clone() for t in pair] for pair in pairs(gradients)]


# count_parameters


def counted(ns, layers, frozen=(), tied=None):
    """The count for a network; `frozen` are parameter names, `tied` two layers with one weight."""
    model = network(layers)
    if tied is not None:
        first, second = tied
        model[second].weight = model[first].weight
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in frozen)
    count = ns.count_parameters(model)
    trainable = any(p.requires_grad for p in model.parameters())
    whole = isinstance(count, numbers.Integral)
    return {"count": count, "whole": whole, "trainable": trainable}


# dense_layer


def dense_layer_outputs(ns, sizes, options, x):
    """The layer's state, and its outputs in evaluation mode and, twice, in training mode."""
    options = dict(options)
    if options.get("activation") is not None:
        options["activation"] = getattr(nn, options["activation"])
    layer = ns.dense_layer(*sizes, **options)
    with torch.no_grad():
        for name, tensor in layer.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2.0)
            elif tensor.is_floating_point():
                tensor.normal_()
    x = torch.tensor(x)
    state = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    layer.eval()
    evaluated = layer(x)
    layer.train()
    result = {"state": state, "evaluated": evaluated, "trained": layer(x), "again": layer(x)}
    try:
        result["again"].sum().backward()
        result["differentiable"] = True
    except RuntimeError:
        result["differentiable"] = False
    return result


def dense_layer_shapes(ns, sizes, batch_norm, dropout):
    layer = ns.dense_layer(*sizes, batch_norm=batch_norm, dropout=dropout)
    return shapes(layer.parameters())


class Marked(nn.Module):
    """An activation that is found again."""

    def forward(self, x):
        return x.abs()


def activations_made(ns, sizes, options):
    """How many modules of a layer are the activation that was passed, as a function."""
    layer = ns.dense_layer(*sizes, activation=lambda: Marked(), **options)
    return sum(isinstance(module, Marked) for module in layer.modules())


# mlp, sequential_mlp


def own_parameters(model):
    """The model's parameters, then those in plain lists and dicts, where `nn.Module` finds none."""
    found = dict.fromkeys(model.parameters())
    for module in list(model.modules()):
        for value in vars(module).values():
            items = value.values() if isinstance(value, dict) else value
            for item in items if isinstance(value, list | tuple | dict) else ():
                if isinstance(item, nn.Parameter):
                    found[item] = None
                elif isinstance(item, nn.Module):
                    found |= dict.fromkeys(own_parameters(item))
    return list(found)


def forward_and_gradients(model, x, labels):
    parameters = own_parameters(model)
    with torch.no_grad():
        for parameter in parameters:  # only other biases than zero show whether they are used
            parameter.copy_(torch.randn_like(parameter) * 0.7)
    logits = model(torch.tensor(x))
    F.cross_entropy(logits, torch.tensor(labels)).backward()
    return {
        "parameters": parameters,
        "registered": len(list(model.parameters())),
        "gradients": [p.grad for p in parameters],
        "logits": logits,
    }


def new_mlp(ns, input_size, num_classes, hidden_sizes):
    return ns.MLP(input_size=input_size, num_classes=num_classes, hidden_sizes=tuple(hidden_sizes))


def mlp_outputs(ns, input_size, num_classes, hidden_sizes, x, labels):
    """As `forward_and_gradients`, with logits in evaluation mode and of the first image alone."""
    model = new_mlp(ns, input_size, num_classes, hidden_sizes)
    result = forward_and_gradients(model, x, labels)
    result["single"] = model(torch.tensor(x[:1]))
    result["evaluated"] = model.eval()(torch.tensor(x))
    return result


@torch.no_grad()
def mlp_influences(ns, input_size, num_classes, hidden_sizes, x):
    """By how much the logits change with each parameter; no unit is silent for all inputs."""
    model, x = new_mlp(ns, input_size, num_classes, hidden_sizes), torch.tensor(x)
    parameters = own_parameters(model)
    for p in parameters:
        is_bias = p.ndim < 2 or 1 in p.shape
        p.copy_(torch.rand_like(p) + 0.5 if is_bias else torch.randn_like(p) / p.shape[-1] ** 0.5)
    logits, changes = model(x), []
    for p in parameters:
        before = p.clone()
        p.mul_(-2)
        changes.append((model(x) - logits).abs().max().item())
        p.copy_(before)
    return {"shapes": shapes(parameters), "logits": logits, "changes": changes}


def default_mlp(ns, x):
    model = ns.MLP()
    return {"parameters": shapes(own_parameters(model)), "logits": model(torch.tensor(x))}


def sequential_outputs(ns, dims, x, labels):
    return forward_and_gradients(ns.sequential_mlp(tuple(dims)), x, labels)


def sequential_with_weights(ns, dims, parameters, x):
    """Logits with the given (in, out) weights, of the whole and applied layer by layer."""
    model = ns.sequential_mlp(tuple(dims))
    own = list(model.parameters())
    given = [t for weight, bias in parameters for t in (torch.tensor(weight).T, torch.tensor(bias))]
    if shapes(own) == shapes(given):
        with torch.no_grad():
            for parameter, value in zip(own, given, strict=True):
                parameter.copy_(value)
    step, x = torch.tensor(x), torch.tensor(x)
    logits = model(x)
    layers = list(model) if isinstance(model, nn.Sequential) else None
    for layer in layers or []:
        step = layer(step)
    return {
        "shapes": shapes(own),
        "logits": logits,
        "step_by_step": None if layers is None else step,
    }


# train_epoch


def loss_function(name):
    """A loss by name; every one is a mean over the batch."""
    return {
        "module": nn.CrossEntropyLoss(),
        "function": F.cross_entropy,
        "smooth": nn.CrossEntropyLoss(label_smoothing=0.3),
        "squares": nn.MSELoss(),
        "raw": nn.NLLLoss(),  # of the logits as they are: another shift is another loss
    }[name]


def square_penalty(factor):
    """`factor` times the sum of all squared parameters, as a function of the model."""
    return lambda model: factor * sum(p.pow(2).sum() for p in model.parameters())


def trained_epoch(ns, layers, state, data, loss, lr, momentum=0.0, penalty=None, one_shot=False):
    """What one epoch returns and leaves in the model, which is in evaluation mode before."""
    model = restored(layers, state).eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    loader = (batch for batch in batches(data)) if one_shot else batches(data)
    asked = []

    def counting_penalty(model):
        asked.append(1)
        return square_penalty(penalty)(model)

    extra = {} if penalty is None else {"penalty": counting_penalty}
    value = ns.train_epoch(model, loader, optimizer, loss_function(loss), **extra)
    plain = isinstance(value, float)
    return {"value": value, "plain": plain, "asked": len(asked), "state": model.state_dict()}


# train_batches, overfit_one_batch, train_many


class Reshuffled:
    """A loader that has its batches in another of the given orders in each pass."""

    def __init__(self, data, orders):
        self.batches = batches(data)
        self.orders = orders
        self.passes = 0

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        order = self.orders[self.passes % len(self.orders)]
        self.passes += 1
        return iter([self.batches[index] for index in order])


def all_floats(losses):
    return isinstance(losses, list) and all(isinstance(loss, float) for loss in losses)


def trained_batches(ns, layers, state, data, orders, loss, lr, momentum=0.0, num_epochs=None):
    """The losses that come back, and the model, which is in evaluation mode before."""
    model = restored(layers, state).eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    extra = {} if num_epochs is None else {"num_epochs": num_epochs}
    loader = Reshuffled(data, orders)
    losses = ns.train_batches(model, loader, optimizer, loss_function(loss), **extra)
    return {"losses": list(losses), "plain": all_floats(losses), "state": model.state_dict()}


def overfitted(ns, layers, state, images, labels, num_steps, lr, momentum=0.0):
    """As `trained_batches`, for `num_steps` steps on one batch."""
    model = restored(layers, state).eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    batch = torch.tensor(images), torch.tensor(labels)
    losses = ns.overfit_one_batch(model, *batch, optimizer, num_steps)
    return {"losses": list(losses), "plain": all_floats(losses), "state": model.state_dict()}


def trained_many(ns, layers, states, data, orders, lr):
    """One model per state of `states`: losses and final states, and what was asked for."""
    made, optimizers = [], []

    def make_model():
        made.append(restored(layers, states[len(made) % len(states)]))
        return made[-1]

    def make_optimizer(parameters):
        optimizers.append(torch.optim.SGD(parameters, lr=lr, momentum=0.9))
        return optimizers[-1]

    loader = Reshuffled(data, orders)
    models, losses = ns.train_many(
        len(states), make_model, make_optimizer, loader, nn.CrossEntropyLoss()
    )
    return {
        "made": len(made),
        "optimizers": len(optimizers),
        "losses": [list(values) for values in losses],
        "states": [model.state_dict() for model in models],
    }


# mse_on_onehot


def squared_error(ns, outputs, labels):
    """The loss, its gradient, and the outputs after the call."""
    leaf = torch.tensor(outputs, requires_grad=True)
    outputs = leaf * 1  # no leaf: an operation in place may change it
    loss = ns.mse_on_onehot(outputs, torch.tensor(labels))
    differentiable = isinstance(loss, torch.Tensor) and loss.requires_grad
    after = outputs.detach().clone()
    if differentiable:
        loss.sum().backward()
    return {"loss": loss, "after": after, "gradient": leaf.grad if differentiable else None}


# evaluate, accuracy_per_class


def evaluated(ns, layers, state, data, loss, x, training):
    def call(model):
        loss_value, accuracy = ns.evaluate(model, batches(data), loss_function(loss))
        plain = isinstance(loss_value, float) and isinstance(accuracy, float)
        return {"loss": loss_value, "accuracy": accuracy, "plain": plain}

    return observed(call, layers, state, x, training)


def class_accuracies(ns, layers, state, data, num_classes, x, training):
    def call(model):
        result = ns.accuracy_per_class(model, batches(data), num_classes=num_classes)
        if not isinstance(result, dict):
            return {"kind": type(result).__name__, "size": 0, "values": []}
        values = [result[c] if c in result else None for c in range(num_classes)]
        return {"kind": "dict", "size": len(result), "values": values}

    return observed(call, layers, state, x, training)


# trainer


class CountedLoader(list):
    """A list of batches that counts how often it is read."""

    passes = 0

    def __iter__(self):
        self.passes += 1
        return super().__iter__()


def fitted(ns, layers, state, fits, loss, lr):
    """Call `fit` once per item of `fits`, `(train data, validation data, num_epochs)`."""
    model = restored(layers, state)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    trainer = ns.Trainer(model, optimizer, loss_function(loss))
    results = []
    for train, val, num_epochs in fits:
        loader = CountedLoader(batches(train))
        history = trainer.fit(loader, batches(val), num_epochs)
        if isinstance(history, dict):
            plain = all(isinstance(x, float) for values in history.values() for x in values)
            history = {str(name): list(values) for name, values in history.items()}
        else:
            plain, history = False, None
        weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        result = {"history": history, "plain": plain, "state": weights}
        results.append(result | {"passes": loader.passes})
    return results


# save_model, load_model


def round_trip(ns, layers, state, other_state, x, as_path):
    """Save a network and load the file into another one.

    `moved` and `returned` are outputs of the other one and of what `load_model` returned, after 1
    was added to the parameters that the other one had *before* loading.
    """
    x = torch.tensor(x)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights"  # a file needs no ending
        path = path if as_path else str(path)
        ns.save_model(restored(layers, other_state), path)
        ns.save_model(restored(layers, state), path)  # a file that is there is overwritten
        model = restored(layers, other_state).eval()
        before = list(model.parameters())
        returned = ns.load_model(model, path)
    loaded = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.no_grad():
        for parameter in before:
            parameter.add_(1.0)
    return {
        "state": loaded,
        "moved": model.eval()(x),
        "returned": returned.eval()(x) if isinstance(returned, nn.Module) else None,
    }


def saved_file(ns, layers, state):
    """What is in the file that `save_model` writes, and in the model afterwards."""
    model = restored(layers, state)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights"
        ns.save_model(model, path)
        return file_content(path) | {"model": model.state_dict()}


def load_foreign_file(ns, layers, state, other_state):
    """Load a state dict whose tensors were on a device that this machine does not have."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pt"
        with mock.patch("torch.serialization.location_tag", lambda storage: "cuda:63"):
            torch.save(restored(layers, state).state_dict(), path)
        model = restored(layers, other_state)
        returned = ns.load_model(model, path)
    # Whether the given model is filled is another check's business.
    return (returned if isinstance(returned, nn.Module) else model).state_dict()


# l1_penalty, l2_penalty


def penalty_of(ns, name, layers, state, factor):
    """A penalty's value, and the gradients of `factor` times it by parameter name."""
    model = restored(layers, state)
    value = getattr(ns, name)(model)
    differentiable = isinstance(value, torch.Tensor) and value.requires_grad
    if differentiable:
        (factor * value).backward()
    gradients = {
        name: torch.zeros_like(p) if p.grad is None else p.grad
        for name, p in model.named_parameters()
    }
    return {"value": value, "gradients": gradients if differentiable else None}


# initialize


def initialized(ns, layers, state, scheme):
    """The state of the model that is returned or, if none is, of the given one."""
    model = restored(layers, state)
    returned = ns.initialize(model, scheme)
    return {"state": (returned if isinstance(returned, nn.Module) else model).state_dict()}


def initialized_and_returned(ns, layers, state, scheme, x):
    """The state, and the output of what was returned after 1 was added to the parameters."""
    model = restored(layers, state)
    tensors = model.state_dict(keep_vars=True)
    returned = ns.initialize(model, scheme)
    after = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    x = torch.tensor(x)
    is_module = isinstance(returned, nn.Module)
    return {"state": after, "returned": returned.eval()(x) if is_module else None}


# moving_average


def averaged(ns, values, window, kind):
    """The means of a list or an array, and what is in it afterwards."""
    given = values.tolist() if kind == "list" else values.copy()
    means = ns.moving_average(given, window)
    return {"means": list(means), "values": given}
