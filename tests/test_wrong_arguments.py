"""Every command refuses wrong arguments and broken files with one message, and changes nothing."""

import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder import cli
from autograder.course import Course
from autograder.gradebook import drift
from autograder.gradebook.released import take_snapshot
from autograder.gradebook.writer import opened
from autograder.grading import workers
from autograder.report import data

A = "99_tiny"
# What people type in place of an assignment's name.
NAMES = [
    "", "77", "9", "99_", "99_tin", "99_TINY", " 99_tiny", "99_tiny.py", "99_tiny.ipynb", f"{A}/",
    f"notebooks/{A}.py", "../99_tiny", ".", "/", "*", "[red]99[/]", "99_tiny\n", "\udcff",
    "n" * 5000, "Übung 3", "--",
]  # fmt: skip
LONG = "n" * 300
# Below a course's folder; the fixture `place` writes what is there.
NO_COURSES = ["../missing", "../folder", "../text.txt", "/", "../nothing", "../text.txt/x", LONG]
NO_FOLDERS = ["../folder", "../text.txt", "/", "../text.txt/x", "/proc/x", "../nothing", ".", LONG]
UNREADABLE = ["../missing", "../folder", "../nothing", "../text.txt/x", "", "/proc/self/mem", LONG]
UNWRITABLE = [
    "../folder", "", ".", "/", "../text.txt/page", "/proc/page", "/dev/null", "/dev/null/page", LONG,
    "nbgrader_config.py", "gradebook.db", f"notebooks/{A}.py",
]  # fmt: skip
NO_TABLES = ["../bytes.bin", "../empty.txt", "../table.csv", "../list.json"]


def each(*arguments, **values) -> list[list[str]]:
    """The call once for every value of the option or argument that is named in `values`."""
    ((name, found),) = values.items()
    option = [] if name == "argument" else [f"--{name}"]
    return [[*arguments, *option, value] for value in found]


MORE = [["--nothing"], ["too", "many", "arguments", "here"], ["--help=yes"]]
WRONG = {
    "new": each(argument=NO_FOLDERS)
    + [[], ["a", "b"], ["--course", "."], ["../bytes.bin"], ["../no.zip"], ["notebooks"], ["hidden"],
       ["nbgrader_config.py"], ["/dev/null"], ["/dev/null/x"]],
    "build": each(course=NO_COURSES) + each("--check", course=NO_COURSES)
    + [["99"], ["--chek"], ["--check=3"], ["--course"], ["notebooks"]],
    "grade": each(argument=NAMES) + each(A, results=UNWRITABLE)
    + each(A, student=["", "../x", "nobody", A, "."]) + each(A, course=NO_COURSES)
    + each(A, workers=["0", "-1", "two", "1.5"]) + [[], ["--force"]],
    "audit": each(argument=NAMES[:-1]) + each(A, exercise=["", "sgd", "DOUBLE", "check_double"])
    + [["--exercise", "double"]] + each(A, seeds=["0", "-1", "many", "1e3", "257"]),
    "try": [[name, "double", "../text.txt"] for name in NAMES[:-1]]
    + each(A, "double", argument=[*UNREADABLE, "../bytes.bin"])
    + each(A, answers=[*UNREADABLE, "../bytes.bin", "../text.txt", "../list.json", "../object.json"])
    + each(A, "double", "../text.txt", json=UNWRITABLE)
    + [[], [A], [A, "double"], [A, "nothing", "../text.txt"]],
    "draft-mistake": [[name, "double"] for name in NAMES[:-1]]
    + [[A], [], [A, "nothing"], [A, "double"], [A, "double", "--student", "nobody"],
       [A, "double", "--student", ""]] + each(A, "double", output=UNWRITABLE),
    "export": [[name, "--to", "csv"] for name in NAMES[:-1]]
    + each(A, to=["", "excel", "CSV", "csv,canvas", "moodle"])
    + each(A, "--to", "csv", output=UNWRITABLE)
    + each(A, "--to", "gradescope", output=["../text.txt", "gradebook.db", "../text.txt/x"])
    + each(A, "--to", "csv", results=[*UNREADABLE, *NO_TABLES, "../object.json"])
    + [[A, "--to", to, "--template", file] for to in ("moodle", "canvas")
       for file in [*UNREADABLE, *NO_TABLES]]
    + [[A], [A, "--to", "csv", "--scale"], [A, "--to", "csv", "--column", "x"],
       [A, "--to", "canvas", "--template", "../canvas.csv", "--output", "../canvas.csv"]],
    "report": each(argument=NAMES[:-1]) + each(A, output=UNWRITABLE) + each(A, json=UNWRITABLE),
    "viva": each(argument=NAMES) + each(A, student=["", "../x", "nobody", A, "."])
    + each(A, questions=["0", "21", "many", "-1"]) + each(A, seed=["-1", "x"])
    + each(A, to=["", "canvas", "MOODLE"]) + [[], [A, "--audit=3"], [A, "b"]],
    "leaderboard": each(argument=NAMES) + each(A, output=UNWRITABLE) + [[A, "--names=3"]],
    "totals": each(output=[*UNWRITABLE, "../page.pdf"]) + each(json=UNWRITABLE)
    + each(course=NO_COURSES),
    "return": [[name, "--to", "moodle"] for name in NAMES[:-1]]
    + each(A, "--to", "moodle", output=UNWRITABLE) + each(A, to=["", "excel", "MOODLE", "moodle"])
    + [[A], [], [A, "--to", "exchange", "--output", "../page.zip"]],
    "serve": each(course=NO_COURSES) + each(idle=["0", "-1", "soon", "1 hour", ""])
    + [["99"], ["--watch=3"], ["--idle"], ["--course"], ["."], ["watch"], ["-v", "9"]],
    "queue": each(course=NO_COURSES) + each("--json", course=NO_COURSES)
    + [[], ["99"], ["--json=3"], ["--course"]],
    "bundle": each(argument=NAMES[:-1]) + each(A, output=UNWRITABLE) + each(course=NO_COURSES),
    "collect": [[name, "../no.zip"] for name in NAMES]
    + each(A, argument=[*UNREADABLE, *NO_TABLES, "../text.txt", "gradebook.db"])
    + each(A, "../no.zip", roster=[*UNREADABLE, *NO_TABLES]),
    "calibrate": each(argument=NAMES) + each(A, seeds=["1", "0", "x"]) + [[A], []],
    "doctor": each(course=NO_COURSES) + each("--course", argument=NO_COURSES)
    + [["99"], ["--gpu"], ["--course"], ["."], ["gpu"], ["-v", "9"]],
    "demo": each(argument=[p for p in NO_FOLDERS if p != LONG]) + each(course=NO_COURSES)
    + [["a", "b"], ["--nothing"], ["/dev/null"], ["nbgrader_config.py"], ["../no.zip"], ["hidden"]],
}  # fmt: skip


