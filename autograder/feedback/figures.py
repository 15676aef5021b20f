"""Pictures in feedback: what a wrong answer does on a given example, beside what is right there.

The examples are fixed and no secret; hidden inputs are never drawn. A picture asks the student's
code once more, through a probe, and is left out where that fails. Which exercises have one, and how
it is drawn, is in the assignment's `pictures.py`: a function `(student, figure) → caption`.
"""

import base64
import io
import textwrap
import threading

import numpy as np

from autograder.checking.hidden import Hidden
from autograder.checking.student import Student

# matplotlib is not made for threads.
_lock = threading.Lock()


def picture(hidden: Hidden, exercise: str, student: Student) -> dict[str, str] | None:
    """A mime bundle for the exercise, PNG and caption; None where there is nothing to see."""
    if not hidden.has("pictures"):
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    try:
        if exercise not in hidden.pictures:
            return None
        student.seed = 0
        with _lock:
            figure = Figure(figsize=(5.6, 3.2), dpi=100, layout="constrained")
            caption = hidden.pictures[exercise](student, figure)
            figure.suptitle(textwrap.fill(caption, 84), fontsize=8)
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            file = io.BytesIO()
            # 64 colours take a third of the bytes, of which every page has its own copy.
            pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
            pixels.quantize(64).save(file, "png")
    except Exception:
        # Whatever a student's code replies: a picture must not cost the grade.
        return None
    return {
        "image/png": base64.b64encode(file.getvalue()).decode("ascii"),
        "text/plain": caption,
    }
