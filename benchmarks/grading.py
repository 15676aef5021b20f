"""Stock `nbgrader autograde` against `autograder grade`, in one run on the same submissions.

    uv run python benchmarks/grading.py [N]

Prints submissions per minute and their ratio. Stock nbgrader runs the visible self-checks in place
of the hidden ones, one submission after another in ordinary kernels.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from autograder import batch
from autograder.classroom import hand_in, solved
from autograder.demo import ASSIGNMENT, make_course


def stock_api(course, root: Path, students: list[str]) -> NbGraderAPI:
    """A course with stock settings and the same submissions, ready for `autograde`."""
    config = Config()
    config.CourseDirectory.root = str(root)
    source = root / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    source.parent.mkdir(parents=True)
    source.write_bytes(course.source_notebook(ASSIGNMENT).read_bytes())
    for student in students:
        path = root / "submitted" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(solved(course, ASSIGNMENT)))
    api = NbGraderAPI(config=config)
    assert api.generate_assignment(ASSIGNMENT)["success"]
    return api


def main(n: int) -> None:
    """Grade `n` solved submissions both ways."""
    students = [f"student{i:03d}" for i in range(n)]
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
        course = make_course(Path(ours))
        for student in students:
            hand_in(course, student, ASSIGNMENT, solved(course, ASSIGNMENT))
        api = stock_api(course, Path(theirs), students)
        started = time.perf_counter()
        for student in students:
            assert api.autograde(ASSIGNMENT, student)["success"]
        stock = time.perf_counter() - started
        started = time.perf_counter()
        results = batch.grade(course, ASSIGNMENT, students)
        own = time.perf_counter() - started
        assert all(r.score == r.max_score for r in results)
    print(f"{ASSIGNMENT}, n = {n} submissions each")
    print(f"nbgrader autograde  {60 * n / stock:6.1f} a minute (no feedback made)")
    print(f"autograder grade    {60 * n / own:6.1f} a minute (feedback included)")
    print(f"ratio               {stock / own:6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
