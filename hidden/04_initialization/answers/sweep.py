"""Answers of assignment 04: the sweep over gains."""

from autograder.checking import Alternative, Mistake

ANSWERS: list[Mistake | Alternative] = [
    Mistake(
        "gain_sweep",
        "one_model_for_all",
        "new_models_and_the_same_seeds",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    model = make_model(seeds[0])
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            torch.manual_seed(seed)
            xavier_init(model, gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="One model is trained again and again; each run needs a new one.",
    ),
    Mistake(
        "gain_sweep",
        "one_model_per_seed",
        "new_models_and_the_same_seeds",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    models = {seed: make_model(seed) for seed in seeds}
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            torch.manual_seed(seed)
            model = xavier_init(models[seed], gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="One model per seed is used for all gains, though training has changed it.",
    ),
    Mistake(
        "gain_sweep",
        "one_model_per_gain",
        "new_models_and_the_same_seeds",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        model = xavier_init(make_model(seeds[0]), gain, mode)
        means.append(np.mean([train(model, seed)["train_accuracy"] for seed in seeds]))
    return means
""",
        tells="One model per gain is trained again and again; each seed needs a new one.",
    ),
    Mistake(
        "gain_sweep",
        "test_accuracy",
        "mean_training_accuracy",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["test_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="The test accuracy is reported; the training accuracy was asked for.",
    ),
    Mistake(
        "gain_sweep",
        "best_seed",
        "mean_training_accuracy",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(max(accuracies))
    return means
""",
        tells="The best seed is reported, not the mean over all.",
    ),
    Mistake(
        "gain_sweep",
        "median",
        "mean_training_accuracy",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sorted(accuracies)[len(accuracies) // 2])
    return means
""",
        tells="The median is reported, not the mean.",
    ),
    Mistake(
        "gain_sweep",
        "last_seed",
        "mean_training_accuracy",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(accuracies[-1])
    return means
""",
        tells="Only the last seed is reported.",
    ),
    Mistake(
        "gain_sweep",
        "first_seed_only",
        "new_models_and_the_same_seeds",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds[:1]:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="Only the first seed is used.",
    ),
    Mistake(
        "gain_sweep",
        "running_total",
        ("mean_training_accuracy", "diverged_runs_are_shown", "works_with_the_given_tools"),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means, accuracies = [], []
    for gain in gains:
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="The accuracies of earlier gains are not cleared.",
    ),
    Mistake(
        "gain_sweep",
        "sorted_by_gain",
        "mean_training_accuracy",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in sorted(gains):
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="The gains are sorted; the answers belong in the order of the question.",
    ),
    Mistake(
        "gain_sweep",
        "mean_per_seed",
        ("mean_training_accuracy", "diverged_runs_are_shown", "works_with_the_given_tools"),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for seed in seeds:
        accuracies = []
        for gain in gains:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="The mean is over the gains, one number per seed; it should be over the seeds.",
    ),
    Mistake(
        "gain_sweep",
        "best_gain_only",
        ("mean_training_accuracy", "diverged_runs_are_shown", "works_with_the_given_tools"),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return gains[int(np.argmax(means))]
""",
        tells="Only the best gain is returned; a mean for each gain was asked for.",
    ),
    Mistake(
        "gain_sweep",
        "seeds_of_its_own",
        "new_models_and_the_same_seeds",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in range(len(seeds)):
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="Seeds 0, 1, 2 … are used, whatever `seeds` says.",
    ),
    Mistake(
        "gain_sweep",
        "other_seeds_for_every_gain",
        "new_models_and_the_same_seeds",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for shift, gain in enumerate(gains):
        total = 0
        for seed in seeds:
            model = xavier_init(make_model(seed + shift), gain, mode)
            total += train(model, seed + shift)["train_accuracy"]
        means.append(total / len(seeds))
    return means
""",
        tells="Each gain gets other seeds, so chance is compared as well.",
    ),
    Mistake(
        "gain_sweep",
        "seeds_in_pairs_with_gains",
        "new_models_and_the_same_seeds",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain, first in zip(gains, np.resize(np.arange(len(seeds)), len(gains))):
        total = 0
        for seed in seeds:
            model = xavier_init(make_model(seeds[first]), gain, mode)
            total += train(model, seed)["train_accuracy"]
        means.append(total / len(seeds))
    return means
""",
        tells="Each gain is tried with one seed only.",
    ),
    Mistake(
        "gain_sweep",
        "one_seed_for_training",
        "new_models_and_the_same_seeds",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seeds[0])["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="All runs of a gain are trained with the same seed.",
    ),
    Mistake(
        "gain_sweep",
        "one_seed_for_all_models",
        "new_models_and_the_same_seeds",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seeds[0]), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="All models of a gain begin with the same weights.",
    ),
    Mistake(
        "gain_sweep",
        "unseeded_draws",
        "one_draw_for_every_gain",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = make_model(seed)
            torch.seed()
            xavier_init(model, gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="The weights are drawn without a seed.",
    ),
    Mistake(
        "gain_sweep",
        "one_draw_for_all_seeds",
        "one_draw_for_every_gain",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = make_model(seed)
            torch.manual_seed(0)
            xavier_init(model, gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="All models begin with the same weights, whatever the seed.",
    ),
    Mistake(
        "gain_sweep",
        "copies_of_the_first_models",
        "one_draw_for_every_gain",
        """\
import copy


def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    models = {seed: make_model(seed) for seed in seeds}
    means = []
    for gain in gains:
        total = 0
        for seed in seeds:
            model = xavier_init(copy.deepcopy(models[seed]), gain, mode)
            total += train(model, seed)["train_accuracy"]
        means.append(total / len(seeds))
    return means
""",
        tells=(
            "The weights are not drawn right after the model was made, so they do not follow from "
            "the seed."
        ),
    ),
    Mistake(
        "gain_sweep",
        "gain_ignored",
        ("new_models_and_the_same_seeds", "works_with_the_given_tools"),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), 1.0, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="The gain makes no difference.",
    ),
    Mistake(
        "gain_sweep",
        "not_initialized",
        (
            "new_models_and_the_same_seeds",
            "one_draw_for_every_gain",
            "sweeps_in_the_mode_asked_for",
            "works_with_the_given_tools",
        ),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = make_model(seed)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="The models are not initialized with the gain.",
    ),
    Mistake(
        "gain_sweep",
        "initialized_after_training",
        (
            "new_models_and_the_same_seeds",
            "one_draw_for_every_gain",
            "sweeps_in_the_mode_asked_for",
            "works_with_the_given_tools",
        ),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = make_model(seed)
            accuracies.append(train(model, seed)["train_accuracy"])
            xavier_init(model, gain, mode)
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="The models are initialized after the training.",
    ),
    Mistake(
        "gain_sweep",
        "survivors_only",
        "diverged_runs_are_shown",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(torch.tensor(accuracies).nanmean().item())
    return means
""",
        tells="Runs that diverged are left out of the mean, which makes bad gains look good.",
    ),
    Mistake(
        "gain_sweep",
        "diverged_runs_skipped",
        "diverged_runs_are_shown",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracy = train(model, seed)["train_accuracy"]
            if not math.isnan(accuracy):
                accuracies.append(accuracy)
        means.append(sum(accuracies) / max(len(accuracies), 1))
    return means
""",
        tells="Runs that diverged are left out of the mean, which makes bad gains look good.",
    ),
    Mistake(
        "gain_sweep",
        "nan_as_zero",
        "diverged_runs_are_shown",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(float(np.nan_to_num(accuracies).mean()))
    return means
""",
        tells="A run that diverged counts as 0; it should give nan.",
    ),
    Mistake(
        "gain_sweep",
        "nan_as_chance",
        "diverged_runs_are_shown",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
            if accuracies[-1] != accuracies[-1]:
                accuracies[-1] = 0.1
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="A run that diverged counts as a guess; it should give nan.",
    ),
    Mistake(
        "gain_sweep",
        "diverged_gains_left_out",
        "diverged_runs_are_shown",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return [mean for mean in means if not math.isnan(mean)]
""",
        tells="Gains whose runs diverged are left out of the list.",
    ),
    Mistake(
        "gain_sweep",
        "nan_spreads_to_later_gains",
        "diverged_runs_are_shown",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means, total = [], 0
    for gain in gains:
        before = total
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            total += train(model, seed)["train_accuracy"]
        means.append((total - before) / len(seeds))
    return means
""",
        tells="The nan of one gain spreads to those after it.",
    ),
    Mistake(
        "gain_sweep",
        "remembered_numbers",
        (
            "mean_training_accuracy",
            "new_models_and_the_same_seeds",
            "one_draw_for_every_gain",
            "diverged_runs_are_shown",
            "sweeps_in_the_mode_asked_for",
            "uses_the_tools_that_are_passed",
            "works_with_the_given_tools",
        ),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    return [0.12 for gain in gains]
""",
        tells="A constant is returned; nothing is trained.",
    ),
    Alternative(
        "gain_sweep",
        "numpy_table",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    table = np.empty((len(gains), len(seeds)))
    for j, seed in enumerate(seeds):
        for i, gain in enumerate(gains):
            model = make_model(seed=seed)
            xavier_init(model, gain, mode=mode)
            table[i, j] = train(model=model, seed=seed)["train_accuracy"]
    return table.mean(axis=1)
""",
    ),
    Alternative(
        "gain_sweep",
        "comprehensions_and_statistics",
        """\
import statistics


def run(gain, seed, mode, new, fit):
    torch.manual_seed(seed)
    network = new(seed)
    network = xavier_init(network, gain, mode)
    return fit(network, seed)["train_accuracy"]


def gain_sweep(gains, seeds=(0, 1, 2), mode="normal", make_model=make_model, train=train):
    tools = mode, make_model, train
    return tuple(statistics.fmean(run(gain, seed, *tools) for seed in seeds) for gain in gains)
""",
    ),
    Alternative(
        "gain_sweep",
        "own_initialization",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = {}
    for gain in gains:
        total = torch.zeros(())
        for seed in seeds:
            model = make_model(seed)
            torch.manual_seed(seed)
            for module in model.modules():
                if isinstance(module, nn.Linear):
                    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
                    fill[mode](module.weight, gain)
                    nn.init.zeros_(module.bias)
            total += train(model, seed)["train_accuracy"]
        means[gain] = total / len(seeds)
    return list(means.values())
""",
    ),
    Alternative(
        "gain_sweep",
        "models_made_ahead",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    result = torch.zeros(len(gains), dtype=torch.float64)
    for index, gain in enumerate(gains):
        models = [xavier_init(make_model(seed), gain, mode) for seed in seeds]
        runs = [train(model, seed) for model, seed in zip(models, seeds)]
        result[index] = sum(run["train_accuracy"] / len(runs) for run in runs)
    return result
""",
    ),
    Mistake(
        "gain_sweep",
        "means_in_a_default_argument",
        ("mean_training_accuracy", "diverged_runs_are_shown", "works_with_the_given_tools"),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train, means=[]):
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells=(
            "The list is made once, as a default argument, so the means of earlier calls are "
            "still in it."
        ),
    ),
    Mistake(
        "gain_sweep",
        "gains_popped",
        "mean_training_accuracy",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    while gains:
        gain = gains.pop(0)
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="The caller's list of gains is empty afterwards.",
    ),
    Mistake(
        "gain_sweep",
        "seeds_sorted_in_place",
        "mean_training_accuracy",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    seeds.sort()
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="The caller's list of seeds is sorted.",
    ),
    Mistake(
        "gain_sweep",
        "stops_a_gain_when_a_run_diverged",
        "diverged_runs_are_shown",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
            if math.isnan(accuracies[-1]):
                break
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="A gain's other seeds are not tried once a run has diverged.",
    ),
    Mistake(
        "gain_sweep",
        "stops_at_the_first_drop",
        ("mean_training_accuracy", "new_models_and_the_same_seeds"),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
        if means[-1] < max(means) - 0.1:
            break
    return means
""",
        tells="The sweep ends as soon as a gain is worse than the best one.",
    ),
    Mistake(
        "gain_sweep",
        "percent",
        ("mean_training_accuracy", "works_with_the_given_tools"),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(100 * sum(accuracies) / len(accuracies))
    return means
""",
        tells="The means are percentages; fractions were asked for.",
    ),
    Mistake(
        "gain_sweep",
        "rounded",
        "mean_training_accuracy",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(round(sum(accuracies) / len(accuracies), 1))
    return means
""",
        tells="The means are rounded.",
    ),
    Mistake(
        "gain_sweep",
        "trained_twice",
        ("new_models_and_the_same_seeds", "mean_training_accuracy"),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            train(model, seed)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="Each model is trained twice.",
    ),
    Mistake(
        "gain_sweep",
        "trained_with_another_seed",
        "new_models_and_the_same_seeds",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed + 1)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="The models are trained with another seed than they were made with.",
    ),
    Mistake(
        "gain_sweep",
        "one_seed_for_each_gain",
        ("new_models_and_the_same_seeds", "mean_training_accuracy", "works_with_the_given_tools"),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    return [train(xavier_init(make_model(s), g, mode), s)['train_accuracy'] for g, s in zip(gains, seeds)]
""",
        tells="Each gain is tried with one seed only.",
    ),
    Mistake(
        "gain_sweep",
        "dict_of_means",
        (
            "mean_training_accuracy",
            "new_models_and_the_same_seeds",
            "one_draw_for_every_gain",
            "diverged_runs_are_shown",
            "sweeps_in_the_mode_asked_for",
            "uses_the_tools_that_are_passed",
            "works_with_the_given_tools",
        ),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    return {g: sum(train(xavier_init(make_model(s), g, mode), s)['train_accuracy'] for s in seeds)/len(seeds) for g in gains}
""",
        tells="A dict is returned; a list was asked for.",
    ),
    Mistake(
        "gain_sweep",
        "both_accuracies",
        "mean_training_accuracy",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(np.mean(list(train(model, seed).values())))
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="Training and test accuracy are averaged.",
    ),
    Mistake(
        "gain_sweep",
        "nan_only_if_all_diverged",
        "diverged_runs_are_shown",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(float(np.nanmean(accuracies)) if not np.isnan(accuracies).all() else math.nan)
    return means
""",
        tells="Runs that diverged are left out of the mean, which makes bad gains look good.",
    ),
    Mistake(
        "gain_sweep",
        "minus_infinity_for_nan",
        "diverged_runs_are_shown",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, mode)
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(-math.inf if np.isnan(accuracies).any() else sum(accuracies) / len(accuracies))
    return means
""",
        tells="A run that diverged gives minus infinity; it should give nan.",
    ),
    Mistake(
        "gain_sweep",
        "all_models_first",
        "one_draw_for_every_gain",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    runs = [(g, s, make_model(s)) for g in gains for s in seeds]
    accuracies = [train(xavier_init(m, g, mode), s)["train_accuracy"] for g, s, m in runs]
    return [sum(accuracies[i:i + len(seeds)]) / len(seeds) for i in range(0, len(runs), len(seeds))]
""",
        tells=(
            "The weights are not drawn right after the model was made, so they do not follow "
            "from the seed."
        ),
    ),
    Alternative(
        "gain_sweep",
        "product",
        """\
import itertools


def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    found = {pair: [] for pair in enumerate(gains)}
    for pair, seed in itertools.product(found, seeds):
        model = make_model(seed)
        found[pair].append(train(xavier_init(model, pair[1], mode), seed=seed)["train_accuracy"])
    return [float(np.mean(values)) for values in found.values()]
""",
    ),
    Alternative(
        "gain_sweep",
        "backwards",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    results = []
    for gain in reversed(gains):
        total = 0.0
        for seed in seeds[::-1]:
            total += train(xavier_init(make_model(seed), gain, mode), seed)["train_accuracy"]
        results.insert(0, total / len(seeds))
    return results
""",
    ),
    Mistake(
        "gain_sweep",
        "uniform_mode",
        ("one_draw_for_every_gain", "sweeps_in_the_mode_asked_for"),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    return [sum(train(xavier_init(make_model(s), g, 'uniform'), s)['train_accuracy'] for s in seeds) / len(seeds) for g in gains]
""",
        tells="The weights are drawn uniformly, not normally.",
    ),
    Mistake(
        "gain_sweep",
        "a_gains_models_first",
        "one_draw_for_every_gain",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for g in gains:
        models = [make_model(s) for s in seeds]
        a = [train(xavier_init(m, g, mode), s)['train_accuracy'] for m, s in zip(models, seeds)]
        means.append(sum(a) / len(a))
    return means
""",
        tells="The weights are not drawn right after the model was made, so they do not follow from the seed.",
    ),
    Mistake(
        "gain_sweep",
        "nan_after_a_diverged_gain",
        "diverged_runs_are_shown",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for g in gains:
        if means and math.isnan(means[-1]):
            means.append(math.nan)
            continue
        a = [train(xavier_init(make_model(s), g, mode), s)['train_accuracy'] for s in seeds]
        means.append(sum(a) / len(a))
    return means
""",
        tells="The nan of one gain spreads to those after it.",
    ),
    Alternative(
        "gain_sweep",
        "seeds_in_the_outer_loop",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    sums = [0.0] * len(gains)
    for s in seeds:
        for i, g in enumerate(gains):
            m = make_model(s)
            xavier_init(m, g, mode)
            sums[i] += train(m, s)['train_accuracy'] / len(seeds)
    return sums
""",
    ),
    Alternative(
        "gain_sweep",
        "nan_by_hand",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for g in gains:
        a = []
        for s in seeds:
            a.append(train(xavier_init(make_model(s), g, mode), s)['train_accuracy'])
        means.append(float('nan') if any(map(math.isnan, a)) else sum(a) / len(a))
    return means
""",
    ),
    Mistake(
        "gain_sweep",
        "mode_not_passed_on",
        "sweeps_in_the_mode_asked_for",
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, "normal")
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
""",
        tells="The mode makes no difference.",
    ),
    Mistake(
        "gain_sweep",
        "always_the_given_tools",
        "uses_the_tools_that_are_passed",
        """\
def run(gain, seed, mode):
    model = xavier_init(make_model(seed), gain, mode)
    return train(model, seed)["train_accuracy"]


def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    return [sum(run(gain, seed, mode) for seed in seeds) / len(seeds) for gain in gains]
""",
        tells="The given tools are used, whichever are passed.",
    ),
    Mistake(
        "gain_sweep",
        "always_the_given_models",
        "uses_the_tools_that_are_passed",
        """\
def start(gain, seed, mode):
    return xavier_init(make_model(seed), gain, mode)


def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    means = []
    for gain in gains:
        runs = [train(start(gain, seed, mode), seed)["train_accuracy"] for seed in seeds]
        means.append(sum(runs) / len(runs))
    return means
""",
        tells="The models come from the given make_model, whichever is passed.",
    ),
    Mistake(
        "gain_sweep",
        "modes_swapped",
        ("sweeps_in_the_mode_asked_for", "one_draw_for_every_gain"),
        """\
def gain_sweep(gains, seeds, mode="normal", make_model=make_model, train=train):
    other = {"normal": "uniform", "uniform": "normal"}[mode]
    means = []
    for gain in gains:
        runs = []
        for seed in seeds:
            runs.append(train(xavier_init(make_model(seed), gain, other), seed)["train_accuracy"])
        means.append(sum(runs) / len(runs))
    return means
""",
        tells="Normal and uniform weights are exchanged.",
    ),
    Alternative(
        "gain_sweep",
        "defaults_looked_up_inside",
        """\
given = {"make_model": make_model, "train": train}


def gain_sweep(gains, seeds, mode=None, make_model=None, train=None):
    new, fit = make_model or given["make_model"], train or given["train"]
    result = []
    for gain in gains:
        result.append(0)
        for seed in seeds:
            run = fit(xavier_init(new(seed), gain, mode or "normal"), seed)
            result[-1] += run["train_accuracy"] / len(seeds)
    return result
""",
    ),
]
