"""Small changes of the reference that cost no points, and why they need not."""

SURVIVORS = {
    "width_for_budget": {
        "raise ValueError(f'{depth} hidden layers cost at least {cost(1)}, the budget is {budget}')"
        " → raise ValueError(f'{depth} hidden layers cost at least {cost(0)}, the budget is "
        "{budget}')": "Only the error's text changes.",
        "raise ValueError(f'{depth} hidden layers cost at least {cost(1)}, the budget is {budget}')"
        " → raise ValueError(f'{depth} hidden layers cost at least {cost(2)}, the budget is "
        "{budget}')": "Only the error's text changes.",
        "width = 1 → width = 0": "Width 1 fits where the loop begins, so it ends at the same width.",
    },
    "image_loaders": {
        "augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain] → "
        "augmented = [transforms.RandomRotation(11), transforms.RandomHorizontalFlip(), *plain]": (
            "Angles in pictures of 32 × 32 are judged to within about a degree."
        ),
        "augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain] → "
        "augmented = [transforms.RandomRotation(9), transforms.RandomHorizontalFlip(), *plain]": (
            "Angles in pictures of 32 × 32 are judged to within about a degree."
        ),
    },
    "first_layer_maps": {
        "weight = layer.weight.detach() → weight = layer.weight": (
            "Maps that carry a graph are allowed."
        ),
    },
}
