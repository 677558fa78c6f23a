"""Names of periods back to dates: what an axis of time needs."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from stance.errors import InputError

UNDATED = ("undated", "all")
"""Period names that no date belongs to."""


def period_start(period: str) -> datetime.date:
    """The first day of a period named "2021", "2021-Q4", "2021-12", "2021-W51" or "2021-12-24".

    Raises:
        InputError: `period` is none of these.
    """
    quarter = re.fullmatch(r"(\d{4})-Q([1-4])", period)
    if quarter:
        return datetime.date(int(quarter[1]), 3 * int(quarter[2]) - 2, 1)
    if re.fullmatch(r"\d{4}-W\d{2}", period):
        period += "-1"
    day = {4: f"{period}-01-01", 7: f"{period}-01"}.get(len(period), period)
    try:
        return datetime.date.fromisoformat(day)
    except ValueError as error:
        raise InputError(
            f"period is {period!r}; must be as in 2021, 2021-Q4, 2021-12, 2021-W51 or 2021-12-24"
        ) from error


def on_calendar(periods: Iterable[str]) -> list[str]:
    """The dated periods among these, in order of time."""
    return sorted((p for p in set(periods) if p not in UNDATED), key=period_start)
