"""Code that uses the answers of assignment 03, for questions about them."""

from autograder.checking import Scenario

ONE_WEIGHT = """\
w = torch.tensor([$start], requires_grad=True)
optimizer = {optimizer}
for gradient in $gradients:
    w.grad = torch.tensor([gradient])
    optimizer.step()
"""
PAUSE = """\
a = torch.tensor([9.0], requires_grad=True)
b = torch.tensor([9.0], requires_grad=True)
optimizer = {optimizer}
for gradient in [torch.tensor([4.0]), $gradient, torch.tensor([4.0])]:
    a.grad, b.grad = torch.tensor([4.0]), gradient
    optimizer.step()
"""
TWICE = """\
w = torch.tensor([9.0], requires_grad=True)
first = {optimizer}
w.grad = torch.tensor([$before])
first.step()
second = $second
w.grad = torch.tensor([$after])
second.step()
"""
PATH = """\
def sgd(params):
    return torch.optim.SGD(params, lr=$lr)

def curve(w1, w2):
    return $curve

"""
VALLEY = """\
w = torch.tensor([$start], requires_grad=True)
optimizer = {optimizer}
path = []
for update in range(25):
    path.append(w.item())
    w.grad = {slope} * w.detach()
    optimizer.step()
"""
RANGE_TEST = """\
def make_model():
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, $start)
    return model

make_optimizer = lambda p: SGD(p, lr=1.0)
loader = [(torch.tensor([[x]]), torch.tensor([[1.0]])) for x in $inputs]
loss_fn = lambda outputs, labels: {loss}
losses = lr_range_test(make_model, make_optimizer, loader, loss_fn, rates=$rates)
"""

