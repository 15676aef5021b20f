"""What `grade` says in the end, and what `--dry-run` and `--student` find, without grading anything."""

import io
import sys

import pytest
from rich.cells import cell_len
from rich.console import Console

from autograder import cli
from autograder.authoring.classroom import hand_in, released
from autograder.errors import UserError
from autograder.gradebook import ledger
from autograder.gradebook.records import Exercise, Record
from autograder.gradebook.writer import opened
from autograder.grading import plan
from autograder.lms.students import choose
from autograder.outcome import CheckResult, Outcome, Status
from autograder.submission.pack import digest
from autograder.terminal import summary

A = "99_tiny"
LONG = "Maria Magdalena von und zu Hohenlohe-Waldenburg-Schillingsfürst"
FIRST = (
    "The first step is ten times as long as the stated rule says, on every input that was drawn."
)


def outcome(student="ada", status="graded", **given):
    checks = [
        CheckResult("sgd", "later", "Later.", 0.0, 2.0, "depends on the first step"),
        CheckResult("sgd", "first", "First.", 0.0, 3.0, f"{FIRST} Is the rate used once?\nline 3"),
        CheckResult("adam", "right", "Right.", 15.0, 15.0),
    ]
    return Outcome(student, A, Status(status), 20.0, **{"score": 15.0, "checks": checks} | given)


def record(student="ada", score=15.0, **given):
    return Record(student, A, "graded", score, 29.0, **given)


def printed(outcomes, records, before=(), verbose=False) -> str:
    """What stands on a narrow terminal, with its broken lines joined again."""
    out = io.StringIO()
    by_student = [{r.student: r for r in found} for found in (records, before)]
    terminal = Console(file=out, width=40)
    for line in summary.lines(outcomes, *by_student, verbose):
        terminal.print(line, soft_wrap=True)
    return out.getvalue()


def test_the_total_is_the_gradebooks_and_says_what_is_missing():
    waiting = Exercise("why", None, 9.0, written=True, needs_manual=True)
    flagged = record(flags=("needs manual grading",), exercises=(waiting,))
    told = printed([outcome()], [flagged])
    assert "15 / 29" in told and "20" not in told
    assert "to be marked: why" in told


def test_a_regrade_shows_old_and_new_and_the_penalty():
    late = record(score=18.5, penalty=2.0, flags=("late",))
    told = printed([outcome()], [late], [record(score=12.0)])
    assert "12 → 18.5 / 29 (2 less: late)" in told
    assert "→" not in printed([outcome()], [late], [late])
    assert summary.score(outcome(status="unreadable"), record(score=3.0), None) == "3 / 29 (stale)"
    assert summary.score(outcome(), record(score=None), None) == "–"


def test_the_first_problem_is_what_others_follow_from_and_its_first_sentence_is_whole():
    told = printed([outcome()], [record()])
    assert f"sgd: {FIRST} (and 1 more)" in told
    assert "rate used once" not in told and "depends on" not in told


def test_neither_names_nor_messages_are_cut_and_columns_stand_below_each_other():
    student = "maria-magdalena-von-und-zu-hohenlohe-waldenburg-schillingsfuerst"
    named = record(student, first_name=LONG.rpartition(" ")[0], last_name=LONG.rpartition(" ")[2])
    wide = record("wei", first_name="王", last_name="[red]伟")
    rows = printed([outcome(student), outcome("wei"), outcome("x")], [named, wide]).splitlines()
    first, second, third = (row for row in rows if not row.startswith("    "))
    assert f"{student}  {LONG}  graded  15 / 29" == first
    assert second.startswith("wei ") and "王 [red]伟" in second
    places = {cell_len(row.partition("graded")[0]) for row in (first, second, third)}
    assert len(places) == 1
    assert rows[1] == f"    sgd: {FIRST} (and 1 more)"


def test_details_are_told_when_asked_for():
    noted = outcome(notes=["check_sgd: the cell was put back"], seconds=12.34)
    short, long = (printed([noted], [record()], verbose=v) for v in (False, True))
    assert "put back" not in short and "12.3" not in short
    assert "put back" in long and "12.3" in long and "depends on the first step" in long


def test_one_line_sums_up(capsys):
    broken = outcome("ben", "unreadable", score=None, checks=[], message="it is empty")
    records = [record(flags=("late", "needs manual grading")), record("ben", None)]
    told = summary.sums([outcome(), broken], {r.student: r for r in records})
    assert told == "1 graded, 1 waiting for a mark, 1 late, 1 needing attention"


@pytest.fixture
def class_of_four(course):
    """Four submissions, of people of whom two have the same name; nobody has been graded."""
    with opened(course) as book:
        for student, first, last in [
            ("ada", "Ada", "Lovelace"), ("jm1", "Jörg", "Müller"), ("jm2", "Joerg", "Mueller"),
            ("ben", "", ""),
        ]:  # fmt: skip
            book.add_student(student, first_name=first, last_name=last)
            hand_in(course, student, A, released(course, A))
    return course


def test_students_are_found_by_id_and_by_full_name(class_of_four):
    def chosen(*wanted):
        return choose(class_of_four, A, wanted)

    assert chosen() == ["ada", "ben", "jm1", "jm2"]
    assert chosen("Ada Lovelace", "ben", "ada") == ["ada", "ben"]
    assert chosen("lovelace, ada") == ["ada"]
    with pytest.raises(UserError, match="2 students are called Jörg Müller: name one of jm1, jm2"):
        chosen("Jörg Müller")
    for nobody in ("Ada", "", "../ada", "Lovelace"):
        with pytest.raises(UserError, match="expected a student's id or full name"):
            chosen(nobody)


def attempt(course, student, **hashes):
    folder = course.folder("submitted") / student / A
    found = ledger.hashes(course, A) | {"submission": digest(folder)} | hashes
    status = Status.GRADER_ERROR if hashes.pop("failed", "") else Status.UNREADABLE
    ended = Outcome(student, A, status, 5.0, message="it is empty")
    ledger.append(course, A, ledger.Attempt(ledger.now(), student, found, ended))


def test_a_dry_run_says_why_and_changes_nothing(class_of_four, monkeypatch, capsys):
    course = class_of_four
    attempt(course, "ada")
    attempt(course, "ben", submission="other")
    attempt(course, "jm1", checks="other", environment="other")
    found = plan.reasons(course, A, choose(course, A))
    assert found == {
        "ada": "", "ben": "the submission has changed",
        "jm1": "the checks have changed; libraries, helpers or settings have changed",
        "jm2": "it has not been graded yet",
    }  # fmt: skip
    assert plan.reasons(course, A, ["ada"], force=True) == {"ada": "all are graded again (--force)"}
    before = sorted(course.root.rglob("*"))
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(sys, "argv", ["autograder", "grade", A, "--dry-run"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code in (0, None)
    said = capsys.readouterr().out
    assert "ben: the submission has changed\n" in said
    assert "would grade 3 of 4; unchanged since they were graded: 1" in said
    # What only says that a command is running does not count.
    assert sorted(p for p in course.root.rglob("*") if p.name != "lock") == before


def test_a_record_that_is_missing_is_no_error():
    told = printed([outcome()], [])
    assert "ada" in told and "–" in told
