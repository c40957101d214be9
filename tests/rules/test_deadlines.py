"""The clock on single points: midnight, refused input, what binds, and the sentence that explains a date."""

import datetime as dt

import pytest

from registry.rules.deadlines import Due, Term, arithmetic, day_of, due, longer, start_of, strictest, term_in_words
from registry.rules.working_days import WorkingDays

from .law_files import moment

KZ = WorkingDays("KZ")
DAY = dt.date(2026, 4, 3)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-04-01T18:59:59.999999Z", "2026-04-01"),
        ("2026-04-01T19:00:00Z", "2026-04-02"),
        ("2024-01-31T17:59:59.999999Z", "2024-01-31"),  # UTC+6 until 1 March 2024
        ("2024-01-31T18:00:00Z", "2024-02-01"),
        ("2024-02-29T18:30:00Z", "2024-02-29"),  # the second 23:30 of that day
        ("2026-04-01T23:59:59-05:00", "2026-04-02"),  # a sender in another zone
    ],
)
def test_day_is_that_of_almaty(text, day):
    """A request belongs to the day it was in Almaty when it arrived, wherever it was sent from."""
    assert day_of(moment(text)).isoformat() == day


@pytest.mark.parametrize("day", ["2024-02-29", "2024-03-01", "2026-01-01", "2026-04-02"])
def test_day_starts_at_midnight_in_almaty(day):
    """Midnight is the first moment of its day; the moment before it is of the day before."""
    day = dt.date.fromisoformat(day)
    assert day_of(start_of(day)) == day
    assert day_of(start_of(day) - dt.timedelta(microseconds=1)) == day - dt.timedelta(days=1)


def test_term_ends_with_its_day():
    """The whole of the last day counts: it is over at midnight in Almaty, 19:00 UTC."""
    assert Due(DAY).ends_at == dt.datetime(2026, 4, 3, 19, tzinfo=dt.UTC)
    assert Due().ends_at is None


def test_moment_without_a_zone_is_refused():
    """Nobody knows which day 23:30 was, unless it is said where."""
    with pytest.raises(ValueError, match="nobody knows which day it was"):
        due(Term(3, "working_day"), dt.datetime(2026, 4, 1, 23, 30), KZ)


def test_unknown_unit_is_refused():
    """A term in weeks is not guessed at."""
    with pytest.raises(ValueError, match="“week” is no unit of a term."):
        due(Term(1, "week"), moment("2026-04-01"), KZ)


def test_extension_is_counted_from_the_same_event():
    """10 working days and 5 more are 15 from the event, not 5 from the end; a month and two are three."""
    assert longer(Term(10, "working_day"), 5) == Term(15, "working_day")
    assert longer(Term(1, "month"), 2) == Term(3, "month")


@pytest.mark.parametrize(
    ("dues", "place"),
    [
        ([], None),
        ([Due(), Due()], None),
        ([Due(), Due(DAY)], 1),
        ([Due(DAY + dt.timedelta(1)), Due(DAY)], 1),
        ([Due(DAY), Due(DAY)], 0),  # the first of equals
        # 3 April lasts until 19:00 UTC: an hour before that is earlier, an hour after it later
        ([Due(DAY), Due(at=moment("2026-04-03T18:00:00Z"))], 1),
        ([Due(DAY), Due(at=moment("2026-04-03T20:00:00Z"))], 0),
    ],
)
def test_what_ends_first_binds(dues, place):
    """Of several terms the one that ends first binds; one without a date binds only nobody."""
    assert strictest(dues) == place


@pytest.mark.parametrize(
    ("term", "words"),
    [
        (Term(1, "hour"), "1 hour"),
        (Term(24, "hour"), "24 hours"),
        (Term(1, "day"), "1 calendar day"),
        (Term(30, "day"), "30 calendar days"),
        (Term(1, "working_day"), "1 working day"),
        (Term(15, "working_day"), "15 working days"),
        (Term(1, "month"), "1 month"),
        (Term(6, "month"), "6 months"),
        (Term(1, "year"), "1 year"),
        (Term(3, "year"), "3 years"),
        (Term(15, "day_of_next_month"), "day 15 of the next month"),
        (Term(0, "at_once"), "at once"),
        (Term(0, "before_event"), "before the event"),
        (Term(0, "as_requested"), "as requested"),
    ],
)
def test_term_is_said_in_words(term, words):
    """A term reads as a lawyer would say it."""
    assert term_in_words(term) == words


def test_extension_is_said_with_its_term():
    """Whoever reads a rule sees by how much it can be extended."""
    assert term_in_words(Term(10, "working_day"), 5) == "10 working days, extendable once by 5 working days"
    assert term_in_words(Term(10, "working_day"), None) == "10 working days"


NAURYZ = (
    "21.03.2026 (Nowruz Holiday), 22.03.2026 (Nowruz Holiday), 23.03.2026 (Nowruz Holiday), 24.03.2026 (Nowruz Holiday (observed)), "
    "25.03.2026 (Nowruz Holiday (observed))"
)


@pytest.mark.parametrize(
    ("term", "event", "asked", "sentence"),
    [
        (Term(24, "hour"), "2026-05-08T18:00", "", "08.05.2026 18:00 + 24 hours = 09.05.2026 18:00, by the clock."),
        (Term(0, "at_once"), "2026-05-08T18:00", "", "At once: 08.05.2026 18:00, when it was received."),
        (Term(2, "working_day"), "2026-04-01", "", "01.04.2026 (not counted) + 2 working days = 03.04.2026."),
        (
            Term(3, "working_day"), "2026-03-20", "",
            f"20.03.2026 (not counted) + 3 working days, without {NAURYZ}, 28.03.2026 (Saturday), 29.03.2026 (Sunday) = 30.03.2026.",
        ),
        (Term(1, "month"), "2026-03-31", "", "31.03.2026 (not counted) + 1 month = 30.04.2026."),
        (
            Term(1, "day"), "2026-03-20", "",
            f"20.03.2026 (not counted) + 1 calendar day = 21.03.2026; over {NAURYZ} to the next working day, 26.03.2026.",
        ),
        (Term(15, "day_of_next_month"), "2026-08-31", "", "31.08.2026 (not counted) + day 15 of the next month = 15.09.2026."),
        (Term(0, "before_event"), "2026-09-01", "", "Before 01.09.2026: the last working day is 31.08.2026."),
        (
            Term(0, "before_event"), "2026-01-12", "",
            "Before 12.01.2026; days off before it: 10.01.2026 (Saturday), 11.01.2026 (Sunday); the last working day is 09.01.2026.",
        ),
        (Term(0, "as_requested"), "2026-04-01", "2026-04-24", "The request itself names 24.04.2026."),
        (
            Term(0, "as_requested"), "2026-07-07", "2026-07-11",
            "The request itself names 11.07.2026; off are 11.07.2026 (Saturday): 10.07.2026, the last working day before.",
        ),
        (Term(0, "as_requested"), "2026-04-01", "", "The term is the request’s own, and it names none."),
    ],
)  # fmt: skip
def test_date_explains_itself(term, event, asked, sentence):
    """Each date comes with the sentence by which an officer checks it on a calendar."""
    event_at = moment(event)
    found = due(term, event_at, KZ, asked_on=dt.date.fromisoformat(asked) if asked else None)
    assert arithmetic(term, event_at, found, KZ) == sentence
