"""Tables and progress on a terminal; plain lines in a log."""

import statistics
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich import markup
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from autograder.files import printable
from autograder.outcome import Outcome

if TYPE_CHECKING:
    from autograder.authoring.calibrate import Figure
    from autograder.authoring.proving.audit import Audit
    from autograder.exports.plugin import Written
    from autograder.gradebook.totals import Totals
    from autograder.lms.collect import Report
    from autograder.lms.give_back import Returned
    from autograder.report.leaderboard import Place
    from autograder.viva.audit import Audit as VivaAudit
    from autograder.viva.sheet import Sheet

console = Console()


def escape(text: str) -> str:
    """Text of any origin: neither markup nor a command to the terminal."""
    return markup.escape(_plain(text))


def _plain(text: str) -> str:
    return "\n".join(map(printable, text.replace("\t", " ").split("\n")))


def say(what: str | Table) -> None:
    """Print text or a table; text is neither wrapped nor marked up."""
    console.print(escape(what) if isinstance(what, str) else what, soft_wrap=isinstance(what, str))


def _bar() -> Progress:
    """A bar with the time left on a terminal; in a log nothing."""
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
    return Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True,
        disable=not console.is_terminal,
    )  # fmt: skip


@contextmanager
def progress(total: int, what: str):
    """A bar on a terminal; in a log nothing. Yields a function that advances by one."""
    with _bar() as bar:
        task = bar.add_task(what, total=total)
        yield lambda label="": bar.update(task, advance=1, description=f"{what} {escape(label)}")


@contextmanager
def grading(assignment: str):
    """Progress of a grading run: on a terminal a bar with the time left, in a log a line now and then.

    Yields a `batch.Watcher`.
    """
    from autograder.grading.batch import Watcher

    with _bar() as bar:
        bar.add_task(f"grading {assignment}", total=None)
        (run,) = bar.tasks
        started = told = time.monotonic()
        told_at = 0.0

        def plan(todo: int, unchanged: int) -> None:
            bar.update(run.id, total=todo)
            if unchanged:
                say(f"unchanged since they were graded: {unchanged}")

        def outcome(outcome: Outcome) -> None:
            nonlocal told, told_at
            shown = f"grading {assignment} {escape(outcome.student)}"
            # Another submission of a student may have to be judged to find the best one.
            total = max(run.total or 0, run.completed + 1)
            bar.update(run.id, advance=1, total=total, description=shown)
            now = time.monotonic()
            if console.is_terminal or now - told < 10:
                return
            # In a log, a line at most every 10 seconds and every 5 %.
            if run.percentage - told_at >= 5:
                told, told_at = now, run.percentage
                left = (now - started) * (100 / run.percentage - 1) / 60
                say(
                    f"grading {assignment}: {run.completed:.0f} of {run.total:.0f}, "
                    f"about {left:.0f} min left"
                )

        yield Watcher(plan=plan, outcome=outcome, note=say)


def audit_report(audit: "Audit") -> None:
    """The matrix mistake × check of each exercise, then the problems."""
    for exercise in dict.fromkeys(row.exercise for row in audit.rows):
        rows = [row for row in audit.rows if row.exercise == exercise]
        names = list(dict.fromkeys(name for row in rows for name in row.failures))
        table = Table(
            "answer", *(str(i + 1) for i in range(len(names))), "self-check", "as expected",
            title=f"{audit.assignment} · {exercise}", title_justify="left",
        )  # fmt: skip
        for row in rows:
            marks = []
            for name in names:
                failed = row.failures.get(name, 0)
                marks.append("✗" if failed == audit.seeds else f"✗{failed}" if failed else "·")
            fine = "[red]no[/]" if row.problems else "[green]yes[/]"
            tick = {None: "", True: "✓", False: "✗"}[row.ticked]
            table.add_row(escape(f"{row.kind} {row.name}"), *marks, tick, fine)
        console.print(table)
        console.print("   ".join(f"{i + 1} {name}" for i, name in enumerate(names)) + "\n")
    mistakes = audit.of("mistake")
    say(
        f"{audit.assignment}: {len(mistakes)} mistakes, {len(audit.of('alternative'))} alternatives, "
        f"{audit.seeds} seeds; ✗ failed with every seed, ✗n with n of them, · passed with all; "
        "✓ the self-check accepts it"
    )
    say(
        "neither mutants nor whether mistakes are recognized: --quick leaves them out"
        if audit.quick
        else f"mutants of the reference: {audit.killed} noticed, {audit.listed} listed in SURVIVORS, "
        f"{len(audit.of('mutant'))} neither"
    )
    for name, why in audit.untried.items():
        say(f"mutants of {name} are not tried: {why}")
    if mistakes:
        cost, share = (
            statistics.mean(getattr(row, name) for row in mistakes) for name in ("cost", "share")
        )
        whole = sum(row.cost > 1 - 1e-9 for row in mistakes)
        silent = "" if audit.quick else f", {len(audit.silent)} are not recognized"
        say(
            f"a mistake costs {cost:.0%} of its exercise on average, {cost / share:.2f} times what "
            f"its check is worth ({share:.0%}); {whole} of {len(mistakes)} cost everything; "
            f"{len(audit.ticked)} get a tick from their self-check{silent}"
        )
    for problem in audit.problems:
        console.print(f"[red]problem[/] {escape(problem)}", soft_wrap=True)
    good = "answers as expected, no leak" if audit.quick else "proven, no leak"
    console.print("[red]not proven[/]" if audit.problems else f"[green]{good}[/]")


