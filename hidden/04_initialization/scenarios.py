"""Code that uses the answers of assignment 04, for questions about them."""

from autograder.checking import Scenario

KEPT = """\
model = $model
for p in model.parameters():
    nn.init.ones_(p)
xavier_init(model, $gain, "$mode")
kept = sum(int((p == 1).sum()) for p in model.parameters())
"""

REFUSED = """\
layer = nn.Linear(3, 2)
nn.init.ones_(layer.bias)
try:
    xavier_init(layer, 1.0, "$mode")
    said = "done"
except ValueError:
    said = "refused"
told = [said, layer.bias.sum().item()]
"""

LEFT_ALONE = """\
layer = nn.Linear(2, 2)
nn.init.ones_(layer.bias)
layer.bias.requires_grad_($free)
layer.$switch()
found = xavier_init(layer, $gain, "$mode")
flags = [layer.training, layer.bias.requires_grad]
told = [found is layer, *flags, layer.bias.sum().item()]
"""

RMS = """\
model = nn.Sequential($layers)
x = torch.tensor($x)
rms = [float(value) for value in activation_rms(model, x)]
"""

DEPTH = """\
layers = []
for _ in range(15):
    linear = nn.Linear(2, 2, bias=False)
    nn.init.eye_(linear.weight)
    linear.weight.data *= $scale
    layers += [linear, nn.$kind()]
model = nn.Sequential(*layers)
"""

PROFILE = (
    DEPTH
    + """\
rms = activation_rms(model, torch.tensor([[2.0, $second]]))
profile = [float(value) for value in rms]
"""
)

GRADIENTS = (
    DEPTH
    + """\
rms = gradient_rms(model, torch.tensor([[1.0, 0.5], [0.5, 1.0]]), torch.tensor([$labels]))
profile = [float(value) for value in rms]
"""
)

MODES = """\
model = nn.Sequential(nn.ReLU(), nn.Dropout(0.5), nn.Tanh())
model.$all()
model[1].$one()
rms = activation_rms(model, torch.ones(2, 3))
told = [len(rms), model.training, model[1].training]
"""

CALLS = """\
act = nn.$kind()
model = nn.Sequential(act, nn.Sequential(nn.Flatten(), act), nn.$last())
x = torch.ones(2, 3)
first = activation_rms(model, x)
$then
"""

ONE_LAYER = """\
model = nn.Linear(1, 2)
nn.init.zeros_(model.weight)
nn.init.zeros_(model.bias)
x, y = torch.tensor($x), torch.tensor($y)
rms = [float(value) for value in gradient_rms(model, x, y)]
"""

TWO_LAYERS = """\
first, last = nn.Linear(1, 1, bias=False), nn.Linear(1, 2, bias=False)
nn.init.constant_(first.weight, $weight)
nn.init.zeros_(last.weight)
model = nn.Sequential(first, $between, last)
rms = gradient_rms(model, torch.tensor([[$x]]), torch.tensor([1]))
numbers = [float(value) for value in rms]
"""

OLD_GRADIENT = """\
model = nn.Sequential(nn.Linear(1, 2, bias=False), nn.Dropout(0.0))
nn.init.zeros_(model[0].weight)
model[0].weight.grad = $old
rms = gradient_rms(model, torch.tensor([[$x]]), torch.tensor([0]))
told = [float(rms[0]), model[0].weight.grad]
"""

MADE = """\
made = []
def make_small(seed):
    made.append(seed)
    return nn.Linear(2, 2)
def train_fake(model, seed):
    return {"train_accuracy": 0.5, "test_accuracy": 0.5}
means = gain_sweep($gains, $seeds, make_model=make_small, train=train_fake)
"""

MEANS = """\
def make_small(seed):
    return nn.Linear(2, 2)
def train_fake(model, seed):
    accuracy = seed / 10 if model.weight.any() else $dead
    return {"train_accuracy": accuracy, "test_accuracy": 0.9}
means = gain_sweep($gains, $seeds, make_model=make_small, train=train_fake)
numbers = [float(mean) for mean in means]
"""

