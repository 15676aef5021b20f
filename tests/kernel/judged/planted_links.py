"""Links among the submitted files, and planted by the running code, for the grader to follow."""

SCORE = 0
CELL = """\
import os
for name in os.listdir("."):
    os.remove(name)
for name in ("99_tiny.ipynb", "picture.png", "feedback", "gradebook.db"):
    os.symlink("/etc/passwd", name)
os.mkfifo("pipe")
"""


def hand_in(folder, notebook):
    (folder / "picture.png").write_bytes(b"a picture")
    (folder / "link").symlink_to("/etc")
    (folder / "book").symlink_to(folder.parents[2] / "gradebook.db")


def got(course, student, result):
    folder = course.folder("autograded") / student / "99_tiny"
    links = [str(path) for path in folder.rglob("*") if path.is_symlink()]
    picture = (folder / "picture.png").read_bytes()
    return links + ([] if picture == b"a picture" else [picture])
