"""Damaged and unusual submissions whose work is right, and what must come of each.

They follow public reports of what editors, platforms and people do to notebooks. A case gets a
solved notebook and the folder to hand in; it edits the notebook, or writes the folder itself and
returns False. Its docstring says what happened.
"""

import base64
import copy
import io
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from PIL import Image

from autograder.authoring.classroom import cell_of
from autograder.notebook import SETUP, grade_id_of

A = "97_odd"
FULL = 7.0
# Words that an answer's text must reach its marker with.
TEXT = "It is spread over both directions of the plane."
STUB = "raise NotImplementedError()"
ABSENT = "a_package_of_another_machine"


@dataclass(frozen=True)
class Case:
    """What must come of a submission.

    Parameters
    ----------
    score
        None if it cannot be graded.
    told
        Words of the message (with a reason to look) or of the notes.
    looked_at
        Whether an instructor is asked to look.
    answers
        Words that a written answer's cell must hold for its marker, by its id; None: no response.
    """

    edit: Callable
    score: float | None
    told: str
    looked_at: bool
    status: str
    answers: dict[str, str | None]


CASES: dict[str, Case] = {}


def case(score=FULL, told="", looked_at=False, status="", answers=None):
    def register(edit):
        ending = status or ("unreadable" if score is None else "graded")
        look = looked_at or score is None
        CASES[edit.__name__] = Case(edit, score, told, look, ending, answers or {})
        return edit

    return register


def write(place: Path, book) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(book), encoding="utf-8")
    return place


def text_of(book) -> str:
    return json.dumps(book, indent=1, ensure_ascii=False)


def stubbed(book):
    """The notebook as handed out."""
    stub = copy.deepcopy(book)
    for cell in stub.cells:
        info = cell.metadata.get("nbgrader", {})
        if info.get("solution"):
            cell.source = STUB if cell.cell_type == "code" else "YOUR ANSWER HERE"
    return stub


def at(book, name) -> int:
    return next(i for i, c in enumerate(book.cells) if grade_id_of(c) == name)


def setup_of(book):
    return next(c for c in book.cells if c.metadata.get(SETUP))


def shown_of(book):
    return next(c for c in book.cells if c.source.startswith("from statistics"))


def insert(book, place, *cells) -> None:
    book.cells[place:place] = list(cells)


def retype(cell, kind) -> None:
    cell.cell_type = kind
    for key in ("outputs", "execution_count"):
        cell.pop(key, None)
    if kind == "code":
        cell.update(outputs=[], execution_count=None)


def picture(kind="png", side=24) -> bytes:
    file = io.BytesIO()
    noise = os.urandom(3 * side * side) if side > 100 else bytes(range(192)) * 9
    Image.frombytes("RGB", (side, side), noise[: 3 * side * side]).save(file, kind)
    return file.getvalue()


def base(content: bytes) -> str:
    return base64.b64encode(content).decode()


# As files: names, encodings, folders.


@case()
def right(book, folder):
    """Nothing happened to it."""


@case(told="which has no work on answer_leaf, answer_why, circle, square, typical")
def stub_beside_the_copy(book, folder):
    """The copy that Jupyter made holds the work."""
    write(folder / f"{A}.ipynb", stubbed(book))
    write(folder / f"{A}-Copy1.ipynb", book)
    return False


@case(told="was graded as")
def stub_beside_a_final_version(book, folder):
    """A name of the student's own."""
    write(folder / f"{A}.ipynb", stubbed(book))
    write(folder / "final FINAL version.ipynb", book)
    return False


@case(told="was graded as")
def stub_beside_its_checkpoint(book, folder):
    """Only the checkpoint has been saved with the work."""
    write(folder / f"{A}.ipynb", stubbed(book))
    write(folder / ".ipynb_checkpoints" / f"{A}-checkpoint.ipynb", book)
    return False


@case(told="was graded as")
def empty_beside_the_copy(book, folder):
    """An upload that stopped, and another one."""
    (folder / f"{A}.ipynb").write_bytes(b"")
    write(folder / f"{A} (1).ipynb", book)
    return False


@case(told="also handed in")
def older_copy_beside(book, folder):
    """A backup with less work in it."""
    old = copy.deepcopy(book)
    cell_of(old, "typical").source = STUB
    write(folder / f"{A}-Copy1.ipynb", old)


@case(told="which has no work on typical")
def copy_with_more_work(book, folder):
    """The copy has an answer that the right one lacks, and all others."""
    write(folder / f"{A}-Copy1.ipynb", book)
    cell_of(book, "typical").source = STUB


@case(4.0, told="holds other work", looked_at=True)
def copy_with_other_work(book, folder):
    """The copy has another answer, and the right one is wrong."""
    write(folder / f"{A}-Copy1.ipynb", book)
    cell_of(book, "circle").source = "def circle(r):\n    return r"
    cell_of(
        book, "typical"
    ).source = "def typical(radii):\n    return math.pi * middle_of(radii) ** 2"


