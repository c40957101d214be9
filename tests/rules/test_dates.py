import datetime as dt

import pytest

from registry.rules.dates import parse_date

TODAY = dt.date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-02-29", dt.date(2024, 2, 29)),
        ("29.02.2024", dt.date(2024, 2, 29)),
        ("1.2.2003", dt.date(2003, 2, 1)),
        (" 22.11.2026 ", dt.date(2026, 11, 22)),
        ("1900-01-01", dt.date(1900, 1, 1)),
        ("", None),
    ],
)
def test_date_is_read(text, value):
    """Dates are read as 2024-02-29 and 29.02.2024, today's included."""
    assert parse_date(text, today=TODAY) == (value, "", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("31.02.1990", "there is no such day in the calendar: correct the date"),
        ("2023-02-29", "there is no such day in the calendar: correct the date"),
        ("0000-01-01", "there is no such day in the calendar: correct the date"),
        (
            "01.02.03",
            "the year has two digits, its century cannot be told: write it with four, as 2026-01-31 or 31.01.2026",
        ),
        (
            "02/01/2003",
            "the date can be read as day first and as month first: write it as 2026-01-31, or say the order of dates",
        ),
        ("2026-01-31 25:00", "there is no such day in the calendar: correct the date"),
        ("2026-01-31" + " 10:00" * 20, "a date is written 2026-01-31 or 31.01.2026, with four digits for the year: correct it"),
        ("yesterday", "a date is written 2026-01-31 or 31.01.2026, with four digits for the year: correct it"),
        ("45321", "this is a spreadsheet's day number, not a date: export dates as 2026-01-31 or 31.01.2026"),
        ("31.12.1899", "the date lies before the year 1900: correct it"),
        ("23.11.2026", "the date lies in the future (today is 2026-11-22): correct it"),
        ("9999-12-31", "the date lies in the future (today is 2026-11-22): correct it"),
    ],
)
def test_date_that_cannot_be_is_refused(text, reason):
    """Impossible, ambiguous and future dates are refused, each with its reason."""
    assert parse_date(text, today=TODAY) == (parse_date(text, today=TODAY).value, reason, "")


def test_date_still_to_come_lies_within_reason():
    """The end of a consent may lie ahead, by a hundred years and no more."""
    assert parse_date("31.12.2126", today=TODAY, future=True).error == ""
    assert (
        parse_date("2127-01-01", today=TODAY, future=True).error
        == "the date lies more than 100 years ahead: correct it or leave it empty"
    )
