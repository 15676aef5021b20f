"""A class of odd submissions: what is right earns its points, or somebody is told.

All of them are put together and judged in this process; a few, and slowly all, in kernels.
"""

import base64
import contextlib
import io
import re
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook
from nbgrader.server_extensions.formgrader import handlers
from odd import CASES, PICTURES, TEXT, UNSHOWN, A, write
from PIL import Image

from autograder.authoring.build import build
from autograder.authoring.classroom import cell_of, solved
from autograder.checking import hidden
from autograder.checking.check import run_checks
from autograder.checking.student import LocalStudent
from autograder.course import Course
from autograder.feedback import sanitise
from autograder.feedback.sanitise import SafeNotebook
from autograder.gradebook.records import LOOK, class_records
from autograder.gradebook.released import take_snapshot
from autograder.grading import batch
from autograder.grading.judging.grade import Grader
from autograder.report.data import gather
from autograder.submission.intake import Unreadable, read_submission
from autograder.submission.pack import pack
from autograder.submission.repair import Repair

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and modes of files")

# What only a kernel can run, and what the judge adds to it.
IN_KERNELS = (
    "timed_cell",
    "endless_experiment",
    "needed_experiment",
    "fatal_experiment",
    "good_bye",
    "deaf_experiment",
)
FEW = """
right stub_beside_the_copy package_missing_here helper_below package_in_a_cell_of_ones_own mended_below
magic_of_a_platform question_to_the_user graphics_card
merge_of_answers timestamp_far_away text_in_a_new_cell text_in_a_file no_text text_deleted four_megabytes
heic_attached endless_experiment fatal_experiment good_bye
""".split()


@pytest.fixture(scope="module")
def odd_course(tmp_path_factory) -> Course:
    root = tmp_path_factory.mktemp("odd") / "course"
    shutil.copytree(ROOT / "tests" / "odd", root)
    course = Course(root)
    build(course)
    course.private.mkdir()
    return course


