"""What undoing a run would do, as far as can be told beforehand."""

from typing import NamedTuple

from registry.models import JournalSubject

# More people than this who changed since are not counted out.
MOST = 1000


class Outlook(NamedTuple):
    """In people: removed again, put back to their values before, left because they were changed since (at most MOST, then `more`)."""

    removed: int
    put_back: int
    changed_since: int
    more: bool


def outlook(run) -> Outlook:
    """Of a run that is at its end. The counts are of rows as they were applied; whoever changed since is among them."""
    if run.last_seq is None:  # from before this was kept, or nothing was written
        return Outlook(run.new, run.changed, 0, False)
    written = JournalSubject.objects.filter(
        entry__run=run.pk, entry__history_id__isnull=False, entry_id__gte=run.first_seq, entry_id__lte=run.last_seq
    )
    later = JournalSubject.objects.filter(entry_id__gt=run.last_seq, entry__history_id__isnull=False)
    since = later.exclude(entry__run=run.pk).filter(uid__in=written.order_by().values("uid"))
    found = since.order_by().values_list("uid").distinct()[: MOST + 1]
    count = len(found)
    return Outlook(run.new, run.changed, min(count, MOST), count > MOST)
