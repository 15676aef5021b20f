"""Code that uses the answers of assignment 01, for questions about them."""

from autograder.checking import Scenario

FUNCTIONAL_PARAMETERS = [
    Scenario(
        "functional_parameters",
        """\
parameters = functional_parameters($dims, std=0.1)
W, b = parameters[$layer]
""",
        "tuple(W.shape)",
        {"dims": [[5, 3, 2], [4, 4, 2], [3, 3, 3], [2, 2, 2, 2]], "layer": [0, 1, -1]},
    ),
    Scenario(
        "functional_parameters",
        """\
[(W, b)] = functional_parameters($dims, std=$std)
spread = W.std().item() + b.std().item()
""",
        "round(spread)",
        {"dims": [[100, 100], [200, 50]], "std": [0.0, 1.0, 4.0]},
    ),
    Scenario(
        "functional_parameters",
        """\
(W1, b1), (W2, b2) = functional_parameters([1, $width, 1])
loss = $factor * W1.sum() + b1.sum()
loss.backward()
total = W1.grad.sum().item()
""",
        "total",
        {"width": [2, 3, 5], "factor": [0.0, 2.0, 4.0]},
    ),
]

FUNCTIONAL_MLP = [
    Scenario(
        "functional_mlp",
        """\
x = torch.tensor([[$x]])
first = (torch.tensor([[1.0, -1.0]]), torch.tensor([0.0, $b]))
last = (torch.tensor([[2.0], [1.0]]), torch.tensor([$c]))
logits = functional_mlp(x, [first, last])
""",
        "logits.item()",
        {"x": [3.0, 1.0, -2.0], "b": [0.0, 1.0], "c": [0.0, -8.0, 5.0]},
    ),
    Scenario(
        "functional_mlp",
        """\
images = torch.zeros($count, 1, 2, 2)
layers = [(torch.ones(a, b), torch.ones(b)) for a, b in $sizes]
logits = functional_mlp(images, layers)
""",
        "tuple(logits.shape)",
        {
            "count": [1, 3, 4],
            "sizes": [[(4, 5), (5, 3)], [(4, 2)], [(4, 4), (4, 4), (4, 2)]],
        },
    ),
    Scenario(
        "functional_mlp",
        """\
W = torch.tensor([[1.0, -1.0]], requires_grad=True)
first = (W, torch.tensor([0.0, $b]))
last = (torch.tensor([[2.0], [3.0]]), torch.zeros(1))
functional_mlp(torch.tensor([[$x]]), [first, last]).sum().backward()
""",
        "W.grad.flatten().tolist()",
        {"x": [2.0, 4.0, -1.0, 0.0], "b": [0.0, 3.0]},
    ),
    Scenario(
        "functional_mlp",
        """\
x = torch.tensor([[$x], [-1.0]])
layers = [(torch.tensor([[$w]]), torch.zeros(1))] * $depth
logits = functional_mlp(x, layers)
""",
        "logits.flatten().tolist()",
        {"x": [1.0, 3.0], "w": [2.0, -2.0], "depth": [1, 2, 3]},
    ),
]

TWO_LAYERS = """\
x, y = torch.tensor($x), torch.tensor($y)
first = (torch.tensor([[1.0, 1.0]]), torch.zeros(2))
last = (torch.tensor([[2.0, 0.0], [-2.0, 0.0]]), torch.zeros(2))
(dW1, db1), (dW2, db2) = mlp_gradients(x, y, [first, last])
"""