@pytest.fixture(scope="module")
def place(built_course, tmp_path_factory) -> Path:
    """A folder with a graded course and files of the wrong kinds."""
    root = tmp_path_factory.mktemp("wrong")
    shutil.copytree(built_course, root / "course")
    enter_a_student(Course(root / "course"))
    (root / "folder").mkdir()
    (root / "folder" / "mine.txt").write_text("mine")
    (root / "nothing").symlink_to("nowhere")
    for name, content in {
        "empty.txt": b"", "bytes.bin": bytes(range(256)), "text.txt": b"a text\n",
        "list.json": b"[1, 2]", "object.json": b'{"student": 1}', "no.zip": b"PK\5\6" + bytes(18),
        "table.csv": b"Name,Points\nAda,3\n", "canvas.csv": b"Student,ID,Section,99_tiny\n",
    }.items():  # fmt: skip
        (root / name).write_bytes(content)
    return root


def enter_a_student(course: Course) -> None:
    """Write what grading would have left of one student."""
    course.private.mkdir(exist_ok=True)
    with opened(course) as book:
        drift.register(course, book, take_snapshot(course, A))
        book.add_student("ada", first_name="Ada")
        for grade in book.add_submission(A, "ada").notebooks[0].grades:
            by_hand = grade.cell.cell_type != "code"
            grade.auto_score, grade.manual_score = (None, 1.0) if by_hand else (1.0, None)
            grade.needs_manual_grade = False
        book.db.commit()
    (course.root / "submitted" / "ada" / A).mkdir(parents=True)
    (course.root / "autograded" / "ada" / A).mkdir(parents=True)
    shutil.copy(course.source_notebook(A), course.root / "autograded" / "ada" / A)
    # Made on first use by whatever needs it.
    _ = course.secret


def contents(root: Path) -> dict[str, bytes | int]:
    """Everything below a folder; what only says that a command is running does not count."""
    return {
        str(p.relative_to(root)): p.read_bytes() if p.is_file() else stat.S_IFMT(p.lstat().st_mode)
        for p in sorted(root.rglob("*"))
        if "__pycache__" not in p.parts and p.name != "lock"
    }


