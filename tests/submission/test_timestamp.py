"""The time of handing in, in every form in which programs and people write it."""

from datetime import datetime

import pytest

from autograder.submission import timestamp

TEN = datetime(2026, 11, 29, 10)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-29 10:00:00.000000 UTC",  # nbgrader's own
        "2026-11-29 10:00:00",
        "2026-11-29 10:00",
        "\ufeff2026-11-29 10:00:00\r\n",
        '"2026-11-29T10:00:00Z"',
        "2026-11-29T10:00:00.000+00:00",
        "20261129T100000".replace("T100000", "T10:00:00"),
        "2026-11-29 11:00:00 +0100",
        "2026-11-29 11:00:00 UTC+1",
        "2026-11-29 11:00:00 GMT+01:00",
        "2026-11-29 11:00:00 CET",
        "2026-11-29 12:00:00 CEST",
        "2026-11-29 05:00:00 EST",
        "2026-11-29 11:00:00 Europe/Berlin",
        "2026-11-29 02:00:00 America/Los_Angeles",
        "Sun Nov 29 11:00:00 CET 2026",
        "Sun Nov 29 10:00:00 2026",
        "Sun, 29 Nov 2026 11:00:00 +0100",
        "29.11.2026 10:00",
        "29.11.2026, 10:00:00",
        "29 Nov 2026 10:00 UTC",
        "November 29, 2026 10:00",
        "1795946400",
        "1795946400000",
    ],
)
def test_a_time_is_read(text):
    assert timestamp.read(text) == TEN


@pytest.mark.parametrize(
    "text",
    [
        "", "  \n", "yesterday", "9" * 20, "9" * 5000, "[", "1e999", "2026", "10:00", "29",
        "0001-01-01 00:00:00+14:00", "99999999999-01-01", "1601-01-01 00:00:00",
        "9999-12-31 23:59:59", "2026-02-30 10:00:00", "2026-11-29 25:00:00",
        # Nobody can tell day and month, or the zone.
        "11/03/2026 10:00", "2026-11-29 10:00:00 XYZ", "2026-11-29 10:00:00 Nowhere/City",
    ],
)  # fmt: skip
def test_no_time_is_made_up(text):
    assert timestamp.read(text) is None
