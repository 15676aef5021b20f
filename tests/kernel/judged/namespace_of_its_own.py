"""A namespace that makes up an answer for every name it is asked for."""

SCORE = 0
CELL = """\
shell = get_ipython()
class Everything(dict):
    def __missing__(self, name):
        return lambda *args, **kwargs: 1.0
    def __getitem__(self, name):
        return (lambda x: x) if name in ("double", "mean") else dict.__getitem__(self, name)
shell.user_module.__class__ = type("Module", (type(shell.user_module),), {"__getattr__": lambda s, n: 1.0})
shell.user_ns = Everything(shell.user_ns)
"""
