"""A notebook of 200 MB: outputs alone, which are dropped; the rest counts."""

import json

SCORE = 5
SOLVED = True


def hand_in(folder, notebook):
    raw = json.loads(json.dumps(notebook))
    cell = next(c for c in raw["cells"] if c["cell_type"] == "code")
    text = "x" * 1_000_000
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}] * 200
    return json.dumps(raw).encode()
