"""A matplotlib Figure that also says in words what it shows."""

import base64
import html
import io

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

# Pixels per inch on an ordinary screen. Pictures have twice as many, for screens that show them.
DPI = 80


class Picture(Figure):
    """A Figure with a text twin, for those who do not see it.

    Parameters
    ----------
    Those of `matplotlib.figure.Figure`. pyplot does not know the figure: nothing has to be closed,
    and a notebook shows it once, as a cell's value or with `display(figure)`.

    Attributes
    ----------
    alt : what is drawn.
    words : its figures, in one line.
    """

    alt = words = ""

    def png(self):
        """Return the bytes of a PNG file.

        The background is white and opaque: on a dark page, too, the colours keep their contrast.
        """
        file, smaller = io.BytesIO(), io.BytesIO()
        self.savefig(file, format="png", dpi=2 * DPI, facecolor="white")
        # 256 colours take less than half of the bytes.
        with Image.open(file) as pixels:
            pixels.convert("RGB").quantize(256).save(smaller, "png")
        return smaller.getvalue()

    @property
    def size(self):
        """Width and height on a page, in pixels of an ordinary screen."""
        width, height = self.get_size_inches() * DPI
        return round(width), round(height)

    def html(self, alt, png=None):
        """Return an HTML image with an alt text, no wider than the page."""
        width, height = self.size
        return (
            f'<img width="{width}" height="{height}" style="max-width: 100%; height: auto" '
            f'alt="{html.escape(alt)}" src="data:image/png;base64,{_base64(png or self.png())}">'
        )

    def __repr__(self):
        return "\n".join(filter(None, (self.alt, self.words))) or super().__repr__()

    def _ipython_display_(self):
        from IPython.display import display

        png = self.png()
        image, words = self.html(self.alt, png), html.escape(self.words)
        # JupyterLab gives a PNG no alt text, but shows HTML first. Exporters that know no HTML,
        # and the feedback, take the PNG; nbconvert's classic template reads its metadata.
        page = f'<figure style="margin: 0">{image}<figcaption>{words}</figcaption></figure>'
        display(
            {"text/html": page, "image/png": _base64(png), "text/plain": repr(self)},
            metadata={"image/png": {"alt": f"{self.alt} {self.words}", "width": self.size[0]}},
            raw=True,
        )


def _base64(content):
    return base64.b64encode(content).decode()


def number(value):
    """Return a number in three digits, or to the unit."""
    return f"{value:.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"


def course(y, x=None):
    """Say how a curve goes: its ends, and its lowest and highest values if they lie between.

    Parameters
    ----------
    y : the values; those that are not finite are counted and left out.
    x : where they are; then an extreme value is said with its place.
    """
    y = np.asarray(y, dtype=float)
    known = np.isfinite(y)
    places, values = np.flatnonzero(known), y[known]
    if not len(values):
        return "no finite value"
    parts = [f"from {number(values[0])} to {number(values[-1])}"]
    for word, i in (("lowest", values.argmin()), ("highest", values.argmax())):
        if values[i] not in (values[0], values[-1]):
            place = "" if x is None else f" at {number(x[places[i]])}"
            parts.append(f"{word} {number(values[i])}{place}")
    if lost := len(y) - len(values):
        parts.append(f"{lost} of {len(y)} values not finite")
    return ", ".join(parts)
