"""What is due: the open cases of an operator by urgency, for the command, the desk, the calendar feed and the reminders."""

import datetime as dt
from collections import Counter
from enum import StrEnum
from heapq import merge
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Prefetch, Q

from registry.choices import RequestKind
from registry.journal import record
from registry.models import AuthorityRequest, CaseDeadline, SubjectRequest
from registry.models.deadline import working_days
from registry.rules.deadlines import day_of
from registry.rules.working_days import ONE_DAY

SOON_WORKING_DAYS = 3
CASES = (SubjectRequest, AuthorityRequest)


class Standing(StrEnum):
    """How a case stands at a moment. One that is due on that very day is not late before the day is over."""

    OVERDUE = "overdue"
    TODAY = "today"
    SOON = "soon"  # within three working days
    LATER = "later"
    WITHOUT_TERM = "without_term"


class Horizon(NamedTuple):
    """A moment, its day in Almaty, and the last day that is soon, by the calendar of the operator's country."""

    at: dt.datetime
    today: dt.date
    soon_on: dt.date

    @classmethod
    def of(cls, operator, at):
        day = today = day_of(at)
        days = working_days(operator.country or "KZ")
        for _each in range(SOON_WORKING_DAYS):
            day = days.next_working(day + ONE_DAY)
        return cls(at, today, day)

    def standing(self, due_on, due_at):
        day = day_of(due_at) if due_at else due_on
        if day is None:
            return Standing.WITHOUT_TERM
        if due_at < self.at if due_at else due_on < self.today:
            return Standing.OVERDUE
        if day == self.today:
            return Standing.TODAY
        return Standing.SOON if day <= self.soon_on else Standing.LATER


class DueCase(NamedTuple):
    """An open case with the term that binds it. Without a date where nobody set a term; then it has no norm either.

    `law` is the code of the law, None for what the operator's own policy promises; `norm` the citation with its mark, or the
    clause of the policy.
    """

    case: SubjectRequest | AuthorityRequest
    kind: str
    label: str
    person: UUID | None
    received_at: dt.datetime
    due_on: dt.date | None
    due_at: dt.datetime | None
    law: str | None
    norm: str | None
    standing: Standing

    @property
    def is_overdue(self):
        return self.standing == Standing.OVERDUE

    @property
    def deadline(self):
        """The deadline that binds, or None."""
        return next(iter(self.case.binding), None)

    @property
    def urgency(self):
        """What is due first, first; a moment before the day it lies in, what has no term last."""
        day = day_of(self.due_at) if self.due_at else self.due_on
        moment = self.due_at.timestamp() if self.due_at else float("inf")
        return day or dt.date.max, moment, self.received_at, self.case.number


def due_cases(operator, at, limit=None) -> list[DueCase]:
    """The cases of the operator that were open at that moment, the most urgent first; the first `limit` of them.

    Received by then and not closed by then. Sorting and terms are those that stand now: a case that was extended or sorted
    after the moment is listed with its present date.
    """
    horizon = Horizon.of(operator, at)
    found = [_of_model(model, operator, horizon, limit) for model in CASES]
    return list(islice(merge(*found, key=lambda due: due.urgency), limit))


def _of_model(model, operator, horizon, limit):
    binding = CaseDeadline.objects.filter(is_binding=True).select_related("law", "norm__law", "clause")
    cases = _open_at(model, operator, horizon.at).select_related("operator").annotate(person=F("subject__uid"))
    cases = cases.by_urgency().prefetch_related(Prefetch("casedeadlines", binding, to_attr="binding"))
    return sorted((_due(case, horizon) for case in cases[:limit]), key=lambda due: due.urgency)


def _open_at(model, operator, at):
    still_open = Q(closed_at__isnull=True) | Q(closed_at__gt=at)
    return model.objects.filter(still_open, operator=operator, received_at__lte=at)


def _due(case, horizon):
    deadline = next(iter(case.binding), None)
    return DueCase(
        case,
        case.kind,
        case.get_kind_display(),
        case.person,
        case.received_at,
        case.due_on,
        case.due_at,
        deadline.law.code if deadline and deadline.law_id else None,
        deadline.citation if deadline else None,
        horizon.standing(case.due_on, case.due_at),
    )


class DueCounts(NamedTuple):
    """How many of the open cases stand how; those nobody has sorted yet are among the others, too."""

    open: int
    overdue: int
    today: int
    soon: int
    later: int
    without_term: int
    unsorted: int


def due_counts(operator, at) -> DueCounts:
    """The cases that due_cases lists, counted."""
    horizon, counted = Horizon.of(operator, at), Counter()
    for model in CASES:
        for kind, due_on, due_at in _open_at(model, operator, at).values_list("kind", "due_on", "due_at"):
            counted.update(["open", horizon.standing(due_on, due_at)])
            counted["unsorted"] += kind == RequestKind.UNSORTED
    return DueCounts(**{name: counted[name] for name in DueCounts._fields})


def record_listed(operator, found):
    """Notes in the journal that these cases were listed, with the people whose they are."""
    uids = list(dict.fromkeys(due.person for due in found if due.person))
    record("list", operator=operator, object_type=SubjectRequest._meta.model_name, uids=uids, count=len(found))
