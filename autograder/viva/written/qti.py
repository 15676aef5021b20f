"""Sheets as IMS QTI 2.1 packages: one zip file, in it a package for each student.

Item and manifest follow "IMS Question and Test Interoperability, Implementation Guide 2.1" (2012): a
`choiceInteraction` with one right choice and the standard `match_correct` processing.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from markupsafe import Markup

from autograder import files
from autograder.viva.question import Question
from autograder.viva.sheet import Sheet
from autograder.viva.written import drawn, shown

FILE = "qti.zip"
QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
RIGHT = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"


def write(sheets: Sequence[Sheet], folder: Path) -> Path:
    """Write `qti.zip`."""
    packages = {f"{s.student}.zip": _package(s) for s in sheets if s.questions}
    return files.write(folder / FILE, _zipped(packages))


def _package(sheet: Sheet) -> bytes:
    items = {
        f"q{n}": {f"q{n}.xml": _item(q, n, f"q{n}"), **_pictures(q, f"q{n}")}
        for n, q in enumerate(sheet.questions, 1)
    }
    content = {name: data for item in items.values() for name, data in item.items()}
    return _zipped({"imsmanifest.xml": _manifest(sheet, items), **content})


def _pictures(question: Question, identifier: str) -> dict[str, bytes]:
    return {f"{identifier}_{i}.svg": drawn.file(question, i) for i in range(len(question.curves))}


def _item(question: Question, number: int, identifier: str) -> bytes:
    item = ElementTree.Element(
        "assessmentItem", xmlns=QTI, identifier=identifier, title=shown.title(question, number),
        adaptive="false", timeDependent="false",
    )  # fmt: skip
    response = ElementTree.SubElement(
        item, "responseDeclaration", identifier="RESPONSE", cardinality="single",
        baseType="identifier",
    )  # fmt: skip
    correct = ElementTree.SubElement(response, "correctResponse")
    ElementTree.SubElement(correct, "value").text = f"o{question.right}"
    ElementTree.SubElement(
        item, "outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float"
    )
    body = ElementTree.SubElement(item, "itemBody")
    body.extend(_elements(shown.body(question)))
    choice = ElementTree.SubElement(
        body, "choiceInteraction", responseIdentifier="RESPONSE", shuffle="true", maxChoices="1"
    )
    for index in range(len(question.options)):
        simple = ElementTree.SubElement(choice, "simpleChoice", identifier=f"o{index}")
        simple.extend(_elements(shown.option(question, index, f"{identifier}_")))
    ElementTree.SubElement(item, "responseProcessing", template=RIGHT)
    return ElementTree.tostring(item, encoding="utf-8", xml_declaration=True)


def _manifest(sheet: Sheet, items: Mapping[str, Iterable[str]]) -> bytes:
    """What is in the package: the files of each item, first the item itself."""
    name = re.sub(r"\W", "_", f"{sheet.assignment}_{sheet.student}", flags=re.ASCII)
    manifest = ElementTree.Element("manifest", xmlns=PACKAGE, identifier=f"m_{name}")
    metadata = ElementTree.SubElement(manifest, "metadata")
    ElementTree.SubElement(metadata, "schema").text = "QTIv2.1 Package"
    ElementTree.SubElement(metadata, "schemaversion").text = "1.0.0"
    ElementTree.SubElement(manifest, "organizations")
    resources = ElementTree.SubElement(manifest, "resources")
    for item, names in items.items():
        resource = ElementTree.SubElement(
            resources, "resource", identifier=f"r_{item}", type="imsqti_item_xmlv2p1",
            href=f"{item}.xml",
        )  # fmt: skip
        for name in names:
            ElementTree.SubElement(resource, "file", href=name)
    return ElementTree.tostring(manifest, encoding="utf-8", xml_declaration=True)


def _elements(html: str) -> list[ElementTree.Element]:
    """The elements of our own HTML, which is well-formed."""
    return list(ElementTree.fromstring(Markup("<div>{}</div>").format(Markup(shown.plain(html)))))


def _zipped(content: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            files.add_to_zip(archive, name, data)
    return file.getvalue()
