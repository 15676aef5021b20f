"""When something was handed in, as `timestamp.txt` says it in whatever form."""

import email.utils
import re
from datetime import UTC, datetime, timedelta, timezone

# A time outside of these was not written by a clock.
YEARS = range(2000, 2100)
FORMS = (
    "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y, %H:%M:%S",
    "%d.%m.%Y, %H:%M", "%a %b %d %H:%M:%S %Y", "%d %b %Y %H:%M:%S", "%d %b %Y %H:%M",
    "%d %B %Y %H:%M", "%b %d %Y %H:%M", "%B %d, %Y %H:%M",
)  # fmt: skip
# Summer times that no database of zones lists under these names; hours from UTC.
SUMMER = {
    "CEST": 2,
    "MEST": 2,
    "MESZ": 2,
    "MEZ": 1,
    "EEST": 3,
    "WEST": 1,
    "BST": 1,
    "Z": 0,
    "UT": 0,
}
AMERICAN = {"EDT": -4, "CDT": -5, "MDT": -6, "PDT": -7, "AST": -4, "CST": -6, "PST": -8}
ZONE = re.compile(r"(?:^|\s)\(?([A-Za-z_]+(?:/[A-Za-z_+\-0-9]+)*)\)?(?=\s|$)")
OFFSET = re.compile(r"(?<=[\d\s])(?:UTC|GMT)?\s?([+-])(\d\d?):?(\d\d)?$")


def read(text: str) -> datetime | None:
    """The time in UTC, without a zone as nbgrader keeps it; None if nobody can tell what is meant.

    A text without a zone is UTC, as for nbgrader.
    """
    plain = " ".join(text.replace("\0", "").strip("\ufeff \t\r\n\"'").split())[:100]
    for found in (_iso, _mail, _epoch, _other):
        try:
            time = found(plain)
        except (ValueError, OverflowError, TypeError):
            continue
        if time is not None and time.year in YEARS:
            return time
    return None


def _naive(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def _iso(text: str) -> datetime | None:
    # A day alone, or digits alone, is no time of day.
    return _naive(datetime.fromisoformat(text)) if ":" in text else None


def _mail(text: str) -> datetime | None:
    return (
        _naive(email.utils.parsedate_to_datetime(text))
        if re.match(r"[A-Za-z]{3}, ", text)
        else None
    )


def _epoch(text: str) -> datetime | None:
    seconds = re.fullmatch(r"(\d{10})(\d{3}|\.\d+)?", text)
    return datetime.fromtimestamp(int(seconds[1]), UTC).replace(tzinfo=None) if seconds else None


def _other(text: str) -> datetime | None:
    zone = None
    if offset := OFFSET.search(text):
        sign, hours, minutes = offset.groups()
        zone = timezone(
            (1 if sign == "+" else -1) * timedelta(hours=int(hours), minutes=int(minutes or 0))
        )
        text = text[: offset.start()].rstrip()
    for name in ZONE.findall(text):
        if (known := _zone(name)) is not None:
            zone = known
            text = " ".join(re.sub(rf"\(?{re.escape(name)}\)?", " ", text, count=1).split())
            break
    for form in FORMS:
        try:
            return _naive(datetime.strptime(text, form).replace(tzinfo=zone))
        except ValueError:
            continue
    return None


def _zone(name: str):
    if name.upper() in SUMMER | AMERICAN:
        return timezone(timedelta(hours=(SUMMER | AMERICAN)[name.upper()]))
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None
