"""The contest of a curve of one's own: SGD with many learning rates against momentum or Adam.

The optimizers here follow their rules as they should be, so that a curve is judged by itself and not
by the optimizers somebody has written.
"""

import numpy as np
import torch

# SGD's learning rates: four per power of ten.
RATES = 10 ** np.arange(-8, 6.01, 0.25)
# How far a rival may go away from 0 in either weight.
FAR = 100


def run_all(curve_func, start, name, rates, num_updates=100):
    """All runs of "sgd", "momentum" or "adam" at once, one per learning rate, in float64.

    Parameters
    ----------
    curve_func : maps two tensors w1, w2 to the loss, element by element.
    start : two numbers.
    rates : learning rates, shape (runs,).

    Returns
    -------
    The places, an array (num_updates, 2, runs), and the losses there (num_updates, runs), each
    before its update.
    """
    rates = torch.tensor(rates, dtype=torch.float64)
    w = torch.tensor(start, dtype=torch.float64)[:, None].repeat(1, len(rates))
    mean, square, places, losses = torch.zeros_like(w), torch.zeros_like(w), [], []
    for t in range(1, num_updates + 1):
        w = w.detach().requires_grad_()
        loss = curve_func(w[0], w[1])
        # The sum keeps the runs apart, because a curve works element by element.
        loss.sum().backward()
        places.append(w.detach().numpy())
        losses.append(loss.detach().numpy())
        step = w.grad
        if name != "sgd":
            mean = 0.9 * mean + 0.1 * w.grad
            step = mean
        if name == "adam":
            square = 0.999 * square + 0.001 * w.grad**2
            step = mean / (1 - 0.9**t) / ((square / (1 - 0.999**t)).sqrt() + 1e-8)
        w = w - rates * step
    return np.array(places), np.array(losses)


def reached(losses):
    """What each run reaches: the highest of its last ten losses, divided by the first one.

    losses: shape (num_updates, runs). A run that overflows reaches inf.
    """
    with np.errstate(all="ignore"):
        return np.nan_to_num(losses[-10:] / losses[0], nan=np.inf).max(axis=0)


def contest(curve_func, start, rival=None, lr=None):
    """One contest from one start; what is left out is the best of both rivals and all rates.

    Returns
    -------
    A dict: "sgd", what SGD reaches with each of `RATES`; "rival", what the best rival reaches;
    "name", "lr", "path" (num_updates, 2) and "losses" (num_updates,) of that rival.
    """
    best = {}
    rates = RATES if lr is None else [float(lr)]
    for name in ("momentum", "adam") if rival is None else (rival,):
        places, losses = run_all(curve_func, start, name, rates)
        levels = reached(losses)
        levels[~(np.abs(places) <= FAR).all(axis=(0, 1))] = np.inf
        i = levels.argmin()
        if not best or levels[i] < best["rival"]:
            best = {"rival": levels[i], "name": name, "lr": rates[i],
                    "path": places[:, :, i], "losses": losses[:, i]}  # fmt: skip
    return {"sgd": reached(run_all(curve_func, start, "sgd", RATES)[1]), **best}


def three_starts(start):
    """The start and the two places beside it."""
    w1, w2 = (float(w) for w in start)
    return [(w1, w2), (w1 + 0.1, w2 + 0.05), (w1 - 0.05, w2 + 0.1)]


def is_alike(known_func, w1, w2, losses):
    """Whether the losses are about a multiple of a known curve's, its weights swapped or negated.

    w1, w2, losses: arrays or tensors of one shape.
    """
    w1, w2, losses = (torch.as_tensor(x, dtype=torch.float64).detach() for x in (w1, w2, losses))
    scaled = losses / losses.abs().max()
    for pair in ((w1, w2), (w2, w1), (w1, -w2), (w2, -w1)):
        known = known_func(*pair)
        factor = (scaled * known).sum() / (known**2).sum()
        if (scaled - factor * known).abs().max() < 0.01:
            return True
    return False