MLP_GRADIENTS = [
    Scenario(
        "mlp_gradients",
        TWO_LAYERS,
        "db1.tolist()",
        {
            "x": [[[1.0], [3.0]], [[2.0], [-1.0]], [[0.0], [4.0]], [[-1.0], [-2.0]]],
            "y": [[0, 0], [0, 1], [1, 1]],
        },
    ),
    Scenario(
        "mlp_gradients",
        TWO_LAYERS,
        "dW2[0].tolist()",
        {
            "x": [[[1.0], [3.0]], [[2.0], [-1.0]], [[2.0], [2.0]], [[-1.0], [-2.0]]],
            "y": [[0, 0], [0, 1], [1, 0]],
        },
    ),
    Scenario(
        "mlp_gradients",
        """\
images, labels = torch.zeros($count, 1, 2, 2), torch.tensor([0] * $count)
first = (torch.ones(4, $width), torch.zeros($width))
last = (torch.zeros($width, 3), torch.zeros(3))
(dW1, db1), (dW2, db2) = mlp_gradients(images, labels, [first, last])
""",
        "tuple(dW1.shape)",
        {"count": [2, 5], "width": [2, 3, 4]},
    ),
]

COUNT_PARAMETERS = [
    Scenario(
        "count_parameters",
        """\
model = nn.Sequential(nn.Linear(4, 2), $middle, nn.Linear(2, 3))
model[$frozen].requires_grad_(False)
total = count_parameters(model)
""",
        "total",
        {"middle": ["nn.ReLU()", "nn.BatchNorm1d(2)"], "frozen": [0, 1, 2]},
    ),
    Scenario(
        "count_parameters",
        """\
layer = nn.Linear(3, 3)
model = nn.Sequential(layer, nn.Sequential(nn.ReLU(), $second))
layer.$part.requires_grad_($learns)
total = count_parameters(model)
""",
        "total",
        {
            "second": ["layer", "nn.Linear(3, 1)"],
            "part": ["bias", "weight"],
            "learns": [True, False],
        },
    ),
]

DENSE_LAYER = [
    Scenario(
        "dense_layer",
        """\
layer = dense_layer($inputs, 3, batch_norm=$norm, dropout=$dropout)
count = sum(p.numel() for p in layer.parameters())
""",
        "count",
        {"inputs": [2, 5], "norm": [True, False], "dropout": [0.0, 0.5]},
    ),
    Scenario(
        "dense_layer",
        """\
layer = dense_layer(1, 1, activation=$activation, batch_norm=$norm)
for name, p in layer.named_parameters():
    nn.init.constant_(p, 0.0 if "bias" in name else 2.0)
out = layer(torch.tensor([[-100.0], [100.0]]))
""",
        "out.flatten().tolist()",
        {"activation": ["nn.ReLU", "None", "nn.Hardtanh"], "norm": [True, False]},
    ),
    Scenario(
        "dense_layer",
        """\
layer = dense_layer(2, 1, activation=nn.Sigmoid, batch_norm=$norm, dropout=$dropout)
for p in layer.parameters():
    nn.init.zeros_(p)
layer.train($training)
out = layer(torch.ones(2, 2))
""",
        "out[0].item()",
        {"norm": [True, False], "dropout": [0.0, 1.0], "training": [True, False]},
    ),
]

MLP = [
    Scenario(
        "mlp",
        """\
model = MLP(4, 2, hidden_sizes=$sizes)
count = sum(p.numel() for p in model.parameters())
""",
        "count",
        {"sizes": [(), (3,), (3, 3), (5, 2), (2, 2, 2)]},
    ),
    Scenario(
        "mlp",
        """\
model = MLP(2, 1, hidden_sizes=$sizes)
for p in model.parameters():
    nn.init.constant_(p, $value)
logits = model(torch.tensor([[1.0, $x]]))
""",
        "logits.item()",
        {"sizes": [(), (2,), (2, 2)], "value": [1.0, -1.0], "x": [-3.0, 2.0]},
    ),
    Scenario(
        "mlp",
        """\
model = MLP(8, 3, hidden_sizes=$sizes)
images = torch.zeros($shape)
logits = model(images)
""",
        "tuple(logits.shape)",
        {
            "sizes": [(), (5,), (4, 6)],
            "shape": ["5, 8", "1, 2, 4", "4, 1, 8", "1, 1, 1, 8", "4, 2, 2, 2"],
        },
    ),
]

