"""Code that uses the answers of assignment 05, for questions about them."""

from autograder.checking import Scenario

# A network of one layer that takes the class with the largest input.
LARGEST = """\
model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Dropout($p))
nn.init.eye_(model[0].weight)
images = F.one_hot(torch.tensor($shown), 2).float()
labels = torch.tensor($labels)
loader = list(zip(images.split($size), labels.split($size)))
"""

MODES = """\
model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Dropout(1.0))
nn.init.eye_(model[0].weight)
model.$all()
model[1].$one()
images = torch.tensor([[0.0, 1.0], [0.0, 2.0], [3.0, 0.0], [4.0, 2.0]])
"""

AFTERWARDS = "told = [float({}), model.training, model[1].training]\n"

STATISTICS = """\
pixels = torch.tensor($pixels)
images = pixels.view(-1, 2, 1, 1)
mean, std = channel_statistics(images)
told = [float(number) for number in [*mean, *std]]
"""

SPLIT = """\
train, val = split_indices($n, $n_val, seed=$seed)
every = {int(index) for part in (train, val) for index in part}
sizes = [len(train), len(val), len(every)]
"""

LOSSES = """\
labels = torch.tensor($labels)
loader = list(zip(torch.zeros(len(labels), 1).split($size), labels.split($size)))
mean_label = lambda logits, labels: 0 * logits.sum() + labels.float().mean()
model = nn.Linear(1, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "best.pt"
    history = train_model(model, optimizer, loader, loader, $epochs, path, loss_fn=mean_label)
losses = [float(loss) for loss in history["train_loss"]]
"""

# The model takes class 1 for images below the second bias, which grows by 1 in each epoch.
BEST = """\
model = nn.Linear(1, 2)
model.load_state_dict({"weight": torch.tensor([[1.0], [0.0]]), "bias": torch.zeros(2)})
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
train = [(torch.zeros(2, 1), torch.ones(2))]
val = [(torch.tensor([[0.5], [1.5], [2.5], [3.5]]), torch.tensor($labels))]
minus_logit_1 = lambda logits, labels: -logits[:, 1].mean()  # so a step adds 1 to bias[1]
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "best.pt"
    history = train_model(model, optimizer, train, val, $epochs, path, loss_fn=minus_logit_1)
    saved = torch.load(path)
ends = [model.bias[1].item(), saved["bias"][1].item()]
"""

CALLS = """\
class Counter:
    steps = zeroed = 0
    def step(self):
        self.steps += 1
    def zero_grad(self):
        self.zeroed += 1
optimizer, scheduler, batch = Counter(), Counter(), (torch.zeros(2, 1), torch.tensor([0, 1]))
train, val = [batch] * $batches, [batch] * $val_batches
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "best.pt"
    train_model(nn.Linear(1, 2), optimizer, train, val, $epochs, path, scheduler=scheduler)
calls = [optimizer.zeroed, optimizer.steps, scheduler.steps]
"""

MOMENTUM = """\
w = torch.tensor([$start], requires_grad=True)
optimizer = SGDMomentum([w], lr=1.0, momentum=$momentum)
for gradient in $gradients:
    w.grad = torch.tensor([gradient])
    optimizer.step()
"""

NETWORK = """\
model = MLP(4, 2, $hidden)
for p in model.parameters():
    nn.init.constant_(p, 1.0)
logits = model($x)
"""

# `baseline` calls this instead of the training.
CALL = """\
told, baseline_model = [], lambda: MLP(2, 2, $hidden)
def train_model(model, optimizer, train_loader, val_loader, num_epochs, path, *_, **__):
    told.extend([num_epochs, len(val_loader), len(optimizer.params), optimizer.lr])
baseline([1, 2, 3], $val, "best.pt", num_epochs=$epochs)
"""

MODEL_SIZES = """\
model = improved_model()
widths = [m.out_features for m in model.modules() if isinstance(m, nn.Linear)]
flat = [p.numel() for p in model.parameters() if p.ndim == 1]
"""

