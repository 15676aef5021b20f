"""Probes of several assignments: what a call leaves behind in a model, or in a file."""

import torch

from .networks import Unmasked, restored


def observed(call, layers, state, x, training):
    """Call `call(model)` and send its result with the traces that it left in the model.

    The whole model is in training or in evaluation mode before; `after` is its output on `x` in the
    mode that the call left behind.
    """
    model = restored(layers, state).train(training)
    tracked = []
    masks = Unmasked(model)
    model[-1].register_forward_hook(lambda _, __, out: tracked.append(bool(out.requires_grad)))
    # A solution may switch gradients off for good: this process must not be left that way.
    with torch.set_grad_enabled(True):
        result = call(model)
        masks.undo()
        gradients = [p.grad for p in model.parameters()]
        state_after = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        after = model(torch.tensor(x))
    return {
        "result": result,
        "tracked": tracked[:-1],
        "gradients": gradients,
        "state": state_after,
        "after": after,
        "still_tracks": bool(after.requires_grad),
    }


def initialized(ns, name, layers, state, *args):
    """State after a call of `name`, read from the parameters and buffers that were there before."""
    model = restored(layers, state)
    memory = model.state_dict(keep_vars=True)
    getattr(ns, name)(model, *args)
    return memory


def refused(ns, name, layers, state, *args):
    """Whether a call of `name` raised a ValueError, and the model's state afterwards."""
    model = restored(layers, state)
    memory = model.state_dict(keep_vars=True)
    try:
        getattr(ns, name)(model, *args)
    except ValueError:
        return {"refused": True, "state": memory}
    return {"refused": False, "state": memory}


def file_content(path):
    """What is in a checkpoint, read without running code from it."""
    if not path.is_file():
        return {"kind": "no file"}
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:
        return {"kind": "other objects than tensors"}
    if not isinstance(content, dict) or not all(torch.is_tensor(v) for v in content.values()):
        return {"kind": "something else"}
    return {"kind": "state", "state": {str(k): v for k, v in content.items()}}
