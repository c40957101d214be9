"""The clock: when a term ends. Law × trigger → due date, with the days it was counted over.

The day of the event is not counted. A term in working days skips days off; one in calendar days, months or years, or to a day of
the next month, that ends on a day off ends on the next working day (civil-code counting, unverified). Terms in hours run on the
clock. People live in Asia/Almaty; moments are kept in UTC.
"""

import datetime as dt
from calendar import monthrange
from typing import NamedTuple

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.choices import DeadlineUnit
from registry.rules.dates import HOME_ZONE
from registry.rules.working_days import ONE_DAY, WorkingDays

MONTHS_A_YEAR = 12
# In the order of what is due first: what has no date comes after every date, and what is done after that.
FAR_ON, DONE_ON = dt.date(9999, 1, 1), dt.date.max
# Such a term has no length of its own.
WITHOUT_AMOUNT = (DeadlineUnit.AT_ONCE, DeadlineUnit.BEFORE_EVENT, DeadlineUnit.AS_REQUESTED)


class Term(NamedTuple):
    """How long: `amount` of `unit`. At once, before the event and as requested have no amount; a day of the next month is one."""

    amount: int
    unit: str


class Due(NamedTuple):
    """When a term ends: on a day (the whole of it still counts), or at a moment (UTC); neither where nobody set a date.

    `days_off` are the days skipped on the way, or stepped over at the end.
    """

    on: dt.date | None = None
    at: dt.datetime | None = None
    days_off: tuple[dt.date, ...] = ()

    @property
    def ends_at(self) -> dt.datetime | None:
        """When it is over: midnight after the day, or the moment itself."""
        if self.at is not None:
            return self.at
        return None if self.on is None else start_of(self.on + ONE_DAY)


def start_of(day: dt.date) -> dt.datetime:
    """Midnight in Almaty, in UTC."""
    return dt.datetime.combine(day, dt.time.min, HOME_ZONE).astimezone(dt.UTC)


def day_of(moment: dt.datetime) -> dt.date:
    """The day it was in Almaty."""
    return moment.astimezone(HOME_ZONE).date()


def moment_on(day: dt.date, now: dt.datetime) -> dt.datetime:
    """When something was that is said to have been on a day: now where that is today, else the first minute of the day."""
    return now if day == day_of(now) else start_of(day)


def due(term: Term, event_at: dt.datetime, days: WorkingDays, *, asked_on: dt.date | None = None) -> Due:
    """When the term that begins with the event ends.

    `asked_on` is the day that the request itself names, for terms as requested. Raises ValueError for an unknown unit or a moment
    without a zone.
    """
    if event_at.tzinfo is None:
        raise ValueError("A moment without a zone: nobody knows which day it was.")
    if term.unit == DeadlineUnit.HOUR:
        return Due(at=event_at.astimezone(dt.UTC) + dt.timedelta(hours=term.amount))
    if term.unit == DeadlineUnit.AT_ONCE:
        return Due(at=event_at.astimezone(dt.UTC))
    if term.unit == DeadlineUnit.AS_REQUESTED:
        return _as_requested(asked_on, day_of(event_at), days) if asked_on else Due()
    event_on = day_of(event_at)
    if term.unit == DeadlineUnit.BEFORE_EVENT:
        day = days.last_working_before(event_on)
        return Due(day, days_off=tuple(_between(day, event_on)))
    if term.unit == DeadlineUnit.WORKING_DAY:
        return _working_days(term.amount, event_on, days)
    return _moved(_calendar_end(term, event_on), days)


def _as_requested(day, event_on, days):
    """A day that somebody else named is not moved later: where it is off, the last working day before it counts.

    Not one before the event, though: where every day in between is off, it stays the day that was named.
    """
    if days.is_working(day):
        return Due(day)
    end = days.last_working_before(day)
    return Due(end, days_off=(*_between(end, day), day)) if end >= event_on else Due(day)


def _working_days(amount, event_on, days):
    day, skipped = event_on, []
    while amount:
        day += ONE_DAY
        if days.is_working(day):
            amount -= 1
        else:
            skipped.append(day)
    return _moved(day, days, skipped)


def _calendar_end(term, event_on):
    if term.unit == DeadlineUnit.DAY:
        return event_on + dt.timedelta(days=term.amount)
    if term.unit == DeadlineUnit.MONTH:
        return _months_later(event_on, term.amount)
    if term.unit == DeadlineUnit.YEAR:
        return _months_later(event_on, term.amount * MONTHS_A_YEAR)
    if term.unit == DeadlineUnit.DAY_OF_NEXT_MONTH:
        next_month = _months_later(event_on.replace(day=1), 1)
        return next_month.replace(day=min(term.amount, monthrange(next_month.year, next_month.month)[1]))
    raise ValueError(f"“{term.unit}” is no unit of a term.")