@case(5.0)
def newer_attempt_with_less(book, folder):
    """A platform gave two attempts, and the newer one counts."""
    write(folder / f"older {A}.ipynb", book)
    cell_of(book, "typical").source = STUB


@case(told="was graded as")
def copy_beside_an_old_checkpoint(book, folder):
    """A name of the student's own, and a checkpoint with something else in it."""
    old = copy.deepcopy(book)
    cell_of(old, "circle").source = "def circle(r):\n    return 3"
    write(folder / ".ipynb_checkpoints" / "mine-checkpoint.ipynb", old)
    write(folder / "mine.ipynb", book)
    return False


@case(told="was graded as")
def copy_of_a_copy(book, folder):
    """Neither has the right name, and one holds all that the other holds."""
    old = copy.deepcopy(book)
    cell_of(old, "typical").source = STUB
    write(folder / "a.ipynb", old)
    write(folder / "b.ipynb", book)
    return False


@case(None, told="keep the one that counts")
def two_different_ones(book, folder):
    """Nobody can tell which one counts."""
    other = copy.deepcopy(book)
    cell_of(other, "circle").source = "def circle(r):\n    return 3 * r * r"
    write(folder / "a.ipynb", other)
    write(folder / "b.ipynb", book)
    return False


@case()
def notebook_of_another_assignment_beside(book, folder):
    """Both were put into one upload."""
    other = nbformat.v4.new_notebook(cells=[new_code_cell("def circle(r):\n    pass")])
    other.cells[0].metadata["nbgrader"] = {"grade_id": "other", "solution": True}
    write(folder / "98_other.ipynb", other)


@case()
def the_whole_course(book, folder):
    """Everything that was ever handed out, with the work in its place, and many drafts."""
    for i in range(30):
        write(folder / f"draft {i}.ipynb", nbformat.v4.new_notebook())
    write(folder / "course" / "release" / f"{A}.ipynb", stubbed(book))
    write(folder / "course" / "work" / A / f"{A}.ipynb", book)
    return False


@case(None, told="was another notebook handed in?")
def another_assignment(book, folder):
    """The wrong file, with a function of the same name."""
    other = nbformat.v4.new_notebook(cells=[new_code_cell("def circle(r):\n    pass")])
    other.cells[0].metadata["nbgrader"] = {"grade_id": "other", "solution": True}
    write(folder / f"{A}.ipynb", other)
    return False


def encoded(encoding, mark=""):
    def edit(book, folder):
        (folder / f"{A}.ipynb").write_bytes((mark + text_of(book)).encode(encoding))
        return False

    return edit


for _name, _edit in {
    "byte_order_mark": encoded("utf-8-sig"),
    "two_byte_order_marks": encoded("utf-8-sig", mark="\ufeff"),
    "utf_16": encoded("utf-16"),
    "utf_16_without_mark": encoded("utf-16-le"),
    "utf_32": encoded("utf-32"),
}.items():
    _edit.__name__ = _name
    case()(_edit)


@case(answers={"why": "für größere Kreise"})
def windows_1252(book, folder):
    """An old editor saved it."""
    cell_of(book, "answer_why").source = "Es gilt auch für größere Kreise."
    (folder / f"{A}.ipynb").write_bytes(text_of(book).encode("cp1252"))
    return False


@case(answers={"why": "für größere Kreise"})
def one_broken_character(book, folder):
    """UTF-8 with a byte lost on the way."""
    cell_of(book, "answer_why").source = "Es gilt auch für größere Kreise, überall, äöü. Das €"
    data = text_of(book).encode()
    (folder / f"{A}.ipynb").write_bytes(data.replace("€".encode(), "€".encode()[:2]))
    return False


def named(name):
    def edit(book, folder):
        write(folder / name, book)
        return False

    return edit


for _name, _file in {
    "capitals": "97_ODD.IPYNB",
    "ending_txt": f"{A}.ipynb.txt",
    "ending_json": f"{A}.ipynb.json",
    "only_json": f"{A}.json",
    "only_txt": f"{A}.txt",
    "no_ending": A,
    "space_at_the_end": f"{A}.ipynb ",
    "folder_with_a_notebooks_name": f"{A}.ipynb/{A}.ipynb",
    "downloaded_twice": f"{A} (1).ipynb",
    "numbered_after_the_ending": f"{A}.ipynb (1)",
    "folder_deeper": f"homework/{A}.ipynb",
    "two_folders_deeper": f"outer/inner/{A}.ipynb",
    "own_name_in_a_folder": "homework/Ada's solution, final.ipynb",
}.items():
    _edit = named(_file)
    _edit.__name__ = _name
    case()(_edit)


