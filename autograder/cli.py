"""The `autograder` command."""

import io
import logging
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from autograder import files
from autograder.course import Course
from autograder.errors import UserError
from autograder.serving import client
from autograder.terminal import console

app = typer.Typer(
    help="Build, prove and grade the assignments of this course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
CourseOption = Annotated[Path, typer.Option("--course", help="The course folder.")]
HERE = Path(".")


def _course(start: Path) -> Course:
    """The course; its warm process, if there is one, runs the command instead of this process."""
    found = Course.find(start)
    client.hand_over(found)
    return found


def _to_write(ending: str):
    """For the name of a file to write: refused before the work begins if it cannot be written."""
    return lambda path: path and files.expect_writable(path, ending)


def _to_read(path: Path | None) -> Path | None:
    """For the name of a file to read; `-` is the terminal."""
    return path if path is None or str(path) == "-" else files.expect_readable(path)


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="An empty folder; created if it does not exist.")],
) -> None:
    """Write a small, complete course to turn into your own."""
    from autograder.authoring.new import new_course

    print(f"new course  {new_course(folder).root}")
    print("next        in this folder: autograder build, autograder audit, autograder demo")


@app.command()
def build(
    course: CourseOption = HERE,
    check: Annotated[bool, typer.Option("--check", help="Only say what is stale.")] = False,
) -> None:
    """Build source/ and release/ from notebooks/."""
    from autograder.authoring import build as building

    found = Course.find(course)
    if not check:
        print("built", ", ".join(building.build(found)))
        return
    stale = building.stale(found)
    if stale:
        raise UserError(f"stale: {', '.join(stale)}: run `autograder build`")
    print("source/ and release/ are up to date")


@app.command()
def grade(
    assignment: str,
    course: CourseOption = HERE,
    student: Annotated[
        list[str] | None,
        typer.Option(help="An id or a full name: grade this student only; may be repeated."),
    ] = None,
    results: Annotated[
        Path | None, typer.Option(help="Also write the results here.", callback=_to_write(".json"))
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Submissions graded at a time; default: one per core.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="A Dask scheduler whose workers grade, such as tcp://HOST:8786."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Regrade unchanged submissions too.")
    ] = False,
    accept_drift: Annotated[
        bool,
        typer.Option("--accept-drift", help="Drop grades of removed cells from the gradebook."),
    ] = False,
    allow_unsealed: Annotated[
        bool, typer.Option("--allow-unsealed", help="Grade even if code cannot be sealed off.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be graded, and why.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Everything that was repaired, lost or slow.")
    ] = False,
) -> None:
    """Grade what is new or changed in submitted/: gradebook, autograded/ and feedback/.

    Exit code 0 when every submission got its score, 1 when some need attention, 130 after Ctrl-C.
    """
    from autograder.lms.students import choose

    found = _course(course)
    name = found.expect_assignment(assignment)
    students = choose(found, name, student or [])
    if dry_run:
        from autograder.grading import plan
        from autograder.terminal import summary

        return summary.planned(found, name, plan.reasons(found, name, students, force))
    if allow_unsealed:
        found.config.Judge.allow_unsealed = True
    options = {
        "workers": workers, "scheduler": scheduler, "force": force, "accept_drift": accept_drift
    }  # fmt: skip
    outcomes = _grade(found, name, students, results, verbose, **options)
    if any(o.needs_attention for o in outcomes):
        raise typer.Exit(1)


def _grade(
    course, assignment, students: list[str], results: Path | None, verbose=False, **options
) -> list:
    """Grade with progress, show the outcomes and return them."""
    from autograder.grading import batch

    before = None

    def begin() -> None:
        from autograder.terminal import summary

        nonlocal before
        before = summary.standing(course, assignment)

    try:
        with console.grading(assignment) as watcher:
            watcher.begin = begin
            outcomes = batch.grade(course, assignment, students, watcher=watcher, **options)
    except batch.Interrupted as end:
        if results is not None:
            batch.write_results(end.outcomes, results)
        console.fail(f"{end}: run the same command again")
        raise typer.Exit(130) from None
    if before is None and not verbose:
        # Names and scores are in the gradebook, which takes seconds to open.
        console.attention(outcomes)
    else:
        from autograder.terminal import summary

        summary.show(course, assignment, outcomes, before or {}, verbose)
    if results is not None:
        batch.write_results(outcomes, results)
        console.say(f"results     {results}")
    return outcomes