def _months_later(day, months):
    """The same day so many months later, or the last of a month that is too short."""
    year, month = divmod(day.year * MONTHS_A_YEAR + day.month - 1 + months, MONTHS_A_YEAR)
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _moved(day, days, skipped=()):
    end = days.next_working(day)
    return Due(end, days_off=(*skipped, *([day, *_between(day, end)] if end != day else [])))


def _between(first, last):
    """The days after the first and before the last."""
    return [first + ONE_DAY * number for number in range(1, (last - first).days)]


def longer(term: Term, extension: int) -> Term:
    """The term with its one extension, counted from the same event: 10 working days and 5 more are 15."""
    return term._replace(amount=term.amount + extension)


def strictest(dues: list[Due]) -> int | None:
    """The place of the one that ends first, which binds; the first of equals. None where none has a date."""
    dated = [(each.ends_at, place) for place, each in enumerate(dues) if each.ends_at is not None]
    return min(dated)[1] if dated else None


def term_in_words(term: Term, extension: int | None = None) -> str:
    if extension:
        said = {"term": term_in_words(term), "extension": term_in_words(term._replace(amount=extension))}
        return _("%(term)s, extendable once by %(extension)s") % said
    amount = {"count": term.amount}
    match term.unit:
        case DeadlineUnit.HOUR:
            return ngettext("%(count)d hour", "%(count)d hours", term.amount) % amount
        case DeadlineUnit.DAY:
            return ngettext("%(count)d calendar day", "%(count)d calendar days", term.amount) % amount
        case DeadlineUnit.WORKING_DAY:
            return ngettext("%(count)d working day", "%(count)d working days", term.amount) % amount
        case DeadlineUnit.MONTH:
            return ngettext("%(count)d month", "%(count)d months", term.amount) % amount
        case DeadlineUnit.YEAR:
            return ngettext("%(count)d year", "%(count)d years", term.amount) % amount
        case DeadlineUnit.DAY_OF_NEXT_MONTH:
            return _("day %(count)d of the next month") % amount
    return str(DeadlineUnit(term.unit).label)


def arithmetic(term: Term, event_at: dt.datetime, found: Due, days: WorkingDays) -> str:
    """How the date came about, in a sentence an officer can check with a calendar."""
    said = {
        "term": term_in_words(term),
        "event": _shown(day_of(event_at)),
        "moment": date_format(event_at.astimezone(HOME_ZONE), "d.m.Y H:i"),
        "due": found.on and _shown(found.on),
        "due_at": found.at and date_format(found.at.astimezone(HOME_ZONE), "d.m.Y H:i"),
        "off": ", ".join(f"{_shown(day)} ({days.why_off(day)})" for day in found.days_off),
    }
    match term.unit:
        case DeadlineUnit.HOUR:
            return _("%(moment)s + %(term)s = %(due_at)s, by the clock.") % said
        case DeadlineUnit.AT_ONCE:
            return _("At once: %(due_at)s, when it was received.") % said
        case DeadlineUnit.AS_REQUESTED if found.days_off:
            said["named"] = _shown(found.days_off[-1])
            return (
                _("The request itself names %(named)s; off are %(off)s: %(due)s, the last working day before.") % said
            )
        case DeadlineUnit.AS_REQUESTED if found.on:
            return _("The request itself names %(due)s.") % said
        case DeadlineUnit.AS_REQUESTED:
            return _("The term is the request’s own, and it names none.")
        case DeadlineUnit.BEFORE_EVENT if found.days_off:
            return _("Before %(event)s; days off before it: %(off)s; the last working day is %(due)s.") % said
        case DeadlineUnit.BEFORE_EVENT:
            return _("Before %(event)s: the last working day is %(due)s.") % said
        case DeadlineUnit.WORKING_DAY if found.days_off:
            return _("%(event)s (not counted) + %(term)s, without %(off)s = %(due)s.") % said
        case DeadlineUnit.WORKING_DAY:
            return _("%(event)s (not counted) + %(term)s = %(due)s.") % said
    if found.days_off:
        said["end"] = _shown(found.days_off[0])
        return _("%(event)s (not counted) + %(term)s = %(end)s; over %(off)s to the next working day, %(due)s.") % said
    return _("%(event)s (not counted) + %(term)s = %(due)s.") % said


def _shown(day):
    return date_format(day, "d.m.Y")