SCENARIOS = [
    Scenario(
        "xavier_std",
        "fan_in, fan_out = $fans\nstd = float(xavier_std(fan_in, fan_out$gain))\n",
        "std",
        {
            "fans": ["5, 3", "4, 4", "20, 12", "29, 21", "25, 25"],
            "gain": ["", ", 1", ", 2", ", 0.5"],
        },
    ),
    Scenario(
        "xavier_std",
        "fan_in, fan_out = $fans\nbound = float(xavier_bound(fan_in, fan_out$gain))\n",
        "bound",
        {
            "fans": ["15, 9", "12, 12", "87, 63", "3, 3", "5, 1"],
            "gain": ["", ", 1", ", 2", ", 3"],
        },
    ),
    Scenario(
        "leaky_relu_gain",
        "gain = float(leaky_relu_gain($slope))\n",
        "gain**2",
        {"slope": [0, 1, 2, 3, 0.5, -1]},
    ),
    Scenario(
        "leaky_relu_gain",
        "x = torch.tensor($x)\nout = F.leaky_relu(leaky_relu_gain($slope) * x, $slope)\n",
        "out.square().mean().item()",
        {
            "x": [[-2.0, 2.0], [-4.0, 4.0], [2.0, 2.0], [-2.0, -2.0]],
            "slope": [0, 1, 0.5, 2, 3],
        },
    ),
    Scenario(
        "xavier_init",
        KEPT,
        "kept",
        {
            "model": [
                "nn.Linear(4, 2)",
                "nn.Sequential(nn.Linear(4, 2), nn.LayerNorm(2))",
                "nn.Sequential(nn.Embedding(3, 4), nn.Linear(4, 2))",
                "nn.Sequential(nn.Linear(4, 2, bias=False), nn.PReLU())",
                "nn.Sequential(nn.Sequential(nn.Linear(3, 2)), nn.Linear(2, 4))",
            ],
            "gain": [1.0, 2.0],
            "mode": ["normal", "uniform"],
        },
    ),
    Scenario(
        "xavier_init",
        REFUSED,
        "told",
        {"mode": ["normal", "uniform", "norm", "Uniform", "kaiming_normal", "zeros"]},
    ),
    Scenario(
        "xavier_init",
        LEFT_ALONE,
        "told",
        {
            "free": [True, False],
            "switch": ["train", "eval"],
            "gain": [1.0],
            "mode": ["normal", "uniform"],
        },
    ),
    Scenario(
        "activation_rms",
        RMS,
        "rms",
        {
            "layers": [
                "nn.ReLU()",
                "nn.ReLU(), nn.Dropout(0.5), nn.ReLU()",
                "nn.Flatten(), nn.Sequential(nn.ReLU()), nn.ReLU()",
            ],
            "x": [
                [[2.0, -6.0], [4.0, 4.0]],
                [[-1.0, 4.0], [0.0, 0.0]],
                [[3.0, 3.0], [3.0, 3.0]],
                [[-3.0, -1.0], [0.0, -2.0]],
            ],
        },
    ),
    Scenario(
        "activation_rms",
        PROFILE,
        "profile",
        {
            "scale": [0.5, 1.0, 2.0],
            "kind": ["ReLU", "Tanh"],
            "second": [2.0, -1.0],
        },
        over="layers",
    ),
    Scenario(
        "activation_rms",
        MODES,
        "told",
        {"all": ["train", "eval"], "one": ["train", "eval"]},
    ),
    Scenario(
        "activation_rms",
        CALLS,
        "len(first)",
        {
            "kind": ["ReLU", "Tanh"],
            "last": ["GELU", "Flatten"],
            "then": ["model(x)", "activation_rms(model, x)", "x = 2 * x"],
        },
    ),
    Scenario(
        "gradient_rms",
        ONE_LAYER,
        "rms",
        {
            "x": [[[4.0], [8.0]], [[4.0], [4.0]], [[6.0], [2.0]]],
            "y": [[0, 0], [0, 1], [1, 1]],
        },
    ),
    Scenario(
        "gradient_rms",
        TWO_LAYERS,
        "numbers",
        {
            "weight": [1.0, 2.0, 3.0],
            "between": ["nn.ReLU()", "nn.Dropout(0.5)"],
            "x": [2.0, 4.0],
        },
    ),
    Scenario(
        "gradient_rms",
        GRADIENTS,
        "profile",
        {
            "scale": [0.5, 1.0, 1.5],
            "kind": ["ReLU", "Tanh"],
            "labels": ["0, 1", "1, 1"],
        },
        over="layers",
    ),
    Scenario(
        "gradient_rms",
        OLD_GRADIENT,
        "told",
        {"old": ["None", "torch.tensor([[3.0], [5.0]])"], "x": [2.0, 4.0, 0.0]},
    ),
    Scenario(
        "gain_sweep",
        MADE,
        "made",
        {"gains": [[1.0], [0.5, 2.0]], "seeds": [[3], [3, 4], [4, 3], [7, 7]]},
    ),
    Scenario(
        "gain_sweep",
        MEANS,
        "numbers",
        {
            "gains": [[1.0], [0.0, 1.0], [1.0, 0.0], [2.0, 1.0]],
            "seeds": [[2], [2, 6], [2, 3, 7]],
            "dead": ["0.1", "math.nan"],
        },
    ),
]
