"""What holds grades, names or secrets is never committed: by this repository and by a new course."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from conftest import ROOT
from nbgrader.api import Gradebook

from autograder import cli
from autograder.authoring.new import TEMPLATE
from autograder.course import Course
from autograder.exports import PLATFORMS
from autograder.gradebook import ledger
from autograder.outcome import CheckResult, Outcome, Status

A = "99_tiny"
MOODLE = (
    "Identifier,Full name,Email address,Grade,Maximum Grade,Last modified (grade),"
    "Feedback comments\nParticipant 5,Ada Lovelace,,,,-,\n"
)


def git(folder, *arguments) -> str:
    home = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, env=os.environ | home
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def graded(course: Course) -> None:
    """What grading would write of a student who was collected."""
    check = CheckResult("double", "one_number", "One.", 1.0, 1.0, figures={"accuracy": 0.5})
    outcome = Outcome("ada-lovelace", A, Status.GRADED, 1.0, 1.0, checks=[check])
    with Gradebook(course.db_url, course.course_id) as book:
        book.add_assignment(A)
        book.add_notebook(A, A)
        book.add_grade_cell("check_double", A, A, max_score=1, cell_type="code")
        (grade,) = book.add_submission(A, "ada-lovelace").notebooks[0].grades
        grade.auto_score = 1.0
        book.db.commit()
    ledger.append(course, A, ledger.Attempt(ledger.now(), "ada-lovelace", {}, outcome))
    for kind in ("autograded", "feedback"):
        folder = course.folder(kind) / "ada-lovelace" / A
        folder.mkdir(parents=True)
        shutil.copy(course.source_notebook(A), folder)


@pytest.mark.parametrize("where", [ROOT, TEMPLATE], ids=["repository", "template"])
def test_what_commands_write_by_default_is_not_committed(course, where, monkeypatch, capsys):
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    root = course.root
    shutil.copy(where / ".gitignore", root)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "the course")
    monkeypatch.chdir(root)
    before = {p for p in root.rglob("*") if ".git" not in p.parts}

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["autograder", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code in (0, None), (arguments, capsys.readouterr())

    with zipfile.ZipFile(root / "submissions.zip", "w") as archive:
        name = f"Ada Lovelace_5_assignsubmission_file_/{A}.ipynb"
        archive.write(root / "release" / A / f"{A}.ipynb", name)
    (root / "worksheet.csv").write_text(MOODLE)
    run("collect", A, "submissions.zip")
    graded(course)
    for platform in PLATFORMS:
        template = ["--template", "worksheet.csv"] if platform == "moodle" else []
        run("export", A, "--to", platform, "--allow-unfinished", *template)
    run("report", A, "--json", f"{A}_report.json")
    run("leaderboard", A)
    run("bundle")
    written = {p for p in root.rglob("*") if p.is_file() and ".git" not in p.parts} - before
    assert len(written) > 15 and root / ".autograder" / "secret" in written
    assert git(root, "status", "--porcelain", "--untracked-files=all") == ""


def test_files_that_the_pages_and_nbgrader_write_are_not_committed(tmp_path):
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    git(tmp_path, "init", "-q")
    for where in (ROOT, TEMPLATE):
        shutil.copy(where / ".gitignore", tmp_path)
        names = ["results.json", "gradebook.db.2026-01-01", "grades.csv", ".nbgrader.log",
                 f"downloaded/{A}/archive/a.zip", f"submitted/ada/{A}/x.ipynb"]  # fmt: skip
        found = git(tmp_path, "check-ignore", *names).split("\n")
        assert found[:-1] == names, where
