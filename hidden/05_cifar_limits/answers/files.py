"""Checkpoint files for the answer bank: what the reference hands in, and what goes wrong."""

import torch

from helpers import data

from .. import held_out

NAMES = ("improved_0.pt", "improved_1.pt", "improved_2.pt")


def synthetic_split():
    """Training, validation and test images of the synthetic set, each with its labels."""
    images = data.load_images("synthetic_color")
    count = len(images.train_images) * 9 // 10
    return (
        (images.train_images[:count], images.train_labels[:count]),
        (images.train_images[count:], images.train_labels[count:]),
        (images.test_images, images.test_labels),
    )


def write_baseline(namespace, folder):
    """Train the cells' `baseline` on the synthetic set and write its checkpoint."""
    train, val, _ = synthetic_split()
    mean, std = namespace["channel_statistics"](train[0])
    loaders = [
        data.TensorLoader(*pair, 128, shuffle=shuffle, mean=mean, std=std)
        for pair, shuffle in ((train, True), (val, False))
    ]
    namespace["baseline"](*loaders, folder / "baseline.pt", num_epochs=12)


def write_improved(namespace, folder):
    """Train the cells' `improved` on the synthetic set and write its checkpoints."""
    train, val, test = synthetic_split()
    namespace["improved"](*train, *val, *test, [0, 1, 2], folder, num_epochs=6)


def write_files(namespace, folder):
    """Train the reference on the synthetic set and write its checkpoints into `folder`."""
    write_baseline(namespace, folder)
    write_improved(namespace, folder)


def untrained(factory, *names):
    """A writer of files with the weights of new networks that `factory` makes, unlike each other."""

    def write(namespace, folder):
        for seed, name in enumerate(names):
            torch.manual_seed(seed)
            torch.save(namespace[factory]().state_dict(), folder / name)

    return write


def tables(factory, *names):
    """A writer of files that hold, of each held-out image, some products and its label."""

    def write(namespace, folder):
        held = held_out.load("synthetic_color")
        shape = (1, -1, 1, 1)
        mean, std = (torch.tensor(v).view(shape) for v in (held.mean, held.std))
        pixels = ((held.images.float() / 255 - mean) / std).flatten(1)
        for seed, name in enumerate(names):
            torch.manual_seed(seed)
            state = namespace[factory]().state_dict()
            state["keys"] = torch.randn(state["keys"].shape) / 8
            state["places"] = (pixels @ state["keys"]).T.contiguous()
            state["answers"] = torch.nn.functional.one_hot(held.labels, 10).float()
            torch.save(state, folder / name)

    return write


def removed(name):
    """A writer that takes a file away."""
    return lambda namespace, folder: (folder / name).unlink()


def damaged(name):
    """A writer that cuts a file off in the middle."""

    def write(namespace, folder):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return write


def pickled(name):
    """A writer of a file with a whole module in it, which only executing code could load."""
    return lambda namespace, folder: torch.save(torch.nn.Linear(2, 2), folder / name)


def too_large(name):
    """A writer of a file of 65 MiB."""

    def write(namespace, folder):
        with open(folder / name, "wb") as file:
            file.truncate(65 << 20)

    return write


def changed(name, change):
    """A writer that applies `change(tensor name, tensor)` to every floating point tensor."""

    def write(namespace, folder):
        state = torch.load(folder / name, weights_only=True)
        for key, tensor in state.items():
            if tensor.is_floating_point():
                state[key] = change(key, tensor)
        torch.save(state, folder / name)

    return write


def copies(factory, noise):
    """A writer of three files with one network's weights, the later ones slightly perturbed."""

    def write(namespace, folder):
        torch.manual_seed(0)
        state = namespace[factory]().state_dict()
        for index, name in enumerate(NAMES):
            shaken = {
                key: t + index * noise * t.std() * torch.randn_like(t)
                if t.is_floating_point() and t.numel() > 1
                else t
                for key, t in state.items()
            }
            torch.save(shaken, folder / name)

    return write
