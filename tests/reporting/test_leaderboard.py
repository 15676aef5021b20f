"""The leaderboard: order, ties and pseudonyms, and a page that shows only one kind of name."""

import pytest
from typer.testing import CliRunner

from autograder import cli
from autograder.checking.check import Check, run_checks
from autograder.errors import UserError
from autograder.gradebook.records import Record
from autograder.outcome import CheckResult, Outcome, Status
from autograder.report import leaderboard

A = "99_tiny"
SCORES = {"ada": 0.6632, "ben": 0.7011, "<b>cem": 0.6632, "dan": None}


def record(student, accuracy):
    figures = {} if accuracy is None else {"accuracy": accuracy, "numbers": 1_200_000}
    result = CheckResult("improved", "accurate", "", 1.0, 1.0, figures=figures)
    return Record(student, A, "graded", 1.0, 1.0, last_name=student.title(), checks=(result,))


@pytest.fixture
def ranked(course, monkeypatch):
    records = [record(*pair) for pair in SCORES.items()]
    monkeypatch.setattr(leaderboard, "class_records", lambda *_: records)
    return course


def test_the_largest_figure_is_first_and_equal_ones_share_a_place(ranked):
    places = leaderboard.gather(ranked, A)
    assert [p.rank for p in places] == [1, 2, 2]
    assert places[0].student == "ben"
    assert {p.student for p in places} == {"ada", "ben", "<b>cem"}


def test_the_page_shows_pseudonyms_or_names_and_never_both(ranked):
    places = leaderboard.gather(ranked, A)
    pages = [leaderboard.render(A, places, names) for names in (False, True)]
    hidden, named = (page.partition("<main>")[2] for page in pages)
    for place in places:
        assert place.pseudonym in hidden and place.pseudonym not in named
        assert place.student not in hidden and place.name not in hidden
    assert "&lt;B&gt;Cem" in named and "<b>" not in named.lower()
    assert "0.7011" in hidden and "1,200,000" in hidden


def test_pseudonyms_differ_stay_and_follow_from_the_secret():
    students = [f"student{i}" for i in range(2000)]
    chosen = leaderboard._pseudonyms(b"secret", students)
    assert len(set(chosen.values())) == 2000
    assert leaderboard._pseudonyms(b"secret", students[::-1]) == chosen
    assert leaderboard._pseudonyms(b"another", students) != chosen


def test_without_a_figure_there_is_one_sentence(ranked, monkeypatch):
    monkeypatch.setattr(leaderboard, "class_records", lambda *_: [record("dan", None)])
    with pytest.raises(UserError, match="found none"):
        leaderboard.gather(ranked, A)


def test_the_command_writes_the_page_and_tells_who_is_who(ranked, tmp_path):
    page = tmp_path / "page.html"
    arguments = ["leaderboard", A, "--course", str(ranked.root), "--output", str(page)]
    ended = CliRunner().invoke(cli.app, arguments)
    assert ended.exit_code == 0, ended.output
    (best, *_) = leaderboard.gather(ranked, A)
    assert best.student in ended.output and best.pseudonym in page.read_text(encoding="utf-8")


def test_what_a_check_returns_reaches_the_ledger():
    class Student:
        seed = 0

    item = Check("improved", "accurate", 1.0, lambda student, rng: {"accuracy": 0.5})
    results = run_checks([item], Student(), lambda item: 0)
    outcome = Outcome("ada", A, Status.GRADED, 1.0, 1.0, checks=results)
    (read,) = Outcome.from_dict(outcome.as_dict()).checks
    assert read.figures == {"accuracy": 0.5}
