"""Calendar periods: their names, and the windows that move over them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable

from stance.errors import InputError

PERIODS = ("day", "week", "month", "quarter", "year", "all")
UNDATED = "undated"


def period_of(date: datetime.date | None, by: str) -> str:
    """The name of the period a date falls in; weeks are ISO weeks.

    >>> [period_of(datetime.date(2021, 1, 3), by) for by in PERIODS]
    ['2021-01-03', '2020-W53', '2021-01', '2021-Q1', '2021', 'all']

    Raises:
        InputError: `by` is not one of PERIODS.
    """
    check_period(by)
    if by == "all":
        return "all"
    return UNDATED if date is None else _name(_number(date, by), by)


def windows(periods: Collection[str], by: str, size: int) -> dict[str, list[str]]:
    """The windows that each period lies in, named by their first and last period.

    They end at every period from the first given to the last, so those at the begin hold less.

    >>> windows(["2021-11", "2022-01"], "month", 2)["2021-11"]
    ['2021-10/2021-11', '2021-11/2021-12']
    """
    numbers = {period: _number(period_start(period), by) for period in periods}
    last = max(numbers.values())
    return {
        period: [
            f"{_name(end - size + 1, by)}/{_name(end, by)}"
            for end in range(number, min(number + size - 1, last) + 1)
        ]
        for period, number in numbers.items()
    }


def period_start(period: str) -> datetime.date:
    """The first day of a period named "2021", "2021-Q4", "2021-12", "2021-W51" or "2021-12-24".

    Of a window ("2021-10/2021-12"), that of its last period.

    Raises:
        InputError: `period` is none of these.
    """
    period = period.rpartition("/")[2]
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


def _number(date: datetime.date, by: str) -> int:
    """Which period of its kind a date falls in, counted from the year 0."""
    if by == "day":
        return date.toordinal()
    if by == "week":
        return (date.toordinal() - 1) // 7
    if by == "month":
        return 12 * date.year + date.month - 1
    return 4 * date.year + (date.month - 1) // 3 if by == "quarter" else date.year


def _name(number: int, by: str) -> str:
    if by == "day":
        return datetime.date.fromordinal(number).isoformat()
    if by == "week":
        # The week of its Thursday's year.
        year, week, _ = datetime.date.fromordinal(7 * number + 4).isocalendar()
        return f"{year:04d}-W{week:02d}"
    if by == "month":
        return f"{number // 12:04d}-{number % 12 + 1:02d}"
    return f"{number // 4:04d}-Q{number % 4 + 1}" if by == "quarter" else f"{number:04d}"
