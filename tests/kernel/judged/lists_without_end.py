"""Eight million empty lists: a hundred times as large in memory as in the file."""

STATUS = "unreadable"
SCORE = None


def hand_in(folder, notebook):
    return b'{"cells": [' + b"[]," * 8_000_000 + b'[]], "metadata": {}, "nbformat": 4}'
