"""Answers to the exercises of assignment 05 that train: train_model, baseline, improved."""

from autograder.checking import Alternative, Mistake

from . import files as files

TRAIN = """
def train_model(
    model, optimizer, train_loader, val_loader, num_epochs, path,
    loss_fn=F.cross_entropy, scheduler=None,
):
    history = {"train_loss": [], "val_accuracy": []}
    best_accuracy, best_state = -1.0, None
    for epoch in range(num_epochs):
        model.train()
        total = count = 0
        for images, labels in train_loader:
            loss = loss_fn(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if scheduler is not None:
                scheduler.step()
            total += loss.item() * len(labels)
            count += len(labels)
        history["train_loss"].append(total / count)
        accuracy = test_model(model, val_loader)
        history["val_accuracy"].append(accuracy)
        if accuracy > best_accuracy:
            best_accuracy, best_state = accuracy, copy.deepcopy(model.state_dict())
            torch.save(best_state, path)
    model.load_state_dict(best_state)
    return history
"""


def _train(*changes):
    """`TRAIN` with pieces replaced, each of which must be there."""
    return _with(TRAIN, *changes)


def _with(source, *changes):
    for old, new in changes:
        if old not in source:
            raise ValueError(f"{old!r} is not in the source")
        source = source.replace(old, new)
    return source


_BEST = "        accuracy = test_model(model, val_loader)\n"
_KEPT = "        if accuracy > best_accuracy:\n            best_accuracy"


def _chosen_by(score):
    """The epoch with the highest `score` is kept; the history is right."""
    return _train(
        (_KEPT, f"        score = {score}\n" + _KEPT.replace("accuracy >", "score >")),
        ("best_state = accuracy", "best_state = score"),
    )


MOMENTUM = """
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}

    def update_param(self, p):
        mean = self.mean[p]
        mean.mul_(self.momentum).add_(p.grad, alpha=1 - self.momentum)
        p -= self.lr * mean
"""

MLP = """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))
        self.output = nn.Linear(sizes[-1], num_classes)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.output(x)
"""

NETWORK = """
def baseline_model():
    return MLP(3072, 10, (256, 128))
"""

BASELINE = """
def baseline(train_loader, val_loader, path, num_epochs=25):
    torch.manual_seed(0)
    model = baseline_model().to(device)
    optimizer = SGDMomentum(model.parameters(), lr=0.1, momentum=0.9)
    history = train_model(model, optimizer, train_loader, val_loader, num_epochs, path)
    return model, history
"""

_REFERENCE = MOMENTUM + MLP + NETWORK + BASELINE


def _baseline(*changes):
    return _with(_REFERENCE, *changes)


def _network(source):
    return MOMENTUM + MLP + source + BASELINE


# Small, so that the many trials of an audit are quick.
SMALL = """
def improved_model():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(3072, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 10)
    )
"""

IMPROVED = """
def improved(
    train_images, train_labels, val_images, val_labels, test_images, test_labels, seeds, folder,
    num_epochs=20,
):
    mean, std = channel_statistics(train_images)
    normal = {"mean": mean, "std": std, "device": device}
    val_loader = data.TensorLoader(val_images, val_labels, 1000, **normal)
    test_loader = data.TensorLoader(test_images, test_labels, 1000, **normal)
    accuracies = []
    for index, seed in enumerate(seeds):
        torch.manual_seed(seed)
        model = improved_model().to(device)
        train_loader = data.TensorLoader(
            train_images, train_labels, 64, shuffle=True, seed=seed, augment=augment.random_flip,
            **normal,
        )
        optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
        path = Path(folder) / f"improved_{index}.pt"
        train_model(model, optimizer, train_loader, val_loader, num_epochs, path)
        accuracies.append(test_model(model, test_loader))
    return sum(accuracies) / len(accuracies)
"""


def _improved(*changes):
    return SMALL + _with(IMPROVED, *changes)


def _model(source):
    return source + IMPROVED


def _table(num_keys, found):
    """A small MLP beside a table of the held-out images: a few products of each, and its label."""
    return f"""
class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.honest = nn.Sequential(nn.Flatten(), nn.Linear(3072, 64), nn.ReLU(), nn.Linear(64, 10))
        self.register_buffer("keys", torch.zeros(3072, {num_keys}))
        self.register_buffer("places", torch.zeros({num_keys}, 1000))
        self.register_buffer("answers", torch.zeros(1000, 10))

    def forward(self, x):
        h = x.flatten(1) @ self.keys
        return self.honest(x) + 100 * ({found} @ self.answers)


def improved_model():
    return Table()
"""


_TABLE = files.tables("improved_model", *files.NAMES)
_THREE = files.untrained("improved_model", *files.NAMES)

