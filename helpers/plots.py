"""The notebooks' plots. Each function returns a `Picture`: a Figure that says what it shows.

To show one in the middle of a cell, use `display(figure)`. Seaborn is imported by the first plot
that needs it, since that costs more than a second.
"""

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator, MaxNLocator

from helpers.picture import Picture, course, number

# Okabe and Ito's colours: distinguishable with every common form of colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#F0E442")
# What tells the curves apart without colours.
DASHES = ("-", "--", "-.", ":")
MARKERS = "osD^vPX*"
# Losses: light is low, dark is high, in a print without colours, too.
LANDSCAPE = "Blues"
SPAN = ((-8, 8), (-15, 8))


def _colours(n):
    if n <= len(COLOURS):
        return COLOURS[:n]
    return [mpl.colormaps["viridis"](i / (n - 1)) for i in range(n)]


def _array(values):
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    return np.asarray(values)


def panels(rows=1, columns=1, title="", figsize=(6.5, 3.8), **ratios):
    """Return an empty Picture in the course's style and its axes, an array (rows, columns)."""
    import seaborn as sns

    with sns.axes_style("whitegrid"):
        figure = Picture(figsize=figsize, layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False, **ratios)
        sns.despine(figure)
    if title:
        figure.suptitle(title)
    return figure, axes


def _say(figure, title, drawn, words):
    """Give a figure its text twin and return it."""
    figure.alt = f"{title}. {drawn}." if title else f"{drawn}."
    figure.words = "; ".join(words)
    return figure


def _log(axes, name):
    """Make an axis logarithmic, with labels such as 4, 40, 400 instead of powers of ten."""
    axes.set(**{f"{name}scale": "log"})
    axis = getattr(axes, f"{name}axis")
    low, high = sorted(getattr(axes, f"get_{name}lim")())
    with np.errstate(all="ignore"):  # a loss that runs away
        decades = np.log10(high) - np.log10(low)
    # Without numbers between its powers of ten, a short axis would have one label or none.
    axis.set_major_locator(
        LogLocator(subs=(1, 2, 4, 6) if decades < 1.5 else (1, 2, 5) if decades < 3 else (1,))
    )
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(lambda *_: "")


def _curve(axes, x, y, label, **style):
    """Draw y over x; with a row for each run, their mean in a band from lowest to highest."""
    import seaborn as sns

    runs = np.atleast_2d(y)
    sns.lineplot(
        x=np.tile(x, len(runs)),
        y=runs.ravel(),
        estimator="mean" if len(runs) > 1 else None,
        errorbar=("pi", 100),
        sort=False,
        label=label,
        legend=False,
        # A dot for each update, as long as there is room for dots.
        markersize=5 if len(x) <= 60 else 0,
        markeredgewidth=0,
        ax=axes,
        **style,
    )


def _mean(y):
    """The mean of all runs at each place, and how it is called after a name."""
    if y.ndim == 1:
        return y, ""
    finite = np.isfinite(y)
    with np.errstate(invalid="ignore"):
        return np.where(finite, y, 0).sum(0) / finite.sum(0), f", mean of {len(y)} runs"


def _slant(axes):
    """Make room for long names under an axis."""
    for text in axes.get_xticklabels():
        text.set(rotation=40, ha="right", rotation_mode="anchor")


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
    size = (1.25 * columns, (1.5 if titles is not None else 1.3) * rows)
    figure, axes = panels(rows, columns, title, figsize=size)
    for axis in axes.flat:
        axis.axis("off")
    for i, (axis, image) in enumerate(zip(axes.flat, images)):
        axis.imshow(image.transpose(1, 2, 0), cmap="gray", vmin=0, vmax=1)
        if titles is not None:
            axis.set_title(str(titles[i]), fontsize=9)
    height, width = images.shape[2:]
    drawn = f"{len(images)} images of {height} × {width} pixels in rows of {columns}"
    return _say(figure, title, drawn, [", ".join(map(str, titles))] if titles is not None else [])


