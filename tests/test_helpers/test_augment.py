"""Random changes of batches: helpers.augment."""

import pytest
import torch
import torch.nn.functional as F
from torchvision.transforms import functional as oracle

from helpers import augment


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n=64, channels=3, height=6, width=8, dtype=torch.float32):
    drawn = torch.randint(0, 256, (n, channels, height, width), generator=generator(9))
    return drawn.to(dtype) / 255 if dtype.is_floating_point else drawn.to(dtype)


ALL = {
    "flip": augment.random_flip,
    "shift": lambda x, g: augment.random_shift(x, g, pixels=2),
    "rotation": augment.random_rotation,
    "both": augment.compose(augment.random_flip, lambda x, g: augment.random_shift(x, g, 3)),
}
INPUTS = {
    "grey": images(channels=1),
    "colour": images(),
    "doubles": images(dtype=torch.float64),
    "not contiguous": images(height=8, width=6).transpose(2, 3),
    "one": images(n=1),
    "expanded": images(n=1).expand(5, -1, -1, -1),
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("kind", INPUTS)
def test_a_new_batch_of_the_same_kind_from_the_seed(name, kind):
    before = INPUTS[kind]
    kept = before.clone()
    torch.manual_seed(1)
    after = ALL[name](before, generator())
    assert torch.equal(before, kept)
    assert after.shape == before.shape and after.dtype == before.dtype
    after_again = ALL[name](before, generator())
    assert torch.equal(after, after_again)
    after_again.zero_()
    assert torch.equal(before, kept), "the input's memory was handed out"
    if len(before) > 5:
        assert not torch.equal(ALL[name](before, generator(1)), after)
        contiguous = ALL[name](before.contiguous(), generator())
        assert torch.equal(after, contiguous)


@pytest.mark.parametrize("name", ALL)
def test_the_global_generator_is_left_alone_unless_asked(name):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    ALL[name](images(), generator())
    assert torch.equal(torch.rand(2), expected)
    torch.manual_seed(3)
    first = ALL[name](images(), None)
    torch.manual_seed(3)
    assert torch.equal(ALL[name](images(), None), first)


@pytest.mark.parametrize("name", ALL)
def test_no_images(name):
    assert ALL[name](images()[:0], generator()).shape == (0, 3, 6, 8)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", ALL)
def test_the_same_on_a_gpu(name):
    on_gpu = ALL[name](images().cuda(), generator())
    assert on_gpu.is_cuda
    torch.testing.assert_close(on_gpu.cpu(), ALL[name](images(), generator()), atol=1e-4, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8])
def test_half_of_the_images_are_mirrored(dtype):
    before = images(400, dtype=dtype)
    after = augment.random_flip(before, generator())
    mirrored = oracle.hflip(before)
    as_before = (after == before).flatten(1).all(1)
    as_mirrored = (after == mirrored).flatten(1).all(1)
    assert (as_before ^ as_mirrored).all()
    # 400 coins: six standard deviations are 60.
    assert 140 < as_mirrored.sum() < 260


def test_a_shift_worked_by_hand():
    (image,) = torch.arange(12).reshape(1, 1, 3, 4).float()
    came = {
        tuple(map(tuple, augment.random_shift(image[None], generator(seed), 1)[0, 0].tolist()))
        for seed in range(200)
    }
    rows = {-1: [1, 0, 1], 0: [0, 1, 2], 1: [1, 2, 1]}
    columns = {-1: [1, 0, 1, 2], 0: [0, 1, 2, 3], 1: [1, 2, 3, 2]}
    expected = {
        tuple(tuple(image[0, row, column].item() for column in across) for row in down)
        for down in rows.values()
        for across in columns.values()
    }
    assert came == expected


def test_every_shift_is_equally_likely_and_moves_all_channels_alike():
    before, pixels = images(5000, height=5, width=6), 2
    after = augment.random_shift(before, generator(), pixels)
    padded = F.pad(before, [pixels] * 4, mode="reflect")
    counts = torch.zeros(5, 5)
    for down in range(5):
        for across in range(5):
            window = padded[:, :, down : down + 5, across : across + 6]
            counts[down, across] = (after == window).flatten(1).all(1).sum()
    assert counts.sum() == 5000
    # 200 expected of each, standard deviation 14.
    assert counts.min() > 115 and counts.max() < 285


def test_shift_keeps_whole_numbers_and_can_be_none():
    before = images(dtype=torch.uint8)
    as_floats = augment.random_shift(before.float(), generator(), 2)
    assert torch.equal(augment.random_shift(before, generator(), 2).float(), as_floats)
    assert torch.equal(augment.random_shift(before, generator(), 0), before)


@pytest.mark.parametrize("height, width", [(24, 24), (20, 30)])
def test_rotation_turns_as_torchvision_does(height, width):
    degrees = 25
    before = F.interpolate(images(12, height=5, width=6), (height, width), mode="bilinear")
    after = augment.random_rotation(before, generator(), degrees)
    angles = (2 * torch.rand(12, generator=generator()) - 1) * degrees
    bilinear = oracle.InterpolationMode.BILINEAR
    for image, turned, angle in zip(before, after, angles):
        expected = oracle.rotate(image, angle.item(), bilinear)
        inside = oracle.rotate(torch.ones_like(image), angle.item(), bilinear) > 1 - 1e-5
        assert inside.double().mean() > 0.6
        torch.testing.assert_close(turned[inside], expected[inside], atol=1e-4, rtol=0)
    # Outside, torchvision is black; here nothing is.
    assert augment.random_rotation(torch.ones(9, 1, 8, 8), generator(), 90).min() > 0.99


def test_rotation_by_nothing_changes_nothing():
    before = images()
    torch.testing.assert_close(augment.random_rotation(before, generator(), 0), before)


def test_compose_applies_in_order_with_one_generator():
    def add(x, g):
        return x + torch.rand((), generator=g)

    def double(x, g):
        return x * 2

    g = generator()
    first, second = torch.rand((), generator=g), torch.rand((), generator=g)
    came = augment.compose(add, double, add)(torch.zeros(2), generator())
    torch.testing.assert_close(came, (first * 2 + second).expand(2))
    assert torch.equal(augment.compose()(torch.ones(2), g), torch.ones(2))


@pytest.mark.parametrize("pixels", [-1, 1.5, 6])
def test_pixels_that_do_not_fit(pixels):
    with pytest.raises(ValueError, match=r"pixels: expected a whole number in 0 \.\.\. 5"):
        augment.random_shift(images(), generator(), pixels)


@pytest.mark.parametrize("name", ALL)
def test_what_is_no_batch_of_images(name):
    for wrong in (images()[0], images().numpy()):
        with pytest.raises(ValueError, match=r"expected a tensor \(B, C, H, W\)"):
            ALL[name](wrong, generator())
    with pytest.raises(ValueError, match="expected floating point, got torch.uint8"):
        augment.random_rotation(images(dtype=torch.uint8), generator())
