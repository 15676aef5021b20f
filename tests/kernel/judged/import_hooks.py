"""Imports that give other modules: finders, path hooks, `sys.modules`, a replaced `__import__`."""

SCORE = 0
CELL = """\
import builtins, importlib.abc, sys, types
true_import = builtins.__import__
class Fake(types.ModuleType):
    def __getattr__(self, name):
        return lambda *args, **kwargs: 2.0
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        sys.modules[name] = Fake(name)
        raise ImportError
sys.meta_path.insert(0, Finder())
sys.path_hooks.insert(0, lambda path: Finder())
sys.path_importer_cache.clear()
for name in ("torch", "numpy", "json", "struct", "autograder_probes", "autograder_probes.probes"):
    sys.modules[name] = Fake(name)
builtins.__import__ = lambda name, *args: Fake(name) if name == "torch" else true_import(name, *args)
"""
