"""Answers to width_for_budget."""

from autograder.checking import Alternative, Mistake

ANSWERS: list[Mistake | Alternative] = [
    Mistake(
        "width_for_budget",
        "first_width_past_the_budget",
        "widest_within_the_budget",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    def cost(width):
        sizes = [num_inputs, *[width] * depth, num_classes]
        return sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))

    if cost(1) > budget:
        raise ValueError("too small a budget")
    width = 1
    while cost(width) <= budget:
        width += 1
    return width
""",
        tells="The width is one too large: it is the first that costs more than the budget.",
    ),
    Mistake(
        "width_for_budget",
        "biases_forgotten",
        ("widest_within_the_budget", "budget_may_be_used_up"),
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    def cost(width):
        sizes = [num_inputs, *[width] * depth, num_classes]
        return sum(a * b for a, b in zip(sizes, sizes[1:]))

    if cost(1) > budget:
        raise ValueError("too small a budget")
    return max(width for width in range(1, budget + 1) if cost(width) <= budget)
""",
        tells="The biases are not counted.",
    ),
    Mistake(
        "width_for_budget",
        "output_bias_forgotten",
        "budget_may_be_used_up",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    def cost(width):
        sizes = [num_inputs, *[width] * depth, num_classes]
        return sum((a + 1) * b for a, b in zip(sizes, sizes[1:])) - num_classes

    if cost(1) > budget:
        raise ValueError("too small a budget")
    return max(width for width in range(1, budget + 1) if cost(width) <= budget)
""",
        tells="The output layer's biases are not counted.",
    ),
    Mistake(
        "width_for_budget",
        "depth_counts_the_output_layer",
        ("widest_within_the_budget", "budget_may_be_used_up"),
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    def cost(width):
        sizes = [num_inputs, *[width] * (depth - 1), num_classes]
        return sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))

    if cost(1) > budget:
        raise ValueError("too small a budget")
    width = 1
    while width < budget and cost(width + 1) <= budget:
        width += 1
    return width
""",
        tells="`depth` is taken to include the output layer; it counts hidden layers.",
    ),
    Mistake(
        "width_for_budget",
        "one_hidden_layer_too_many",
        ("widest_within_the_budget", "budget_may_be_used_up"),
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    def cost(width):
        return (num_inputs + 1) * width + depth * (width + 1) * width + (width + 1) * num_classes

    if cost(1) > budget:
        raise ValueError("too small a budget")
    width = 1
    while cost(width + 1) <= budget:
        width += 1
    return width
""",
        tells="There is one weight matrix between hidden layers too many.",
    ),
    Mistake(
        "width_for_budget",
        "budget_must_not_be_reached",
        "budget_may_be_used_up",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    def cost(width):
        sizes = [num_inputs, *[width] * depth, num_classes]
        return sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))

    width = 0
    while cost(width + 1) < budget:
        width += 1
    if width == 0 and cost(1) > budget:
        raise ValueError("too small a budget")
    return max(width, 1)
""",
        tells="A network that uses up the budget exactly is refused.",
    ),
    Mistake(
        "width_for_budget",
        "spiral_only",
        "any_inputs_and_classes",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    def cost(width):
        sizes = [2, *[width] * depth, 4]
        return sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))

    if cost(1) > budget:
        raise ValueError("too small a budget")
    width = 1
    while cost(width + 1) <= budget:
        width += 1
    return width
""",
        tells="Two inputs and four classes are assumed, whatever is passed.",
    ),
    Mistake(
        "width_for_budget",
        "inputs_and_classes_swapped",
        ("any_inputs_and_classes", "budget_may_be_used_up"),
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    def cost(width):
        sizes = [num_classes, *[width] * depth, num_inputs]
        return sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))

    if cost(1) > budget:
        raise ValueError("too small a budget")
    width = 1
    while cost(width + 1) <= budget:
        width += 1
    return width
""",
        tells="The numbers of inputs and classes are swapped.",
    ),
    Mistake(
        "width_for_budget",
        "width_one_at_least",
        "impossible_budgets_are_refused",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    def cost(width):
        sizes = [num_inputs, *[width] * depth, num_classes]
        return sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))

    width = 1
    while cost(width + 1) <= budget:
        width += 1
    return width
