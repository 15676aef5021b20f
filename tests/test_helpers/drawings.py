"""What a widget's picture holds."""

import base64
import re

from helpers.widgets.parts import Drawing

__all__ = ["Drawing", "alt", "png_of"]


def png_of(drawing):
    """The bytes of a shown picture."""
    return base64.b64decode(re.search(r'src="data:image/png;base64,([^"]*)"', drawing.value)[1])


def alt(drawing):
    """The alt text of a shown picture."""
    return re.search(r'alt="([^"]*)"', drawing.value)[1]