MODEL_MODES = """\
model = improved_model().$mode()
images = torch.arange(4 * 3072.0).sin().view(4, 3, 32, 32)
first, again, alone = model(images), model(images), model(images[:$part])
told = [torch.equal(first, again), torch.allclose(first[:$part], alone, atol=1e-4)]
"""

# `improved` calls these instead of the training and the test.
IMPROVED = """\
files, tested = [], iter([0.5, 0.7, 0.9])
def train_model(model, optimizer, train, val, num_epochs, path, *_, **__):
    files.append(Path(path).name)
def test_model(model, loader):
    return next(tested)
images, labels = torch.arange(6 * 3072).view(6, 3, 32, 32) % 256, torch.arange(6)
six = images.to(torch.uint8), labels
result = improved(*six, *six, *six, $seeds, "folder", num_epochs=$epochs)
told = [round(float(result), 2), len(set(files))]
"""

HEADLINE = """\
def runs(val, test):
    return [{"seed": i, "val_accuracy": val[i], "test_accuracy": test[i]} for i in range(len(val))]
attempts = {
    "wide": runs($wide),
    "deep": runs($deep),
    "both": runs([0.3], [0.9]),
}
name, mean, std, num_runs = honest_headline(attempts)
"""

HEADLINE_DRAWS = {
    "wide": [
        "[0.5, 0.6, 0.7], [0.4, 0.5, 0.6]",
        "[0.6, 0.6, 0.9], [0.3, 0.5, 0.7]",
        "[0.8], [0.6]",
    ],
    "deep": [
        "[0.5, 0.8], [0.7, 0.7]",
        "[0.4, 0.4], [0.3, 0.3]",
        "[0.65, 0.65], [0.5, 0.5]",
    ],
}

SHUFFLED = """\
images = torch.arange(1, 9).view(1, 2, 2, 2)
permutation = torch.tensor($permutation)
out = shuffle_pixels(images, permutation)
second = out[0, 1].flatten().tolist()
"""

EPOCHS = """\
images, labels = torch.arange(64).view(1, 1, 8, 8), torch.tensor([3])
loader = ShuffledLoader([(images, labels)] * $batches, seed=$seed, fixed=$fixed)
seen = set()
for _ in range($epochs):
    for shuffled, labels in loader:
        seen.add(str(shuffled.tolist()))
sizes = [len(loader), len(seen)]
"""