@app.command()
def audit(
    assignment: Annotated[str | None, typer.Argument()] = None,
    course: CourseOption = HERE,
    seeds: Annotated[int, typer.Option(min=1, max=256)] = 25,
    exercise: Annotated[str | None, typer.Option(help="Look at one exercise only.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Neither mutants nor whether mistakes are recognized.")
    ] = False,
) -> None:
    """Prove the hidden checks: known mistakes and small changes of the reference fail as expected,
    other correct answers pass, self-checks agree, nothing leaks."""
    from autograder.authoring.proving import audit as auditing

    found = _course(course)
    if exercise is not None and assignment is None:
        raise UserError("expected an assignment too: autograder audit ASSIGNMENT --exercise NAME")
    names = found.assignments if assignment is None else [found.expect_assignment(assignment)]
    problems = 0
    for name in names:
        with console.progress(0, f"auditing {name}") as advance:
            report = auditing.audit(
                found, name, seeds, lambda row: advance(row.name), exercise, quick
            )
        console.audit_report(report)
        problems += len(report.problems)
    if problems:
        raise typer.Exit(1)


@app.command("draft-mistake")
def draft_mistake(
    assignment: str,
    exercise: str,
    student: Annotated[
        str | None,
        typer.Option(
            help="An id or a full name; default: the example of the report's largest group."
        ),
    ] = None,
    course: CourseOption = HERE,
    output: Annotated[
        Path | None,
        typer.Option(
            help="A Python file: add the entry to its list ANSWERS, or make the file.",
            callback=_to_write(".py"),
        ),
    ] = None,
    allow_unsealed: Annotated[
        bool, typer.Option("--allow-unsealed", help="Go on even if code cannot be sealed off.")
    ] = False,
) -> None:
    """Make an entry of the answer bank from a wrong answer that behaves like no known mistake.

    Comments, docstrings and names of students are taken out; the checks that it fails are filled in.
    """
    from autograder.authoring import draft as drafting
    from autograder.lms.students import choose
    from autograder.report import data

    found = Course.find(course)
    name = found.expect_assignment(assignment)
    whose = choose(found, name, [student])[0] if student is not None else ""
    whose = whose or data.example(found, name, exercise)
    drafted = drafting.draft(found, name, exercise, whose, allow_unsealed)
    if output is None:
        print(drafted.entry, end="")
    else:
        console.say(f"wrote       {drafting.add(drafted, output)}")
    notes = [*drafted.notes, f"then run `autograder audit {name} --exercise {exercise}`"]
    for note in notes:
        console.fail(note)


@app.command("try")
def try_answers(
    assignment: str,
    exercise: Annotated[str | None, typer.Argument()] = None,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="The solution cell, as Python code; - for the terminal.", callback=_to_read
        ),
    ] = None,
    course: CourseOption = HERE,
    answers: Annotated[
        Path | None,
        typer.Option(
            help='Many answers: a JSON list of {"exercise", "name", "source"}.', callback=_to_read
        ),
    ] = None,
    json: Annotated[
        Path | None,
        typer.Option(help="Also write what was found here.", callback=_to_write(".json")),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=256, help="Challenges for each answer.")] = 3,
    seconds: Annotated[float, typer.Option(min=1, help="Time limit for each answer.")] = 60,
) -> None:
    """Say what an answer would earn: hidden checks, self-check and diagnosis.

    The code runs on this computer as you, not sealed off: read it first.
    """
    from autograder.authoring.proving import attempts

    found = _course(course)
    name = found.expect_assignment(assignment)
    if answers is not None and exercise is None:
        tried = attempts.read(answers)
    elif answers is None and exercise and file:
        tried = [attempts.read_cell(exercise, file)]
    else:
        raise UserError("expected EXERCISE and FILE, or --answers FILE.json")
    with console.progress(len(tried), f"trying {name}") as advance:
        results = attempts.attempt(found, name, tried, seeds, seconds, advance)
    for result in results:
        console.attempt_report(result)
    if json is not None:
        console.say(f"wrote       {attempts.write(results, json)}")


