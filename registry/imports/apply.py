"""Applies exactly the plan that was shown: in chunks, each one transaction with its history and entries; resumable."""

import datetime as dt
import time
from collections import Counter
from contextlib import closing, suppress
from typing import NamedTuple

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry import journal
from registry.choices import Role
from registry.journal import bulk
from registry.models import Agreement, Consent, DataSubject, ImportRun, JournalEntry
from registry.models.grounding import settle

from . import storage
from .compare import CHANGED, KINDS, STOPPED, Comparison
from .crm_file import CRMFile, Said
from .inspection import FileRefused
from .listed import store_anew
from .memory import seldom_collected
from .planned_rows import PlannedRows
from .preview import LETTERS
from .ready import Maker
from .reference import Reference
from .rows import Problem
from .storage import AlreadyTaken

TRIES = 3


def take(run, *, token, by, reason="") -> ImportRun:
    """Marks the run as being applied, once and for its owner only. AlreadyTaken where it is not waiting for this word.

    The reason is kept with the plan: whoever goes on after a crash goes on for the same reason.
    """
    mine = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.PLANNED, token=token, owner=by)
    with transaction.atomic():
        if not token or not mine.update(
            state=ImportRun.State.APPLYING, token="", rows_done=0, expires_at=None, **dict.fromkeys(KINDS, 0)
        ):
            raise AlreadyTaken
        if reason:
            with suppress(FileRefused):  # the plan is gone: apply refuses the run in a moment
                storage.write_plan(run, storage.read_plan(run) | {"reason": reason})
    run.refresh_from_db()
    return run


def may_finish(run, *, by, role):
    """Who may go on with a run that was cut off, or give up its rest: its owner, and every DPO, for owners leave."""
    return role == Role.DPO or run.owner_id == (by and by.pk)


def unfinished(operator, sha256, *, by, role):
    """A run of this very file that was cut off while being applied, and is for this user to finish, or None."""
    runs = ImportRun.objects.filter(operator=operator, sha256=sha256, state=ImportRun.State.APPLYING).order_by("pk")
    return next((run for run in runs if may_finish(run, by=by, role=role)), None)


def cancel(run, *, by, role):
    """Gives up a plan, or the rest of a run being applied: what was applied stays, and nothing more is.

    The file is deleted, the rejected rows stay for a while. AlreadyTaken where the run has meanwhile come to an end.
    """
    actor = {"by": by, "role": role, "operator": run.operator, "run": run.pk}
    with journal.unit_of_work(**actor):
        as_known = ImportRun.objects.filter(pk=run.pk, state=run.state)
        applied = {} if run.state == ImportRun.State.APPLYING else {"rows_done": 0}
        fields = {"state": ImportRun.State.CANCELLED, "token": "", "expires_at": storage.rejected_expiry()} | applied
        if not as_known.update(**fields):
            raise AlreadyTaken
        run.refresh_from_db()
        journal.record("import.cancel", object_type="importrun", uid=run.uid, count=run.rows_done)
    storage.discard(run)


@seldom_collected()
def apply(run, *, by, role, reason="", progress=None) -> ImportRun:
    """Applies a run that was taken, from where it stands: after a kill it goes on with the first chunk not committed.

    FileRefused where file or register are no longer those of the plan; AlreadyTaken where another process applies it.
    """
    begun = time.monotonic()
    actor = {"by": by, "role": role, "operator": run.operator, "run": run.pk}
    file, planned = _as_planned(run, actor)
    actor["reason"] = planned.reason or reason or _("CRM import #%(run)d") % {"run": run.pk}
    maker = Maker(planned.comparison, bulk.acting(**actor))
    rows = PlannedRows(file, run, kinds=planned.kinds, seq=planned.seq)
    with closing(maker.chunks(rows.chunks())) as chunks:
        for ready in chunks:
            _with_retries(run, ready, maker, planned, actor)
            if progress:
                progress(run.rows_done)
    _finish(run, actor, run.seconds + time.monotonic() - begun)
    return run


class Planned(NamedTuple):
    """What the plan was made under, and what it showed of each row. seq: the journal's last entry before it. reason: confirmed with it."""

    comparison: Comparison
    seq: int
    kinds: str
    reason: str


def _as_planned(run, actor):
    """(file, planned). A file or register that is no longer the plan's refuses the run before anything is written."""
    try:
        plan = storage.read_plan(run)
        today = dt.date.fromisoformat(plan["today"])
        file = CRMFile(storage.file_of(run), Said(**plan["said"]), today=today)
        if file.inspected.sha256 != run.sha256:
            raise FileRefused(_("The file is not the one that was planned. Upload it again."))
        reference = Reference(run.operator)
        if reference.digest() != plan["reference"]:
            raise FileRefused(
                _("Purposes, policies or data lists of the register changed since the plan. Upload the file again.")
            )
    except FileRefused as refusal:
        storage.refuse(run, refusal, actor)
        raise
    file.repeated = plan.get("repeated")
    comparison = Comparison(reference, file.columns, today=today, accept_damaged_names=run.accept_damaged_names)
    return file, Planned(comparison, plan["seq"], plan["kinds"], plan.get("reason", ""))