SEQUENTIAL_MLP = [
    Scenario(
        "sequential_mlp",
        """\
model = sequential_mlp($dims)
count = sum(p.numel() for p in model.parameters())
""",
        "count",
        {"dims": [[4, 2], [4, 3, 2], [3, 3, 3, 3], [2, 2, 2], [5, 4, 3, 2]]},
    ),
    Scenario(
        "sequential_mlp",
        """\
model = sequential_mlp($dims)
for p in model.parameters():
    nn.init.constant_(p, $value)
logits = model(torch.tensor([[[1.0], [$x]]]))
""",
        "logits.flatten().tolist()",
        {
            "dims": [[2, 1], [2, 2, 1], [2, 1, 1, 1]],
            "value": [1.0, -1.0],
            "x": [-3.0, 2.0],
        },
    ),
    Scenario(
        "sequential_mlp",
        """\
model = sequential_mlp($dims)
kinds = [type(m).__name__ for m in model.modules()]
""",
        'kinds.count("ReLU")',
        {"dims": [[4, 2], [4, 3, 2], [2, 2, 2, 2], [4, 3, 3, 2], [5, 4, 3, 2, 1]]},
    ),
]

ONE_WEIGHT = """\
model = nn.Linear(1, 1, bias=False)
nn.init.constant_(model.weight, $start)
optimizer = torch.optim.SGD(model.parameters(), lr=$lr)
loader = [(torch.full((n, 1), value), torch.zeros(n)) for n, value in $batches]
"""

# Of batch norm only the counter of batches is asked about: the weights are drawn at random.
BATCH_NORM = """\
norm = nn.BatchNorm1d(2)
model = nn.Sequential(nn.Linear(1, 2), norm).train($training)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
batch = (torch.tensor([[1.0], [2.0]]), torch.tensor([0, 1]))
"""

TRAIN_EPOCH = [
    Scenario(
        "train_epoch",
        ONE_WEIGHT + "mean = train_epoch(model, loader, optimizer, lambda out, y: out.mean())\n",
        "mean",
        {
            "start": [1.0, 2.0],
            "lr": [0.0, 1.0],
            "batches": [
                [(3, 1.0), (1, 2.0)],
                [(4, 1.0), (1, -1.0)],
                [(2, 2.0), (2, 1.0)],
                [(2, 3.0)],
            ],
        },
    ),
    Scenario(
        "train_epoch",
        ONE_WEIGHT
        + """\
penalty = $penalty
train_epoch(model, loader, optimizer, lambda out, y: out.mean(), penalty)
""",
        "model.weight.item()",
        {
            "start": [5.0],
            "lr": [1.0, 0.5],
            "batches": [[(3, 1.0), (1, 2.0)], [(2, 2.0), (2, 1.0)], [(3, 2.0)]],
            "penalty": ["None", "lambda model: 2 * model.weight.sum()"],
        },
    ),
    Scenario(
        "train_epoch",
        BATCH_NORM + "train_epoch(model, [batch] * $times, optimizer, F.cross_entropy)\n",
        "norm.num_batches_tracked.item()",
        {"training": [True, False], "times": [1, 2, 4]},
    ),
]

LOGITS = """\
loader = [
    (torch.tensor($logits), torch.tensor($labels)),
    (torch.tensor([$last]), torch.tensor([1])),
]
"""

MODES = """\
model = nn.Sequential(nn.Sequential(nn.Dropout(1.0)))
model.train($training)
$part.train($other)
loader = [(torch.tensor([[0.0, 1.0]]), torch.tensor([1]))]
"""
MODES_DRAWS = {
    "training": [True, False],
    "part": ["model[0]", "model[0][0]"],
    "other": [True, False],
}

