"""Changes of the reference that may earn every point, with the reason."""

_MOVED = "The checks run on the CPU, where nothing has to be moved."

_CHOICE = "How to train is the student's choice, as long as the network learns."

# Rates, schedule and seed of the reference's baseline.
_TUNING = [
    "count = 0 → count = -1",
    "count = 0 → count = 1",
    "history = train_model(model, optimizer, train_loader, val_loader, num_epochs, path, scheduler=Drop()) → history = train_model(model, optimizer, train_loader, val_loader, num_epochs, path)",
    "num_steps = num_epochs * len(train_loader) → num_steps = num_epochs / len(train_loader)",
    "optimizer = SGDMomentum(model.parameters(), lr=0.1, momentum=0.9) → optimizer = SGDMomentum(model.parameters(), lr=0.0, momentum=0.9)",
    "optimizer = SGDMomentum(model.parameters(), lr=0.1, momentum=0.9) → optimizer = SGDMomentum(model.parameters(), lr=0.1)",
    "optimizer = SGDMomentum(model.parameters(), lr=0.1, momentum=0.9) → optimizer = SGDMomentum(model.parameters(), lr=0.1, momentum=0.0)",
    "optimizer = SGDMomentum(model.parameters(), lr=0.1, momentum=0.9) → optimizer = SGDMomentum(model.parameters(), lr=0.2, momentum=0.9)",
    "optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.1 → optimizer.lr = 0.0 if self.count >= 0.8 * num_steps else 0.1",
    "optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.1 → optimizer.lr = 0.01 if False else 0.1",
    "optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.1 → optimizer.lr = 0.01 if True else 0.1",
    "optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.1 → optimizer.lr = 0.01 if self.count < 0.8 * num_steps else 0.1",
    "optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.1 → optimizer.lr = 0.01 if self.count > 0.8 * num_steps else 0.1",
    "optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.1 → optimizer.lr = 0.01 if self.count >= 0.0 * num_steps else 0.1",
    "optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.1 → optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.0",
    "optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.1 → optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.2",
    "optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.1 → optimizer.lr = 0.01 if self.count >= 0.8 / num_steps else 0.1",
    "optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.1 → optimizer.lr = 0.01 if self.count >= 1.6 * num_steps else 0.1",
    "optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.1 → optimizer.lr = 0.02 if self.count >= 0.8 * num_steps else 0.1",
    "optimizer.lr = 0.01 if self.count >= 0.8 * num_steps else 0.1 → pass",
    "self.count += 1 → pass",
    "self.count += 1 → self.count += 0",
    "self.count += 1 → self.count += 2",
    "self.count += 1 → self.count -= 1",
    "self.count += 1 → self.count = 1",
    "torch.manual_seed(0) → pass",
    "torch.manual_seed(0) → torch.manual_seed(-1)",
    "torch.manual_seed(0) → torch.manual_seed(1)",
]

_SIZES = "return MLP(input_size=3072, num_classes=10, hidden_sizes=(256, 128)) → return MLP"
_LAYERS = "self.hidden = nn.ModuleList((nn.Linear(fan_in, fan_out) for fan_in, fan_out in zip(sizes"

SURVIVORS = {
    "baseline": {
        **dict.fromkeys(_TUNING, _CHOICE),
        **dict.fromkeys(
            [
                f"{_SIZES}(input_size=3072, hidden_sizes=(256, 128))",
                f"{_SIZES}(input_size=3072, num_classes=10)",
                f"{_SIZES}(num_classes=10, hidden_sizes=(256, 128))",
            ],
            "The defaults of MLP say the same.",
        ),
        f"{_LAYERS}[:-1], sizes[1:]))) → {_LAYERS}[:], sizes[1:])))": "zip ends with the shorter list.",
    },
    "channel_statistics": {
        "for channel in images.transpose(0, 1): → for channel in images.transpose(1, 0):": (
            "Two dimensions change places either way."
        ),
        "mean.append(values.mean().item()) → mean.append(values.mean())": (
            "C numbers may be tensors of one number."
        ),
        "std.append(values.std().item()) → std.append(values.std())": (
            "C numbers may be tensors of one number."
        ),
        "values = channel.float() / 255 if images.dtype == torch.uint8 else channel → "
        "values = channel / 255 if images.dtype == torch.uint8 else channel": (
            "A division turns bytes into floats anyway."
        ),
    },
    "test_model": {
        "where = next(model.parameters()).device → where = next(model.buffers()).device": _MOVED,
    },
    "train_model": {
        "best_accuracy, best_state = (-1.0, None) → best_accuracy, best_state = (-2.0, None)": (
            "Any number below 0 does."
        ),
        "if accuracy > best_accuracy: → if accuracy >= best_accuracy:": (
            "Of equally good epochs either may be kept."
        ),
        "images, labels = (images.to(where), labels.to(where)) → pass": _MOVED,
    },
    "confusion_matrix": {
        "return counts.reshape(num_classes, num_classes).cpu() → "
        "return counts.reshape(num_classes, num_classes)": _MOVED,
    },
    "honest_headline": dict.fromkeys(
        [
            "std = np.std(tests, ddof=1) if len(tests) > 1 else math.nan → "
            f"std = np.std(tests, ddof=1) if {condition} else math.nan"
            for condition in ("True", "len(tests) > 0", "len(tests) >= 1")
        ],
        "Of a single number NumPy gives nan, too, with a warning.",
    ),
    "improved": "each of about 190 trains networks, which would take half an hour",
}
