"""Dates as people and CRMs write them: 2026-01-31 or 31.01.2026, nothing else."""

import datetime as dt
import re

from django.utils.translation import gettext as _

from registry.rules.identifiers import Checked

EARLIEST_YEAR = 1900
# A date still to come (the end of a consent) may lie this far ahead; 9999 means "never" in some CRMs and is no date.
YEARS_AHEAD = 100

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_SERIAL = re.compile(r"\d{5}(\.\d+)?", re.ASCII)


def parse_date(text: str, *, today: dt.date, future: bool = False) -> Checked:
    """A date from text; value None for an empty one. After today only where future is said, and then within reason."""
    text = text.strip()
    if not text:
        return Checked(None)
    if match := _ISO.fullmatch(text):
        year, month, day = map(int, match.groups())
    elif match := _DOTTED.fullmatch(text):
        day, month, year = map(int, match.groups())
    else:
        return Checked(None, _not_a_date(text))
    try:
        value = dt.date(year, month, day)
    except ValueError:
        return Checked(None, _("there is no such day in the calendar: correct the date"))
    return Checked(value, check_date(value, today=today, future=future))


def check_date(value: dt.date, *, today: dt.date, future: bool = False) -> str:
    """Why a date cannot be stored, or an empty text."""
    if value.year < EARLIEST_YEAR:
        return _("the date lies before the year %(year)d: correct it") % {"year": EARLIEST_YEAR}
    if not future and value > today:
        return _("the date lies in the future (today is %(today)s): correct it") % {"today": today}
    if value.year > today.year + YEARS_AHEAD:
        return _("the date lies more than %(years)d years ahead: correct it or leave it empty") % {"years": YEARS_AHEAD}
    return ""


def _not_a_date(text: str) -> str:
    if _SERIAL.fullmatch(text):
        return _("this is a spreadsheet's day number, not a date: export dates as 2026-01-31 or 31.01.2026")
    return _("a date is written 2026-01-31 or 31.01.2026, with four digits for the year: correct it")
