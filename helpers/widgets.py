"""Things to play with in a notebook, made of ipywidgets only."""

import html
import io
import traceback

import ipywidgets
import numpy as np
import torch
from torch.nn import functional as F

from helpers import plots

# Larger pictures are refused before they are decoded: a small file can hold a huge one.
_MAX_PIXELS = 25_000_000


def _png(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return buffer.getvalue()


def _message(error):
    """Say in HTML what went wrong in a student's function."""
    if isinstance(error, NotImplementedError):
        frames = list(traceback.walk_tb(error.__traceback__))
        place = frames[-1][0].f_code.co_qualname
        return f"not solved yet: solve <code>{html.escape(place)}</code> first"
    return html.escape(f"{type(error).__name__}: {error}")


def optimizer_explorer(
    curve_func,
    optimizers,
    train_curve,
    num_updates=100,
    init=(5, 5),
    lr=10.0,
    momentum=0.9,
    span=plots.SPAN,
):
    """Sliders for learning rate, momentum, start and number of updates; paths in 2D and 3D.

    Parameters
    ----------
    curve_func : maps two tensors w1, w2 to the loss, elementwise.
    optimizers : name -> `factory(params, lr, momentum)` that returns an optimizer.
    train_curve : `train_curve(optimizer_func, curve_func, num_updates, init)` -> (T, 3) array.
    num_updates, init, lr, momentum : where the sliders start.
    span : the part of the plane that is drawn.

    Returns
    -------
    ipywidgets.VBox; the pictures are Image widgets, so saved widget state shows them, too. What
    an optimizer raises is shown below the pictures; the other optimizers are still drawn.
    """

    def slider(kind, description, value, low, high, step):
        return kind(
            description=description,
            value=value,
            min=low,
            max=high,
            step=step,
            continuous_update=False,
        )

    number, count = ipywidgets.FloatSlider, ipywidgets.IntSlider
    controls = {
        "lr": slider(ipywidgets.FloatLogSlider, "lr", lr, -3, 2, 0.05),
        "momentum": slider(number, "momentum", momentum, 0, 0.99, 0.01),
        "w1": slider(number, "start w1", init[0], *span[0], 0.5),
        "w2": slider(number, "start w2", init[1], *span[1], 0.5),
        "updates": slider(count, "updates", num_updates, 1, max(300, num_updates), 1),
    }
    flat, surface = ipywidgets.Image(format="png"), ipywidgets.Image(format="png")
    notes = ipywidgets.HTML()

    def train(factory):
        settings = controls["lr"].value, controls["momentum"].value
        start = controls["w1"].value, controls["w2"].value
        path = train_curve(
            lambda params: factory(params, *settings), curve_func, controls["updates"].value, start
        )
        path = np.asarray(path, dtype=float)
        if path.ndim != 2 or path.shape[1] != 3 or not len(path):
            raise ValueError(f"train_curve returned shape {path.shape}, expected (T, 3)")
        return path

    def draw(_=None):
        paths, lines = {}, []
        for name, factory in optimizers.items():
            try:
                path = paths[name] = train(factory)
                text = "w1 {:.2f}, w2 {:.2f}, loss {:.4f}".format(*path[-1])
            except Exception as error:  # noqa: BLE001  (a student's code may raise anything)
                text = _message(error)
            lines.append(f"<b>{html.escape(str(name))}</b>: {text}")
        try:
            flat.value = _png(plots.curve_paths(curve_func, paths, span))
            surface.value = _png(plots.curve_surface(curve_func, paths, span))
        except Exception as error:  # noqa: BLE001
            lines.append(f"<b>curve</b>: {_message(error)}")
        notes.value = "<br>".join(lines)

    for control in controls.values():
        control.observe(draw, "value")
    draw()
    wrap = ipywidgets.Layout(flex_flow="row wrap")
    return ipywidgets.VBox(
        [
            ipywidgets.HBox(list(controls.values()), layout=wrap),
            ipywidgets.HBox([flat, surface], layout=wrap),
            notes,
        ]
    )


def centre_digit(ink):
    """Bring a drawing into the form of an MNIST image.

    Parameters
    ----------
    ink : (H, W) tensor in [0, 1], 0 where the paper is empty.

    Returns
    -------
    (1, 1, 28, 28) float tensor in [0, 1]: the drawing is cut out, its longer side scaled to 20
    pixels, its centre of mass put in the middle. Without ink, all zeros.
    """
    canvas = torch.zeros(1, 1, 28, 28)
    inked = ink > 0.2
    if not inked.any():
        return canvas
    (top, bottom), (left, right) = (
        inked.any(dim).nonzero().flatten()[[0, -1]].tolist() for dim in (1, 0)
    )
    cut = ink[top : bottom + 1, left : right + 1].float()
    height, width = (max(1, round(side * 20 / max(cut.shape))) for side in cut.shape)
    cut = F.interpolate(cut[None, None], (height, width), mode="bilinear", antialias=True)[0, 0]
    mass = cut.sum()
    row = (cut.sum(1) * torch.arange(height)).sum() / mass
    column = (cut.sum(0) * torch.arange(width)).sum() / mass
    top = min(max(round(13.5 - row.item()), 0), 28 - height)
    left = min(max(round(13.5 - column.item()), 0), 28 - width)
    canvas[0, 0, top : top + height, left : left + width] = cut.clamp(0, 1)
    return canvas


def _read_picture(content):
    """Decode an image file's bytes to (H, W) ink in [0, 1]; dark on light is inverted."""
    from PIL import Image

    with Image.open(io.BytesIO(content)) as picture:
        if picture.width * picture.height > _MAX_PIXELS:
            raise ValueError(
                f"the picture has {picture.width} x {picture.height} pixels, "
                f"expected at most {_MAX_PIXELS:,} in all"
            )
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture)
        grey = paper.convert("L")
        grey.thumbnail((280, 280))
    ink = torch.from_numpy(np.array(grey)).float() / 255
    border = torch.cat([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    if border.median() > 0.5:
        ink = 1 - ink
    ink = ink - ink.min()
    return ink / ink.max().clamp(min=1e-6)


def digit_pad(predict, cells=14):
    """Draw a digit by clicking cells, or upload a picture of one, and see what `predict` says.

    Parameters
    ----------
    predict : maps a float tensor (1, 1, 28, 28) in [0, 1], white on black, cut out and centred
        like an MNIST image, to 10 probabilities.
    cells : cells per side.

    Returns
    -------
    ipywidgets.VBox
    """
    size = "22px"
    buttons = [
        ipywidgets.ToggleButton(
            layout=ipywidgets.Layout(
                width=size, height=size, margin="0", padding="0", border="1px solid #bdbdbd"
            )
        )
        for _ in range(cells * cells)
    ]
    grid = ipywidgets.GridBox(
        buttons, layout=ipywidgets.Layout(grid_template_columns=f"repeat({cells}, {size})")
    )
    clear = ipywidgets.Button(description="clear")
    upload = ipywidgets.FileUpload(accept="image/*", multiple=False)
    # Else the box stretches the picture to the height of the grid.
    chart = ipywidgets.Image(format="png", layout=ipywidgets.Layout(align_self="flex-start"))
    note = ipywidgets.HTML()
    clearing = False

    def fill(png):
        chart.value = png
        # A browser shows an empty picture as a broken one.
        chart.layout.display = None if png else "none"

    def show(ink):
        image = centre_digit(ink)
        if not image.any():
            note.value = "Nothing drawn yet."
            fill(b"")
            return
        try:
            probabilities = torch.as_tensor(predict(image)).detach().cpu().double().flatten()
            if len(probabilities) != 10:
                raise ValueError(f"predict returned {len(probabilities)} numbers, expected 10")
            # Put so that nan fails, too.
            if not (probabilities.min() >= 0 and abs(probabilities.sum() - 1) < 1e-3):
                raise ValueError(
                    "predict returned numbers that are no probabilities: is the softmax missing?"
                )
        except Exception as error:  # noqa: BLE001  (a student's code may raise anything)
            note.value = _message(error)
            fill(b"")
            return
        best = int(probabilities.argmax())
        note.value = f"The model says <b>{best}</b> ({probabilities[best]:.0%})."
        fill(_png(plots.digit_and_probabilities(image, probabilities)))

    def mark(change):
        # JupyterLab's own colour of a pressed button is hardly darker than the others.
        change["owner"].button_style = "primary" if change["new"] else ""

    def drawn(_=None):
        if not clearing:
            ink = torch.tensor([float(button.value) for button in buttons])
            show(ink.reshape(cells, cells))

    def cleared(_):
        nonlocal clearing
        clearing = True
        for button in buttons:
            button.value = False
        clearing = False
        drawn()

    def uploaded(change):
        if not change["new"]:
            return
        try:
            ink = _read_picture(bytes(change["new"][0]["content"]))
        except Exception as error:  # noqa: BLE001  (an image decoder may raise anything)
            note.value = "This file cannot be used: " + _message(error)
            return
        show(ink)

    for button in buttons:
        button.observe(mark, "value")
        button.observe(drawn, "value")
    clear.on_click(cleared)
    upload.observe(uploaded, "value")
    drawn()
    return ipywidgets.VBox(
        [
            ipywidgets.HTML("Click cells to draw a digit, or upload a picture of one."),
            ipywidgets.HBox([grid, chart]),
            ipywidgets.HBox([clear, upload]),
            note,
        ]
    )
