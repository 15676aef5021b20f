"""Answers to depth_sweep."""

from autograder.checking import Alternative, Mistake

ANSWERS: list[Mistake | Alternative] = [
    Mistake(
        "depth_sweep",
        "one_network_for_all_seeds",
        "a_network_for_each_run",
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    for depth in depths:
        model = make_network(depth, width_for_budget(budget, depth, 2, 4), seeds[0])
        scores = []
        for seed in seeds:
            torch.manual_seed(seed)
            train_network(model, *SPIRAL_TRAIN)
            scores.append(accuracy(model, *SPIRAL_HELD_OUT))
        means.append(sum(scores) / len(scores))
    return means
""",
        tells="One network per depth is trained again and again; each seed should start with a new one.",
    ),
    Mistake(
        "depth_sweep",
        "training_accuracy",
        "mean_of_held_out_accuracies",
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        scores = []
        for seed in seeds:
            model = train_network(make_network(depth, width, seed), *SPIRAL_TRAIN)
            scores.append(accuracy(model, *SPIRAL_TRAIN))
        means.append(sum(scores) / len(scores))
    return means
""",
        tells="The accuracy is measured on the training points, not on the held-out ones.",
    ),
    Mistake(
        "depth_sweep",
        "first_seed_only",
        "a_network_for_each_run",
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        model = train_network(make_network(depth, width, seeds[0]), *SPIRAL_TRAIN)
        means.append(accuracy(model, *SPIRAL_HELD_OUT))
    return means
""",
        tells="Only the first seed is used.",
    ),
    Mistake(
        "depth_sweep",
        "same_seed_every_time",
        "a_network_for_each_run",
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        scores = []
        for seed in seeds:
            torch.manual_seed(seed)
            model = train_network(make_network(depth, width, 0), *SPIRAL_TRAIN)
            scores.append(accuracy(model, *SPIRAL_HELD_OUT))
        means.append(sum(scores) / len(scores))
    return means
""",
        tells="Every network starts with the same weights, whatever the seed.",
    ),
    Mistake(
        "depth_sweep",
        "best_seed",
        "mean_of_held_out_accuracies",
        """\
def depth_sweep(depths, budget, seeds):
    best = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        scores = []
        for seed in seeds:
            model = train_network(make_network(depth, width, seed), *SPIRAL_TRAIN)
            scores.append(accuracy(model, *SPIRAL_HELD_OUT))
        best.append(max(scores))
    return best
""",
        tells="The best seed is reported, not the mean over all.",
    ),
    Mistake(
        "depth_sweep",
        "trained_on_the_held_out_points",
        "a_network_for_each_run",
        """\
def depth_sweep(depths, budget, seeds):
    X = torch.cat([SPIRAL_TRAIN[0], SPIRAL_HELD_OUT[0]])
    labels = torch.cat([SPIRAL_TRAIN[1], SPIRAL_HELD_OUT[1]])
    means = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        scores = []
        for seed in seeds:
            model = train_network(make_network(depth, width, seed), X, labels)
            scores.append(accuracy(model, *SPIRAL_HELD_OUT))
        means.append(sum(scores) / len(scores))
    return means
""",
        tells="The networks are trained on the held-out points too.",
    ),
    Mistake(
        "depth_sweep",
        "same_width_at_every_depth",
        "widths_follow_the_budget",
        """\
def depth_sweep(depths, budget, seeds):
    width = width_for_budget(budget, min(depths), 2, 4)
    means = []
    for depth in depths:
        scores = []
        for seed in seeds:
            model = train_network(make_network(depth, width, seed), *SPIRAL_TRAIN)
            scores.append(accuracy(model, *SPIRAL_HELD_OUT))
        means.append(sum(scores) / len(scores))
    return means
""",
        tells="The width is the same at every depth, so deeper networks cost more than the budget.",
    ),
    Mistake(
        "depth_sweep",
        "budget_of_the_text",
        "widths_follow_the_budget",
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    for depth in depths:
        width = width_for_budget(100, depth, 2, 4)
        scores = []
        for seed in seeds:
            model = train_network(make_network(depth, width, seed), *SPIRAL_TRAIN)
            scores.append(accuracy(model, *SPIRAL_HELD_OUT))
        means.append(sum(scores) / len(scores))
    return means
""",
        tells="The budget is that of the example, whatever is passed.",
    ),
    Mistake(
        "depth_sweep",
        "never_trained",
        ("a_network_for_each_run", "real_networks_score_what_is_reported"),
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        scores = [accuracy(make_network(depth, width, s), *SPIRAL_HELD_OUT) for s in seeds]
        means.append(sum(scores) / len(scores))
    return means
""",
        tells="The networks are not trained.",
    ),
    Mistake(
        "depth_sweep",
        "sum_starts_once",
        "mean_of_held_out_accuracies",
        """\
def depth_sweep(depths, budget, seeds):
    means, total = [], 0.0
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        for seed in seeds:
            model = train_network(make_network(depth, width, seed), *SPIRAL_TRAIN)
            total += accuracy(model, *SPIRAL_HELD_OUT)
        means.append(total / len(seeds))
    return means
""",
        tells="The sum is not reset between depths.",
    ),
    Mistake(
        "depth_sweep",
        "sorted_depths",
        "mean_of_held_out_accuracies",
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    for depth in sorted(depths, reverse=depths[0] < depths[-1]):
        width = width_for_budget(budget, depth, 2, 4)
        scores = []
        for seed in seeds:
            model = train_network(make_network(depth, width, seed), *SPIRAL_TRAIN)
            scores.append(accuracy(model, *SPIRAL_HELD_OUT))
        means.append(sum(scores) / len(scores))
    return means
""",
        tells="The depths are sorted; the results should be in the order given.",
    ),
    Mistake(
        "depth_sweep",
        "three_seeds_assumed",
        ("mean_of_held_out_accuracies", "real_networks_score_what_is_reported"),
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        total = 0.0
        for seed in seeds:
            model = train_network(make_network(depth, width, seed), *SPIRAL_TRAIN)
            total += accuracy(model, *SPIRAL_HELD_OUT)
        means.append(total / 3)
    return means
""",
        tells="The sum is divided by 3, whatever the number of seeds.",
    ),
    Mistake(
        "depth_sweep",
        "median_of_the_seeds",
        "mean_of_held_out_accuracies",
        """\
import statistics

def depth_sweep(depths, budget, seeds):
    medians = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        networks = [train_network(make_network(depth, width, s), *SPIRAL_TRAIN) for s in seeds]
        medians.append(statistics.median(accuracy(n, *SPIRAL_HELD_OUT) for n in networks))
    return medians
""",
        tells="The median is reported, not the mean.",
    ),
    Mistake(
        "depth_sweep",
        "in_percent",
        ("mean_of_held_out_accuracies", "real_networks_score_what_is_reported"),
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        networks = [train_network(make_network(depth, width, s), *SPIRAL_TRAIN) for s in seeds]
        means.append(sum(100 * accuracy(n, *SPIRAL_HELD_OUT) for n in networks) / len(seeds))
    return means
""",
        tells="The accuracy is in percent; a fraction was asked for.",
    ),
    Mistake(
        "depth_sweep",
        "last_seed_left_out",
        "a_network_for_each_run",
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        chosen = seeds[:-1] or seeds
        networks = [train_network(make_network(depth, width, s), *SPIRAL_TRAIN) for s in chosen]
        means.append(sum(accuracy(n, *SPIRAL_HELD_OUT) for n in networks) / len(networks))
    return means
""",
        tells="The last seed is left out.",
    ),
    Mistake(
        "depth_sweep",
        "mean_over_everything",
        "mean_of_held_out_accuracies",
        """\
def depth_sweep(depths, budget, seeds):
    table = torch.zeros(len(depths), len(seeds))
    for i, depth in enumerate(depths):
        width = width_for_budget(budget, depth, 2, 4)
        for j, seed in enumerate(seeds):
            model = train_network(make_network(depth, width, seed), *SPIRAL_TRAIN)
            table[i, j] = accuracy(model, *SPIRAL_HELD_OUT)
    return table.mean(0)
""",
        tells="The mean is over the depths, one number per seed; it should be over the seeds.",
    ),
    Mistake(
        "depth_sweep",
        "seeds_popped",
        "lists_stay_as_they_are",
        """\
def depth_sweep(depths, budget, seeds):
    order, scores = list(depths), {depth: [] for depth in depths}
    while seeds:
        seed = seeds.pop()
        for depth in order:
            model = make_network(depth, width_for_budget(budget, depth, 2, 4), seed)
            train_network(model, *SPIRAL_TRAIN)
            scores[depth].append(accuracy(model, *SPIRAL_HELD_OUT))
    return [sum(scores[depth]) / len(scores[depth]) for depth in order]
""",
        tells="The list of seeds is emptied by the function; it belongs to the caller.",
    ),
    Mistake(
        "depth_sweep",
        "depths_popped",
        "lists_stay_as_they_are",
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    while depths:
        depth = depths.pop(0)
        width = width_for_budget(budget, depth, 2, 4)
        networks = [train_network(make_network(depth, width, s), *SPIRAL_TRAIN) for s in seeds]
        means.append(sum(accuracy(n, *SPIRAL_HELD_OUT) for n in networks) / len(seeds))
    return means
""",
        tells="The list of depths is emptied by the function; it belongs to the caller.",
    ),
    Mistake(
        "depth_sweep",
        "seeds_popped_at_the_first_depth",
        (
            "a_network_for_each_run",
            "mean_of_held_out_accuracies",
            "widths_follow_the_budget",
            "lists_stay_as_they_are",
        ),
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    for depth in depths:
        width, scores = width_for_budget(budget, depth, 2, 4), []
        while seeds:
            model = train_network(make_network(depth, width, seeds.pop()), *SPIRAL_TRAIN)
            scores.append(accuracy(model, *SPIRAL_HELD_OUT))
        means.append(sum(scores) / max(1, len(scores)))
    return means
""",
        tells="The seeds are used up at the first depth, so the others have none.",
    ),
    Mistake(
        "depth_sweep",
        "list_in_the_default",
        ("mean_of_held_out_accuracies", "real_networks_score_what_is_reported"),
        """\
def depth_sweep(depths, budget, seeds, means=[]):
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        networks = [train_network(make_network(depth, width, s), *SPIRAL_TRAIN) for s in seeds]
        means.append(sum(accuracy(n, *SPIRAL_HELD_OUT) for n in networks) / len(seeds))
    return means
""",
        tells="The list of results is a default argument: it still holds those of the last call.",
    ),
    Mistake(
        "depth_sweep",
        "networks_kept_for_the_next_call",
        "widths_follow_the_budget",
        """\
trained = {}

def depth_sweep(depths, budget, seeds):
    for depth in depths:
        for seed in seeds:
            if (depth, *seeds, seed) not in trained:
                model = make_network(depth, width_for_budget(budget, depth, 2, 4), seed)
                trained[depth, *seeds, seed] = train_network(model, *SPIRAL_TRAIN)
    return [
        sum(accuracy(trained[d, *seeds, s], *SPIRAL_HELD_OUT) for s in seeds) / len(seeds)
        for d in depths
    ]
""",
        tells="Networks of an earlier call are used again, although the budget is another one.",
    ),
    Mistake(
        "depth_sweep",
        "stops_when_nothing_improves",
        "a_network_for_each_run",
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    for depth in depths:
        width, scores = width_for_budget(budget, depth, 2, 4), []
        for seed in seeds:
            model = train_network(make_network(depth, width, seed), *SPIRAL_TRAIN)
            scores.append(accuracy(model, *SPIRAL_HELD_OUT))
            if scores[-1] <= max(scores[:-1], default=0.0):
                break
        means.append(sum(scores) / len(scores))
    return means
""",
        tells="The loop over the seeds ends early; every seed should count.",
    ),
    Mistake(
        "depth_sweep",
        "rounded_before_the_mean",
        "mean_of_held_out_accuracies",
        """\
def depth_sweep(depths, budget, seeds):
    means = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        networks = [train_network(make_network(depth, width, s), *SPIRAL_TRAIN) for s in seeds]
        means.append(sum(round(accuracy(n, *SPIRAL_HELD_OUT), 1) for n in networks) / len(seeds))
    return means
""",
        tells="The accuracies are rounded before their mean is taken.",
    ),
    Alternative(
        "depth_sweep",
        "table_as_a_tensor",
        """\
def depth_sweep(depths, budget, seeds):
    table = torch.zeros(len(depths), len(seeds))
    for j, seed in enumerate(seeds):
        for i, depth in enumerate(depths):
            width = width_for_budget(budget, depth, num_inputs=2, num_classes=4)
            model = make_network(depth=depth, width=width, seed=seed)
            X, labels = SPIRAL_TRAIN
            train_network(model, X, labels)
            table[i, j] = accuracy(model, *SPIRAL_HELD_OUT)
    return table.mean(dim=1)
""",
    ),
    Alternative(
        "depth_sweep",
        "own_accuracy_and_all_networks_first",
        """\
import statistics

@torch.no_grad()
def held_out_score(model):
    model.eval()
    hits = [
        (model(X).argmax(-1) == y).double()
        for X, y in zip(SPIRAL_HELD_OUT[0].split(100), SPIRAL_HELD_OUT[1].split(100))
    ]
    return torch.cat(hits).mean().item()

def depth_sweep(depths, budget, seeds):
    networks = {}
    for depth in depths:
        for seed in seeds:
            width = width_for_budget(budget, depth, SPIRAL_TRAIN[0].shape[1], 4)
            networks[depth, seed] = make_network(depth, width, seed)
    for network in networks.values():
        train_network(network, *SPIRAL_TRAIN)
    return [statistics.fmean(held_out_score(networks[d, s]) for s in seeds) for d in depths]
""",
    ),
    Alternative(
        "depth_sweep",
        "trained_a_copy",
        """\
import copy

def depth_sweep(depths, budget, seeds):
    means = []
    for depth in depths:
        hits = []
        for seed in seeds:
            model = make_network(depth, width_for_budget(budget, depth, 2, 4), seed)
            model = copy.deepcopy(model).train()
            train_network(model, *SPIRAL_TRAIN)
            X, labels = SPIRAL_HELD_OUT
            with torch.inference_mode():
                hits.append(model(X).softmax(1).max(1).indices == labels)
        means.append(torch.stack(hits).double().mean().item())
    return tuple(means)
""",
    ),
    Alternative(
        "depth_sweep",
        "own_width_and_numpy",
        """\
import numpy

def depth_sweep(depths, budget, seeds, num_inputs=2, num_classes=4):
    def run(depth, seed):
        width = 1
        while True:
            sizes = [num_inputs, *[width + 1] * depth, num_classes]
            if sum((a + 1) * b for a, b in zip(sizes, sizes[1:])) > budget:
                break
            width += 1
        model = make_network(depth, width, seed)
        order = torch.randperm(len(SPIRAL_TRAIN[0]))
        train_network(model, *(part[order] for part in SPIRAL_TRAIN))
        return accuracy(model, *SPIRAL_HELD_OUT)

    return numpy.array([[run(d, s) for s in seeds] for d in depths]).mean(axis=1)
""",
    ),
    Mistake(
        "depth_sweep",
        "better_of_both_accuracies",
        "mean_of_held_out_accuracies",
        """\
def depth_sweep(depths, budget, seeds):

    means = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        total = 0.0
        for seed in seeds:
            model = make_network(depth, width, seed)
            train_network(model, *SPIRAL_TRAIN)
            total += max(accuracy(model, *SPIRAL_TRAIN), accuracy(model, *SPIRAL_HELD_OUT))
        means.append(total / len(seeds))
    return means
""",
        tells="The better one of the accuracies on training and held-out points is taken; only the held-out ones count.",
    ),
    Mistake(
        "depth_sweep",
        "places_of_the_seeds",
        "a_network_for_each_run",
        """\
def depth_sweep(depths, budget, seeds):

    means = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        total = 0.0
        for seed in range(len(seeds)):
            model = make_network(depth, width, seed)
            train_network(model, *SPIRAL_TRAIN)
            total += accuracy(model, *SPIRAL_HELD_OUT)
        means.append(total / len(seeds))
    return means
""",
        tells="The place of a seed in the list is used as the seed.",
    ),
    Alternative(
        "depth_sweep",
        "all_by_keyword",
        """\
def depth_sweep(depths, budget, seeds):

    import statistics
    X, labels = SPIRAL_TRAIN

    def run(depth, seed):
        width = width_for_budget(num_classes=4, num_inputs=2, depth=depth, budget=budget)
        return accuracy(train_network(make_network(depth, width, seed), X, labels), *SPIRAL_HELD_OUT)

    return torch.tensor([statistics.fmean(run(d, s) for s in seeds) for d in depths])
""",
    ),
    Alternative(
        "depth_sweep",
        "one_depth_at_a_time",
        """\
def depth_sweep(depths, budget, seeds):

    if len(depths) > 1:
        return [value for depth in depths for value in depth_sweep([depth], budget, seeds)]
    means = 0
    for seed in reversed(seeds):
        model = make_network(depths[0], width_for_budget(budget, depths[0], 2, 4), seed)
        means = means + accuracy(train_network(model, *SPIRAL_TRAIN).eval(), *SPIRAL_HELD_OUT) / len(seeds)
    return [means]
""",
    ),
]
