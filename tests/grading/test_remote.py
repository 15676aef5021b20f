"""What a run does to the workers of a scheduler, whatever way it ends."""

from types import SimpleNamespace

import pytest

from autograder.gradebook import ledger
from autograder.gradebook.released import take_snapshot
from autograder.grading import task, workers

A = "99_tiny"


@pytest.mark.parametrize(
    "setting", ["", "c.Judge.environment = {}", 'c.Judge.environment = {"A": "b"}']
)
def test_a_worker_on_this_machine_has_the_heads_environment(course, tmp_path, setting):
    config = course.root / "nbgrader_config.py"
    config.write_text(f"{config.read_text()}\ndel c.Judge.environment\n{setting}\n")
    course.private.mkdir()
    hashes, snapshot = ledger.hashes(course, A), take_snapshot(course, A)
    there = task._make_course(tmp_path / "there", task.Order("run", snapshot, hashes))
    assert ledger.environment_hash(there) == hashes["environment"]


def test_a_run_that_fails_leaves_no_secret_on_its_workers(monkeypatch):
    asked = []

    class Client:
        status = "running"

        def __init__(self, address, timeout):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def run(self, function, run):
            asked.append(function)

    monkeypatch.setattr(workers, "Client", Client)
    monkeypatch.setattr(workers, "_link", lambda client: "")
    with pytest.raises(KeyError), workers.remote("tcp://host:1") as there:
        there.prepare(SimpleNamespace(name=A), {})
        raise KeyError
    assert asked == [task.leave]