def attempt_report(found: dict) -> None:
    """What one answer would earn, as `attempts.attempt` returns it."""
    title = f"{found['exercise']} {found['name']}: {found['points']:g} of {found['max_points']:g}"
    table = Table("check", "points", "message", title=escape(title), title_justify="left")
    for name, check in found["checks"].items():
        points = f"{check['points']:g} / {check['max_points']:g}"
        table.add_row(escape(name), points, escape(check["message"]))
    console.print(table)
    selfcheck = found["selfcheck"]
    say(f"self-check  {'✓' if selfcheck['passed'] else '✗ ' + selfcheck['message']}")
    for label in ("diagnosis", "error"):
        if found[label]:
            say(f"{label:<11} {found[label]}")


def export_report(written: "Written") -> None:
    """What an export wrote, and what to know about it."""
    for path in written.files[:3]:
        console.print(f"wrote       {escape(str(path))}", soft_wrap=True)
    if len(written.files) > 3:
        console.print(f"            and {len(written.files) - 3} more files")
    for note in written.notes:
        console.print(f"[yellow]note[/]        {escape(note)}", soft_wrap=True)


def totals(found: "Totals") -> None:
    """A row per student: the points of each assignment, what there is to know of them, percentages."""
    table = Table("student", *map(escape, found.weights), "finished", "so far", "total")
    for row in found.rows:
        points = []
        for part in row.parts.values():
            score = part.record.score
            shown = "" if score is None else f"{score:g} of {part.record.max_score:g}"
            points.append(escape("\n".join(filter(None, [shown, part.note]))))
        percent = ["–" if p is None else f"{p:.1f} %" for p in (row.so_far, row.total)]
        who = row.name if row.name == row.student else f"{row.name} ({row.student})"
        table.add_row(escape(who), *points, f"{row.finished} of {found.counting}", *percent)
    console.print(table)
    for note in found.notes:
        say(f"note        {note}")


def leaderboard(places: list["Place"], title: str) -> None:
    """A row for each place, with name and pseudonym."""
    from autograder.report.leaderboard import shown

    columns = list(dict.fromkeys(name for place in places for name in place.figures))
    table = Table("place", "student", "name", "pseudonym", *columns, title=title)
    for place in places:
        figures = [shown(place.figures[n]) if n in place.figures else "–" for n in columns]
        about = map(escape, (place.student, place.name, place.pseudonym))
        table.add_row(str(place.rank), *about, *figures)
    console.print(table)


def sheets(found: list["Sheet"], folder: Path) -> None:
    """How many sheets were written, and who got none, or too few questions."""
    asked = [sheet for sheet in found if sheet.questions]
    for sheet in found:
        if sheet.problem:
            say(f"{sheet.student}: {sheet.problem}")
    say(f"wrote       {len(asked)} of {len(found)} sheets, each with its key, into {folder}")


