"""What `autograder grade` says in the end: who has which score, and what is left for a person."""

import re
from collections.abc import Mapping

from rich.cells import cell_len

from autograder.course import Course
from autograder.errors import UserError
from autograder.feedback.table import FOLLOWS
from autograder.gradebook.records import LATE, NEEDS_MANUAL, STALE_SCORE, Record, class_records
from autograder.outcome import CheckResult, Outcome, Status
from autograder.terminal.console import console, escape, say

COLOURS = {Status.GRADED: "green", Status.UNREADABLE: "red", Status.GRADER_ERROR: "red"}
SENTENCE = re.compile(r"(?<=[.!?])\s|\n")


def standing(course: Course, assignment: str) -> dict[str, Record]:
    """Everybody's record by student; empty if the assignment has not been graded yet."""
    try:
        return {record.student: record for record in class_records(course, assignment)}
    except UserError:
        return {}


def show(
    course: Course,
    assignment: str,
    outcomes: list[Outcome],
    before: Mapping[str, Record],
    verbose: bool = False,
) -> None:
    """Say what a run has come to: a list, where to look, what needs attention, and one line of sums.

    Parameters
    ----------
    before
        The records before the run, to tell which scores have changed.
    verbose
        Whether to list all that was lost and repaired, and how long it took.
    """
    now = standing(course, assignment)
    console.print(f"[bold]{escape(assignment)}[/]")
    for line in lines(outcomes, now, before, verbose):
        console.print(line, soft_wrap=True)
    console.print(f"gradebook   {escape(course.db_url.removeprefix('sqlite:///'))}", soft_wrap=True)
    for kind in ("autograded", "feedback"):
        place = course.folder(kind) / "STUDENT" / assignment
        console.print(f"{kind:<11} {escape(str(place))}", soft_wrap=True)
    for outcome in outcomes:
        if outcome.needs_attention:
            console.print(
                f"[red]needs attention[/] {escape(_who(outcome.student, now))}: {outcome.status}: "
                f"{escape('; '.join(outcome.said))}",
                soft_wrap=True,
            )
    say(f"in total    {sums(outcomes, now)}")


def sums(outcomes: list[Outcome], records: Mapping[str, Record]) -> str:
    """How many were graded, wait for a mark, are late and need attention."""
    found = [records[o.student] for o in outcomes if o.student in records]
    counts = {
        "graded": sum(not o.needs_attention for o in outcomes),
        "waiting for a mark": sum(NEEDS_MANUAL in r.flags for r in found),
        "late": sum(LATE in r.flags for r in found),
        "needing attention": sum(o.needs_attention for o in outcomes),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items())


def lines(
    outcomes: list[Outcome],
    records: Mapping[str, Record],
    before: Mapping[str, Record],
    verbose: bool = False,
) -> list[str]:
    """Lines of markup: for each submission who, status and score, and below it what happened.

    They are as long as they have to be: nothing is cut, and a log can be searched line by line.
    """
    rows, remarks = [], []
    for outcome in outcomes:
        record = records.get(outcome.student)
        name = record.name if record and record.name != outcome.student else ""
        points = score(outcome, record, before.get(outcome.student))
        rows.append((outcome.student, name, str(outcome.status), points))
        told = everything(outcome, record) if verbose else in_short(outcome, record)
        remarks.append(told + [f"graded in {outcome.seconds:.1f} s"] * verbose)
    widths = [max(map(cell_len, column)) for column in zip(*rows)] if rows else []
    shown = []
    for outcome, row, told in zip(outcomes, rows, remarks):
        student, name, status, points = (
            escape(text + " " * (width - cell_len(text))) for text, width in zip(row, widths)
        )
        named = f"  {name}" if widths[1] else ""
        colour = COLOURS.get(outcome.status, "yellow")
        shown.append(f"{student}{named}  [{colour}]{status}[/]  {points}".rstrip())
        shown += [f"    {escape(line)}" for text in told for line in text.splitlines()]
    return shown


def score(outcome: Outcome, record: Record | None, before: Record | None) -> str:
    """What counts, as in the gradebook: with points given by hand, without the late penalty."""
    if record is None or record.score is None:
        return "–"
    text = f"{record.score:g} / {record.max_score:g}"
    if not outcome.status.has_score or STALE_SCORE in record.flags:
        return f"{text} (stale)"
    if before is not None and before.score is not None and abs(before.score - record.score) > 1e-6:
        text = f"{before.score:g} → {text}"
    if record.penalty:
        text += f" ({record.penalty:g} less: late)"
    return text


def in_short(outcome: Outcome, record: Record | None) -> list[str]:
    """The first problem, and what is left for a person."""
    lost = problems(outcome)
    if outcome.said:
        said = list(outcome.said)
    elif lost:
        more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        said = [f"{lost[0].exercise}: {first_sentence(lost[0].message)}{more}"]
    else:
        said = []
    return said + waiting(record)


def everything(outcome: Outcome, record: Record | None) -> list[str]:
    """All that was lost, repaired or left out."""
    lost = [f"{check.exercise}: {check.message}" for check in problems(outcome)]
    return [*outcome.said, *lost, *waiting(record), *outcome.notes]


def problems(outcome: Outcome) -> list[CheckResult]:
    """The checks that lost points; those that only follow from another one come last."""
    lost = [check for check in outcome.checks if check.points < check.max_points]
    return sorted(lost, key=lambda check: bool(FOLLOWS.search(check.message)))


def waiting(record: Record | None) -> list[str]:
    """Which answers a person still has to mark, and whether it came late."""
    if record is None:
        return []
    marks = [f"to be marked: {', '.join(record.unmarked)}"] if NEEDS_MANUAL in record.flags else []
    return marks + (["late"] if LATE in record.flags and not record.penalty else [])


def first_sentence(message: str) -> str:
    """The first sentence, whole."""
    return SENTENCE.split(message.strip(), maxsplit=1)[0]


def planned(course: Course, assignment: str, reasons: Mapping[str, str]) -> None:
    """Say what a run would grade, and why, as `plan.reasons` returns it."""
    records = standing(course, assignment)
    todo = {student: why for student, why in reasons.items() if why}
    for student, why in todo.items():
        say(f"{_who(student, records)}: {why}")
    rest = len(reasons) - len(todo)
    say(f"would grade {len(todo)} of {len(reasons)}; unchanged since they were graded: {rest}")


def _who(student: str, records: Mapping[str, Record]) -> str:
    record = records.get(student)
    return student if record is None or record.name == student else f"{student} ({record.name})"
