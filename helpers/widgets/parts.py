"""What several widgets need."""

import html
import io
import traceback

import ipywidgets


def slider(kind, description, value, low, high, step, **options):
    """Return a slider of the class `kind` that reports a change when it is released."""
    options |= {"min": low, "max": high, "step": step, "continuous_update": False}
    return kind(description=description, value=value, **options)


def explorer(draw, controls, *shown, columns=None):
    """Return a box with the controls, side by side or in `columns`, above what `draw` fills.

    `draw` is called now and after every change of a control.
    """
    for control in controls:
        control.observe(draw, "value")
    draw()
    wrap = ipywidgets.Layout(flex_flow="row wrap")
    return ipywidgets.VBox([ipywidgets.HBox(columns or controls, layout=wrap), *shown])


def picture(width=None):
    """Return an empty picture: of its own size, or as wide as `width` says, such as "49%"."""
    # Otherwise the box around it would stretch it.
    layout = ipywidgets.Layout(width=width, align_self="flex-start")
    return ipywidgets.Image(format="png", layout=layout)


def png(figure):
    """Return a figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return buffer.getvalue()


def message(error):
    """Return HTML that says what went wrong in a student's function."""
    if isinstance(error, NotImplementedError):
        frames = list(traceback.walk_tb(error.__traceback__))
        place = frames[-1][0].f_code.co_qualname
        return f"not solved yet: solve <code>{html.escape(place)}</code> first"
    return html.escape(f"{type(error).__name__}: {error}")