""",
        tells="A budget that no network fits gives width 1; it should be refused.",
    ),
    Mistake(
        "width_for_budget",
        "width_zero_for_the_impossible",
        "impossible_budgets_are_refused",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    def cost(width):
        sizes = [num_inputs, *[width] * depth, num_classes]
        return sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))

    width = 0
    while cost(width + 1) <= budget:
        width += 1
    return width
""",
        tells="A budget that no network fits gives width 0; it should be refused.",
    ),
    Mistake(
        "width_for_budget",
        "only_negative_budgets_refused",
        "impossible_budgets_are_refused",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    if budget <= 0:
        raise ValueError("a budget is positive")
    width = 0
    sizes = [num_inputs, *[1] * depth, num_classes]
    while sum((a + 1) * b for a, b in zip(sizes, sizes[1:])) <= budget:
        width += 1
        sizes = [num_inputs, *[width + 1] * depth, num_classes]
    return width
""",
        tells="Only budgets of zero and below are refused; others can be too small as well.",
    ),
    Mistake(
        "width_for_budget",
        "deep_formula_at_every_depth",
        ("widest_within_the_budget", "budget_may_be_used_up"),
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    a = max(depth - 1, 1)
    b = num_inputs + num_classes + depth
    width = int((-b + math.sqrt(b * b - 4 * a * (num_classes - budget))) / (2 * a))
    if width < 1:
        raise ValueError("too small a budget")
    return width
""",
        tells="The quadratic formula is used at depth 1 too, where the equation is linear.",
    ),
    Mistake(
        "width_for_budget",
        "table_of_the_text",
        (
            "widest_within_the_budget",
            "any_inputs_and_classes",
            "budget_may_be_used_up",
            "impossible_budgets_are_refused",
        ),
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    if budget < num_inputs + 1 + 2 * (depth - 1) + 2 * num_classes:
        raise ValueError("too small a budget")
    return [13, 6, 5, 4, 3][depth - 1]
""",
        tells="The widths are those of one example.",
    ),
    Mistake(
        "width_for_budget",
        "first_width_that_reaches_the_budget",
        ("widest_within_the_budget", "budget_may_be_used_up"),
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    def cost(width):
        sizes = [num_inputs, *[width] * depth, num_classes]
        return sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))

    if cost(1) > budget:
        raise ValueError("too small a budget")
    width = 1
    while cost(width) < budget:
        width += 1
    return width
""",
        tells="The width is the first that reaches the budget, so it mostly costs more.",
    ),
    Mistake(
        "width_for_budget",
        "not_an_int",
        "widest_within_the_budget",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    a, b = depth - 1, num_inputs + num_classes + depth
    if a == 0:
        width = (budget - num_classes) / b
    else:
        inside = b * b - 4 * a * (num_classes - budget)
        width = (math.sqrt(inside) - b) / (2 * a) if inside >= 0 else 0
    if width < 1:
        raise ValueError("too small a budget")
    return width // 1
""",
        tells="The width is a float, such as 6.0.",
    ),
    Mistake(
        "width_for_budget",
        "search_ends_at_100",
        "widest_within_the_budget",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    best = 0
    for width in range(1, 100):
        sizes = [num_inputs, *[width] * depth, num_classes]
        if sum((a + 1) * b for a, b in zip(sizes, sizes[1:])) <= budget:
            best = width
    if best == 0:
        raise ValueError("too small a budget")
    return best
""",
        tells="Only widths up to a fixed one are tried; a large budget allows more.",
    ),
    Mistake(
        "width_for_budget",
        "width_one_refused",
        "budget_may_be_used_up",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    def cost(width):
        sizes = [num_inputs, *[width] * depth, num_classes]
        return sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))

    if cost(1) >= budget:
        raise ValueError("too small a budget")
    width = 1
    while cost(width + 1) <= budget:
        width += 1
    return width
