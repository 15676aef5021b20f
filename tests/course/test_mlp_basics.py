"""Assignment 01: the parameter counts that its text states."""

import pytest
from conftest import reference_of
from torch import nn


@pytest.fixture(scope="module")
def solved():
    """The names of the solved notebook."""
    return reference_of("01_mlp_basics").namespace()


def by_hand(*dims):
    """Weights and biases of the layers dims[0] → dims[1] → …"""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in zip(dims, dims[1:]))


@pytest.mark.parametrize("dims, stated", [((784, 500, 10), 397_510), ((784, 10), 7_850)])
def test_stated_parameter_counts(solved, dims, stated):
    assert by_hand(*dims) == stated
    model = solved["MLP"](dims[0], dims[-1], dims[1:-1])
    assert solved["count_parameters"](model) == stated
    assert sum(tensor.numel() for tensor in model.state_dict().values()) == stated


def test_counts_of_the_model_answer(solved):
    for dims, stated in {
        (784, 1000, 10): 795_010,
        (784, 500, 500, 10): 648_010,
        (784, 1000, 1000, 10): 1_796_010,
    }.items():
        assert (
            solved["count_parameters"](solved["sequential_mlp"](dims)) == stated == by_hand(*dims)
        )


def test_frozen_parameters_do_not_count(solved):
    model = nn.Sequential(nn.Linear(784, 500), nn.ReLU(), nn.Linear(500, 10))
    model[0].requires_grad_(False)
    assert solved["count_parameters"](model) == 5_010