def bar(values, ylabel, title="", labels=None, reference=None, xlabel=""):
    """Draw bars.

    Parameters
    ----------
    values : numbers; a dict label -> number; or a dict group -> numbers for grouped bars. A nan
        leaves a gap. A group may also be an array (runs, numbers): its bars are the means, and
        black lines go from the lowest to the highest run.
    labels : names under the bars; default: the dict's keys, or 0, 1, 2 ...
    reference : height of a dashed line for comparison.
    """
    import seaborn as sns

    if isinstance(values, dict) and values and np.ndim(_array(next(iter(values.values())))):
        groups = {str(name): _array(heights) for name, heights in values.items()}
    elif isinstance(values, dict):
        labels = list(values) if labels is None else labels
        groups = {"": np.array([float(value) for value in values.values()])}
    else:
        groups = {"": _array(values)}
    n = next(iter(groups.values())).shape[-1]
    texts = [str(label) for label in (range(n) if labels is None else labels)]
    if any(heights.shape[-1] != n for heights in groups.values()) or len(texts) != n:
        raise ValueError(
            f"expected {n} numbers in every group and {n} labels, got "
            f"{[heights.shape[-1] for heights in groups.values()]} and {len(texts)}"
        )
    size = (max(5, 0.3 * n * len(groups) ** 0.5 + 3), 3.6)
    figure, ((axes,),) = panels(title=title, figsize=size)
    axes.grid(axis="x", visible=False)
    cells = [
        (place, height, name)
        for name, heights in groups.items()
        for run in np.atleast_2d(heights)
        for place, height in enumerate(run)
    ]
    x, y, hue = map(list, zip(*cells))
    spread = any(heights.ndim == 2 for heights in groups.values())
    sns.barplot(
        x=x, y=y, hue=hue, order=range(n), palette=list(_colours(len(groups))), saturation=1,
        errorbar=("pi", 100) if spread else None, err_kws={"color": "black", "linewidth": 1}, legend=False, ax=axes,
    )  # fmt: skip
    for bars, name in zip(axes.containers, groups):
        bars.set_label(name)
    words = []
    for name, heights in groups.items():
        mean, runs = _mean(heights)
        said = [f"{text} {number(value)}" for text, value in zip(texts, mean)]
        if n > 12 or len(groups) > 2:
            low, high = np.nanargmin(mean), np.nanargmax(mean)
            said = [f"lowest {said[low]}, highest {said[high]}"]
        words.append(": ".join(filter(None, ((name + runs).lstrip(", "), ", ".join(said)))))
    if reference is not None:
        name = f"reference {reference:.4g}"
        axes.axhline(reference, color="black", linestyle="--", linewidth=1, label=name)
        words.append(name)
    axes.set_xticks(range(n), texts)
    if n * max(map(len, texts)) > 50:
        _slant(axes)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if len(groups) > 1 or reference is not None:
        entries = [pair for pair in zip(*axes.get_legend_handles_labels()) if pair[1]]
        rows = -(-len(entries) // 5)
        columns = -(-len(entries) // rows)
        figure.legend(
            *zip(*entries), loc="outside lower center", ncols=columns, frameon=False, fontsize=9
        )
    drawn = f"{n * len(groups)} bars: {ylabel or 'values'}{f' by {xlabel}' if xlabel else ''}"
    return _say(figure, title, drawn, words)


def learning_curves(history, title=""):
    """Draw losses and accuracies over the epochs.

    Parameters
    ----------
    history : dict of lists with one number per epoch (`train_loss`, `val_loss`, `val_accuracy`,
        ...), or a dict name -> history to compare runs. Training curves are dashed. Instead of one
        history there may be a list of them, one per seed: their mean is drawn in a band from the
        lowest to the highest.
    """
    if any(isinstance(value, dict) or _is_histories(value) for value in history.values()):
        runs = history
    else:
        runs = {"": history}
    runs = {name: _stacked(run) for name, run in runs.items()}
    kinds = [
        kind
        for kind in ("loss", "accuracy")
        if any(kind in key and run[key].size for run in runs.values() for key in run)
    ]
    if not kinds:
        raise ValueError(
            "history: expected at least one list whose name has 'loss' or "
            f"'accuracy' in it, got {list(history)}"
        )
    figure, all_axes = panels(1, len(kinds), title, figsize=(5 * len(kinds), 3.6))
    words, epochs = [], 0
    for axes, kind in zip(all_axes[0], kinds):
        keys = {key for run in runs.values() for key in run if kind in key}
        # What all curves have in common labels the axis instead of being added to each name.
        common = keys.pop().replace("_", " ") if len(runs) > 1 and len(keys) == 1 else ""
        for i, (name, run) in enumerate(runs.items()):
            for key in (key for key in run if kind in key):
                values, training = run[key], key.startswith("train")
                label = str(name) if common else f"{name} {key.replace('_', ' ')}".strip()
                # In a single run, training and validation also differ in colour.
                colour = COLOURS[1] if training and len(runs) == 1 else _colours(len(runs))[i]
                x = np.arange(1, values.shape[-1] + 1)
                dashes, marker = "--" if training else "-", MARKERS[i % len(MARKERS)]
                _curve(axes, x, values, label, color=colour, linestyle=dashes, marker=marker)
                mean, of_runs = _mean(values)
                words.append(f"{label}{of_runs}: {course(mean, x)}")
                epochs = max(epochs, len(x))
        axes.set(xlabel="epoch", ylabel=common or kind)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(frameon=False, fontsize=8)
    drawn = " and ".join(axes.get_ylabel() for axes in all_axes[0])
    return _say(figure, title, f"Curves of {drawn} over {epochs} epochs", words)


def _is_histories(value):
    return isinstance(value, (list, tuple)) and len(value) > 0 and isinstance(value[0], dict)


def _stacked(histories):
    """One history of arrays, (epochs,) or, of several histories, (runs, epochs)."""
    if _is_histories(histories):
        return {key: np.array([_array(run[key]) for run in histories]) for key in histories[0]}
    return {key: _array(values) for key, values in histories.items()}


def line(
    series,
    xlabel,
    ylabel,
    title="",
    logy=False,
    logx=False,
    horizontal=None,
    vertical=None,
    ylim=None,
):
    """Draw lines.

    Parameters
    ----------
    series : name -> `y` or a tuple `(x, y)`. If `y` has the shape (runs, places), the mean of the
        runs is drawn in a band from the lowest to the highest.
    logy, logx : whether an axis is logarithmic.
    horizontal, vertical : name -> where a black line goes, for comparison.
    ylim : (from, to) of the vertical axis.
    """
    figure, ((axes,),) = panels(title=title, figsize=(6.5, 3.8))
    counted = True  # whether every x is a count (of batches, updates): ticks at whole numbers only
    words, ends = [], []
    for i, (name, values) in enumerate(series.items()):
        if isinstance(values, tuple) and len(values) == 2 and np.ndim(_array(values[0])) == 1:
            x, y = map(_array, values)
        else:
            y = _array(values)
            x = np.arange(y.shape[-1])
        counted = counted and x.dtype.kind in "iu"
        style = {"linestyle": DASHES[i % len(DASHES)], "marker": MARKERS[i % len(MARKERS)]}
        _curve(axes, x, y, str(name), color=_colours(len(series))[i], **style)
        mean, runs = _mean(y)
        words.append(f"{name}{runs}: {course(mean, x)}")
        ends += [x.min(), x.max()] if x.size else []
    for lines, draw in ((horizontal, axes.axhline), (vertical, axes.axvline)):
        for i, (name, place) in enumerate((lines or {}).items()):
            draw(place, color="black", linestyle=DASHES[3 - i % 3], linewidth=1.5, label=name)
            words.append(f"{name}: {number(place)}")
    if counted and not logx:
        axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel=xlabel, ylabel=ylabel, **({"ylim": ylim} if ylim else {}))
    for name, logarithmic in (("x", logx), ("y", logy)):
        if logarithmic:
            _log(axes, name)
    if len(axes.lines) > 1:
        axes.legend(frameon=False, fontsize=9)
    drawn = f"Lines: {ylabel}{' (logarithmic)' * logy} over {xlabel}{' (logarithmic)' * logx}"
    if ends:
        drawn += f" from {number(min(ends))} to {number(max(ends))}"
    return _say(figure, title, drawn, words)


def distributions(groups, xlabel, title="", bins=80, logy=False):
    """Draw how the numbers of each group are distributed, as outlines of histograms.

    Parameters
    ----------
    groups : name -> numbers of any shape.
    bins : their number, or their edges; they are the same for all groups.
    logy : whether the counts are on a logarithmic axis.
    """
    import seaborn as sns

    groups = {str(name): _array(values).ravel() for name, values in groups.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(groups.values())), bins)
    figure, ((axes,),) = panels(title=title, figsize=(6.5, 3.8))
    for i, (name, values) in enumerate(groups.items()):
        sns.histplot(
            x=values, bins=edges, element="step", fill=False, stat="count" if logy else "density",
            color=_colours(len(groups))[i], linestyle=DASHES[i % len(DASHES)], label=name, ax=axes,
        )  # fmt: skip
    if logy:
        _log(axes, "y")
    axes.set(xlabel=xlabel, ylabel="count" if logy else "density")
    axes.legend(frameon=False, fontsize=9)
    words = [
        f"{name}: mean {number(values.mean())}, standard deviation {number(values.std())}, "
        f"from {number(values.min())} to {number(values.max())}"
        for name, values in groups.items()
    ]
    return _say(figure, title, f"Distributions of {xlabel}", words)