def hand_in(course: Course, name: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    book = solved(course, A)
    cell_of(book, "answer_why").source = "Because it grows in both directions."
    cell_of(book, "answer_leaf").source = "Count the squares."
    if CASES[name].edit(book, folder) is not False:
        write(folder / f"{A}.ipynb", book)


# In this process.


@pytest.fixture(scope="module")
def grader(odd_course, tmp_path_factory) -> Grader:
    return Grader(odd_course, take_snapshot(odd_course, A), tmp_path_factory.mktemp("scratch"))


def put_together(grader, course, name, place: Path):
    """The notebook after repair and all remarks; raises `Unreadable`."""
    hand_in(course, name, place / "ada" / A)
    notes = pack(place / "ada" / A).unpack(place / "handed-in")
    found = read_submission(place / "handed-in", A, grader.layout, place / "files")
    resources = grader.resources("ada", place / "files")
    Repair(config=grader.config)(found.notebook, resources)
    return found.notebook, [*notes, *found.notes, *found.doubts, *resources["repairs"]]


@pytest.mark.parametrize("name", [name for name in CASES if name not in IN_KERNELS])
def test_a_submission_is_put_together_again(grader, odd_course, tmp_path, name):
    case, own = CASES[name], hidden.load(odd_course.hidden, A)
    if case.score is None:
        with pytest.raises(Unreadable, match=re.escape(case.told)):
            put_together(grader, odd_course, name, tmp_path)
        return
    book, notes = put_together(grader, odd_course, name, tmp_path)
    namespace: dict = {"__name__": "__main__"}
    student, points = LocalStudent(namespace), 0.0
    for cell in (c for c in book.cells if c.cell_type == "code"):
        if cell.metadata.get("nbgrader", {}).get("grade"):
            checks = own.checks[cell.metadata.nbgrader.grade_id.removeprefix("check_")]
            points += sum(r.points for r in run_checks(checks, student, lambda check: 7))
        else:
            run(cell.source, namespace, tmp_path / "files")
    told = "; ".join(notes)
    assert points == case.score, told
    if not case.looked_at and "timestamp" not in name:
        assert case.told in told
    for answer, words in case.answers.items():
        item = next(e for e in grader.layout.expected if e.grade_id == f"answer_{answer}")
        source = cell_of(book, item.grade_id).source
        assert item.is_untouched(source) if words is None else words in source


def run(code: str, namespace: dict, folder: Path) -> None:
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        with contextlib.suppress(Exception):
            exec(code, namespace)


def shown(book, course) -> tuple[str, list[str]]:
    """The HTML of the written answer in both kinds of pages, and its pictures."""
    nb, _ = SafeNotebook().preprocess(book, {})
    cell = cell_of(nb, "answer_why")
    html = sanitise.markdown_to_html({"cell": cell}, cell.source)
    return html, re.findall(r'<img\b[^>]* src="(data:image/[^"]*)"', html.replace("<img", "<img "))


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_shown_with_the_text_around_it(grader, odd_course, tmp_path, name):
    book, _ = put_together(grader, odd_course, name, tmp_path)
    cell = cell_of(book, "answer_why")
    handed_in = {
        data for bundle in cell.get("attachments", {}).values() for data in bundle.values()
    }
    html, pictures = shown(book, odd_course)
    assert TEXT in html
    assert len(pictures) == (2 if name == "picture_in_a_joined_cell" else 1)
    for picture in pictures:
        kind, _, data = picture.partition(";base64,")
        Image.open(io.BytesIO(base64.b64decode(data))).verify()
        assert name == "inline" or data in handed_in
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("name", UNSHOWN)
def test_a_picture_that_cannot_be_shown_is_a_sentence(grader, odd_course, tmp_path, name):
    book, _ = put_together(grader, odd_course, name, tmp_path)
    html, pictures = shown(book, odd_course)
    assert TEXT in html and pictures == []
    assert re.search(
        r"<em>\[the picture [^\]]*(missing|is not part of the notebook)[^\]]*\]</em>", html
    )


# In kernels, and what becomes of it in gradebook and pages.


def grade(course: Course, names: list[str]) -> dict:
    for name in names:
        hand_in(course, name, course.folder("submitted") / name / A)
    return {r.student: r for r in batch.grade(course, A, names)}


@pytest.fixture(scope="module")
def few(odd_course):
    return grade(odd_course, FEW)


@pytest.fixture(scope="module", params=range(7))
def many(request, tmp_path_factory, odd_course):
    """A seventh of the others, in a course of its own: (course, results)."""
    root = tmp_path_factory.mktemp("many") / "course"
    shutil.copytree(odd_course.root, root, ignore=shutil.ignore_patterns("submitted", "*.db"))
    others = [name for name in CASES if name not in FEW]
    return Course(root), grade(Course(root), others[request.param :: 7])


def expect(name: str, result) -> None:
    case = CASES[name]
    told = "; ".join([result.message, *result.attention, *result.notes])
    assert (result.status, result.score) == (case.status, case.score), (name, told)
    assert case.told in told, name
    assert result.needs_attention == case.looked_at, (name, told)
    # The real cause leads.
    assert not case.looked_at or case.told in result.message, (name, told)


def expect_waiting(course: Course, name: str) -> None:
    """Written answers wait for a person, whole, or count as no response."""
    if not CASES[name].answers:
        return
    path = course.folder("autograded") / name / A / f"{A}.ipynb"
    book = nbformat.read(path, as_version=4)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        for answer, words in CASES[name].answers.items():
            found = gradebook.find_grade(f"answer_{answer}", A, A, name)
            assert bool(found.needs_manual_grade) == (words is not None), name
            assert (words or "") in cell_of(book, f"answer_{answer}").source, name


@pytest.mark.parametrize("name", FEW)
def test_what_is_right_earns_its_points_or_somebody_is_told(odd_course, few, name):
    expect(name, few[name])
    expect_waiting(odd_course, name)


@pytest.mark.slow
def test_the_whole_class_earns_what_it_should(many):
    course, results = many
    for name, result in results.items():
        expect(name, result)
        expect_waiting(course, name)


def test_an_experiment_is_named_with_the_time_it_took(few):
    assert few["endless_experiment"].message == (
        "the cell that begins with `while True:` was stopped after 2 s"
    )
    assert few["fatal_experiment"].message.endswith("; it was left out")


@pytest.mark.parametrize("name", ["four_megabytes", "heic_attached"])
def test_both_pages_show_an_answer_with_its_picture(odd_course, few, name):
    page = odd_course.folder("feedback") / name / A / f"{A}.html"
    autograded = odd_course.folder("autograded") / name / A / f"{A}.ipynb"
    book = nbformat.read(autograded, as_version=4)
    config = Course(odd_course.root).config
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    resources = {
        "assignment_id": A, "notebook_id": A, "submission_id": "f00", "index": 0, "total": 1,
        "base_url": "", "student": name, "last_name": name, "first_name": name,
        "notebook_path": f"course/autograded/{name}/x.ipynb",
    }  # fmt: skip
    formgrader = HTMLExporter(config=config).from_notebook_node(book, resources=resources)[0]
    (bundle,) = cell_of(nbformat.read(autograded, as_version=4), "answer_why").attachments.values()
    (data,) = bundle.values()
    for html in (page.read_text(), formgrader):
        assert TEXT in html
        assert (data in html) == (name == "four_megabytes")


def test_a_time_that_is_none_leaves_the_gradebook_without_one(odd_course, few):
    with Gradebook(odd_course.db_url, odd_course.course_id) as gradebook:
        assert gradebook.find_submission(A, "timestamp_far_away").timestamp is None


def test_what_needs_attention_is_flagged_wherever_scores_go(odd_course, few):
    name = "package_in_a_cell_of_ones_own"
    records = {r.student: r for r in class_records(odd_course, A)}
    assert LOOK in records[name].flags and "ModuleNotFoundError" in records[name].message
    assert LOOK not in records["right"].flags
    report = gather(odd_course, A, datetime(2026, 1, 1, tzinfo=UTC))
    assert name in {found.student for found in report.attention}


@pytest.mark.slow
def test_own_cells_that_use_up_the_time_leave_enough_for_the_exercises(odd_course, tmp_path):
    course = Course(tmp_path / "course")
    shutil.copytree(
        odd_course.root, course.root, ignore=shutil.ignore_patterns("submitted", "*.db")
    )
    with open(course.root / "nbgrader_config.py", "a") as config:
        config.write("c.Judge.submission_timeout = 6\n")
    hand_in(course, "right", course.folder("submitted") / "ada" / A)
    path = course.folder("submitted") / "ada" / A / f"{A}.ipynb"
    book = nbformat.read(path, as_version=4)
    for _ in range(9):
        book.cells.insert(2, nbformat.v4.new_code_cell("while True:\n    pass"))
    write(path, book)
    (result,) = batch.grade(course, A, ["ada"])
    assert (result.status, result.score) == ("timed out", 7.0)
    written = course.folder("autograded") / "ada" / A / f"{A}.ipynb"
    cells = nbformat.read(written, as_version=4).cells
    ends = [out.evalue for c in cells for out in c.get("outputs", []) if out.output_type == "error"]
    assert "the time for the student's own cells was used up" in ends


def test_what_lies_outside_of_its_folder_is_told(odd_course, few, tmp_path):
    submitted, notes = odd_course.folder("submitted"), []
    (submitted / "outside").mkdir()
    (submitted / "outside" / f"{A}.ipynb").write_text("{}")
    (submitted / "outside" / "98_other").mkdir()
    batch.grade(odd_course, A, ["right"], watcher=batch.Watcher(note=notes.append))
    (note,) = notes
    assert note.startswith(f"not graded: outside/{A}.ipynb in ") and note.endswith(f"STUDENT/{A}/")
