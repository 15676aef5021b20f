"""A pad to draw a digit on, for a model that reads digits."""

import io

import ipywidgets
import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch.nn import functional as F

from helpers import plots
from helpers.widgets.parts import Drawing, busy, message

# Larger pictures are refused before they are decoded: a small file can hold a huge one.
_MAX_PIXELS = 25_000_000


def centre_digit(ink):
    """Turn a drawing into an image like those of MNIST.

    Parameters
    ----------
    ink : (H, W) tensor in [0, 1], 0 where the paper is empty.

    Returns
    -------
    (1, 1, 28, 28) float tensor in [0, 1]: the drawing is cut out, its longer side scaled to 20
    pixels, its centre of mass moved to the middle. Without ink, all zeros.
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
    with Image.open(io.BytesIO(content)) as picture:
        if picture.width * picture.height > _MAX_PIXELS:
            raise ValueError(
                f"expected a picture of at most {_MAX_PIXELS:,} pixels, "
                f"got {picture.width} x {picture.height}"
            )
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture)
        grey = paper.convert("L")
        grey.thumbnail((280, 280))
    ink = torch.from_numpy(np.array(grey)).float() / 255
    paper = torch.cat([ink[0], ink[-1], ink[:, 0], ink[:, -1]]).median()
    # The paper in a photo is grey and noisy: anything not darker (or lighter) than it is not ink.
    ink = (paper - ink if paper > 0.5 else ink - paper).clamp(min=0)
    return ink / ink.max().clamp(min=1e-6)


def digit_pad(predict, cells=14):
    """Draw a digit by clicking cells, or upload a picture of one, and see what `predict` says.

    Parameters
    ----------
    predict : maps a float tensor (1, 1, 28, 28) in [0, 1], white on black, cut out and centred
        like an MNIST image, to 10 probabilities.
    cells : number of cells per side.

    Returns
    -------
    ipywidgets.VBox
    """
    size = "22px"
    buttons = [
        ipywidgets.ToggleButton(
            tooltip=f"row {cell // cells + 1}, column {cell % cells + 1}",
            layout=ipywidgets.Layout(
                width=size, height=size, margin="0", padding="0", border="1px solid #bdbdbd"
            ),
        )
        for cell in range(cells * cells)
    ]
    grid = ipywidgets.GridBox(
        buttons, layout=ipywidgets.Layout(grid_template_columns=f"repeat({cells}, {size})")
    )
    clear = ipywidgets.Button(description="clear")
    upload = ipywidgets.FileUpload(accept="image/*", multiple=False)
    chart = Drawing()
    state, note = ipywidgets.HTML(), ipywidgets.HTML()
    clearing = False

    def read(ink):
        with busy(state):
            judge(ink)

    def judge(ink):
        image = centre_digit(ink)
        if not image.any():
            note.value = "Nothing drawn yet."
            chart.value = ""
            return
        try:
            probabilities = torch.as_tensor(predict(image)).detach().cpu().double().flatten()
            if len(probabilities) != 10:
                raise ValueError(f"predict returned {len(probabilities)} numbers, expected 10")
            # Phrased so that nan fails, too.
            if not (probabilities.min() >= 0 and abs(probabilities.sum() - 1) < 1e-3):
                raise ValueError(
                    "predict returned numbers that are not probabilities: is the softmax missing?"
                )
        except Exception as error:  # noqa: BLE001  (a student's code may raise anything)
            note.value = message(error)
            chart.value = ""
            return
        best = int(probabilities.argmax())
        note.value = f"The model says <b>{best}</b> ({probabilities[best]:.0%})."
        chart.show(plots.digit_and_probabilities(image, probabilities))

    def mark(change):
        # JupyterLab's own colour for a pressed button is hardly darker than for the others.
        change["owner"].button_style = "primary" if change["new"] else ""

    def drawn(_=None):
        if not clearing:
            ink = torch.tensor([float(button.value) for button in buttons])
            read(ink.reshape(cells, cells))

    def wipe():
        nonlocal clearing
        clearing = True
        for button in buttons:
            button.value = False
        clearing = False

    def cleared(_):
        wipe()
        drawn()

    def refuse(reason):
        note.value = f"This file cannot be used: {reason}"
        chart.value = ""

    def uploaded(change):
        if not change["new"]:
            return
        try:
            ink = _read_picture(bytes(change["new"][0]["content"]))
        except UnidentifiedImageError:
            refuse("it is not a readable picture (PNG, JPEG, ...)")
        except Exception as error:  # noqa: BLE001  (an image decoder may raise anything)
            refuse(message(error))
        else:
            wipe()
            read(ink)

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
            ipywidgets.HBox([clear, upload, state]),
            note,
        ]
    )
