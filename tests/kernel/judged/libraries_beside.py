"""Files beside the notebook that Python, IPython, pytest and nbgrader would read by their names."""

SCORE = 5
SOLVED = True
EVIL = "open('/tmp/read-by-the-grader', 'w').close()\n"
NAMES = """\
torch.py numpy/__init__.py json.py nbformat.py sitecustomize.py usercustomize.py conftest.py evil.pth
ipython_config.py jupyter_config.py .ipython/profile_default/startup/00.py nbgrader_config.py
autograder/__init__.py hidden/99_tiny/checks.py hidden/99_tiny/probes.py source/99_tiny/99_tiny.ipynb
ipykernel_launcher.py kernel.json .jupyter/jupyter_server_config.py pyproject.toml course.toml
""".split()


def hand_in(folder, notebook):
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(EVIL)


def got(course, student, result):
    import os

    return [path for path in ["/tmp/read-by-the-grader"] if os.path.exists(path)]
