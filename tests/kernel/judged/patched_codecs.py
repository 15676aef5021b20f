"""The libraries with which answers are written, replaced so that they write other ones."""

SCORE = 0
CELL = """\
import base64, json, struct
true_dumps, true_loads, true_pack = json.dumps, json.loads, struct.pack
other = '{"tree": {"dict": [["value", 1.0], ["points", 5.0]]}, "arrays": []}'
json.dumps = lambda value, *args, **kwargs: (
    other if "tree" in value else true_dumps(value, *args, **kwargs))
json.loads = lambda text, *args, **kwargs: (
    {"tree": {"dict": []}, "arrays": []} if "tree" in str(text) else true_loads(text, *args, **kwargs))
struct.pack = lambda form, *args: true_pack(form, *([len(other)] if form == "<I" else args))
base64.b64encode = lambda data: b"NS4w"
import numpy
numpy.ascontiguousarray = lambda array: numpy.full(numpy.shape(array), 1.0)
"""
