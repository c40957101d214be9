"""Who is to be told by when: what recipients and people are owed, and notices of disclosures; counted by day, never by name."""

import datetime as dt
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


def due_tellings(operator, today, limit=None) -> list[DueTelling]:
    """What the operator owes a word about, what is due first, first; the first `limit` of it. A word keeps its uid while it is owed."""
    found = [*_obligations(operator, limit), *_notices(operator, today, limit)]
    return sorted(found, key=lambda due: due.urgency)[:limit]


def _obligations(operator, limit):
    owed = (
        Obligation.objects.open().filter(operator=operator).order_by(F("due_on").asc(nulls_last=True), "what", "norm")
    )
    counted = list(owed.values_list("what", "due_on", "norm").annotate(Count("pk"))[:limit])
    norms = Norm.objects.select_related("law").in_bulk({norm for _what, _day, norm, _count in counted if norm})
    for what, due_on, norm, count in counted:
        yield DueTelling(_uid(operator, what, due_on, norm), what, count, due_on, norms.get(norm))


def _notices(operator, today, limit):
    waiting = Disclosure.objects.to_tell().filter(operator=operator)
    waiting = waiting.order_by(F("notice_due_on").asc(nulls_last=True))
    counted = list(waiting.values_list("notice_due_on").annotate(Count("pk"))[:limit])
    rule = first_due(operator, [Trigger.THIRD_PARTY_TRANSFER], start_of(today))[0] if counted else None
    for due_on, count in counted:
        yield DueTelling(_uid(operator, NOTICE, due_on), NOTICE, count, due_on, rule and rule.norm)


def _uid(operator, *said):
    return uuid5(operator.uid, ":".join(map(str, said)))
