"""What holds of every date the clock gives, whatever the event, the term, the calendar and the days that were moved."""

import datetime as dt

from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.choices import DeadlineUnit
from registry.rules.dates import HOME_ZONE
from registry.rules.deadlines import Due, Term, arithmetic, day_of, due, longer, start_of, strictest
from registry.rules.working_days import WorkingDays

COUNTED = ("day", "working_day", "month", "year", "day_of_next_month")
BY_THE_CLOCK = ("hour", "at_once")

clock = settings(max_examples=150)

events = st.datetimes(dt.datetime(2015, 1, 1), dt.datetime(2034, 12, 31), timezones=st.just(dt.UTC))
days_named = st.dates(dt.date(2015, 1, 1), dt.date(2034, 12, 31))


@st.composite
def terms(draw, units=(*COUNTED, *BY_THE_CLOCK, "before_event")):
    unit = draw(st.sampled_from(units))
    most = {"year": 5, "month": 40, "day_of_next_month": 31}.get(unit, 60)
    return Term(0 if unit in ("at_once", "before_event", "as_requested") else draw(st.integers(1, most)), unit)


@st.composite
def calendars(draw, around):
    """The calendar of Kazakhstan, of Russia or of nowhere; some of the days around are moved by decision, both ways."""
    moved = draw(st.dictionaries(st.integers(-15, 90), st.booleans(), max_size=12))
    first = day_of(around)
    country = draw(st.sampled_from(["KZ", "RU", "XX"]))
    return WorkingDays(country, {first + dt.timedelta(days=number): worked for number, worked in moved.items()})


@st.composite
def counts(draw, units=(*COUNTED, *BY_THE_CLOCK, "before_event")):
    event_at = draw(events)
    return draw(terms(units)), event_at, draw(calendars(event_at))


def span(first, last):
    """The days from the first to the last, both included."""
    return [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]


@clock
@given(counts(), st.timedeltas(dt.timedelta(0), dt.timedelta(days=120)))
def test_later_event_is_never_due_earlier(count, later):
    """Who asks later is not answered by an earlier date."""
    term, event_at, days = count
    assert due(term, event_at, days).ends_at <= due(term, event_at + later, days).ends_at


@clock
@given(counts((*COUNTED, "hour")), st.integers(1, 10))
def test_longer_term_never_ends_earlier(count, more):
    """A term of more days, months or hours does not end before one of fewer; so an extension never shortens."""
    term, event_at, days = count
    assert due(term, event_at, days).ends_at <= due(longer(term, more), event_at, days).ends_at


@clock
@given(counts())
def test_nothing_is_due_on_a_day_off(count):
    """Nothing is due on a day off but what runs by the hour, or at once."""
    term, event_at, days = count
    found = due(term, event_at, days)
    assert (found.at is None) == (term.unit not in BY_THE_CLOCK)
    assert found.on is None or days.is_working(found.on)


@clock
@given(counts(("working_day",)))
def test_working_days_are_counted_one_by_one(count):
    """From the day after the event to the due date there are as many working days as the term has; the rest are its days off."""
    term, event_at, days = count
    found = due(term, event_at, days)
    counted = span(day_of(event_at), found.on)[1:]
    assert sum(map(days.is_working, counted)) == term.amount
    assert list(found.days_off) == [day for day in counted if not days.is_working(day)]


@clock
@given(counts(("day", "month", "year", "day_of_next_month")))
def test_calendar_term_moves_only_over_days_off(count):
    """A term by the calendar ends on its own day, or moves over days off, each of them named, to the first that is worked."""
    term, event_at, days = count
    found, event_on = due(term, event_at, days), day_of(event_at)
    own = found.days_off[0] if found.days_off else found.on
    assert list(found.days_off) == span(own, found.on)[:-1]
    assert not any(map(days.is_working, found.days_off))
    months = (own.year - event_on.year) * 12 + own.month - event_on.month
    own_days = {
        "day": (own - event_on).days == term.amount,
        "month": months == term.amount and own.day <= event_on.day,
        "year": months == 12 * term.amount and own.day <= event_on.day,
        "day_of_next_month": months == 1 and own.day <= term.amount,
    }
    assert own_days[term.unit]


@clock
@given(counts(("before_event",)))
def test_before_the_event_is_the_last_working_day_before_it(count):
    """Nothing is worked between the due date and the event, and all those days are named."""
    term, event_at, days = count
    found = due(term, event_at, days)
    between = span(found.on, day_of(event_at))[1:-1]
    assert found.on < day_of(event_at)
    assert list(found.days_off) == between and not any(map(days.is_working, between))


@clock
@given(events, days_named, st.data())
def test_day_that_was_named_is_never_moved_later(event_at, named, data):
    """A body gets its answer by the day it names; earlier only over days off, and never before its letter came."""
    days = data.draw(calendars(start_of(named)))
    found = due(Term(0, "as_requested"), event_at, days, asked_on=named)
    assert found.on <= named
    assert list(found.days_off) == span(found.on, named)[1:]
    assert not any(map(days.is_working, found.days_off))
    if found.on < named:
        assert days.is_working(found.on) and found.on >= day_of(event_at)


@clock
@given(st.lists(days_named.map(Due) | events.map(lambda at: Due(at=at)) | st.just(Due()), max_size=6))
def test_strictest_is_the_minimum(dues):
    """No term ends before the one that binds, and none of those before it in the list ends with it."""
    place, ends = strictest(dues), [each.ends_at for each in dues if each.ends_at]
    if not ends:
        assert place is None
        return
    assert dues[place].ends_at == min(ends)
    assert all(each.ends_at != min(ends) for each in dues[:place])


@clock
@given(counts((*DeadlineUnit.values,)), st.sampled_from(["en", "ru", "kk"]), st.none() | days_named)
def test_arithmetic_names_the_date_in_every_language(count, language, asked_on):
    """Whatever was counted can be explained, and the explanation names the date."""
    term, event_at, days = count
    found = due(term, event_at, days, asked_on=asked_on)
    with translation.override(language):
        sentence = arithmetic(term, event_at, found, days)
    named = found.on or (found.at and found.at.astimezone(HOME_ZONE).date())
    assert sentence if named is None else f"{named:%d.%m.%Y}" in sentence
    assert all(f"{day:%d.%m.%Y}" in sentence for day in found.days_off)
