"""The `autograder` command."""

import io
import logging
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from autograder import console, files
from autograder.course import Course
from autograder.errors import UserError

app = typer.Typer(
    help="Build, prove and grade the assignments of this course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
CourseOption = Annotated[Path, typer.Option("--course", help="The course folder.")]
HERE = Path(".")


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
    student: Annotated[str | None, typer.Option(help="Grade one student only.")] = None,
    results: Annotated[Path | None, typer.Option(help="Also write the results here.")] = None,
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
) -> None:
    """Grade what is new or changed in submitted/: gradebook, autograded/ and feedback/.

    Exit code 0 when every submission got its score, 1 when some need attention, 130 after Ctrl-C.
    """
    found = Course.find(course)
    name = found.expect_assignment(assignment)
    students = found.choose_students(name, student)
    if scheduler is None:
        # Its imports take seconds, and so do this process's: do both at once.
        from autograder.kernel.grader import launcher, tiers

        if tiers.probe().tier is tiers.Tier.NAMESPACES:
            launcher.connect(found.preload).close()
    if allow_unsealed:
        found.config.Judge.allow_unsealed = True
    options = {
        "workers": workers, "scheduler": scheduler, "force": force, "accept_drift": accept_drift
    }  # fmt: skip
    outcomes = _grade(found, name, students, results, **options)
    if any(o.needs_attention for o in outcomes):
        raise typer.Exit(1)


def _grade(course, assignment, students: list[str], results: Path | None, **options) -> list:
    """Grade with progress, show the outcomes and return them."""
    from autograder.grading import batch

    try:
        with console.grading(assignment) as watcher:
            outcomes = batch.grade(course, assignment, students, watcher=watcher, **options)
    except batch.Interrupted as end:
        if results is not None:
            batch.write_results(end.outcomes, results)
        console.fail(f"{end}: run the same command again")
        raise typer.Exit(130) from None
    console.say(console.results_table(outcomes, assignment))
    if results is not None:
        batch.write_results(outcomes, results)
        console.say(f"results     {results}")
    console.where_to_look(course, assignment)
    console.attention(outcomes)
    return outcomes


@app.command()
def audit(
    assignment: Annotated[str | None, typer.Argument()] = None,
    course: CourseOption = HERE,
    seeds: Annotated[int, typer.Option(min=1, max=256)] = 25,
    exercise: Annotated[str | None, typer.Option(help="Look at one exercise only.")] = None,
) -> None:
    """Prove the hidden checks: known mistakes and small changes of the reference fail as expected,
    other correct answers pass, self-checks agree, nothing leaks."""
    from autograder.authoring.proving import audit as auditing

    found = Course.find(course)
    if exercise and not assignment:
        raise UserError("expected an assignment too: autograder audit ASSIGNMENT --exercise NAME")
    names = [found.expect_assignment(assignment)] if assignment else found.assignments
    problems = 0
    for name in names:
        with console.progress(0, f"auditing {name}") as advance:
            report = auditing.audit(found, name, seeds, lambda row: advance(row.name), exercise)
        console.audit_report(report)
        problems += len(report.problems)
    if problems:
        raise typer.Exit(1)


@app.command("try")
def try_answers(
    assignment: str,
    exercise: Annotated[str | None, typer.Argument()] = None,
    file: Annotated[
        Path | None, typer.Argument(help="The solution cell, as Python code; - for the terminal.")
    ] = None,
    course: CourseOption = HERE,
    answers: Annotated[
        Path | None,
        typer.Option(help='Many answers: a JSON list of {"exercise", "name", "source"}.'),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Also write what was found here.")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=256, help="Challenges for each answer.")] = 3,
    seconds: Annotated[float, typer.Option(min=1, help="Time limit for each answer.")] = 60,
) -> None:
    """Say what an answer would earn: hidden checks, self-check and diagnosis.

    The code runs on this computer as you, not sealed off: read it first.
    """
    from autograder.authoring.proving import attempts

    found = Course.find(course)
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
        Path | None, typer.Option(help="The file of the last `grade --results`: adds statuses.")
    ] = None,
    template: Annotated[
        Path | None, typer.Option(help="The file downloaded from Moodle or Canvas to fill in.")
    ] = None,
    scale: Annotated[
        bool, typer.Option("--scale", help="moodle: convert points to the maximum grade there.")
    ] = False,
    column: Annotated[
        str | None, typer.Option(help="canvas: the assignment's column, as in `Basics (4711)`.")
    ] = None,
) -> None:
    """Write the gradebook's grades for another platform.

    An ungraded submission is blank and flagged, never 0.
    """
    from autograder import exports

    found = Course.find(course)
    options = ({"scale": True} if scale else {}) | ({"column": column} if column else {})
    name = found.expect_assignment(assignment)
    console.export_report(exports.export(found, name, to, output, results, template, **options))


@app.command()
def report(
    assignment: str,
    course: CourseOption = HERE,
    output: Annotated[
        Path | None, typer.Option(help="The page to write; default: ASSIGNMENT_report.html.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the figures here.")] = None,
) -> None:
    """Write one HTML page about a class: scores, checks, mistakes, what needs attention.

    It contains names and grades, and loads nothing from the network.
    """
    from datetime import UTC, datetime

    from autograder.report import data, page

    found = Course.find(course)
    name = found.expect_assignment(assignment)
    figures = data.gather(found, name, datetime.now(UTC))
    pages = {output or Path(f"{name}_report.html"): page.render(figures)}
    if json is not None:
        pages[json] = figures.json
    for path, content in pages.items():
        _write(path, content)


@app.command()
def leaderboard(
    assignment: str,
    course: CourseOption = HERE,
    names: Annotated[
        bool, typer.Option("--names", help="Names on the page instead of pseudonyms.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="The page to write; default: ASSIGNMENT_leaderboard.html.")
    ] = None,
) -> None:
    """Write a table of what checks have measured, such as an accuracy, the best first.

    Here you see names and pseudonyms, the page shows one of them.
    """
    from autograder.report import leaderboard as ranking

    found = Course.find(course)
    name = found.expect_assignment(assignment)
    places = ranking.gather(found, name)
    console.leaderboard(places, name)
    path = output or Path(f"{name}_leaderboard.html")
    _write(path, ranking.render(name, places, names))


def _write(path: Path, content: str) -> None:
    try:
        print(f"wrote       {files.write(path, content)}")
    except OSError as error:
        raise UserError(f"{path} could not be written: {error.strerror}") from None


@app.command()
def bundle(
    assignments: Annotated[list[str] | None, typer.Argument(help="Default: all of them.")] = None,
    course: CourseOption = HERE,
    output: Annotated[Path, typer.Option(help="The zip file to write.")] = Path("course.zip"),
) -> None:
    """Pack what students download: notebooks, helpers and instructions, audited for leaks."""
    from autograder.authoring import bundle as bundling

    content = bundling.bundle(Course.find(course), assignments or [], output.name)
    files.write(output, content)
    print(f"bundle      {output} ({len(content) >> 10} kB)")


@app.command()
def collect(
    assignment: str,
    archive: Path,
    course: CourseOption = HERE,
    roster: Annotated[Path | None, typer.Option(help="A CSV file with the students' ids.")] = None,
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
    """Grade a made-up class of this course in a scratch folder."""
    from autograder.authoring import demo as demonstration

    place = folder or Path(tempfile.mkdtemp(prefix="autograder-demo-"))
    copied = demonstration.make_course(Course.find(course), place)
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
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
