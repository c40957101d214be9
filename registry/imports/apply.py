"""Applies exactly the plan that was shown: in chunks, each one transaction with its history and entries; resumable."""

import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from itertools import chain

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
from .pace import Pace
from .planned_rows import WRITES, Planned
from .preview import LETTERS
from .ready import Maker, batches_of
from .rows import Problem
from .storage import AlreadyTaken

TRIES = 3
CHANGED_SINCE = gettext_lazy(
    "the person was changed in the register since the plan: import the file again to see how it differs"
)
ONLY_OPT_OUT = gettext_lazy(
    "the person was changed in the register since the plan: of this row only the opt-out is taken. Import the file again to see "
    "how the rest of it differs"
)
OVERTAKEN = gettext_lazy(
    "A later file was imported since, by import #%(run)d: nothing more of this one is applied. Import the newest file, or this one "
    "again where it is not out of date."
)


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

    FileRefused where file or register are no longer those of the plan, or a later file is applied; AlreadyTaken where another
    process applies it.
    """
    begun = time.monotonic()
    actor = {"by": by, "role": role, "operator": run.operator, "run": run.pk}
    with _refused_with_its_file(run, actor):
        planned = Planned.of(run)
        actor["reason"] = planned.reason or reason or _("CRM import #%(run)d") % {"run": run.pk}
        maker = Maker(planned, run, bulk.acting(**actor))
        if maker.rows.still_to_write(run.rows_done):
            _refuse_overtaken(run)
        pace = Pace()
        with closing(maker.chunks()) as chunks:
            for together in chain.from_iterable(map(pace.of, chunks)):
                for unit in _with_retries(run, together, maker, planned, actor):
                    pace.wrote(unit)
                    checkpoint()
                    if progress:
                        progress(run.rows_done)
    _finish(run, actor, run.seconds + time.monotonic() - begun)
    return run


def _refuse_overtaken(run):
    """A file of the source that was read later has the last word: a row of it that says what the register knew leaves no entry, so
    nothing would keep this one's older values from being written over it.
    """
    state = ImportRun.State
    whole, in_part = (state.APPLIED, state.UNDOING), (state.APPLYING, state.CANCELLED)
    stands = Q(state__in=whole) | Q(ImportRun.WROTE, state__in=in_part)
    later = ImportRun.objects.filter(stands, operator=run.operator, source=run.source_id, planned_at__gt=run.planned_at)
    if other := later.order_by("pk").last():
        raise FileRefused(str(OVERTAKEN) % {"run": other.pk})


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
    """The register tells something else of a row than was shown, and the chunk was made elsewhere, or before its people were locked:
    it is compared anew."""


def _with_retries(run, together, maker, planned, actor):
    """Writes chunks in one transaction, or each in its own where that fails; yields the unit of work of each transaction.

    Two writers may meet at one person, or wait too long for SQLite: a chunk is compared and written anew.
    """
    again = False
    if len(together) > 1:
        try:
            yield _write(run, [replace(ready, outcomes=None) for ready in together], maker, planned, actor)
            return
        except NotAsMade:
            pass
        except (IntegrityError, OperationalError, journal.JournalUnavailable):
            again = True
    for ready in together:
        yield _alone_with_retries(run, ready, maker, planned, actor, again)


def _alone_with_retries(run, ready, maker, planned, actor, again):
    tries = 0
    while True:
        try:
            if again:
                ready = maker.again(ready)
            return _write(run, [ready], maker, planned, actor, again)
        except NotAsMade:
            again = True
        except (IntegrityError, OperationalError, journal.JournalUnavailable):
            tries, again = tries + 1, True
            if tries == TRIES:
                raise


def _write(run, together, maker, planned, actor, again=False):
    """Writes the chunks in one transaction, and what the run is then. again: they were compared with the register as it is now."""
    with journal.unit_of_work(**actor) as unit:
        _lock(together)
        together, listed = _as_of_now(run, together, maker, planned, again)
        bulk.put(*batches_of(together))
        _settle(together)
        counts = sum((ready.passed + Counter(ready.kinds) for ready in together), Counter())
        now = {kind: getattr(run, kind) + counts[kind] for kind in KINDS}
        now |= listed | {"rows_done": run.rows_done + counts.total(), "alive_at": timezone.now()}
        mine = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.APPLYING, rows_done=run.rows_done)
        if not mine.update(**now):
            raise AlreadyTaken
        now |= _entries(run, unit)
    vars(run).update(now)
    return unit


def _as_of_now(run, together, maker, planned, again):
    """(the chunks without the rows that are stopped now, the counts of the lists where there are such)."""
    checked, listed = [], {}
    for ready in together:
        if stopped := _stop_changed_since(run, ready, planned, again):
            listed = store_anew(run, stopped)
            ready = maker.of(ready.chunk, ready.outcomes)
        checked.append(ready)
    return checked, listed


def _settle(together):
    """What people's purposes rested on may have ended, or a renewal taken its place; save() would have seen to it."""
    if moved := list(chain.from_iterable(ready.moved for ready in together)):
        settle(timezone.localdate(), subject__in=moved)


def _entries(run, unit):
    """Between which entries the run stands, this chunk's included. The run is locked already, the journal's head after it."""
    unit.append()
    if unit.last_seq is None:
        return {}
    between = {"first_seq": run.first_seq or unit.first_seq, "last_seq": unit.last_seq}
    ImportRun.objects.filter(pk=run.pk).update(**between)
    return between


def _lock(together):
    """Rows about to change, in one order for everybody, people first: also those who only get a consent more, for it may end
    one that an officer is about to record. Who is new needs no lock: the unique key is one.
    """
    changing = {
        DataSubject: (ready.people.values() for ready in together),
        Consent: (ready.consents for ready in together),
        Agreement: (ready.agreements for ready in together),
    }
    for model, ids in changing.items():
        if ids := list(chain.from_iterable(ids)):
            list(model.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def _stop_changed_since(run, ready, planned, again):
    """Stops the rows of people whom somebody else changed after the plan was made: reported, not overwritten. An opt-out that
    was shown is taken all the same.

    A row of which other things are true now than were shown is such a row, whatever the journal says.
    """
    touched, ended = _touched_by_others(run, ready.people, planned.seq)
    if not touched and "".join(map(LETTERS.__getitem__, ready.kinds)) == ready.letters:
        return []
    if ready.outcomes is None:
        raise NotAsMade
    stopped = []
    for outcome, letter in zip(ready.outcomes, ready.letters, strict=True):
        changed = outcome.kind == CHANGED
        if LETTERS[outcome.kind] == letter and not (changed and outcome.person["uid"] in touched):
            continue
        if changed and letter in WRITES and outcome.suppressions and outcome.person["uid"] not in ended:
            if not again:
                raise NotAsMade
            outcome.take_opt_outs_only(ONLY_OPT_OUT)
        else:
            outcome.turn_down(STOPPED, [Problem("", "", str(CHANGED_SINCE))])
        stopped.append(outcome)
    return stopped


def _touched_by_others(run, people, seq):
    """(uids of those of these people whom anybody but this run has written since that entry, of those an opt-out of whom ended)."""
    if not people:
        return frozenset(), frozenset()
    entries = JournalEntry.objects.filter(subjects__uid__in=list(people), seq__gt=seq, history_id__isnull=False)
    found = entries.exclude(run=run.pk).order_by().values_list("subjects__uid", "object_type", "action")
    written = [(uid, kind, action) for uid, kind, action in found if uid in people]
    ended = {uid for uid, kind, action in written if kind == "suppression" and action != "create"}
    return {uid for uid, _kind, _action in written}, ended


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
