"""Other notebooks of the same name: in capitals, hidden, in folders; one of them is right."""

import json

SCORE = 2
DOUBLE = "def double(x):\n    return 0"
MEAN = "def mean(values):\n    return values.mean()"


def hand_in(folder, notebook):
    right = json.dumps(notebook).replace("return 0", "return 2 * x")
    for name in ("99_TINY.IPYNB", ".hidden/99_tiny.ipynb", "__pycache__/99_tiny.ipynb", "a/99_tiny.ipynb",
                 "99_tiny.ipynb /99_tiny.ipynb", "older 99_tiny.ipynb"):  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(right)


def got(course, student, result):
    return [] if any("other work" in reason for reason in result.attention) else [result.attention]
