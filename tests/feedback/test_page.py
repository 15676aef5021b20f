"""What the page says: the score so far, what waits, what a person has done, what went wrong first."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from attacks import SCRIPT, Page
from made_up import A, facts, judged, picture
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.api import Gradebook

from autograder import files
from autograder.feedback import cells, page, sanitise, table
from autograder.feedback.facts import GRADER_FAILED, Comment, Facts
from autograder.gradebook.released import empty_gradebook
from autograder.outcome import CheckResult


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", Page(html.replace("<", " <")).text)


def said(**about) -> str:
    return text_of(page.render(judged(), facts(**about)))


def test_the_first_thing_is_who_the_score_so_far_what_waits_and_where_points_were_lost():
    text = said()
    places = [
        text.index(part)
        for part in (A, "Ada Moon", "( ada )", "Score so far", "1 of 7", "Waiting for a mark",
                     "1 worth 3 points: why", "Points lost", "3 in mean", "1 of 4")
    ]  # fmt: skip
    assert places == sorted(places)


def test_an_answer_that_nobody_has_marked_is_never_shown_as_0():
    html = page.render(judged(), facts())
    (card,) = re.findall(r'<section[^>]*aria-labelledby="exercise-2".*?</section>', html, re.DOTALL)
    assert "waiting for a mark (3 points)" in text_of(card)
    assert not re.search(
        r"\b0(\.0)?\b (of|/)", text_of(html).replace("0 / 2", "").replace("0 / 1", "")
    )
    # Nothing judged at all is no score, either.
    assert "– of 7" in said(check=(4, None, None))


def test_a_mark_a_change_and_extra_points_are_explained():
    text = said(check=(4, 3.0, 5.0, 0.0, False), why=(3, None, 2.0, 0.5))
    assert "A person has changed this from 3 to 5." in text
    assert "A person has given 2 points. A person has added 0.5 points." in text
    assert "Score 7.5 of 7" in text and "Waiting" not in text
    again = said(why=(3, None, 2.0, 0.0, True))
    assert "Your work has changed since then: a person will look at it again." in again
    assert "Score so far 3 of 7" in again


def test_comments_of_a_person_are_on_the_card_of_their_exercise():
    comments = {
        "mean": Comment("", f"well **put** $x$ {SCRIPT}"),
        "answer_why": Comment("No response.", ""),
        "elsewhere": Comment("", "not to be lost"),
    }
    html = page.render(judged(), facts(comments=comments))
    first, second, third = re.findall("<section.*?</section>", html, re.DOTALL)
    assert (
        "<strong>put</strong> <math><mi>x</mi></math>" in first and "Comment by a person" in first
    )
    assert "No response." in second and "not to be lost" in third
    assert "script" not in Page(html).tags


def test_what_went_wrong_first_leads_then_the_mistake_the_picture_and_what_is_right():
    html = page.render(judged(), facts())
    card = re.search("<section.*?</section>", html, re.DOTALL)[0]
    order = ["The mean.", "got &lt;script", table.KNOWN, "<code>sum</code>", 'alt="two paths"',
             "Passed first.", "<details>", table.FOLLOWING, "Comes after."]  # fmt: skip
    places = [card.index(part) for part in order]
    assert places == sorted(places)
    # Once: below, the judged cell leads back to the card.
    assert html.count("The mean.") == 1 and 'href="#exercise-1"' in html


def test_what_all_failed_checks_say_is_said_once_and_code_looks_like_code():
    unsolved = [
        CheckResult("mean", name, f"Title of `{name}`.", 0, 1, "not solved: `raise <b>`")
        for name in "abc"
    ]
    html = page.render(judged(unsolved), facts(check=(4, 0.0, None)))
    assert html.count("not solved: <code>raise &lt;b&gt;</code>") == 1
    assert html.count("Title of <code>") == 3
    # A single check says it itself, and an empty message is none.
    alone = page.render(judged(unsolved[:1]), facts())
    assert alone.index("Title of") < alone.index("not solved") and alone.count("not solved") == 1


def test_late_or_not_and_what_it_costs():
    assert "Late" not in said() and "on time" not in said()
    assert "Handed in on time" in said(seconds_late=0.0)
    assert "Late 3 hours no points taken off" in said(seconds_late=2.5 * 3600)
    assert "Late 90 minutes 0.5 points taken off the score" in said(seconds_late=5400, penalty=0.5)
    assert "Score so far 0.5 of 7" in said(seconds_late=86400 * 9, penalty=0.5)
    assert "Score so far 0 of 7" in said(seconds_late=1.0, penalty=5.0)


def test_a_file_that_cannot_be_read_gets_a_page_that_says_what_to_do():
    html = page.fill([], Facts("eve", "eve", A, trouble="expected a notebook, found cat.png"))
    text = text_of(html)
    assert "could not be graded: expected a notebook, found cat.png." in text
    assert f"save it as {A}.ipynb" in text
    assert "Score" not in text and "Your notebook" not in text
    failed = text_of(page.fill([], Facts("eve", "eve", A, trouble=GRADER_FAILED)))
    assert "You need not do anything" in failed and "save it as" not in failed


def test_a_picture_is_shown_at_the_size_it_is_meant_to_have():
    """One of high resolution says a width of half its pixels."""
    shown = page.render(
        new_notebook(cells=[
            new_code_cell("plot()", outputs=[picture(width=4, height=2, alt='a "b"')]),
            new_markdown_cell('<img src="data:image/png;base64,iVBORw0KGgo=" width="50" height="9999">'),
            new_code_cell("", outputs=[picture(width=True, height="1 onerror=x")]),
        ]),
        facts(),
    )  # fmt: skip
    assert 'alt="a &#34;b&#34;" width="4" height="2">' in shown
    assert '<img src="data:image/png;base64,iVBORw0KGgo=" width="50">' in shown
    assert f'alt="{sanitise.NO_ALT_TEXT}">' in shown


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("I paid $5 and got $6 back", "I paid $5 and got $6 back"),
        ("set $HOME and $PATH", "set $HOME and $PATH"),
        (r"$\unknown{x}$", r"$\unknown{x}$"),
        (r"$\left( x$ stays", r"$\left( x$ stays"),
        ("`$x$` is code", "<code>$x$</code> is code"),
        ("one $ only", "one $ only"),
    ],
)
def test_dollars_that_are_no_formula_stay_as_they_were_typed(text, kept):
    assert cells.markdown(text).strip() == f"<p>{kept}</p>"


def test_a_formula_never_breaks_out_of_an_attribute():
    html = cells.markdown(
        '![$x<y$](data:image/png;base64,iVBORw0KGgo=) <abbr title="&#xE000;0&#xE001;">z</abbr>'
    )
    assert 'alt="$x&lt;y$"' in html and "<math" not in html


def test_a_mark_that_a_student_types_stands_for_nothing():
    html = cells.markdown("\ue0000\ue001 &#xE000;0&#xE001; $x$ " + "&#xE000;0&#xE001; " * 9)
    assert html.count("<math") == 1 and html.startswith("<p>0 ")


def test_points_of_a_cell_that_is_not_in_the_notebook_are_shown():
    notebook = judged()
    del notebook.cells[2]
    text = text_of(page.render(notebook, facts()))
    assert "1 of 4" in text and "waiting for a mark (3 points)" in text


def test_formulas_are_drawn_in_every_place():
    for typed in ("$x_1$", "$$x_1$$", r"\\(x_1\\)", r"\begin{equation*}x_1\end{equation*}"):
        assert "<msub><mi>x</mi><mn>1</mn></msub>" in cells.markdown(f"a {typed} b"), typed
    printed = new_output("execute_result", {"text/latex": "$x_1$", "text/plain": "x_1"})
    html = page.render(new_notebook(cells=[new_code_cell("x", outputs=[printed])]), facts())
    assert "<msub>" in html


def test_a_formula_that_takes_for_ever_costs_itself_only():
    html = cells.markdown("before $" + "(" * 60 + "$ after")
    assert html == f"<pre>before ${'(' * 60}$ after</pre>"
    assert "<strong>" in cells.markdown("**next**")


def test_facts_are_those_of_the_gradebook(tmp_path):
    due = datetime(2025, 3, 1, 12, tzinfo=UTC).replace(tzinfo=None)
    files.write(tmp_path / "gradebook.db", empty_gradebook())
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        book.add_assignment(A, duedate=due)
        book.add_notebook(A, A)
        book.add_grade_cell("check_mean", A, A, max_score=4, cell_type="code")
        book.add_grade_cell("answer_why", A, A, max_score=3, cell_type="markdown")
        book.add_solution_cell("mean", A, A)
        book.add_student("ada", first_name="Ada", last_name="Moon")
        submission = book.add_submission(A, "ada", timestamp=due + timedelta(hours=5))
        (submitted,) = submission.notebooks
        submitted.late_submission_penalty = 1.5
        grade = book.find_grade("check_mean", A, A, "ada")
        grade.auto_score, grade.manual_score, grade.extra_credit = 2.0, 3.0, 1.0
        grade.needs_manual_grade = False
        book.find_comment("mean", A, A, "ada").manual_comment = "so"
        book.db.commit()
        found = Facts.of(book.find_submission_notebook(A, A, "ada"))
        stock = submitted.score - submitted.late_submission_penalty
    assert (found.name, found.max_score, found.score) == ("Ada Moon", 7.0, stock)
    assert (found.seconds_late, found.penalty) == (5 * 3600, 1.5)
    assert found.marks["check_mean"].points == 4.0
    assert list(found.waiting) == ["answer_why"]
    assert found.comments["mean"] == Comment("", "so")
