"""Answers to image_loaders."""

from autograder.checking import Alternative, Mistake

ANSWERS: list[Mistake | Alternative] = [
    Mistake(
        "image_loaders",
        "augmented_test_set",
        "test_pictures_unchanged",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(augmented))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The test pictures are turned and mirrored too.",
    ),
    Mistake(
        "image_loaders",
        "test_order_shuffled",
        "test_order_fixed",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size, shuffle=True),
    )
""",
        tells="The test pictures are shuffled.",
    ),
    Mistake(
        "image_loaders",
        "test_order_from_the_seed",
        "test_order_fixed",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(test), generator=torch.Generator().manual_seed(seed))
    test = torch.utils.data.Subset(test, order.tolist())
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The test pictures are shuffled.",
    ),
    Mistake(
        "image_loaders",
        "range_0_to_1",
        "brought_to_minus_one_to_one",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor()]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The pictures are in [0, 1]; they should be normalised.",
    ),
    Mistake(
        "image_loaders",
        "normalised_twice",
        "brought_to_minus_one_to_one",
        """\
def image_loaders(root, batch_size, seed):
    plain = [
        transforms.ToTensor(),
        transforms.Normalize([0.5] * 3, [0.5] * 3),
        transforms.Normalize([0.5] * 3, [0.5] * 3),
    ]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The pictures are normalised twice.",
    ),
    Mistake(
        "image_loaders",
        "statistics_of_imagenet",
        "brought_to_minus_one_to_one",
        """\
def image_loaders(root, batch_size, seed):
    plain = [
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The pictures are normalised with ImageNet's statistics; others were asked for.",
    ),
    Mistake(
        "image_loaders",
        "train_order_fixed",
        "train_order_from_the_seed",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=False),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The training pictures are not shuffled.",
    ),
    Mistake(
        "image_loaders",
        "one_permutation_for_all_epochs",
        "train_order_from_the_seed",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    train = torch.utils.data.Subset(
        train, torch.randperm(len(train), generator=generator).tolist()
    )
    return (
        DataLoader(train, batch_size=batch_size),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The training pictures are shuffled once: every epoch has the same order.",
    ),
    Mistake(
        "image_loaders",
        "seed_ignored",
        "train_order_from_the_seed",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The order of the training pictures does not depend on `seed`.",
    ),
    Mistake(
        "image_loaders",
        "global_seed",
        "train_order_from_the_seed",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    torch.manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="`seed` sets torch's global generator; the loader needs one of its own.",
    ),
    Mistake(
        "image_loaders",
        "constant_seed",
        "train_order_from_the_seed",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(0)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The order of the training pictures is the same for every `seed`.",
    ),
    Mistake(
        "image_loaders",
        "only_rotated",
        "train_pictures_turned_and_mirrored",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The training pictures are turned, but never mirrored.",
    ),
    Mistake(
        "image_loaders",
        "only_flipped",
        "train_pictures_turned_and_mirrored",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The training pictures are mirrored, but never turned.",
    ),
    Mistake(
        "image_loaders",
        "always_flipped",
        "train_pictures_turned_and_mirrored",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(1.0), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="Every training picture is mirrored; it should happen at random.",
    ),
    Mistake(
        "image_loaders",
        "flipped_upside_down",
        "train_pictures_turned_and_mirrored",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomVerticalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The training pictures are turned upside down; left and right should be swapped.",
    ),
    Mistake(
        "image_loaders",
        "turned_too_far",
        "train_pictures_turned_and_mirrored",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(30), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The training pictures are turned too far.",
    ),
    Mistake(
        "image_loaders",
        "turned_too_little",
        "train_pictures_turned_and_mirrored",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(3), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The training pictures are turned too little.",
    ),
    Mistake(
        "image_loaders",
        "turned_to_one_side",
        "train_pictures_turned_and_mirrored",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation((0, 10)), *plain, transforms.RandomHorizontalFlip()]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The training pictures are turned to one side only.",
    ),
    Mistake(
        "image_loaders",
        "cropped_as_well",
        (
            "train_pictures_turned_and_mirrored",
            "brought_to_minus_one_to_one",
            "every_picture_once_with_its_label",
            "train_order_from_the_seed",
        ),
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [
        transforms.RandomCrop(32, padding=4),
        transforms.RandomRotation(10),
        transforms.RandomHorizontalFlip(),
        *plain,
    ]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The training pictures are cropped as well.",
    ),
    Mistake(
        "image_loaders",
        "no_augmentation",
        "train_pictures_turned_and_mirrored",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(plain))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The training pictures are neither turned nor mirrored.",
    ),
    Mistake(
        "image_loaders",
        "last_batch_dropped",
        "every_picture_once_with_its_label",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(
            train, batch_size=batch_size, shuffle=True, drop_last=True, generator=generator
        ),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="An incomplete last batch is dropped, so some pictures are missing in each epoch.",
    ),
    Mistake(
        "image_loaders",
        "folders_swapped",
        ("every_picture_once_with_its_label", "test_pictures_unchanged"),
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "val", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "train", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The folders of training and test pictures are swapped.",
    ),
    Mistake(
        "image_loaders",
        "train_pictures_as_test",
        "test_pictures_unchanged",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "train", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The test pictures come from the training folder.",
    ),
    Mistake(
        "image_loaders",
        "loaders_swapped",
        (
            "train_pictures_turned_and_mirrored",
            "test_pictures_unchanged",
            "test_order_fixed",
            "every_picture_once_with_its_label",
            "train_order_from_the_seed",
        ),
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(test, batch_size=batch_size),
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
    )
""",
        tells="The two loaders are returned in the wrong order.",
    ),
    Mistake(
        "image_loaders",
        "every_other_picture_turned",
        "train_pictures_turned_and_mirrored",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [
        transforms.RandomApply([transforms.RandomRotation(10)]),
        transforms.RandomHorizontalFlip(),
        *plain,
    ]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="Only some of the training pictures are turned.",
    ),
    Mistake(
        "image_loaders",
        "colours_changed",
        "brought_to_minus_one_to_one",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [
        transforms.ColorJitter(0.5, 0.5),
        transforms.RandomRotation(10),
        transforms.RandomHorizontalFlip(),
        *plain,
    ]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The training pictures' colours are changed as well.",
    ),
    Mistake(
        "image_loaders",
        "channels_reversed",
        "brought_to_minus_one_to_one",
        """\
def image_loaders(root, batch_size, seed):
    plain = [
        transforms.ToTensor(),
        transforms.Lambda(lambda image: image.flip(0)),
        transforms.Normalize([0.5] * 3, [0.5] * 3),
    ]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The colour channels are in reverse order.",
    ),
    Mistake(
        "image_loaders",
        "divided_by_256",
        "brought_to_minus_one_to_one",
        """\
def image_loaders(root, batch_size, seed):
    plain = [
        transforms.PILToTensor(),
        transforms.Lambda(lambda image: image / 256),
        transforms.Normalize([0.5] * 3, [0.5] * 3),
    ]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="Bytes are divided by 256; the largest is 255.",
    ),
    Mistake(
        "image_loaders",
        "augmented_once_for_all_epochs",
        "train_pictures_turned_and_mirrored",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = list(datasets.ImageFolder(root / "train", transforms.Compose(augmented)))
    test = list(datasets.ImageFolder(root / "val", transforms.Compose(plain)))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The training pictures are changed once: every epoch shows the same versions.",
    ),
    Mistake(
        "image_loaders",
        "one_angle_per_batch",
        "train_pictures_turned_and_mirrored",
        """\
class Augmented:
    def __init__(self, loader):
        self.loader = loader
        self.change = transforms.Compose(
            [transforms.RandomRotation(10), transforms.RandomHorizontalFlip()]
        )

    def __iter__(self):
        for images, labels in self.loader:
            yield self.change(images), labels

def image_loaders(root, batch_size, seed):
    plain = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    )
    train = datasets.ImageFolder(root / "train", plain)
    test = datasets.ImageFolder(root / "val", plain)
    generator = torch.Generator().manual_seed(seed)
    return (
        Augmented(DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator)),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="All pictures of a batch are changed in the same way; each should get its own angle.",
    ),
    Mistake(
        "image_loaders",
        "labels_of_another_order",
        "every_picture_once_with_its_label",
        """\
class Pictures(datasets.ImageFolder):
    def find_classes(self, directory):
        names = sorted((entry.name for entry in directory.iterdir()), reverse=True)
        return names, {name: index for index, name in enumerate(names)}

def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = Pictures(root / "train", transforms.Compose(augmented))
    test = Pictures(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The classes are not numbered in the order of their names.",
    ),
    Mistake(
        "image_loaders",
        "one_picture_squeezed",
        "every_picture_once_with_its_label",
        """\
def joined(rows):
    images, labels = zip(*rows)
    return torch.stack(images).squeeze(), torch.tensor(labels)

def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(
            train, batch_size, shuffle=True, generator=generator, collate_fn=joined
        ),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="`squeeze` removes an axis when a batch holds one picture.",
    ),
    Mistake(
        "image_loaders",
        "batch_of_one_dropped",
        "every_picture_once_with_its_label",
        """\
class Without:
    def __init__(self, loader):
        self.loader = loader

    def __iter__(self):
        return (batch for batch in self.loader if len(batch[1]) > 1)

def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        Without(DataLoader(train, batch_size, shuffle=True, generator=generator)),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="A last batch of a single picture is left out.",
    ),
    Mistake(
        "image_loaders",
        "labels_in_small_integers",
        "every_picture_once_with_its_label",
        """\
def image_loaders(root, batch_size, seed):
    def small(label):
        return torch.tensor(label, dtype=torch.uint8)

    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented), small)
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain), small)
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The labels have another integer type than int64.",
    ),
    Mistake(
        "image_loaders",
        "generator_shared_between_calls",
        "train_order_from_the_seed",
        """\
def image_loaders(root, batch_size, seed, generator=torch.Generator()):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator.manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="All calls share one generator, so a second loader changes the first one's order.",
    ),
    Mistake(
        "image_loaders",
        "order_drawn_with_the_loader",
        "train_order_from_the_seed",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator).tolist()
    return (
        DataLoader(train, batch_size=batch_size, sampler=order),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The order is drawn once, when the loader is made.",
    ),
    Mistake(
        "image_loaders",
        "bytes_wrap_around",
        (
            "brought_to_minus_one_to_one",
            "test_pictures_unchanged",
            "test_order_fixed",
            "every_picture_once_with_its_label",
            "train_pictures_turned_and_mirrored",
            "train_order_from_the_seed",
        ),
        """\
def image_loaders(root, batch_size, seed):
    plain = [
        transforms.PILToTensor(),
        transforms.Lambda(lambda image: (2 * image - 255) / 255.0),
    ]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The bytes are doubled as bytes, which go no further than 255.",
    ),
    Mistake(
        "image_loaders",
        "each_picture_stretched",
        "brought_to_minus_one_to_one",
        """\
def standard(image):
    return (image - image.mean()) / image.std() / 4

def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Lambda(standard)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="Each picture is scaled by its own mean and spread; the same rule should hold for all.",
    ),
    Mistake(
        "image_loaders",
        "turned_by_100",
        "train_pictures_turned_and_mirrored",
        """\
def image_loaders(root, batch_size, seed):
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(100), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
""",
        tells="The training pictures are turned too far.",
    ),
    Alternative(
        "image_loaders",
        "transforms_v2_bilinear",
        """\
from torchvision.transforms import InterpolationMode, v2

def image_loaders(root, batch_size, seed):
    scale = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [0.5])]
    turn = v2.RandomRotation(10, interpolation=InterpolationMode.BILINEAR, fill=128)
    train = datasets.ImageFolder(
        str(root / "train"), v2.Compose([v2.RandomHorizontalFlip(0.5), turn, *scale])
    )
    test = datasets.ImageFolder(str(root / "val"), v2.Compose(scale))
    generator = torch.Generator()
    generator.manual_seed(seed)
    sampler = torch.utils.data.RandomSampler(train, generator=generator)
    return DataLoader(train, batch_size, sampler=sampler), DataLoader(test, batch_size)
""",
    ),
    Alternative(
        "image_loaders",
        "turned_after_normalising",
        """\
def image_loaders(root, batch_size, seed):
    test_transform = transforms.Compose(
        [transforms.ToTensor(), transforms.Lambda(lambda image: 2 * image - 1)]
    )
    train_transform = transforms.Compose(
        [
            test_transform,
            transforms.RandomHorizontalFlip(),
            transforms.RandomRotation((-10, 10), transforms.InterpolationMode.BILINEAR),
        ]
    )
    train = datasets.ImageFolder(f"{root}/train", transform=train_transform)
    test = datasets.ImageFolder(f"{root}/val", transform=test_transform)
    generator = torch.Generator().manual_seed(2 * seed + 1)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size, shuffle=False, num_workers=0),
    )
""",
    ),
    Alternative(
        "image_loaders",
        "own_dataset_and_loaders",
        """\
import os

import numpy
from PIL import Image as Picture

class Folder(torch.utils.data.Dataset):
    def __init__(self, root, angle=None):
        self.angle = angle
        names = sorted(os.listdir(root))
        self.rows = [
            (os.path.join(root, name, file), label)
            for label, name in enumerate(names)
            for file in sorted(os.listdir(os.path.join(root, name)))
        ]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        path, label = self.rows[index]
        picture = Picture.open(path).convert("RGB")
        if self.angle:
            angle = float(numpy.random.uniform(-self.angle, self.angle))
            picture = picture.rotate(angle, resample=Picture.BICUBIC, fillcolor=(255, 0, 0))
            if numpy.random.rand() < 0.5:
                picture = picture.transpose(Picture.FLIP_LEFT_RIGHT)
        pixels = torch.from_numpy(numpy.array(picture)).permute(2, 0, 1)
        return pixels.float() / 127.5 - 1, label

class Batches:
    def __init__(self, dataset, batch_size, seed=None):
        self.dataset, self.batch_size = dataset, batch_size
        self.random = None if seed is None else numpy.random.default_rng(seed)

    def __iter__(self):
        order = numpy.arange(len(self.dataset))
        if self.random is not None:
            self.random.shuffle(order)
        for start in range(0, len(order), self.batch_size):
            rows = [self.dataset[i] for i in order[start : start + self.batch_size]]
            images, labels = zip(*rows)
            yield torch.stack(images), torch.tensor(labels)

def image_loaders(root, batch_size, seed):
    return (
        Batches(Folder(root / "train", 10), batch_size, seed),
        Batches(Folder(root / "val"), batch_size),
    )
""",
    ),
    Alternative(
        "image_loaders",
        "own_sampler_and_grid",
        """\
import numpy

class Shuffled(torch.utils.data.Sampler):
    def __init__(self, count, seed):
        self.count, self.seed, self.epoch = count, seed, 0

    def __len__(self):
        return self.count

    def __iter__(self):
        self.epoch += 1
        order = numpy.random.default_rng([self.seed, self.epoch]).permutation(self.count)
        return iter(order.tolist())

def augmented(rows):
    images, labels = torch.stack([image for image, _ in rows]), torch.tensor([y for _, y in rows])
    angles = torch.deg2rad(20 * torch.rand(len(rows)) - 10)
    side, zero = torch.randint(2, (len(rows),)) * 2.0 - 1, torch.zeros(len(rows))
    cos, sin = angles.cos(), angles.sin()
    rows = [torch.stack([side * cos, -sin, zero], 1), torch.stack([side * sin, cos, zero], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), images.shape, align_corners=True)
    turned = F.grid_sample(images, grid, padding_mode="border", align_corners=True)
    return turned.clamp(-1, 1), labels

def image_loaders(root, batch_size, seed):
    plain = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])
    train = datasets.ImageFolder(root / "train", plain)
    test = datasets.ImageFolder(root / "val", plain)
    sampler = Shuffled(len(train), seed)
    return (
        DataLoader(train, batch_size, sampler=sampler, collate_fn=augmented),
        DataLoader(test, batch_size),
    )
""",
    ),
    Alternative(
        "image_loaders",
        "tensor_loader_of_the_course",
        """\
from helpers import augment

def image_loaders(root, batch_size, seed):
    def tensors(split):
        rows = list(datasets.ImageFolder(root / split, transforms.PILToTensor()))
        return torch.stack([image for image, _ in rows]), torch.tensor([y for _, y in rows])

    change = augment.compose(augment.random_flip, augment.random_rotation)
    scale = {"mean": 0.5, "std": 0.5}
    train = data.TensorLoader(
        *tensors("train"), batch_size, shuffle=True, seed=seed, augment=change, **scale
    )
    return train, data.TensorLoader(*tensors("val"), batch_size, **scale)
""",
    ),
    Alternative(
        "image_loaders",
        "in_memory_and_affine",
        """\
from torchvision.transforms import functional as TF

class Memory(torch.utils.data.Dataset):
    def __init__(self, folder, augment):
        rows = [(TF.to_tensor(image), label) for image, label in datasets.ImageFolder(folder)]
        self.images = torch.stack([image for image, _ in rows])
        self.labels = torch.tensor([label for _, label in rows])
        self.augment = augment

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        image = self.images[i] * 2 - 1
        if self.augment:
            image = transforms.RandomAffine(10, fill=-1.0)(image)
            if torch.rand(()) < 0.5:
                image = image.flip(-1)
        return image, self.labels[i]

def image_loaders(root, batch_size, seed):
    train = DataLoader(
        Memory(root / "train", True),
        batch_size=batch_size,
        shuffle=True,
        generator=torch.Generator().manual_seed(seed),
    )
    test = DataLoader(Memory(root / "val", False), batch_size=batch_size)
    return [train, test]
""",
    ),
    Mistake(
        "image_loaders",
        "generator_shared_with_the_test_loader",
        "train_order_from_the_seed",
        """\
def image_loaders(root, batch_size, seed):

    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)

    return DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator), DataLoader(test, batch_size=batch_size, generator=generator)
""",
        tells="Both loaders draw from one generator, so the training order depends on how often the test loader was used.",
    ),
    Mistake(
        "image_loaders",
        "two_angles_only",
        "train_pictures_turned_and_mirrored",
        """\
def image_loaders(root, batch_size, seed):

    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomChoice([transforms.RandomRotation((a, a)) for a in (-10, 10)]), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)

    return DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator), DataLoader(test, batch_size=batch_size)
""",
        tells="A picture is turned by -10 or by 10 degrees, never by an angle between.",
    ),
    Mistake(
        "image_loaders",
        "own_range_for_each_picture",
        "brought_to_minus_one_to_one",
        """\
def image_loaders(root, batch_size, seed):

    plain = [transforms.ToTensor(), transforms.Lambda(lambda x: (x - x.min()) / (x.max() - x.min()) * 2 - 1)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)

    return DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator), DataLoader(test, batch_size=batch_size)
""",
        tells="Each picture is stretched to its own minimum and maximum; 0 and 255 should mean the same in all.",
    ),
    Mistake(
        "image_loaders",
        "finds_png_only",
        ("test_pictures_unchanged", "every_picture_once_with_its_label"),
        """\
def image_loaders(root, batch_size, seed):

    class Files(torch.utils.data.Dataset):
        def __init__(self, folder, transform):
            classes = sorted(p.name for p in folder.iterdir() if p.is_dir())
            self.rows = [(f, k) for k, name in enumerate(classes) for f in sorted((folder / name).glob("*.png"))]
            self.transform = transform

        def __len__(self):
            return len(self.rows)

        def __getitem__(self, index):
            path, label = self.rows[index]
            return self.transform(Image.open(path).convert("RGB")), label


    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = Files(root / "train", transforms.Compose(augmented))
    test = Files(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)

    return DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator), DataLoader(test, batch_size=batch_size)
""",
        tells="Only files that end in .png are found; pictures of other types are left out.",
    ),
    Mistake(
        "image_loaders",
        "same_pictures_mirrored",
        "train_pictures_turned_and_mirrored",
        """\
class Mirrored(torch.utils.data.Dataset):
    def __init__(self, inner):
        self.inner = inner

    def __len__(self):
        return len(self.inner)

    def __getitem__(self, index):
        image, label = self.inner[index]
        return (image.flip(-1) if index % 2 else image), label


def image_loaders(root, batch_size, seed):

    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)

    return DataLoader(Mirrored(train), batch_size=batch_size, shuffle=True, generator=generator), DataLoader(test, batch_size=batch_size)
""",
        tells="The same half of the pictures is mirrored in every epoch.",
    ),
    Alternative(
        "image_loaders",
        "test_set_backwards",
        """\
def image_loaders(root, batch_size, seed):
    def images(part, *first):
        last = transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)
        return datasets.ImageFolder(str(root / part), transforms.Compose([*first, *last]))

    turned = images("train", transforms.RandomHorizontalFlip(), transforms.RandomRotation(10))
    upright = images("val")
    backwards = range(len(upright))[::-1]
    return (
        DataLoader(turned, batch_size, True, generator=torch.Generator().manual_seed(seed)),
        DataLoader(upright, batch_size, sampler=backwards),
    )
""",
    ),
    Alternative(
        "image_loaders",
        "seed_for_each_epoch",
        """\
class Order(torch.utils.data.Sampler):
    def __init__(self, count, seed):
        self.count, self.seed, self.epoch = count, seed, 0

    def __iter__(self):
        generator = torch.Generator().manual_seed(10007 * self.seed + self.epoch)
        self.epoch += 1
        return iter(torch.randperm(self.count, generator=generator).tolist())

    def __len__(self):
        return self.count


def image_loaders(root, batch_size, seed):

    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)

    return DataLoader(train, batch_size=batch_size, sampler=Order(len(train), seed)), DataLoader(test, batch_size=batch_size)
""",
    ),
    Alternative(
        "image_loaders",
        "loader_class",
        """\
def image_loaders(root, batch_size, seed):

    class Loader:
        def __init__(self, folder, transform, generator):
            self.data, self.generator = datasets.ImageFolder(folder, transform), generator

        def __len__(self):
            return -(-len(self.data) // batch_size)

        def __iter__(self):
            n = len(self.data)
            order = torch.arange(n) if self.generator is None else torch.randperm(n, generator=self.generator)
            for part in order.split(batch_size):
                images, labels = zip(*(self.data[int(k)] for k in part))
                yield torch.stack(images), torch.tensor(labels)

    plain = transforms.Compose([transforms.PILToTensor(), transforms.Lambda(lambda x: x.float().div(255).sub(0.5).mul(2))])
    turned = transforms.Compose([plain, transforms.Lambda(lambda x: transforms.functional.rotate(x, float(torch.empty(1).uniform_(-10, 10)))), transforms.RandomHorizontalFlip()])
    return Loader(root / "train", turned, torch.Generator().manual_seed(seed)), Loader(root / "val", plain, None)
""",
    ),
]
