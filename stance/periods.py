"""Calendar periods: their names, and the order they come in."""

from __future__ import annotations

import datetime

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


def check_period(by: object) -> None:
    """Raise InputError unless `by` names a kind of period."""
    if by not in PERIODS:
        raise InputError(f"by is {by!r}; must be one of {', '.join(PERIODS)}")
