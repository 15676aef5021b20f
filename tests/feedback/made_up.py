"""A judged notebook with everything that a page can show, and what a gradebook says of it."""

import base64
import io

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from autograder.feedback import cells, table
from autograder.feedback.facts import Comment, Facts, Mark
from autograder.outcome import CheckResult

A = "99_tiny"
RESULTS = [
    CheckResult("mean", "a", "Passed first.", 1, 1),
    CheckResult(
        "mean",
        "b",
        "The mean.",
        0,
        2,
        "got <script>document.title='PWNED'</script>",
        diagnosis="No `sum`.",
    ),
    CheckResult("mean", "c", "Comes after.", 0, 1, "depends on the mean"),
]


def marked(cell, grade_id, **kind):
    cell.metadata["nbgrader"] = {"grade_id": grade_id, "grade": False, "solution": False} | kind
    return cell


def picture(**about) -> nbformat.NotebookNode:
    file = io.BytesIO()
    Image.new("RGB", (8, 4)).save(file, "png")
    data = {"image/png": base64.b64encode(file.getvalue()).decode(), "text/plain": "<Figure>"}
    return new_output("display_data", data, metadata={"image/png": about} if about else {})


def judged(results=RESULTS) -> nbformat.NotebookNode:
    """A judged notebook with an exercise and a written answer."""
    shown = {"text/plain": table.as_text(results), "text/html": table.as_html(results)}
    found = new_output("display_data", shown, metadata={cells.CHECKS: table.as_data(results)})
    points = new_output("execute_result", {"text/plain": "1.0"})
    check = new_code_cell("assert mean", outputs=[found, picture(alt="two paths"), points])
    return new_notebook(cells=[
        new_markdown_cell("# A title with $w_1$"),
        marked(new_code_cell("def mean(values): ..."), "mean", solution=True),
        marked(check, "check_mean", grade=True, points=4),
        marked(new_markdown_cell("my reason"), "answer_why", grade=True, solution=True, points=3),
    ])  # fmt: skip


def facts(check=(4, 1.0, None), why=(3, None, None), **about) -> Facts:
    """What a gradebook says; a mark is (most, automatic, manual) and maybe extra and waiting."""

    def mark(most, automatic, manual, extra=0.0, waiting=None):
        points = automatic if manual is None else manual
        return Mark(most, automatic, manual, extra, points is None if waiting is None else waiting)

    marks = {"check_mean": mark(*check), "answer_why": mark(*why)}
    return Facts(**{"student": "ada", "name": "Ada Moon", "assignment": A, "max_score": 7.0,
                    "marks": marks} | about)  # fmt: skip


# As IPython prints it, and as a library that takes 256 colours would.
TRACEBACK = [
    "\x1b[31m" + "-" * 75 + "\x1b[39m",
    "\x1b[31mZeroDivisionError\x1b[39m  Traceback (most recent call last)",
    "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[2]\x1b[39m\x1b[32m, line 1\x1b[39m\n"
    "\x1b[38;5;28mprint\x1b[39m(\x1b[38;5;230;48;5;229m1/0\x1b[0m)",
]
CODE = '''\
@decorated
class Net(nn.Module):  # a comment that goes on and on, past the edge of any telephone that is known
    """A text."""

    def forward(self, x: float = 1.5e-3) -> "Net":
        assert x is not None, f"got {x!r}"
        return super().forward(x) @ self.weights[0, -1] if True else lambda y: y ** 2
'''
WIDE = "<table class='dataframe'><tr>" + "<td>0.12345678</td>" * 30 + "</tr></table>"
PROSE = r"""\
## A heading

| a | b |
|---|--:|
| $x_1$ | 2 |

A [link](https://example.org), `code` and <span style="color: #555">grey of its own</span>.

$$\begin{aligned}\mathbb{E}[x] &= \frac{1}{n}\sum_{i=1}^n x_i + x_i + x_i + x_i + x_i + x_i + x_i \\ &= 0\end{aligned}$$

```python
def f(x): return "text"
```

- one
- two

<details><summary>Hint</summary>text</details>
"""


def full() -> tuple[nbformat.NotebookNode, Facts]:
    """A notebook with all kinds of cells and outputs, late, commented, changed, in part unmarked."""
    notebook = judged()
    outputs = [
        new_output("stream", name="stdout", text="\x1b[1mepoch\x1b[0m 3 " + "x" * 300),
        new_output("stream", name="stderr", text="a warning"),
        new_output("display_data", {"text/html": WIDE}),
        new_output("error", ename="ZeroDivisionError", evalue="", traceback=TRACEBACK),
        picture(alt="a plot", width=900),
    ]
    notebook.cells += [new_code_cell(CODE, outputs=outputs), new_markdown_cell(PROSE)]
    comments = {
        "mean": Comment("", "Look at `n` and $$n$$"),
        "answer_why": Comment("No response.", ""),
    }
    about = facts(check=(4, 1.0, 2.0, 0.5), comments=comments, seconds_late=9000.0, penalty=1.0)
    return notebook, about
