"""Limits do not run while a kernel waits for a core, up to a bound."""

import os
import time

import pytest

from autograder.kernel.grader import clock


@pytest.fixture
def now(monkeypatch):
    """Seconds on the wall, and nanoseconds that the process has waited; change them."""
    told = {"wall": 100.0, "waited": 5_000_000_000}
    monkeypatch.setattr(time, "monotonic", lambda: told["wall"])
    text = lambda *_, **__: f"123 {told['waited']} 7\n"  # noqa: E731
    monkeypatch.setattr(clock.Path, "read_text", text)
    return told


def test_waiting_for_a_core_does_not_count(now):
    fair = clock.FairClock(1)
    now["wall"] += 10
    assert fair() == 10
    now["wall"] += 10
    now["waited"] += 8_000_000_000
    assert fair() == 12


def test_a_kernel_in_its_own_way_gets_four_times_its_limit_at_most(now):
    fair = clock.FairClock(1)
    now["wall"] += 400
    now["waited"] += 390_000_000_000
    assert fair() == 100


def test_the_clock_never_runs_backwards(now):
    fair = clock.FairClock(1)
    now["wall"] += 10
    now["waited"] += 5_000_000_000
    assert fair() == 5
    now["waited"] = 0  # another process has got the number
    assert fair() == 5


def test_without_figures_all_of_the_time_counts(monkeypatch):
    monkeypatch.setattr(time, "monotonic", iter([0.0, 3.0]).__next__)
    assert clock.FairClock(None)() == 3.0


@pytest.mark.skipif(not os.path.exists("/proc/self/schedstat"), reason="no schedstat here")
def test_this_kernel_counts_the_waiting():
    assert clock.FairClock(os.getpid())._waiting() > 0
