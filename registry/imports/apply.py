"""Applies exactly the plan that was shown: in chunks, each one transaction with its history and entries; resumable."""

import time
from collections import Counter
from contextlib import closing, contextmanager, suppress

from django.db import IntegrityError, OperationalError, transaction
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from registry import journal
from registry.choices import Role
from registry.journal import bulk
from registry.journal.turns import checkpoint
from registry.models import Agreement, Consent, DataSubject, ImportRun, JournalEntry
from registry.models.grounding import settle

from . import storage
from .compare import CHANGED, KINDS, STOPPED
from .inspection import FileRefused
from .listed import store_anew
from .memory import seldom_collected
from .planned_rows import Planned
from .preview import LETTERS
from .ready import Maker
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
        with suppress(FileNotFoundError):  # the plan is gone: apply refuses the run in a moment
            storage.add_to_note(run, {"reason": reason})
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
    """Gives up a plan, or the rest of a run being applied or undone: what was applied or put back stays, and nothing more is.

    The file is deleted, the rejected rows stay for a while, those of an undo as long as before; an undo can be begun again.
    AlreadyTaken where the run has meanwhile come to an end.
    """
    actor = {"by": by, "role": role, "operator": run.operator, "run": run.pk}
    with journal.unit_of_work(**actor):
        as_known = ImportRun.objects.filter(pk=run.pk, state=run.state)
        done = {} if run.state in (ImportRun.State.APPLYING, ImportRun.State.UNDOING) else {"rows_done": 0}
        until = storage.rejected_expiry()
        if run.state == ImportRun.State.UNDOING:
            until = Coalesce("expires_at", until)
        fields = {"state": ImportRun.State.CANCELLED, "token": "", "expires_at": until} | done
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
    with _refused_with_its_file(run, actor):
        planned = Planned.of(run)
        actor["reason"] = planned.reason or reason or _("CRM import #%(run)d") % {"run": run.pk}
        maker = Maker(planned, run, bulk.acting(**actor))
        with closing(maker.chunks()) as chunks:
            for ready in chunks:
                _with_retries(run, ready, maker, planned, actor)
                checkpoint()
                if progress:
                    progress(run.rows_done)
    _finish(run, actor, run.seconds + time.monotonic() - begun)
    return run


@contextmanager
def _refused_with_its_file(run, actor):
    """A file or register that is no longer the plan's refuses the run; a file that goes while it is read, the rest of it."""
    try:
        with storage.file_may_go(run):
            yield
    except FileRefused as refusal:
        storage.refuse(run, refusal, actor)
        raise


class NotAsMade(Exception):
    """A chunk that was made elsewhere does not say of which of its rows the register tells something else now."""


def _with_retries(run, ready, maker, planned, actor):
    """Two writers may meet at one person, or wait too long for SQLite: the chunk is compared and written anew."""
    tries, again = 0, False
    while True:
        try:
            if again:
                ready = maker.again(ready)
            vars(run).update(_apply_chunk(run, ready, maker, planned, actor))
            return
        except NotAsMade:
            again = True
        except (IntegrityError, OperationalError, journal.JournalUnavailable):
            tries, again = tries + 1, True
            if tries == TRIES:
                raise


def _apply_chunk(run, ready, maker, planned, actor):
    """Writes the chunk in one transaction; returns what the run is then."""
    with journal.unit_of_work(**actor) as unit:
        _lock(ready)
        listed = {}
        if stopped := _stop_changed_since(run, ready, planned):
            listed = store_anew(run, stopped)
            ready = maker.of(ready.chunk, ready.outcomes)
        for batch in ready.batches:
            bulk.put(batch)
        _settle(ready)
        counts = ready.passed + Counter(ready.kinds)
        now = {kind: getattr(run, kind) + counts[kind] for kind in KINDS}
        now |= listed | {"rows_done": run.rows_done + counts.total(), "alive_at": timezone.now()}
        mine = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.APPLYING, rows_done=run.rows_done)
        if not mine.update(**now):
            raise AlreadyTaken
        return now | _entries(run, unit)


def _settle(ready):
    """What people's purposes rested on may have ended, or a renewal taken its place; save() would have seen to it."""
    if ready.moved:
        settle(timezone.localdate(), subject__in=ready.moved)


def _entries(run, unit):
    """Between which entries the run stands, this chunk's included. The run is locked already, the journal's head after it."""
    unit.append()
    if unit.last_seq is None:
        return {}
    between = {"first_seq": run.first_seq or unit.first_seq, "last_seq": unit.last_seq}
    ImportRun.objects.filter(pk=run.pk).update(**between)
    return between


def _lock(ready):
    """Rows about to change, in one order for everybody, people first: also those who only get a consent more, for it may end
    one that an officer is about to record. Who is new needs no lock: the unique key is one.
    """
    for model, ids in ((DataSubject, ready.people.values()), (Consent, ready.consents), (Agreement, ready.agreements)):
        if ids:
            list(model.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def _stop_changed_since(run, ready, planned):
    """Stops the rows of people whom somebody else changed after the plan was made: reported, not overwritten.

    A row of which other things are true now than were shown is such a row, whatever the journal says.
    """
    touched = _touched_by_others(run, ready.people, planned.seq)
    if not touched and "".join(map(LETTERS.__getitem__, ready.kinds)) == ready.letters:
        return []
    if ready.outcomes is None:
        raise NotAsMade
    stopped = [
        outcome
        for outcome, letter in zip(ready.outcomes, ready.letters, strict=True)
        if LETTERS[outcome.kind] != letter or (outcome.kind == CHANGED and outcome.person["uid"] in touched)
    ]
    for outcome in stopped:
        reason = _("the person was changed in the register since the plan: import the file again to see how it differs")
        outcome.turn_down(STOPPED, [Problem("", "", reason)])
    return stopped


def _touched_by_others(run, people, seq):
    """The uids of those of these people whom anybody but this run has written since that entry."""
    if not people:
        return frozenset()
    entries = JournalEntry.objects.filter(subjects__uid__in=list(people), seq__gt=seq, history_id__isnull=False)
    return people.keys() & set(entries.exclude(run=run.pk).order_by().values_list("subjects__uid", flat=True))


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