def zipped(folder, **content) -> None:
    with zipfile.ZipFile(folder / "homework.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, book in content.items():
            archive.writestr(name, book if isinstance(book, bytes) else text_of(book))


@case()
def zip_deeper(book, folder):
    """Packed once more."""
    zipped(folder, **{f"{A}.ipynb": book})
    return False


@case()
def zip_of_a_mac(book, folder):
    """Packed with a folder, and with what a Mac adds."""
    zipped(folder, **{f"inner/{A}.ipynb": book, f"__MACOSX/inner/._{A}.ipynb": b"\0\5\x16\7"})
    return False


@case(told="was graded as")
def stub_beside_the_zip(book, folder):
    """The stub was handed in with a zip file of the work."""
    write(folder / f"{A}.ipynb", stubbed(book))
    zipped(folder, **{f"{A}.ipynb": book, "notes.txt": b"hello"})
    return False


@case(None, told="unpack it")
def rar(book, folder):
    """An archive that nobody here can open."""
    (folder / "homework.rar").write_bytes(b"Rar!\x1a\x07\x01\x00")
    return False


@case()
def zip_with_a_notebooks_name(book, folder):
    """A zip file was renamed."""
    zipped(folder, **{f"{A}.ipynb": book})
    (folder / "homework.zip").rename(folder / f"{A}.ipynb")
    return False


@case(None, told="is a web page, not a notebook")
def web_page(book, folder):
    """The page about the notebook was saved instead of it."""
    (folder / f"{A}.ipynb").write_text("\n<!DOCTYPE html><html><body>97_odd</body></html>")
    return False


@case(None, told="leads out of the folder")
def dangerous_zip(book, folder):
    """A zip file that would write elsewhere."""
    zipped(folder, **{f"../../{A}.ipynb": book})
    return False


@case()
def litter(book, folder):
    """What computers leave behind, with an old checkpoint."""
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", f"._{A}.ipynb"):
        (folder / name).write_bytes(b"\0\1\2")
    write(folder / ".ipynb_checkpoints" / f"{A}-checkpoint.ipynb", stubbed(book))


@case(told="is a symbolic link and was left out")
def links_beside(book, folder):
    """Links to files and folders of the student's own machine."""
    (folder / "data").symlink_to("/home/ada/data")
    (folder / "notes.txt").symlink_to("/home/ada/notes.txt")


@case()
def read_only(book, folder):
    """Files of a read-only medium."""
    path = write(folder / f"{A}.ipynb", book)
    path.chmod(0o444)
    (folder / "data.csv").write_text("1,2")
    (folder / "data.csv").chmod(0o444)
    return False


@case(told="data.bin has 350 MB and was left out")
def data_set_beside(book, folder):
    """A data set of 350 MB, and a small file after it that an answer reads."""
    (folder / "data.bin").touch()
    os.truncate(folder / "data.bin", 350 << 20)
    (folder / "factor.txt").write_text("2")
    cell_of(book, "square").source += "\n\nfactor = int(open('factor.txt').read())"
    cell_of(book, "square").source += "\nSquare.twice = lambda self: factor * self.area()"


@case()
def carriage_returns(book, folder):
    """Line ends of another system, in the file and in the cells."""
    for cell in book.cells:
        cell.source = cell.source.replace("\n", "\r\n")
    (folder / f"{A}.ipynb").write_bytes(text_of(book).replace("\n", "\r\n").encode())
    return False


@case()
def format_3(book, folder):
    """Saved by an old Jupyter."""
    third = nbformat.convert(nbformat.from_dict(json.loads(json.dumps(book))), 3)
    (folder / f"{A}.ipynb").write_text(nbformat.writes(third, version=3))
    return False


@case()
def minor_version_of_the_future(book, folder):
    """A newer editor."""
    book.nbformat_minor = 99


@case()
def minor_version_without_ids(book, folder):
    """Format 4.0 knows neither ids nor attachments."""
    book.nbformat_minor = 0
    for cell in book.cells:
        cell.pop("id", None)


@case()
def version_as_text(book, folder):
    """A tool wrote texts for numbers."""
    book["nbformat"], book["nbformat_minor"] = "4", "5"


def conflict(text, ours, theirs) -> str:
    """A line of the file in two versions, as git leaves it."""
    sides = f"<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> origin/main"
    return text.replace(ours, sides, 1)


@case(told="both sides have the same cells")
def merge_of_outputs(book, folder):
    """Two runs of the same notebook were merged."""
    book.cells[1].execution_count = 7
    line = next(x for x in text_of(book).split("\n") if '"execution_count": 7' in x)
    text = conflict(text_of(book), line, line.replace("7", "9"))
    (folder / f"{A}.ipynb").write_text(text)
    return False


@case(None, told="'HEAD' has work on 5 exercises; 'origin/main' has work on 5 exercises")
def merge_of_answers(book, folder):
    """Two people's answers were merged, and nobody finished it."""
    text = text_of(book)
    line = next(x for x in text.split("\n") if "return math.pi * r**2" in x)
    text = conflict(text, line, line.replace("math.pi", "3"))
    (folder / f"{A}.ipynb").write_text(text)
    return False


@case(4.0, told="it holds the marks of a merge", looked_at=True)
def merge_marks_in_a_cell(book, folder):
    """A tool for notebooks left both versions in one cell."""
    source = cell_of(book, "circle").source
    cell_of(book, "circle").source = f"<<<<<<< local\n{source}\n=======\n{source}\n>>>>>>> remote"
    cell_of(
        book, "typical"
    ).source = "def typical(radii):\n    return 3.141592653589793 * sorted(radii)[2]**2"


def stamped(content):
    def edit(book, folder):
        (folder / "timestamp.txt").write_bytes(content)

    return edit


for _name, (_content, _told) in {
    "timestamp_far_away": (b"99999999999999999999", "which is no time"),
    "timestamp_empty": (b"", "timestamp.txt is empty"),
    "timestamp_of_words": (b"yesterday, shortly before midnight", "which is no time"),
    "timestamp_with_mark": ("\ufeff2026-11-29 10:00:00 UTC".encode(), ""),
    "timestamp_of_powershell": ("2026-11-29 10:00:00".encode("utf-16"), ""),
    "timestamp_with_zone": (b"2026-11-29 10:00:00 Europe/Berlin\n", ""),
}.items():
    _edit = stamped(_content)
    _edit.__name__ = _name
    case(told=_told)(_edit)


# Given cells: failed, deleted, changed.


@case(told="the original runs first")
def package_missing_here(book, folder):
    """The first line of the imports fails on the grader's machine."""
    setup_of(book).source = f"import {ABSENT} as pd\n" + setup_of(book).source


@case(told="the original runs first")
def mounted_drive(book, folder):
    """What a platform needs before anything else."""
    setup_of(book).source = (
        "from google.colab import drive\ndrive.mount('/content/drive')\n" + setup_of(book).source
    )


@case(told="the original runs first")
def own_imports_added(book, folder):
    """A line more, which is right."""
    setup_of(book).source += "\nimport random"


@case(told="was missing and was put back")
def imports_deleted(book, folder):
    """They ran before they were deleted."""
    book.cells.remove(setup_of(book))


@case(told="original runs first")
def imports_emptied(book, folder):
    """The cell is there, and nothing in it."""
    setup_of(book).source = ""


for _kind in ("markdown", "raw"):

    def _edit(book, folder, kind=_kind):
        retype(setup_of(book), kind)

    _edit.__name__ = f"imports_are_{_kind}"
    case(told="the original runs first")(_edit)


@case()
def imports_split(book, folder):
    """One cell became two, and lost its marks."""
    setup = setup_of(book)
    head, tail = setup.source.split("\n", 1)
    i = book.cells.index(setup)
    book.cells[i : i + 1] = [new_code_cell(head), new_code_cell(tail)]


@case()
def import_cell_moved_down(book, folder):
    """Below the first exercise, where it ran before in time."""
    setup = setup_of(book)
    book.cells.remove(setup)
    insert(book, at(book, "check_typical"), setup)


@case(told="put back")
def needed_example_deleted(book, folder):
    """An answer uses a name of a given cell that is gone."""
    book.cells.remove(shown_of(book))


@case(told="the original runs first")
def package_missing_in_a_needed_example(book, folder):
    """An answer uses a name of a given cell that fails now."""
    shown_of(book).source = f"import {ABSENT}\n" + shown_of(book).source


@case(4.0, told=f"ModuleNotFoundError: No module named '{ABSENT}'", looked_at=True)
def package_in_a_cell_of_ones_own(book, folder):
    """An answer uses what was imported in a cell of its own."""
    insert(book, at(book, "circle"), new_code_cell(f"import {ABSENT} as pd"))
    cell_of(book, "circle").source = "def circle(r):\n    return pd.Series([r]).sum()"
    cell_of(
        book, "typical"
    ).source = "def typical(radii):\n    return math.pi * middle_of(radii) ** 2"


@case(4.0, told=f"ModuleNotFoundError: No module named '{ABSENT}'", looked_at=True)
def package_in_an_answer(book, folder):
    """The answer's cell stops at its first line."""
    cell_of(book, "circle").source = f"import {ABSENT}\n" + cell_of(book, "circle").source
    cell_of(
        book, "typical"
    ).source = "def typical(radii):\n    return math.pi * middle_of(radii) ** 2"


@case(5.0, told=f"No module named '{ABSENT}'", looked_at=True)
def package_in_a_function(book, folder):
    """It is imported when the answer is called."""
    cell_of(book, "typical").source = f"def typical(radii):\n    import {ABSENT}\n    return 1"


@case(5.0, told="UsageError", looked_at=True)
def magic_of_a_platform(book, folder):
    """The answer's cell begins with a command that only one platform knows."""
    cell_of(book, "typical").source = "%tensorflow_version 2.x\n" + cell_of(book, "typical").source


@case(5.0, told="StdinNotImplementedError", looked_at=True)
def question_to_the_user(book, folder):
    """The answer's cell asks something."""
    cell_of(book, "typical").source = "n = input('n?')\n" + cell_of(book, "typical").source


@case(5.0, told="Torch not compiled with CUDA enabled", looked_at=True)
def graphics_card(book, folder):
    """The answer needs hardware that the grader lacks."""
    cell_of(
        book, "typical"
    ).source = (
        "def typical(radii):\n    raise AssertionError('Torch not compiled with CUDA enabled')"
    )


@case(5.0, told="FileNotFoundError", looked_at=True)
def file_of_another_machine(book, folder):
    """A path that exists at home."""
    code = "table = open('/home/ada/table.csv').read()"
    insert(book, at(book, "typical"), new_code_cell(code))
    cell_of(book, "typical").source = "def typical(radii):\n    return len(table)"


@case(5.0, told=f"ModuleNotFoundError: No module named '{ABSENT}'", looked_at=True)
def a_chain_of_failures(book, folder):
    """What failed first is told, not what followed."""
    cells = [new_code_cell(f"import {ABSENT} as pd"), new_code_cell("table = pd.DataFrame()")]
    insert(book, at(book, "typical"), *cells)
    cell_of(book, "typical").source = "def typical(radii):\n    return table.median()"


# Cells of exercises: typed anew, merged, split, moved, reused.


@case(told="found in a cell without")
def pair_typed_anew(book, folder):
    """Answer and self-check were copied into new cells, the old ones deleted."""
    i = at(book, "square")
    texts = [c.source for c in book.cells[i : i + 2]]
    book.cells[i : i + 2] = [new_code_cell(text) for text in texts]


@case(told="found in a cell without")
def answer_below_the_untouched_stub(book, folder):
    """A new cell below the self-check holds the answer."""
    i = at(book, "square")
    answer, book.cells[i].source = book.cells[i].source, f"class Square(Shape):\n    {STUB}"
    insert(book, i + 2, new_code_cell(answer))


@case(told="found in a cell without")
def answer_above_the_untouched_stub(book, folder):
    """The stub below the answer would undo it."""
    i = at(book, "square")
    answer, book.cells[i].source = book.cells[i].source, STUB
    insert(book, i, new_code_cell(answer))


@case(told="found in a cell without")
def answer_pasted_as_text(book, folder):
    """A new cell is a text cell by mistake."""
    i = at(book, "square")
    answer, book.cells[i].source = book.cells[i].source, STUB
    insert(book, i, new_raw_cell(answer))


@case(told="lost its nbgrader id", answers={"why": "both directions"})
def metadata_dropped(book, folder):
    """An editor that keeps ids of cells and drops all else."""
    for cell in book.cells:
        cell.metadata = {}


@case(answers={"why": "both directions"})
def metadata_and_ids_dropped(book, folder):
    """A converter that keeps nothing but the cells' texts."""
    book.nbformat_minor = 2
    for cell in book.cells:
        cell.metadata = {}
        cell.pop("id", None)


@case(told="with the unknown id")
def ids_renamed(book, folder):
    """An extension for teachers gave the cells new ids."""
    for cell in book.cells:
        if (name := grade_id_of(cell)) in ("circle", "check_circle", "square"):
            cell.metadata.nbgrader.grade_id = f"cell-{len(name)}a7"
            cell["id"] = f"new-{len(name)}"


@case()
def ids_with_spaces(book, folder):
    """An id that is none."""
    for cell in book.cells:
        cell["id"] = "not an id!"


@case()
def one_id_for_all(book, folder):
    """A script copied one cell."""
    for cell in book.cells:
        cell["id"] = "cell"


@case(told="2 cells had this id")
def answer_pasted_twice(book, folder):
    """A copy as a backup."""
    i = at(book, "circle")
    insert(book, i, copy.deepcopy(book.cells[i]))


@case(told="put back")
def check_deleted(book, folder):
    """The self-check is gone."""
    book.cells.remove(cell_of(book, "check_circle"))


@case(told="runs as an ordinary cell")
def check_copied_as_scratch(book, folder):
    """A copy of a self-check became a function that the answer uses."""
    i = at(book, "circle")
    twin = copy.deepcopy(cell_of(book, "check_circle"))
    twin.source = "def squared(r):\n    return r * r"
    insert(book, i, twin)
    cell_of(book, "circle").source = "def circle(r):\n    return math.pi * squared(r)"


@case(told="runs as an ordinary cell")
def check_reused(book, folder):
    """The only self-check became a function that a later answer uses."""
    cell_of(book, "check_circle").source = "def squared(r):\n    return r * r"
    cell_of(
        book, "typical"
    ).source = "def typical(radii):\n    return math.pi * squared(middle_of(radii))"


@case(told="runs as an ordinary cell")
def answer_in_the_check(book, folder):
    """The answer was written above the self-check's own lines."""
    cell_of(book, "check_circle").source = (
        cell_of(book, "circle").source + "\n\n" + cell_of(book, "check_circle").source
    )
    cell_of(book, "circle").source = STUB


@case()
def prints_in_the_check(book, folder):
    """A line for debugging."""
    cell_of(book, "check_circle").source = (
        "print(circle(2))\n" + cell_of(book, "check_circle").source
    )


@case(told="put back")
def answer_and_check_merged(book, folder):
    """Two cells became one."""
    i = at(book, "circle")
    book.cells[i].source += "\n\n" + book.cells.pop(i + 1).source


@case(told="the answer was found in a cell")
def check_merged_with_the_next_answer(book, folder):
    """A self-check's cell holds the next answer, too."""
    check, answer = cell_of(book, "check_circle"), cell_of(book, "square")
    check.source += "\n\n" + answer.source
    book.cells.remove(answer)


@case()
def all_answers_in_one_cell(book, folder):
    """Everything merged into the first answer, the other cells gone."""
    names = ("square", "typical")
    cell_of(book, "circle").source += "".join("\n\n" + cell_of(book, n).source for n in names)
    for name in names:
        book.cells.remove(cell_of(book, name))


@case(told="is in the cell of circle")
def answer_in_another_exercise(book, folder):
    """Two answers in one cell, and an untouched stub where one of them belongs."""
    cell_of(book, "circle").source += "\n\n" + cell_of(book, "square").source
    cell_of(book, "square").source = f"class Square(Shape):\n    {STUB}"


@case(told="they run in order")
def answer_split_with_its_id(book, folder):
    """JupyterLab gives both halves the cell's metadata."""
    cell = cell_of(book, "square")
    half = copy.deepcopy(cell)
    half["id"] = "half"
    cell.source, half.source = (
        "def area_of(side):\n    return side**2",
        cell.source.replace("self.side**2", "area_of(self.side)"),
    )
    insert(book, at(book, "square") + 1, half)


@case()
def answer_split_without_id(book, folder):
    """A helper in a cell of its own before the answer."""
    insert(book, at(book, "square"), new_code_cell("def area_of(side):\n    return side**2"))
    cell = cell_of(book, "square")
    cell.source = cell.source.replace("self.side**2", "area_of(self.side)")


@case(told="they run in order", answers={})
def check_split(book, folder):
    """The self-check was cut in two, and a function written into one half."""
    check = cell_of(book, "check_square")
    half = copy.deepcopy(check)
    half["id"] = "half"
    half.source = "def unused():\n    pass"
    insert(book, at(book, "check_square") + 1, half)
    twin = copy.deepcopy(cell_of(book, "square"))
    twin["id"], twin.source = "other-half", "side = 3"
    insert(book, at(book, "square") + 1, twin)


for _kind in ("markdown", "raw"):

    def _edit(book, folder, kind=_kind):
        retype(cell_of(book, "circle"), kind)
        retype(cell_of(book, "check_square"), kind)

    _edit.__name__ = f"exercises_are_{_kind}"
    case(told="is a code cell again")(_edit)


@case(told="came before")
def check_before_its_answer(book, folder):
    """The cells changed places."""
    i = at(book, "circle")
    book.cells[i], book.cells[i + 1] = book.cells[i + 1], book.cells[i]


@case()
def timed_cell(book, folder):
    """A magic before the answer, in a new cell."""
    i = at(book, "square")
    book.cells[i : i + 1] = [new_code_cell("%%time\n" + book.cells[i].source)]


@case(4.0, told="defines it again, below its self-check", looked_at=True)
def mended_below(book, folder):
    """The wrong answer stands above, the right one below."""
    right_one = cell_of(book, "circle").source
    cell_of(book, "circle").source = "def circle(r):\n    return r"
    cell_of(
        book, "typical"
    ).source = "def typical(radii):\n    return math.pi * middle_of(radii) ** 2"
    book.cells.append(new_code_cell(right_one))


@case(5.0, told="squared is defined only below, in the cell that begins with", looked_at=True)
def helper_below(book, folder):
    """At home, a cell further down had run before."""
    cell_of(book, "typical").source = "def typical(radii):\n    return squared(middle_of(radii))"
    book.cells.append(new_code_cell("def squared(r):\n    return math.pi * r * r"))


# Written answers.


@case(answers={"why": TEXT})
def text_goes_on_in_a_new_cell(book, folder):
    """The second half of the answer is in a cell of its own."""
    insert(book, at(book, "answer_why") + 1, new_markdown_cell(TEXT))


@case(answers={"why": TEXT})
def text_split_with_its_id(book, folder):
    """JupyterLab gives both halves the cell's metadata."""
    half = copy.deepcopy(cell_of(book, "answer_why"))
    half["id"], half.source = "half", TEXT
    insert(book, at(book, "answer_why") + 1, half)


@case(answers={"why": TEXT})
def text_in_a_new_cell(book, folder):
    """The answer's own cell is untouched."""
    cell_of(book, "answer_why").source = "YOUR ANSWER HERE"
    insert(book, at(book, "answer_why") + 1, new_markdown_cell(TEXT))


@case(answers={"why": TEXT})
def text_above_its_cell(book, folder):
    """The answer's own cell is empty."""
    cell_of(book, "answer_why").source = " \n"
    insert(book, at(book, "answer_why"), new_markdown_cell(TEXT))


@case(answers={"why": TEXT})
def text_typed_anew(book, folder):
    """The answer's own cell is gone."""
    i = at(book, "answer_why")
    book.cells[i : i + 1] = [new_markdown_cell(TEXT)]


@case(answers={"why": TEXT})
def text_in_the_question(book, folder):
    """The answer was written below the question, in its cell."""
    i = at(book, "answer_why")
    book.cells[i].source = "YOUR ANSWER HERE"
    book.cells[i - 1].source += "\n\n" + TEXT


@case(answers={"why": "both directions", "leaf": None})
def guess_in_a_given_text(book, folder):
    """Words added to a given text are no answer to another question."""
    cell_of(book, "answer_leaf").source = "YOUR ANSWER HERE"
    book.cells[at(book, "answer_why") + 1].source += " "
    shown_of(book).source += "\n# my guess: 2"
    book.cells[0].source += "\n\n*My guess:* it is two, and never three, as far as I can see."


@case(answers={"why": TEXT})
def text_as_a_comment(book, folder):
    """A code cell of comments."""
    i = at(book, "answer_why")
    book.cells[i].source = "YOUR ANSWER HERE"
    insert(book, i + 1, new_code_cell(f"# {TEXT}"))


@case(answers={"why": TEXT})
def text_in_a_code_cell(book, folder):
    """A new cell is a code cell by mistake."""
    i = at(book, "answer_why")
    book.cells[i].source = ""
    insert(book, i + 1, new_code_cell(TEXT))


for _kind in ("code", "raw"):

    def _edit(book, folder, kind=_kind):
        cell_of(book, "answer_why").source = TEXT
        retype(cell_of(book, "answer_why"), kind)

    _edit.__name__ = f"text_is_{_kind}"
    case(answers={"why": TEXT})(_edit)


@case(answers={"why": TEXT}, told="text of the student's own elsewhere")
def text_at_the_end(book, folder):
    """All answers were written at the end of the notebook."""
    cell_of(book, "answer_why").source = "YOUR ANSWER HERE"
    insert(book, len(book.cells), new_code_cell("1 + 1"), new_markdown_cell(f"Why: {TEXT}"))


@case(answers={"why": "answers.pdf", "leaf": "answers.pdf"}, told="answers.pdf was handed in")
def text_in_a_file(book, folder):
    """The answers were written with another program."""
    for name in ("answer_why", "answer_leaf"):
        cell_of(book, name).source = "YOUR ANSWER HERE"
    (folder / "answers.pdf").write_bytes(b"%PDF-1.4")


@case(answers={"why": None})
def text_deleted(book, folder):
    """The answer's cell is empty."""
    cell_of(book, "answer_why").source = "\n "


@case(answers={"why": None, "leaf": "squares"})
def no_text(book, folder):
    """Really no answer, and a note that has nothing to do with it."""
    cell_of(book, "answer_why").source = "YOUR ANSWER HERE"
    insert(book, 3, new_markdown_cell("to do"))


# Pictures in written answers; `shown` of the test says what the pages hold.


def attached(name, kind, content, text="![sketch](attachment:{})"):
    def edit(book, folder):
        cell = cell_of(book, "answer_why")
        cell.source = f"My sketch:\n\n{text.format(name)}\n\n{TEXT}"
        cell["attachments"] = {name: {kind: base(content())}}

    return edit


HEIC = b"\0\0\0\x18ftypheic"
PICTURES = {
    "png_attached": attached("a.png", "image/png", picture),
    "jpeg_attached": attached("a.jpg", "image/jpeg", lambda: picture("jpeg")),
    "gif_attached": attached("a.gif", "image/gif", lambda: picture("gif")),
    "webp_attached": attached("a.webp", "image/webp", lambda: picture("webp")),
    "jpeg_called_png": attached("a.png", "image/png", lambda: picture("jpeg")),
    "kind_in_capitals": attached("a.PNG", "image/PNG", picture),
    "four_megabytes": attached("a.png", "image/png", lambda: picture("png", 1150)),
    "name_with_spaces": attached(
        "Photo of me (1).png", "image/png", picture, "![me](<attachment:{}>)"
    ),
    "quoted_name": attached(
        "Bild ä.png", "image/png", picture, "![me](attachment:Bild%20%C3%A4.png)"
    ),
    "tag": attached("a.png", "image/png", picture, '<img src="attachment:{}" width="300">'),
}
UNSHOWN = {
    "heic_attached": attached("a.heic", "image/heic", lambda: HEIC),
    "nine_megabytes": attached("a.png", "image/png", lambda: b"\x89PNG\r\n\x1a\n" + bytes(9 << 20)),
    "no_picture_at_all": attached("a.png", "image/png", lambda: b"hello"),
}


def picture_case(register):
    def decorated(edit):
        case(answers={"why": TEXT})(edit)
        register[edit.__name__] = edit
        return edit

    return decorated


for _names in (PICTURES, UNSHOWN):
    for _name, _edit in list(_names.items()):
        _edit.__name__ = _name
        case(answers={"why": TEXT})(_edit)


@picture_case(PICTURES)
def inline(book, folder):
    """The picture is in the text itself."""
    data = f"data:image/jpeg;base64,{base(picture('jpeg', 700))}"
    cell_of(book, "answer_why").source = f"My sketch:\n\n![sketch]({data})\n\n{TEXT}"


@picture_case(PICTURES)
def file_beside(book, folder):
    """The picture lies beside the notebook."""
    (folder / "pictures").mkdir()
    (folder / "pictures" / "My sketch.JPG").write_bytes(picture("jpeg"))
    address = "pictures/My%20sketch.JPG"
    cell_of(book, "answer_why").source = f"My sketch:\n\n![sketch]({address})\n\n{TEXT}"


@picture_case(PICTURES)
def file_of_another_computer(book, folder):
    """The picture lies beside the notebook, the address is the student's own."""
    (folder / "sketch.png").write_bytes(picture())
    cell_of(book, "answer_why").source = f'<img src="C:\\Users\\ada\\sketch.png">\n\n{TEXT}'


@picture_case(PICTURES)
def picture_in_a_joined_cell(book, folder):
    """Two cells with a picture of the same name each."""
    cell = cell_of(book, "answer_why")
    cell.source, cell["attachments"] = "![a](attachment:image.png)", {}
    cell["attachments"] = {"image.png": {"image/png": base(picture(side=16))}}
    more = new_markdown_cell(f"![b](attachment:image.png)\n\n{TEXT}")
    more["attachments"] = {"image.png": {"image/png": base(picture(side=20))}}
    insert(book, at(book, "answer_why") + 1, more)


@picture_case(PICTURES)
def picture_that_no_text_mentions(book, folder):
    """It is attached, and its place in the text was deleted."""
    attached("a.png", "image/png", picture, "no {}")(book, folder)


@picture_case(PICTURES)
def picture_in_a_code_cell(book, folder):
    """The answer's cell became a code cell."""
    attached("a.png", "image/png", picture)(book, folder)
    retype(cell_of(book, "answer_why"), "code")


@picture_case(UNSHOWN)
def file_that_is_not_there(book, folder):
    """The picture was not handed in."""
    cell_of(book, "answer_why").source = f"![sketch](sketch.png)\n\n{TEXT}"


@picture_case(UNSHOWN)
def attachment_lost(book, folder):
    """An editor has dropped what was attached."""
    cell_of(book, "answer_why").source = f"![sketch](attachment:image.png)\n\n{TEXT}"


@case(answers={"why": "page1.jpg"}, told="page1.jpg was handed in")
def page_of_paper(book, folder):
    """A photo of the answer on paper, and nothing in the notebook."""
    cell_of(book, "answer_why").source = "YOUR ANSWER HERE"
    (folder / "page1.jpg").write_bytes(picture("jpeg"))


# Experiments of one's own cost time, not points.


@case(told="the cell that begins with `while True:`", status="timed out")
def endless_experiment(book, folder):
    """An own cell never ends."""
    insert(book, at(book, "circle"), new_code_cell("# my experiment\nwhile True:\n    pass"))


@case(5.0, told="was stopped after 2 s", looked_at=True, status="timed out")
def needed_experiment(book, folder):
    """An own cell does not end in time, and an answer uses what it would have defined."""
    code = new_code_cell("while sum(range(1000)):\n    pass\ntable = [1]")
    insert(book, at(book, "typical"), code)
    cell_of(book, "typical").source = "def typical(radii):\n    return len(table)"


@case(told="the cell that begins with `import signal`", status="timed out")
def deaf_experiment(book, folder):
    """An own cell never ends, and listens to nobody."""
    code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass"
    insert(book, at(book, "circle"), new_code_cell(code))


@case()
def good_bye(book, folder):
    """Somebody thinks that a program has to end."""
    insert(book, at(book, "circle"), new_code_cell("exit()"), new_code_cell("quit()"))


@case(told="the cell that begins with `import os`", status="crashed")
def fatal_experiment(book, folder):
    """An own cell ends the kernel."""
    insert(book, at(book, "circle"), new_code_cell("import os\nos._exit(1)"))
