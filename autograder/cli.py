"""The `autograder` command."""

import logging
import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

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
def build(
    course: CourseOption = HERE,
    check: Annotated[bool, typer.Option("--check", help="Only say what is stale.")] = False,
) -> None:
    """Build source/ and release/ from notebooks/."""
    from autograder import build as building
    from autograder.course import Course

    found = Course.find(course)
    if not check:
        print("built", ", ".join(building.build(found)))
        return
    stale = building.stale(found)
    if stale:
        raise UserError(f"stale: {', '.join(stale)}: run `autograder build`")
    print("source/ and release/ are what notebooks/ builds")


@app.command()
def grade(
    assignment: str,
    course: CourseOption = HERE,
    student: Annotated[str | None, typer.Option(help="Grade one student only.")] = None,
    results: Annotated[Path | None, typer.Option(help="Also write the results here.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Submissions at a time; default: one per core.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler whose workers grade, as tcp://HOST:8786.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Grade again also what has not changed.")
    ] = False,
    accept_drift: Annotated[
        bool,
        typer.Option("--accept-drift", help="Let grades of removed cells leave the gradebook."),
    ] = False,
    allow_unsealed: Annotated[
        bool, typer.Option("--allow-unsealed", help="Grade also where code cannot be sealed off.")
    ] = False,
) -> None:
    """Grade submitted/ into the gradebook, autograded/ and feedback/; only what has changed.

    Exit code 0 when every submission got its score, 1 when some need you, 130 after Ctrl-C.
    """
    if scheduler is None:
        # It imports for seconds, and so does this process: both at once.
        from autograder.kernel import launcher, tiers

        if tiers.probe().tier is tiers.Tier.NAMESPACES:
            launcher.connect().close()
    from autograder.course import Course

    found = Course.find(course)
    if allow_unsealed:
        found.config.Judge.allow_unsealed = True
    options = {
        "workers": workers, "scheduler": scheduler, "force": force, "accept_drift": accept_drift
    }  # fmt: skip
    _grade(found, found.expect_assignment(assignment), student, results, **options)


def _grade(course, assignment, student=None, results: Path | None = None, **options) -> None:
    from autograder import batch, show

    students = batch.choose_students(course, assignment, student)
    try:
        with show.grading(assignment) as watcher:
            outcome = batch.grade(course, assignment, students, watcher=watcher, **options)
    except batch.Interrupted as end:
        if results is not None:
            batch.write_results(end.results, results)
        show.fail(f"{end}: run the same command again")
        raise typer.Exit(130) from None
    show.console.print(show.results_table(outcome, assignment))
    if results is not None:
        batch.write_results(outcome, results)
        show.console.print(f"results     {results}", soft_wrap=True)
    show.where_to_look(course, assignment)
    show.attention(outcome)
    if any(r.status.needs_instructor for r in outcome):
        raise typer.Exit(1)


@app.command()
def audit(
    assignment: Annotated[str | None, typer.Argument()] = None,
    course: CourseOption = HERE,
    seeds: Annotated[int, typer.Option(min=1, max=256)] = 25,
) -> None:
    """Prove the hidden checks: known mistakes fail, other right answers pass, nothing leaks."""
    import torch

    from autograder import audit as auditing
    from autograder import show
    from autograder.course import Course

    torch.set_num_threads(1)
    found = Course.find(course)
    names = [found.expect_assignment(assignment)] if assignment else found.assignments
    problems = 0
    for name in names:
        with show.progress(0, f"auditing {name}") as advance:
            report = auditing.audit(found, name, seeds, lambda row: advance(row.name))
        show.audit_report(report)
        problems += len(report.problems)
    if problems:
        raise typer.Exit(1)


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
        Path | None, typer.Option(help="What the last `grade --results` wrote: adds statuses.")
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
    from autograder import exports, show
    from autograder.course import Course

    found = Course.find(course)
    options = ({"scale": True} if scale else {}) | ({"column": column} if column else {})
    name = found.expect_assignment(assignment)
    show.export_report(exports.export(found, name, to, output, results, template, **options))


