"""What arrives is graded and given back without anybody running a command."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from watchfiles import watch

from autograder.authoring.classroom import hand_in, released, solved
from autograder.gradebook import ledger
from autograder.serving import arrivals, protocol, state
from autograder.serving.arrivals import Arrivals
from serving.conftest import AUTOGRADER, NBGRADER, SECONDS, needs_warm, watching_with_release

pytestmark = needs_warm


def wait_for(place: Path, found):
    """What `found()` returns once it is true; it is asked again whenever something changes there."""
    end = time.monotonic() + SECONDS
    for _ in watch(place, rust_timeout=500, yield_on_timeout=True, watch_filter=None):
        if answer := found():
            return answer
        assert time.monotonic() < end, f"nothing came in {place}"


@pytest.fixture(scope="module")
def watching(course):
    with watching_with_release(course) as warm:
        yield warm


def test_arrivals_are_taken_in_their_order_each_once_and_complete(course, monkeypatch):
    name = course.assignments[0]
    seen = Arrivals(course)
    now = [100.0]
    monkeypatch.setattr(arrivals.time, "time", lambda: now[0])
    place = course.folder("submitted")
    for student, file in [("eve", "a"), ("dan", "b"), ("eve", "c")]:
        now[0] += 0.1
        seen._note({(arrivals.Change.added, str(place / student / name / file))})
    seen._note({(arrivals.Change.added, str(place / "eve" / "notes.txt"))})
    # Still being copied.
    assert seen.take(5, 0) == []
    now[0] += arrivals.QUIET + 0.1
    assert [(w.student, round(w.since, 1)) for w in seen.take(1, 0)] == [("eve", 100.1)]
    assert [w.student for w in seen.take(5, 0)] == ["dan"]
    assert seen.take(5, 0) == []


def test_a_submission_counts_though_only_its_students_folder_was_told_of(course, monkeypatch):
    """So it is when a folder has been filled before it is watched."""
    name = course.assignments[0]
    seen = Arrivals(course)
    monkeypatch.setattr(arrivals, "QUIET", 0)
    hand_in(course, "fay", name, b"{}")
    seen._note({(arrivals.Change.added, str(course.folder("submitted") / "fay"))})
    assert [(w.student, w.assignment) for w in seen.take(5, 0)] == [("fay", name)]
    shutil.rmtree(course.folder("submitted") / "fay")


def test_what_no_event_tells_of_is_found_by_looking(course, monkeypatch):
    name = course.assignments[0]
    seen = Arrivals(course)
    monkeypatch.setattr(arrivals, "QUIET", 0)
    monkeypatch.setattr(arrivals, "LOOK", 0)

    def watched(*places, **settings):
        yield set()
        path = hand_in(course, "fay", name, b"{}")
        yield set()
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
        yield set()

    found = []
    monkeypatch.setattr(arrivals, "watch", watched)
    monkeypatch.setattr(
        seen, "_collect", lambda: found.append([w.student for w in seen.take(5, 0)])
    )
    seen.run()
    assert found == [[], ["fay"], ["fay"]]
    shutil.rmtree(course.folder("submitted") / "fay")


def test_what_came_through_the_exchange_while_nobody_watched_is_found_at_once(
    course, monkeypatch, tmp_path
):
    (tmp_path / "ada+01_images+2026-11-30 12:00:00 UTC").mkdir()
    seen = Arrivals(course)
    seen._exchange = SimpleNamespace(is_there=True, inbound=tmp_path)
    monkeypatch.setattr(arrivals, "watch", lambda *places, **settings: [set()])
    monkeypatch.setattr(seen, "_collect", lambda: None)
    seen.run()
    assert list(seen._inbound) == ["ada+01_images+2026-11-30 12:00:00 UTC"]


@pytest.mark.slow
def test_a_submission_is_graded_when_it_arrives(course, watching):
    name = course.assignments[0]
    hand_in(course, "cem", name, solved(course, name))
    page = course.folder("feedback") / "cem" / name / f"{name}.html"
    wait_for(course.root, page.is_file)
    wait_for(course.root, lambda: "cem" in ledger.latest(course, name))
    assert ledger.latest(course, name)["cem"].outcome.score > 0


@pytest.mark.slow
def test_feedback_on_a_submission_to_the_exchange_can_be_fetched(course, watching, tmp_path):
    """With nbgrader's own commands, as its pages in JupyterLab call them."""
    name = course.assignments[0]
    (tmp_path / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(course.root.parent / 'exchange')!r}\n"
        "c.CourseDirectory.course_id = 'images'\n"
    )

    def as_student(*command):
        command = [NBGRADER, *command, name, "--debug"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stderr

    as_student("fetch_assignment")
    own = tmp_path / name / f"{name}.ipynb"
    own.write_text(json.dumps(solved(course, name)))
    as_student("submit")
    exchange = course.root.parent / "exchange" / "images" / "feedback"
    wait_for(course.root.parent, lambda: exchange.is_dir() and any(exchange.glob("*.html")))
    as_student("fetch_feedback")
    (page,) = (tmp_path / name / "feedback").rglob("*.html")
    pages = course.folder("feedback").glob(f"*/{name}/{name}.html")
    assert page.read_text(encoding="utf-8") in [p.read_text(encoding="utf-8") for p in pages]


@pytest.mark.slow
def test_before_it_is_due_students_see_what_is_done_and_wait_after_many_attempts(
    course, watching, tmp_path
):
    name = course.assignments[0]
    (course.root / "course.toml").write_text(
        f"[assignments.{name}]\ndue = 2999-01-01T00:00:00Z\n"
        "before_due = 'done'\nattempts_per_hour = 1\n"
    )
    # As after nbgrader's `collect`.
    own = {}
    exchange = course.root.parent / "exchange" / "images" / "feedback"
    before = set(exchange.glob("*.html"))

    def given(text):
        new = set(exchange.glob("*.html")) - before
        return any(text in page.read_text(encoding="utf-8") for page in new)

    try:
        for minute, (content, text) in enumerate((
            (solved(course, name), ": done"),
            (released(course, name), "waiting"),
            # Each submission has a page of its own.
            (released(course, name), "waiting"),
        )):  # fmt: skip
            own["timestamp.txt"] = f"2026-11-30 12:0{minute}:00 UTC"
            own["submission_secret.txt"] = f"secret {minute}"
            before |= set(exchange.glob("*.html"))
            folder = hand_in(course, "ivy", name, content).parent
            for file, written in own.items():
                (folder / file).write_text(written)
            wait_for(course.root.parent, lambda text=text: given(text))
        assert ledger.latest(course, name)["ivy"].outcome.score > 0
        wait_for(protocol.folder(course), lambda: state.read(course)["waiting"])
        queue = state.read(course)
        (entry,) = queue["waiting"]
        assert entry["student"] == "ivy" and 0 < entry["until"] - queue["time"] <= 3600
    finally:
        (course.root / "course.toml").unlink()
    wait_for(course.root.parent, lambda: ledger.latest(course, name)["ivy"].outcome.score == 0)
    wait_for(course.root.parent, lambda: given("NotImplementedError"))


@pytest.mark.slow
def test_where_the_best_counts_a_worse_submission_is_answered_and_does_not_stay(course, watching):
    name = course.assignments[0]
    (course.root / "course.toml").write_text(
        f"[assignments.{name}]\ndue = 2999-01-01T00:00:00Z\ncounts = 'best'\nattempts_per_hour = 2\n"
    )
    exchange = course.root.parent / "exchange" / "images" / "feedback"
    before = set(exchange.glob("*.html"))

    def pages():
        return [page.read_text("utf-8") for page in set(exchange.glob("*.html")) - before]

    try:
        for number, content in enumerate((solved(course, name), released(course, name)), 1):
            folder = hand_in(course, "kay", name, content).parent
            (folder / "timestamp.txt").write_text(f"2026-11-30 12:0{number}:00 UTC")
            (folder / "submission_secret.txt").write_text(f"a try {number}")
            wait_for(course.root.parent, lambda number=number: len(pages()) == number)
        attempts = course.root / ".autograder"

        def scores():
            return [a.outcome.score for a in ledger.read(course, name) if a.student == "kay"]

        wait_for(attempts, lambda: len(scores()) == 2)
        assert scores()[0] > scores()[1] == 0
        assert ledger.latest(course, name)["kay"].outcome.score == scores()[0]
        assert any("What you handed in after this earned 0" in page for page in pages())
        # Neither waits, though both submissions of this hour are used up.
        hand_in(course, "liv", name, b"{")
        wait_for(attempts, lambda: "liv" in ledger.latest(course, name))
        assert not state.read(course)["waiting"]
        assert not any("waiting to be graded" in page for page in pages())
    finally:
        (course.root / "course.toml").unlink()


@pytest.mark.slow
def test_the_page_shows_the_queue_to_whoever_knows_its_address(course, watching):
    name = course.assignments[0]
    hand_in(course, "gus", name, b"{")
    wait_for(course.root, lambda: "gus" in ledger.latest(course, name))
    wait_for(protocol.folder(course), lambda: "gus" in state.path(course).read_text())
    with urllib.request.urlopen(f"{watching.page}queue.json") as answer:
        queue = json.load(answer)
    assert "gus" in [p["student"] for p in queue["problems"]]
    assert queue["assignments"][0]["exercises"]
    with urllib.request.urlopen(watching.page) as answer:
        assert b"Grading queue" in answer.read()
    origin = watching.page.split("/", 3)[:3]
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen("/".join([*origin, "guess", "queue.json"]))
    said = subprocess.run(
        [AUTOGRADER, "queue"], cwd=course.root, capture_output=True, text=True, check=True
    )
    assert f"needs attention  gus, {name}: unreadable" in said.stdout


@pytest.mark.slow
def test_a_killed_watcher_is_replaced_and_grades_what_came_meanwhile(course, watching):
    name = course.assignments[0]
    (watcher,) = (
        p for p in psutil.Process(watching.process.pid).children()
        if "node.node" not in " ".join(p.cmdline())
    )  # fmt: skip
    shutil.rmtree(course.folder("feedback") / "ada", ignore_errors=True)
    watcher.kill()
    hand_in(course, "hal", name, solved(course, name))
    wait_for(course.root, lambda: {"hal", "ada"} <= set(ledger.latest(course, name)))
    wait_for(course.root, (course.folder("feedback") / "ada" / name / f"{name}.html").is_file)


@pytest.mark.slow
def test_without_the_process_above_it_the_watcher_ends(watching):
    below = psutil.Process(watching.process.pid).children(recursive=True)
    watching.process.kill()
    watching.process.wait()
    assert psutil.wait_procs(below, timeout=SECONDS)[1] == []
