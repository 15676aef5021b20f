"""The shuffle explorer, moved as a student's hand would: helpers.widgets.shuffle."""

import ipywidgets
import matplotlib as mpl
import pytest
import torch
from drawings import Drawing, png_of


@pytest.fixture
def shuffle():
    mpl.use("Agg")
    from helpers.widgets import shuffle

    return shuffle


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (8, 3, 6, 5), dtype=torch.uint8, generator=generator)


def find(widget, kind):
    here = [widget] if type(widget) is kind else []
    return here + [
        found for child in getattr(widget, "children", ()) for found in find(child, kind)
    ]


@pytest.mark.parametrize("fraction", [0, 0.25, 0.5, 1])
def test_a_permutation_moves_the_asked_fraction(shuffle, fraction):
    permutation = shuffle.partial_permutation(1000, fraction, seed=3)
    assert torch.equal(permutation.sort().values, torch.arange(1000))
    assert (permutation != torch.arange(1000)).sum() == 1000 * fraction


def test_the_seed_decides_the_permutation(shuffle):
    first, same, other = (shuffle.partial_permutation(200, 0.5, seed) for seed in (1, 1, 2))
    assert torch.equal(first, same) and not torch.equal(first, other)


def test_explorer_draws_at_once_and_after_every_move(shuffle, images):
    before = images.clone()
    box = shuffle.shuffle_explorer(images)
    (picture,) = find(box, Drawing)
    (fraction,), (seed,) = find(box, ipywidgets.FloatSlider), find(box, ipywidgets.IntSlider)
    assert not fraction.continuous_update and not seed.continuous_update
    seen = [png_of(picture)]
    assert seen[0].startswith(b"\x89PNG")
    for slider, value in ((fraction, 0.8), (seed, 4), (fraction, 0.0)):
        slider.value = value
        assert png_of(picture) not in seen
        seen.append(png_of(picture))
    assert "0 of 30 pixels" in find(box, ipywidgets.HTML)[-1].value
    assert torch.equal(images, before)


def test_explorer_takes_grey_images_and_floats(shuffle, images):
    shuffle.shuffle_explorer(images[:2, :1])
    shuffle.shuffle_explorer(images.float() / 255)


@pytest.mark.parametrize("shape", [(3, 6, 5), (0, 3, 6, 5), (2, 2, 6, 5)])
def test_explorer_refuses_other_things(shuffle, shape):
    with pytest.raises(ValueError, match="expected"):
        shuffle.shuffle_explorer(torch.zeros(shape))
