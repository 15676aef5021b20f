"""The part of the boundary that runs inside the student's process.

Its source, appended to those of `wire` and `libraries`, runs there in a namespace of its own, before
the student's first cell. It runs a probe beside the student's names and returns bytes; it knows
nothing about checks.
"""

import builtins
import contextlib
import random
import sys
import traceback
import types
import warnings

import numpy as np

# The package that probes are executed as.
PROBES = "autograder_probes"


# Whatever a cell makes of `len` or `id`: the agent's and the probes' own words are these.
BUILTINS = dict(vars(builtins))


class Names:
    """The student's names as attributes; a missing one is reported as undefined."""

    def __init__(self, namespace):
        self.__dict__["_namespace"] = namespace

    def __getattr__(self, name):
        try:
            return self._namespace[name]
        except KeyError:
            raise NameError(f"name '{name}' is not defined: was its cell run?") from None


def answer(request, namespace, modules, libraries):
    """Run the probe that `request` (bytes) names, if any, and return the reply as bytes.

    `modules` keeps the probe modules already executed in this process, `libraries` what they use.
    """
    with libraries:
        return _answer(decode(request), namespace, modules, libraries)  # noqa: F821  (from wire)


def _answer(request, namespace, modules, libraries):
    try:
        if not request["probe"]:
            # To see whether they can be executed here; nothing of it is kept.
            modules = {}
        for name, source in request["modules"]:
            if name not in modules:
                modules[name] = load(name, source, modules)
                if request["probe"]:
                    libraries.watch(modules[name])
        if not request["probe"]:
            return encode({"value": None})  # noqa: F821
        probe = getattr(modules[name], request["probe"])
        with usual_state():
            seed(request["seed"])
            value = probe(Names(namespace), *request["args"], **request["kwargs"])
            return encode({"value": value})  # noqa: F821
    except Exception as error:
        return encode({"error": describe(error)})  # noqa: F821


def load(name, source, modules):
    """Execute the source of the module `name`, which may import from `modules`, and return it."""
    module = types.ModuleType(f"{PROBES}.{name}")
    module.__package__ = module.__name__.rpartition(".")[0]
    module.__dict__["__builtins__"] = BUILTINS
    with importable(modules):
        exec(compile(source, f"<probes {name}>", "exec"), module.__dict__)
    return module


@contextlib.contextmanager
def importable(modules):
    """Let `from ..shared import …` find these modules, for as long as a probe module is executed."""
    known = {}

    def package(name):
        if name not in known:
            known[name] = types.ModuleType(name)
            known[name].__path__ = []
        return known[name]

    package(PROBES)
    for module in modules.values():
        parent, _, last = module.__name__.rpartition(".")
        setattr(package(parent), last, module)
        setattr(package(PROBES), parent.rpartition(".")[2], package(parent))
        known[module.__name__] = module
    sys.modules.update(known)
    try:
        yield
    finally:
        for name in known:
            sys.modules.pop(name, None)


@contextlib.contextmanager
def usual_state():
    """Give libraries the state they have in a new kernel, and restore the student's settings afterwards."""
    with contextlib.ExitStack() as restoring:
        restoring.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        restoring.enter_context(
            np.errstate(divide="warn", over="warn", under="ignore", invalid="warn")
        )
        restoring.enter_context(np.printoptions())
        torch = sys.modules.get("torch")
        if torch is not None:
            set_usual(torch, restoring)
        yield


def set_usual(torch, restoring):
    """Set torch's global state as it is after its import, with one thread, until `restoring` ends."""
    restoring.callback(torch.set_printoptions, **vars(torch._tensor_str.PRINT_OPTS))
    restoring.callback(
        torch.use_deterministic_algorithms,
        torch.are_deterministic_algorithms_enabled(),
        warn_only=torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    torch.use_deterministic_algorithms(False)
    for get, put, usual in (
        (torch.get_num_threads, torch.set_num_threads, 1),
        (torch.get_default_dtype, torch.set_default_dtype, torch.float32),
        (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "highest"),
    ):
        restoring.callback(put, get())
        put(usual)
    restoring.enter_context(torch.inference_mode(False))
    restoring.enter_context(torch.enable_grad())
    restoring.enter_context(torch.autograd.set_detect_anomaly(False))
    restoring.enter_context(torch.autocast("cpu", enabled=False))
    set_aside_modes(torch, restoring)
    set_aside_hooks(restoring)


def set_aside_modes(torch, restoring):
    """Take away what sees, and may change, every operation: modes, and with them a default device."""
    state = torch._GLOBAL_DEVICE_CONTEXT
    device = getattr(state, "device_context", None)
    functions, dispatched = popped_modes(torch)

    def put_back():
        popped_modes(torch)
        state.device_context = device
        for mode in reversed(functions):
            torch._C._push_on_torch_function_stack(mode)
        for mode in reversed(dispatched):
            torch._C._push_on_torch_dispatch_stack(mode)

    restoring.callback(put_back)
    state.device_context = None


def popped_modes(torch):
    """The modes that were on torch's two stacks, the innermost first; now there are none."""
    core = torch._C
    functions = [core._pop_torch_function_stack() for _ in range(core._len_torch_function_stack())]
    dispatched = [
        core._pop_torch_dispatch_stack(None) for _ in range(core._len_torch_dispatch_stack())
    ]
    return functions, dispatched


def set_aside_hooks(restoring):
    """Take away the hooks that all modules and optimizers share."""
    for owner in ("torch.nn.modules.module", "torch.optim.optimizer"):
        for name, table in vars(sys.modules[owner]).items():
            if name.startswith("_global_") and name.endswith(("hooks", "called", "kwargs")):
                restoring.callback(refill, table, dict(table))
                table.clear()


def refill(table, content):
    table.clear()
    table.update(content)


def seed(number):
    """Seed the random generators, torch's too where something has imported it."""
    random.seed(number)
    np.random.seed(number)
    torch = sys.modules.get("torch")
    # Without a GPU only the CPU's generator: looking for others takes milliseconds.
    if torch is not None and torch.cuda.is_available():
        torch.manual_seed(number)
    elif torch is not None:
        torch.default_generator.manual_seed(number)


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
