"""Who is to be told by when, counted whole for the calendar and only so far for the desk."""

import datetime as dt

import pytest

from registry.exports.due_tellings import due_tellings
from registry.models import Obligation
from tests.disclosing import make_recipient
from tests.factories import make_operator, make_rule, make_subject, save

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 4, 2)
FIRST, SECOND = dt.date(2026, 4, 6), dt.date(2026, 4, 7)


@pytest.fixture
def norms(lapp):
    return [make_rule(code).norm for code in ("KZ-STOP", "KZ-TELL")]


@pytest.fixture
def owed(lapp, norms):
    """Of two kinds, by two days and by none, on two norms; some are done, some are another operator's."""
    person, recipient = make_subject(lapp), make_recipient(lapp)
    said = [
        ("stop", FIRST, 0, 3),
        ("inform", FIRST, 1, 4),
        ("inform", FIRST, 0, 1),
        ("stop", SECOND, 0, 2),
        ("stop", SECOND, None, 1),
        ("inform", None, None, 2),
    ]
    for what, due_on, norm, count in said:
        norm = None if norm is None else norms[norm]
        for _each in range(count):
            owes = {"operator": lapp, "subject": person, "recipient": recipient}
            save(Obligation(**owes, what=what, due_on=due_on, norm=norm))
    save(
        Obligation(
            operator=lapp, subject=person, what="stop", due_on=FIRST, done_at=dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
        )
    )
    kazger = make_operator("kazger")
    save(Obligation(operator=kazger, subject=make_subject(kazger), what="stop", due_on=FIRST))


def told(operator, **how):
    found = due_tellings(operator, TODAY, **how)
    return sorted((each.due_on or dt.date.max, each.what, str(each.norm), each.count, each.uid) for each in found)


@pytest.mark.parametrize("most", [5, 6, 100])
def test_what_is_not_too_many_is_counted_whole(lapp, owed, most):
    """However many rows are read at a time: the same words, days, norms and numbers as of the calendar."""
    assert len(told(lapp)) == 6
    assert told(lapp, most=most) == told(lapp)


def test_more_of_a_day_than_are_counted_are_one_more(lapp, norms, owed):
    """Of all norms together, for how many are of which is not known; a norm is named where no other was met."""
    found = due_tellings(lapp, TODAY, most=2)
    assert [(each.what, each.due_on, each.norm, each.count) for each in found] == [
        ("inform", FIRST, norms[1], 3),
        ("stop", FIRST, norms[0], 3),
        ("stop", SECOND, None, 3),
        ("inform", None, None, 2),
    ]


@pytest.mark.parametrize("most", [None, 1, 2, 100])
def test_first_ones_are_the_most_urgent(lapp, owed, most):
    """The desk asks for no more than it shows."""
    whole = due_tellings(lapp, TODAY, most=most)
    assert [each.urgency for each in due_tellings(lapp, TODAY, limit=2, most=most)] == [
        each.urgency for each in whole[:2]
    ]
