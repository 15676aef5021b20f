"""Metadata nested so deep that whoever copies it runs out of stack."""

import json

STATUS = "unreadable"
SCORE = None


def hand_in(folder, notebook):
    raw = json.dumps(notebook)
    return raw.replace(
        '"metadata": {', '"metadata": {"x": ' + "[" * 400 + "]" * 400 + ", ", 1
    ).encode()
