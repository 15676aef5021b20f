"""Probes run with libraries as a new kernel has them, and leave them as the student has set them."""

import warnings

import numpy as np
import pytest
import torch

from autograder.checking import agent


def state() -> dict:
    """All that students change for good, and that would change what a probe sees."""
    return {
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device().type,
        "grad": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "anomaly": torch.is_anomaly_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "threads": torch.get_num_threads(),
        "precision": torch.get_float32_matmul_precision(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "printed": str(torch.tensor(2 / 3, device="cpu", dtype=torch.float32)),
        "numpy errors": np.geterr(),
        "numpy prints": str(np.array(2 / 3)),
        "warnings": warnings.filters[0][:2],
    }


CHANGES = {
    "dtype": lambda: torch.set_default_dtype(torch.float64),
    "device": lambda: torch.set_default_device("meta"),
    "grad": lambda: torch.set_grad_enabled(False),
    "inference": lambda: torch.inference_mode().__enter__(),
    "anomaly": lambda: torch.autograd.set_detect_anomaly(True),
    "deterministic": lambda: torch.use_deterministic_algorithms(True),
    "threads": lambda: torch.set_num_threads(3),
    "precision": lambda: torch.set_float32_matmul_precision("medium"),
    "autocast": lambda: torch.autocast("cpu").__enter__(),
    "printed": lambda: torch.set_printoptions(precision=2),
    "numpy errors": lambda: np.seterr(all="raise"),
    "numpy prints": lambda: np.set_printoptions(precision=2),
    "warnings": lambda: warnings.simplefilter("error"),
}


@pytest.fixture(autouse=True)
def restored():
    with agent.usual_state():
        yield
    torch.set_num_threads(1)


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_student_has_set_does_not_reach_a_probe(name):
    with agent.usual_state():
        usual = state()
    CHANGES[name]()
    changed = state()
    with agent.usual_state():
        inside = state()
    # What a tensor prints is the student's affair: probes return numbers.
    assert inside == usual | ({name: changed[name]} if "print" in name else {})
    assert state() == changed


@pytest.mark.parametrize("name", [n for n in CHANGES if n not in ("inference", "autocast")])
def test_what_a_students_function_sets_in_a_probe_does_not_stay(name):
    before = state()
    with agent.usual_state():
        CHANGES[name]()
    assert state() == before
