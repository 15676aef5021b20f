"""Pages of the site that are made from other files: the notebooks as students get them, the README.

A hook of mkdocs. Formulas become MathML, so that the pages need neither a script nor a network.
"""

import json
import re
from pathlib import Path

from mkdocs.structure.files import File

from autograder.feedback.formulas import Formulas, is_prose

ROOT = Path(__file__).resolve().parents[1]
HELPERS = ("data", "plots", "seeding", "progress", "widgets", "selfcheck", "checkpoints")
# Files of the repository that are pages under another name.
RENAMED = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
SHIM = re.compile(r'<script src="https://[^"]*/iframe-worker/shim"></script>')
# Code, which has no formulas, or a formula.
FORMULA = re.compile(
    r"(?P<code>```.*?```|`[^`\n]*`)|\$\$(?P<display>.+?)\$\$|\$(?P<inline>(?:[^$\n]|\n(?!\s*\n))+?)\$",
    re.S,
)

# The formulas of each page, until its Markdown has become HTML.
formulas: dict[str, Formulas] = {}


def on_files(files, config):
    """Add the pages that are made."""
    made = {
        name: from_repository((ROOT / path).read_text("utf-8")) for path, name in RENAMED.items()
    }
    made["helpers.md"] = helpers()
    for path in sorted((ROOT / "release").glob("*/*.ipynb")):
        made[f"notebooks/{path.stem}.md"] = notebook(path)
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown, page, config, files):
    """Links to files of the repository become plain text; formulas become marks."""
    path = page.file.src_uri
    if "notebooks/" not in path:
        return LINK.sub(lambda link: _within(link, files), markdown)
    found = formulas[path] = Formulas()
    return FORMULA.sub(lambda typed: _mark(typed, found), markdown)


def on_page_content(html, page, config, files):
    """Put the formulas in the places of their marks."""
    found = formulas.pop(page.file.src_uri, None)
    return html if found is None else found.put_into(html)


def on_post_page(html, page, config):
    """Nothing is loaded from elsewhere.

    The theme's search would load a script where files are opened without a server: there it does not
    search.
    """
    return SHIM.sub("", html)


def on_post_template(output_content, template_name, config):
    """The page that says that there is no such page."""
    return SHIM.sub("", output_content)


def notebook(path: Path) -> str:
    """A released notebook as Markdown, in reading order; code is shown, and nothing is run."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    parts = []
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source.replace("<details>", "<details markdown>"))
        elif source.startswith("# @title Self-check"):
            title, _, code = source.partition("\n")
            summary = title.removeprefix("# @title ")
            parts.append(
                f"<details markdown><summary>{summary}</summary>\n\n```python\n{code}\n```\n\n</details>"
            )
        else:
            parts.append(f"```python\n{source}\n```")
    note = (
        '!!! note "To read here, to work on elsewhere"\n'
        "    This is the notebook as students get it. [How to open it](../student.md)\n"
    )
    first, *rest = parts
    title, _, text = first.partition("\n")
    return "\n\n".join([title, note, text, *rest])


def helpers() -> str:
    """What notebooks import, from its docstrings."""
    parts = ["# helpers", "What the notebooks import. Installed by `pip install ./helpers`."]
    return "\n\n".join([*parts, *(f"::: helpers.{name}" for name in HELPERS)])


def from_repository(text: str) -> str:
    """A page of the repository's top folder, seen from `docs/`."""
    return text.replace("](docs/", "](")


def _within(link: re.Match[str], files) -> str:
    text, target = link.groups()
    place, _, anchor = target.partition("#")
    name = place.removeprefix("../")
    name = RENAMED.get(name, name)
    if re.match(r"https?:|mailto:|#", target) or not place:
        return link[0]
    if files.get_file_from_path(name) is None:
        return text
    return f"[{text}]({name}{'#' * bool(anchor)}{anchor})"


def _mark(typed: re.Match[str], found: Formulas) -> str:
    if typed["code"] is not None or (typed["inline"] is not None and is_prose(typed["inline"])):
        return typed[0]
    display = typed["display"] is not None
    return found.mark(typed[0], typed["display"] if display else typed["inline"], display)
