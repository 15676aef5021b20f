"""A wrong answer that behaves as a known mistake is told which; nobody else is told anything."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from autograder.authoring.expand import expand
from autograder.checking import Mistake, hidden, wire
from autograder.checking.check import challenge_seed, run_checks
from autograder.checking.diagnosis import Recorder, diagnose
from autograder.checking.reference import Reference, read_reference
from autograder.checking.student import LocalStudent

A = "99_tiny"
ASSIGNMENTS = [
    "01_mlp_basics", "02_deep_vs_wide", "03_optimizers", "04_initialization", "05_cifar_limits",
]  # fmt: skip


def seed(item):
    return challenge_seed(b"secret", b"submission", item.name)


def own_of(course, assignment):
    return hidden.load(course.hidden, assignment)


def reference_of(course, assignment):
    return read_reference(course.source_notebook(assignment))


def judged(course, assignment, exercise, source, seconds=60.0):
    """The results of an answer's checks with their diagnoses, as the judge gets them."""
    own, reference = own_of(course, assignment), reference_of(course, assignment)
    namespace = reference.namespace(**{exercise: source})
    namespace["print"] = lambda *args, **kwargs: None
    recorder = Recorder(LocalStudent(namespace))
    checks = own.checks[exercise]
    results = run_checks([recorder.watched(item) for item in checks], recorder, seed)
    return diagnose(own, reference, checks, results, recorder.replies, seed, seconds)


def told(*args, **kwargs):
    """The sentences that the student reads."""
    return [r.diagnosis for r in judged(*args, **kwargs) if r.diagnosis]


def mistakes_of(course, assignment):
    return [a for a in own_of(course, assignment).answers if isinstance(a, Mistake)]


@pytest.fixture
def bank(course, monkeypatch):
    """Call it with mistakes to put them in place of the tiny assignment's."""

    def fill(*mistakes):
        monkeypatch.setattr(own_of(course, A).module("answers"), "ANSWERS", list(mistakes))

    return fill


SQUARES = Mistake("double", "squares", "one_number", "def double(x):\n    return x * x\n")


def test_the_same_mistake_in_other_words_is_named(course):
    source = "def double(x):\n    y = 1 * x\n    return pow(y, 2)\n"
    assert told(course, A, "double", source) == ["This is the square."]
    assert judged(course, A, "double", source)[0].diagnosis


def test_another_mistake_is_not_named(course):
    assert told(course, A, "double", "def double(x):\n    return 3 * x\n") == []
    assert told(course, A, "double", "def double(x):\n    raise NotImplementedError()\n") == []


def test_an_untouched_answer_costs_nothing(course, monkeypatch):
    monkeypatch.setattr("autograder.checking.diagnosis._behaves_alike", None)
    assert told(course, A, "double", "def double(x):\n    raise NotImplementedError()\n") == []


def test_a_mistake_that_fails_fewer_checks_is_not_named(course):
    source = "def double(x):\n    return x * x if hasattr(x, 'shape') else 2 * x\n"
    results = judged(course, A, "double", source)
    assert [r.points for r in results] == [1, 0] and not any(r.diagnosis for r in results)


def test_right_answers_are_told_nothing(course):
    assert told(course, A, "double", "def double(x):\n    return x + x\n") == []


def test_two_names_for_one_behaviour_say_nothing_and_one_says_it(course, bank):
    first, second = replace(SQUARES, tells="One."), replace(SQUARES, name="other", tells="Two.")
    bank(first, second)
    assert told(course, A, "double", SQUARES.source) == []
    bank(first, replace(second, tells="One."))
    assert told(course, A, "double", SQUARES.source) == ["One."]
    bank(replace(first, tells=""))
    assert told(course, A, "double", SQUARES.source) == []


def test_errors_are_compared_by_type_and_message(course, bank):
    def raising(error, where):
        return f"def double(x):\n    {where} = 1\n    raise {error}\n"

    bank(replace(SQUARES, source=raising("ValueError(f'{object()}')", "a"), tells="It raises."))
    address = "def double(x):\n    raise ValueError(object())\n"
    assert told(course, A, "double", address) == ["It raises."]
    assert told(course, A, "double", raising("TypeError(object())", "b")) == []


def test_a_mistake_that_breaks_this_process_is_passed_over(course, bank):
    breaks = replace(SQUARES, name="breaks", source="raise RuntimeError('no cell')", tells="No.")
    bank(breaks, replace(SQUARES, tells="Yes."))
    assert told(course, A, "double", SQUARES.source) == ["Yes."]


