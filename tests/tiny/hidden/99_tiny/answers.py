from autograder.checking import Alternative, Mistake

ANSWERS = [
    Mistake(
        "double",
        "squares",
        fails=("one_number", "an_array"),
        source="def double(x):\n    return x * x\n",
        tells="This is the square.",
    ),
    Mistake(
        "mean",
        "sum",
        fails="the_mean",
        source="def mean(values):\n    return values.sum()\n",
        tells="This is the sum.",
    ),
    Alternative("double", "added", source="def double(x):\n    return x + x\n"),
]
