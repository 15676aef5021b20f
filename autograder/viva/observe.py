"""The part of a viva that runs in the student's process, as a probe: code is run and watched.

It imports no project code.
"""

import contextlib
import random
import sys

import numpy as np

# The files that the student's cell and the code after it are compiled as.
CELL, AFTER = "<viva cell>", "<viva after>"
# Lines that a run may take until it counts as endless.
MOST_LINES = 3_000
# Values that are kept of a run: of each line the first few.
MOST_VALUES, MOST_OF_A_LINE = 400, 8
# Functions that make arrays without setting them.
EMPTY = ("empty", "empty_like")
# Numbers in a value that is told, and letters in a text.
MOST_NUMBERS, MOST_LETTERS = 12, 40
# Numbers of a list that is drawn as a curve.
MOST_POINTS = 100


class Endless(BaseException):
    """The run takes too many lines. Code that expects exceptions does not expect this one."""


class Watch:
    """Counts the lines of the two files as they run; of the cell it keeps what they assign.

    names: line of the cell → the names that are told after it has run; None: only count.
    """

    def __init__(self, names):
        self.names, self.lines, self.counts, self.values = names, 0, {}, []

    def __call__(self, frame, event, argument):
        name = frame.f_code.co_filename
        if name not in (CELL, AFTER):
            return None
        if name == AFTER or self.names is None:
            return self.counted
        last = None
        kept = {}

        def watched(frame, event, argument):
            nonlocal last
            if event == "line":
                self.tick()
            if last is not None and event in ("line", "return"):
                self.keep(frame, last, kept)
            if event == "line":
                last = frame.f_lineno
                self.counts[last] = self.counts.get(last, 0) + 1
            if event == "return":
                for name, value in frame.f_locals.items():
                    self.add(-frame.f_code.co_firstlineno, name, value)
            return watched

        return watched

    def counted(self, frame, event, argument):
        if event == "line":
            self.tick()
        return self.counted

    def tick(self):
        self.lines += 1
        if self.lines > MOST_LINES:
            raise Endless

    def keep(self, frame, line, kept):
        for name in self.names.get(line, ()):
            if name in frame.f_locals:
                kept[line] = kept.get(line, 0) + 1
                if kept[line] <= MOST_OF_A_LINE:
                    self.add(line, name, frame.f_locals[name])

    def add(self, line, name, value):
        if len(self.values) < MOST_VALUES and name.isidentifier():
            self.values.append([line, name, told(value)])


def observed(ns, runs):
    """What each run gives, as plain data.

    runs: dicts with `cell`, which takes the place of the student's own for this run, `after`, the code
    that follows, `asks`, an expression, `names` (see `Watch`) as pairs, and `seed`, of all random
    generators.

    Returns for each run `value` or `error`, `drew`, whether it took random numbers, `counts` as pairs
    of a line and how often it ran, and `values`: line, name and value; the line is that of the `def`,
    negative, for the value at its end.
    """
    names = vars(ns)["_namespace"]
    found = []
    for run in runs:
        saved = dict(names)
        try:
            found.append(_observe(names, run))
        finally:
            for name in set(names) - set(saved):
                del names[name]
            names.update(saved)
    return found


def _observe(names, run):
    _seed(run["seed"])
    before = _random_state()
    names["print"] = lambda *arguments, **options: None
    unset = _unset_memory(run["seed"]) if "empty" in run["cell"] else contextlib.nullcontext()
    watch = Watch(dict(run["names"]) if run["names"] is not None else None)
    result = {}
    try:
        with unset:
            exec(compile(run["cell"], CELL, "exec"), names)
            sys.settrace(watch)
            try:
                exec(compile(run["after"], AFTER, "exec"), names)
                result["value"] = told(eval(compile(run["asks"], AFTER, "eval"), names))
            finally:
                sys.settrace(None)
    except Endless:
        result["error"] = "endless"
    except Exception as error:
        result["error"] = type(error).__name__[:MOST_LETTERS]
    result["drew"] = _random_state() != before
    result["counts"] = [[line, count] for line, count in watch.counts.items()]
    result["values"] = watch.values
    return result


def _seed(number):
    random.seed(number)
    np.random.seed(number)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(number)


@contextlib.contextmanager
def _unset_memory(number):
    """Arrays that would begin with whatever is in the memory begin with multiples of this number."""
    libraries = [np, *filter(None, [sys.modules.get("torch")])]
    before = [(owner, name, getattr(owner, name)) for owner in libraries for name in EMPTY]

    def filled(make):
        def made(*arguments, **options):
            array = make(*arguments, **options)
            with contextlib.suppress(Exception):
                # Not all the same: a spread of 0 would look certain.
                unset = 1000 * number * np.arange(1, np.prod(array.shape) + 1).reshape(array.shape)
                if isinstance(array, np.ndarray):
                    array[...] = unset
                else:
                    array.data.copy_(sys.modules["torch"].from_numpy(unset))
            return array

        return made

    for owner, name, make in before:
        setattr(owner, name, filled(make))
    try:
        yield
    finally:
        for owner, name, make in before:
            setattr(owner, name, make)


def _random_state():
    torch = sys.modules.get("torch")
    drawn = np.random.get_state(legacy=False)["state"]
    state = [random.getstate(), drawn["key"].tobytes(), drawn["pos"]]
    return state if torch is None else [*state, torch.get_rng_state().numpy().tobytes()]


def told(value):
    """`plain`, also for values that raise when somebody looks at them."""
    try:
        return plain(value)
    except Exception:
        return ["other", type(value).__name__[:MOST_LETTERS]]


def plain(value, depth=0):
    """A value as lists that start with its kind; `other` if it cannot be told in a line."""
    if value is None or isinstance(value, (bool, np.bool_)):
        return ["plain", None if value is None else bool(value)]
    if isinstance(value, (int, np.integer)):
        return ["plain", int(value)] if abs(int(value)) < 10**12 else ["other", "int"]
    if isinstance(value, (float, np.floating)):
        return ["plain", float(value)]
    if isinstance(value, str):
        return ["plain", value] if len(value) <= MOST_LETTERS else ["other", "str"]
    if isinstance(value, np.ndarray) or (hasattr(value, "detach") and hasattr(value, "shape")):
        kind = "array" if isinstance(value, np.ndarray) else "tensor"
        shape = [int(n) for n in value.shape]
        few = int(np.prod(shape)) <= MOST_NUMBERS
        return [kind, shape, value.tolist() if few and "complex" not in str(value.dtype) else None]
    if isinstance(value, (list, tuple)) and depth < 3 and len(value) <= MOST_NUMBERS:
        kind = "list" if isinstance(value, list) else "tuple"
        return [kind, [plain(item, depth + 1) for item in value]]
    if isinstance(value, list) and depth == 0 and len(value) <= MOST_POINTS:
        if all(type(item) in (int, float) for item in value):
            return ["curve", [float(item) for item in value]]
    names = isinstance(value, dict) and all(isinstance(key, str) for key in value)
    if names and depth < 2 and len(value) <= 6:
        return [
            "dict",
            [[key[:MOST_LETTERS], plain(item, depth + 1)] for key, item in value.items()],
        ]
    return ["other", type(value).__name__[:MOST_LETTERS]]
