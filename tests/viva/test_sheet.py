"""Which questions a student gets, and what is written of them."""

import base64
import io
import json
import math
import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from steps import STEPS, bench_of

from autograder.viva.curve import Frame, words
from autograder.viva.question import Question
from autograder.viva.sheet import Sheet, choose
from autograder.viva.source import Cell
from autograder.viva.viva import write
from autograder.viva.written import moodle, page, qti

# What the schema imsqti_v2p1.xsd says of the elements that an item is made of: the attributes it has
# to have, those it may have beside them, what it may contain, and whether also text.
INLINE = "code strong img"
SCHEMA = {
    "assessmentItem": (
        "identifier title adaptive timeDependent", "",
        "responseDeclaration outcomeDeclaration itemBody responseProcessing", False,
    ),
    "responseDeclaration": ("identifier cardinality", "baseType", "correctResponse", False),
    "correctResponse": ("", "", "value", False),
    "value": ("", "", "", True),
    "outcomeDeclaration": ("identifier cardinality", "baseType", "", False),
    "itemBody": ("", "", "p pre choiceInteraction", False),
    "choiceInteraction": (
        "responseIdentifier shuffle maxChoices", "minChoices", "prompt simpleChoice", False,
    ),
    "simpleChoice": ("identifier", "fixed", f"p pre {INLINE}", True),
    "responseProcessing": ("", "template", "", False),
    "p": ("", "", INLINE, True),
    "pre": ("", "", "code strong", True),
    "strong": ("", "", INLINE, True),
    "code": ("", "", INLINE, True),
    "img": ("src alt", "height width longdesc", "", False),
}  # fmt: skip
HOSTILE = "</pre><script>alert(1)</script>\x07 &amp; ]]>"


def chosen(count, seed=0, solutions=None):
    bench = bench_of()
    return choose(
        bench.student, solutions or {"steps": STEPS}, bench.scenarios, bench.others, count,
        np.random.default_rng(seed),
    )  # fmt: skip


def hostile() -> Sheet:
    question = Question(
        "result", "steps", 2, f"What is `{HOSTILE}`?", f"x = '{HOSTILE}'\n", f"y = 1 # {HOSTILE}\n",
        ("1", HOSTILE, "2"), 0, f"It is {HOSTILE}.", other=HOSTILE,
    )  # fmt: skip
    return Sheet("ada", HOSTILE, "99_tiny", [question])


def test_questions_are_of_different_kinds_and_get_harder():
    found = chosen(5)
    assert len({q.kind for q in found}) == 5
    assert [q.level for q in found] == sorted(q.level for q in found)


def test_the_same_seed_gives_the_same_sheet_and_another_one_another():
    assert chosen(4, 1) == chosen(4, 1) != chosen(4, 2)


def test_more_questions_than_kinds_repeat_a_kind_but_no_question():
    found = chosen(9)
    assert len(found) == len({q.text + q.after for q in found}) == 9


@pytest.mark.parametrize(
    "source", ["def steps(", "raise SystemExit\n", "x = 1\n", "", "#" * 200 + "\n"]
)
def test_a_cell_without_anything_to_ask_gives_no_question(source):
    assert chosen(3, solutions={"steps": source, "unknown": STEPS}) == []


def test_of_a_long_cell_only_what_the_questions_are_about_is_shown():
    more = "\ndef more(x):\n" + "    x = x + 1\n" * 60
    found = chosen(3, solutions={"steps": STEPS + more})
    assert len(found) == 3 and {q.cell for q in found} == {Cell.of(STEPS).source}
    used = STEPS.replace("    return w", "    more(w)\n    return w")
    assert chosen(3, solutions={"steps": used + more}) == []


def test_nothing_of_a_student_becomes_markup():
    for key in (False, True):
        text = page.render(hostile(), key)
        assert "<script>" not in text and "script-src" not in text


def test_the_sheet_tells_nothing_of_the_key():
    sheet = Sheet("ada", "Ada", "99_tiny", chosen(3))
    text = page.render(sheet, key=False)
    plain = json.dumps(sheet.as_dict(key=False))
    for question in sheet.questions:
        assert question.because not in plain and "claim" not in plain
    assert (
        "right" not in text.split("</header>")[1].replace("right:", "") and '"right"' not in plain
    )
    assert '"right"' in json.dumps(sheet.as_dict(key=True))


def pictured() -> Sheet:
    curves = tuple(tuple(float(k * n) for n in range(13)) for k in (1, 2, 3))
    question = Question(
        "picture", "steps", 3, "Which picture?", "x = 1\n", "", tuple(map(words, curves)), 1, "So.",
        curves=curves, frame=Frame.of(curves[0], curves[2]), over="step",
    )  # fmt: skip
    return Sheet("ada", "Ada", "99_tiny", [question])


def test_a_picture_is_on_the_page_with_its_figures():
    text = page.render(pictured(), key=True)
    assert (
        text.count("<polyline") == 3 and text.count("0: 0, 1: 2, 3: 6, 6: 12, 9: 18, 12: 24") == 2
    )


def test_a_curve_that_explodes_is_json_that_everybody_reads():
    (question,) = pictured().questions
    curves = ((1.0, math.inf, None), *question.curves[1:])
    sheet = replace(pictured(), questions=[replace(question, curves=curves)])
    (plain,) = json.loads(json.dumps(sheet.as_dict(key=False), allow_nan=False))["questions"]
    assert plain["curves"][0] == [1.0, None, None] and plain["over"] == "step"


