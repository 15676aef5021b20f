"""What is recorded of an attempt, and what makes a submission count as unchanged."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

import autograder
from autograder.course import Course
from autograder.gradebook import ledger
from autograder.outcome import Outcome, Status
from autograder.submission import pack

A = "99_tiny"


def attempt(student="ada", **result):
    outcome = Outcome(student, A, Status.GRADED, 5.0, **result)
    return ledger.Attempt(ledger.now(), student, {"submission": "1"}, outcome)


def test_what_was_appended_is_read(tmp_path):
    course = Course(tmp_path)
    assert ledger.read(course, A) == []
    attempts = [attempt(score=1.5), attempt("müller \udce4", message="\n\0"), attempt(score=2.0)]
    for one in attempts:
        ledger.append(course, A, one)
    assert ledger.read(course, A) == attempts
    assert ledger.latest(course, A) == {"ada": attempts[2], attempts[1].student: attempts[1]}


@pytest.mark.parametrize("kept", [1, 20, -1])
def test_a_torn_last_line_is_ignored_and_does_not_spoil_the_next(tmp_path, kept):
    course = Course(tmp_path)
    first, torn, last = attempt("first"), attempt("torn", message="x" * 200_000), attempt("last")
    ledger.append(course, A, first)
    whole = ledger.path(course, A).read_bytes()
    ledger.append(course, A, torn)
    line = ledger.path(course, A).read_bytes().removeprefix(whole)
    ledger.path(course, A).write_bytes(whole + line[:kept])
    assert ledger.read(course, A) == [first]
    ledger.append(course, A, last)
    assert ledger.read(course, A) == [first, last]


def change_bytes(folder: Path):
    (folder / "a.ipynb").write_text("other")


def change_name(folder: Path):
    (folder / "a.ipynb").rename(folder / "b.ipynb")


def add_empty_file(folder: Path):
    (folder / "new").touch()


def add_folder(folder: Path):
    (folder / "sub" / "new").mkdir()


def move_file(folder: Path):
    (folder / "sub" / "data").rename(folder / "data")


def replace_by_link(folder: Path):
    (folder / "sub" / "data").unlink()
    (folder / "sub" / "data").symlink_to("/etc/passwd")


def submission(folder: Path) -> Path:
    (folder / "sub").mkdir(parents=True)
    (folder / "a.ipynb").write_text("text")
    (folder / "sub" / "data").write_bytes(b"\0" * 5)
    return folder


CHANGES = [change_bytes, change_name, add_empty_file, add_folder, move_file, replace_by_link]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_folder_changes_its_hash(tmp_path, change):
    folder = submission(tmp_path / "one")
    before = pack.digest(folder)
    assert before == pack.digest(submission(tmp_path / "two")) == pack.pack(folder).hash
    change(folder)
    assert pack.digest(folder) != before
    assert pack.pack(folder).hash == pack.digest(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")
def test_what_is_packed_is_unpacked_with_links_that_lead_nowhere(tmp_path):
    folder = submission(tmp_path / "one")
    (folder / "link").symlink_to("/etc")
    os.mkfifo(folder / "pipe")
    content = pack.pack(folder)
    content.unpack(tmp_path / "copy")
    copied = pack.pack(tmp_path / "copy")
    assert copied == content
    assert not (tmp_path / "copy" / "link").exists()
    (tmp_path / "beside").mkdir()
    content.files_beside(tmp_path / "beside", [])
    names = {
        p.relative_to(tmp_path / "beside").as_posix() for p in (tmp_path / "beside").rglob("*")
    }
    assert names == {"sub", "sub/data"}


def test_a_file_too_large_is_left_out_and_told(tmp_path, monkeypatch):
    monkeypatch.setattr(pack, "MAX_OTHER_BYTES", 10)
    folder = submission(tmp_path / "one")
    (folder / "zip_of_death").write_bytes(b"x" * 11)
    content = pack.pack(folder)
    assert [e.data for e in content.entries if e.path == "zip_of_death"] == [None]
    (note,) = content.unpack(tmp_path / "copy")
    assert note.startswith("zip_of_death has 0 MB and was left out")
    assert not (tmp_path / "copy" / "zip_of_death").exists()


def test_each_hash_changes_with_what_it_stands_for(course, monkeypatch):
    before = ledger.hashes(course, A)
    assert ledger.hashes(Course(course.root), A) == before
    source = course.source_notebook(A)
    source.write_text(source.read_text().replace("Two", "Three"))
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text().replace("c.Judge.timeout = 3", "c.Judge.timeout = 4"))
    after = ledger.hashes(Course(course.root), A)
    assert before["assignment"] != after["assignment"]
    assert before["environment"] != after["environment"]
    assert before["checks"] == after["checks"]
    monkeypatch.setenv("MLP_COURSE_DATASET", "other")
    assert ledger.hashes(Course(course.root), A)["environment"] != after["environment"]


def test_other_questions_to_students_grade_nobody_again(course):
    before = ledger.hashes(course, A)
    scenarios = course.hidden / A / "scenarios.py"
    scenarios.write_text(scenarios.read_text() + "\nOTHER = 1\n")
    assert ledger.hashes(course, A) == before
    checks = course.hidden / A / "checks.py"
    checks.write_text(checks.read_text() + "\nOTHER = 1\n")
    assert ledger.hashes(course, A)["checks"] != before["checks"]


def test_allowing_unsealed_grading_changes_no_hash(course):
    before = ledger.hashes(course, A)
    course.config.Judge.allow_unsealed = not course.config.Judge.allow_unsealed
    assert ledger.hashes(course, A) == before


def test_what_a_late_submission_loses_grades_nobody_again(course):
    """The points that a person gives do not either; those of checks do."""
    before = ledger.hashes(course, A)
    course.config.Penalties.plugin_class = "nbgrader.plugins.LateSubmissionPlugin"
    (course.root / "course.toml").write_text("[late]\nper_day = 1\n")
    source = course.source_notebook(A)
    notebook = json.loads(source.read_text())
    graded = {c["cell_type"]: c["metadata"]["nbgrader"] for c in notebook["cells"]
              if c["metadata"].get("nbgrader", {}).get("grade")}  # fmt: skip
    graded["markdown"]["points"] += 1
    source.write_text(json.dumps(notebook))
    assert ledger.hashes(course, A) == before
    graded["code"]["points"] += 1
    source.write_text(json.dumps(notebook))
    assert ledger.hashes(course, A) != before


def changed_by(edit, course) -> set[str]:
    """The hashes that an edit changes."""
    before = ledger.hashes(course, A)
    edit()
    return {name for name, value in ledger.hashes(course, A).items() if value != before[name]}


def test_every_file_of_the_hidden_folder_counts(course):
    own = course.hidden / A

    def new_sentence():
        answers = own / "answers.py"
        answers.write_text(answers.read_text().replace("This is the square.", "It is squared."))

    assert changed_by(new_sentence, course) == {"checks"}
    assert changed_by(lambda: (own / "thresholds.json").write_text("{}"), course) == {"checks"}
    assert changed_by(lambda: (own / "own_module.py").write_text("x = 1\n"), course) == {"checks"}
    shared = course.hidden / "shared"
    shared.mkdir()
    assert changed_by(lambda: (shared / "tools.py").write_text("x = 1\n"), course) == {"checks"}
    other = course.hidden / "98_other"
    other.mkdir()
    assert changed_by(lambda: (other / "checks.py").write_text("x = 1\n"), course) == set()
    assert changed_by(lambda: (own / "__pycache__").mkdir(exist_ok=True), course) == set()


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """A copy of the engine's folder, of which the hashes are taken."""
    shutil.copytree(Path(autograder.__file__).parent, tmp_path / "autograder")
    monkeypatch.setattr(autograder, "__file__", str(tmp_path / "autograder" / "__init__.py"))
    return tmp_path / "autograder"


