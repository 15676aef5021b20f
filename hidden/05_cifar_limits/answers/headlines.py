"""Answers to `honest_headline`."""

from autograder.checking import Alternative, Mistake

HEADLINE = """
def honest_headline(attempts):
    score = lambda name: np.mean([run["val_accuracy"] for run in attempts[name]])
    name = max(attempts, key=score)
    tests = [run["test_accuracy"] for run in attempts[name]]
    std = float(np.std(tests, ddof=1)) if len(tests) > 1 else float("nan")
    return name, float(np.mean(tests)), std, sum(len(runs) for runs in attempts.values())
"""


def _with(*changes):
    source = HEADLINE
    for old, new in changes:
        if old not in source:
            raise ValueError(f"{old!r} is not in the source")
        source = source.replace(old, new)
    return source


def _wrong(name, fails, *changes, tells):
    return Mistake("honest_headline", name, fails, _with(*changes), tells=tells)


def _choice(name, score, tells):
    return _wrong(
        name, "mean_validation_chooses",
        ('np.mean([run["val_accuracy"] for run in attempts[name]])', score), tells=tells,
    )  # fmt: skip


_VALS = '[run["val_accuracy"] for run in attempts[name]]'
_TESTS = '[run["test_accuracy"] for run in attempts[name]]'

ANSWERS = [
    _choice(
        "chosen by the mean test accuracy", f"np.mean({_TESTS})",
        "The configuration is chosen by its test accuracies.",
    ),
    _choice(
        "chosen by the best test accuracy", f"max({_TESTS})",
        "The configuration is chosen by its best test accuracy.",
    ),
    _choice(
        "chosen by the best seed", f"max({_VALS})",
        "The configuration is chosen by its best seed, not by the mean over its seeds.",
    ),
    _choice(
        "chosen by the sum", f"sum({_VALS})",
        "Validation accuracies are summed: a configuration with more runs has an advantage.",
    ),
    _choice(
        "chosen by the median", f"np.median({_VALS})",
        "The configuration is chosen by the median of its validation accuracies, not by their mean.",
    ),
    _choice(
        "chosen by the first seed", f"{_VALS}[0]",
        "The configuration is chosen by its first run alone.",
    ),
    _choice("the worst one", f"-np.mean({_VALS})", "The worst configuration is chosen."),
    _wrong(
        "the best seed's test accuracy", "test_accuracies_are_reported",
        ("float(np.mean(tests))", "max(tests)"),
        tells="The best test accuracy is reported, not the mean over the seeds.",
    ),
    _wrong(
        "test accuracy of the best validation", "test_accuracies_are_reported",
        ("float(np.mean(tests))", 'max(attempts[name], key=lambda run: run["val_accuracy"])["test_accuracy"]'),
        tells="The test accuracy of one run is reported, not the mean over the seeds.",
    ),
    _wrong(
        "validation accuracies reported", "test_accuracies_are_reported",
        ('run["test_accuracy"]', 'run["val_accuracy"]'),
        tells="Validation accuracies are reported; they have been used for the choice.",
    ),
    _wrong(
        "divided by n", "test_accuracies_are_reported", ("ddof=1", "ddof=0"),
        tells="The standard deviation divides by n: that of a sample divides by n - 1.",
    ),
    _wrong(
        "the standard error", "test_accuracies_are_reported",
        ("float(np.std(tests, ddof=1))", "float(np.std(tests, ddof=1)) / len(tests) ** 0.5"),
        tells="The standard error of the mean is reported, not the standard deviation.",
    ),
    _wrong(
        "in percent", "test_accuracies_are_reported",
        ("float(np.mean(tests))", "100 * float(np.mean(tests))"),
        tells="The mean is in percent; a fraction was asked for.",
    ),
    _wrong(
        "no spread reported as 0", "one_run_has_no_spread", ('float("nan")', "0.0"),
        tells="The standard deviation of a single run is reported as 0, as if it were known.",
    ),
    _wrong(
        "no spread reported as None", "one_run_has_no_spread", ('float("nan")', "None"),
        tells="The standard deviation of a single run is None; nan was asked for.",
    ),
    _wrong(
        "nan for equal runs, too", "one_run_has_no_spread",
        ("if len(tests) > 1", "if len(set(tests)) > 1"),
        tells="Two equal runs get nan: their standard deviation is 0.",
    ),
    _wrong(
        "runs of the chosen one counted", "every_run_counts",
        ("sum(len(runs) for runs in attempts.values())", "len(tests)"),
        tells="Only the runs of the chosen configuration are counted.",
    ),
    _wrong(
        "configurations counted", "every_run_counts",
        ("sum(len(runs) for runs in attempts.values())", "len(attempts)"),
        tells="Configurations are counted, not their runs.",
    ),
    _wrong(
        "the others thrown away", "every_run_counts",
        (", sum(len(runs) for runs in attempts.values())", ", num_runs"),
        ("    tests =", "    num_runs = sum(len(runs) for runs in attempts.values())\n    for other in set(attempts) - {name}:\n        del attempts[other]\n    tests ="),
        tells="The attempts that were not chosen are deleted from what belongs to the caller.",
    ),
    Alternative(
        "honest_headline", "the statistics module, a list",
        '''
def honest_headline(attempts):
    import statistics

    best, count = None, 0
    for name, runs in attempts.items():
        count += len(runs)
        mean = statistics.fmean(run["val_accuracy"] for run in runs)
        if best is None or mean > best[0]:
            best = mean, name
    tests = [run["test_accuracy"] for run in attempts[best[1]]]
    try:
        spread = statistics.stdev(tests)
    except statistics.StatisticsError:
        spread = math.nan
    return [best[1], statistics.mean(tests), spread, count]
''',
    ),
    Alternative(
        "honest_headline", "tensors, sorted names",
        '''
def honest_headline(attempts):
    def of(name, key):
        return torch.tensor([run[key] for run in attempts[name]], dtype=torch.float64)

    *_, name = sorted(attempts, key=lambda name: of(name, "val_accuracy").mean().item())
    tests = of(name, "test_accuracy")
    std = tests.std() if len(tests) > 1 else torch.tensor(float("nan"))
    return name, tests.mean(), std, np.sum([len(runs) for runs in attempts.values()])
''',
    ),
]  # fmt: skip