@app.command()
def export(
    assignment: str,
    to: Annotated[
        str,
        typer.Option(
            help="canvas, moodle (fills in a worksheet), moodle-gradebook, gradescope, "
            "gradescope-zip (an autograder to upload), prairielearn or csv."
        ),
    ],
    course: CourseOption = HERE,
    output: Annotated[Path | None, typer.Option(help="The file or folder to write.")] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            help="The file of the last `grade --results`: adds statuses.", callback=_to_read
        ),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            help="The file downloaded from Moodle or Canvas to fill in.", callback=_to_read
        ),
    ] = None,
    scale: Annotated[
        bool, typer.Option("--scale", help="moodle, canvas: convert points to those there.")
    ] = False,
    column: Annotated[
        str | None,
        typer.Option(
            help="canvas: the assignment's column, as in `Basics (4711)`; prairielearn: the qid."
        ),
    ] = None,
    allow_unfinished: Annotated[
        bool,
        typer.Option("--allow-unfinished", help="Also scores that wait for marks or are stale."),
    ] = False,
) -> None:
    """Write the gradebook's grades for another platform.

    Refused while a score is not final. An ungraded submission is blank and flagged, never 0.
    """
    from autograder import exports

    found = _course(course)
    given = {"scale": scale, "column": column, "allow_unfinished": allow_unfinished}
    options = {name: value for name, value in given.items() if value}
    name = found.expect_assignment(assignment)
    console.export_report(exports.export(found, name, to, output, results, template, **options))


@app.command()
def report(
    assignments: Annotated[
        list[str] | None, typer.Argument(help="Default: all that have been graded.")
    ] = None,
    course: CourseOption = HERE,
    output: Annotated[
        Path | None,
        typer.Option(
            help="The page to write; default: ASSIGNMENT_report.html, for several "
            "course_report.html.",
            callback=_to_write(".html"),
        ),
    ] = None,
    json: Annotated[
        Path | None,
        typer.Option(help="Also write the figures here.", callback=_to_write(".json")),
    ] = None,
) -> None:
    """Write one HTML page about a class: scores, checks, mistakes, what needs attention.

    Of several assignments a page for each, and one about all of them. They contain names and grades,
    and load nothing from the network.
    """
    from autograder.report import write

    for path in write.write(_course(course), assignments or [], output, json):
        console.say(f"wrote       {path}")


@app.command()
def totals(
    course: CourseOption = HERE,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Also write the table here: FILE.csv or FILE.html.", callback=_to_write("")
        ),
    ] = None,
    json: Annotated[
        Path | None,
        typer.Option(help="Also write the figures here.", callback=_to_write(".json")),
    ] = None,
) -> None:
    """Show everybody's scores in all assignments, and what they come to with their weights.

    A total is given only when everything is finished: graded, marked and up to date.
    """
    from datetime import UTC, datetime
    from json import dumps

    from autograder.exports.plain import totals_text
    from autograder.gradebook import totals as adding
    from autograder.report import totals as page

    if output is not None and output.suffix not in (".csv", ".html"):
        raise UserError(f"expected a file that ends in .csv or .html, got {output}")
    now = datetime.now(UTC)
    found = adding.gather(_course(course), now)
    console.totals(found)
    if output is not None:
        csv = output.suffix == ".csv"
        _write(output, totals_text(found) if csv else page.render(found, now))
    if json is not None:
        _write(json, dumps(found.as_dict(), indent=1, ensure_ascii=False) + "\n")


@app.command()
def viva(
    assignment: str,
    course: CourseOption = HERE,
    student: Annotated[
        list[str] | None,
        typer.Option(help="An id or a full name: ask this student only; may be repeated."),
    ] = None,
    questions: Annotated[int, typer.Option(min=1, max=20, help="Questions on each sheet.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Another number gives other questions.")] = 0,
    to: Annotated[
        list[str] | None,
        typer.Option(help="Also as moodle (XML) or qti (2.1) for a quiz; may be repeated."),
    ] = None,
    audit: Annotated[
        bool,
        typer.Option("--audit", help="Instead, prove the questions on every answer in the bank."),
    ] = False,
    allow_unsealed: Annotated[
        bool, typer.Option("--allow-unsealed", help="Go on even if code cannot be sealed off.")
    ] = False,
) -> None:
    """Write questions for each student about their own graded submission, with the key kept apart.

    viva/ASSIGNMENT/ gets each student's sheet and key, as pages and as JSON, and a table for marks.
    """
    found = _course(course)
    name = found.expect_assignment(assignment)
    formats = list(dict.fromkeys(to or []))
    if unknown := set(formats) - {"moodle", "qti"}:
        raise UserError(f"expected --to moodle or qti, got {', '.join(sorted(unknown))}")
    if audit:
        from autograder.viva import audit as auditing

        with console.progress(0, f"auditing {name}") as advance:
            audited = auditing.audit(found, name, advance)
        console.viva_audit(audited)
        raise typer.Exit(bool(audited.problems))
    from autograder.gradebook import orals
    from autograder.lms.students import choose
    from autograder.viva import viva as asking

    if allow_unsealed:
        found.config.Judge.allow_unsealed = True
    students = choose(found, name, student or [])
    with console.progress(len(students), f"questions on {name}") as advance:
        sheets = asking.make(found, name, students, questions, seed, lambda sheet: advance())
    folder = orals.folder(found, name)
    asking.write(sheets, folder, formats)
    console.sheets(sheets, folder)
    if not any(sheet.questions for sheet in sheets):
        raise typer.Exit(1)


