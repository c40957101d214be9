"""Dates as people and CRMs write them. What could be read two ways is never guessed: the order is said, or asked for."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from registry.rules.identifiers import Checked

EARLIEST_YEAR = 1900
# A date still to come (the end of a consent) may lie this far ahead; 9999 means "never" in some CRMs and is no date.
YEARS_AHEAD = 100
# A moment with a zone is the day it was here.
HOME_ZONE = ZoneInfo("Asia/Almaty")
DMY, MDY = "dmy", "mdy"

_MONTHS = {
    1: "январь января янв қаңтар қаңтары january jan",
    2: "февраль февраля фев февр ақпан ақпаны february feb",
    3: "март марта мар наурыз наурызы march mar",
    4: "апрель апреля апр сәуір сәуірі april apr",
    5: "май мая мамыр мамыры may",
    6: "июнь июня июн маусым маусымы june jun",
    7: "июль июля июл шілде шілдесі july jul",
    8: "август августа авг тамыз тамызы august aug",
    9: "сентябрь сентября сен сент қыркүйек қыркүйегі september sep sept",
    10: "октябрь октября окт қазан қазаны october oct",
    11: "ноябрь ноября ноя нояб қараша қарашасы november nov",
    12: "декабрь декабря дек желтоқсан желтоқсаны december dec",
}
_MONTH = {name: number for number, names in _MONTHS.items() for name in names.split()}

_YEAR_FIRST = re.compile(r"(\d{4})([-./])(\d{1,2})\2(\d{1,2})", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
# The order of such a date is somebody's custom: 01/02/2003 is January in one country and February in another.
_OPEN = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})", re.ASCII)
_SHORT_YEAR = re.compile(r"\d{1,2}([-./])\d{1,2}\1\d{2}", re.ASCII)
_SERIAL = re.compile(r"\d{5}(\.\d+)?", re.ASCII)
# What programs write for a blank so that no line ends there, and what papers have around the day and behind the year.
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ")
_QUOTED_DAY = re.compile(r"[«“\"](\d{1,2})[»”\"]")
_YEAR_WORD = re.compile(r"(?<=\d\d) ?(?:г|г\.? ?р|года|ж|жыл)\.?$")
_DAY_FIRST_WORDS = re.compile(r"(\d{1,2})[ -]([^\W\d_]+)\.?,?[ -](\d{4})")
_MONTH_FIRST_WORDS = re.compile(r"([^\W\d_]+)\.? (\d{1,2}),? (\d{4})")
_YEAR_FIRST_WORDS = re.compile(r"(\d{4})(?: ?(?:ж\.|жылғы|жылдың))? (\d{1,2}) ([^\W\d_]+)")
# A time after the date, with or without its zone.
_TIME = re.compile(
    r"[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)? ?([AaPp]\.?[Mm]\.?)? ?(Z|UTC|GMT|[+-]\d{2}:?(?:\d{2})?)?",
    re.ASCII,
)
LONGEST = 60


def parse_date(text: str, *, today: dt.date, future: bool = False, order: str = "") -> Checked:
    """A date from text; value None for an empty one. After today only where future is said, and then within reason.

    order (dmy, mdy) is how 01/02/2003 and 01-02-2003 are read; without it they are refused unless only one reading is a day.
    A year has four digits. A moment with a zone gives the day it was in Almaty; midnight is the day that is written.
    """
    text = text.strip()
    if not text:
        return Checked(None)
    found = _parts(text, order) if len(text) <= LONGEST else _not_a_date(text[:LONGEST])
    if isinstance(found, str):
        return Checked(None, found)
    numbers, time = found
    try:
        value = dt.date(*numbers)
        value = _day_at_home(value, time) if time else value
    except (ValueError, OverflowError):
        return Checked(None, _("there is no such day in the calendar: correct the date"))
    return Checked(value, check_date(value, today=today, future=future))


def readings(text: str) -> tuple[str, ...]:
    """The orders in which an open date (01/02/2003, 25-12-2003) is a day; empty for every other text, which asks nothing."""
    text = text.strip()
    match = _OPEN.fullmatch(_plain(text)[0]) if len(text) <= LONGEST else None
    if not match or match[1].zfill(2) == match[3].zfill(2):
        return ()
    first, second = int(match[1]), int(match[3])
    found = ()
    if 1 <= second <= 12 and 1 <= first <= 31:
        found += (DMY,)
    if 1 <= first <= 12 and 1 <= second <= 31:
        found += (MDY,)
    return found


def check_date(value: dt.date, *, today: dt.date, future: bool = False) -> str:
    """Why a date cannot be stored, or an empty text."""
    if value.year < EARLIEST_YEAR:
        return _("the date lies before the year %(year)d: correct it") % {"year": EARLIEST_YEAR}
    if not future and value > today:
        return _("the date lies in the future (today is %(today)s): correct it") % {"today": today}
    if value.year > today.year + YEARS_AHEAD:
        return _("the date lies more than %(years)d years ahead: correct it or leave it empty") % {"years": YEARS_AHEAD}
    return ""


def _parts(text, order):
    """((year, month, day), match of a time or None), or why there are none."""
    date, time = _plain(text)
    if match := _YEAR_FIRST.fullmatch(date):
        return (int(match[1]), int(match[3]), int(match[4])), time
    if match := _DOTTED.fullmatch(date):
        return (int(match[3]), int(match[2]), int(match[1])), time
    if match := _OPEN.fullmatch(date):
        return _ordered(date, match, order, time)
    return _in_words(date, time) or _not_a_date(date)


def _ordered(date, match, order, time):
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    possible = readings(date)
    if not order and len(possible) > 1:
        return _(
            "the date can be read as day first and as month first: write it as 2026-01-31, or say the order of dates"
        )
    if order not in ("", DMY, MDY) or (order and possible and order not in possible):
        return _("the date does not fit the order of dates of the file (%(order)s): correct it") % {"order": order}
    if (order or (possible or (DMY,))[0]) == DMY:
        return (year, second, first), time
    return (year, first, second), time


def _in_words(date, time):
    for pattern, year, month, day in (
        (_DAY_FIRST_WORDS, 3, 2, 1),
        (_MONTH_FIRST_WORDS, 3, 1, 2),
        (_YEAR_FIRST_WORDS, 1, 3, 2),
    ):
        match = pattern.fullmatch(date)
        if match and (number := _MONTH.get(match[month].casefold())):
            return (int(match[year]), number, int(match[day])), time
    return None


def _plain(text):
    """(the date without quotes and the word for a year, the match of the time behind it or None)."""
    date, time = _without_time(text.translate(_BLANKS))
    return _YEAR_WORD.sub("", _QUOTED_DAY.sub(r"\1", date)), time


def _without_time(text):
    """(the date, the match of the time behind it or None)."""
    if ":" not in text:
        return text, None
    match = _TIME.search(text)
    if match and match.end() == len(text):
        return text[: match.start()], match
    return text, None


def _day_at_home(day, time):
    """The day in Almaty of a moment; a time without a zone is a time here."""
    hour, minute, second = int(time[1]), int(time[2]), int(time[3] or 0)
    if time[4]:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + 12 * (time[4][0] in "Pp")
    moment = dt.datetime(day.year, day.month, day.day, hour, minute, second)
    zone = time[5]
    if not zone or not (hour or minute or second):  # midnight is how programs write a day without a time
        return day
    shift = dt.timedelta()
    if zone[0] in "+-":
        sign, digits = (-1 if zone[0] == "-" else 1), zone[1:].replace(":", "").ljust(4, "0")
        shift = sign * dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return (moment - shift).replace(tzinfo=dt.UTC).astimezone(HOME_ZONE).date()


def _not_a_date(text: str) -> str:
    if _SERIAL.fullmatch(text):
        return _("this is a spreadsheet's day number, not a date: export dates as 2026-01-31 or 31.01.2026")
    if _SHORT_YEAR.fullmatch(text):
        return _("the year has two digits, its century cannot be told: write it with four, as 2026-01-31 or 31.01.2026")
    return _("a date is written 2026-01-31 or 31.01.2026: correct it")