SCENARIOS = [
    Scenario(
        "sgd",
        ONE_WEIGHT.format(optimizer="SGD([w], lr=$lr)"),
        "w.item()",
        {
            "start": [1.0, 2.0],
            "lr": [0.5, 1.0],
            "gradients": [[2.0, 4.0], [4.0, 1.0], [2.0, -2.0], [-1.0, 1.0]],
        },
    ),
    Scenario(
        "sgd",
        """\
a = torch.tensor([1.0], requires_grad=True)
b = torch.tensor([1.0], requires_grad=True)
optimizer = SGD([a, b], lr=$lr)
a.grad, b.grad = $gradient, torch.tensor([4.0])
optimizer.step()
optimizer.lr = $new_lr
optimizer.step()
""",
        "[a.item(), b.item(), b.grad.item()]",
        {
            "lr": [0.5, 1.0],
            "gradient": ["torch.tensor([2.0])", "None"],
            "new_lr": [0.5, 1.0, 0.0],
        },
    ),
    Scenario(
        "sgd",
        VALLEY.format(optimizer="SGD([w], lr=$lr)", slope="$curvature"),
        "path",
        {
            "start": [4.0, -2.0],
            "lr": [0.1, 0.5],
            "curvature": [1.0, 2.0, 3.6, -1.0],
        },
        over="updates",
    ),
    Scenario(
        "sgd_momentum",
        VALLEY.format(optimizer="SGDMomentum([w], lr=$lr, momentum=$momentum)", slope="1.0"),
        "path",
        {
            "start": [4.0, -2.0],
            "lr": [1.0, 0.25],
            "momentum": [0.9, 0.0, 0.5],
        },
        over="updates",
    ),
    Scenario(
        "sgd_momentum",
        ONE_WEIGHT.format(optimizer="SGDMomentum([w], lr=$lr, momentum=$momentum)"),
        "w.item()",
        {
            "start": [5.0],
            "lr": [1.0, 2.0],
            "momentum": [0.5, 0.75, 0.0],
            "gradients": [[4.0, 0.0], [4.0, 4.0], [0.0, 4.0]],
        },
    ),
    Scenario(
        "sgd_momentum",
        PAUSE.format(optimizer="SGDMomentum([a, b], lr=1.0, momentum=$momentum)"),
        "[a.item(), b.item()]",
        {
            "momentum": [0.5, 0.0],
            "gradient": ["None", "torch.tensor([0.0])", "torch.tensor([4.0])"],
        },
    ),
    Scenario(
        "sgd_momentum",
        TWICE.format(optimizer="SGDMomentum([w], lr=1.0, momentum=0.5)"),
        "w.item()",
        {
            "before": [4.0, 0.0],
            "second": ["SGDMomentum([w], lr=1.0, momentum=0.5)", "first"],
            "after": [0.0, 4.0],
        },
    ),
    Scenario(
        "adam",
        ONE_WEIGHT.format(optimizer="Adam([w], lr=2.0, $betas, eps=1.0)"),
        "w.item()",
        {
            "start": [4.0],
            "betas": ["beta1=0.5, beta2=0.5", "beta1=0.75, beta2=0.5", "beta1=0.0, beta2=0.0"],
            "gradients": [[3.0, 3.0], [1.0, 1.0], [-1.0, -1.0], [3.0]],
        },
    ),
    Scenario(
        "adam",
        ONE_WEIGHT.format(optimizer="Adam([w], lr=3.0, beta1=0.5, beta2=0.5)"),
        "w.item()",
        {
            "start": [0.0, 5.0],
            "gradients": [[5.0, -1.0], [-5.0, 1.0], [2.0, 2.0], [4.0]],
        },
    ),
    Scenario(
        "adam",
        VALLEY.format(optimizer="Adam([w], lr=$lr, beta1=$beta1, beta2=0.9)", slope="1.0"),
        "path",
        {
            "start": [4.0, -2.0],
            "lr": [0.2, 1.0],
            "beta1": [0.9, 0.0],
        },
        over="updates",
    ),
    Scenario(
        "adam",
        """\
a = torch.tensor([1.0], requires_grad=True)
b = torch.tensor([1.0], requires_grad=True)
optimizer = Adam([a, b], lr=$lr)
for gradient in $gradients:
    a.grad, b.grad = torch.tensor([4.0]), gradient
    optimizer.step()
""",
        "[a.item(), b.item()]",
        {
            "lr": [0.5, 0.25],
            "gradients": [
                "[None, torch.tensor([2.0])]",
                "[torch.tensor([2.0]), None]",
                "[torch.tensor([2.0]), torch.tensor([2.0])]",
                "[torch.tensor([-8.0])]",
            ],
        },
    ),
    Scenario(
        "stable_lr_limit",
        "limit = stable_lr_limit($curvature, momentum=$momentum)\n",
        "limit",
        {
            "curvature": [4.0, 2.0, 1.0, 0.5],
            "momentum": [0.0, 0.5, 0.75],
        },
    ),
    Scenario(
        "stable_lr_limit",
        """\
lr = $share * stable_lr_limit($curvature)
w = 1.0
for _ in range(2):
    w = w - lr * $curvature * w
""",
        "w",
        {
            "share": [0.25, 0.75, 1.0, 1.5],
            "curvature": [4.0, 2.0, 1.0],
        },
    ),
    Scenario(
        "noisy",
        """\
generator = torch.Generator().manual_seed(0)
loss = noisy(lambda w1, w2: (w1 + w2).sum(), $sigma, generator)
gradients = []
for call in range($calls):
    w1, w2 = (torch.zeros(2, requires_grad=True) for _ in range(2))
    loss(w1, w2).backward()
    gradients.append(tuple(w1.grad.tolist()))
""",
        "len(set(gradients))",
        {
            "sigma": [1.0, 0.5, 0.0],
            "calls": [4, 3, 1],
        },
    ),
    Scenario(
        "noisy",
        """\
generator = torch.Generator()
loss = noisy(lambda w1, w2: (w1 + w2).sum(), 1.0, generator)
gradients = []
for seed in $seeds:
    generator.manual_seed(seed)
    w1, w2 = (torch.zeros(2, requires_grad=True) for _ in range(2))
    loss(w1, w2).backward()
    gradients.append(tuple(w1.grad.tolist()))
""",
        "len(set(gradients))",
        {"seeds": [[3, 5, 3, 5], [7, 7, 7, 7], [1, 2, 3, 4], [4, 4, 5], [8]]},
    ),
    Scenario(
        "noisy",
        """\
loss = noisy(lambda w1, w2: w1.sum() + w2.sum(), $sigma, torch.Generator().manual_seed(0))
w1 = torch.zeros($first, requires_grad=True)
w2 = torch.zeros($second, requires_grad=True)
loss(w1, w2).backward()
numbers = w1.grad.tolist() + w2.grad.tolist()
""",
        "len(set(numbers))",
        {
            "sigma": [1.0, 0.0],
            "first": [3, 2],
            "second": [2, 1],
        },
    ),
    Scenario(
        "noisy",
        """\
slopes = []
for sigma in $sigmas:
    loss = noisy(lambda w1, w2: $slope * w1 + w2, sigma, torch.Generator().manual_seed(0))
    w1, w2 = (torch.tensor(1.0, requires_grad=True) for _ in range(2))
    loss(w1, w2).backward()
    slopes.append(w1.grad.item())
ratio = (slopes[2] - slopes[0]) / (slopes[1] - slopes[0])
""",
        "ratio",
        {
            "sigmas": [[0.0, 1.0, 3.0], [0.0, 1.0, 2.0], [0.0, 1.0, 1.0], [0.0, 2.0, 1.0]],
            "slope": [1, 5],
        },
    ),
    Scenario(
        "train_curve",
        PATH + "path = train_curve(sgd, curve, num_updates=$updates, init=$start)\n",
        "path[-1].tolist()",
        {
            "lr": [1.0],
            "curve": ["w1 + 2 * w2", "w1 + w2", "w1**2 / 2 + w2"],
            "updates": [2, 3],
            "start": [(4, 2), (3, -4)],
        },
    ),
    Scenario(
        "train_curve",
        PATH + "path = train_curve(sgd, curve, num_updates=$updates, init=(2, 4))\n",
        "tuple(path.shape)",
        {
            "lr": [0.5, 0.25],
            "curve": ["w1**2 + w2**2", "w1 + w2"],
            "updates": [4, 2, 1],
        },
    ),
    Scenario(
        "train_curve",
        PATH
        + """\
for start in $starts:
    path = train_curve(sgd, curve, num_updates=$updates, init=start)
""",
        "path[0].tolist()",
        {
            "lr": [0.5],
            "curve": ["w1**2 + w2"],
            "updates": [1, 3],
            "starts": [[(2, 3), (1, 4)], [(5, 5), (5, 5)], [(3, 1), (1.5, 0)]],
        },
    ),
    Scenario(
        "train_curve",
        PATH
        + """\
path = train_curve(sgd, curve, num_updates=20, init=$start)
w1 = path[:, 0].tolist()
""",
        "w1",
        {
            "lr": [0.1, 0.95, 0.5],
            "curve": ["w1**2 + w2**2", "w1 + w2**2"],
            "start": [(4, 2), (-3, 1)],
        },
        over="updates",
    ),
    Scenario(
        "pathological_curve",
        """\
points = torch.tensor($points)
losses = pathological_curve(points[:, 0], points[:, 1])
order = losses.argsort(stable=True)
""",
        "order.tolist()",
        {
            "points": [
                [[3.0, 1.0], [1.0, 2.0], [2.0, 3.0]],
                [[1.0, 3.0], [4.0, 1.0], [2.0, 2.0]],
                [[3.0, 2.0], [1.0, 3.0], [2.0, 1.0]],
                [[1.0, 1.0], [1.0, 3.0], [1.0, 2.0]],
                [[4.0, 2.0], [1.0, 2.0], [3.0, 2.0]],
                [[2.0, 1.0], [1.0, 1.0]],
            ]
        },
    ),
    Scenario(
        "pathological_curve",
        """\
w1 = torch.tensor($w1, requires_grad=True)
w2 = torch.tensor($w2, requires_grad=True)
loss = pathological_curve(w1, w2)
loss.backward()
""",
        "[loss.item(), w1.grad.item(), w2.grad.item()]",
        {
            "w1": [2.0, 1.0, 0.0],
            "w2": [0.0, 1.0],
        },
    ),
    Scenario(
        "lr_range_test",
        RANGE_TEST.format(loss="(outputs - labels).mean()"),
        "losses",
        {
            "start": [5.0],
            "inputs": [[1.0, 2.0], [1.0], [2.0, 1.0]],
            "rates": [[0.0, 1.0, 2.0], [2.0, 1.0, 0.0], [1.0, 1.0, 1.0], [3.0]],
        },
    ),
    Scenario(
        "lr_range_test",
        RANGE_TEST.format(loss="((outputs - labels) ** 2).mean()"),
        "losses",
        {
            "start": [5.0],
            "inputs": [[1.0], [1.0, -1.0]],
            "rates": [
                "[0.001 * 2**i for i in range(14)]",
                "[0.1] * 14",
                "[0.2] * 7 + [0.0] * 7",
            ],
        },
        over="batches",
    ),
    Scenario(
        "lr_range_test",
        RANGE_TEST.format(loss="((outputs - labels) ** 2).mean()"),
        "len(losses)",
        {
            "start": [3.0],
            "inputs": [[1.0, 1.0], [2.0, 1.0, 2.0]],
            "rates": [[0.1, 1e30, 1e30, 1e30], [0.1, 0.2], [0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 1e30]],
        },
    ),
]
