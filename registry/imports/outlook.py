"""What undoing a run would do, as far as can be told beforehand."""

from typing import NamedTuple

from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from registry.exports.shared_addresses import opted_out_for_others
from registry.models import Block, DataSubject, ImportRun, JournalEntry, JournalSubject
from registry.models.among import among

from .undo import came_later, written_by

# More people than this who are left are not counted out.
MOST = 1000


class Outlook(NamedTuple):
    """In people: removed again, put back to their values before, left because they were changed since, are blocked or opted out (at
    most MOST, then `more`). purposes: of people, that the import moved or stopped.
    """

    removed: int
    put_back: int
    left: int
    more: bool
    purposes: int


def outlook(run) -> Outlook:
    """Of a run that is at its end. The counts are of rows as they were applied; whoever is left is among them."""
    if run.last_seq is None:  # from before this was kept, or nothing was written
        return Outlook(run.new, run.changed, 0, False, 0)
    written = written_by(run)
    later = JournalSubject.objects.filter(entry_id__gt=run.last_seq, entry__history_id__isnull=False)
    since = later.exclude(entry__run=run.pk).filter(uid__in=written.order_by().values("uid"))
    touched = since.order_by().values("uid", "entry__run").annotate(last=Max("entry_id"))
    # Whom a later run's own undo put back, nothing of that run changed.
    taken_back = (ImportRun.State.UNDOING, ImportRun.State.UNDONE, ImportRun.State.CANCELLED)
    others = ImportRun.objects.filter(operator=run.operator, state__in=taken_back, last_seq__gt=run.last_seq)
    for other, last_seq in others.values_list("pk", "last_seq"):
        touched = touched.exclude(entry__run=other, last__gt=last_seq)
    blocked = Block.objects.standing().filter(operator=run.operator).order_by().values("subject__uid")
    people = set(written.filter(uid__in=blocked).order_by().values_list("uid", flat=True).distinct()[: MOST + 1])
    if came_later(run):
        people.update(_opted_out(run, written)[: MOST + 1])
    for row in touched.iterator():
        people.add(row["uid"])
        if len(people) > MOST:
            break
    moved = JournalEntry.objects.filter(
        run=run.pk, object_type="subjectpurpose", seq__gte=run.first_seq, seq__lte=run.last_seq
    )
    return Outlook(run.new, run.changed, min(len(people), MOST), len(people) > MOST, moved.count())


def _opted_out(run, written):
    """Of whom the run recorded an opt-out: neither those put back already, nor those it added, who leave with theirs, unless that
    holds for somebody else."""
    held = list(opted_out_for_others(run.operator, timezone.localdate()))
    held = DataSubject.objects.filter(among("id", held)).order_by().values("uid")
    own = JournalSubject.objects.filter(uid=OuterRef("uid"), entry__run=run.pk, entry__history_id__isnull=False)
    added = Q(entry__object_type="datasubject", entry__action="create") & ~Q(uid__in=held)
    opted_out = written.filter(
        ~Exists(own.filter(added | Q(entry_id__gt=run.last_seq))), entry__object_type="suppression"
    )
    return opted_out.order_by().values_list("uid", flat=True).distinct()