def test_moodle_gets_a_file_for_each_picture(tmp_path):
    root = ElementTree.parse(moodle.write([pictured()], tmp_path)).getroot()
    for index, answer in enumerate(root.iter("answer")):
        image = ElementTree.fromstring(answer.findtext("text")).find("img")
        file = answer.find("file")
        assert image.get("src") == f"@@PLUGINFILE@@/{file.get('name')}"
        assert image.get("alt") == f"step: {pictured().questions[0].options[index]}"
        picture = ElementTree.fromstring(base64.b64decode(file.text))
        assert picture.tag.endswith("svg")


def test_a_qti_package_holds_its_pictures(tmp_path):
    outer = zipfile.ZipFile(qti.write([pictured()], tmp_path))
    package = zipfile.ZipFile(io.BytesIO(outer.read("ada.zip")))
    item = ElementTree.fromstring(package.read("q1.xml"))
    shown = [image.get("src") for image in item.iter(f"{{{qti.QTI}}}img")]
    assert shown == ["q1_0.svg", "q1_1.svg", "q1_2.svg"]
    manifest = ElementTree.fromstring(package.read("imsmanifest.xml"))
    listed = [f.get("href") for f in manifest.iter(f"{{{qti.PACKAGE}}}file")]
    assert sorted([*listed, "imsmanifest.xml"]) == sorted(package.namelist())
    assert set(shown) < set(listed)


def test_moodle_reads_one_right_answer_and_every_text_as_text(tmp_path):
    root = ElementTree.parse(moodle.write([hostile()], tmp_path)).getroot()
    category, question = root.findall("question")
    assert category.findtext("category/text") == "$course$/top/99_tiny/ada"
    assert [a.get("fraction") for a in question.findall("answer")] == ["100", "0", "0"]
    for element in question.iter("text"):
        assert "<script>" not in element.text and "\x07" not in element.text


def test_a_qti_package_lists_its_items_and_each_has_one_right_choice(tmp_path):
    outer = zipfile.ZipFile(qti.write([hostile(), Sheet("eve", "Eve", "99_tiny")], tmp_path))
    assert outer.namelist() == ["ada.zip"]
    package = zipfile.ZipFile(io.BytesIO(outer.read("ada.zip")))
    manifest = ElementTree.fromstring(package.read("imsmanifest.xml"))
    listed = [f.get("href") for f in manifest.iter(f"{{{qti.PACKAGE}}}file")]
    assert sorted([*listed, "imsmanifest.xml"]) == sorted(package.namelist())
    item = ElementTree.fromstring(package.read("q1.xml"))
    choices = [c.get("identifier") for c in item.iter(f"{{{qti.QTI}}}simpleChoice")]
    right = item.findtext(f"{{{qti.QTI}}}responseDeclaration//{{{qti.QTI}}}value")
    assert choices == ["o0", "o1", "o2"] and right == "o0"
    assert item.find(f".//{{{qti.QTI}}}script") is None


@pytest.mark.parametrize(
    "make", [lambda: pictured(), hostile, lambda: replace(pictured(), questions=chosen(9))]
)
def test_a_qti_item_has_what_the_schema_wants_and_nothing_else(tmp_path, make):
    outer = zipfile.ZipFile(qti.write([make()], tmp_path))
    package = zipfile.ZipFile(io.BytesIO(outer.read("ada.zip")))
    items = [name for name in package.namelist() if re.fullmatch(r"q\d+\.xml", name)]
    assert items
    for name in items:
        root = ElementTree.fromstring(package.read(name))
        order = SCHEMA["assessmentItem"][2].split()
        assert [plain(child) for child in root] == order
        for element in root.iter():
            needed, others, inside, text = SCHEMA[plain(element)]
            assert set(needed.split()) <= set(element.attrib) <= {*needed.split(), *others.split()}
            assert {plain(child) for child in element} <= set(inside.split()), plain(element)
            own = [element.text, *(child.tail for child in element)]
            assert text or not "".join(filter(None, own)).strip(), plain(element)


def plain(element) -> str:
    """Its name in QTI's namespace."""
    space, _, name = element.tag[1:].partition("}")
    assert space == qti.QTI
    return name


def test_sheet_and_key_are_written_as_pages_and_as_json(tmp_path):
    sheet = Sheet("ada", "Ada", "99_tiny", chosen(2))
    written = {path.name for path in write([sheet, hostile()], tmp_path, ["moodle", "qti"])}
    assert written == {
        "ada.html", "ada.json", "ada_key.html", "ada_key.json", "marks.csv", "moodle.xml", "qti.zip"
    }  # fmt: skip
    plain = json.loads((tmp_path / "ada_key.json").read_text())
    assert plain["student"] == "ada" and plain["questions"][0]["right"] == 0


def test_marks_that_are_there_stay_when_sheets_are_written_again(tmp_path):
    sheets = [Sheet("ada", "Ada", "99_tiny", chosen(1))]
    write(sheets, tmp_path)
    path = tmp_path / "marks.csv"
    path.write_text(path.read_text().replace("ada,Ada,,", "ada,Ada,4,5"))
    write([*sheets, Sheet("bob", "Bob", "99_tiny", chosen(1))], tmp_path)
    assert path.read_text().splitlines()[1:] == ["ada,Ada,4,5", "bob,Bob,,"]


def test_a_sheet_that_cannot_be_written_costs_nobody_else_theirs(tmp_path, monkeypatch):
    def render(sheet, key):
        if sheet.student == "eve" and sheet.questions:
            raise OverflowError("too large")
        return original(sheet, key)

    original = page.render
    monkeypatch.setattr(page, "render", render)
    write([replace(pictured(), student="eve"), pictured()], tmp_path, ["moodle", "qti"])
    assert "OverflowError: too large" in (tmp_path / "eve.html").read_text()
    assert "Which picture?" in (tmp_path / "ada.html").read_text()
