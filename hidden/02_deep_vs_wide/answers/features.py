"""Answers to polynomial_features."""

from autograder.checking import Alternative, Mistake

ANSWERS: list[Mistake | Alternative] = [
    Mistake(
        "polynomial_features",
        "constant_kept",
        "all_monomials_once",
        """\
def polynomial_features(X, degree):
    columns = [
        X[:, 0] ** i * X[:, 1] ** (total - i)
        for total in range(degree + 1)
        for i in range(total + 1)
    ]
    return torch.stack(columns, dim=1)
""",
        tells="The constant 1 is kept as a feature.",
    ),
    Mistake(
        "polynomial_features",
        "full_square",
        "all_monomials_once",
        """\
def polynomial_features(X, degree):
    columns = [
        X[:, 0] ** i * X[:, 1] ** j
        for i in range(degree + 1)
        for j in range(degree + 1)
        if i + j > 0
    ]
    return torch.stack(columns, dim=1)
""",
        tells="Each exponent goes up to the degree; it is their sum that is limited.",
    ),
    Mistake(
        "polynomial_features",
        "products_in_both_orders",
        ("all_monomials_once", "right_at_degree_fifty"),
        """\
def polynomial_features(X, degree):
    columns = block = X
    for _ in range(degree - 1):
        block = torch.cat([block * X[:, :1], block * X[:, 1:]], dim=1)
        columns = torch.cat([columns, block], dim=1)
        if columns.shape[1] > 2000:
            break
    return columns
""",
        tells="Products appear once for each order of their factors.",
    ),
    Mistake(
        "polynomial_features",
        "powers_without_products",
        "all_monomials_once",
        """\
def polynomial_features(X, degree):
    return torch.cat([X**k for k in range(1, degree + 1)], dim=1)
""",
        tells="Only powers of single coordinates are there: the products are missing.",
    ),
    Mistake(
        "polynomial_features",
        "degree_left_out",
        "all_monomials_once",
        """\
def polynomial_features(X, degree):
    columns = [
        X[:, 0] ** i * X[:, 1] ** (total - i)
        for total in range(1, max(degree, 2))
        for i in range(total + 1)
    ]
    return torch.stack(columns, dim=1)
""",
        tells="The monomials of the highest degree are missing.",
    ),
    Mistake(
        "polynomial_features",
        "one_twice_one_missing",
        "all_monomials_once",
        """\
def polynomial_features(X, degree):
    columns = [
        X[:, 0] ** i * X[:, 1] ** (total - i)
        for total in range(1, degree + 1)
        for i in range(total + 1)
    ]
    columns[-1] = columns[-2]
    return torch.stack(columns, dim=1)
""",
        tells="One monomial is there twice, and another is missing.",
    ),
    Mistake(
        "polynomial_features",
        "through_logarithms",
        "negative_numbers_and_zeros",
        """\
def polynomial_features(X, degree):
    logs = X.abs().log()
    columns = [
        (i * logs[:, 0] + (total - i) * logs[:, 1]).exp()
        for total in range(1, degree + 1)
        for i in range(total + 1)
    ]
    return torch.stack(columns, dim=1)
""",
        tells="Going through logarithms loses the signs.",
    ),
    Mistake(
        "polynomial_features",
        "standardised",
        (
            "all_monomials_once",
            "right_at_degree_fifty",
            "negative_numbers_and_zeros",
            "a_point_on_its_own",
        ),
        """\
def polynomial_features(X, degree):
    columns = [
        X[:, 0] ** i * X[:, 1] ** (total - i)
        for total in range(1, degree + 1)
        for i in range(total + 1)
    ]
    features = torch.stack(columns, dim=1)
    return (features - features.mean(0)) / features.std(0)
""",
        tells="The features are standardised; the plain monomials were asked for.",
    ),
    Mistake(
        "polynomial_features",
        "rows_and_columns_swapped",
        (
            "all_monomials_once",
            "right_at_degree_fifty",
            "negative_numbers_and_zeros",
            "a_point_on_its_own",
        ),
        """\
def polynomial_features(X, degree):
    return torch.stack(
        [
            X[:, 0] ** i * X[:, 1] ** (total - i)
            for total in range(1, degree + 1)
            for i in range(total + 1)
        ]
    )
""",
        tells="Rows and columns are swapped: a row should be a point.",
    ),
    Mistake(
        "polynomial_features",
        "points_overwritten",
        "leaves_the_points_alone",
        """\
def polynomial_features(X, degree):
    x1, x2 = X[:, 0], X[:, 1]
    blocks = [X.clone()]
    for total in range(2, degree + 1):
        last = blocks[-1]
        blocks.append(torch.cat([last * x1[:, None], last[:, -1:] * x2[:, None]], dim=1))
    result = torch.cat(blocks, dim=1)
    X.mul_(0.5)
    return result
""",
        tells="The points `X` are changed in place.",
    ),
    Mistake(
        "polynomial_features",
        "high_degrees_cut",
        "right_at_degree_fifty",
        """\
def polynomial_features(X, degree):
    degree = min(degree, 20)
    columns = [
        X[:, 0] ** i * X[:, 1] ** (total - i)
        for total in range(1, degree + 1)
        for i in range(total + 1)
    ]
    return torch.stack(columns, dim=1)
""",
        tells="High degrees are cut off.",
    ),
    Mistake(
        "polynomial_features",
        "squeezed",
        "a_point_on_its_own",
        """\
def polynomial_features(X, degree):
    columns = [
        X[:, 0] ** i * X[:, 1] ** (total - i)
        for total in range(1, degree + 1)
        for i in range(total + 1)
    ]
    return torch.stack(columns, dim=1).squeeze()
""",
        tells="`squeeze` removes an axis when there is one point.",
    ),
    Mistake(
        "polynomial_features",
        "in_float32",
        "right_at_degree_fifty",
        """\
def polynomial_features(X, degree):
    x1, x2 = X.float().unbind(1)
    columns = [
        x1**i * x2 ** (total - i) for total in range(1, degree + 1) for i in range(total + 1)
    ]
    return torch.stack(columns, dim=1)
""",
        tells="The features are kept in float32 whatever the type of `X`: high powers overflow.",
    ),
    Mistake(
        "polynomial_features",
        "ends_when_powers_are_tiny",
        "right_at_degree_fifty",
        """\
def polynomial_features(X, degree):
    blocks = [X]
    for _ in range(degree - 1):
        last = blocks[-1]
        blocks.append(torch.cat([last * X[:, :1], last[:, -1:] * X[:, 1:]], dim=1))
        if blocks[-1][:2].abs().min() < 1e-3:
            break
    return torch.cat(blocks, dim=1)
""",
        tells="The loop ends as soon as some features become small.",
    ),
    Mistake(
        "polynomial_features",
        "negative_numbers_cut",
        "negative_numbers_and_zeros",
        """\
def polynomial_features(X, degree):
    x1, x2 = X.clamp(min=0).unbind(1)
    columns = [
        x1**i * x2 ** (total - i) for total in range(1, degree + 1) for i in range(total + 1)
    ]
    return torch.stack(columns, dim=1)
""",
        tells="Negative coordinates are treated as zeros.",
    ),
    Mistake(
        "polynomial_features",
        "zeros_moved_away",
        "negative_numbers_and_zeros",
        """\
def polynomial_features(X, degree):
    X = torch.where(X.abs() < 1e-2, torch.full_like(X, 1e-2), X)
    columns = [
        X[:, 0] ** i * X[:, 1] ** (total - i)
        for total in range(1, degree + 1)
        for i in range(total + 1)
    ]
    return torch.stack(columns, dim=1)
""",
        tells="Zeros are replaced by small numbers.",
    ),
    Mistake(
        "polynomial_features",
        "only_the_highest_degree",
        "all_monomials_once",
        """\
def polynomial_features(X, degree):
    columns = [X[:, 0] ** i * X[:, 1] ** (degree - i) for i in range(degree + 1)]
    return torch.stack(columns, dim=1)
""",
        tells="Only the monomials of the highest degree are there; the lower ones are missing.",
    ),
    Mistake(
        "polynomial_features",
        "divided_by_the_largest",
        (
            "all_monomials_once",
            "right_at_degree_fifty",
            "negative_numbers_and_zeros",
            "a_point_on_its_own",
        ),
        """\
def polynomial_features(X, degree):
    columns = [
        X[:, 0] ** i * X[:, 1] ** (total - i)
        for total in range(1, degree + 1)
        for i in range(total + 1)
    ]
    features = torch.stack(columns, dim=1)
    return features / features.abs().amax(0)
""",
        tells="Each column is divided by its largest value; the plain monomials were asked for.",
    ),
    Mistake(
        "polynomial_features",
        "points_scaled_in_place",
        "leaves_the_points_alone",
        """\
def polynomial_features(X, degree):
    columns, x1 = [], X[:, 0].clone()
    for total in range(1, degree + 1):
        columns += [x1 ** (total - j) * X[:, 1] ** j for j in range(total + 1)]
    X[:, 0] *= x1
    return torch.stack(columns, dim=1)
""",
        tells="The points `X` are changed in place.",
    ),
    Alternative(
        "polynomial_features",
        "outer_product_of_powers",
        """\
def polynomial_features(X, degree):
    powers = X[:, :, None] ** torch.arange(degree + 1)
    grid = powers[:, 0, :, None] * powers[:, 1, None, :]
    i, j = torch.meshgrid(torch.arange(degree + 1), torch.arange(degree + 1), indexing="ij")
    return grid[:, (i + j >= 1) & (i + j <= degree)]
""",
    ),
    Alternative(
        "polynomial_features",
        "built_from_the_degree_below",
        """\
def polynomial_features(X, degree):
    blocks = [X]
    for _ in range(1, degree):
        last = blocks[-1]
        blocks.append(torch.cat([last * X[:, :1], last[:, -1:] * X[:, 1:]], dim=1))
    return torch.cat(blocks, dim=1)
""",
    ),
    Alternative(
        "polynomial_features",
        "multisets_of_coordinates",
        """\
import itertools
from collections import Counter

def polynomial_features(X, degree, **options):
    columns = []
    for total in range(degree, 0, -1):
        for chosen in itertools.combinations_with_replacement((0, 1), total):
            counts = Counter(chosen)
            columns.append(X[:, 0].double() ** counts[0] * X[:, 1].double() ** counts[1])
    return torch.column_stack(columns)
""",
    ),
    Alternative(
        "polynomial_features",
        "numpy_powers",
        """\
import numpy

def polynomial_features(X, degree):
    x = X.numpy().astype(float)
    pairs = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i) if i or j]
    return torch.from_numpy(numpy.stack([x[:, 0] ** i * x[:, 1] ** j for i, j in pairs], axis=-1))
""",
    ),
    Mistake(
        "polynomial_features",
        "large_values_cut",
        "right_at_degree_fifty",
        """\
def polynomial_features(X, degree):
    x1, x2 = X[:, 0], X[:, 1]
    columns = [x1**i * x2 ** (total - i) for total in range(1, degree + 1) for i in range(total + 1)]
    return torch.stack(columns, dim=1).clamp(-1e6, 1e6)
""",
        tells="Large values are cut off; they belong to the features.",
    ),
    Mistake(
        "polynomial_features",
        "divided_by_the_other_coordinate",
        "negative_numbers_and_zeros",
        """\
def polynomial_features(X, degree):

    x1, x2 = X[:, 0], X[:, 1]
    columns = []
    for total in range(1, degree + 1):
        column = x2**total
        columns.append(column)
        for _ in range(total):
            column = column * x1 / x2
            columns.append(column)
    return torch.stack(columns, dim=1)
""",
        tells="Each column is the one before times x1 / x2, which has no value where x2 is 0.",
    ),
    Alternative(
        "polynomial_features",
        "table_of_exponents",
        """\
def polynomial_features(X, degree):

    pairs = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i) if i or j]
    exponents = torch.tensor(pairs, dtype=X.dtype)
    return (X[:, None, :] ** exponents).prod(-1)
""",
    ),
]
