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


# What git and other programs leave where two versions could not be merged.
OURS, BASE, BETWEEN, THEIRS = "<" * 7, "|" * 7, "=" * 7, ">" * 7


def decoded(data: bytes) -> str:
    """The text of a file, whatever program on whatever system has saved it."""
    try:
        return data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    except UnicodeDecodeError:
        pass
    text = data.decode(errors="replace")
    if text.count("\ufffd") <= sum(ord(c) > 127 for c in text) / 2:
        return text
    return data.decode("cp1252", errors="replace")


def sides(text: str) -> list[tuple[str, str]]:
    """The two versions in a file that a merge has left in conflict, with their names; or nothing."""
    names = ["one side", "the other side"]
    versions: tuple[list[str], list[str]] = ([], [])
    state, conflicts = "", 0
    for line in text.splitlines():
        mark = line[:7]
        if mark == OURS:
            state, names[0] = mark, line[7:].strip() or names[0]
        elif state and mark in (BASE, BETWEEN):
            state = mark
        elif state and mark == THEIRS:
            state, names[1] = "", line[7:].strip() or names[1]
            conflicts += 1
        else:
            for version, own in zip(versions, (OURS, BETWEEN)):
                if state in ("", own):
                    version.append(line)
    return [(n, "\n".join(v)) for n, v in zip(names, versions)] if conflicts else []


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
            joined = "".join(map(str, lines)) if isinstance(lines, list) else str(lines)
            cell[text] = joined.replace("\r\n", "\n")
    if not isinstance(raw.get("metadata"), dict):
        raw["metadata"] = {}
    for name in ("nbformat", "nbformat_minor"):
        if str(raw.get(name)).removesuffix(".0") in ("0", "1", "2", "3", "4", "5"):
            raw[name] = int(float(raw[name]))
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
        with open(path, "rb") as file:
            raw = json.loads(decoded(file.read()))
        if not isinstance(raw, dict):
            return f"is not a notebook (a JSON {type(raw).__name__})"
        tidy(raw)
        text = json.dumps(raw)
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
