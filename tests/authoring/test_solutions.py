"""What students read after the due date."""

import html
import io
import re
import shutil
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from conftest import ROOT

from autograder.authoring import solutions
from autograder.authoring.bundle import bundle
from autograder.authoring.new import TEMPLATE
from autograder.checking.answers import Alternative, Mistake
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import ledger

A = "01_images"
TAG = re.compile(r"<[^>]+>")


@pytest.mark.parametrize("name", Course(ROOT).assignments)
def test_every_exercise_has_its_solution_and_its_mistakes(name):
    course = Course(ROOT)
    found = {s.name: s for s in solutions.of(course, name)}
    from autograder.checking import hidden

    known = hidden.load(course.hidden, name)
    assert set(known.checks) <= set(found)
    for exercise in known.checks:
        told = [
            a
            for a in known.answers
            if isinstance(a, Mistake) and a.exercise == exercise and a.tells
        ]
        right = [a for a in known.answers if isinstance(a, Alternative) and a.exercise == exercise]
        assert len(found[exercise].mistakes) == len(told)
        assert len(found[exercise].others) == len(right)
        for mistake in found[exercise].mistakes:
            assert mistake.fails and set(mistake.fails) <= set(found[exercise].checks)
        assert "SOLUTION" not in found[exercise].code and "def " in found[exercise].code


def test_a_page_shows_them():
    pages = solutions.files_of(Course(ROOT), "03_optimizers")
    page = html.unescape(TAG.sub("", pages["03_optimizers/solutions/sgd.html"].decode()))
    assert "p -= self.lr * p.grad" in page and "The step goes up the gradient, not down." in page
    index = pages["03_optimizers/solutions/index.html"].decode()
    links = re.findall(r'href="(\w+\.html)"', index)
    assert {f"03_optimizers/solutions/{link}" for link in links} | {
        "03_optimizers/solutions/index.html"
    } == set(pages)


def test_code_that_is_not_highlighted_is_shown_all_the_same(monkeypatch):
    monkeypatch.setattr(solutions.sanitise, "highlight", lambda source: None)
    page = solutions.files_of(Course(ROOT), "03_optimizers")["03_optimizers/solutions/sgd.html"]
    assert "<pre>class SGD" in page.decode() and "p -= self.lr * p.grad" in page.decode()


@pytest.fixture
def course(tmp_path) -> Course:
    shutil.copytree(TEMPLATE, tmp_path / "course")
    from autograder.authoring.build import build

    made = Course(tmp_path / "course")
    build(made)
    return made


def test_they_are_packed_only_when_asked_for(course):
    names = zipfile.ZipFile(io.BytesIO(bundle(course, []))).namelist()
    assert not any("solutions" in name for name in names)
    names = zipfile.ZipFile(io.BytesIO(bundle(course, [], with_solutions=True))).namelist()
    assert f"course/{A}/solutions/brighten.html" in names


def test_they_are_refused_while_somebody_may_hand_in(course, monkeypatch):
    (course.root / "course.toml").write_text(
        f"[assignments.{A}]\ndue = 2026-12-01T00:00:00Z\n[assignments.{A}.extensions]\nada = '3 days'\n"
    )
    due, found = datetime(2026, 12, 1, tzinfo=UTC), Course(course.root)
    monkeypatch.setattr(ledger, "now", lambda: due + timedelta(days=2))
    with pytest.raises(UserError, match="until 2026-12-04 00:00 UTC"):
        bundle(found, [], with_solutions=True)
    monkeypatch.setattr(ledger, "now", lambda: due + timedelta(days=3))
    assert bundle(found, [], with_solutions=True)