@app.command()
def report(
    assignment: str,
    course: CourseOption = HERE,
    output: Annotated[
        Path | None, typer.Option(help="The page to write; default: ASSIGNMENT_report.html.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the figures here.")] = None,
) -> None:
    """Write one HTML page about a class: scores, checks, mistakes, who needs you.

    It holds names and grades, and loads nothing from anywhere.
    """
    from datetime import UTC, datetime

    from autograder.course import Course
    from autograder.exports import text
    from autograder.report import data, page

    found = Course.find(course)
    name = found.expect_assignment(assignment)
    figures = data.gather(found, name, datetime.now(UTC))
    files = {output or Path(f"{name}_report.html"): page.render(figures)}
    if json is not None:
        files[json] = figures.json
    for path, content in files.items():
        try:
            print(f"wrote       {text.write(path, content)}")
        except OSError as error:
            raise UserError(f"{path} could not be written: {error.strerror}") from None


@app.command()
def bundle(
    assignments: Annotated[list[str] | None, typer.Argument(help="All of them if none.")] = None,
    course: CourseOption = HERE,
    output: Annotated[Path, typer.Option(help="The zip file to write.")] = Path("course.zip"),
) -> None:
    """Pack what students download: notebooks, helpers and how to begin, audited for leaks."""
    from autograder import bundle as bundling
    from autograder.course import Course
    from autograder.exports import text

    content = bundling.bundle(Course.find(course), assignments or [], output.name)
    text.write(output, content)
    print(f"bundle      {output} ({len(content) >> 10} kB)")


@app.command()
def collect(
    assignment: str,
    archive: Path,
    course: CourseOption = HERE,
    roster: Annotated[Path | None, typer.Option(help="A CSV file with the students' ids.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace what is there; the old one is kept aside.")
    ] = False,
) -> None:
    """Put a zip of submissions from Moodle or Canvas into submitted/.

    Exit code 1 when something needs you: files left out, submissions not replaced.
    """
    from autograder import collect as collecting
    from autograder import show
    from autograder.course import Course

    found = Course.find(course)
    name = found.expect_assignment(assignment)
    report = collecting.collect(found, name, archive, roster, force)
    show.collect_report(report)
    if report.needs_instructor:
        raise typer.Exit(1)


@app.command()
def calibrate(
    assignment: str,
    course: CourseOption = HERE,
    seeds: Annotated[int, typer.Option(min=2)] = 5,
    write: Annotated[bool, typer.Option("--write", help="Keep the figures.")] = False,
) -> None:
    """Measure the accuracies that thresholds rest on: the reference and mistakes, over seeds."""
    from autograder import calibrate as calibrating
    from autograder import show
    from autograder.course import Course

    found = Course.find(course)
    name = found.expect_assignment(assignment)
    with show.progress(0, f"training {name}") as advance:
        figures = calibrating.calibrate(found, name, seeds, advance)
    show.calibration_report(figures)
    if write:
        calibrating.write(figures)


@app.command()
def doctor() -> None:
    """Say what this host offers: isolation, images, GPU."""
    from autograder import doctor as examination
    from autograder import show

    show.facts(examination.examine())


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Argument(help="An empty folder to keep; else a new temporary one.")
    ] = None,
) -> None:
    """Grade a made-up class on built-in data, in a scratch folder."""
    from autograder import demo as demonstration
    from autograder import show

    place = folder or Path(tempfile.mkdtemp(prefix="autograder-demo-"))
    os.environ.setdefault("MLP_COURSE_DATASET", "synthetic")
    course = demonstration.make_course(place)
    # Everything here is our own.
    course.config.Judge.allow_unsealed = True
    show.console.print(f"a class of {demonstration.make_class(course)} in {place}", soft_wrap=True)
    try:
        _grade(course, demonstration.ASSIGNMENT, results=place / "results.json")
    except typer.Exit:
        show.console.print("As it should be in this demo: one file of the class is broken.")


def main() -> None:
    """Run the command; a `UserError` becomes one message and exit code 2."""
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        app()
    except UserError as error:
        from autograder import show

        show.fail(str(error))
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
