"""Code that uses the answers of assignment 02, for questions about them."""

from autograder.checking import Scenario

ONE_ANSWER = """\
def make_network(depth, width, seed):  # it puts every point into the class `seed`
    model = nn.Linear(2, 4)
    nn.init.zeros_(model.weight)
    model.bias.data = torch.eye(4)[seed]
    return model

train_network = lambda model, X, labels: model
SPIRAL_HELD_OUT = torch.zeros(4, 2), torch.tensor($labels)
"""
WIDTHS = """\
widths = []

def train_network(model, X, labels):
    widths.append(model[0].out_features)
    return model

"""
PICTURES = """\
with tempfile.TemporaryDirectory() as root:
    for number, name in enumerate($names):
        (Path(root) / name).mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGB", (8, 8), color=$color)
        picture.save(Path(root) / name / f"{number}.png")
"""
MODEL = """\
model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 4))
model[1].weight.data = torch.tensor($weight)
"""

SCENARIOS = [
    Scenario(
        "width_for_budget",
        "width = width_for_budget($budget, depth=$depth, num_inputs=$inputs, num_classes=2)\n",
        "width",
        {
            "budget": [20, 29, 30],
            "depth": [1, 2],
            "inputs": [2, 3],
        },
    ),
    Scenario(
        "width_for_budget",
        """\
try:
    width = width_for_budget(budget=$budget, depth=$depth, num_inputs=1, num_classes=2)
except ValueError:
    width = "none"
""",
        "width",
        {
            "budget": [5, 6, 7, 9, 10, 16],
            "depth": [1, 2],
        },
    ),
    Scenario(
        "width_for_budget",
        """\
widths = [
    width_for_budget(budget=$budget, depth=$depth, num_inputs=inputs, num_classes=classes)
    for inputs, classes in $pairs
]
""",
        "widths",
        {
            "budget": [36, 37, 42],
            "depth": [2],
            "pairs": [[(2, 4), (4, 2)], [(1, 6), (3, 2)], [(2, 2), (2, 2)], [(2, 4), (2, 4)]],
        },
    ),
    Scenario(
        "depth_sweep",
        ONE_ANSWER + "means = depth_sweep([1, 2], 100, $seeds)\n",
        "float(means[1])",
        {
            "labels": [[0, 0, 0, 1], [0, 1, 1, 2], [2, 3, 1, 1], [0, 0, 1, 1]],
            "seeds": [[0, 1], [1, 0], [0, 1, 2, 3], [1]],
        },
    ),
    Scenario(
        "depth_sweep",
        WIDTHS + "means = depth_sweep($depths, $budget, $seeds)\n",
        "widths",
        {
            "depths": [[1, 2], [2, 1], [1]],
            "budget": [25, 30, 40],
            "seeds": [[0, 1], [5]],
        },
    ),
    Scenario(
        "polynomial_features",
        """\
X = torch.tensor($X)
features = polynomial_features(X, degree=$degree)
""",
        "tuple(features.shape)",
        {
            "X": [[[2.0, 3.0]], [[2.0, 3.0], [1.0, 0.0]], [[1.0, 2.0]] * 3],
            "degree": [1, 2, 3],
        },
    ),
    Scenario(
        "polynomial_features",
        """\
X = torch.tensor([$point])
features = polynomial_features(X, degree=$degree)
""",
        "features[0].tolist()",
        {
            "point": [[2.0, 3.0], [3.0, 1.0], [-2.0, 1.0], [0.0, 2.0], [1.0, 1.0]],
            "degree": [2, 1],
        },
    ),
    Scenario(
        "polynomial_features",
        """\
X = torch.tensor($X)
for _ in range(2):
    features = polynomial_features(X, degree=2)
""",
        "features[:, 2].tolist()",
        {
            "X": [
                [[2.0, 1.0], [3.0, 0.0]],
                [[-1.0, 3.0], [2.0, 2.0]],
                [[1.0, 1.0], [0.0, 0.0]],
                [[3.0, -2.0]],
            ],
        },
    ),
    Scenario(
        "image_loaders",
        PICTURES
        + """\
    loaders = image_loaders(Path(root), batch_size=$batch_size, seed=0)
    sizes = [len(labels) for loader in loaders for _, labels in loader]
""",
        "sizes",
        {
            "names": [
                ["train/a", "train/a", "train/b", "val/a", "val/b"],
                ["train/a", "train/b", "train/b", "train/b", "val/a", "val/b", "val/b"],
                ["train/a", "train/b", "val/a", "val/b"],
            ],
            "color": ["(255, 255, 255)"],
            "batch_size": [2, 3],
        },
    ),
    Scenario(
        "image_loaders",
        PICTURES
        + """\
    train_loader, test_loader = image_loaders(Path(root), batch_size=3, seed=0)
    images, labels = next(iter(test_loader))
""",
        "[images.max().item(), *labels.tolist()]",
        {
            "names": [
                ["train/b", "train/a", "val/b", "val/a"],
                ["val/a", "val/b", "val/a", "train/a", "train/b"],
            ],
            "color": ["(255, 255, 255)", "(51, 51, 51)", "(0, 0, 0)"],
        },
    ),
    Scenario(
        "image_loaders",
        PICTURES
        + """\
    orders = []
    for seed in $seeds:
        train_loader, test_loader = image_loaders(Path(root), batch_size=8, seed=seed)
        orders += [tuple(next(iter(train_loader))[1].tolist()) for epoch in range($epochs)]
""",
        "len(set(orders))",
        {
            "names": [[f"train/{letter}" for letter in "abcdefgh"] + ["val/a"]],
            "color": ["(255, 255, 255)"],
            "seeds": [[1], [1, 1], [1, 2]],
            "epochs": [1, 2],
        },
    ),
    Scenario(
        "first_layer_maps",
        MODEL + "maps = first_layer_maps(model, image_shape=(1, 2, 2))\n",
        "maps[0].flatten().tolist()",
        {
            "weight": [
                [[0.0, 1.0, 2.0, 4.0], [8.0, 0.0, 4.0, 2.0]],
                [[-2.0, 0.0, 2.0, 1.0], [0.0, 4.0, 1.0, 2.0]],
                [[5.0, 4.0, 3.0, 1.0], [1.0, 5.0, 2.0, 3.0]],
                [[0.0, 0.5, 0.25, 1.0], [1.0, 0.0, 0.5, 0.75]],
            ],
        },
    ),
    Scenario(
        "first_layer_maps",
        """\
model = nn.Sequential(
    nn.Flatten(), nn.Sequential(nn.Linear($inputs, $units), nn.ReLU()), nn.Linear($units, 12)
)
maps = first_layer_maps(model, image_shape=$shape)
""",
        "tuple(maps.shape)",
        {
            "inputs": [12],
            "units": [1, 3, 12],
            "shape": [(3, 2, 2), (1, 3, 4), (2, 3, 2)],
        },
    ),
    Scenario(
        "first_layer_maps",
        MODEL
        + """\
maps = first_layer_maps(model, image_shape=(2, 2, 1))
pixel = maps[1, 1, 0, 0].item()
""",
        "[model[1].weight.max().item(), pixel]",
        {
            "weight": [
                [[0.0, 1.0, 2.0, 4.0], [8.0, 0.0, 4.0, 2.0]],
                [[-2.0, 0.0, 2.0, 1.0], [0.0, 4.0, 1.0, 2.0]],
                [[5.0, 4.0, 3.0, 1.0], [1.0, 3.0, 2.0, 5.0]],
                [[0.0, 0.5, 0.25, 1.0], [1.0, 0.0, 0.5, 0.75]],
            ],
        },
    ),
]
