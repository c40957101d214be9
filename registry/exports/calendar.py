"""Due dates as a calendar (.ics, RFC 5545): numbers, counts, kinds and norms; nobody's name, not even a uid of a person."""

import datetime as dt

from icalendar import Calendar, Event

from registry.rules.working_days import ONE_DAY

from .due_words import citation, kind_in_words, norm_in_words, telling_in_words

PRODUCT = "-//Personal data registry//Due dates//EN"
# How often a calendar program should look again.
LOOK_AGAIN = dt.timedelta(hours=1)


def calendar_file(operator, found, tellings=(), *, at, language="en") -> bytes:
    """What of `due_cases(operator, at)` and `due_tellings` has a date, an event each; a case keeps its uid whatever becomes of its date."""
    calendar = Calendar()
    for name, value in (
        ("prodid", PRODUCT),
        ("version", "2.0"),
        ("method", "PUBLISH"),
        ("x-wr-calname", operator.code),
        ("x-wr-timezone", "Asia/Almaty"),
        ("x-published-ttl", "PT1H"),
    ):
        calendar.add(name, value)
    calendar.add("refresh-interval", LOOK_AGAIN, parameters={"VALUE": "DURATION"})
    for due in found:
        if due.due_on or due.due_at:
            what = f"{due.case.number} · {kind_in_words(due.kind, language)}"
            calendar.add_component(_event(due, due.case.uid, what, _what_sets_it(due, language), at))
    for due in tellings:
        if due.due_on:
            what = f"{telling_in_words(due.what, language)} · {due.count}"
            cited = norm_in_words(due.norm, language) if due.norm else ""
            calendar.add_component(_event(due, due.uid, what, cited, at))
    return calendar.to_ical()


def _event(due, uid, what, cited, at):
    event = Event()
    event.add("uid", str(uid))
    event.add("dtstamp", at.astimezone(dt.UTC))
    event.add("summary", what)
    event.add("description", cited)
    if due.due_at:
        event.add("dtstart", due.due_at.astimezone(dt.UTC))
    else:
        event.add("dtstart", due.due_on)
        event.add("dtend", due.due_on + ONE_DAY)
    event.add("status", "CONFIRMED")
    event.add("transp", "TRANSPARENT")  # a due date does not make the officer busy
    return event


def _what_sets_it(due, language):
    """The law and the norm; the law once, where the citation begins with it."""
    cited = citation(due.deadline, language)
    return cited if not due.law or cited.startswith(due.law) else f"{due.law}: {cited}"
