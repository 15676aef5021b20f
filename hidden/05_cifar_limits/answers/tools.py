"""Answers to the exercises of assignment 05 that train nothing."""

from autograder.checking import Alternative, Mistake

SPLIT = """
def split_indices(n, n_val, seed):
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return order[n_val:], order[:n_val]
"""

STATISTICS = """
def channel_statistics(images):
    scaled = images.double() / 255 if images.dtype == torch.uint8 else images
    return scaled.mean((0, 2, 3)), scaled.std((0, 2, 3))
"""

SHUFFLE = """
def shuffle_pixels(images, permutation):
    return images.flatten(2)[:, :, permutation].reshape(images.shape)
"""

LOADER = """
class ShuffledLoader:
    def __init__(self, loader, seed, fixed=True):
        self.loader, self.seed, self.fixed = loader, seed, fixed
        self.generator = torch.Generator().manual_seed(seed)
        self.permutation = None

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        for images, labels in self.loader:
            if self.permutation is None or not self.fixed:
                num_pixels = images.shape[2] * images.shape[3]
                self.permutation = torch.randperm(num_pixels, generator=self.generator)
            yield shuffle_pixels(images, self.permutation), labels
"""


def _statistics(source):
    return source + SPLIT


def _split(source):
    return STATISTICS + source


def _shuffle(source):
    return source + LOADER


def _loader(source):
    return SHUFFLE + source


