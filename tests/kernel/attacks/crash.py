"""End in the middle of a cell, by reading where there is nothing."""
# ends: died

import ctypes

ctypes.string_at(0)
