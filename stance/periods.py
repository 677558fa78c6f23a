"""Calendar periods: their names, and the order they come in."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from stance.errors import InputError

PERIODS = ("day", "week", "month", "quarter", "year", "all")
UNDATED = "undated"


def period_of(date: datetime.date | None, by: str) -> str:
    """The name of the period a date falls in; weeks are ISO weeks.

    Raises:
        InputError: `by` is not one of PERIODS.
    """
    if by == "all":
        return "all"
    if date is None:
        check_period(by)
        return UNDATED
    if by == "day":
        return date.isoformat()
    if by == "week":
        year, week, _ = date.isocalendar()
        return f"{year:04d}-W{week:02d}"
    if by == "month":
        return f"{date.year:04d}-{date.month:02d}"
    if by == "quarter":
        return f"{date.year:04d}-Q{(date.month + 2) // 3}"
    check_period(by)
    return f"{date.year:04d}"


def period_start(period: str) -> datetime.date:
    """The first day of a period named "2021", "2021-Q4", "2021-12", "2021-W51" or "2021-12-24".

    Raises:
        InputError: `period` is none of these.
    """
    quarter = re.fullmatch(r"(\d{4})-Q([1-4])", period)
    if quarter:
        return datetime.date(int(quarter[1]), 3 * int(quarter[2]) - 2, 1)
    day = f"{period}-1" if re.fullmatch(r"\d{4}-W\d{2}", period) else period
    day = {4: f"{period}-01-01", 7: f"{period}-01"}.get(len(period), day)
    try:
        return datetime.date.fromisoformat(day)
    except ValueError as error:
        raise InputError(
            f"period is {period!r}; must be as in 2021, 2021-Q4, 2021-12, 2021-W51 or 2021-12-24"
        ) from error


def on_calendar(periods: Iterable[str]) -> list[str]:
    """The dated periods among these, in order of time."""
    return sorted((p for p in set(periods) if p not in (UNDATED, "all")), key=period_start)


def check_period(by: object) -> None:
    """Raise InputError unless `by` names a kind of period."""
    if by not in PERIODS:
        raise InputError(f"by is {by!r}; must be one of {', '.join(PERIODS)}")
