"""Rows of a planned file in chunks to be written. A row of which the plan showed that it writes nothing is counted, not read again."""

from collections import Counter
from typing import NamedTuple

from registry.models import DataSubject, JournalEntry

from .compare import CHANGED, NEW
from .crm_file import CRMFile
from .preview import LETTERS

WRITES = frozenset((LETTERS[NEW], LETTERS[CHANGED]))
KIND_OF = {letter: kind for kind, letter in LETTERS.items()}
# How many rows one transaction passes over for each that it may write: progress is told with every transaction.
PASSED_OVER = 20
# More people than these are not told apart: then every row is read again.
CHANGED_SINCE = 10_000


class Chunk(NamedTuple):
    """rows: what is to be written; letters: what the plan showed of each; passed: how many of which kind stand between them."""

    rows: list
    letters: str
    passed: Counter

    @property
    def length(self):
        return len(self.rows) + self.passed.total()


class PlannedRows:
    """The rows of `file` from number `skip` on. kinds: the letters of the plan; seq: the entry it was made after."""

    def __init__(self, file: CRMFile, run, *, kinds, seq):
        self.file, self.kinds, self.skip = file, kinds, run.rows_done
        self.changed = _changed_since(run, seq)

    def chunks(self):
        """What the plan showed to stay as it is stays so, unless somebody changed the person before it was applied."""
        size = self.file.rows_at_once()
        rows, letters, passed = [], [], Counter()
        for row, letter in zip(self.file.rows(skip=self.skip), self.kinds[self.skip :], strict=True):
            if letter in WRITES or self._is_to_be_read(row):
                rows.append(row)
                letters.append(letter)
            else:
                passed[KIND_OF[letter]] += 1
            if len(rows) == size or len(rows) + passed.total() == PASSED_OVER * size:
                yield Chunk(self.file.cleaned(rows), "".join(letters), passed)
                rows, letters, passed = [], [], Counter()
        if rows or passed:
            yield Chunk(self.file.cleaned(rows), "".join(letters), passed)

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
