import datetime as dt

import pytest

from registry.rules.dates import parse_date, readings

from .growth import EVEN, growth

TODAY = dt.date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-02-29", dt.date(2024, 2, 29)),
        ("29.02.2024", dt.date(2024, 2, 29)),
        ("1.2.2003", dt.date(2003, 2, 1)),
        (" 22.11.2026 ", dt.date(2026, 11, 22)),
        ("1900-01-01", dt.date(1900, 1, 1)),
        ("2024/01/31", dt.date(2024, 1, 31)),
        ("31/01/2024", dt.date(2024, 1, 31)),
        ("01/31/2024", dt.date(2024, 1, 31)),
        ("31-01-2024", dt.date(2024, 1, 31)),
        ("05/05/2003", dt.date(2003, 5, 5)),
        ("2024-01-31 10:22", dt.date(2024, 1, 31)),
        ("31.01.2024 10:22:33", dt.date(2024, 1, 31)),
        ("1.2.2003 7:05:09 PM", dt.date(2003, 2, 1)),
        ("31 января 2024", dt.date(2024, 1, 31)),
        ("31 января 2024 г.", dt.date(2024, 1, 31)),
        ("31 қаңтар 2024 ж.", dt.date(2024, 1, 31)),
        ("2024 жылғы 31 қаңтар", dt.date(2024, 1, 31)),
        ("31-Jan-2024", dt.date(2024, 1, 31)),
        ("January 31, 2024", dt.date(2024, 1, 31)),
        ("31.01.2024 г.", dt.date(2024, 1, 31)),
        ("31.01.2024г.", dt.date(2024, 1, 31)),
        ("31.01.2024 г.р.", dt.date(2024, 1, 31)),
        ("31.01.2024 г. 10:22", dt.date(2024, 1, 31)),
        ("31 января 2024\u00a0г.", dt.date(2024, 1, 31)),
        ("«31» января 2024 г.", dt.date(2024, 1, 31)),
        ("2024 жылғы 31 қаңтары", dt.date(2024, 1, 31)),
        ("2020 жылғы 1 қыркүйегі", dt.date(2020, 9, 1)),
        ("1/31/2024, 12:00:00\u202fAM", dt.date(2024, 1, 31)),
        ("", None),
    ],
)
def test_date_is_read(text, value):
    """Dates are read in the usual forms, with a time or without, today's included; dots mean the day first."""
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
            "01.02.03 г.",
            "the year has two digits, its century cannot be told: write it with four, as 2026-01-31 or 31.01.2026",
        ),
        (
            "02/01/2003",
            "the date can be read as day first and as month first: write it as 2026-01-31, or say the order of dates",
        ),
        ("2026-01-31 25:00", "there is no such day in the calendar: correct the date"),
        ("2026-01-31" + " 10:00" * 20, "a date is written 2026-01-31 or 31.01.2026: correct it"),
        ("yesterday", "a date is written 2026-01-31 or 31.01.2026: correct it"),
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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-31T17:59:59Z", dt.date(2024, 1, 31)),  # UTC+6 until 1 March 2024
        ("2024-01-31T18:00:00.000+0000", dt.date(2024, 2, 1)),
        ("2024-06-30T18:59:59Z", dt.date(2024, 6, 30)),  # UTC+5 since then
        ("2024-06-30T19:00:00Z", dt.date(2024, 7, 1)),
        ("2024-06-30T23:59:59+05:00", dt.date(2024, 6, 30)),
        ("2024-01-31T23:30:00-05:00", dt.date(2024, 2, 1)),
    ],
)
def test_moment_with_a_zone_is_the_day_it_was_in_almaty(text, value):
    """Midnight in London is morning in Almaty: a consent given then was given on that day here."""
    assert parse_date(text, today=TODAY).value == value


@pytest.mark.parametrize("zone", ["Z", "+05:00", "+06:00", "+10:00", "-05:00"])
def test_midnight_is_the_day_that_is_written(zone):
    """A CRM writes a birthday as midnight where its server thinks it is: 00:00 at +06:00 is no day before in Almaty."""
    assert parse_date(f"2025-01-10T00:00:00{zone}", today=TODAY).value == dt.date(2025, 1, 10)


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("01/02/2003", ("dmy", "mdy")),
        ("01-02-2003 10:00", ("dmy", "mdy")),
        ("01/02/2003 г.", ("dmy", "mdy")),
        ("1/31/2003, 12:00:00\u202fAM", ("mdy",)),
        ("25/12/2003", ("dmy",)),
        ("12/25/2003", ("mdy",)),
        ("5/05/2003", ()),
        ("31/31/2003", ()),
        ("01.02.2003", ()),
        ("2003-01-02", ()),
    ],
)
def test_open_dates_and_their_readings(text, orders):
    """A date asks for its order only where both readings are days, and different ones."""
    assert readings(text) == orders


def test_cell_made_to_be_slow_is_no_open_date():
    """Longer than any date: it is not looked through for a time of the day."""
    assert growth(readings, "01/02/2003", " ", ":") < EVEN
    assert readings("01/02/2003" + " " * 100_000 + ":") == ()


def test_order_that_was_said_is_kept_to():
    """What contradicts the order of the file is an error, not the other order."""
    assert parse_date("01/02/2003", today=TODAY, order="dmy").value == dt.date(2003, 2, 1)
    assert parse_date("01/02/2003", today=TODAY, order="mdy").value == dt.date(2003, 1, 2)
    for text, order in (("25/12/2003", "mdy"), ("12/25/2003", "dmy"), ("01/02/2003", "ymd")):
        assert (
            parse_date(text, today=TODAY, order=order).error
            == f"the date does not fit the order of dates of the file ({order}): correct it"
        )
    assert parse_date("2003-02-01", today=TODAY, order="mdy").value == dt.date(2003, 2, 1)
