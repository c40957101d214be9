"""Who is to be told by when: what recipients and people are owed, and notices of disclosures; counted by day, never by name."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import NamedTuple
from uuid import UUID, uuid5

from django.db.models import Count, F

from registry.choices import Trigger
from registry.models import Disclosure, Norm, Obligation
from registry.models.deadline import first_due
from registry.rules.deadlines import start_of

NOTICE = "notice"
LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


class DueTelling(NamedTuple):
    """So many who are to be told the same by the same day. `what` is an obligation's, or NOTICE: the person, of a disclosure."""

    uid: UUID
    what: str
    count: int
    due_on: dt.date | None
    norm: Norm | None

    due_at = None  # told by a day, never by the hour

    @property
    def urgency(self):
        """To be sorted among DueCase: after the cases of its day."""
        return self.due_on or dt.date.max, float("inf"), LAST, self.what


def due_tellings(operator, today, limit=None, most=None) -> list[DueTelling]:
    """What the operator owes a word about, what is due first, first; the first `limit` of it. A word keeps its uid while it is owed.

    most: where more people than this are owed a word by one day, that and one are counted, whatever the norms; all without it.
    """
    found = [*_obligations(operator, limit, most), *_notices(operator, today, limit)]
    return sorted(found, key=lambda due: due.urgency)[:limit]


def _obligations(operator, limit, most):
    owed = Obligation.objects.filter(operator=operator)
    counted = _all(owed.open(), limit) if most is None else _so_far(owed.listed_open(), limit, most)
    norms = Norm.objects.select_related("law").in_bulk({norm for _what, _day, norm, _count in counted if norm})
    for what, due_on, norm, count in counted:
        yield DueTelling(_uid(operator, what, due_on, norm), what, count, due_on, norms.get(norm))


def _all(owed, limit):
    in_order = owed.order_by(F("due_on").asc(nulls_last=True), "what", "norm")
    return list(in_order.values_list("what", "due_on", "norm").annotate(Count("pk"))[:limit])


def _so_far(owed, limit, most):
    days = (_days_of(owed.filter(what=what), what, most) for what in sorted(Obligation.What.values))
    return list(islice(merge(*days, key=lambda each: (each[1] or dt.date.max, each[0])), limit))


def _days_of(owed, what, most) -> Iterator[tuple]:
    """(what, day, norm, how many), day after day; read by the index of the list, a few rows at a time."""
    left = owed.order_by("urgent_on", "pk").values_list("urgent_on", "due_on", "norm")
    while len(rows := list(left[: most + 1])) > most:
        whole = [row for row in rows if row[0] < rows[-1][0]]
        yield from _counted(whole, what) if whole else [_more_than_counted(rows, what)]
        left = left.filter(urgent_on__gt=(whole or rows)[-1][0])
    yield from _counted(rows, what)


def _counted(rows, what):
    for (_place, due_on, norm), count in Counter(rows).items():
        yield what, due_on, norm, count


def _more_than_counted(rows, what):
    """Of one day. The norm is said where it is that of all that were looked at."""
    norms = {norm for _place, _due_on, norm in rows}
    return what, rows[0][1], norms.pop() if len(norms) == 1 else None, len(rows)


def _notices(operator, today, limit):
    waiting = Disclosure.objects.to_tell().filter(operator=operator)
    waiting = waiting.order_by(F("notice_due_on").asc(nulls_last=True))
    counted = list(waiting.values_list("notice_due_on").annotate(Count("pk"))[:limit])
    rule = first_due(operator, [Trigger.THIRD_PARTY_TRANSFER], start_of(today))[0] if counted else None
    for due_on, count in counted:
        yield DueTelling(_uid(operator, NOTICE, due_on), NOTICE, count, due_on, rule and rule.norm)


def _uid(operator, *said):
    return uuid5(operator.uid, ":".join(map(str, said)))
