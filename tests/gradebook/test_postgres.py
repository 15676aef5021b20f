"""The same class in SQLite and in a PostgreSQL server of Debian's package: equal gradebooks."""

import os
import pwd
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from scale_helpers import A, attempts_of, book_of, grade_by_hand, left_over, submission
from sqlalchemy import create_engine, make_url, text

from autograder.authoring.classroom import hand_in
from autograder.course import Course
from autograder.gradebook import writer
from autograder.grading import batch

PENALTY = """
from nbgrader.plugins import LateSubmissionPlugin

class PointsPerHour(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return min(score, total_seconds_late / 3600)

c.AssignLatePenalties.plugin_class = PointsPerHour
"""


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    return found[-1].parent


def _ordinary_user() -> str | None:
    """Whom the server runs as, for it refuses to be root; None: as whoever runs the tests."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("no ordinary user here that a PostgreSQL server could run as")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a fresh server that listens on a socket in a folder."""
    programs, user = _programs(), _ordinary_user()
    # A socket's path has at most 107 bytes.
    folder = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True).stdout.strip())
    if user is not None:
        shutil.chown(folder, user)
        # So that the server finds its own folder, and nobody else does.
        folder.chmod(0o700)

    def run(program, *arguments):
        done = subprocess.run(
            [programs / program, *arguments], user=user, cwd=folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-U", "grader", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        run("pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
        try:
            yield f"postgresql+psycopg2://grader@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def make_course(origin: Path, root: Path, db_url: str | None) -> Course:
    shutil.copytree(origin, root)
    # The challenges of both courses come from it.
    (root / ".autograder").mkdir()
    (root / ".autograder" / "secret").write_text("5" * 64)
    path = root / "nbgrader_config.py"
    address = f"\nc.CourseDirectory.db_url = {db_url!r}\n" if db_url else ""
    path.write_text(path.read_text() + PENALTY + address)
    return Course(root)


def at(course: Course, student: str, time: str) -> None:
    (course.folder("submitted") / student / A / "timestamp.txt").write_text(time)


def a_term(course: Course):
    """Grade a class, by us and by hand, and grade again after changes; yields after each step."""
    for student, kind, answer in [
        ("müller ß", "right", "Äpfel & 🍎"),
        ("late", "wrong", "Sorry."),
        ("stale", "right", "Fine."),
        ("broken", "broken", ""),
    ]:
        hand_in(course, student, A, submission(course, kind, answer))
    at(course, "late", "2030-01-01 13:30:00 UTC")
    at(course, "müller ß", "2030-01-01 11:00:00 UTC")
    with writer.opened(course) as book:
        book.update_or_create_assignment(A, duedate=datetime(2030, 1, 1, 12))
    students = course.submitted_students(A)
    batch.grade(course, A, students)
    yield "graded"
    grade_by_hand(course, "müller ß", 2.5, "schön – „gut“ 🍎")
    grade_by_hand(course, "late", 1.0, "0 < 1")
    yield "graded by hand"
    hand_in(course, "müller ß", A, submission(course, "wrong", "Äpfel & Birnen"))
    hand_in(course, "stale", A, submission(course, "broken", ""))
    batch.grade(course, A, students)
    yield "graded again"
    hand_in(course, "late", A, submission(course, "right", "Sorry."))

    def end(self, *_):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer.Writer, "_write_page", end)
        with pytest.raises(KeyboardInterrupt):
            batch.grade(course, A, ["late"])
    yield "killed within the transaction"
    writer.bring_up_to_date(course, A)
    assert left_over(course) == []
    yield "recovered"


@pytest.mark.slow
def test_the_same_class_gives_equal_gradebooks(built_course, server, tmp_path):
    courses = [
        make_course(built_course, tmp_path / "sqlite", None),
        make_course(built_course, tmp_path / "postgres", server),
    ]
    for moment, other in zip(*map(a_term, courses), strict=True):
        rows, others = map(book_of, courses)
        assert rows == others, moment
        assert moment == other
    assert attempts_of(courses[0]) == attempts_of(courses[1])
    assert not (courses[1].root / "gradebook.db").exists()
    kinds = {row[0] for row in rows}
    assert kinds == {
        "student", "assignment", "cell", "source", "submission", "notebook", "grade", "comment"
    }  # fmt: skip
    # What was compared is what was meant: a penalty, a grade and a comment by hand, an old score.
    with Gradebook(server, courses[1].course_id) as book:
        (late,) = book.find_submission(A, "late").notebooks
        assert (late.late_submission_penalty, late.score) == (1.5, 6.0)
        written = book.find_comment("answer_why", A, A, "müller ß")
        assert written.manual_comment == "schön – „gut“ 🍎"
        old = book.find_comment("answer_why", A, A, "stale").auto_comment
        assert old.startswith(writer.STALE)


@pytest.mark.slow
def test_two_that_write_at_once_wait_for_each_other(built_course, server, tmp_path):
    """Formgrader may hold a row while a run writes another."""
    name = "two"
    url = make_url(server)
    with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    address = url.set(database=name).render_as_string(hide_password=False)
    course = make_course(built_course, tmp_path / "course", address)
    hand_in(course, "ada", A, submission(course, "right", "Fine."))
    hand_in(course, "eve", A, submission(course, "right", "Fine."))
    batch.grade(course, A, ["ada", "eve"])
    with Gradebook(address, course.course_id) as formgrader:
        formgrader.find_grade("answer_why", A, A, "ada").manual_score = 2.0
        formgrader.db.flush()
        hand_in(course, "eve", A, submission(course, "wrong", "Fine."))
        (result,) = batch.grade(course, A, ["eve"])
        assert result.score == 3.0
        formgrader.db.commit()
    with Gradebook(address, course.course_id) as book:
        assert book.find_submission(A, "ada").score == 7.0
        assert book.find_submission(A, "eve").score == 3.0
