"""Rows of a planned file in chunks to be written. A row of which the plan showed that it writes nothing is counted, not read again."""

import datetime as dt
from collections import Counter
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.models import DataSubject, JournalEntry

from . import storage
from .compare import CHANGED, NEW, Comparison
from .crm_file import CRMFile, as_said
from .inspection import FileRefused
from .pace import TOGETHER
from .preview import LETTERS
from .reference import Reference

WRITES = frozenset((LETTERS[NEW], LETTERS[CHANGED]))
KIND_OF = {letter: kind for kind, letter in LETTERS.items()}
# How many rows one transaction passes over for each that it may write: progress is told with every transaction.
PASSED_OVER = 20
# More people than these are not told apart: then every row is read again.
CHANGED_SINCE = 10_000


class Planned(NamedTuple):
    """What the plan was made under, and what it showed of each row. seq: the journal's last entry before it. reason: confirmed with it."""

    file: CRMFile
    comparison: Comparison
    seq: int
    kinds: str
    reason: str

    @classmethod
    def of(cls, run):
        """FileRefused where file or register are no longer those of the plan."""
        plan = storage.read_plan(run)
        today = dt.date.fromisoformat(plan["today"])
        file = CRMFile(storage.file_of(run), as_said(plan["said"]), today=today)
        if file.inspected.sha256 != run.sha256:
            raise FileRefused(_("The file is not the one that was planned. Upload it again."))
        reference = Reference(run.operator)
        if reference.digest() != plan["reference"]:
            raise FileRefused(
                _("Purposes, policies or data lists of the register changed since the plan. Upload the file again.")
            )
        file.repeated = plan.get("repeated")
        comparison = Comparison(reference, file.columns, today=today, accept_damaged_names=run.accept_damaged_names)
        return cls(file, comparison, plan["seq"], plan["kinds"], plan.get("reason", ""))


class Chunk(NamedTuple):
    """rows: what is to be written, as it stands in the file; letters: what the plan showed of each; passed: how many of which kind stand between them."""

    rows: list
    letters: str
    passed: Counter

    @property
    def length(self):
        return len(self.rows) + self.passed.total()


class PlannedRows:
    """The rows of a plan's file. changed: whom somebody else has changed since; None where that cannot be told."""

    def __init__(self, planned: Planned, run):
        self.file, self.kinds = planned.file, planned.kinds
        self.size = self.file.rows_at_once()
        self.run, self.seq = run, planned.seq

    @cached_property
    def changed(self):
        return _changed_since(self.run, self.seq)

    def still_to_write(self, skip):
        """How many rows behind the first `skip` ones the plan showed to write anything."""
        return sum(self.kinds.count(letter, skip) for letter in WRITES)

    def chunks(self, skip):
        """Lists of chunks that one transaction may write, from row number `skip` on."""
        size = -(-self.size // TOGETHER)
        chunks = self._chunks(skip, size)
        while together := list(islice(chunks, self.size // size)):
            yield together

    def _chunks(self, skip, size):
        """What the plan showed to stay as it is stays so, unless somebody changed the person since."""
        rows, letters, passed = [], [], Counter()
        for row, letter in zip(self.file.rows(skip=skip), self.kinds[skip:], strict=True):
            if letter in WRITES or self._is_to_be_read(row):
                rows.append(row)
                letters.append(letter)
            else:
                passed[KIND_OF[letter]] += 1
            if len(rows) == size or len(rows) + passed.total() == PASSED_OVER * size:
                yield Chunk(rows, "".join(letters), passed)
                rows, letters, passed = [], [], Counter()
        if rows or passed:
            yield Chunk(rows, "".join(letters), passed)

    def _is_to_be_read(self, row):
        return self.changed is None or (bool(self.changed) and self.file.crm_id(row) in self.changed)


def _changed_since(run, seq):
    """Every CRM id, the former ones included, of people whom somebody else changed after that entry; None where it cannot be told."""
    entries = JournalEntry.objects.filter(operator=run.operator.code, seq__gt=seq, history_id__isnull=False)
    others = entries.exclude(run=run.pk).filter(subjects__uid__isnull=False).order_by()
    uids = set(others.values_list("subjects__uid", flat=True).distinct()[: CHANGED_SINCE + 1])
    if len(uids) > CHANGED_SINCE:
        return None
    people = list(DataSubject.objects.filter(uid__in=uids).values_list("pk", flat=True))
    if len(people) < len(uids):  # who was destroyed leaves no id
        return None
    told = DataSubject.history.filter(id__in=people).order_by()
    return set(told.values_list("crm_id", flat=True).distinct())
