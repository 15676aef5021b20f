"""IPython's events, display hooks and formatters, which run around every call."""

SCORE = 0
CELL = """\
import sys
shell = get_ipython()
def before(*info):
    shell.user_ns["double"] = shell.user_ns["mean"] = lambda value: 5.0
for name in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
    shell.events.register(name, before)
sys.displayhook = lambda value: print(5.0)
for formatter in shell.display_formatter.formatters.values():
    formatter.for_type(float, lambda *args: "5.0")
shell.set_custom_exc((BaseException,), lambda *args, **kwargs: print(5.0))
"""