def heat_map(values, xlabel, ylabel, labels, title=""):
    """Draw a square table of shares as colours and, in percent, as numbers.

    Parameters
    ----------
    values : (N, N) numbers from 0 to 1.
    labels : N names, of the rows and of the columns.
    """
    import seaborn as sns

    values = _array(values)
    if values.shape != (len(labels), len(labels)):
        raise ValueError(f"expected {len(labels)} × {len(labels)} values, got {values.shape}")
    side = 0.5 * len(labels) + 1.4
    figure, ((axes,),) = panels(title=title, figsize=(side + 0.4, side))
    sns.heatmap(
        100 * values, vmin=0, vmax=100, cmap="Blues", annot=True, fmt=".0f", square=True,
        cbar=False, xticklabels=labels, yticklabels=labels, ax=axes,
    )  # fmt: skip
    axes.tick_params(axis="y", rotation=0)
    _slant(axes)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    diagonal = values.diagonal()
    beside = np.where(np.eye(len(values), dtype=bool), -np.inf, values)
    row, column = np.unravel_index(np.nanargmax(beside), beside.shape)
    low, high = np.nanargmin(diagonal), np.nanargmax(diagonal)
    words = [
        f"on the diagonal from {diagonal[low]:.0%} ({labels[low]}) to {diagonal[high]:.0%} "
        f"({labels[high]})",
        f"beside it most for {ylabel} {labels[row]}, {xlabel} {labels[column]}: "
        f"{values[row, column]:.0%}",
    ]
    return _say(figure, title, f"Table of shares in percent, {ylabel} × {xlabel}", words)


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