def viva_audit(found: "VivaAudit") -> None:
    """Questions by exercise: of the reference, and the fewest of another right answer."""
    table = Table(
        "exercise", "lines", "reference", "kinds", "fewest", "mistakes", title=found.assignment
    )
    for exercise in dict.fromkeys(row.exercise for row in found.rows):
        rows = [row for row in found.rows if row.exercise == exercise]
        first, right = rows[0], [row for row in rows if row.is_right]
        fewest = min(sum(row.kinds.values()) for row in right)
        mistakes = [sum(row.kinds.values()) > 0 for row in rows if not row.is_right]
        table.add_row(
            exercise, str(first.lines), str(sum(first.kinds.values())), str(len(first.kinds)),
            str(fewest), f"{sum(mistakes)} of {len(mistakes)}",
        )  # fmt: skip
    console.print(table)
    if found.without:
        say(f"nothing is asked about {', '.join(found.without)}: no scenarios")
    for problem in found.problems:
        say(problem)
    say(f"{found.verified} questions verified, {len(found.problems)} problems")


def attention(outcomes: list[Outcome]) -> None:
    """The submissions that an instructor has to deal with."""
    for outcome in outcomes:
        if outcome.needs_attention:
            what = f"{outcome.student}: {outcome.status}: {'; '.join(outcome.said)}"
            console.print(f"[red]needs attention[/] {escape(what)}", soft_wrap=True)


def queue(found: dict) -> None:
    """The queue of `autograder serve --watch`, as `serving.state` describes it."""
    latency, now = found["latency"], found["time"]
    done = sum(a["submissions"] for a in found["assignments"])
    say(f"graded {done}, running {len(found['running'])}, waiting {len(found['waiting'])}")
    if latency["n"]:
        say(
            f"from arrival to feedback, last {latency['n']}: half within {latency['p50']} s, "
            f"95 of 100 within {latency['p95']} s"
        )
    for kind in ("running", "waiting"):
        for entry in found[kind]:
            held = f", until {_clock(entry['until'])} (attempts per hour)" if entry["until"] else ""
            waits = f"{now - entry['since']:.1f} s{held}"
            say(f"{kind}  {entry['student']}, {entry['assignment']}: {waits}")
    for problem in found["problems"]:
        where = ", ".join(filter(None, (problem["student"], problem["assignment"])))
        say(f"needs attention  {where}: {problem['message']}")


def _clock(moment: float) -> str:
    """A moment of today, as this machine's clock shows it."""
    return time.strftime("%H:%M", time.localtime(moment))


def collect_report(report: "Report") -> None:
    """Who handed in, what became of it, and every file that was left out."""
    table = Table("student", "name", "outcome", "files", "remarks")
    for placed in report.placed:
        colour = "red" if placed.needs_attention else "green"
        table.add_row(
            escape(placed.student), escape(placed.name), f"[{colour}]{placed.outcome}[/]",
            str(len(placed.files)), escape("; ".join(placed.notes)),
        )  # fmt: skip
    console.print(table)
    for name, reason in report.left_out.items():
        console.print(f"[red]left out[/] {escape(name)}: {escape(reason)}", soft_wrap=True)
    if report.ignored:
        console.print(f"ignored     {len(report.ignored)} files made by operating systems")


def return_report(returned: "Returned") -> None:
    """To whom feedback was given, and who was left out."""
    for student, reason in returned.held_back.items():
        console.print(f"[yellow]held back[/]   {escape(student)}: {escape(reason)}", soft_wrap=True)
    place = returned.path or "the exchange"
    say(f"returned    {len(returned.students)} pages: {place}")
    for note in returned.notes:
        console.print(f"[yellow]note[/]        {escape(note)}", soft_wrap=True)


def calibration_report(figures: list["Figure"]) -> None:
    """Scores of the reference and of mistakes beside each threshold."""
    for figure in figures:
        table = Table(
            "solution", "n", "mean", "sd", "lowest", "highest", "reaches the threshold",
            title=f"{figure.name} on {figure.dataset} ({figure.device}): "
            f"threshold {figure.threshold:.1%}",
        )  # fmt: skip
        for label, scores in figure.scores.items():
            table.add_row(
                label,
                str(len(scores)),
                f"{statistics.mean(scores):.2%}",
                f"{statistics.stdev(scores):.2%}",
                f"{min(scores):.2%}",
                f"{max(scores):.2%}",
                f"{sum(s >= figure.threshold for s in scores)} of {len(scores)}",
            )
        console.print(table)
        console.print(
            f"estimated chance that another correct solution fails: {figure.false_fail:.1e}\n"
        )


def facts(found: dict[str, str]) -> None:
    """Names and values, one per line."""
    width = max(map(len, found))
    for name, value in found.items():
        console.print(f"{escape(name):<{width}}  {escape(value)}", soft_wrap=True)


def fail(message: str) -> None:
    """One clear message on standard error."""
    print(f"autograder: {_plain(message)}", file=sys.stderr)
