"""Calendars of working days: what is published, what was moved by decision, and what a day off is called."""

import datetime as dt

import holidays
import pytest
from django.utils import translation

from registry.rules.working_days import _KZ_IN_RUSSIAN, _RUSSIAN_MARKS, WorkingDays

YEARS = range(2015, 2036)
MOVED_SATURDAY, MOVED_MONDAY = dt.date(2026, 8, 22), dt.date(2026, 8, 24)


def date(text):
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("country", "day", "is_working"),
    [
        ("KZ", "2026-11-20", True),  # Friday
        ("KZ", "2026-11-21", False),
        ("KZ", "2026-11-22", False),
        ("KZ", "2026-01-07", False),  # Orthodox Christmas
        ("KZ", "2026-03-25", False),  # Nauryz, its third day moved
        ("KZ", "2026-03-26", True),
        ("KZ", "2026-05-27", False),  # Kurban-ait, as estimated
        ("KZ", "2024-06-17", True),  # Kurban-ait fell on Sunday the 16th and is not moved
        ("KZ", "2026-08-31", True),  # Constitution Day, Sunday 30 August, is none any more
        ("KZ", "2027-03-15", False),  # it is kept in March
        ("KZ", "2025-01-03", False),  # moved from Sunday the 5th
        ("KZ", "2025-01-05", True),
        ("KZ", "2024-05-04", True),  # Saturday, worked for Wednesday the 8th
        ("KZ", "2024-05-08", False),
        ("RU", "2026-01-09", False),  # moved from 3 January
        ("RU", "2026-12-31", False),  # moved from 4 January
        ("RU", "2025-11-01", True),  # Saturday, worked for Monday the 3rd
        ("RU", "2025-11-03", False),
        ("RU", "2027-02-20", True),
        ("RU", "2026-03-23", True),  # no Nauryz there
        ("DE", "2026-12-25", False),
        ("DE", "2026-12-24", True),
        ("XX", "2026-12-25", True),  # a country nobody knows has week-ends only
        ("XX", "2026-12-26", False),
        ("", "2026-12-26", False),
    ],
)
def test_published_calendar_is_kept(country, day, is_working):
    """Week-ends, holidays and days moved by the state are those of the country's published calendar."""
    assert WorkingDays(country).is_working(date(day)) is is_working


def test_decision_moves_a_day_both_ways():
    """A Saturday can be made worked and a Monday off; the next to it stay as they were, and so do other calendars."""
    days = WorkingDays("KZ", {MOVED_SATURDAY: True, MOVED_MONDAY: False})
    worked = [days.is_working(date(f"2026-08-{number}")) for number in range(21, 26)]
    assert worked == [True, True, False, False, True]
    assert WorkingDays("KZ").is_working(MOVED_MONDAY) and not WorkingDays("KZ").is_working(MOVED_SATURDAY)


def test_decision_moves_a_holiday_and_takes_a_move_back():
    """Kurban-ait is estimated: the decree may name another day, and a day worked instead may be off after all."""
    days = WorkingDays("KZ", {date("2026-05-27"): True, date("2026-05-28"): False, date("2025-01-05"): False})
    assert days.is_working(date("2026-05-27"))
    assert not days.is_working(date("2026-05-28")) and not days.is_working(date("2025-01-05"))


def test_decision_counts_on_the_way():
    """The day after Friday the 21st is the Saturday that is worked; the day before Tuesday the 25th is that Saturday, too."""
    days = WorkingDays("KZ", {MOVED_SATURDAY: True, MOVED_MONDAY: False})
    assert days.next_working(date("2026-08-22")) == MOVED_SATURDAY
    assert days.next_working(date("2026-08-23")) == date("2026-08-25")
    assert days.last_working_before(date("2026-08-25")) == MOVED_SATURDAY


@pytest.mark.parametrize(
    ("country", "language", "day", "name"),
    [
        ("KZ", "en", "2026-05-27", "Eid al-Adha (estimated)"),
        ("KZ", "ru", "2026-05-27", "Курбан-айт (расчётная дата)"),
        ("KZ", "kk", "2026-05-27", "Құрбан айт (бағаланған)"),
        ("KZ", "ru", "2025-06-06", "Курбан-айт"),
        ("KZ", "en", "2026-03-09", "International Women's Day (observed)"),
        ("KZ", "ru", "2026-03-09", "Международный женский день (перенос)"),
        ("KZ", "ru", "2026-01-07", "Православное Рождество"),
        ("KZ", "ru", "2027-03-15", "День Конституции"),
        ("KZ", "ru", "2032-03-22", "Курбан-айт (расчётная дата); Наурыз мейрамы"),
        ("KZ", "en", "2025-01-03", "Day off (substituted from 05.01.2025)"),
        ("KZ", "ru", "2025-01-03", "Выходной (перенесено с 05.01.2025)"),
        ("KZ", "kk", "2025-01-03", "Демалыс күні (05.01.2025 бастап ауыстырылды)"),
        ("RU", "en", "2026-12-31", "Day off (substituted from 04.01.2026)"),
        ("RU", "ru", "2026-12-31", "Выходной (перенесено с 04.01.2026)"),
        ("RU", "kk", "2026-11-04", "День народного единства"),
        ("KZ", "en", "2026-11-21", "Saturday"),
        ("KZ", "en", "2026-11-22", "Sunday"),
        ("XX", "ru", "2026-12-26", "суббота"),
        ("KZ", "en", "2026-11-20", "day off"),  # it was off when the term was counted, and is not any more
    ],
)
def test_day_off_has_a_name(country, language, day, name):
    """Why a day is off is said in the reader's language, with what is moved or estimated marked as such."""
    with translation.override(language):
        assert WorkingDays(country).why_off(date(day)).casefold() == name.casefold()


def test_day_moved_by_decision_is_called_so():
    """A day that a decision made off is no holiday, whatever the calendar calls it."""
    assert WorkingDays("KZ", {MOVED_MONDAY: False}).why_off(MOVED_MONDAY) == "moved day off"


@pytest.mark.parametrize("year", YEARS)
def test_every_holiday_of_kazakhstan_has_a_russian_name(year):
    """The library names the holidays of Kazakhstan in English and Kazakh: every one of these years is in our table."""
    found = holidays.country_holidays("KZ", years=(year - 1, year, year + 1), language="en_US")
    with translation.override("ru"):
        names = {day: WorkingDays("KZ").why_off(day) for day in found if day.year == year}
    assert len(names) >= 14
    for day, name in names.items():
        assert not any(letter.isascii() and letter.isalpha() for letter in name), f"{day}: {name}"


def test_table_of_russian_names_holds_nothing_that_is_never_used():
    """A name that no year of these needs is a slip of the pen."""
    said = set()
    for year in YEARS:
        for name in holidays.country_holidays("KZ", years=year, language="en_US").values():
            for mark in _RUSSIAN_MARKS:
                name = name.replace(mark, "")
            said |= {part.strip() for part in name.split(";")}
    assert set(_KZ_IN_RUSSIAN) <= said
