"""Every export is two journal entries, before its first byte and after its last, and a run that keeps what they commit to."""

from django.utils import timezone

from registry.journal import record, unit_of_work
from registry.journal.canonical import public_commitment
from registry.models import ExportRun, JournalEntry

STARTED, FINISHED = "export.start", "export.finish"


def start(kind, *, by, role, operator=None, reason="", filter, subjects=()):
    """Opens the run of an export: what leaves (`filter`) stands in the journal before its first byte does.

    `operator` is None for an export over all operators; `subjects` are the uids of the people it is about.
    """
    with unit_of_work(by=by, role=role, operator=operator, reason=reason):
        run = ExportRun.objects.create(operator=operator, kind=kind, filter=filter, reason=reason, started_by=by)
        record(
            STARTED,
            object_type="exportrun",
            uid=run.uid,
            uids=subjects,
            run=run.pk,
            public=public_commitment(asked(run)),
        )
    return run


def finish(run, *, count, digest, role):
    """Closes the run: how many lines left and the SHA-256 of the file."""
    with unit_of_work(by=run.started_by, role=role, operator=run.operator):
        run.count, run.digest, run.finished_at = count, digest, timezone.now()
        run.save(update_fields=["count", "digest", "finished_at"])
        record(
            FINISHED,
            object_type="exportrun",
            uid=run.uid,
            run=run.pk,
            count=count,
            public=public_commitment(given(run)),
        )
    return run


def asked(run):
    return {"uid": str(run.uid), "kind": run.kind, "filter": run.filter}


def given(run):
    return {"uid": str(run.uid), "count": run.count, "digest": run.digest}


def altered():
    """Pairs of a run and what of it is not as its journal entries say."""
    said = {}
    entries = JournalEntry.objects.filter(object_type="exportrun", action__in=(STARTED, FINISHED)).order_by("seq")
    for run_id, action, body in entries.values_list("run", "action", "body").iterator():
        said[run_id, action] = body
    for run in ExportRun.objects.order_by("pk").iterator():
        if public_commitment(asked(run)) not in said.get((run.pk, STARTED), ""):
            yield run, "kind, filter"
        if (run.pk, FINISHED) in said and public_commitment(given(run)) not in said[run.pk, FINISHED]:
            yield run, "count, digest"
        elif run.finished_at and (run.pk, FINISHED) not in said:
            yield run, "finished_at"