SCENARIOS = [
    Scenario(
        "channel_statistics",
        STATISTICS,
        "told",
        {
            "pixels": [
                "[[0, 51], [51, 153], [102, 255]], dtype=torch.uint8",
                "[[51, 0], [51, 102], [51, 204]], dtype=torch.uint8",
                "[[0.2, 0.4], [0.5, 0.4], [0.8, 0.4]]",
                "[[0.1, 0.0], [0.3, 0.5], [0.5, 1.0]]",
                "[[0.5, 0.5], [0.5, 0.5]]",
                "[[102, 51], [102, 51]], dtype=torch.uint8",
            ]
        },
    ),
    Scenario(
        "channel_statistics",
        SPLIT,
        "sizes",
        {"n": [30, 40], "n_val": [0, 15, 16], "seed": [0, 7]},
    ),
    Scenario(
        "test_model",
        LARGEST + "accuracy = float(test_model(model, loader))\n",
        "accuracy",
        {
            "p": [0.0, 1.0],
            "shown": [[0, 1, 1, 1, 0], [1, 1, 0, 0, 1]],
            "labels": [[0, 1, 1, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 1, 1]],
            "size": [4, 5, 3],
        },
    ),
    Scenario(
        "test_model",
        MODES
        + "accuracy = test_model(model, [(images, torch.tensor($labels))])\n"
        + AFTERWARDS.format("accuracy"),
        "told",
        {
            "all": ["train", "eval"],
            "one": ["train", "eval"],
            "labels": [[1, 0, 0, 0], [1, 1, 1, 0]],
        },
    ),
    Scenario(
        "train_model",
        LOSSES,
        "losses",
        {
            "labels": [[2, 4, 9], [2, 3, 7], [5, 5, 5], [6, 2]],
            "size": [2, 3],
            "epochs": [1, 2],
        },
    ),
    Scenario(
        "train_model",
        BEST,
        "ends",
        {
            "labels": [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 1]],
            "epochs": [1, 2, 3, 4],
        },
    ),
    Scenario(
        "train_model",
        CALLS,
        "calls",
        {"batches": [1, 3], "val_batches": [1, 2], "epochs": [1, 2]},
    ),
    Scenario(
        "baseline",
        MOMENTUM,
        "w.item()",
        {
            "start": [1.0, 2.0],
            "momentum": [0.5, 0.0],
            "gradients": [[2.0, 2.0], [4.0, 0.0], [0.0, 4.0], [0.0, 0.0]],
        },
    ),
    Scenario(
        "baseline",
        NETWORK,
        "logits.tolist()",
        {
            "hidden": ["[]", "[3]", "[1, 2]", "[2, 2]"],
            "x": ["torch.zeros(1, 1, 2, 2)", "torch.ones(1, 1, 2, 2)", "-torch.ones(1, 1, 2, 2)"],
        },
    ),
    Scenario(
        "baseline",
        CALL,
        "told",
        {"hidden": ["[]", "[3]", "[3, 4]"], "val": [[1], [1, 2]], "epochs": [2, 5]},
    ),
    Scenario(
        "improved",
        MODEL_SIZES + "told = [len(widths), widths[$layer]]\n",
        "told",
        {"layer": [0, 1, -1]},
    ),
    Scenario(
        "improved",
        MODEL_SIZES + "told = [len(flat), sum(flat[-$last:])]\n",
        "told",
        {"last": [1, 2, 3]},
    ),
    Scenario("improved", MODEL_MODES, "told", {"mode": ["train", "eval"], "part": [2, 3]}),
    Scenario(
        "improved",
        IMPROVED,
        "told",
        {"seeds": [[0], [0, 1], [3, 4, 5]], "epochs": [1, 2]},
    ),
    Scenario(
        "confusion_matrix",
        LARGEST + "table = torch.as_tensor(confusion_matrix(model, loader)).tolist()\n",
        "table",
        {
            "p": [0.0, 1.0],
            "shown": [[0, 1, 1, 1, 0], [1, 1, 0, 0, 1]],
            "labels": [[0, 1, 1, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]],
            "size": [4, 5, 3],
        },
    ),
    Scenario(
        "confusion_matrix",
        MODES
        + "counts = confusion_matrix(model, [(images, torch.tensor($labels))])\n"
        + AFTERWARDS.format("counts[1][0]"),
        "told",
        {
            "all": ["train", "eval"],
            "one": ["train", "eval"],
            "labels": [[1, 0, 1, 0], [1, 0, 1, 1]],
        },
    ),
    Scenario(
        "honest_headline",
        HEADLINE + "told = [name, float(mean), int(num_runs)]\n",
        "told",
        HEADLINE_DRAWS,
    ),
    Scenario("honest_headline", HEADLINE + "told = float(std)\n", "told", HEADLINE_DRAWS),
    Scenario(
        "shuffle_pixels",
        SHUFFLED,
        "second",
        {
            "permutation": [
                [1, 2, 3, 0],
                [2, 0, 1, 3],
                [3, 0, 1, 2],
                [0, 1, 2, 3],
                [3, 2, 1, 0],
                [1, 0, 3, 2],
            ],
        },
    ),
    Scenario(
        "shuffle_pixels",
        EPOCHS,
        "sizes",
        {"batches": [1, 2, 3], "seed": [0, 5], "fixed": [True, False], "epochs": [1, 2]},
    ),
]