EVALUATE = [
    Scenario(
        "evaluate",
        LOGITS
        + "loss, accuracy = evaluate(nn.Identity(), loader, lambda out, y: out.sum(1).mean())\n",
        "(loss, accuracy)",
        {
            "logits": [
                [[3.0, 1.0], [0.0, 4.0], [1.0, 3.0]],
                [[5.0, 3.0], [2.0, 6.0], [7.0, 1.0]],
            ],
            "labels": [[0, 1, 0], [0, 1, 1], [1, 1, 0]],
            "last": [[0.0, 8.0], [1.0, 3.0], [9.0, 3.0]],
        },
    ),
    Scenario(
        "evaluate",
        MODES
        + """\
loss, accuracy = evaluate(model, loader, F.cross_entropy)
modes = [m.training for m in model.modules()]
""",
        "[accuracy, modes]",
        MODES_DRAWS,
    ),
]

TRAIN_BATCHES = [
    Scenario(
        "train_batches",
        ONE_WEIGHT
        + """\
losses = train_batches(model, loader, optimizer, lambda out, y: out.mean(), num_epochs=$epochs)
""",
        "losses",
        {
            "start": [5.0],
            "lr": [0.0, 1.0],
            "batches": [[(2, 1.0), (1, 2.0)], [(3, 1.0)], [(1, 2.0), (1, 1.0)]],
            "epochs": [0, 1, 2],
        },
    ),
    Scenario(
        "train_batches",
        BATCH_NORM
        + """\
batches = $batches
losses = train_batches(model, batches, optimizer, F.cross_entropy, num_epochs=$epochs)
""",
        "[len(losses), norm.num_batches_tracked.item()]",
        {
            "training": [True, False],
            "batches": ["[batch]", "[batch, batch, batch]", "iter([batch, batch])"],
            "epochs": [1, 2],
        },
    ),
]

OVERFIT_ONE_BATCH = [
    Scenario(
        "overfit_one_batch",
        """\
model = nn.Linear(1, 2, bias=False)
model.load_state_dict({"weight": torch.tensor([[0.0], [100.0]])})
images, labels = torch.ones($count, 1), torch.tensor([0] * $count)
optimizer = torch.optim.SGD(model.parameters(), lr=$lr)
losses = overfit_one_batch(model, images, labels, optimizer, num_steps=$steps)
""",
        "losses",
        {"count": [1, 2], "lr": [0.0, 10.0, 5.0], "steps": [1, 2, 3]},
    ),
    Scenario(
        "overfit_one_batch",
        BATCH_NORM
        + """\
losses = overfit_one_batch(model, *batch, optimizer, num_steps=$steps)
""",
        "[len(losses), norm.num_batches_tracked.item()]",
        {"training": [True, False], "steps": [0, 1, 2, 3]},
    ),
]

RISING_THRESHOLD = """\
model = nn.Linear(1, 2)
start = {"weight": torch.tensor([[0.0], [1.0]]), "bias": torch.tensor([0.0, $bias])}
model.load_state_dict(start)
optimizer = torch.optim.SGD([model.bias], lr=1.0)
loader = [(torch.tensor([[1.5], [2.5]]), torch.tensor($labels))]
trainer = Trainer(model, optimizer, lambda logits, y: logits[:, 1].mean())
history = trainer.fit(loader, loader, num_epochs=$epochs)
"""

TRAINER = [
    Scenario(
        "trainer",
        """\
accuracies = iter($accuracies)
def train_epoch(model, *others): return model.weight.data.add_(1.0).item()
def evaluate(*others): return 0.5, next(accuracies)
model = nn.Linear(1, 1)
nn.init.zeros_(model.weight)
history = Trainer(model, None, None).fit([], [], num_epochs=$epochs)
""",
        "model.weight.item()",
        {
            "accuracies": [
                [0.5, 0.75, 0.25, 0.5],
                [0.75, 0.25, 0.5, 0.75],
                [0.25, 0.5, 0.75, 1.0],
                [0.0, 0.0, 0.0, 0.0],
                [0.0, 1.0, 0.5, 0.75],
            ],
            "epochs": [1, 3, 4],
        },
    ),
    Scenario(
        "trainer",
        RISING_THRESHOLD,
        'history["val_accuracy"]',
        {"bias": [0.0, 1.0], "labels": [[0, 1], [0, 0], [1, 1]], "epochs": [2, 3]},
    ),
]

