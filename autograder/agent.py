"""The part of the boundary that runs inside the student's process.

Its source, after that of `wire`, is executed there in a namespace of its own. It runs a probe beside
the student's names and returns bytes; it knows nothing about checks.
"""

import random
import traceback

import numpy as np
import torch


class Names:
    """The student's names as attributes; a missing one is reported as such."""

    def __init__(self, namespace):
        self.__dict__["_namespace"] = namespace

    def __getattr__(self, name):
        try:
            return self._namespace[name]
        except KeyError:
            raise NameError(f"name '{name}' is not defined: was its cell run?") from None


def answer(request, namespace, modules):
    """Run the probe that `request` (bytes) names and return the reply as bytes.

    `modules` keeps the probe modules already executed in this process.
    """
    request = decode(request)  # noqa: F821  (wire's source stands before this one)
    name = request["module"]
    try:
        if name not in modules:
            modules[name] = {"__name__": f"probes.{name}"}
            exec(compile(request["source"], f"<probes {name}>", "exec"), modules[name])
        random.seed(request["seed"])
        np.random.seed(request["seed"])
        seed_torch(request["seed"])
        probe = modules[name][request["probe"]]
        value = probe(Names(namespace), *request["args"], **request["kwargs"])
        return encode({"value": value})  # noqa: F821
    except Exception as error:
        return encode({"error": describe(error)})  # noqa: F821


def seed_torch(seed):
    """Seed the generators; without a GPU only that of the CPU, for the others take milliseconds."""
    if torch.cuda.is_available():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)


def describe(error):
    """Type, message and the last line of the student's own code, as short plain text."""
    try:
        message = str(error)[:400]
    except Exception:
        message = ""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "ipykernel" in f.filename or f.filename.startswith("<student")]
    line = (own[-1].line or "")[:200] if own else ""
    return {"type": type(error).__name__[:80], "message": message, "line": line}
