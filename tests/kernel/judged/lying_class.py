"""Objects that claim another class, and raise or answer whatever they are asked."""

SCORE = 2
SOLVED = True
DOUBLE = """\
import numpy, torch
class Liar:
    kinds = [float, str, bool, dict, numpy.ndarray, torch.Tensor]
    number = 0
    @property
    def __class__(self):
        Liar.number += 1
        return self.kinds[Liar.number % len(self.kinds)]
    def __getattr__(self, name):
        return self
    def __call__(self, *args, **kwargs):
        return self
    def __len__(self):
        return 2**62
    def __iter__(self):
        raise GeneratorExit
    def __float__(self):
        return float("nan")
    def __array__(self, *args, **kwargs):
        raise SystemExit
    def __eq__(self, other):
        return True
    __hash__ = None
    shape, dtype, ndim, size, nbytes = (2, 3), "float64", 2, -1, -1
def double(x):
    return Liar()
"""
