"""Find the grader's code and data in objects, modules and stack frames left by the fork."""

import gc
import sys

got += [name for name in sys.modules if name.startswith("autograder")]
try:
    import autograder

    got.append(autograder.__path__)
except ImportError:
    pass
frame = sys._getframe()
while frame:
    got += [name for name, value in frame.f_locals.items() if target["secret"] in str(value)[:10000]
            and name not in ("target", "In", "_ih", "got", "source", "code", "cell", "raw_cell")
            and "autograder" in frame.f_code.co_filename]  # fmt: skip
    frame = frame.f_back
for thing in gc.get_objects():
    if isinstance(thing, dict) and "GRADER_SECRET" in thing:
        got.append(type(thing))
