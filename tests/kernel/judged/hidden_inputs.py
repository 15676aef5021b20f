"""Look for checks and for the inputs of other calls in frames, in all objects, by tracing."""

SCORE = 3
SOLVED = True
MEAN = """\
import gc, sys
# Backwards, so that this cell does not find itself.
words = ["naem_eht", "rebmun_eno", "esolc_tcepxe"]
traced = []
def trace(frame, event, argument):
    if len(traced) < 100:
        traced.append(repr(frame.f_locals)[:2_000])
def mean(values):
    sys.settrace(trace)
    sys.setprofile(trace)
    texts = []
    frame = sys._getframe().f_back
    while frame:
        texts += [repr(value)[:2_000] for value in frame.f_locals.values()]
        frame = frame.f_back
    sys.settrace(None)
    sys.setprofile(None)
    for thing in gc.get_objects():
        if type(thing) is dict and len(thing) < 100:
            texts += [x[:2_000] for x in thing.values() if type(x) is str]
    found = sorted({word for text in texts + traced for word in words if word[::-1] in text})
    modules = [m for m in sys.modules if m.startswith("autograder")]
    # Feedback tells the kind of an error, and none of its words.
    raise (KeyError if found or modules else ValueError)
"""


def got(course, student, result):
    (message,) = [c.message for c in result.checks if c.exercise == "mean"]
    return [] if "raised ValueError" in message else [message]