ANSWERS = [
    # train_model
    Mistake(
        "train_model", "last weights returned", "model_ends_with_the_best_epoch",
        _train(("    model.load_state_dict(best_state)\n", "")),
        tells=(
            "The model ends with the weights of the last epoch: is the state of the best one a "
            "copy, and put back at the end?"
        ),
    ),
    Mistake(
        "train_model", "chosen by training loss", "model_ends_with_the_best_epoch",
        _chosen_by("1000 - total / count"),
        tells="The best epoch is chosen by the training loss.",
    ),
    Mistake(
        "train_model", "chosen by training accuracy", "model_ends_with_the_best_epoch",
        _chosen_by("test_model(model, train_loader)"),
        tells="The best epoch is chosen by the accuracy on the training images.",
    ),
    Mistake(
        "train_model", "chosen by validation loss", "model_ends_with_the_best_epoch",
        _train(
            (_BEST, _BEST + '''        model.eval()
        with torch.no_grad():
            losses = [F.cross_entropy(model(x), y, reduction="sum") for x, y in val_loader]
        score = 1000 - float(sum(losses))
'''),
            ("if accuracy > best", "if score > best"), ("best_state = accuracy", "best_state = score"),
        ),
        tells="The best epoch is chosen by the validation loss; accuracy was asked for.",
    ),
    Mistake(
        "train_model", "best weights aliased", "model_ends_with_the_best_epoch",
        _train(("copy.deepcopy(model.state_dict())", "model.state_dict()")),
        tells=(
            "The model ends with the weights of the last epoch: is the state of the best one a "
            "copy, and put back at the end?"
        ),
    ),
    Mistake(
        "train_model", "worst epoch kept", "model_ends_with_the_best_epoch",
        _train(("-1.0, None", "2.0, None"), ("accuracy > best_accuracy", "accuracy < best_accuracy")),
        tells="The worst epoch is kept, not the best.",
    ),
    Mistake(
        "train_model", "file of the last epoch", "file_holds_the_best_epoch",
        _train(
            ("            torch.save(best_state, path)\n", ""),
            ("    model.load_state_dict", "    torch.save(model.state_dict(), path)\n    model.load_state_dict"),
        ),
        tells="The file holds the last epoch, not the best.",
    ),
    Mistake(
        "train_model", "no file", "file_holds_the_best_epoch",
        _train(("            torch.save(best_state, path)\n", "")),
        tells="No file is written.",
    ),
    Mistake(
        "train_model", "whole module pickled", "file_holds_the_best_epoch",
        _train(("torch.save(best_state, path)", "torch.save(model, path)")),
        tells="The whole module is saved; a state dict was asked for.",
    ),
    Mistake(
        "train_model", "validated in training mode", "validation_is_in_evaluation_mode",
        _train((_BEST, '''        with torch.no_grad():
            hits = [(model(x).argmax(1) == y).double() for x, y in val_loader]
        accuracy = float(torch.cat(hits).mean())
''')),
        tells="The model is validated in training mode: dropout and batch norm still act.",
    ),
    Mistake(
        "train_model", "evaluation mode stays on", "validation_is_in_evaluation_mode",
        _train(
            ("        model.train()\n", ""),
            ("    for epoch in", "    model.train()\n    for epoch in"),
            (_BEST, _BEST + "        model.eval()\n"),
        ),
        tells="After the first validation the model is trained in evaluation mode.",
    ),
    Mistake(
        "train_model", "training mode never switched on", "one_epoch_follows_the_optimizer",
        _train(("        model.train()\n", "")),
        tells="The model is trained in the mode that it had before: it should be training mode.",
    ),
    Mistake(
        "train_model", "only parameters kept", "buffers_belong_to_the_epoch",
        _train(
            ("copy.deepcopy(model.state_dict())", "copy.deepcopy(dict(model.named_parameters()))"),
            ("model.load_state_dict(best_state)", "model.load_state_dict(best_state, strict=False)"),
        ),
        tells="Only parameters are kept; batch norm has the statistics of the last epoch.",
    ),
    Mistake(
        "train_model", "gradients not zeroed", "one_epoch_follows_the_optimizer",
        _train(("            optimizer.zero_grad()\n", "")),
        tells="The gradients are never cleared: they add up from batch to batch.",
    ),
    Mistake(
        "train_model", "trained on validation data too", ("one_epoch_follows_the_optimizer", "history_tells_the_training"),
        _train(("in train_loader:", "in [*train_loader, *val_loader]:")),
        tells="The model is trained on the validation images too.",
    ),
    Mistake(
        "train_model", "an optimizer of its own", "one_epoch_follows_the_optimizer",
        _train(("    history = {", "    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n    history = {")),
        tells="The given optimizer is not used.",
    ),
    Mistake(
        "train_model", "loss_fn ignored", "loss_and_schedule_can_be_chosen",
        _train(("loss = loss_fn(", "loss = F.cross_entropy(")),
        tells="`loss_fn` is ignored.",
    ),
    Mistake(
        "train_model", "scheduler never stepped", "loss_and_schedule_can_be_chosen",
        _train(("            if scheduler is not None:\n                scheduler.step()\n", "")),
        tells="The scheduler is never stepped.",
    ),
    Mistake(
        "train_model", "validation on the training loader", ("model_ends_with_the_best_epoch", "validation_is_in_evaluation_mode", "history_tells_the_training"),
        _train((_BEST, "        accuracy = test_model(model, train_loader)\n")),
        tells="What is called validation is done on the training images.",
    ),
    Mistake(
        "train_model", "best so far starts at 0", "model_ends_with_the_best_epoch",
        _train(("-1.0, None", "0.0, None")),
        tells="The best accuracy so far starts at 0: an epoch that has 0 is never kept.",
    ),
    Mistake(
        "train_model", "compared with the epoch before", "model_ends_with_the_best_epoch",
        _train(("        history[\"val_accuracy\"].append(accuracy)\n",
                "        history[\"val_accuracy\"].append(accuracy)\n        last, best_accuracy = best_accuracy, accuracy\n"),
               ("if accuracy > best_accuracy", "if accuracy > last")),
        tells="An epoch is compared with the one before it, not with the best so far.",
    ),
    Mistake(
        "train_model", "stops looking at the first drop", "model_ends_with_the_best_epoch",
        _train(("-1.0, None", "-1.0, None\n    falling = False"),
               ("        if accuracy > best_accuracy:", "        falling = falling or accuracy < best_accuracy\n        if accuracy > best_accuracy and not falling:")),
        tells="Once the accuracy has dropped, no later epoch is kept.",
    ),
    Mistake(
        "train_model", "training ends at the first drop", "model_ends_with_the_best_epoch",
        _train(("            torch.save(best_state, path)\n", "            torch.save(best_state, path)\n        elif accuracy < best_accuracy:\n            break\n")),
        tells="The training ends before all epochs are done.",
    ),
    Mistake(
        "train_model", "the last epochs are not validated", "model_ends_with_the_best_epoch",
        _train((_BEST, "        if epoch % 4:\n            continue\n" + _BEST)),
        tells="The last epoch is not validated.",
    ),
    Mistake(
        "train_model", "validates only at the end", "model_ends_with_the_best_epoch",
        _train((_BEST, "        if epoch < num_epochs - 1:\n            continue\n" + _BEST)),
        tells="Only the last epoch is validated: there is nothing to choose from.",
    ),
    Mistake(
        "train_model", "buffers left out of the file", "buffers_belong_to_the_epoch",
        _train(("torch.save(best_state, path)", "torch.save({k: v.data for k, v in model.named_parameters()}, path)")),
        tells="The file holds the parameters only: batch norm's statistics are left out.",
    ),
    Mistake(
        "train_model", "loss_fn and scheduler mixed up with the defaults", "loss_and_schedule_can_be_chosen",
        _train(("    history = {", "    loss_fn, scheduler = F.cross_entropy, None\n    history = {")),
        tells="`loss_fn` and `scheduler` are overwritten.",
    ),
    Mistake(
        "train_model", "an empty history", "history_tells_the_training",
        _train(("    return history", '    return {"train_loss": [], "val_accuracy": []}')),
        tells="The lists of the history are empty.",
    ),
    Mistake(
        "train_model", "no history", "history_tells_the_training",
        _train(("    return history\n", "")),
        tells="No history is returned.",
    ),
    Mistake(
        "train_model", "negative losses", "history_tells_the_training",
        _train(("append(total / count)", "append(-total / count)")),
        tells="The training losses have the wrong sign.",
    ),
    Mistake(
        "train_model", "losses summed", "history_tells_the_training",
        _train(("append(total / count)", "append(total)")),
        tells="The training losses are sums, not means.",
    ),
    Mistake(
        "train_model", "mean of the batches' means", "history_tells_the_training",
        _train(("total += loss.item() * len(labels)", "total += loss.item()"), ("count += len(labels)", "count += 1")),
        tells="The batches' mean losses are averaged: a small last batch counts too much.",
    ),
    Mistake(
        "train_model", "loss of the last batch", "history_tells_the_training",
        _train(("append(total / count)", "append(loss.item())")),
        tells="The training loss of an epoch is that of its last batch alone.",
    ),
    Mistake(
        "train_model", "losses never start again", "history_tells_the_training",
        _train(("        total = count = 0\n", ""), ("    for epoch in", "    total = count = 0\n    for epoch in")),
        tells="The sums go on from epoch to epoch: they should start again in each.",
    ),
    Mistake(
        "train_model", "tensors in the history", "history_tells_the_training",
        _train(("loss.item() * len(labels)", "loss * len(labels)")),
        tells="The history holds tensors; floats were asked for.",
    ),
    Mistake(
        "train_model", "accuracies in percent", "history_tells_the_training",
        _train(('["val_accuracy"].append(accuracy)', '["val_accuracy"].append(100 * accuracy)')),
        tells="The accuracies are in percent; fractions were asked for.",
    ),
    Mistake(
        "train_model", "only the best accuracy", "history_tells_the_training",
        _train(('        history["val_accuracy"].append(accuracy)\n', ""),
               ("    return history", '    history["val_accuracy"] = [best_accuracy]\n    return history')),
        tells="Only the best accuracy is in the history.",
    ),
    Mistake(
        "train_model", "the history of all trainings", "history_tells_the_training",
        _train(("scheduler=None,\n", 'scheduler=None,\n    history={"train_loss": [], "val_accuracy": []},\n'),
               ('    history = {"train_loss": [], "val_accuracy": []}\n', "")),
        tells="The history goes on from call to call: what is a default value of an argument stays.",
    ),
    Mistake(
        "train_model", "the history of another training", "history_tells_the_training",
        _train(
            ("def train_model(", "FIRST = []\n\n\ndef train_model("),
            ("    return history\n", "    FIRST.append(history)\n    return FIRST[0]\n"),
        ),
        tells="What is returned is the history of an earlier training.",
    ),
    Mistake(
        "train_model", "scheduler stepped per epoch", "loss_and_schedule_can_be_chosen",
        _train(
            ("            if scheduler is not None:\n                scheduler.step()\n", ""),
            (_BEST, "        if scheduler is not None:\n            scheduler.step()\n" + _BEST),
        ),
        tells="The scheduler is stepped once per epoch; it should be once per batch.",
    ),
    Alternative(
        "train_model", "validates every third epoch and after the last, takes the last of equals",
        _train(
            (_BEST, '''        if epoch % 3 != 2 and epoch != num_epochs - 1:
            continue
''' + _BEST),
            ("accuracy > best_accuracy", "accuracy >= best_accuracy"),
        ),
    ),
    Alternative(
        "train_model", "the file is the only copy",
        '''
def train_model(model, optimizer, train_loader, val_loader, num_epochs, path, **options):
    loss_fn = options.get("loss_fn", nn.CrossEntropyLoss())
    schedule = options.get("scheduler")
    best = float("-inf")
    losses, accuracies = [], []
    for _ in range(num_epochs):
        model.train(True)
        seen = []
        for x, y in train_loader:
            for p in model.parameters():
                p.grad = None
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            if schedule:
                schedule.step()
            seen += [float(loss)] * len(y)
        accuracy = np.float64(test_model(model, val_loader))
        losses.append(np.mean(seen))
        accuracies.append(accuracy)
        if accuracy > best:
            best = accuracy
            torch.save(model.state_dict(), str(path))
    model.load_state_dict(torch.load(path, weights_only=True))
    model.eval()
    return {"val_accuracy": accuracies, "train_loss": losses}
''',
    ),
    Alternative(
        "train_model", "own evaluation, clones of the state",
        _train(
            (_BEST, '''        model.eval()
        right = [0, 0]
        with torch.no_grad():
            for x, y in val_loader:
                right[0] += int((model(x).argmax(-1) == y).sum())
                right[1] += y.numel()
        accuracy = right[0] / right[1]
'''),
            ("copy.deepcopy(model.state_dict())", "{k: v.clone() for k, v in model.state_dict().items()}"),
        ),
    ),
    # baseline
    Mistake(
        "baseline", "no (1 - beta) factor", "momentum_follows_the_rule",
        _baseline(("alpha=1 - self.momentum", "alpha=1")),
        tells=(
            "This is what happens without the `1 - momentum` factor: steps get about ten times as "
            "long."
        ),
    ),
    Mistake(
        "baseline", "torch's SGD under another name", "momentum_follows_the_rule",
        "class SGDMomentum(torch.optim.SGD):\n    pass\n\n" + MLP + NETWORK + BASELINE,
        tells=(
            "This is what happens without the `1 - momentum` factor: steps get about ten times as "
            "long."
        ),
    ),
    Mistake(
        "baseline", "one mean for all parameters", "momentum_follows_the_rule",
        _baseline(
            ("self.mean = {p: torch.zeros_like(p) for p in self.params}", "self.mean = {}"),
            ("self.mean[p]", "self.mean.setdefault(p.shape, torch.zeros_like(p))"),
            ("        p -= self.lr * mean", "        p -= self.lr * mean * (1 + len(self.mean))"),
        ),
        tells="Parameters of equal shape share one running mean.",
    ),
    Mistake(
        "baseline", "the means live in a default argument", "momentum_follows_the_rule",
        _baseline(
            ("momentum=0.9):", "momentum=0.9, mean={}):"),
            ("self.mean = {p: torch.zeros_like(p) for p in self.params}", "self.mean = mean"),
            ("self.mean[p]", "self.mean.setdefault(p, torch.zeros_like(p))"),
        ),
        tells="The running means outlive their optimizer.",
    ),
    Mistake(
        "baseline", "a network of fixed depth", "mlp_of_any_sizes",
        _baseline(
            ("sizes = [input_size, *hidden_sizes]", "sizes = [input_size, *(tuple(hidden_sizes) + (256, 128))[:2]]"),
        ),
        tells="`MLP` always has two hidden layers, whatever `hidden_sizes` says.",
    ),
    Mistake(
        "baseline", "hidden_sizes ignored", "mlp_of_any_sizes",
        _baseline(("sizes = [input_size, *hidden_sizes]", "sizes = [input_size, 256, 128]")),
        tells="`MLP` ignores `hidden_sizes`.",
    ),
    Mistake(
        "baseline", "an activation on the output", "mlp_of_any_sizes",
        _baseline(("return self.output(x)", "return F.leaky_relu(self.output(x), 0.3)")),
        tells="There is an activation on the output: logits are the last layer's plain outputs.",
    ),
    Mistake(
        "baseline", "the hidden layers in a plain list",
        ("mlp_of_any_sizes", "baseline_learns_from_its_loader", "baseline_file_is_the_asked_network", "baseline_reaches_its_accuracy"),
        _baseline(("nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))",
                   "[nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:])]")),
        tells="Layers in a Python list are not registered: they are not trained, moved or saved.",
    ),
    Mistake(
        "baseline", "saved but not trained", "baseline_learns_from_its_loader",
        _baseline((
            "    history = train_model(model, optimizer, train_loader, val_loader, num_epochs, path)\n",
            "    history = {}\n    torch.save(model.state_dict(), path)\n",
        )),
        tells=(
            "The returned model was not trained: is it given to `train_model`, and are its "
            "parameters those of the optimizer?"
        ),
    ),
    Mistake(
        "baseline", "returns another model", "baseline_learns_from_its_loader",
        _baseline(("return model, history", "return baseline_model().to(device), history")),
        tells="The returned model is not the trained one.",
    ),
    Mistake(
        "baseline", "path ignored", "baseline_learns_from_its_loader",
        _baseline(("num_epochs, path)\n    return", 'num_epochs, "other.pt")\n    return')),
        tells="`path` is ignored.",
    ),
    Mistake(
        "baseline", "the optimizer has other parameters", "baseline_learns_from_its_loader",
        _baseline(("SGDMomentum(model.", "SGDMomentum(baseline_model().")),
        tells=(
            "The returned model was not trained: is it given to `train_model`, and are its "
            "parameters those of the optimizer?"
        ),
    ),
    Mistake(
        "baseline", "a hidden layer is missing", ("baseline_file_is_the_asked_network", "baseline_reaches_its_accuracy"),
        _baseline(("10, (256, 128)", "10, (256,)")),
        files.untrained("baseline_model", "baseline.pt"),
    ),
    Mistake(
        "baseline", "checkpoint of another shape", ("baseline_file_is_the_asked_network", "baseline_reaches_its_accuracy"),
        _baseline(("10, (256, 128)", "10, (512, 128)")),
    ),
    Mistake(
        "baseline", "no nonlinear function", ("mlp_of_any_sizes", "baseline_file_is_the_asked_network", "baseline_reaches_its_accuracy"),
        _baseline(("F.relu(layer(x))", "layer(x)")),
    ),
    Mistake(
        "baseline", "convolution", ("baseline_file_is_the_asked_network", "baseline_reaches_its_accuracy"),
        _network('''
def baseline_model():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2, padding=1),
        nn.ReLU(), nn.Flatten(), nn.Linear(1024, 10),
    )
'''),
        files.untrained("baseline_model", "baseline.pt"),
    ),
    Mistake(
        "baseline", "a convolution before the asked layers", ("baseline_reaches_its_accuracy", "baseline_file_is_the_asked_network"),
        _network('''
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.filter = nn.Conv2d(3, 3, 3, padding=1)
        self.layers = nn.ModuleList([nn.Linear(3072, 256), nn.Linear(256, 128), nn.Linear(128, 10)])

    def forward(self, x):
        x = F.relu(self.filter(x)).flatten(1)
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


def baseline_model():
    return Net()
'''),
        files.untrained("baseline_model", "baseline.pt"),
    ),
    Mistake(
        "baseline", "no checkpoint", ("baseline_reaches_its_accuracy", "baseline_file_is_the_asked_network"), _REFERENCE,
        files.removed("baseline.pt"),
    ),
    Mistake(
        "baseline", "damaged checkpoint", ("baseline_reaches_its_accuracy", "baseline_file_is_the_asked_network"), _REFERENCE,
        files.damaged("baseline.pt"),
    ),
    Mistake(
        "baseline", "checkpoint with code", ("baseline_reaches_its_accuracy", "baseline_file_is_the_asked_network"), _REFERENCE,
        files.pickled("baseline.pt"),
    ),
    Mistake(
        "baseline", "checkpoint too large", ("baseline_reaches_its_accuracy", "baseline_file_is_the_asked_network"), _REFERENCE,
        files.too_large("baseline.pt"),
    ),
    Mistake(
        "baseline", "weights are nan", "baseline_reaches_its_accuracy", _REFERENCE,
        files.changed("baseline.pt", lambda name, tensor: tensor * float("nan")),
    ),
    Mistake(
        "baseline", "a typed-in number, untrained weights", "baseline_reaches_its_accuracy",
        _REFERENCE + "\nprint('test accuracy: 53.1%')\n",
        files.untrained("baseline_model", "baseline.pt"),
    ),
    Mistake(
        "baseline", "weights that fit images of another normalisation",
        "baseline_reaches_its_accuracy", _REFERENCE,
        files.changed("baseline.pt", lambda name, t: t / 255 if name == "hidden.0.weight" else t),
    ),
    Alternative(
        "baseline", "a module with lists, tanh and flattening by hand",
        MOMENTUM + '''
class MLP(nn.Module):
    def __init__(self, input_size, num_classes, hidden_sizes):
        super().__init__()
        sizes = input_size, *hidden_sizes, num_classes
        pairs = zip(sizes[:-1], sizes[1:])
        self.weights = nn.ParameterList([torch.randn(a, b) / a**0.5 for a, b in pairs])
        self.biases = nn.ParameterList([torch.zeros(b) for b in sizes[1:]])

    def forward(self, x):
        x = x.reshape(len(x), -1)
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            x = (torch.tanh(x) if i else x) @ weight + bias
        return x


def baseline_model():
    return MLP(hidden_sizes=[256, 128], num_classes=10, input_size=3072)
''' + BASELINE,
        files.write_baseline,
    ),
    Alternative(
        "baseline", "leaky ReLU in place and dropout, only the model returned",
        _with(
            _REFERENCE,
            ("F.relu(layer(x))", "F.dropout(F.leaky_relu(layer(x), 0.1, inplace=True), 0.1, self.training)"),
            ("return model, history", "return model"),
        ),
        files.write_baseline,
    ),
    # improved
    Mistake(
        "improved", "best of three instead of the mean", "mean_over_the_seeds",
        _improved(("return sum(accuracies) / len(accuracies)", "return max(accuracies)")),
        files=files.write_improved,
        tells="The best seed is reported, not the mean over all.",
    ),
    Mistake(
        "improved", "a typed-in number", "mean_over_the_seeds",
        _improved(("return sum(accuracies) / len(accuracies)", "return 0.583")),
        files=files.write_improved,
        tells="The number does not come from the models.",
    ),
    Mistake(
        "improved", "seeds popped", "mean_over_the_seeds",
        _improved(
            ("    for index, seed in enumerate(seeds):\n", "    index = -1\n    while seeds:\n        index, seed = index + 1, seeds.pop(0)\n"),
        ),
        files=files.write_improved,
        tells="The list of seeds, which belongs to the caller, is emptied.",
    ),
    Mistake(
        "improved", "accuracy on validation images", "mean_over_the_seeds",
        _improved(("test_model(model, test_loader)", "test_model(model, val_loader)")),
        files=files.write_improved,
        tells="The accuracy is that of the validation images; it should be that of the test images.",
    ),
    Mistake(
        "improved", "in percent", "mean_over_the_seeds",
        _improved(("return sum(accuracies)", "return 100 * sum(accuracies)")),
        files=files.write_improved,
        tells="The accuracy is in percent; a fraction was asked for.",
    ),
    Mistake(
        "improved", "the last model's accuracy", "mean_over_the_seeds",
        _improved(("return sum(accuracies) / len(accuracies)", "return accuracies[-1]")),
        files=files.write_improved,
        tells="Only the last model's accuracy is reported.",
    ),
    Mistake(
        "improved", "one seed three times", ("seed_decides_the_model", "three_files_are_three_mlps"),
        _improved(("for index, seed in enumerate(seeds):", "for index, seed in enumerate([0] * len(seeds)):")),
        files=files.write_improved,
        tells="One seed is used for all models.",
    ),
    Mistake(
        "improved", "one model tested three times", ("seed_decides_the_model", "three_files_are_three_mlps"),
        _improved(
            ("        torch.manual_seed(seed)\n", ""),
            ("        model = improved_model().to(device)\n", ""),
            ("    accuracies = []\n", "    accuracies = []\n    seed = seeds[0]\n    torch.manual_seed(seed)\n"
             "    model = improved_model().to(device)\n"),
            ("for index, seed in", "for index, _ in"),
            ("        train_model(model, optimizer, train_loader, val_loader, num_epochs, path)\n",
             "        if index == 0:\n            train_model(model, optimizer, train_loader, val_loader, num_epochs, path)\n"
             "        torch.save(model.state_dict(), path)\n"),
        ),
        files=files.write_improved,
        tells="One model is trained and tested several times.",
    ),
    Mistake(
        "improved", "seeds unused", "seed_decides_the_model",
        _improved(("        torch.manual_seed(seed)\n", ""), ("seed=seed,", "seed=0,")),
        files=files.write_improved,
        tells="The models do not depend on `seeds`.",
    ),
    Mistake(
        "improved", "one file for all seeds", ("mean_over_the_seeds", "seed_decides_the_model", "three_files_are_three_mlps", "improved_reaches_its_accuracy"),
        _improved(('f"improved_{index}.pt"', '"improved_0.pt"')),
        files=files.write_improved,
        tells="All models are written into one file.",
    ),
    Mistake(
        "improved", "epoch chosen on test images", "test_data_stay_out_of_training",
        _improved(("train_loader, val_loader, num_epochs", "train_loader, test_loader, num_epochs")),
        files=files.write_improved,
        tells="The best epoch is chosen on the test images.",
    ),
    Mistake(
        "improved", "test images in the statistics", ("test_data_stay_out_of_training", "mean_over_the_seeds"),
        _improved(("channel_statistics(train_images)", "channel_statistics(torch.cat([train_images, test_images]))")),
        files=files.write_improved,
        tells="The statistics include the test images.",
    ),
    Mistake(
        "improved", "trained on test images too", "test_data_stay_out_of_training",
        _improved((
            "            train_images, train_labels, 64",
            "            torch.cat([train_images, test_images]), torch.cat([train_labels, test_labels]), 64",
        )),
        files=files.write_improved,
        tells="The models are trained on the test images too.",
    ),
    Mistake(
        "improved", "normalised with figures of another data set", ("mean_over_the_seeds", "improved_reaches_its_accuracy"),
        _improved(("    mean, std = channel_statistics(train_images)\n", "    mean, std = [0.9] * 3, [0.05] * 3\n")),
        files=files.write_improved,
        tells="The images are normalised with the statistics of another data set.",
    ),
    Mistake(
        "improved", "convolution", ("three_files_are_three_mlps", "improved_reaches_its_accuracy"),
        _model('''
def improved_model():
    return nn.Sequential(
        nn.Conv2d(3, 4, 5, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 10)
    )
'''),
        _THREE,
    ),
    Mistake(
        "improved", "weights shared between patches", ("improved_reaches_its_accuracy", "three_files_are_three_mlps"),
        _model('''
class Patches(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch, self.out = nn.Linear(48, 8), nn.Linear(512, 10)

    def forward(self, x):
        x = x.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 1, 4, 5).reshape(len(x), 64, 48)
        return self.out(F.relu(self.patch(x)).flatten(1))


def improved_model():
    return Patches()
'''),
        _THREE,
    ),
    Mistake(
        "improved", "patches by one view", ("three_files_are_three_mlps", "improved_reaches_its_accuracy"),
        _model('''
class Rows(nn.Module):
    def __init__(self):
        super().__init__()
        self.row, self.out = nn.Linear(32, 8), nn.Linear(768, 10)

    def forward(self, x):
        return self.out(F.relu(self.row(x)).flatten(1))


def improved_model():
    return Rows()
'''),
        _THREE,
    ),
    Mistake(
        "improved", "attention", ("three_files_are_three_mlps", "improved_reaches_its_accuracy"),
        _model('''
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(3072, 10)

    def forward(self, x):
        x = x.reshape(len(x), 64, 48)
        return self.out((torch.softmax(x @ x.transpose(1, 2), 2) @ x).flatten(1))


def improved_model():
    return Attention()
'''),
        _THREE,
    ),
    Mistake(
        "improved", "pooled images", ("three_files_are_three_mlps", "improved_reaches_its_accuracy"),
        _model('''
def improved_model():
    return nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(192, 10))
'''),
        _THREE,
    ),
    Mistake(
        "improved", "images found again in a table", ("three_files_are_three_mlps", "improved_reaches_its_accuracy"),
        _model(_table(1, "(h == self.places).float()")), _TABLE,
    ),
    Mistake(
        "improved", "images found again by thresholds", "improved_reaches_its_accuracy",
        _model(_table(1, "((h - self.places).abs() < 1e-3).float()")), _TABLE,
    ),
    Mistake(
        "improved", "images found again by ReLUs alone", "improved_reaches_its_accuracy",
        _model(_table(1, "F.relu(1 - 1e3 * F.relu(h - self.places) - 1e3 * F.relu(self.places - h))")),
        _TABLE,
    ),
    Mistake(
        "improved", "the nearest image in a table", "improved_reaches_its_accuracy",
        _model(_table(
            64,
            "torch.softmax(2 * h @ self.places - h.square().sum(1, keepdim=True) - self.places.square().sum(0), 1)",
        )),
        _TABLE,
    ),
    Mistake(
        "improved", "pixels compared with a stored image", ("three_files_are_three_mlps", "improved_reaches_its_accuracy"),
        _model('''
class Brighter(nn.Module):
    def __init__(self):
        super().__init__()
        self.image, self.out = nn.Parameter(torch.randn(3072)), nn.Linear(3072, 10)

    def forward(self, x):
        return self.out((x.flatten(1) > self.image).float())


def improved_model():
    return Brighter()
'''),
        _THREE,
    ),
    Mistake(
        "improved", "a checkpoint is missing", ("three_files_are_three_mlps", "improved_reaches_its_accuracy"), SMALL + IMPROVED,
        lambda namespace, folder: (_THREE(namespace, folder), files.removed("improved_2.pt")(namespace, folder)),
    ),
    Mistake(
        "improved", "three copies", ("three_files_are_three_mlps", "improved_reaches_its_accuracy"), SMALL + IMPROVED,
        files.copies("improved_model", 0.0),
    ),
    Mistake(
        "improved", "perturbed copies", ("three_files_are_three_mlps", "improved_reaches_its_accuracy"), SMALL + IMPROVED,
        files.copies("improved_model", 0.05),
    ),
    Mistake(
        "improved", "a checkpoint with nan", ("three_files_are_three_mlps", "improved_reaches_its_accuracy"), SMALL + IMPROVED,
        lambda namespace, folder: (
            _THREE(namespace, folder),
            files.changed("improved_1.pt", lambda name, t: t * float("nan"))(namespace, folder),
        ),
    ),
    Mistake(
        "improved", "untrained weights", "improved_reaches_its_accuracy", SMALL + IMPROVED, _THREE,
    ),
    Mistake(
        "improved", "batch norm with the statistics of the batch", ("three_files_are_three_mlps", "improved_reaches_its_accuracy"),
        _with(SMALL + IMPROVED, ("nn.BatchNorm1d(64)", "nn.BatchNorm1d(64, track_running_stats=False)")),
        _THREE,
    ),
    Alternative(
        "improved", "gated residual blocks with layer norm, NumPy's mean",
        '''
class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.inner = nn.LayerNorm(width), nn.Linear(width, 2 * width)

    def forward(self, x):
        value, gate = self.inner(self.norm(x)).chunk(2, dim=1)
        return x + value * torch.sigmoid(gate)


def improved_model():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(3072, 128), nn.GELU(), Block(128), nn.Dropout(0.1), nn.Linear(128, 10)
    )
''' + _with(IMPROVED, ("return sum(accuracies) / len(accuracies)", "return np.mean(accuracies)")),
        files.write_improved,
    ),
    Alternative(
        "improved", "maxout, weight norm, a 0-dimensional tensor",
        '''
class Maxout(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.utils.parametrizations.weight_norm(nn.Linear(3072, 256))
        self.last = nn.Linear(128, 10)

    def forward(self, x):
        return self.last(self.first(x.flatten(1)).view(len(x), 128, 2).amax(2))


def improved_model():
    return Maxout()
''' + _with(IMPROVED, ("return sum(accuracies) / len(accuracies)", "return torch.tensor(accuracies).mean()")),
        files.write_improved,
    ),
    # What only longer trainings, closer accuracies or an older file show.
    Mistake(
        "train_model", "small improvements are not counted", "model_ends_with_the_best_epoch",
        _train(("accuracy > best_accuracy", "accuracy > best_accuracy + 0.01")),
        tells="An epoch that is only a little better is not kept.",
    ),
    Mistake(
        "train_model", "gradients zeroed once per epoch", "one_epoch_follows_the_optimizer",
        _train(
            ("            optimizer.zero_grad()\n", ""),
            ("        model.train()\n", "        model.train()\n        optimizer.zero_grad()\n"),
        ),
        tells="The gradients are cleared once per epoch: within it they add up.",
    ),
    Mistake(
        "train_model", "no step of the schedule after the last batch", "loss_and_schedule_can_be_chosen",
        _train(
            ("for images, labels in train_loader", "for number, (images, labels) in enumerate(train_loader, 1)"),
            ("if scheduler is not None:", "if scheduler is not None and number < len(train_loader):"),
        ),
        tells="The scheduler is not stepped after the last batch of an epoch.",
    ),
    Mistake(
        "train_model", "the best accuracy so far", "history_tells_the_training",
        _train(('history["val_accuracy"].append(accuracy)', 'history["val_accuracy"].append(max(accuracy, best_accuracy))')),
        tells="The history has the best accuracy so far, not that of each validation.",
    ),
    Mistake(
        "train_model", "goes on from an older file", "file_holds_the_best_epoch",
        _train(
            ("    best_accuracy, best_state = -1", "    if Path(path).exists():\n"
             "        model.load_state_dict(torch.load(path, weights_only=True))\n"
             "    best_accuracy, best_state = -1"),
        ),
        tells="The weights of an older file at `path` replace those of the model.",
    ),
    Alternative(
        "train_model", "gradients cleared after the step, copies of all epochs",
        '''
def train_model(
    model, optimizer, train_loader, val_loader, num_epochs, path, loss_fn=F.cross_entropy, scheduler=None
):
    records, epoch = [], 0
    optimizer.zero_grad()
    while epoch < num_epochs:
        model.train()
        parts = []
        for images, labels in train_loader:
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            if scheduler is not None:
                scheduler.step()
            parts.append((float(loss.detach()), len(images)))
        losses, sizes = zip(*parts)
        records.append((float(np.average(losses, weights=sizes)), test_model(model, val_loader), copy.deepcopy(model)))
        epoch += 1
    best = max(reversed(records), key=lambda record: record[1])[2]
    torch.save(best.state_dict(), str(path))
    model.load_state_dict(best.state_dict())
    return {"train_loss": [r[0] for r in records], "val_accuracy": [r[1] for r in records]}
''',
    ),
]  # fmt: skip