@pytest.fixture
def run(monkeypatch, capfd) -> Callable:
    """Call the command in a folder as a shell would; returns the exit code and both outputs."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(folder: Path, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["autograder", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code, *capfd.readouterr()

    return call


def is_one_message(told: str) -> bool:
    """One line for people, or the usage that typer prints."""
    if "╭─ Error" in told:
        return "Traceback" not in told
    lines = told.split("\n")
    return len(lines) == 2 and lines[0].startswith("autograder: ") and not lines[1]


def test_every_command_is_called_in_at_least_twenty_wrong_ways():
    names = {c.name or c.callback.__name__ for c in cli.app.registered_commands}
    assert names == WRONG.keys()
    counts = {name: len(calls) + len(MORE) for name, calls in WRONG.items()}
    assert {name: count for name, count in counts.items() if count < 20} == {}


@pytest.mark.parametrize("command", WRONG)
def test_wrong_arguments_get_one_message_and_change_nothing(command, place, run):
    before = contents(place)
    problems = []
    for arguments in [*WRONG[command], *MORE]:
        code, printed, told = run(place / "course", command, *arguments)
        if code != 2 or printed or not is_one_message(told):
            problems.append((arguments, code, printed, told))
    assert problems == []
    assert contents(place) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "address", ["", "nonsense", "tcp://127.0.0.1:1", "http://[", "tcp://", "../folder"]
)
def test_no_scheduler_gets_one_message(address, place, run, monkeypatch, tmp_path):
    monkeypatch.setattr(workers, "SECONDS_TO_CONNECT", 1)
    root = tmp_path / "course"
    shutil.copytree(place / "course", root)
    code, _, told = run(root, "grade", A, "--scheduler", address)
    assert code == 2 and is_one_message(told), (code, told)
    assert "expected a Dask scheduler at" in told


def replace(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        text = (root / path).read_text()
        assert old in text
        (root / path).write_text(text.replace(old, new))

    return change


def put(path: str, content: bytes) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        if (root / path).is_dir():
            shutil.rmtree(root / path)
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)

    return change


def folder(path: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / path).unlink(missing_ok=True)
        (root / path).mkdir(parents=True)

    return change


CHECKS, NOTEBOOK = f"hidden/{A}/checks.py", f"notebooks/{A}.py"
SOURCE, RELEASE = f"source/{A}/{A}.ipynb", f"release/{A}/{A}.ipynb"
LATIN = "# %%\n# Übung\n".encode("latin-1")
# What is wrong in the course, the commands that come upon it, and words of their message.
BUILD, READ = (
    ("build", "build --check"),
    (f"export {A} --to csv", f"report {A}", f"leaderboard {A}"),
)
BROKEN = {
    "a syntax error in the checks": (
        replace(CHECKS, "def one_number", "def one number"), BUILD, "checks.py, line 7"),
    "checks that end the process": (
        replace(CHECKS, "import probes", "import probes; exit()"), BUILD, "checks.py:3"),
    "points in quotes": (replace(CHECKS, "points=1", 'points="1"'), BUILD, "must be real number"),
    "negative points": (replace(CHECKS, "points=1", "points=-1"), BUILD, "expected positive finite"),
    "points forgotten": (replace(CHECKS, ", points=1", ""), BUILD, "missing 1 required"),
    "other points": (replace(CHECKS, "points=1", "points=2"), BUILD, "its hidden checks 4"),
    "a folder for checks": (folder(CHECKS), BUILD, "checks.py, which does not exist"),
    "a syntax error in the probes": (
        put(f"hidden/{A}/probes.py", b"def x("), BUILD, "probes.py, line 1"),
    "a syntax error in the notebook": (
        replace(NOTEBOOK, "def double(x)", "def double(x"), BUILD, "99_tiny.py:7: the cell is not"),
    "points as a word": (
        replace(NOTEBOOK, "points=3", 'points="three"'), BUILD, "expected points above 0"),
    "points as a fraction": (
        replace(NOTEBOOK, "points=2", "points=1/2"), BUILD, 'got `# %% selfcheck="mean" points=1/2`'),
    "points left out": (replace(NOTEBOOK, "points=3", "points="), BUILD, "expected a header such as"),
    "points without end": (
        replace(NOTEBOOK, 'answer="why" points=3', 'answer="why" points=1e999'), BUILD,
        "expected points above 0, got inf"),
    "points that are true": (
        replace(NOTEBOOK, 'answer="why" points=3', 'answer="why" points=true'), BUILD,
        "expected points above 0, got True"),
    "a quote that is not closed": (
        replace(NOTEBOOK, 'solution="double"', 'solution="double'), BUILD, "99_tiny.py:7: expected a"),
    "an empty notebook": (put(NOTEBOOK, b""), BUILD, "expected the file to begin with a cell"),
    "a notebook in another encoding": (put(NOTEBOOK, LATIN), BUILD, "is not UTF-8 text"),
    "a folder for a notebook": (folder(NOTEBOOK), BUILD, "99_tiny.py could not be read: Is a directory"),
    "a notebook without checks": (
        put("notebooks/98 more.py", b"# %%\n1\n"), BUILD, "hidden/98 more with checks.py"),
    "source damaged": (put(SOURCE, b"{"), READ, "run `autograder build`"),
    "release damaged": (put(RELEASE, b"{"), (f"report {A}",), "run `autograder build`"),
    "checks that are not Python": (
        put(CHECKS, b"def ("), (f"grade {A}",), "hidden/99_tiny/checks.py:1: this is not Python"),
    "answers that are not Python": (
        put(f"hidden/{A}/answers.py", b"ANSWERS = ["), (f"grade {A}",), "answers.py:1: this is not"),
    "checks in another encoding": (
        put(CHECKS, b'x = "\xdc"\n'), (f"grade {A}",), "checks.py"),
    "no checks": (
        lambda root: shutil.rmtree(root / "hidden" / A), (f"grade {A}",), "expected the folder"),
    "a source that is no notebook": (put(SOURCE, b"{"), (f"grade {A}",), "run `autograder build`"),
    "a folder for the gradebook": (folder("gradebook.db"), READ, "gradebook"),
    "no gradebook": (put("gradebook.db", b"garbage" * 99), READ, "file is not a database"),
    "half a gradebook": (
        lambda root: os.truncate(root / "gradebook.db", 5000), READ, "gradebook.db cannot be used"),
    "no address of a gradebook": (
        replace("nbgrader_config.py", "c.Course.demo",
                "c.CourseDirectory.db_url = 'nonsense'\nc.Course.demo"), READ, "nonsense"),
    "a number as a folder": (
        replace("nbgrader_config.py", "c.Course.demo",
                "c.CourseDirectory.source_directory = 3\nc.Course.demo"), (*BUILD, *READ, "doctor"),
        "expected a text as c.CourseDirectory.source_directory, got 3"),
    "a text as a list of modules": (
        replace("nbgrader_config.py", "c.Course.demo", "c.Judge.preload = 'torch'\nc.Course.demo"),
        (*BUILD, f"grade {A}", "doctor"), "expected a list of modules' names as c.Judge.preload, got 'torch'"),
    "damaged records of a collection": (
        put(f".autograder/collected/{A}.json", b"{"), READ, "is damaged"),
    "records of another kind": (
        put(f".autograder/collected/{A}.json", b"[1]"), READ, "is damaged"),
    "a folder for the ledger": (folder(f".autograder/ledger/{A}.jsonl"), READ, "Is a directory"),
    "a configuration that ends the process": (
        put("nbgrader_config.py", b"raise SystemExit(0)"), (*BUILD, *READ), "could not be read"),
    "a file for a folder": (put("source", b""), ("build",), "Not a directory"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", BROKEN)
def test_a_broken_course_gets_one_message(wrong, place, run, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(place / "course", root)
    change, calls, words = BROKEN[wrong]
    change(root)
    before = contents(root)
    for call in calls:
        code, _, told = run(root, *call.split())
        assert code == 2 and is_one_message(told) and words in told, (call, code, told)
    assert contents(root) == before


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("notebooks/README.md", LATIN, "README.md is not UTF-8 text"),
        ("notebooks/requirements.txt", LATIN, "requirements.txt is not UTF-8 text"),
        ("helpers/pyproject.toml", b"[[", "expected name, requires-python and dependencies"),
        ("helpers/pyproject.toml", b"", "expected name, requires-python and dependencies"),
    ],
)
def test_a_bundle_of_broken_files_gets_one_message(path, content, words, place, run, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(place / "course", root)
    put(path, content)(root)
    code, _, told = run(root, "bundle")
    assert code == 2 and is_one_message(told) and words in told
    assert not (root / "course.zip").exists()


def test_a_secret_that_a_killed_process_left_empty_is_drawn_anew(course):
    course.private.mkdir()
    (course.private / "secret").touch()
    assert len(course.secret) == 64


def test_a_read_only_folder_is_refused_before_the_work(place, run, monkeypatch):
    monkeypatch.setattr(data, "gather", lambda *_: pytest.fail("the work has begun"))
    closed = Path("/proc")
    if not closed.is_dir():
        closed = place / "folder"
        closed.chmod(0o500)
    code, printed, told = run(place / "course", "report", A, "--output", f"{closed}/report.html")
    assert (code, printed) == (2, "")
    assert told.startswith(f"autograder: nothing can be written in {closed} (")


def test_a_full_disk_gets_one_message_and_leaves_the_old_file(place, run, monkeypatch):
    page = place / "course" / f"{A}_report.html"
    page.write_text("the old page")

    def full(self, content):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    code, _, told = run(place / "course", "report", A)
    assert code == 2 and is_one_message(told) and "No space left on device" in told
    assert page.read_text() == "the old page"
    page.unlink()


def test_a_zip_is_refused_under_its_own_name(place, run):
    zipped = place / "course" / "Week 3.zip"
    zipped.write_bytes(b"no zip")
    told = run(place / "course", "collect", A, str(zipped))[2]
    zipped.unlink()
    assert "but Week 3.zip was refused: it is not a zip file" in told