SAVE_MODEL = [
    Scenario(
        "save_model",
        """\
first, second = nn.Linear(1, 1), nn.Linear(1, 1)
nn.init.constant_(first.weight, $a)
nn.init.constant_(second.weight, $b)
with tempfile.TemporaryDirectory() as folder:
    save_model(first, Path(folder) / "weights")
    nn.init.constant_(first.weight, $c)
    third = load_model($target, Path(folder) / "weights")
weights = [model.weight.item() for model in (first, second, third)]
""",
        "weights",
        {"a": [1.0], "b": [1.0, 2.0], "c": [1.0, 3.0], "target": ["first", "second"]},
    ),
    Scenario(
        "save_model",
        """\
norm = nn.BatchNorm1d(1)
with tempfile.TemporaryDirectory() as folder:
    for value in $values:
        nn.init.constant_(norm.bias, value)
        norm.running_mean.fill_(10 * value)
        save_model(norm, Path(folder) / "norm")
    loaded = load_model(nn.BatchNorm1d(1), Path(folder) / "norm")
""",
        "[loaded.bias.item(), loaded.running_mean.item()]",
        {"values": [[0.0], [2.0], [3.0, 3.0], [1.0, 2.0], [2.0, 0.0]]},
    ),
]

MSE_ON_ONEHOT = [
    Scenario(
        "mse_on_onehot",
        """\
outputs = torch.tensor($outputs)
loss = mse_on_onehot(outputs, torch.tensor($labels))
""",
        "loss.item()",
        {
            "outputs": [
                [[1.0, 0.0], [0.0, 1.0]],
                [[3.0, 0.0], [0.0, 1.0]],
                [[1.0, 2.0], [4.0, 1.0]],
                [[0.0, 0.0], [0.0, 0.0]],
            ],
            "labels": [[0, 1], [0, 0], [1, 1]],
        },
    ),
    Scenario(
        "mse_on_onehot",
        """\
outputs = torch.tensor([[$a, $b, 2.0, 0.0]], requires_grad=True)
loss = mse_on_onehot(outputs, torch.tensor([$label]))
loss.backward()
""",
        "outputs.grad[0].tolist()",
        {"a": [0.0, 1.0], "b": [0.0, 3.0], "label": [0, 1, 3]},
    ),
]

INITIALIZE = [
    Scenario(
        "initialize",
        """\
model = nn.Sequential(nn.Linear(3, 2$bias), nn.Sequential($inner, nn.BatchNorm1d(2)))
for p in model.parameters():
    nn.init.ones_(p)
initialize(model, "$scheme")
zeros = sum((p == 0).sum().item() for p in model.parameters())
""",
        "zeros",
        {
            "bias": ["", ", bias=False"],
            "inner": ["nn.Linear(2, 2)", "nn.ReLU()", "nn.Embedding(5, 2)"],
            "scheme": ["zeros", "kaiming_normal", "xavier_uniform"],
        },
    ),
    Scenario(
        "initialize",
        """\
layer = nn.Linear($sizes)
initialize(layer, "kaiming_normal")
spread = layer.weight.std().item()
""",
        "round(spread, 2)",
        {"sizes": ["50, 200", "200, 50", "200, 200", "50, 450", "800, 200", "800, 800"]},
    ),
]

MOVING_AVERAGE = [
    Scenario(
        "moving_average",
        "means = moving_average($values, $window)\n",
        "[float(m) for m in means]",
        {
            "values": [[1, 2, 3, 6], [4, 0, 2], [5, 5, 5], [0, 6, 3, 3, 0]],
            "window": [1, 2, 3],
        },
    ),
    Scenario(
        "moving_average",
        "means = moving_average(range($count), $window)\n",
        "[len(means), float(means[0])]",
        {"count": [7, 9, 10], "window": [1, 2, 5, 7]},
    ),
]

