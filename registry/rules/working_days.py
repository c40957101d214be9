"""Working days of a country: its holidays and moved days as published, and what a decision has moved since."""

import datetime as dt
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import holidays
from django.utils.translation import get_language
from django.utils.translation import gettext as _

SATURDAY, SUNDAY = 5, 6
ONE_DAY = dt.timedelta(days=1)

# The library names Kazakhstan's holidays in Kazakh, English and Ukrainian.
_KZ_IN_RUSSIAN = {
    "New Year's Day": "Новый год",
    "Orthodox Christmas": "Православное Рождество",
    "International Women's Day": "Международный женский день",
    "Nowruz Holiday": "Наурыз мейрамы",
    "Constitution Day": "День Конституции",
    "Kazakhstan's People Solidarity Holiday": "Праздник единства народа Казахстана",
    "Defender of the Fatherland Day": "День защитника Отечества",
    "Victory Day": "День Победы",
    "Capital Day": "День столицы",
    "Republic Day": "День Республики",
    "Independence Day": "День Независимости",
    "First President Day": "День Первого Президента",
    "Eid al-Adha": "Курбан-айт",
}
_RUSSIAN_MARKS = {
    "(observed, estimated)": "(перенос, расчётная дата)",
    "(observed)": "(перенос)",
    "(estimated)": "(расчётная дата)",
}
_MOVED = "Day off (substituted from "
_MONTH_FIRST = re.compile(r"\b(\d\d)/(\d\d)/(\d{4})\b")
_LIBRARY_LANGUAGES = {"KZ": {"en": "en_US", "kk": "kk", "ru": "en_US"}, "RU": {"en": "en_US", "ru": "ru", "kk": "ru"}}


class _Year(NamedTuple):
    names: dict[dt.date, str]
    worked: frozenset[dt.date]  # Saturdays and Sundays that are worked instead of another day


@lru_cache(maxsize=256)
def _year(country: str, year: int, language: str) -> _Year:
    around = (year - 1, year, year + 1)  # a Saturday of December may be worked for a day of January
    spoken = _LIBRARY_LANGUAGES.get(country, {}).get(language, "en_US")
    try:
        found = holidays.country_holidays(country, years=around, language=spoken)
    except NotImplementedError:  # a country the library does not know has week-ends only
        return _Year({}, frozenset())
    named = _in_russian if country == "KZ" and language == "ru" else str
    names = {day: named(_day_first(name)) for day, name in found.items() if day.year == year}
    return _Year(names, frozenset(day for day in found.weekend_workdays if day.year == year))


def _day_first(name):
    """01/05/2025 is 5 January to the library and 1 May to everybody here."""
    return _MONTH_FIRST.sub(r"\2.\1.\3", name)


def _in_russian(name):
    if "; " in name:  # two holidays on one day
        return "; ".join(map(_in_russian, name.split("; ")))
    if name.startswith(_MOVED):
        return f"Выходной (перенесено с {name.removeprefix(_MOVED)}"
    mark = next((mark for mark in _RUSSIAN_MARKS if name.endswith(mark)), "")
    plain = name.removesuffix(mark).strip()
    return f"{_KZ_IN_RUSSIAN.get(plain, plain)} {_RUSSIAN_MARKS.get(mark, '')}".strip()


class WorkingDays:
    """The working days of one country. `moved` holds decisions later than the library: day → whether it is worked."""

    def __init__(self, country: str, moved: Mapping[dt.date, bool] | None = None):
        self.country, self.moved = country, moved or {}

    def is_working(self, day: dt.date) -> bool:
        if day in self.moved:
            return self.moved[day]
        year = _year(self.country, day.year, "en")
        if day in year.worked:
            return True
        return day.weekday() not in (SATURDAY, SUNDAY) and day not in year.names

    def next_working(self, day: dt.date) -> dt.date:
        """The day itself where it is worked, else the first working day after it."""
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def last_working_before(self, day: dt.date) -> dt.date:
        day -= ONE_DAY
        while not self.is_working(day):
            day -= ONE_DAY
        return day

    def why_off(self, day: dt.date) -> str:
        """Why a day is off, in the language of the reader: the holiday's name, or Saturday, Sunday, a moved day."""
        if self.moved.get(day) is False:
            return _("moved day off")
        language = (get_language() or "en")[:2]
        if name := _year(self.country, day.year, language).names.get(day):
            return name
        return {SATURDAY: _("Saturday"), SUNDAY: _("Sunday")}.get(day.weekday(), _("day off"))
