"""The contest's optimizers against torch and hand-worked numbers; who arrives and who does not."""

import numpy as np
import pytest
import torch

from helpers import contest


def bowl(w1, w2):
    return 0.5 * (w1**2 + w2**2)


def valley(w1, w2):
    return 0.5 * (w1**2 + 1000 * w2**2)


@pytest.mark.parametrize("name, optimizer", [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam)])
def test_all_runs_at_once_equal_torch_one_by_one(name, optimizer):
    rates = [1e-3, 0.1, 0.5]
    places, losses = contest.run_all(valley, (5.0, 0.05), name, rates, 20)
    for run, lr in enumerate(rates):
        w = torch.tensor([5.0, 0.05], dtype=torch.float64, requires_grad=True)
        stepper = optimizer([w], lr=lr)
        for t in range(20):
            loss = valley(*w)
            np.testing.assert_allclose(places[t, :, run], w.detach(), rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(losses[t, run], loss.item(), rtol=1e-9, atol=1e-12)
            stepper.zero_grad()
            loss.backward()
            stepper.step()


def test_momentum_weights_the_new_gradient_by_a_tenth():
    # On w²/2 with rate 1: m = 0.1, w = 0.9; then m = 0.09 + 0.09, w = 0.72.
    places, _ = contest.run_all(lambda w1, w2: 0.5 * w1**2 + 0 * w2, (1.0, 0.0), "momentum", [1], 3)
    np.testing.assert_allclose(places[:, 0, 0], [1, 0.9, 0.72])


def test_what_a_run_reaches_is_the_highest_of_its_last_ten_losses():
    losses = np.full((100, 3), 4.0)
    losses[-10:] = [[1.0, 2.0, 1.0]]
    losses[-3] = [2.0, 1.0, np.nan]
    np.testing.assert_array_equal(contest.reached(losses), [0.5, 0.5, np.inf])


def test_sgd_fails_in_a_valley_and_not_in_a_bowl():
    held = contest.contest(valley, (5.0, 0.05), "momentum", 0.03)
    assert (held["name"], held["lr"]) == ("momentum", 0.03)
    assert held["rival"] <= 0.05 and held["sgd"].min() > 10 * held["rival"]
    assert held["path"].shape == (100, 2) and held["losses"].shape == (100,)
    held = contest.contest(bowl, (5.0, 5.0))
    assert held["rival"] <= 0.05 and held["sgd"].min() <= 10 * held["rival"] + 1e-4


def test_a_rival_far_away_does_not_arrive():
    held = contest.contest(bowl, (5.0, 5.0), "momentum", 50.0)
    assert held["rival"] == np.inf


def test_a_multiple_of_a_known_curve_is_recognised():
    w1, w2 = np.random.default_rng(0).uniform(-3, 3, size=(2, 30))

    def own(w1, w2):
        return w1**2 + 3 * abs(w2)

    assert contest.is_alike(own, w1, w2, 7 * own(w1, w2))
    assert contest.is_alike(own, w1, w2, own(w2, w1))
    assert not contest.is_alike(own, w1, w2, bowl(w1, w2))
    assert contest.three_starts((5, 1))[1] == (5.1, 1.05)