def _with_retries(run, ready, maker, planned, actor):
    """Two writers may meet at one id, or wait too long for SQLite: the chunk is compared and written anew."""
    for attempt in range(TRIES):
        try:
            written = _apply_chunk(run, ready, maker, planned, actor)
        except (IntegrityError, OperationalError, journal.JournalUnavailable):
            if attempt == TRIES - 1:
                raise
            ready = maker.ready(ready.chunk)
        else:
            vars(run).update(written)
            return


def _apply_chunk(run, ready, maker, planned, actor):
    """Writes the chunk in one transaction; returns what the run is then."""
    with journal.unit_of_work(**actor) as unit:
        if not ready.found.still_holds():
            ready = maker.ready(ready.chunk)
        _lock(ready.outcomes)
        if stopped := _stop_changed_since(run, ready, planned):
            store_anew(run, stopped)
            ready.batches = maker.batches(ready.outcomes)
        for batch in ready.batches:
            bulk.put(batch)
        _settle(ready.outcomes)
        counts = ready.chunk.passed + Counter(outcome.kind for outcome in ready.outcomes)
        now = {kind: getattr(run, kind) + counts[kind] for kind in KINDS}
        now |= {"rows_done": run.rows_done + ready.chunk.length, "alive_at": timezone.now()}
        mine = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.APPLYING, rows_done=run.rows_done)
        if not mine.update(**now):
            raise AlreadyTaken
        return now | _entries(run, unit)


def _settle(outcomes):
    """What people's purposes rested on may have ended, or a renewal taken its place; save() would have seen to it."""
    moved = [each.person["id"] for each in outcomes if each.kind == CHANGED and (each.consents or each.agreement)]
    if moved:
        settle(timezone.localdate(), subject__in=moved)


def _entries(run, unit):
    """Between which entries the run stands, this chunk's included. The run is locked already, the journal's head after it."""
    unit.append()
    if unit.last_seq is None:
        return {}
    between = {"first_seq": run.first_seq or unit.first_seq, "last_seq": unit.last_seq}
    ImportRun.objects.filter(pk=run.pk).update(**between)
    return between


def _lock(outcomes):
    """Rows about to change, in one order for everybody, people first: also those who only get a consent more, for it may end
    one that an officer is about to record. Who is new needs no lock: the unique key is one.
    """
    people = [outcome.person["id"] for outcome in outcomes if outcome.kind == CHANGED]
    changing = {DataSubject: people, Consent: [], Agreement: []}  # an opt-out is only added
    for outcome in outcomes if people else ():
        for model, write in outcome.writes if outcome.kind == CHANGED else ():
            if write.before is not None and model is not DataSubject:
                changing[model].append(write.before["id"])
    for model, ids in changing.items():
        if ids:
            list(model.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def _stop_changed_since(run, ready, planned):
    """Stops the rows of people whom somebody else changed after the plan was made: reported, not overwritten.

    A row of which other things are true now than were shown is such a row, whatever the journal says.
    """
    outcomes, shown = ready.outcomes, ready.chunk.letters
    stopped = [outcome for outcome, letter in zip(outcomes, shown, strict=True) if LETTERS[outcome.kind] != letter]
    touched = {outcome.person["uid"]: outcome for outcome in outcomes if outcome.kind == CHANGED}
    if touched:
        entries = JournalEntry.objects.filter(
            subjects__uid__in=list(touched), seq__gt=planned.seq, history_id__isnull=False
        )
        others = entries.exclude(run=run.pk).order_by().values_list("subjects__uid", flat=True)
        stopped += [touched[uid] for uid in set(others) if uid in touched and touched[uid] not in stopped]
    for outcome in stopped:
        reason = _("the person was changed in the register since the plan: import the file again to see how it differs")
        outcome.turn_down(STOPPED, [Problem("", "", reason)])
    return stopped


def _finish(run, actor, seconds):
    applying = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.APPLYING)
    has_lists = run.rejected or run.stopped or run.doubles or run.further or run.missing
    with journal.unit_of_work(**actor):
        if not applying.update(
            state=ImportRun.State.APPLIED,
            applied_at=timezone.now(),
            seconds=seconds,
            expires_at=storage.rejected_expiry() if has_lists else None,
        ):
            raise AlreadyTaken
        journal.record("import.apply", object_type="importrun", uid=run.uid, count=run.rows_done)
    run.refresh_from_db()
    storage.discard(run)
