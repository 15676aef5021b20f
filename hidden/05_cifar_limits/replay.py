"""Run a student's network in the grader: is it an MLP, and what does it answer?

A checkpoint is loaded in the student's process, where the network runs once and every tensor
operation is written down with the numbers it needs (`probes.recorded`). Nothing in this record is
believed: it is read as a program in a small language, that of `replay_run`, and run here on the
grader's images. Only the answers of this run count, so a forged record is at worst another MLP.
"""

import math

import numpy as np
import torch

from .replay_run import BATCH_SIZE, MAX_RESULTS, Layer, ReplayError, Run, Value

__all__ = ["BATCH_SIZE", "MAX_NUMBERS", "MAX_STEPS", "Layer", "Network", "ReplayError"]

MAX_NUMBERS = 6_000_000
MAX_STEPS = 500
# In all layers together: a table has a unit for each image that it knows.
MAX_UNITS = 8_000


class Network:
    """A recorded network, ready to run.

    Parameters
    ----------
    record
        What the probe sent: `{"arrays": [[id, array], ...], "steps": [[operation, args, kwargs, ids
        of the results], ...], "output": id}`; in the worst case anything at all. Tensors in
        arguments are `{"tensor": id}`, types are `{"dtype": name}`; the images have id 0.
    image_shape
        (C, H, W).

    Raises
    ------
    ReplayError
        If the record is malformed, too large, or not that of an MLP. Nothing else is raised.
    """

    def __init__(self, record, image_shape=(3, 32, 32)):
        self._shape = tuple(image_shape)
        self._constants, self._steps, self._output = _read(record)
        probe = torch.linspace(-1, 1, BATCH_SIZE * math.prod(self._shape))
        run = self._run(probe.reshape(BATCH_SIZE, *self._shape))
        self.layers: list[Layer] = [run.layers[i] for i in sorted(run.output.layers)]
        if sum(layer.fan_out for layer in self.layers) > MAX_UNITS:
            raise ReplayError(f"the network has more than {MAX_UNITS:,} units: make it smaller")
        self.num_outputs: int = run.output.tensor.shape[1]
        self.nonlinear_output: bool = run.output.nonlinear

    @property
    def num_constants(self) -> int:
        """How many numbers the network consists of: weights, biases, statistics."""
        return sum(value.tensor.numel() for value in self._constants.values())

    @property
    def sizes(self) -> list[int]:
        """Layer sizes in order, e.g. [3072, 256, 128, 10]; [] if the layers are not a chain."""
        ends = [layer.fan_out for layer in self.layers]
        starts = [layer.fan_in for layer in self.layers]
        return [starts[0], *ends] if starts and starts[1:] == ends[:-1] else []

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of normalised images (N, C, H, W)."""
        if images.shape[1:] != self._shape:
            raise ValueError(f"expected images of shape {self._shape}, got {images.shape[1:]}")
        parts = []
        for batch in images.float().split(BATCH_SIZE):
            # Shapes in the record are those of a full batch.
            padding = batch[:1].expand(BATCH_SIZE - len(batch), *self._shape)
            output = self._run(torch.cat([batch, padding])).output
            parts.append(output.tensor[: len(batch)].float())
        return torch.cat(parts)

    def _run(self, batch):
        with torch.no_grad():
            return Run(batch, self._constants, self._steps, self._output)


# Reading


def _read(record):
    if not isinstance(record, dict) or not {"arrays", "steps", "output"} <= set(record):
        raise ReplayError("the network could not be read: unknown form")
    arrays, steps, output = record["arrays"], record["steps"], record["output"]
    if not isinstance(arrays, list) or not isinstance(steps, list) or type(output) is not int:
        raise ReplayError("the network could not be read: unknown form")
    if len(steps) > MAX_STEPS:
        raise ReplayError(f"the network takes more than {MAX_STEPS} operations: is it an MLP?")
    constants, numbers = {}, 0
    for item in arrays:
        pair = item if isinstance(item, list) and len(item) == 2 else [None, None]
        number, array = pair
        if type(number) is not int or number < 1 or number in constants:
            raise ReplayError("the network could not be read: a constant without a number")
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
            raise ReplayError("the network could not be read: a constant that is not an array")
        numbers += array.size
        if numbers > MAX_NUMBERS:
            raise ReplayError(f"the network has more than {MAX_NUMBERS:,} numbers: make it smaller")
        if array.dtype.name.startswith("uint") and array.dtype.itemsize > 1:
            array = array.astype(np.int64)
        constants[number] = Value(torch.tensor(array))
    return constants, [_read_step(step) for step in steps], output


def _read_step(step):
    if not (isinstance(step, list) and len(step) == 4):
        raise ReplayError("the network could not be read: an operation of unknown form")
    name, args, kwargs, results = step
    fits = (
        isinstance(name, str)
        and isinstance(args, list)
        and isinstance(kwargs, dict)
        and all(isinstance(key, str) for key in kwargs)
        and isinstance(results, list)
        and 1 <= len(results) <= MAX_RESULTS
        and all(r is None or type(r) is int and r >= 0 for r in results)
    )
    if not fits or len(args) > 16 or len(kwargs) > 8:
        raise ReplayError("the network could not be read: an operation of unknown form")
    return name, args, kwargs, results