""",
        tells="A budget that is just enough for width 1 is refused.",
    ),
    Mistake(
        "width_for_budget",
        "impossible_printed",
        "impossible_budgets_are_refused",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    width = 0
    while True:
        sizes = [num_inputs, *[width + 1] * depth, num_classes]
        if sum((a + 1) * b for a, b in zip(sizes, sizes[1:])) > budget:
            break
        width += 1
    if width == 0:
        return None
    return width
""",
        tells="A budget that no network fits gives None; it should be refused.",
    ),
    Alternative(
        "width_for_budget",
        "solved_as_a_quadratic",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    a, b, c = depth - 1, num_inputs + num_classes + depth, num_classes - budget
    if a == 0:
        width = -c // b
    else:
        inside = b * b - 4 * a * c
        width = (math.isqrt(inside) - b) // (2 * a) if inside >= 0 else 0
    if width < 1:
        raise ValueError(f"no width fits into {budget} parameters")
    return width
""",
    ),
    Alternative(
        "width_for_budget",
        "counted_by_torch",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes, limit=10_000):
    best = None
    for width in range(1, limit):
        layers, fan_in = nn.ModuleList(), num_inputs
        for _ in range(depth):
            layers.append(nn.Linear(fan_in, width, device="meta"))
            fan_in = width
        layers.append(nn.Linear(fan_in, num_classes, device="meta"))
        if sum(p.numel() for p in layers.parameters()) > budget:
            break
        best = width
    if best is None:
        raise ValueError("the budget is too small")
    return best
""",
    ),
    Alternative(
        "width_for_budget",
        "bisected_in_numpy",
        """\
import numpy

def width_for_budget(budget, depth, num_inputs, num_classes):
    widths = numpy.arange(1, max(int(budget), 0) + 1)
    costs = widths * (num_inputs + 1) + (depth - 1) * widths * (widths + 1)
    costs = costs + (widths + 1) * num_classes
    count = numpy.searchsorted(costs, budget, side="right")
    if count == 0:
        raise ValueError("the budget is too small")
    return widths[count - 1]
""",
    ),
    Alternative(
        "width_for_budget",
        "maximum_of_an_empty_list",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):
    # max of nothing raises ValueError by itself.
    return max(
        w
        for w in range(1, budget + 1)
        if w * (num_inputs + 1 + (depth - 1) * (w + 1) + num_classes) + num_classes <= budget
    )
""",
    ),
    Mistake(
        "width_for_budget",
        "kept_by_budget_and_depth",
        "any_inputs_and_classes",
        """\
_widths = {}

def width_for_budget(budget, depth, num_inputs, num_classes):

    def cost(width):
        return (num_inputs + 1) * width + (depth - 1) * (width + 1) * width + (width + 1) * num_classes

    if (budget, depth) not in _widths:
        if cost(1) > budget:
            raise ValueError("nothing fits")
        width = 1
        while cost(width + 1) <= budget:
            width += 1
        _widths[budget, depth] = width
    return _widths[budget, depth]
""",
        tells="Widths are kept by budget and depth only; another call with other inputs or classes gets an old one.",
    ),
    Alternative(
        "width_for_budget",
        "bisected_range",
        """\
def width_for_budget(budget, depth, num_inputs, num_classes):

    def cost(width):
        return (num_inputs + 1) * width + (depth - 1) * (width + 1) * width + (width + 1) * num_classes

    import bisect
    found = bisect.bisect_right(range(1, budget + 2), budget, key=cost)
    if found < 1:
        raise ValueError
    return found
""",
    ),
]
