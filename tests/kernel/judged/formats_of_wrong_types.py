"""A format that is a list, infinite, and another one in each worksheet."""

STATUS = "unreadable"
SCORE = None


def hand_in(folder, notebook):
    return b'{"nbformat": [1e999, NaN], "nbformat_minor": -Infinity, "worksheets": [[], {"cells": {}}, null]}'