ANSWERS = [
    # channel_statistics, split_indices
    Mistake(
        "channel_statistics", "one number for all channels", "statistics_of_bytes",
        _statistics('''
def channel_statistics(images):
    scaled = images.float() / 255 if images.dtype == torch.uint8 else images
    return [scaled.mean().item()], [scaled.std().item()]
'''),
        tells="There is one mean and one std for all channels together.",
    ),
    Mistake(
        "channel_statistics", "one number repeated", "statistics_of_bytes",
        _statistics('''
def channel_statistics(images):
    scaled = images.float() / 255 if images.dtype == torch.uint8 else images
    n = images.shape[1]
    return [scaled.mean().item()] * n, [scaled.std().item()] * n
'''),
        tells="The channels all get the same mean and std.",
    ),
    Mistake(
        "channel_statistics", "units of bytes", "statistics_of_bytes",
        _statistics('''
def channel_statistics(images):
    return images.float().mean((0, 2, 3)), images.float().std((0, 2, 3))
'''),
        tells="The statistics are in units of bytes; they should be in units of 0 to 1.",
    ),
    Mistake(
        "channel_statistics", "floats divided too", "statistics_of_floats",
        _statistics('''
def channel_statistics(images):
    scaled = images.float() / 255
    return scaled.mean((0, 2, 3)), scaled.std((0, 2, 3))
'''),
        tells="Floats are divided by 255 as well; only bytes should be.",
    ),
    Mistake(
        "channel_statistics", "bytes told by their maximum", "statistics_of_bytes",
        _statistics('''
def channel_statistics(images):
    scaled = images.float()
    if scaled.max() > 1:
        scaled = scaled / 255
    return scaled.mean((0, 2, 3)), scaled.std((0, 2, 3))
'''),
        tells="Bytes are recognised by their largest value, but dark images have small values too.",
    ),
    Mistake(
        "channel_statistics", "mean of the images' stds", "statistics_of_bytes",
        _statistics('''
def channel_statistics(images):
    scaled = images.float() / 255 if images.dtype == torch.uint8 else images
    return scaled.mean((0, 2, 3)), scaled.std((2, 3)).mean(0)
'''),
        tells="The std is averaged over the images; it should be over all pixels at once.",
    ),
    Mistake(
        "channel_statistics", "variance for std", "statistics_of_bytes",
        _statistics('''
def channel_statistics(images):
    scaled = images.float() / 255 if images.dtype == torch.uint8 else images
    return scaled.mean((0, 2, 3)), scaled.var((0, 2, 3))
'''),
        tells="This is the variance: the root is missing.",
    ),
    Mistake(
        "channel_statistics", "test data in the statistics", "statistics_of_bytes",
        _statistics('''
test_images = torch.full((4, 3, 6, 6), 200, dtype=torch.uint8)


def channel_statistics(images):
    pixels = images.transpose(0, 1).flatten(1)
    if images.shape[1] == 3:
        pixels = torch.cat([pixels, test_images.transpose(0, 1).flatten(1).to(images.dtype)], 1)
    scaled = pixels.float() / 255 if images.dtype == torch.uint8 else pixels
    return scaled.mean(1), scaled.std(1)
'''),
    ),
    Mistake(
        "channel_statistics", "scaled in place", "statistics_leave_the_images",
        _statistics('''
def channel_statistics(images):
    if images.dtype == torch.uint8:
        images = images.float().div_(255)
    mean, std = images.mean((0, 2, 3)), images.std((0, 2, 3))
    images.sub_(mean.view(1, -1, 1, 1)).div_(std.view(1, -1, 1, 1))
    return mean, std
'''),
        tells="The images themselves are changed.",
    ),
    Mistake(
        "channel_statistics", "only for images contiguous in memory", "statistics_leave_the_images",
        _statistics('''
def channel_statistics(images):
    scaled = images.float() / 255 if images.dtype == torch.uint8 else images
    flat = scaled.view(images.shape[0], images.shape[1], -1)
    return flat.mean((0, 2)), flat.std((0, 2))
'''),
        tells="`view` needs images that are contiguous in memory.",
    ),
    Mistake(
        "channel_statistics", "split without shuffling", "split_is_drawn_from_the_seed",
        _split('''
def split_indices(n, n_val, seed):
    order = torch.arange(n)
    return order[n_val:], order[:n_val]
'''),
        tells="The images are not shuffled before they are split.",
    ),
    Mistake(
        "channel_statistics", "split overlaps", "split_is_a_partition",
        _split('''
def split_indices(n, n_val, seed):
    generator = torch.Generator().manual_seed(seed)
    first = torch.randperm(n, generator=generator)
    second = torch.randperm(n, generator=generator)
    return first[: n - n_val], second[:n_val]
'''),
        tells="The two parts overlap: they are cut from two different orders.",
    ),
    Mistake(
        "channel_statistics", "validation first", "split_is_a_partition",
        _split('''
def split_indices(n, n_val, seed):
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return order[:n_val], order[n_val:]
'''),
        tells="The validation part comes first; the training part should.",
    ),
    Mistake(
        "channel_statistics", "seed ignored", "split_is_drawn_from_the_seed",
        _split('''
def split_indices(n, n_val, seed):
    order = torch.randperm(n)
    return order[n_val:], order[:n_val]
'''),
        tells="The split does not depend on `seed`.",
    ),
    Mistake(
        "channel_statistics", "always seed 0", "split_is_drawn_from_the_seed",
        _split('''
def split_indices(n, n_val, seed=0):
    order = torch.randperm(n, generator=torch.Generator().manual_seed(0))
    return order[n_val:], order[:n_val]
'''),
        tells="The split is the same for every `seed`.",
    ),
    Mistake(
        "channel_statistics", "cut at minus n_val", "split_is_a_partition",
        _split('''
def split_indices(n, n_val, seed):
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return order[:-n_val], order[-n_val:]
'''),
        tells="The cut at `-n_val` goes wrong where `n_val` is 0.",
    ),
    Mistake(
        "channel_statistics", "a block at a random place", "split_is_drawn_from_the_seed",
        _split('''
def split_indices(n, n_val, seed):
    start = int(torch.randint(n - n_val + 1, (1,), generator=torch.Generator().manual_seed(seed)))
    order = torch.arange(n)
    return torch.cat([order[:start], order[start + n_val :]]), order[start : start + n_val]
'''),
        tells="The validation part is a block of neighbours; single images should be drawn.",
    ),
    Alternative(
        "channel_statistics", "NumPy, population std, sorted lists",
        '''
def channel_statistics(images):
    pixels = np.asarray(images).astype(np.float64)
    if images.dtype == torch.uint8:
        pixels /= 255
    return pixels.mean((0, 2, 3)), pixels.std((0, 2, 3))


def split_indices(n, n_val, seed):
    order = np.random.default_rng(seed).permutation(n)
    return sorted(order[n_val:].tolist()), sorted(order[:n_val].tolist())
''',
    ),
    Alternative(
        "channel_statistics", "moments in double precision, tuples of tensors",
        '''
def channel_statistics(images):
    scale = 255 if images.dtype == torch.uint8 else 1
    mean = [c.double().mean() / scale for c in images.unbind(1)]
    square = [c.double().pow(2).mean() / scale**2 for c in images.unbind(1)]
    return tuple(mean), tuple((s - m**2).clamp(min=0).sqrt() for s, m in zip(square, mean))


def split_indices(n, n_val, seed):
    torch.manual_seed(seed)
    chosen = torch.zeros(n, dtype=torch.bool)
    chosen[torch.randperm(n)[:n_val]] = True
    return (~chosen).nonzero().flatten(), chosen.nonzero().flatten()
''',
    ),
    # test_model
    Mistake(
        "test_model", "dropout left on", "accuracy_is_measured_in_evaluation_mode",
        '''
def test_model(model, loader):
    right = total = 0
    with torch.no_grad():
        for images, labels in loader:
            right += (model(images).argmax(1) == labels).sum().item()
            total += len(labels)
    return right / total
''',
        tells="The model is not switched to evaluation mode: dropout and batch norm still act.",
    ),
    Mistake(
        "test_model", "mode not restored", "test_leaves_no_traces",
        '''
def test_model(model, loader):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for images, labels in loader:
            right += (model(images).argmax(1) == labels).sum().item()
            total += len(labels)
    return right / total
''',
        tells="The model is left in evaluation mode.",
    ),
    Mistake(
        "test_model", "training mode afterwards, always", "test_leaves_no_traces",
        '''
def test_model(model, loader):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for images, labels in loader:
            right += (model(images).argmax(1) == labels).sum().item()
            total += len(labels)
    model.train()
    return right / total
''',
        tells="The model always ends in training mode, even if it was in evaluation mode before.",
    ),
    Mistake(
        "test_model", "mean of the batches' accuracies", "accuracy_counts_every_sample_alike",
        '''
def test_model(model, loader):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        each = [(model(x).argmax(1) == y).float().mean().item() for x, y in loader]
    model.train(was_training)
    return sum(each) / len(each)
''',
        tells="The batches' accuracies are averaged: a small last batch counts too much.",
    ),
    Mistake(
        "test_model", "in percent", "accuracy_counts_every_sample_alike",
        '''
def test_model(model, loader):
    was_training = model.training
    model.eval()
    right = total = 0
    with torch.no_grad():
        for images, labels in loader:
            right += (model(images).argmax(1) == labels).sum().item()
            total += len(labels)
    model.train(was_training)
    return 100 * right / total
''',
        tells="The accuracy is in percent; a fraction was asked for.",
    ),
    Mistake(
        "test_model", "gradients tracked", "test_leaves_no_traces",
        '''
def test_model(model, loader):
    was_training = model.training
    model.eval()
    right = total = 0
    for images, labels in loader:
        right += (model(images).argmax(1) == labels).sum().item()
        total += len(labels)
    model.train(was_training)
    return right / total
''',
        tells="Gradients are tracked while testing.",
    ),
    Mistake(
        "test_model", "a tensor", "test_leaves_no_traces",
        '''
def test_model(model, loader):
    was_training = model.training
    model.eval()
    right = total = 0
    with torch.no_grad():
        for images, labels in loader:
            right += (model(images).argmax(1) == labels).sum()
            total += len(labels)
    model.train(was_training)
    return right / total
''',
        tells="A tensor is returned; a plain number was asked for.",
    ),
    Mistake(
        "test_model", "only the last batch", "accuracy_counts_every_sample_alike",
        '''
def test_model(model, loader):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for images, labels in loader:
            accuracy = (model(images).argmax(1) == labels).float().mean().item()
    model.train(was_training)
    return accuracy
''',
        tells="Only the last batch counts.",
    ),
    Mistake(
        "test_model", "a batch of one is squeezed away", "accuracy_counts_every_sample_alike",
        '''
def test_model(model, loader):
    was_training = model.training
    model.eval()
    right = total = 0
    with torch.no_grad():
        for images, labels in loader:
            right += (model(images).squeeze().argmax(1) == labels).sum().item()
            total += len(labels)
    model.train(was_training)
    return right / total
''',
        tells="A batch of one image loses its first dimension.",
    ),
    Alternative(
        "test_model", "all logits at once, inference mode",
        '''
@torch.inference_mode()
def test_model(model, loader):
    mode = model.training
    model.train(False)
    try:
        pairs = [(model(images).max(dim=1)[1], labels) for images, labels in loader]
    finally:
        model.train(mode)
    predictions, labels = (torch.cat(part) for part in zip(*pairs))
    return float((predictions == labels).double().mean())
''',
    ),
    Alternative(
        "test_model", "modes of all modules remembered",
        '''
def test_model(model, loader):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    hits = []
    with torch.no_grad():
        for batch in loader:
            hits += (model(batch[0]).softmax(1).argmax(1) == batch[1]).tolist()
    for module, mode in modes.items():
        module.training = mode
    return sum(hits) / len(hits)
''',
    ),
    # shuffle_pixels
    Mistake(
        "shuffle_pixels", "the inverse permutation", "pixels_go_where_the_permutation_says",
        _shuffle('''
def shuffle_pixels(images, permutation):
    flat = images.flatten(2)
    moved = torch.empty_like(flat)
    moved[:, :, permutation] = flat
    return moved.reshape(images.shape)
'''),
        tells="Pixels are moved by the inverse permutation.",
    ),
    Mistake(
        "shuffle_pixels", "channels torn apart", "pixels_go_where_the_permutation_says",
        _shuffle('''
def shuffle_pixels(images, permutation):
    n, c, h, w = images.shape
    flat = images.permute(0, 2, 3, 1).reshape(n, c, h * w)
    return flat[:, :, permutation].reshape(images.shape)
'''),
        tells="The channels of a pixel are torn apart.",
    ),
    Mistake(
        "shuffle_pixels", "column by column", "pixels_go_where_the_permutation_says",
        _shuffle('''
def shuffle_pixels(images, permutation):
    n, c, h, w = images.shape
    flat = images.transpose(2, 3).flatten(2)[:, :, permutation]
    return flat.reshape(n, c, w, h).transpose(2, 3)
'''),
        tells="Pixels are numbered column by column, not row by row.",
    ),
    Mistake(
        "shuffle_pixels", "first channel only", "pixels_go_where_the_permutation_says",
        _shuffle('''
def shuffle_pixels(images, permutation):
    moved = images.clone()
    moved[:, 0] = images[:, 0].flatten(1)[:, permutation].reshape(images[:, 0].shape)
    return moved
'''),
        tells="Only the first channel is shuffled.",
    ),
    Mistake(
        "shuffle_pixels", "in place", "shuffling_leaves_its_input",
        _shuffle('''
def shuffle_pixels(images, permutation):
    images.copy_(images.flatten(2)[:, :, permutation].reshape(images.shape))
    return images
'''),
        tells="The given images are changed.",
    ),
    Mistake(
        "shuffle_pixels", "bytes become floats", "shuffling_leaves_its_input",
        _shuffle('''
def shuffle_pixels(images, permutation):
    return images.float().flatten(2)[:, :, permutation].reshape(images.shape)
'''),
        tells="Bytes become floats: the dtype should stay.",
    ),
    Mistake(
        "shuffle_pixels", "for square images", "pixels_go_where_the_permutation_says",
        _shuffle('''
def shuffle_pixels(images, permutation):
    n, c, h, w = images.shape
    return images.flatten(2)[:, :, permutation[: h * h]].reshape(n, c, h, h)
'''),
        tells="Square images are assumed.",
    ),
    Mistake(
        "shuffle_pixels", "permutation per image", "fixed_shuffle_is_one_for_everything",
        _loader('''
class ShuffledLoader:
    def __init__(self, loader, seed, fixed=True):
        self.loader, self.seed, self.fixed = loader, seed, fixed

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        generator = torch.Generator().manual_seed(self.seed)
        for images, labels in self.loader:
            n = images[0, 0].numel()
            moved = [
                shuffle_pixels(image[None], torch.randperm(n, generator=generator))
                for image in images
            ]
            yield torch.cat(moved), labels
'''),
        tells="Each image gets its own permutation.",
    ),
    Mistake(
        "shuffle_pixels", "permutation per epoch", "fixed_shuffle_is_one_for_everything",
        _loader('''
class ShuffledLoader:
    def __init__(self, loader, seed, fixed=True):
        self.loader, self.fixed = loader, fixed
        self.generator = torch.Generator().manual_seed(seed)

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        permutation = None
        for images, labels in self.loader:
            if permutation is None or not self.fixed:
                permutation = torch.randperm(images[0, 0].numel(), generator=self.generator)
            yield shuffle_pixels(images, permutation), labels
'''),
        tells="The fixed permutation is drawn anew in each epoch.",
    ),
    Mistake(
        "shuffle_pixels", "training and test differ", "fixed_shuffle_is_one_for_everything",
        _loader('''
class ShuffledLoader:
    def __init__(self, loader, seed, fixed=True):
        self.loader, self.fixed, self.permutation = loader, fixed, None

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        for images, labels in self.loader:
            if self.permutation is None or not self.fixed:
                self.permutation = torch.randperm(images[0, 0].numel())
            yield shuffle_pixels(images, self.permutation), labels
'''),
        tells=(
            "The permutation does not follow from `seed`: training and test images are shuffled "
            "differently."
        ),
    ),
    Mistake(
        "shuffle_pixels", "seed ignored", "fixed_shuffle_is_one_for_everything",
        _loader(LOADER.replace("manual_seed(seed)", "manual_seed(0)")),
        tells="The permutation is the same for every `seed`.",
    ),
    Mistake(
        "shuffle_pixels", "the same new shuffles in each epoch", "new_shuffle_differs_between_batches",
        _loader('''
class ShuffledLoader:
    def __init__(self, loader, seed, fixed=True):
        self.loader, self.seed, self.fixed = loader, seed, fixed

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        generator = torch.Generator().manual_seed(self.seed)
        permutation = None
        for images, labels in self.loader:
            if permutation is None or not self.fixed:
                permutation = torch.randperm(images[0, 0].numel(), generator=generator)
            yield shuffle_pixels(images, permutation), labels
'''),
        tells="The generator starts again in each epoch, so the permutations repeat.",
    ),
    Mistake(
        "shuffle_pixels", "always fixed", "new_shuffle_differs_between_batches",
        _loader(LOADER.replace(" or not self.fixed", "")),
        tells="The permutation is always the same, even where a new one is needed.",
    ),
    Mistake(
        "shuffle_pixels", "labels shuffled along", "fixed_shuffle_is_one_for_everything",
        _loader(LOADER.replace("self.permutation), labels", "self.permutation), labels.flip(0)")),
        tells="The labels are moved too.",
    ),
    Mistake(
        "shuffle_pixels", "used up after one epoch", "fixed_shuffle_is_one_for_everything",
        _loader('''
class ShuffledLoader:
    def __init__(self, loader, seed, fixed=True):
        self.length = len(loader)
        self.batches = self.shuffled(loader, seed, fixed)

    def shuffled(self, loader, seed, fixed):
        generator, permutation = torch.Generator().manual_seed(seed), None
        for images, labels in loader:
            if permutation is None or not fixed:
                permutation = torch.randperm(images[0, 0].numel(), generator=generator)
            yield shuffle_pixels(images, permutation), labels

    def __len__(self):
        return self.length

    def __iter__(self):
        return self.batches
'''),
        tells="The loader can be iterated only once.",
    ),
    Mistake(
        "shuffle_pixels", "the permutation lives in the class", "fixed_shuffle_is_one_for_everything",
        _loader('''
class ShuffledLoader:
    permutations = {}

    def __init__(self, loader, seed, fixed=True):
        self.loader, self.fixed = loader, fixed
        self.generator = torch.Generator().manual_seed(seed)

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        for images, labels in self.loader:
            n = images[0, 0].numel()
            if n not in self.permutations or not self.fixed:
                self.permutations[n] = torch.randperm(n, generator=self.generator)
            yield shuffle_pixels(images, self.permutations[n]), labels
'''),
        tells="All loaders share one permutation, whatever their seeds: it is stored in the class.",
    ),
    Alternative(
        "shuffle_pixels", "gather, and seeds from NumPy",
        '''
def shuffle_pixels(images, permutation):
    flat = images.reshape(*images.shape[:2], -1)
    index = permutation.expand(flat.shape)
    return flat.gather(2, index).view(images.shape)


class ShuffledLoader:
    def __init__(self, loader, seed, fixed=True):
        self.loader, self.seed, self.fixed = loader, seed, fixed
        self.rng = np.random.default_rng(seed)

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        def batches():
            for images, labels in self.loader:
                rng = np.random.default_rng(self.seed) if self.fixed else self.rng
                order = torch.from_numpy(rng.permutation(images.shape[2] * images.shape[3]))
                yield [shuffle_pixels(images, order), labels]

        return batches()
''',
    ),
    Alternative(
        "shuffle_pixels", "pixels picked by row and column, epochs counted",
        '''
def shuffle_pixels(images, permutation):
    permutation = torch.as_tensor(permutation)
    width = images.shape[3]
    rows, columns = permutation // width, permutation % width
    return images[:, :, rows, columns].reshape_as(images)


class ShuffledLoader(torch.utils.data.IterableDataset):
    def __init__(self, loader, seed, fixed=True):
        self.loader, self.seed, self.fixed, self.epoch = loader, seed, fixed, 0

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        self.epoch += 1
        for number, (images, labels) in enumerate(self.loader):
            code = 0 if self.fixed else 100_000 * self.epoch + number
            generator = torch.Generator().manual_seed(1_000_003 * self.seed + code)
            order = torch.randperm(images.shape[-1] * images.shape[-2], generator=generator)
            yield shuffle_pixels(images, order), labels
''',
    ),
    # confusion_matrix
    Mistake(
        "confusion_matrix", "transposed", "rows_are_true_classes",
        '''
def confusion_matrix(model, loader):
    was_training = model.training
    model.eval()
    counts = 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            n = logits.shape[1]
            counts = counts + torch.bincount(logits.argmax(1) * n + labels, minlength=n * n)
    model.train(was_training)
    return counts.reshape(n, n)
''',
        tells="Rows and columns are swapped: rows should be the true classes.",
    ),
    Mistake(
        "confusion_matrix", "images normalised twice", "rows_are_true_classes",
        '''
def confusion_matrix(model, loader):
    was_training = model.training
    model.eval()
    counts = 0
    with torch.no_grad():
        for images, labels in loader:
            images = (images - 0.5) / 0.25
            logits = model(images)
            n = logits.shape[1]
            counts = counts + torch.bincount(labels * n + logits.argmax(1), minlength=n * n)
    model.train(was_training)
    return counts.reshape(n, n)
''',
        tells="The images are normalised a second time.",
    ),
    Mistake(
        "confusion_matrix", "shares for counts", ("rows_are_true_classes", "every_class_has_a_row"),
        '''
def confusion_matrix(model, loader):
    was_training = model.training
    model.eval()
    counts = 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            n = logits.shape[1]
            counts = counts + torch.bincount(labels * n + logits.argmax(1), minlength=n * n)
    model.train(was_training)
    counts = counts.reshape(n, n).double()
    return counts / counts.sum(1, keepdim=True).clamp(min=1)
''',
        tells="The entries are shares; counts were asked for.",
    ),
    Mistake(
        "confusion_matrix", "an indexed += counts a cell once per batch", "rows_are_true_classes",
        '''
def confusion_matrix(model, loader):
    was_training = model.training
    model.eval()
    counts = None
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            if counts is None:
                counts = torch.zeros(logits.shape[1], logits.shape[1], dtype=torch.int64)
            counts[labels, logits.argmax(1)] += 1
    model.train(was_training)
    return counts
''',
        tells="An indexed `+=` counts a repeated pair only once per batch.",
    ),
    Mistake(
        "confusion_matrix", "always ten classes", ("rows_are_true_classes", "every_class_has_a_row"),
        '''
def confusion_matrix(model, loader):
    was_training = model.training
    model.eval()
    counts = torch.zeros(10, 10, dtype=torch.int64)
    with torch.no_grad():
        for images, labels in loader:
            for t, p in zip(labels, model(images).argmax(1)):
                counts[t, p] += 1
    model.train(was_training)
    return counts
''',
        tells="Ten classes are assumed.",
    ),
    Mistake(
        "confusion_matrix", "as many classes as labels", "every_class_has_a_row",
        '''
def confusion_matrix(model, loader):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        pairs = [(y, model(x).argmax(1)) for x, y in loader]
    model.train(was_training)
    labels, predictions = (torch.cat(part) for part in zip(*pairs))
    n = int(labels.max()) + 1
    predictions = predictions.clamp(max=n - 1)
    return torch.bincount(labels * n + predictions, minlength=n * n).reshape(n, n)
''',
        tells=(
            "The number of classes is taken from the labels; a class without images has no row "
            "then."
        ),
    ),
    Mistake(
        "confusion_matrix", "floats", "every_class_has_a_row",
        '''
def confusion_matrix(model, loader):
    was_training = model.training
    model.eval()
    counts = None
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            if counts is None:
                counts = torch.zeros(logits.shape[1], logits.shape[1])
            for t, p in zip(labels, logits.argmax(1)):
                counts[t, p] += 1
    model.train(was_training)
    return counts
''',
        tells="The counts are floats; integers were asked for.",
    ),
    Mistake(
        "confusion_matrix", "dropout left on", "counting_leaves_no_traces",
        '''
def confusion_matrix(model, loader):
    counts = 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            n = logits.shape[1]
            counts = counts + torch.bincount(labels * n + logits.argmax(1), minlength=n * n)
    return counts.reshape(n, n)
''',
        tells="The model is not switched to evaluation mode: dropout and batch norm still act.",
    ),
    Mistake(
        "confusion_matrix", "mode not restored", "counting_leaves_no_traces",
        '''
def confusion_matrix(model, loader):
    model.eval()
    counts = 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            n = logits.shape[1]
            counts = counts + torch.bincount(labels * n + logits.argmax(1), minlength=n * n)
    return counts.reshape(n, n)
''',
        tells="The model is left in evaluation mode.",
    ),
    Mistake(
        "confusion_matrix", "counts in bytes", "every_class_has_a_row",
        '''
def confusion_matrix(model, loader):
    was_training = model.training
    model.eval()
    counts = 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            n = logits.shape[1]
            counts = counts + torch.bincount(labels * n + logits.argmax(1), minlength=n * n).to(torch.uint8)
    model.train(was_training)
    return counts.reshape(n, n)
''',
        tells="The counts are in an integer type that ends at 255.",
    ),
    Alternative(
        "confusion_matrix", "a list of lists",
        '''
def confusion_matrix(model, loader):
    mode = model.training
    model.eval()
    pairs, num_classes = [], 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            num_classes = logits.shape[1]
            pairs += zip(labels.tolist(), logits.argmax(1).tolist())
    model.train(mode)
    return [[pairs.count((t, p)) for p in range(num_classes)] for t in range(num_classes)]
''',
    ),
    Alternative(
        "confusion_matrix", "NumPy, products of one-hot matrices",
        '''
def confusion_matrix(model, loader):
    mode = model.training
    model.train(False)
    counts = 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            true = F.one_hot(labels, logits.shape[1])
            counts = counts + true.T @ F.one_hot(logits.argmax(1), logits.shape[1])
    model.train(mode)
    return counts.numpy().astype(np.int32)
''',
    ),
    # What only longer, repeated or shuffling inputs show.
    Mistake(
        "channel_statistics", "means of chunks", "statistics_of_bytes",
        _statistics('''
def channel_statistics(images):
    means, stds = [], []
    for part in images.split(1000):
        x = part.float() / 255 if part.dtype == torch.uint8 else part.float()
        means.append(x.mean((0, 2, 3)))
        stds.append(x.std((0, 2, 3)))
    return torch.stack(means).mean(0), torch.stack(stds).mean(0)
'''),
        tells="The statistics of parts are averaged: a small last part counts as much as the others.",
    ),
    Mistake(
        "channel_statistics", "std around the mean of all channels", "statistics_of_bytes",
        _statistics('''
def channel_statistics(images):
    scaled = images.float() / 255 if images.dtype == torch.uint8 else images
    return scaled.mean((0, 2, 3)), (scaled - scaled.mean()).square().mean((0, 2, 3)).sqrt()
'''),
        tells="The std is measured from the mean of all channels, not from the channel's own.",
    ),
    Mistake(
        "channel_statistics", "a generator lives on", "split_is_drawn_from_the_seed",
        _split('''
GENERATORS = {}


def split_indices(n, n_val, seed):
    generator = GENERATORS.setdefault(seed, torch.Generator().manual_seed(seed))
    order = torch.randperm(n, generator=generator)
    return order[n_val:], order[:n_val]
'''),
        tells="The generator of a seed goes on from call to call: it should start again in each.",
    ),
    Alternative(
        "channel_statistics", "moments merged chunk by chunk, random.sample",
        '''
import random


def channel_statistics(images):
    count, mean, m2 = 0, 0.0, 0.0
    for part in images.split(7):
        x = part.double() / 255 if part.dtype == torch.uint8 else part.double()
        x = x.transpose(0, 1).flatten(1)
        k, mu = x.shape[1], x.mean(1)
        delta = mu - mean
        m2 = m2 + ((x - mu[:, None]) ** 2).sum(1) + delta**2 * count * k / (count + k)
        mean = mean + delta * k / (count + k)
        count += k
    return mean, (m2 / count).sqrt()


def split_indices(n, n_val, seed):
    val = random.Random(seed).sample(range(n), n_val)
    inside = set(val)
    return [i for i in range(n) if i not in inside], val
''',
    ),
    Mistake(
        "test_model", "labels become hits", "test_leaves_no_traces",
        '''
def test_model(model, loader):
    was_training = model.training
    model.eval()
    right = total = 0
    with torch.no_grad():
        for images, labels in loader:
            labels.copy_(labels == model(images).argmax(1))
            right += labels.sum().item()
            total += len(labels)
    model.train(was_training)
    return right / total
''',
        tells="The labels, which belong to the loader, are overwritten.",
    ),
    Mistake(
        "test_model", "every batch counts as a full one", "accuracy_counts_every_sample_alike",
        '''
def test_model(model, loader):
    was_training = model.training
    model.eval()
    right = batches = size = 0
    with torch.no_grad():
        for images, labels in loader:
            right += (model(images).argmax(1) == labels).sum().item()
            batches, size = batches + 1, max(size, len(labels))
    model.train(was_training)
    return right / (batches * size)
''',
        tells="It divides by the number of batches times the size of a full one.",
    ),
    Mistake(
        "test_model", "two passes", "accuracy_counts_every_sample_alike",
        '''
def test_model(model, loader):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        predictions = torch.cat([model(images).argmax(1) for images, _ in loader])
    labels = torch.cat([labels for _, labels in loader])
    model.train(was_training)
    return (predictions == labels).sum().item() / len(labels)
''',
        tells=(
            "Images and labels come from two passes over the loader: one that shuffles gives them "
            "in two orders."
        ),
    ),
    Alternative(
        "test_model", "a copy of the model is tested, a mean in float32",
        '''
@torch.no_grad()
def test_model(model, loader):
    twin = copy.deepcopy(model).eval()
    hits = [twin(images).argmax(-1) == labels for images, labels in loader]
    return torch.cat(hits).float().mean().item()
''',
    ),
    Mistake(
        "confusion_matrix", "labels become cells", "counting_leaves_no_traces",
        '''
def confusion_matrix(model, loader):
    was_training = model.training
    model.eval()
    counts = 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            n = logits.shape[1]
            cells = labels.mul_(n).add_(logits.argmax(1))
            counts = counts + torch.bincount(cells, minlength=n * n)
    model.train(was_training)
    return counts.reshape(n, n)
''',
        tells="The labels, which belong to the loader, are overwritten.",
    ),
    Mistake(
        "shuffle_pixels", "a batch of one loses its dimension", "pixels_go_where_the_permutation_says",
        _shuffle('''
def shuffle_pixels(images, permutation):
    moved = images.flatten(2).squeeze()[..., permutation]
    return moved.reshape(images.shape if len(images) > 1 else images.shape[1:])
'''),
        tells="A batch of one image loses its first dimension.",
    ),
    Mistake(
        "shuffle_pixels", "new shuffles not from the seed", "new_shuffle_differs_between_batches",
        _loader(LOADER.replace("generator=self.generator", "generator=self.generator if self.fixed else None")),
        tells="The new permutations are not drawn from `seed`.",
    ),
    Mistake(
        "shuffle_pixels", "length in images",
        ("fixed_shuffle_is_one_for_everything", "new_shuffle_differs_between_batches"),
        _loader(LOADER.replace("return len(self.loader)", "return sum(len(labels) for _, labels in self.loader)")),
        tells="`len` counts the images; a loader's length is its number of batches.",
    ),
    Alternative(
        "shuffle_pixels", "an iterator class, a counter beside the seed, a peek at the first batch",
        '''
def shuffle_pixels(images, permutation):
    inverse = torch.argsort(permutation)
    flat = images.flatten(2)
    return torch.empty_like(flat).index_copy_(2, inverse, flat).unflatten(2, images.shape[2:])


class Batches:
    def __init__(self, owner):
        self.owner, self.inner = owner, iter(owner.loader)

    def __iter__(self):
        return self

    def __next__(self):
        images, labels = next(self.inner)
        return shuffle_pixels(images, self.owner.order()), labels


class ShuffledLoader:
    def __init__(self, loader, seed, fixed=True):
        self.loader, self.seed, self.fixed, self.count = loader, seed, fixed, 0
        images, _ = next(iter(loader))
        self.num_pixels = images[0, 0].numel()

    def order(self):
        key = [self.seed] if self.fixed else [self.seed, self.count]
        self.count += 1
        return torch.as_tensor(np.random.default_rng(key).permutation(self.num_pixels))

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        return Batches(self)
''',
    ),
]  # fmt: skip
