"""The challenge of assignment 05: an answer to `improved` for those who have ten minutes a seed."""

from autograder.checking import Alternative

from .files import write_improved

# What is trained is not the wide first layer of the plain MLP but a small one for each patch, with
# inputs for which gradients are of one size. In the end their product is the wide layer's matrix.
CHALLENGE = '''
class Patches(nn.Module):
    """A first layer while it is trained: 28 units for each of 49 places, none of them shared.

    A unit sees 8 x 8 pixels, as 64 products with `directions`.
    """

    def __init__(self, directions):
        super().__init__()
        self.register_buffer("directions", directions)
        self.weight = nn.Parameter(torch.randn(49, 64, 28) / 8)

    def forward(self, x):
        parts = F.conv2d(x, self.directions, stride=4).flatten(2).permute(2, 0, 1)
        return (parts @ self.weight).permute(1, 0, 2).flatten(1)


def improved_model():
    def block(fan_in, width):
        return [nn.Linear(fan_in, width, bias=False), nn.BatchNorm1d(width), nn.GELU()]

    return nn.Sequential(
        nn.Flatten(),
        *block(3072, 49 * 28),
        *block(49 * 28, 768),
        nn.Dropout(0.25),
        *block(768, 512),
        nn.Dropout(0.25),
        nn.Linear(512, 10),
    )


def principal_directions(images):
    """The 64 principal directions (64, 3, 8, 8) of 8 x 8 patches, the weak ones amplified."""
    patches = F.unfold(images, 8, stride=4).transpose(1, 2).reshape(-1, 192)
    variance, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    variance, vectors = variance[-64:], vectors[:, -64:]
    vectors = vectors * (variance + 0.1) ** -0.25
    size = ((patches @ vectors) ** 2).mean().sqrt()
    return (vectors / size).T.reshape(64, 3, 8, 8)


def improved(
    train_images, train_labels, val_images, val_labels, test_images, test_labels, seeds, folder,
    num_epochs=35,
):
    mean, std = channel_statistics(train_images)
    normal = {"mean": mean, "std": std, "device": device}
    val_loader = data.TensorLoader(val_images, val_labels, 1000, **normal)
    test_loader = data.TensorLoader(test_images, test_labels, 1000, **normal)
    some = data.TensorLoader(train_images[:5000], train_labels[:5000], 5000, **normal)
    directions = principal_directions(next(iter(some))[0])
    shift = lambda images, generator: augment.random_shift(images, generator, pixels=3)
    accuracies = []
    for index, seed in enumerate(seeds):
        torch.manual_seed(seed)
        model, first = improved_model().to(device), Patches(directions).to(device)
        trained = nn.Sequential(first, *model[2:])
        train_loader = data.TensorLoader(
            train_images, train_labels, 512, shuffle=True, seed=seed,
            augment=augment.compose(augment.random_flip, shift), **normal,
        )
        groups = [
            {"params": [p for p in trained.parameters() if p.ndim > 1], "weight_decay": 0.1},
            {"params": [p for p in trained.parameters() if p.ndim == 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=2e-3, betas=(0.9, 0.99))
        steps = num_epochs * len(train_loader)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=2e-3, total_steps=steps, pct_start=0.2, anneal_strategy="linear",
            cycle_momentum=False,
        )
        path = Path(folder) / f"improved_{index}.pt"
        loss_fn = nn.CrossEntropyLoss(label_smoothing=0.1)
        train_model(
            trained, optimizer, train_loader, val_loader, num_epochs, path, loss_fn, scheduler
        )
        # A linear map's matrix is what it makes of each single pixel.
        pixels = torch.eye(3072, device=device).view(-1, 3, 32, 32)
        with torch.no_grad():
            model[1].weight.copy_(first(pixels).T)
        torch.save(model.state_dict(), path)
        accuracies.append(test_model(model, test_loader))
    return sum(accuracies) / len(accuracies)
'''

ANSWERS = [
    Alternative("improved", "the challenge: patches in the first layer", CHALLENGE, write_improved),
]
