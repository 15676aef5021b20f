"""Sheets as a question bank for Moodle, a category for each student.

The elements are those that Moodle's importer reads (question/format/xml/format.php).
"""

import base64
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from autograder import files
from autograder.feedback.table import with_code
from autograder.viva.question import Question
from autograder.viva.sheet import Sheet
from autograder.viva.written import drawn, shown

FILE = "moodle.xml"
PICTURE = "option"


def write(sheets: Sequence[Sheet], folder: Path) -> Path:
    """Write `moodle.xml`."""
    quiz = ElementTree.Element("quiz")
    for sheet in sheets:
        if not sheet.questions:
            continue
        category = ElementTree.SubElement(quiz, "question", type="category")
        _text(category, "category", f"$course$/top/{sheet.assignment}/{sheet.student}")
        for number, question in enumerate(sheet.questions, 1):
            _add(quiz, question, number)
    ElementTree.indent(quiz)
    content = ElementTree.tostring(quiz, encoding="utf-8", xml_declaration=True)
    return files.write(folder / FILE, content)


def _add(quiz: ElementTree.Element, question: Question, number: int) -> None:
    element = ElementTree.SubElement(quiz, "question", type="multichoice")
    _text(element, "name", shown.title(question, number))
    _text(element, "questiontext", shown.body(question), format="html")
    _text(element, "generalfeedback", str(with_code(question.because)), format="html")
    for name, value in (
        ("defaultgrade", "1"), ("penalty", "0"), ("hidden", "0"), ("single", "true"),
        ("shuffleanswers", "true"), ("answernumbering", "ABCD"),
    ):  # fmt: skip
        ElementTree.SubElement(element, name).text = value
    for index in range(len(question.options)):
        fraction = "100" if index == question.right else "0"
        answer = ElementTree.SubElement(element, "answer", fraction=fraction, format="html")
        option = shown.option(question, index, f"@@PLUGINFILE@@/{PICTURE}")
        ElementTree.SubElement(answer, "text").text = shown.plain(option)
        if question.curves:
            file = ElementTree.SubElement(
                answer, "file", name=f"{PICTURE}{index}.svg", path="/", encoding="base64"
            )
            file.text = base64.b64encode(drawn.file(question, index)).decode("ascii")


def _text(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> None:
    element = ElementTree.SubElement(parent, name, attributes)
    ElementTree.SubElement(element, "text").text = shown.plain(text)