@app.command()
def leaderboard(
    assignment: str,
    course: CourseOption = HERE,
    names: Annotated[
        bool, typer.Option("--names", help="Names on the page instead of pseudonyms.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            help="The page to write; default: ASSIGNMENT_leaderboard.html.",
            callback=_to_write(".html"),
        ),
    ] = None,
) -> None:
    """Write a table of what checks have measured, such as an accuracy, the best first.

    Here you see names and pseudonyms, the page shows one of them.
    """
    from autograder.report import leaderboard as ranking

    found = _course(course)
    name = found.expect_assignment(assignment)
    places = ranking.gather(found, name)
    console.leaderboard(places, name)
    path = output or Path(f"{name}_leaderboard.html")
    _write(path, ranking.render(name, places, names))


def _write(path: Path, content: str) -> None:
    console.say(f"wrote       {files.write(path, content)}")


@app.command()
def bundle(
    assignments: Annotated[list[str] | None, typer.Argument(help="Default: all of them.")] = None,
    course: CourseOption = HERE,
    output: Annotated[
        Path, typer.Option(help="The zip file to write.", callback=_to_write(".zip"))
    ] = Path("course.zip"),
    with_solutions: Annotated[
        bool,
        typer.Option(
            "--with-solutions",
            help="With each exercise's solution and known mistakes, once it is due.",
        ),
    ] = False,
    roster: Annotated[
        Path | None,
        typer.Option(
            help="A CSV file with the students' ids: a zip file with each one's own constants.",
            callback=_to_read,
        ),
    ] = None,
) -> None:
    """Pack what students download: notebooks, helpers and instructions, audited for leaks.

    With --roster a folder named as the zip file gets a zip file for each student.
    """
    from autograder.authoring import bundle as bundling
    from autograder.lms.roster import read_roster

    found = Course.find(course)
    if roster is None:
        content = bundling.bundle(found, assignments or [], output.name, with_solutions)
        files.write(output, content)
        print(f"bundle      {output} ({len(content) >> 10} kB)")
        chosen = [found.expect_assignment(a) for a in assignments or []] or found.assignments
        if varied := [a for a in chosen if a in found.variants]:
            print(
                f"warning: {', '.join(varied)} with everybody's constants, though c.Judge.variants "
                "gives each student their own: --roster FILE writes a zip file for each"
            )
        return
    students = [person.student for person in read_roster(roster).people]
    made = bundling.bundles(found, assignments or [], output.name, with_solutions, students)
    for student, content in made.items():
        files.write(output.with_suffix("") / f"{student}.zip", content)
    print(f"bundle      {output.with_suffix('')}/ ({len(made)} zip files)")


@app.command()
def collect(
    assignment: str,
    archive: Annotated[Path, typer.Argument(callback=_to_read)],
    course: CourseOption = HERE,
    roster: Annotated[
        Path | None, typer.Option(help="A CSV file with the students' ids.", callback=_to_read)
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace submissions already there; the old ones are kept."),
    ] = False,
) -> None:
    """Unpack a zip file of submissions from Moodle or Canvas into submitted/.

    Exit code 1 when something needs attention: files left out, submissions not replaced.
    """
    from autograder.lms import collect as collecting

    found = Course.find(course)
    name = found.expect_assignment(assignment)
    report = collecting.collect(found, name, archive, roster, force)
    console.collect_report(report)
    if report.needs_attention:
        raise typer.Exit(1)