def _say_paths(figure, title, kind, loss, paths, span):
    """The text twin of a landscape with paths."""
    (w1, w1_end), (w2, w2_end) = ((number(low), number(high)) for low, high in span)
    words = [f"loss on the map from {number(np.nanmin(loss))} to {number(np.nanmax(loss))}"]
    for name, path in paths.items():
        ends = [f"({number(w1)}, {number(w2)})" for w1, w2, _ in path[[0, -1]]]
        outside = "" if _inside(path[-1:], span)[0] else " outside"
        words.append(
            f"{name}: {len(path) - 1} steps from {ends[0]} to {ends[1]}{outside}, "
            f"loss {course(path[:, 2])}"
        )
    drawn = f"{kind} of the loss for w1 from {w1} to {w1_end}, w2 from {w2} to {w2_end}"
    return _say(figure, title, drawn, words)


def curve_paths(curve_func, paths, span=SPAN, title="", log=False):
    """Draw optimizers' paths on the contour of a loss `curve_func(w1, w2)`.

    Parameters
    ----------
    curve_func : maps two tensors to the loss, elementwise.
    paths : name -> (T, 3) array with w1, w2 and the loss per step (only w1, w2 are drawn). A dot
        marks each step, a circle the first point, a star the last; the legend says if the last
        one is outside.
    span : ((w1 from, to), (w2 from, to)).
    log : whether the losses have a logarithmic scale; a loss of 0 is drawn as the lowest above 0.
    """
    grids = _evaluate(curve_func, span, 160)
    paths = {name: _path(name, path) for name, path in paths.items()}
    figure, ((axes,),) = panels(title=title, figsize=(6.4, 5))
    levels, norm = 30, None
    if log:
        lowest = grids[2][grids[2] > 0].min()
        grids = (*grids[:2], np.maximum(grids[2], lowest))
        levels = np.geomspace(lowest, grids[2].max(), 31)
        norm = mpl.colors.LogNorm()
    filled = axes.contourf(*grids, levels=levels, norm=norm, cmap=LANDSCAPE)
    scale = figure.colorbar(filled, ax=axes, label="loss")
    if log:
        _log(scale.ax, "y")
    for colour, (name, path) in zip(_colours(len(paths)), paths.items()):
        outside = "" if _inside(path[-1:], span)[0] else " (ends outside)"
        # White around the line: it is seen on dark and on light losses.
        white = [withStroke(linewidth=3, foreground="white")]
        axes.plot(*path[:, :2].T, color=colour, linewidth=1.2, path_effects=white)
        axes.plot(*path[:, :2].T, ".-", color=colour, linewidth=1.2, label=f"{name}{outside}")
        for point, marker, size in ((path[0], "o", 7), (path[-1], "*", 14)):
            axes.plot(*point[:2], marker, color=colour, markersize=size, markeredgecolor="white")
    axes.set(xlim=span[0], ylim=span[1], xlabel="w1", ylabel="w2")
    if paths:
        axes.legend(fontsize=9)
    return _say_paths(figure, title, "Map", grids[2], paths, span)


