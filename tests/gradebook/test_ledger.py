"""What is recorded of an attempt, and what makes a submission count as unchanged."""

import ast
import os
import shutil
import sys
from pathlib import Path

import pytest

import autograder
from autograder.course import Course
from autograder.gradebook import ledger
from autograder.submission import pack

A = "99_tiny"


def attempt(student="ada", **result):
    return ledger.Entry(ledger.now(), student, {"submission": "1"}, {"status": "graded", **result})


def test_what_was_appended_is_read(tmp_path):
    course = Course(tmp_path)
    assert ledger.read(course, A) == []
    entries = [attempt(score=1.5), attempt("müller \udce4", message="\n\0"), attempt(score=2.0)]
    for entry in entries:
        ledger.append(course, A, entry)
    assert ledger.read(course, A) == entries
    assert ledger.latest(course, A) == {"ada": entries[2], entries[1].student: entries[1]}


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
    content.files_beside(tmp_path / "beside")
    names = {
        p.relative_to(tmp_path / "beside").as_posix() for p in (tmp_path / "beside").rglob("*")
    }
    assert names == {"sub", "sub/data"}


def test_a_file_too_large_is_not_carried_but_keeps_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "MAX_OTHER_BYTES", 10)
    folder = submission(tmp_path / "one")
    (folder / "zip_of_death").write_bytes(b"x" * 11)
    content = pack.pack(folder)
    assert [e.data for e in content.entries if e.path == "zip_of_death"] == [None]
    content.unpack(tmp_path / "copy")
    assert (tmp_path / "copy" / "zip_of_death").stat().st_size == 11


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


def test_allowing_unsealed_grading_changes_no_hash(course):
    before = ledger.hashes(course, A)
    course.config.Judge.allow_unsealed = not course.config.Judge.allow_unsealed
    assert ledger.hashes(course, A) == before


def test_the_checks_hash_follows_the_modules_that_a_check_module_names(tmp_path, monkeypatch):
    for name in ("checks", "probes"):
        package = getattr(autograder, name)
        shutil.copytree(package.__path__[0], tmp_path / name)
        monkeypatch.setattr(package, "__path__", [str(tmp_path / name)])
    before = {a: ledger.checks_hash(a) for a in ("01_mlp_basics", "03_optimizers")}
    reference = tmp_path / "checks" / "_mlp_reference.py"
    reference.write_text(reference.read_text() + "\n")
    after = {a: ledger.checks_hash(a) for a in before}
    assert before["01_mlp_basics"] != after["01_mlp_basics"]
    assert before["03_optimizers"] == after["03_optimizers"]


def test_no_module_that_judging_imports_is_left_out_of_the_checks_hash():
    root = Path(autograder.__file__).parent
    found, wanted = set(), {"judge", "grading", "repair", "intake", "packed"}
    while wanted:
        name = wanted.pop()
        found.add(name)
        for node in ast.walk(ast.parse((root / f"{name}.py").read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "autograder":
                names = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder."):
                names = {node.module.split(".")[1]}
            else:
                continue
            wanted |= {n for n in names if (root / f"{n}.py").is_file()} - found
    assert found & ledger.NOT_JUDGING == set()
