"""Errors meant for people: one clear message, never a traceback."""


class UserError(Exception):
    """Bad input or configuration. The message says what was expected, what was found and what to do."""
