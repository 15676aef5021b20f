"""HTML and JavaScript wherever text is taken from: names, metadata, errors, outputs, replies."""

SCORE = 2
SOLVED = True
EVIL = "<script>evil()</script><img src=x onerror=evil()>"
CELL = f"""\
print({EVIL!r})
raise type({EVIL!r}, (Exception,), {{}})({EVIL!r})
"""
DOUBLE = f"""\
def double(x):
    raise type({EVIL!r}, (Exception,), {{}})({EVIL!r})
"""


def hand_in(folder, notebook):
    notebook.metadata["kernelspec"] = {"name": EVIL, "display_name": EVIL, "language": EVIL}
    notebook.metadata["language_info"] = {"name": EVIL, "pygments_lexer": EVIL}
    notebook.metadata["title"] = EVIL
    for cell in notebook.cells:
        cell.metadata["tags"] = [EVIL]
        cell.metadata["name"] = EVIL
    (folder / (EVIL.replace("/", "") + ".png")).write_bytes(b"")


def got(course, student, result):
    page = (course.folder("feedback") / student / "99_tiny" / "99_tiny.html").read_text()
    return [
        page[max(0, i - 100) : i + 60]
        for i in [page.find("<script>evil"), page.find("<img src=x")]
        if i >= 0
    ]
