"""The course's batches against a `DataLoader` with PIL transforms and against bare products.

    uv run python benchmarks/training.py [--data cifar10|synthetic_color] [--epochs N]

Trains 3072-512-512-10 (`--hidden 256 128` for the baseline) with SGD and momentum from the same
weights. The products are the matrix multiplications of a forward and a backward pass on batches of
the same sizes: no data, bias, activation, loss or optimizer. All ways take turns, so that other
work on the machine slows all of them: after every few batches, but the DataLoader, whose workers
would go on while others are timed, after every epoch. On busy cores set OMP_NUM_THREADS=1: threads
that wait for each other are slowed many times over.
"""

import argparse
import collections
import itertools
import statistics
import time
import warnings

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from helpers import augment, data
from helpers.progress import progress
from helpers.seeding import default_device, seed_everything


class PilDataset(Dataset):
    """Items as torchvision's CIFAR10 makes them: an array in memory, a PIL image, transforms."""

    def __init__(self, images, labels, transform):
        self.images = images.permute(0, 2, 3, 1).contiguous().numpy()
        self.labels = labels.tolist()
        self.transform = transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.images[index])), self.labels[index]


class Training:
    """A model of its own that is trained by one way of making batches."""

    def __init__(self, loader, dims, device):
        seed_everything(0)
        self.loader, self.device = loader, device
        layers = [nn.Flatten()]
        for fan_in, fan_out in zip(dims, dims[1:]):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
        self.model = nn.Sequential(*layers[:-1]).to(device)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.02, momentum=0.9, fused=True)

    def steps(self):
        self.model.train()
        for images, labels in self.loader:
            images, labels = images.to(self.device), labels.to(self.device)
            self.optimizer.zero_grad()
            nn.functional.cross_entropy(self.model(images), labels).backward()
            self.optimizer.step()
            yield

    def batches(self):
        for images, labels in self.loader:
            images.to(self.device), labels.to(self.device)
            yield

    @torch.no_grad()
    def accuracy(self, loader):
        self.model.eval()
        right = sum((self.model(images).argmax(1) == labels).sum() for images, labels in loader)
        return right.item() / loader.dataset_size


class Products:
    """The matrix products of every batch, three per layer; the input needs no gradient."""

    def __init__(self, num_images, batch_size, dims, device):
        self.sizes = [len(part) for part in torch.arange(num_images).split(batch_size)]
        self.values = [torch.rand(batch_size, width, device=device) for width in dims]
        self.weights = [torch.rand(shape, device=device) for shape in zip(dims, dims[1:])]

    def steps(self):
        for n in self.sizes:
            values = [value[:n] for value in self.values]
            for layer, weight in enumerate(self.weights):
                values[layer] @ weight
                values[layer].T @ values[layer + 1]
                if layer:
                    values[layer + 1] @ weight.T
            yield


def take_turns(ways, device, batches=20):
    """Run iterators to their ends, some batches of each in turn; return the seconds of each."""
    seconds = dict.fromkeys(ways, 0.0)
    running = dict(ways)
    while running:
        for way, steps in list(running.items()):
            started = time.perf_counter()
            if sum(1 for _ in itertools.islice(steps, batches)) < batches:
                del running[way]
            if device.type == "cuda":
                torch.cuda.synchronize()
            seconds[way] += time.perf_counter() - started
    return seconds


def main(name, hidden, epochs, batch_size, workers):
    """Run every way `epochs` times in turn and print medians, ratios and test accuracies."""
    device = default_device()
    images = data.load_images(name)
    train = images.train_images, images.train_labels
    dims = (images.train_images[0].numel(), *hidden, len(images.classes))
    scaled = images.train_images.float().div_(255)
    mean, std = scaled.mean((0, 2, 3)), scaled.std((0, 2, 3))
    del scaled
    transform = transforms.Compose(
        [
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(mean.tolist(), std.tolist()),
        ]
    )
    # More workers than cores is what the practical asks for.
    warnings.filterwarnings("ignore", message="This DataLoader will create")
    with_pil = DataLoader(
        PilDataset(*train, transform), batch_size, shuffle=True, num_workers=workers
    )

    def from_tensors(*augmentation):
        return data.TensorLoader(
            *train,
            batch_size,
            shuffle=True,
            mean=mean,
            std=std,
            device=device,
            augment=augment.compose(*augmentation),
        )

    pil, flips, shifts, products = (
        f"DataLoader, PIL, {workers} workers: flip",
        "TensorLoader: flip",
        "TensorLoader: flip and shift",
        "matrix products alone",
    )
    runs = {
        pil: Training(with_pil, dims, device),
        flips: Training(from_tensors(augment.random_flip), dims, device),
        shifts: Training(from_tensors(augment.random_flip, augment.random_shift), dims, device),
    }
    bare = Products(len(images.train_images), batch_size, dims, device)
    for _ in bare.steps():  # warms up the threads and, on a GPU, the library
        pass
    times = collections.defaultdict(list)
    for _ in progress(range(epochs), "epochs"):
        for turn in (
            {pil: runs[pil].steps()},
            {flips: runs[flips].steps(), shifts: runs[shifts].steps(), products: bare.steps()},
            {f"{pil}, batches alone": runs[pil].batches()},
            {f"{way}, batches alone": runs[way].batches() for way in (flips, shifts)},
        ):
            for way, came in take_turns(turn, device).items():
                times[way].append(came)
    test = data.TensorLoader(
        images.test_images, images.test_labels, 1000, mean=mean, std=std, device=device
    )
    threads = f", {torch.get_num_threads()} thread(s)" if device.type == "cpu" else ""
    print(f"{name}, {'-'.join(map(str, dims))}, batches of {batch_size}, {device}{threads}")
    print(f"seconds an epoch: median (least to most) of n = {epochs} each, taken in turn")
    for way, came in times.items():
        line = f"{way:47} {statistics.median(came):7.2f} ({min(came):.2f} to {max(came):.2f})"
        if way in runs:
            line += f"  test accuracy {runs[way].accuracy(test):.3f}"
        print(line)
    print("ratios, median over the rounds:")
    for over, under in (
        (pil, flips),
        (f"{pil}, batches alone", f"{flips}, batches alone"),
        (flips, products),
        (shifts, products),
    ):
        ratio = statistics.median(a / b for a, b in zip(times[over], times[under]))
        print(f"{ratio:6.2f} = {over} / {under}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default="cifar10", choices=("cifar10", "synthetic_color"))
    parser.add_argument("--hidden", type=int, nargs="+", default=[512, 512])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--workers", type=int, default=3)
    arguments = parser.parse_args()
    main(
        arguments.data,
        arguments.hidden,
        arguments.epochs,
        arguments.batch_size,
        arguments.workers,
    )