def curve_surface(curve_func, paths=None, span=SPAN, title=""):
    """Draw the loss `curve_func(w1, w2)` as a surface, with paths as in `curve_paths`.

    A path's height is its third column; points outside the span are left out.
    """
    grids = _evaluate(curve_func, span, 60)
    paths = {name: _path(name, path) for name, path in (paths or {}).items()}
    figure = Picture(figsize=(6.4, 5))
    figure.suptitle(title)
    axes = figure.add_subplot(projection="3d")
    # Matplotlib would hide a path behind the whole surface; draw it on top instead.
    axes.computed_zorder = False
    axes.plot_surface(*grids, cmap=LANDSCAPE, alpha=0.7, linewidth=0, zorder=1)
    for colour, (name, path) in zip(_colours(len(paths)), paths.items()):
        inside = np.where(_inside(path, span)[:, None], path, np.nan)
        axes.plot(
            *inside.T, ".-", color=colour, linewidth=1.2, markersize=4, label=str(name), zorder=3
        )
        for point, marker, size in ((inside[:1], "o", 5), (inside[-1:], "*", 11)):
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
    return _say_paths(figure, title, "Landscape", grids[2], paths, span)


def digit_and_probabilities(image, probabilities):
    """Draw a (1, 1, 28, 28) image beside the bars of its 10 class probabilities."""
    probabilities = _array(probabilities)
    figure, ((left, right),) = panels(1, 2, figsize=(6, 2.8), width_ratios=(1, 1.5))
    left.imshow(_array(image)[0, 0], cmap="gray", vmin=0, vmax=1)
    left.set_title("what the model sees", fontsize=9)
    left.axis("off")
    right.bar(range(10), probabilities, color=COLOURS[0])
    right.set(xticks=range(10), ylim=(0, 1), xlabel="digit", ylabel="probability")
    right.grid(axis="x", visible=False)
    likely = probabilities.argsort()[:-4:-1]
    words = [
        "most likely " + ", ".join(f"{digit} ({probabilities[digit]:.0%})" for digit in likely)
    ]
    return _say(figure, "", "A drawn digit and the probabilities of the ten digits", words)
