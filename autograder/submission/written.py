"""Written answers: everything a student wrote for one reaches the person who marks it."""

import ast
import copy
from pathlib import Path
from urllib.parse import quote

from nbformat import NotebookNode

from autograder.notebook import grade_id_of
from autograder.submission.given import ONE_PARSER
from autograder.submission.layout import Expected, Layout, plain

ELSEWHERE = "*[The answer's cell is unchanged. Also found in the notebook:]*"
BESIDE = "*[The answer's cell is unchanged. Also handed in: {}]*"
# A line of this length is a given sentence, not a coincidence.
SENTENCE = 30
# Of what is found anywhere.
MOST = 30
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
    answers = {grade_id_of(cell): cell for cell in nb.cells}
    for item in items:
        cell = answers[item.grade_id]
        if parts := _beside(nb, cell, item, layout):
            joined(nb, cell, item, parts)
            notes.append(
                f"{item.grade_id}: text in the student's own cells beside it was joined to it"
            )
        for name in _attached(cell):
            if (
                f"attachment:{name}" not in cell.source
                and f"attachment:{quote(name)}" not in cell.source
            ):
                cell.source += f"\n\n![{name}](<attachment:{name}>)"
    left = [item for item in items if item.is_untouched(answers[item.grade_id].source)]
    own, files = (_elsewhere(nb, layout), _documents(folder, layout)) if left else ([], [])
    for item in left:
        cell, found = answers[item.grade_id], []
        if own:
            found += [NotebookNode(source=ELSEWHERE), *map(copy.deepcopy, own)]
            notes.append(
                f"{item.grade_id}: untouched, but there is text of the student's own elsewhere"
            )
        if files:
            pictures = "".join(f"\n\n![{name}](<{name}>)" for name in files)
            names = ", ".join(f"`{name}`" for name in files)
            found.append(NotebookNode(source=BESIDE.format(names) + pictures))
            notes.append(f"{item.grade_id}: untouched, but {', '.join(files)} was handed in, too")
        # Without anything else it is "No response", whatever spaces it has.
        cell.source = item.source
        joined(nb, cell, item, found)
    return notes


def joined(nb, cell, item: Expected, parts: list[NotebookNode]) -> None:
    """Move the texts of `parts`, in the order of the notebook, into `cell`, with their pictures."""
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
    moved = {id(part) for part in parts} - {id(cell)}
    nb.cells = [c for c in nb.cells if id(c) not in moved]


def _attached(cell: NotebookNode) -> dict:
    found = cell.get("attachments")
    return dict(found) if isinstance(found, dict) else {}


def _beside(
    nb: NotebookNode, cell: NotebookNode, item: Expected, layout: Layout
) -> list[NotebookNode]:
    """The student's own texts before and after the answer's cell, up to the next other cell.

    Of a given text that was changed, such as the question, the lines that are not given; and only
    for an untouched answer: guesses are written into given texts, too.
    """
    index = next(i for i, c in enumerate(nb.cells) if c is cell)
    parts: list[NotebookNode] = []
    for way in (range(index - 1, -1, -1), range(index + 1, len(nb.cells))):
        for i in way:
            other = nb.cells[i]
            if grade_id_of(other) is not None or plain(other.source) in layout.texts - {""}:
                break
            if not (other.source.strip() or _attached(other)):
                continue
            if not _is_text(other):
                break
            if _is_changed(other, layout):
                if item.is_untouched(cell.source) and (added := _added(other, layout)):
                    parts.append(added)
                break
            parts.append(other)
    return parts


def _is_changed(cell: NotebookNode, layout: Layout) -> bool:
    """Whether a cell was made of a given one."""
    lines = (line.strip() for line in cell.source.splitlines())
    return (cell.get("id") or None) in {g.cell_id for g in layout.given} or any(
        len(line) >= SENTENCE and line in layout.lines for line in lines
    )


def _added(cell: NotebookNode, layout: Layout) -> NotebookNode | None:
    """The student's own lines in a given text."""
    own = [line for line in cell.source.splitlines() if line.strip() not in layout.lines]
    text = "\n".join(own).strip()
    return NotebookNode(source=text, attachments=_attached(cell)) if text else None


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
    return [
        cell
        for cell in nb.cells
        if grade_id_of(cell) is None
        and (len(cell.source.strip()) >= SENTENCE or _attached(cell))
        and plain(cell.source) not in layout.texts
        and not _is_changed(cell, layout)
        and _is_text(cell)
    ][:MOST]


def _documents(folder: Path | None, layout: Layout) -> list[str]:
    """Files that may hold answers: none that a given cell speaks of."""
    if folder is None:
        return []
    given = "\n".join(layout.lines).lower()
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in DOCUMENTS
        and path.name.lower() not in NOT_ANSWERS
        and path.name.lower() not in given
        and not path.is_symlink()
        and path.is_file()
    ][:MOST]
