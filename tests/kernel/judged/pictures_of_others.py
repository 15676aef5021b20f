"""Texts that show files from other folders: pictures of another student, the gradebook, /etc/passwd."""

import base64

SCORE = 5
SOLVED = True
PICTURE = b"\x89PNG\r\n\x1a\n" + b"another student's picture, for nobody else"
PLACES = ["../../pipes/picture.png", "../secret.png", "..%2fsecret.png", "file:///etc/passwd", "/etc/passwd",
          "../../../gradebook.db", "....//secret.png", "./../secret.png"]  # fmt: skip


def hand_in(folder, notebook):
    import nbformat

    (folder.parent / "secret.png").write_bytes(PICTURE)
    (folder / "own.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "link.png").symlink_to("../secret.png")
    texts = [
        f"![]({p}) ![](<{p}>) <img src='{p}'> ![](attachment:{p})" for p in [*PLACES, "link.png"]
    ]
    notebook.cells += [nbformat.v4.new_markdown_cell(text) for text in texts]


def got(course, student, result):
    own = base64.b64encode(PICTURE).decode()
    found = [
        *course.folder("autograded").glob(f"{student}/**/*"),
        *course.folder("feedback").glob(f"{student}/**/*"),
    ]
    return [
        str(p)
        for p in found
        if p.is_file() and (PICTURE in p.read_bytes() or own in p.read_text(errors="replace"))
    ]
