"""Dates as news data writes them, read without guessing."""

from __future__ import annotations

import datetime
import math
import re
from email.utils import parsedate_to_datetime

from stance.errors import InputError

MONTHS = (
    "january february march april may june july august september october november december".split()
)
EPOCH_UNITS = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
"""Digits of a count since 1970 -> units a second: seconds, milli-, micro- or nanoseconds."""
FORMS = (
    "also read: RFC 2822, seconds or milliseconds since 1970, 24 December 2021, December 24, 2021, "
    "2021/12/24, 24/12/2021 where only one order of day and month is possible"
)

_RFC_2822 = re.compile(r"(?:[A-Za-z]{3}, *)?\d{1,2} [A-Za-z]{3} \d{4} \d{2}:\d{2}")
_TIME = re.compile(
    r"[ T,]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?(?: ?(?:Z|UTC|GMT))?$"
)
_NUMBERS = re.compile(r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ .-]+([A-Za-z]+)[ ,.-]+(\d{4})")
_MONTH_DAY = re.compile(r"([A-Za-z]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")


def parse_date(value: object, where: str, *, day_first: bool | None = None) -> datetime.date | None:
    """The calendar day of a date or date-time as it was written, or None for None, NaN and "".

    Read: date values, ISO 8601, RFC 2822, counts of seconds to nanoseconds since 1970 (in UTC, from
    1973 on), `20211224` and `20211224103000`, month names, and numbers with the year first or last.

    Args:
        value: what the row has.
        where: names document and field in errors.
        day_first: what 03/04/2021 means: True the 3rd of April, False March the 4th. None
            refuses a date that has two readings.

    Raises:
        InputError: not a date in one of these forms, or one with two readings.
    """
    if value is None or (isinstance(value, str) and not value):
        return None
    if type(value).__name__ in ("NAType", "NaTType") or (
        isinstance(value, float) and math.isnan(value)
    ):
        return None
    try:
        found = _read(value, where, day_first)
    except (ValueError, OverflowError, OSError) as error:
        if isinstance(error, InputError):
            raise
        found = None
    if found is None:
        shown = repr(value) if len(repr(value)) < 60 else repr(value)[:60] + "…"
        raise InputError(f"{where}: is {shown}; must be an ISO date such as 2021-12-24", hint=FORMS)
    return found


def _read(value: object, where: str, day_first: bool | None) -> datetime.date | None:
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _digits(str(int(value))) if value >= 0 else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text.isascii() and re.fullmatch(r"\d+(\.\d+)?", text):
        return _digits(text.split(".")[0])
    try:
        return datetime.datetime.fromisoformat(text).date()
    except ValueError:
        pass
    if _RFC_2822.match(text):
        return parsedate_to_datetime(text).date()
    return _words_or_numbers(_TIME.sub("", text), where, day_first)


def _digits(digits: str) -> datetime.date | None:
    if len(digits) in (8, 14):
        return datetime.datetime.strptime(digits[:8], "%Y%m%d").date()
    unit = EPOCH_UNITS.get(len(digits))
    if unit is None:
        return None
    return datetime.datetime.fromtimestamp(int(digits) // unit, datetime.UTC).date()


def _words_or_numbers(text: str, where: str, day_first: bool | None) -> datetime.date | None:
    if match := _DAY_MONTH.fullmatch(text):
        return _named(match[2], match[1], match[3])
    if match := _MONTH_DAY.fullmatch(text):
        return _named(match[1], match[2], match[3])
    match = _NUMBERS.fullmatch(text)
    if match is None:
        return None
    first, middle, last = match[1], int(match[3]), match[4]
    if len(first) == 4:
        return datetime.date(int(first), middle, int(last))
    if len(last) != 4:
        return None
    one = int(first)
    if day_first is None and one != middle and max(one, middle) <= 12:
        raise InputError(
            f"{where}: is {text!r}, which can be {one} {MONTHS[middle - 1].title()} or "
            f"{middle} {MONTHS[one - 1].title()}",
            hint="say which with --day-first or --month-first (in Python: Columns(day_first=...))",
        )
    day, month = (one, middle) if day_first or (day_first is None and one > 12) else (middle, one)
    return datetime.date(int(last), month, day)


def _named(month: str, day: str, year: str) -> datetime.date | None:
    name = month.lower()
    for number, full in enumerate(MONTHS, 1):
        if name in (full, full[:3]) or (name, full) == ("sept", "september"):
            return datetime.date(int(year), number, int(day))
    return None
