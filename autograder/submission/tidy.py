"""Make damaged notebooks readable, and large ones small.

Also a program that needs only Python: `python tidy.py NOTEBOOK` prints the notebook without its
outputs. A few hundred megabytes of JSON then take up that process's memory, not the grader's.
"""

import contextlib
import gc
import json
import re
import sys

# Limits of the program's memory, and of its output.
MEMORY_BYTES = 4 << 30
MAX_BYTES = 32 << 20
# The newest minor version of notebook format 4.
MINOR = 5
# A cell's id, as nbformat requires it.
ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")


def tidy(raw: dict) -> None:
    """Make damaged cells readable, as far as possible, in place.

    Outputs are dropped, so that a huge or broken one cannot do harm later; running makes new ones.
    """
    sheets = raw.get("worksheets")
    for part in [raw, *(sheets if isinstance(sheets, list) else [])]:
        if not (isinstance(part, dict) and isinstance(part.get("cells"), list)):
            continue
        part["cells"] = [cell for cell in part["cells"] if isinstance(cell, dict)]
        for cell in part["cells"]:
            if cell.get("cell_type") == "code":
                cell["outputs"] = []
            else:
                cell.pop("outputs", None)
            # Without an id, a cell gets a new one; with an invalid id, no page could be rendered.
            if not (isinstance(cell.get("id"), str) and ID.fullmatch(cell["id"])):
                cell.pop("id", None)
            if not isinstance(cell.get("metadata"), dict):
                cell["metadata"] = {}
            text = "input" if "input" in cell else "source"
            lines = cell.get(text, "")
            cell[text] = "".join(map(str, lines)) if isinstance(lines, list) else str(lines)
    if not isinstance(raw.get("metadata"), dict):
        raw["metadata"] = {}
    # Without it nbformat reads the notebook, and refuses it when a page is made.
    minor = raw.get("nbformat_minor")
    if raw.get("nbformat") == 4 and not (type(minor) is int and minor >= 0):
        raw["nbformat_minor"] = MINOR
    # It chooses how a page is coloured; the course's own kernel runs the cells in any case.
    raw["metadata"].pop("language_info", None)


def main(path: str) -> str:
    """Print the tidied notebook and return ""; or return what is wrong with it."""
    try:
        import resource
    except ImportError:
        pass
    else:
        # macOS refuses this limit, and other hosts may have set a lower one.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    # Millions of new lists are not garbage, and looking for garbage again and again takes minutes.
    gc.disable()
    try:
        with open(path, encoding="utf-8") as file:
            raw = json.load(file)
        if not isinstance(raw, dict):
            return f"is not a notebook (a JSON {type(raw).__name__})"
        tidy(raw)
        text = json.dumps(raw)
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    except (ValueError, RecursionError) as error:
        return f"is not a notebook (not JSON: {str(error)[:100]})"
    except MemoryError:
        return "takes too much memory to be read"
    if len(text) > MAX_BYTES:
        return f"has {len(text) >> 20} MB without outputs, expected at most {MAX_BYTES >> 20}"
    sys.stdout.write(text)
    return ""


if __name__ == "__main__":
    if problem := main(sys.argv[1]):
        sys.stderr.write(problem)
        sys.exit(1)
