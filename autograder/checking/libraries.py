"""While a probe runs, restores Python and its libraries to their state before the student's first cell.

This part of the boundary runs inside the student's process: see `agent`. A probe reports what it
finds there (whether a tensor is still the same, which hooks are left, what is in `.grad`), so the
functions it calls must not have been redefined by a cell. What a cell has added to a library stays;
what it has replaced is restored for the probe and replaced again afterwards.

Nothing can hide from code that searches its own process's memory: whatever can be judged by the
numbers that a probe returns is judged by them, in the grader.
"""

import builtins
import ctypes
import gc
import sys
import types

# The modules whose names and classes a probe may use.
WATCHED = frozenset(
    """builtins contextlib copy functools itertools json math numbers pathlib random struct tempfile traceback
    types unittest.mock warnings numpy numpy.random torch torch._tensor torch.random
    torch.serialization torch.nn torch.nn.functional torch.nn.init torch.nn.parameter
    torch.nn.modules.activation torch.nn.modules.batchnorm torch.nn.modules.container
    torch.nn.modules.conv torch.nn.modules.dropout torch.nn.modules.flatten torch.nn.modules.linear
    torch.nn.modules.loss torch.nn.modules.module torch.nn.modules.normalization torch.optim
    torch.optim.optimizer torch.optim.sgd torch.autograd torch.autograd.function
    torch.autograd.forward_ad torch.autograd.grad_mode torch.autograd.graph
    torch.utils._contextlib torch.utils._python_dispatch torch.utils._pytree""".split()
)
MISSING = object()
Module = types.ModuleType


class Libraries:
    """A context manager that restores the libraries to the state they were in when it was created.

    Entering it uses nothing that a cell could have replaced.
    """

    def __init__(self):
        self._modules = dict(sys.modules)
        self._names, self._ids = tuple(self._modules), tuple(map(id, self._modules.values()))
        self._known = {}
        self._undone, self._swapped = [], []
        for name, module in list(sys.modules.items()):
            if name in WATCHED:
                self.watch(module)

    def watch(self, module):
        """Keep what a module holds, and what the classes hold that are defined in its package."""
        if not isinstance(module, Module):
            return
        self._keep(module)
        root = module.__name__.partition(".")[0]
        for value in list(vars(module).values()):
            owner = getattr(value, "__module__", None) if isinstance(value, type) else None
            if isinstance(owner, str) and owner.partition(".")[0] == root and is_open(value):
                self._keep(value)

    def _keep(self, owner):
        # The numbers tell at one glance what has changed; what is kept cannot lose its own.
        names, values = tuple(vars(owner)), tuple(vars(owner).values())
        version = version_of(owner) if HAS_VERSIONS else None
        self._known[id(owner)] = [owner, names, values, tuple(map(id, values)), version, None]

    def __enter__(self):
        # Nobody looks on: no tracing, no callbacks of the garbage collector.
        self._watchers = sys.gettrace(), sys.getprofile(), list(gc.callbacks)
        sys.setprofile(None)
        sys.settrace(None)
        gc.callbacks.clear()
        # The numbers tell at one glance, here too.
        if tuple(map(id, map(sys.modules.get, self._names))) != self._ids:
            for name, module in self._modules.items():
                found = sys.modules.get(name)
                if found is not module:
                    self._swapped.append((name, found))
                    sys.modules[name] = module
        for entry in self._known.values():
            owner, names, values, ids, version, seen = entry
            # What was whole once need not be compared again before somebody has changed it.
            now = version.value if version is not None else None
            if now is not None and now == seen:
                continue
            held = vars(owner)
            if tuple(map(id, held.values())) != ids or tuple(held) != names:
                before = len(self._undone)
                self._put_back(owner, dict(zip(names, values)))
                if len(self._undone) > before:
                    continue
            entry[-1] = now

    def __exit__(self, *error):
        for owner, name, value in reversed(self._undone):
            put(owner, name, value)
        for name, module in self._swapped:
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
        self._undone, self._swapped = [], []
        trace, profile, gc.callbacks[:] = self._watchers
        sys.settrace(trace)
        sys.setprofile(profile)

    def _put_back(self, owner, known):
        now = dict(vars(owner))
        for name, value in known.items():
            if now.get(name, MISSING) is not value:
                self._undone.append((owner, name, now.get(name, MISSING)))
                put(owner, name, value)
        for name in now.keys() - known.keys():
            # An addition matters where it stands before something else of this name.
            bases = owner.__mro__[1:] if isinstance(owner, type) else (builtins,)
            if owner is not builtins and any(name in vars(base) for base in bases):
                self._undone.append((owner, name, now[name]))
                put(owner, name, MISSING)


def version_of(owner):
    """The number that changes whenever the dict of a module or a class does: see `HAS_VERSIONS`."""
    found = vars(owner)
    # What a class shows of its dict is a proxy.
    found = found if isinstance(found, dict) else gc.get_referents(found)[0]
    return ctypes.c_uint64.from_address(id(found) + 3 * ctypes.sizeof(ctypes.c_void_p))


def has_versions():
    """Whether dicts have the field `ma_version_tag` (PEP 509), which later versions of Python lack."""
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 13):
        return False
    module = Module("trial")
    version = version_of(module)
    seen = {version.value}
    for change in ({"a": 1}, {"a": 2}, {"b": 1}):
        vars(module).update(change)
        seen.add(version.value)
    del module.a
    return len(seen | {version.value}) == 5


HAS_VERSIONS = has_versions()


def is_open(kind):
    """Whether attributes of this class can be set: not those of types that are written in C."""
    return kind.__flags__ & (1 << 9) and not kind.__flags__ & (1 << 8)


def put(owner, name, value):
    """Set or remove an attribute; what cannot be set cannot have been replaced either."""
    try:
        if isinstance(owner, Module):
            if value is MISSING:
                del vars(owner)[name]
            else:
                vars(owner)[name] = value
        elif value is MISSING:
            type.__delattr__(owner, name)
        else:
            type.__setattr__(owner, name, value)
    except (AttributeError, TypeError, KeyError):
        pass
