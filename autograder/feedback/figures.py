"""Pictures in feedback: what a wrong answer does on a fixed example, beside what is right.

The examples are not secret; hidden inputs are never drawn. For a picture a probe runs the student's
code once more; if that code fails, there is no picture. The assignment's `pictures.py` says which
exercises have one and how it is drawn: a function `(student, figure) → caption`.
"""

import base64
import io
import textwrap
import threading
from collections.abc import Callable

import numpy as np

from autograder.checking.hidden import Hidden
from autograder.checking.reply import CheckFailed
from autograder.checking.student import Student

# matplotlib is not thread-safe.
_lock = threading.Lock()


def picture(
    hidden: Hidden, exercise: str, student: Student, note: Callable[[str], None] = lambda text: None
) -> dict[str, str] | None:
    """A MIME bundle with a PNG and its caption; None if there is nothing to show.

    `note` is told why a picture could not be drawn, where the student's code did its part.
    """
    if exercise not in hidden.pictures:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    try:
        student.seed = 0
        with _lock:
            figure = Figure(figsize=(5.6, 3.2), dpi=100, layout="constrained")
            caption = hidden.pictures[exercise](student, figure)
            figure.suptitle(textwrap.fill(caption, 84), fontsize=8)
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            file = io.BytesIO()
            # 64 colours take a third of the bytes, and every page has its own copy.
            pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
            pixels.quantize(64).save(file, "png")
    except CheckFailed:
        return None
    except Exception as error:
        # Whatever the student's code replies, a picture must not cost the grade.
        note(f"no picture of {exercise}: {type(error).__name__}: {str(error)[:200]}")
        return None
    return {
        "image/png": base64.b64encode(file.getvalue()).decode("ascii"),
        "text/plain": caption,
    }
