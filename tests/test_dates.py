"""Dates as news data writes them; what has two readings is refused."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance import InputError
from stance.dates import parse_date

DAY = datetime.date(2021, 12, 24)
READ = [
    "2021-12-24",
    "2021-12-24T10:30:00Z",
    "2021-12-24 10:30:00+09:00",
    "20211224",
    20211224,
    "20211224103000",
    "Fri, 24 Dec 2021 10:30:00 GMT",
    "24 Dec 2021 10:30:00 +0900",
    1640341800,
    "1640341800",
    1640341800.0,
    1640341800000,
    "1640341800000",
    1640341800000000000,
    "24 December 2021",
    "December 24, 2021",
    "Dec 24 2021",
    "24-Dec-2021",
    "December 24th, 2021",
    "2021/12/24",
    "2021.12.24",
    "24/12/2021",
    "24.12.2021",
    "12/24/2021",
    "12/24/2021 10:30 AM",
    "24/12/2021 10:30",
    DAY,
    datetime.datetime(2021, 12, 24, 23, 59),
]
REFUSED = [
    "yesterday", "2021", 2021, "2021-12", "24/12/21", "32/12/2021", "31 February 2021", "0",
    "99999999999999999999999", True, "Maybe 3, 2021", "2021-13-01", -1640341800, [2021, 12, 24], "12/24",
    "20211324", float("inf"),
]  # fmt: skip


@pytest.mark.parametrize("value", READ, ids=str)
def test_read(value: object) -> None:
    assert parse_date(value, "here") == DAY


@pytest.mark.parametrize("value", REFUSED, ids=str)
def test_refused(value: object) -> None:
    with pytest.raises(InputError, match="here: is .*; must be an ISO date"):
        parse_date(value, "here")


@pytest.mark.parametrize("value", [None, "", float("nan")])
def test_no_date(value: object) -> None:
    assert parse_date(value, "here") is None


def test_two_readings_are_reported_and_settled_by_the_option() -> None:
    for text in ("03/04/2021", "3.4.2021", "03-04-2021", "03/04/2021 10:30"):
        with pytest.raises(InputError, match="which can be 3 April or 4 March") as caught:
            parse_date(text, "here")
        assert "--day-first" in str(caught.value.hint)
        assert parse_date(text, "here", day_first=True) == datetime.date(2021, 4, 3)
        assert parse_date(text, "here", day_first=False) == datetime.date(2021, 3, 4)
    assert parse_date("04/04/2021", "here") == datetime.date(2021, 4, 4)
    with pytest.raises(InputError):
        parse_date("24/12/2021", "here", day_first=False)


@given(st.dates(datetime.date(1973, 3, 4), datetime.date(2200, 1, 1)))
def test_every_day_is_read_back(day: datetime.date) -> None:
    noon = datetime.datetime(day.year, day.month, day.day, 12, tzinfo=datetime.UTC)
    forms = [
        day.isoformat(),
        f"{day:%d %B %Y}",
        f"{day:%b %d, %Y}",
        f"{day:%Y/%m/%d}",
        int(noon.timestamp()),
        int(noon.timestamp() * 1000),
        f"{noon:%a, %d %b %Y %H:%M:%S} +0000",
    ]
    assert {parse_date(form, "here") for form in forms} == {day}
    assert parse_date(f"{day:%d/%m/%Y}", "here", day_first=True) == day
