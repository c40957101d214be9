"""Every export is two journal entries, before its first byte and after its last, and a run that keeps what they commit to."""

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.journal import record, unit_of_work
from registry.journal.canonical import moment, personal_commitment, public_commitment
from registry.journal.reconcile import UNREADABLE, Finding, pieces, said
from registry.models import ExportRun, JournalEntry

STARTED, FINISHED = "export.start", "export.finish"
NO_REASON = gettext_lazy("Say why: the export of people keeps the reason.")


def say_why(reason):
    """ValidationError where somebody exports people without a reason."""
    if not reason.strip():
        raise ValidationError(NO_REASON)


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
            personal=reason_commitment(run),
        )
    return run


def finish(run, *, count, digest, role, subjects=(), files=None):
    """Closes the run: how many lines left and the SHA-256 of the file. `subjects` are the uids of the people it is about.

    `files` are the SHA-256 of all files by name, where there are several: they stand in the entry itself.
    """
    with unit_of_work(by=run.started_by, role=role, operator=run.operator):
        run.count, run.digest, run.finished_at = count, digest, timezone.now()
        run.save(update_fields=["count", "digest", "finished_at"])
        record(
            FINISHED,
            object_type="exportrun",
            uid=run.uid,
            uids=subjects,
            run=run.pk,
            count=count,
            public=public_commitment(given(run)),
            files=[f"{name} {sha256}" for name, sha256 in sorted(files.items())] if files else None,
        )
    return run


def entry_of(run, action):
    """The entry by which the run was started or finished; None where it was not."""
    return JournalEntry.objects.filter(object_type="exportrun", object_uid=run.uid, action=action).first()


def files_of(run):
    """The SHA-256 of the files of a finished run by name; empty where its entry names none."""
    entry = entry_of(run, FINISHED)
    return dict(line.split(" ") for line in said(entry).get("files") or ()) if entry else {}


def asked(run):
    return {"uid": str(run.uid), "kind": run.kind, "filter": run.filter, "started_at": moment(run.started_at)}


def given(run):
    return {"uid": str(run.uid), "count": run.count, "digest": run.digest, "finished_at": moment(run.finished_at)}


def reason_commitment(run):
    """A reason is free text and may name a person: salted, like every personal value."""
    return personal_commitment(run.salt, {"reason": run.reason})


def findings():
    """Exports that are not as the journal tells of them, for reconcile: entries without their run, and runs that differ."""
    told = JournalEntry.objects.filter(object_type="exportrun", action__in=(STARTED, FINISHED))
    for piece in pieces(told, "seq"):
        runs = ExportRun.objects.select_related("operator").in_bulk(
            {entry.object_uid for entry in piece}, field_name="uid"
        )
        for entry in piece:
            run = runs.get(entry.object_uid)
            problems = _differences(run, entry) if run else [_("it is gone, entry %s tells of it") % entry.seq]
            yield from (Finding(f"exportrun {entry.object_uid}", problem) for problem in problems)
    of_run = told.filter(object_uid=OuterRef("uid"))
    untold = ExportRun.objects.exclude(Exists(of_run.filter(action=STARTED)))
    for run in untold.order_by("pk").iterator():
        yield Finding(f"exportrun {run.uid}", _("no entry tells that it was started"))
    unfinished = ExportRun.objects.filter(finished_at__isnull=False).exclude(Exists(of_run.filter(action=FINISHED)))
    for run in unfinished.order_by("pk").iterator():
        yield Finding(f"exportrun {run.uid}", _("no entry tells that it was finished"))


def _differences(run, entry):
    """What of a run is not as this entry of it says."""
    body = said(entry)
    if entry.action == FINISHED:
        if not _opens(body.get("public"), lambda: public_commitment(given(run))):
            yield _("count, digest or time of the end are not as entry %s says") % entry.seq
        return
    if not _opens(body.get("public"), lambda: public_commitment(asked(run))):
        yield _("kind, filter or time of the start are not as entry %s says") % entry.seq
    if not _opens(body.get("personal"), lambda: reason_commitment(run)):
        yield _("the reason is not as entry %s says") % entry.seq
    if (entry.run, entry.operator, entry.actor) != (
        run.pk,
        run.operator.code if run.operator else "",
        run.started_by_id,
    ):
        yield _("number, operator or user are not as entry %s says") % entry.seq


def _opens(commitment, made):
    try:
        return commitment == made()
    except UNREADABLE:
        return False