L1_PENALTY = [
    Scenario(
        "l1_penalty",
        """\
model = nn.Sequential(nn.Linear(2, 3), nn.Sequential($inner), nn.Linear(3, 1))
for p in model.parameters():
    nn.init.constant_(p, $value)
l1, l2 = l1_penalty(model), l2_penalty(model)
""",
        "[l1.item(), l2.item()]",
        {
            "inner": ["nn.ReLU()", "nn.BatchNorm1d(3)", "nn.Linear(3, 3)", "nn.Embedding(5, 2)"],
            "value": [-2.0, 1.0, 0.0],
        },
    ),
    Scenario(
        "l1_penalty",
        """\
layer = nn.Linear(2, 1)
nn.init.constant_(layer.bias, 5.0)
layer.weight.data.copy_(torch.tensor([[$a, $b]]))
(l1_penalty(layer) + $factor * l2_penalty(layer)).backward()
""",
        "layer.weight.grad[0].tolist()",
        {"a": [-3.0, 1.0], "b": [2.0, 0.0], "factor": [0.0, 1.0, 0.5]},
    ),
]

ACCURACY_PER_CLASS = [
    Scenario(
        "accuracy_per_class",
        """\
scores = torch.eye(3)
loader = [(scores[$first], torch.tensor($labels)), (scores[[1]], torch.tensor([$last]))]
result = accuracy_per_class(nn.Identity(), loader, num_classes=3)
""",
        "[result[c] for c in range(3)]",
        {
            "first": [[0, 1, 1, 1], [0, 0, 2, 1], [0, 1, 2, 0]],
            "labels": [[0, 0, 1, 1], [0, 0, 2, 2], [0, 1, 2, 0]],
            "last": [0, 1],
        },
    ),
    Scenario(
        "accuracy_per_class",
        MODES
        + """\
result = accuracy_per_class(model, loader, num_classes=2)
modes = [m.training for m in model.modules()]
""",
        "[result[1], modes]",
        MODES_DRAWS,
    ),
]

MANY = """\
starts = iter($starts)
def make_model():
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, next(starts))
    return model
loader = iter([(torch.tensor([[x]]), torch.zeros(1)) for x in $inputs])
sgd = lambda parameters: torch.optim.SGD(parameters, lr=$lr)
models, losses = train_many($count, make_model, sgd, loader, lambda out, y: out.mean())
"""

TRAIN_MANY = [
    Scenario(
        "train_many",
        MANY,
        "losses",
        {
            "starts": [[5.0, 3.0], [3.0, 3.0]],
            "inputs": [[1.0], [1.0, 2.0]],
            "lr": [0.0, 1.0],
            "count": [1, 2],
        },
    ),
    Scenario(
        "train_many",
        MANY,
        "[m.weight.item() for m in models]",
        {
            "starts": [[9.0, 5.0, 7.0], [4.0, 4.0, 4.0]],
            "inputs": [[1.0], [1.0, 1.0]],
            "lr": [0.0, 1.0],
            "count": [1, 2, 3],
        },
    ),
]

SCENARIOS = [
    *FUNCTIONAL_PARAMETERS,
    *FUNCTIONAL_MLP,
    *MLP_GRADIENTS,
    *COUNT_PARAMETERS,
    *DENSE_LAYER,
    *MLP,
    *SEQUENTIAL_MLP,
    *TRAIN_EPOCH,
    *EVALUATE,
    *TRAIN_BATCHES,
    *OVERFIT_ONE_BATCH,
    *TRAINER,
    *SAVE_MODEL,
    *MSE_ON_ONEHOT,
    *INITIALIZE,
    *MOVING_AVERAGE,
    *L1_PENALTY,
    *ACCURACY_PER_CLASS,
    *TRAIN_MANY,
]
