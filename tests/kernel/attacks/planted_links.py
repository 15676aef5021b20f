"""Links in the working folder, for the grader to follow and write through."""

import os

for name, path in enumerate(target["files"]):
    os.symlink(path, f"link{name}")
os.symlink("/", "everything")
os.mkfifo("pipe")
os.rename("notes.txt", "gone.txt")
os.symlink(target["files"][0], "notes.txt")
try:
    with open("notes.txt", "w") as file:
        file.write("evil")
    got.append("written through a link")
except OSError:
    pass
