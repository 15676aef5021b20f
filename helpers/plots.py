"""The notebooks' plots. Each function returns a closed matplotlib Figure.

Closed, because a notebook would otherwise show it twice: once as the cell's value and once as an
open figure. To show one in the middle of a cell, use `display(figure)`.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.ticker import MaxNLocator

# Okabe and Ito's colours: distinguishable with every common form of colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#F0E442")
SPAN = ((-8, 8), (-15, 8))


def _colours(n):
    if n <= len(COLOURS):
        return COLOURS[:n]
    return [plt.get_cmap("viridis")(i / (n - 1)) for i in range(n)]


def _array(values):
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    return np.asarray(values)


def _finish(figure, title=""):
    if title:
        figure.suptitle(title)
    plt.close(figure)
    return figure


def _tidy(axes):
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)


def image_grid(images, titles=None, columns=8, title=""):
    """Show images in rows.

    Parameters
    ----------
    images : (N, C, H, W) or (N, H, W), one or three channels, uint8 or floats. Floats outside
        [0, 1] are rescaled to it, all images together.
    titles : one text per image.
    """
    images = _array(images)
    if images.ndim == 3:
        images = images[:, None]
    if images.ndim != 4 or images.shape[1] not in (1, 3) or not len(images):
        raise ValueError(
            f"images: expected (N, C, H, W) with one or three channels, got {images.shape}"
        )
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"titles: expected {len(images)}, one per image, got {len(titles)}")
    if images.dtype == np.uint8:
        images = images / 255
    low, high = images.min(), images.max()
    if low < -1e-6 or high > 1 + 1e-6:
        images = (images - low) / (high - low)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(1.25 * columns, (1.5 if titles is not None else 1.3) * rows),
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.axis("off")
    for i, (axis, image) in enumerate(zip(axes.flat, images)):
        axis.imshow(image.transpose(1, 2, 0), cmap="gray", vmin=0, vmax=1)
        if titles is not None:
            axis.set_title(str(titles[i]), fontsize=9)
    return _finish(figure, title)


def bar(values, ylabel, title="", labels=None, reference=None):
    """Draw bars.

    Parameters
    ----------
    values : numbers; a dict label -> number; or a dict group -> numbers for grouped bars.
        A nan leaves a gap.
    labels : names under the bars; default: the dict's keys, or 0, 1, 2 ...
    reference : height of a dashed line for comparison.
    """
    if isinstance(values, dict) and values and np.ndim(_array(next(iter(values.values())))):
        groups = {str(name): _array(heights) for name, heights in values.items()}
    elif isinstance(values, dict):
        labels = list(values) if labels is None else labels
        groups = {"": np.array([float(value) for value in values.values()])}
    else:
        groups = {"": _array(values)}
    n = len(next(iter(groups.values())))
    labels = range(n) if labels is None else labels
    if any(len(heights) != n for heights in groups.values()) or len(labels) != n:
        raise ValueError(
            f"expected {n} numbers in every group and {n} labels, got "
            f"{[len(heights) for heights in groups.values()]} and {len(labels)}"
        )
    figure, axes = plt.subplots(
        figsize=(max(5, 0.3 * n * (len(groups) ** 0.5) + 3), 3.6), layout="constrained"
    )
    width = 0.8 / len(groups)
    for i, ((name, heights), colour) in enumerate(zip(groups.items(), _colours(len(groups)))):
        offset = (i - (len(groups) - 1) / 2) * width
        axes.bar(np.arange(n) + offset, heights, width, color=colour, label=name or None)
    if reference is not None:
        axes.axhline(
            reference,
            color="black",
            linestyle="--",
            linewidth=1,
            label=f"reference {reference:.4g}",
        )
    texts = [str(label) for label in labels]
    axes.set_xticks(range(n), texts)
    if n * max(map(len, texts)) > 50:
        plt.setp(axes.get_xticklabels(), rotation=40, ha="right", rotation_mode="anchor")
    axes.set_ylabel(ylabel)
    _tidy(axes)
    if len(groups) > 1 or reference is not None:
        entries = len(axes.get_legend_handles_labels()[0])
        rows = -(-entries // 5)
        figure.legend(
            loc="outside lower center", ncols=-(-entries // rows), frameon=False, fontsize=9
        )
    return _finish(figure, title)


def learning_curves(history, title=""):
    """Draw losses and accuracies over the epochs.

    Parameters
    ----------
    history : dict of lists with one number per epoch (`train_loss`, `val_loss`, `val_accuracy`,
        ...), or a dict name -> history to compare runs. Training curves are dashed.
    """
    runs = history
    if not any(isinstance(value, dict) for value in history.values()):
        runs = {"": history}
    kinds = [
        kind
        for kind in ("loss", "accuracy")
        if any(kind in key and len(run[key]) for run in runs.values() for key in run)
    ]
    if not kinds:
        raise ValueError(
            "history: expected at least one list whose name has 'loss' or "
            f"'accuracy' in it, got {list(history)}"
        )
    figure, all_axes = plt.subplots(
        1, len(kinds), figsize=(5 * len(kinds), 3.6), squeeze=False, layout="constrained"
    )
    colours = _colours(len(runs))
    for axes, kind in zip(all_axes[0], kinds):
        keys = {key for run in runs.values() for key in run if kind in key}
        # What all curves have in common labels the axis instead of being added to each name.
        common = keys.pop().replace("_", " ") if len(runs) > 1 and len(keys) == 1 else ""
        for colour, (name, run) in zip(colours, runs.items()):
            for key in (key for key in run if kind in key):
                values = _array(run[key])
                training = key.startswith("train")
                # In a single run, training and validation also differ in colour.
                shade = COLOURS[1] if training and len(runs) == 1 else colour
                axes.plot(
                    np.arange(1, len(values) + 1),
                    values,
                    color=shade,
                    linestyle="--" if training else "-",
                    marker="o" if len(values) <= 30 else None,
                    markersize=3,
                    label=str(name) if common else f"{name} {key.replace('_', ' ')}".strip(),
                )
        axes.set_xlabel("epoch")
        axes.set_ylabel(common or kind)
        axes.xaxis.get_major_locator().set_params(integer=True)
        _tidy(axes)
        axes.legend(frameon=False, fontsize=8)
    return _finish(figure, title)


def line(series, xlabel, ylabel, title="", logy=False):
    """Draw lines: `series` maps a name to `y` or to a tuple `(x, y)`."""
    figure, axes = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
    counted = True  # whether every x is a count (of batches, updates): ticks at whole numbers only
    for colour, (name, values) in zip(_colours(len(series)), series.items()):
        if isinstance(values, tuple) and len(values) == 2 and np.ndim(_array(values[0])) == 1:
            x, y = map(_array, values)
        else:
            y = _array(values)
            x = np.arange(len(y))
        counted = counted and x.dtype.kind in "iu"
        axes.plot(x, y, color=colour, label=str(name))
    if counted:
        axes.xaxis.get_major_locator().set_params(integer=True)
    if logy:
        axes.set_yscale("log")
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    _tidy(axes)
    if len(series) > 1:
        axes.legend(frameon=False, fontsize=9)
    return _finish(figure, title)


def _evaluate(curve_func, span, steps):
    """Return grids w1, w2 and the losses, each (steps, steps)."""
    w1, w2 = np.meshgrid(*(np.linspace(low, high, steps) for low, high in span))
    with torch.no_grad():
        loss = curve_func(torch.from_numpy(w1).float(), torch.from_numpy(w2).float())
    return w1, w2, np.broadcast_to(_array(loss), w1.shape)


def _path(name, path):
    path = _array(path)
    if path.ndim != 2 or path.shape[1] != 3 or not len(path):
        raise ValueError(f"paths[{name!r}]: expected (T, 3) with w1, w2, loss, got {path.shape}")
    return path.astype(float)  # a copy, always


def _inside(path, span):
    low, high = np.transpose(span)
    with np.errstate(invalid="ignore"):
        return ((path[:, :2] >= low) & (path[:, :2] <= high)).all(axis=1)


def curve_paths(curve_func, paths, span=SPAN, title=""):
    """Draw optimizers' paths on the contour of a loss `curve_func(w1, w2)`.

    Parameters
    ----------
    curve_func : maps two tensors to the loss, elementwise.
    paths : name -> (T, 3) array with w1, w2 and the loss per step (only w1, w2 are drawn). A
        circle marks the first point, a star the last; the legend says if the last one is outside.
    span : ((w1 from, to), (w2 from, to)).
    """
    # A student's curve or path may raise; do this before there is a figure, which would stay open.
    grids = _evaluate(curve_func, span, 160)
    paths = {name: _path(name, path) for name, path in paths.items()}
    figure, axes = plt.subplots(figsize=(6.4, 5), layout="constrained")
    filled = axes.contourf(*grids, levels=30, cmap="Greys", alpha=0.8)
    figure.colorbar(filled, ax=axes, label="loss")
    for colour, (name, path) in zip(_colours(len(paths)), paths.items()):
        outside = "" if _inside(path[-1:], span)[0] else " (ends outside)"
        axes.plot(path[:, 0], path[:, 1], color=colour, linewidth=1.5, label=f"{name}{outside}")
        for point, marker, size in ((path[0], "o", 7), (path[-1], "*", 14)):
            axes.plot(*point[:2], marker, color=colour, markersize=size, markeredgecolor="white")
    axes.set(xlim=span[0], ylim=span[1], xlabel="w1", ylabel="w2")
    if paths:
        axes.legend(fontsize=9)
    return _finish(figure, title)


def curve_surface(curve_func, paths=None, span=SPAN, title=""):
    """Draw the loss `curve_func(w1, w2)` as a surface, with paths as in `curve_paths`.

    A path's height is its third column; points outside the span are left out.
    """
    grids = _evaluate(curve_func, span, 60)
    paths = {name: _path(name, path) for name, path in (paths or {}).items()}
    figure, axes = plt.subplots(figsize=(6.4, 5), subplot_kw={"projection": "3d"})
    # Matplotlib would hide a path behind the whole surface; draw it on top instead.
    axes.computed_zorder = False
    axes.plot_surface(*grids, cmap="Greys", alpha=0.6, linewidth=0, zorder=1)
    for colour, (name, path) in zip(_colours(len(paths)), paths.items()):
        path[~_inside(path, span)] = np.nan
        axes.plot(*path.T, color=colour, linewidth=1.5, label=str(name), zorder=3)
        for point, marker, size in ((path[:1], "o", 5), (path[-1:], "*", 11)):
            axes.plot(*point.T, marker, color=colour, markersize=size, zorder=4)
    axes.set(xlim=span[0], ylim=span[1], xlabel="w1", ylabel="w2", zlabel="loss")
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        # An axis seen at an angle has room for only a few labels.
        axis.set_major_locator(MaxNLocator(5))
        axis.labelpad = 8
    # Otherwise the label of the height is cut off.
    axes.set_box_aspect(None, zoom=0.92)
    if paths:
        axes.legend(fontsize=9, loc="upper left")
    return _finish(figure, title)


def digit_and_probabilities(image, probabilities):
    """Draw a (1, 1, 28, 28) image beside the bars of its 10 class probabilities."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(6, 2.8), layout="constrained", width_ratios=(1, 1.5)
    )
    left.imshow(_array(image)[0, 0], cmap="gray", vmin=0, vmax=1)
    left.set_title("what the model sees", fontsize=9)
    left.axis("off")
    right.bar(range(10), _array(probabilities), color=COLOURS[0])
    right.set(xticks=range(10), ylim=(0, 1), xlabel="digit", ylabel="probability")
    _tidy(right)
    return _finish(figure)
