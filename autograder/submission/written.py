"""Written answers: everything a student wrote for one reaches the person who marks it."""

import ast
import copy
from pathlib import Path

from nbformat import NotebookNode

from autograder.notebook import grade_id_of
from autograder.submission.given import ONE_PARSER
from autograder.submission.layout import Expected, Layout, plain

ELSEWHERE = "*[The answer's cell is as it was handed out. Also found in the notebook:]*"
BESIDE = "*[The answer's cell is as it was handed out. Also handed in: {}]*"
# A line of this length is a given sentence, not a coincidence.
SENTENCE = 30
# An answer on paper or in another program.
DOCUMENTS = frozenset(
    """
    .bmp .doc .docx .gif .heic .heif .html .jpeg .jpg .md .odt .pages .pdf .png .rtf .svg .tex .tif
    .tiff .txt .webp
    """.split()
)
NOT_ANSWERS = ("timestamp.txt", "requirements.txt", "readme.md", "readme.txt")


def gather(nb: NotebookNode, layout: Layout, folder: Path | None) -> list[str]:
    """Join to each written answer what stands beside its cell; a sentence for each change.

    An answer whose cell is untouched gets whatever else the student wrote or handed in, so that a
    person looks at it. `folder` has the files beside the notebook.
    """
    notes = []
    items = [item for item in layout.expected if item.written and item.cell_type == "markdown"]
    for item in items:
        cell = next(c for c in nb.cells if grade_id_of(c) == item.grade_id)
        if parts := _beside(nb, cell, layout):
            joined(nb, cell, item, parts)
            notes.append(
                f"{item.grade_id}: text in the student's own cells beside it was joined to it"
            )
    open_ = [
        (item, cell)
        for item in items
        for cell in nb.cells
        if grade_id_of(cell) == item.grade_id and item.is_untouched(cell.source)
    ]
    if not open_:
        return notes
    own, files = _elsewhere(nb, layout), _documents(folder)
    for item, cell in open_:
        if own:
            found = NotebookNode(source=ELSEWHERE)
            joined(nb, cell, item, [found, *map(copy.deepcopy, own)], remove=False)
            notes.append(
                f"{item.grade_id}: untouched, but there is text of the student's own elsewhere"
            )
        if files:
            names = ", ".join(f"`{name}`" for name in files)
            pictures = "".join(f"\n\n![{name}](<{name}>)" for name in files)
            found = NotebookNode(source=BESIDE.format(names) + pictures)
            joined(nb, cell, item, [found], remove=False)
            notes.append(f"{item.grade_id}: untouched, but {', '.join(files)} was handed in, too")
    return notes


def joined(nb, cell, item: Expected, parts: list[NotebookNode], remove: bool = True) -> None:
    """Put the texts of `parts`, in the order of the notebook, into `cell`, with their pictures."""
    place = {id(c): i for i, c in enumerate(nb.cells)}
    everything = sorted([cell, *parts], key=lambda c: place.get(id(c), len(place)))
    texts: list[str] = []
    attachments: dict = {}
    for part in everything:
        source = part.source
        if part is cell and item.is_untouched(source):
            continue
        for name, bundle in _attached(part).items():
            unique = name
            # JupyterLab calls every pasted picture image.png.
            while unique in attachments and attachments[unique] != bundle:
                unique = f"{len(attachments)}-{unique}"
            attachments[unique] = bundle
            source = source.replace(f"attachment:{name}", f"attachment:{unique}")
        texts.append(source)
    cell.source = "\n\n".join(dict.fromkeys(texts)) or item.source
    if attachments:
        cell["attachments"] = NotebookNode(attachments)
    if remove:
        nb.cells = [c for c in nb.cells if c is cell or not any(c is p for p in parts)]


def _attached(cell: NotebookNode) -> dict:
    found = cell.get("attachments")
    return dict(found) if isinstance(found, dict) else {}


def _beside(nb: NotebookNode, cell: NotebookNode, layout: Layout) -> list[NotebookNode]:
    """The student's own texts before and after the answer's cell, up to the next other cell."""
    texts = layout.texts
    index = next(i for i, c in enumerate(nb.cells) if c is cell)
    parts: list[NotebookNode] = []
    for way in (range(index - 1, -1, -1), range(index + 1, len(nb.cells))):
        for i in way:
            other = nb.cells[i]
            if grade_id_of(other) is not None or plain(other.source) in texts - {""}:
                break
            if other.source.strip() or _attached(other):
                if not _is_text(other):
                    break
                parts.append(other)
    return parts


def _is_text(cell: NotebookNode) -> bool:
    """Whether a cell holds text and not code: comments and what Python cannot read are text, too."""
    if cell.cell_type != "code":
        return True
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if any(line.lstrip().startswith(("%", "!")) for line in lines):
        return False
    try:
        with ONE_PARSER:
            tree = ast.parse(cell.source)
    except (ValueError, RecursionError, MemoryError, SystemError):
        return False
    except SyntaxError:
        # Prose: not a single line of it is an assignment, a definition or a call.
        return not any(mark in cell.source for mark in ("=", "def ", "class ", "import ", "print("))
    return all(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for node in tree.body
    )  # fmt: skip


def _elsewhere(nb: NotebookNode, layout: Layout) -> list[NotebookNode]:
    """The student's own texts anywhere; a given one with a word filled in is none."""
    known = {item.grade_id for item in layout.expected}
    given = {
        line.strip()
        for g in layout.given
        for line in g.source.splitlines()
        if len(line.strip()) >= SENTENCE
    }
    ids = {g.cell_id for g in layout.given} - {""}
    return [
        cell
        for cell in nb.cells
        if grade_id_of(cell) not in known
        and cell.get("id") not in ids
        and (len(cell.source.strip()) >= SENTENCE or _attached(cell))
        and not any(line.strip() in given for line in cell.source.splitlines())
        and plain(cell.source) not in layout.texts
        and _is_text(cell)
    ]


def _documents(folder: Path | None) -> list[str]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in DOCUMENTS
        and path.name.lower() not in NOT_ANSWERS
        and not path.is_symlink()
        and path.is_file()
    )[:10]
