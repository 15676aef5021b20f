"""A cell that needs what other cells make."""

import pytest

from helpers.cells import needs


def in_a_notebook(code, **names):
    exec(code, {"needs": needs, **names})


def test_nothing_happens_where_all_is_there():
    in_a_notebook("needs('history', 'model')", history=None, model=0)


@pytest.mark.parametrize("code", ["needs('model', 'history')", "(lambda: needs('history'))()"])
def test_the_missing_name_and_what_to_do_are_said(code):
    with pytest.raises(
        NotImplementedError, match="uses `history`, .* solve and run those cells first"
    ):
        in_a_notebook(code, model=0)