@pytest.mark.parametrize(
    "file",
    [
        "checking/check.py", "feedback/table.py", "grading/judging/judge.py", "kernel/limits.py",
        "kernel/sealed/sandbox.py", "submission/repair.py",
    ],
)  # fmt: skip
def test_what_judges_counts(course, engine, file):
    assert (engine / file).is_file()
    assert changed_by(lambda: (engine / file).write_text("edited"), course) == {"engine"}


@pytest.mark.parametrize(
    "file",
    [
        "lock.py", "cli.py", "terminal/console.py", "grading/batch.py", "grading/dispatch.py",
        "gradebook/ledger.py", "lms/collect.py", "exports/moodle.py", "authoring/proving/audit.py",
    ],
)  # fmt: skip
def test_what_does_not_judge_does_not_count(course, engine, file):
    assert (engine / file).is_file()
    assert changed_by(lambda: (engine / file).write_text("edited"), course) == set()


def test_a_folder_where_the_page_goes_is_left_out_and_told(tmp_path):
    """It was a grader's error at every run: the page could not be written there."""
    folder = submission(tmp_path / "one")
    for name in ("99_tiny.html", "99_TINY.ipynb"):
        (folder / name / "deep").mkdir(parents=True)
        (folder / name / "deep" / "data.csv").write_text("1")
    (tmp_path / "beside").mkdir()
    own = ["99_tiny.html", "99_tiny.ipynb"]
    notes = pack.pack(folder).files_beside(tmp_path / "beside", own)
    assert [note.partition(" was")[0] for note in notes] == [
        "the folder 99_TINY.ipynb", "the folder 99_tiny.html"
    ]  # fmt: skip
    assert not [p for p in (tmp_path / "beside").rglob("*") if "tiny" in p.name.lower()]


@pytest.mark.parametrize("limit", ["MAX_LEVELS", "MAX_ENTRIES"])
def test_folders_without_end_are_refused(tmp_path, monkeypatch, limit):
    """A thousand levels ended the run of the whole class with a RecursionError."""
    monkeypatch.setattr(pack, limit, 3)
    folder = tmp_path / "one"
    (folder / "a" / "b" / "c" / "d").mkdir(parents=True)
    assert "levels of folders" in pack.pack(folder).refused
