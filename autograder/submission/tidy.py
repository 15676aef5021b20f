"""Make damaged notebooks readable, and large ones small.

Also a program, which needs nothing but Python: `python tidy.py NOTEBOOK` prints the notebook without
its outputs. What a few hundred megabytes of JSON become in memory is then not the grader's problem.
"""

import gc
import json
import re
import sys

# Of the program's memory, and of what it prints.
MEMORY_BYTES = 4 << 30
MAX_BYTES = 32 << 20
# Of a cell, as nbformat wants it.
ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")


def tidy(raw: dict) -> None:
    """Make what can be read of damaged cells readable, in place.

    Outputs are made anew; dropping them keeps a huge or broken one out of all that follows.
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
            # Without one, a cell gets a new one; with a wrong one, no page is made of the notebook.
            if not (isinstance(cell.get("id"), str) and ID.fullmatch(cell["id"])):
                cell.pop("id", None)
            if not isinstance(cell.get("metadata"), dict):
                cell["metadata"] = {}
            text = "input" if "input" in cell else "source"
            lines = cell.get(text, "")
            cell[text] = "".join(map(str, lines)) if isinstance(lines, list) else str(lines)
    if not isinstance(raw.get("metadata"), dict):
        raw["metadata"] = {}
    # Chooses how a page is coloured; whatever kernel it names, this course's runs the cells.
    raw["metadata"].pop("language_info", None)


def main(path: str) -> str:
    """Print the tidied notebook and return ""; or return what is wrong with it."""
    try:
        import resource
    except ImportError:
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    # Millions of new lists are no garbage, and looking for some each time takes minutes.
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
        return f"is not a notebook (no JSON: {str(error)[:100]})"
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