def test_nothing_is_said_when_time_runs_out(course):
    assert told(course, A, "double", SQUARES.source, seconds=-1) == []


def test_what_the_first_import_takes_is_not_counted(course, monkeypatch):
    """A worker that had just started gave no diagnosis, another gave one: unequal results."""
    clock = [0.0]
    monkeypatch.setattr("autograder.checking.diagnosis.time.thread_time", lambda: clock[0])
    whole, seen = Reference.namespace, []

    def slow_at_first(self, **replaced):
        seen.append(1)
        clock[0] += 1000 if len(seen) == 2 else 0  # the first is that of the student
        return whole(self, **replaced)

    monkeypatch.setattr(Reference, "namespace", slow_at_first)

    def slow(self):
        clock[0] += 1000

    monkeypatch.setattr(LocalStudent, "warm_up", slow)
    assert told(course, A, "double", SQUARES.source, seconds=1) == ["This is the square."]


def test_an_exercise_whose_own_checks_failed_to_run_says_nothing(course):
    checks = own_of(course, A).checks["double"]
    results = judged(course, A, "double", SQUARES.source)
    results = [replace(r, diagnosis="", error="the grader's own") for r in results]
    assert (
        diagnose(own_of(course, A), reference_of(course, A), checks, results, {}, seed) == results
    )


def test_a_reply_that_never_came_is_no_evidence(course):
    """A time-out leaves fewer replies than the mistake's: it is not named."""
    checks = own_of(course, A).checks["double"]
    results = [replace(r, diagnosis="") for r in judged(course, A, "double", SQUARES.source)]
    assert (
        diagnose(
            own_of(course, A),
            reference_of(course, A),
            checks,
            results,
            {r.check: [] for r in results},
            seed,
        )
        == results
    )


@pytest.mark.parametrize("kind", [np.zeros(2), ["NotImplementedError"], None])
def test_a_forged_kind_of_error_is_no_error_of_the_grader(course, kind):
    class Forger(LocalStudent):
        def _ask(self, request, timeout):
            return wire.encode({"error": {"type": kind, "message": kind, "line": kind}})

    own, reference = own_of(course, A), reference_of(course, A)
    recorder, checks = Recorder(Forger({})), own.checks["double"]
    results = run_checks([recorder.watched(item) for item in checks], recorder, seed)
    assert diagnose(own, reference, checks, results, recorder.replies, seed) == results
    assert {(r.points, r.error) for r in results} == {(0.0, "")}
    # An array's text can take a minute to write.
    assert {r.message for r in results} == {"your code raised an exception of its own kind at `?`"}


def test_random_generators_are_as_before(course):
    draws = []
    for _ in range(2):
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)
        if draws:
            exercises = reference_of(course, A)
            checks = own_of(course, A).checks["double"]
            recorder = Recorder(LocalStudent(exercises.namespace(double=SQUARES.source)))
            results = run_checks([recorder.watched(c) for c in checks], recorder, seed)
            random.seed(1)
            np.random.seed(1)
            torch.manual_seed(1)
            assert diagnose(
                own_of(course, A), reference_of(course, A), checks, results, recorder.replies, seed
            )[0].diagnosis
        draws.append((random.random(), np.random.rand(), torch.rand(1).item()))
    assert draws[0] == draws[1]


def test_what_a_check_file_reads_is_left_out(course, monkeypatch):
    module = own_of(course, A).module("answers")
    monkeypatch.setattr(module, "FILE_CHECKS", ("an_array", "one_number"), raising=False)
    assert told(course, A, "double", SQUARES.source) == []
    monkeypatch.setattr(module, "FILE_CHECKS", ("an_array",), raising=False)
    assert told(course, A, "double", SQUARES.source) == ["This is the square."]


def test_replies_are_kept_for_failing_checks_only(course):
    exercises = reference_of(course, A)
    recorder = Recorder(LocalStudent(exercises.namespace()))
    run_checks([recorder.watched(c) for c in own_of(course, A).checks["double"]], recorder, seed)
    assert recorder.replies == {}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_built_notebook_holds_the_reference(real_course, assignment):
    written = Reference(expand(real_course, assignment))
    assert reference_of(real_course, assignment).solutions == written.solutions


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_sentences_are_sentences(real_course, assignment):
    mistakes = mistakes_of(real_course, assignment)
    sentences = [mistake.tells for mistake in mistakes if mistake.tells]
    assert len(sentences) > len(mistakes) / 2
    for tells in sentences:
        assert tells[0].isupper() or tells[0] == "`", tells
        assert tells[-1] in ".?" and len(tells) <= 130 and tells.count("`") % 2 == 0, tells
