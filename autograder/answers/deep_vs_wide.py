"""Known mistakes and accepted alternatives of assignment 02."""

from autograder.answer_bank import Alternative, Mistake
from autograder.answers import (
    _deep_vs_wide_features,
    _deep_vs_wide_images,
    _deep_vs_wide_maps,
    _deep_vs_wide_sweep,
    _deep_vs_wide_widths,
)

ANSWERS: list[Mistake | Alternative] = [
    *_deep_vs_wide_widths.ANSWERS,
    *_deep_vs_wide_sweep.ANSWERS,
    *_deep_vs_wide_features.ANSWERS,
    *_deep_vs_wide_images.ANSWERS,
    *_deep_vs_wide_maps.ANSWERS,
]
