"""Pictures that lie beside a notebook become part of it: feedback and formgrader see the notebook alone."""

import base64
import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from nbformat import NotebookNode

# One picture, and all of a notebook.
MAX_BYTES = 4_500_000
MAX_TOTAL = 30_000_000
TYPES = {
    ".gif": "image/gif", ".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".png": "image/png",
    ".webp": "image/webp",
}  # fmt: skip
# An address in Markdown, with or without <>, and in an HTML tag; all of it short, as the time of a
# search grows with the square of what one of them may hold.
MARKDOWN = re.compile(r"(!\[[^\]\n]{0,300}\]\()(?:<([^>\n]{1,300})>|([^)\s]{1,300}))")
HTML = re.compile(
    r"(<img\b[^<>]{0,300}?\bsrc\s{0,9}=\s{0,9})(?:\"([^\"]{0,300})\"|'([^']{0,300})')",
    re.IGNORECASE,
)
# Longer texts are not looked at.
MAX_TEXT = 200_000
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)


def embed(nb: NotebookNode, folder: Path) -> None:
    """Attach the pictures of `folder` that the notebook's texts show, in place."""
    files = _pictures(folder)
    if not files:
        return
    for cell in nb.cells:
        if cell.cell_type == "markdown" and len(cell.source) <= MAX_TEXT:
            _embed(cell, files)


def _embed(cell: NotebookNode, files: dict[str, Path]) -> None:
    found = cell.get("attachments")
    attachments = dict(found) if isinstance(found, dict) else {}

    def attached(address: str) -> str | None:
        path = _find(address, files)
        if path is None or path.stat().st_size > MAX_BYTES:
            return None
        name = re.sub(r"[^\w.-]", "_", path.name)
        data = base64.b64encode(path.read_bytes()).decode("ascii")
        bundle = {TYPES[path.suffix.lower()]: data}
        while name in attachments and attachments[name] != bundle:
            name = f"{len(attachments)}-{name}"
        attachments[name] = NotebookNode(bundle)
        return f"attachment:{name}"

    def in_markdown(match: re.Match) -> str:
        place = attached(match[2] or match[3])
        return f"{match[1]}{place}" if place else match[0]

    def in_html(match: re.Match) -> str:
        place = attached(match[2] or match[3] or "")
        return f'{match[1]}"{place}"' if place else match[0]

    cell.source = HTML.sub(in_html, MARKDOWN.sub(in_markdown, cell.source))
    if attachments:
        cell["attachments"] = NotebookNode(attachments)


def _pictures(folder: Path) -> dict[str, Path]:
    """The pictures in a folder by their path in it, in lower case, and by their name alone."""
    found: dict[str, Path] = {}
    left = MAX_TOTAL
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.suffix.lower() in TYPES and not path.is_symlink() and path.is_file():
            left -= min(path.stat().st_size, MAX_BYTES)
            if left < 0:
                break
            found.setdefault(path.name.lower(), path)
            found[path.relative_to(folder).as_posix().lower()] = path
    return found


def _find(address: str, files: dict[str, Path]) -> Path | None:
    """The file that an address means, on whatever computer it was written."""
    plain = unquote(address).replace("\\", "/")
    drive = re.match(r"(?:file:|[a-z]:/)", plain, re.IGNORECASE)
    if ELSEWHERE.match(plain) and not drive:
        return None
    place = PurePosixPath(plain)
    return files.get(place.as_posix().lower()) or files.get(place.name.lower())
