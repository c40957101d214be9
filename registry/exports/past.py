"""The register as it stood: by journal order, never by the dates of history rows (they are taken before the commit)."""

import bisect
import datetime as dt
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from registry.journal.canonical import GENESIS
from registry.journal.canonical import moment as utc_text
from registry.journal.models import JournalEntry, JournalHead
from registry.journal.reconcile import pieces
from registry.models import Operator
from registry.rules.dates import HOME_ZONE


class Moment(NamedTuple):
    """A moment of the register: everything up to entry `seq` had happened by `at`. `hash` and `numbers` are its head note."""

    at: dt.datetime
    seq: int
    hash: str
    stamped_at: dt.datetime | None
    numbers: tuple[tuple[str, int], ...]

    @property
    def day(self):
        return self.at.astimezone(HOME_ZONE).date()

    @property
    def text(self):
        return self.at.astimezone(HOME_ZONE).isoformat(timespec="microseconds")

    @property
    def head_note(self):
        lines = ["PDR1 head", f"seq {self.seq}", f"hash {self.hash}"]
        lines.append(f"at {utc_text(self.stamped_at) if self.stamped_at else '-'}")
        return [*lines, *(f"n {code} {number}" for code, number in self.numbers)]


def parse_moment(text, now):
    """A day (its end in Almaty; today is now) or a time (of Almaty, where it names no zone); None, that is now, for nothing.

    Raises ValidationError for what is neither and for what lies after `now`.
    """
    text = (text or "").strip()
    if not text:
        return None
    try:
        day, at = parse_date(text), parse_datetime(text)
        if day is not None:
            if day == now.astimezone(HOME_ZONE).date():
                return None
            # fold: on 29 February 2024 the clock went back at midnight, the last hour of that day came twice
            at = dt.datetime.combine(day, dt.time.max, HOME_ZONE).replace(fold=1)
        if at is not None:
            at = (at.replace(tzinfo=HOME_ZONE) if timezone.is_naive(at) else at).astimezone(dt.UTC)
    except (ValueError, OverflowError):  # OverflowError: in Greenwich it is before the year 1 or after 9999
        at = None
    if at is None:
        message = _("“%s” is no moment. Write a day as 2026-01-31 or a time as 2026-01-31T18:00:00+05:00.")
        raise ValidationError(message % text)
    if at > now:
        now_text = now.astimezone(HOME_ZONE).isoformat(timespec="seconds")
        raise ValidationError(
            _("%(moment)s is still to come (now is %(now)s). Choose a moment that has passed.")
            % {"moment": text, "now": now_text}
        )
    return at


def shown(text):
    """A moment that `parse_moment` takes, for people: a day as it is, of a time the minute on the clocks of Almaty."""
    at = parse_datetime(text)
    if at is None or parse_date(text):
        return text
    at = at if timezone.is_naive(at) else at.astimezone(HOME_ZONE)
    return at.strftime("%Y-%m-%d %H:%M")


def resolve(at, operator_code):
    """The moment of the register at time `at`, or of its last entry for None.

    The head lock is taken once, so that no entry of an earlier time can still be on its way.
    """
    with transaction.atomic():
        JournalHead.locked()
        entries = JournalEntry.objects.order_by("-at", "-seq")  # times never go back, and they are indexed
        last = entries.first() if at is None else entries.filter(at__lte=at).first()
    if last is None:
        return Moment(at or timezone.now(), 0, GENESIS.hex(), None, ())
    own = own_number(operator_code, last.seq)
    numbers = ((operator_code, own),) if own else ()
    return Moment(at or last.at, last.seq, last.hash, last.at, numbers)


def own_number(operator_code, seq):
    """The last number that the operator's entries had reached by entry `seq`; 0 for none.

    Numbers rise with the journal, so they are halved until it is found: each look is one step in the index of the numbers,
    while a search by `seq` would walk over everybody else's entries.
    """
    # What the partial index leaves out is named: SQLite does not conclude it from the operator's code.
    own = JournalEntry.objects.filter(operator=operator_code).exclude(operator="").values_list("n", "seq")
    last = own.order_by("-n").first()
    if last is None:
        return 0
    if last[1] <= seq:
        return last[0]
    return bisect.bisect_right(range(1, last[0]), seq, key=lambda n: own.filter(n__gte=n).order_by("n").first()[1])


def is_owned(model):
    return any(field.name == "operator" for field in model._meta.fields)


class Past:
    """The records of one operator, and the laws, as they were at a moment; as rows of their history.

    Relations are followed here, by id: a foreign key of a history row would lead to the record of today.
    """

    def __init__(self, moment, operator_code):
        self.moment, self.operator_code = moment, operator_code
        self._rows, self._groups = {}, {}

    def rows(self, model):
        """The model's records then, by id."""
        if model not in self._rows:
            self._rows[model] = {row.id: row for row in self._read(model)}
        return self._rows[model]

    def _read(self, model):
        """The latest rows by then, of the records that were not deleted.

        The history of a register is small and the journal is not: each history row looks for its own entry, by the unique index.
        """
        latest = {}
        for piece in pieces(self._history(model), "history_id"):
            by_then = self._by_then(model, piece)
            latest |= {row.id: row for row in piece if row.history_id in by_then}
        return sorted((row for row in latest.values() if row.history_type != "-"), key=lambda row: row.id)

    def _history(self, model):
        if model is Operator:
            return model.history.filter(code=self.operator_code)
        if is_owned(model):
            return model.history.filter(operator_id__in=list(self.rows(Operator)))
        return model.history.all()

    def _by_then(self, model, rows):
        """Which of these history rows were written by the moment."""
        entries = JournalEntry.objects.filter(
            object_type=model._meta.model_name,
            history_id__in=[row.history_id for row in rows],
            operator=self.operator_code if model is Operator or is_owned(model) else "",
            seq__lte=self.moment.seq,
        )
        return set(entries.order_by().values_list("history_id", flat=True))

    def get(self, model, pk):
        return self.rows(model).get(pk) if pk is not None else None

    def of(self, model, name, pk):
        """The rows of `model` whose foreign key `name` led to the record `pk`."""
        if (model, name) not in self._groups:
            groups = self._groups[model, name] = {}
            for row in self.rows(model).values():
                groups.setdefault(getattr(row, f"{name}_id"), []).append(row)
        return self._groups[model, name].get(pk, [])