@app.command("return")
def give_back(
    assignment: str,
    to: Annotated[
        str, typer.Option(help="moodle or canvas (a zip file to upload), or nbgrader's exchange.")
    ],
    course: CourseOption = HERE,
    output: Annotated[
        Path | None,
        typer.Option(
            help="The zip file; default: ASSIGNMENT_feedback_PLATFORM.zip.",
            callback=_to_write(".zip"),
        ),
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="Also to those whose marking is not done.")
    ] = False,
) -> None:
    """Give feedback to the students, with the marks and comments of now.

    Only to those whose marking is done: the others are listed.
    """
    from autograder.lms import give_back as giving

    found = _course(course)
    name = found.expect_assignment(assignment)
    with console.progress(0, f"returning {name}") as advance:
        returned = giving.give_back(found, name, to, output, everybody, advance)
    console.return_report(returned)


@app.command()
def calibrate(
    assignment: str,
    course: CourseOption = HERE,
    seeds: Annotated[int, typer.Option(min=2)] = 5,
    write: Annotated[bool, typer.Option("--write", help="Save the figures.")] = False,
) -> None:
    """Measure the accuracies behind the thresholds: of the reference and of mistakes, over seeds."""
    from autograder.authoring import calibrate as calibrating

    found = Course.find(course)
    name = found.expect_assignment(assignment)
    with console.progress(0, f"training {name}") as advance:
        figures = calibrating.calibrate(found, name, seeds, advance)
    console.calibration_report(figures)
    if write:
        calibrating.write(found, name, figures)


@app.command()
def serve(
    course: CourseOption = HERE,
    idle: Annotated[
        float, typer.Option(min=0.1, help="Minutes without a command after which it ends.")
    ] = 60,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Also grade what arrives, and give feedback back at once."),
    ] = False,
) -> None:
    """Keep everything loaded, so that other commands on this course start at once.

    They find this process by themselves, and work as well without it. It ends after --idle minutes
    without a command, or with Ctrl-C; with --watch only with Ctrl-C.
    """
    from autograder.serving import warm

    warm.start(Course.find(course), idle, watch)


@app.command()
def queue(
    course: CourseOption = HERE,
    json: Annotated[bool, typer.Option("--json", help="As JSON, with all that is known.")] = False,
) -> None:
    """Say what `autograder serve --watch` is doing: who waits, what is done, what needs attention."""
    from json import dumps

    from autograder.serving import state

    found = state.read(Course.find(course))
    if json:
        print(dumps(found, indent=1, ensure_ascii=False))
    else:
        console.queue(found)


@app.command()
def doctor(course: CourseOption = HERE) -> None:
    """Say what this host offers: isolation, data, GPU."""
    from autograder import doctor as examination

    console.facts(examination.examine(Course.find(course)))


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Argument(help="An empty folder; default: a new temporary one.")
    ] = None,
    course: CourseOption = HERE,
) -> None:
    """Grade a made-up class of this course in a scratch folder; outside a course, of a small one."""
    from autograder.authoring import demo as demonstration
    from autograder.authoring.new import TEMPLATE

    elsewhere = course == HERE and not Course.is_at(course)
    found = Course(TEMPLATE) if elsewhere else Course.find(course)
    place = folder or Path(tempfile.mkdtemp(prefix="autograder-demo-"))
    copied = demonstration.make_course(found, place)
    # All code in the demo is our own.
    copied.config.Judge.allow_unsealed = True
    assignment = demonstration.assignment_of(copied)
    console.say(f"a class of {demonstration.make_class(copied, assignment)} in {place}")
    students = copied.choose_students(assignment)
    outcomes = _grade(copied, assignment, students, place / "results.json")
    if {o.student for o in outcomes if o.needs_attention} != {demonstration.BROKEN}:
        raise typer.Exit(1)
    console.say("This is expected: the demo's class includes one broken file.")


def main() -> None:
    """Run the command; a `UserError` becomes one message and exit code 2."""
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    for stream in (sys.stdout, sys.stderr):
        # A log on Windows takes only some letters; a name with others must not end a run.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except UserError as error:
        console.fail(str(error))
    except OSError as error:
        # Something is wrong with a file or a folder, wherever that was noticed.
        place = f"{error.filename2 or error.filename}: " if error.filename else ""
        console.fail(f"{place}{error.strerror or error}")
    raise SystemExit(2)


if __name__ == "__main__":
    main()
