"""Warnings as errors, floating point traps, tiny printing: settings that stay behind a cell."""

SCORE = 5
SOLVED = True
CELL = """\
import decimal, gc, locale, os, sys, warnings
import numpy, torch
warnings.simplefilter("error")
numpy.seterr(all="raise")
numpy.set_printoptions(threshold=1, precision=0)
torch.set_default_dtype(torch.float16)
torch.set_grad_enabled(False)
torch.use_deterministic_algorithms(True)
torch.autograd.set_detect_anomaly(True)
sys.set_int_max_str_digits(640)
sys.stdout = sys.stderr = sys.__stdout__ = open(os.devnull, "w")
gc.disable()
os.chdir("/")
"""
