"""A format of notebooks that nobody knows."""

import json

STATUS = "unreadable"
SCORE = None


def hand_in(folder, notebook):
    return json.dumps({**notebook, "nbformat": 99, "nbformat_minor": -(10**30)}).encode()
