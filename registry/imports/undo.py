"""Takes an import back by new history. Whoever was changed since, is blocked, or opted out in a file that a later one may have
confirmed, is listed and left; the others stand as before it."""

from collections import defaultdict
from contextlib import suppress
from functools import cache
from itertools import groupby
from math import inf
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from registry import journal
from registry.exports.shared_addresses import opted_out_for_others
from registry.journal import bulk
from registry.journal.bulk import Written
from registry.journal.turns import checkpoint
from registry.models import (
    Agreement,
    Block,
    Consent,
    DataSubject,
    ImportRun,
    JournalHead,
    JournalSubject,
    ListedRow,
    SubjectPurpose,
    Suppression,
)
from registry.models.grounding import settle

from . import storage
from .apply import TRIES, may_finish
from .columns import KEY
from .crm_file import CHUNK_ROWS
from .storage import AlreadyTaken

# People first: locks are taken in this order, as apply takes them; written is the other way round.
MODELS = (DataSubject, Consent, Agreement, Suppression, SubjectPurpose)
GROUNDS = (Consent, Agreement, SubjectPurpose)
WINDOW = 10_000  # entries of the journal that are looked through in one go


def take(run, *, by, role, reason="") -> ImportRun:
    """Marks the run as being undone, once: by its owner or a DPO, PermissionDenied for others.

    AlreadyTaken where it wrote nothing, is not at its end, or was undone before. The reason is kept for whoever goes on
    after a crash.
    """
    if not may_finish(run, by=by, role=role):
        raise PermissionDenied
    # A plan that was given up wrote nothing; an undo that was given up can be begun again.
    ended = Q(state=ImportRun.State.APPLIED) | Q(ImportRun.WROTE, state=ImportRun.State.CANCELLED)
    now = timezone.now()
    head = JournalHead.objects.values_list("seq", flat=True).first() or 0
    with transaction.atomic():
        if not ImportRun.objects.filter(ended, pk=run.pk).update(
            state=ImportRun.State.UNDOING, rows_done=0, rows_expected=F("new") + F("changed"),
            undone_seq=None, undone=0, left=0,
            # Runs from before these were kept: the whole journal is looked through.
            first_seq=Coalesce("first_seq", 1), last_seq=Coalesce("last_seq", head),
            step_by=by, step_role=role, step_began_at=now, alive_at=now,
        ):  # fmt: skip
            raise AlreadyTaken
        run.listed_rows.filter(kind=ListedRow.Kind.LEFT).delete()
        storage.write_plan(run, {"reason": reason})
    run.refresh_from_db()
    return run


def undo(run, *, by, role, reason="", progress=None) -> ImportRun:
    """Undoes a run that was taken, from where it stands: after a kill it goes on with the first chunk not committed.

    AlreadyTaken where it was not taken, or another process undoes it. `progress` is told the number of people dealt with.
    """
    if run.state != ImportRun.State.UNDOING:
        raise AlreadyTaken
    reason = _kept_reason(run) or reason or _("Undo of CRM import #%(run)d") % {"run": run.pk}
    actor = {"by": by, "role": role, "operator": run.operator, "reason": reason, "run": run.pk}
    held = None
    for chunk in _chunks(run):
        if held is None and came_later(run):
            held = opted_out_for_others(run.operator, timezone.localdate())
        _with_retries(run, chunk, actor, held or ())
        checkpoint()
        if progress:
            progress(run.rows_done)
    _finish(run, actor)
    return run


class Line(NamedTuple):
    """One row of history that the run wrote: its entry, the person it touches, the time of its transaction, the record."""

    seq: int
    person: UUID
    at: object
    object_type: str
    history_id: int
    record: UUID


def _kept_reason(run):
    with suppress(FileNotFoundError):
        return storage.read_note(run).get("reason", "")
    return ""


def written_by(run):
    """What the run wrote, and not what undoing it writes: that bears the run's number, too, and comes later."""
    return JournalSubject.objects.filter(
        entry__run=run.pk, entry__history_id__isnull=False, entry_id__gte=run.first_seq, entry_id__lte=run.last_seq
    )


def _lines(run):
    columns = ("entry_id", "uid", "entry__at", "entry__object_type", "entry__history_id", "entry__object_uid")
    first = run.first_seq if run.undone_seq is None else run.undone_seq + 1
    for start in range(first, run.last_seq + 1, WINDOW):
        window = written_by(run).filter(entry_id__gte=start, entry_id__lt=start + WINDOW)
        yield from map(Line._make, window.order_by("entry_id").values_list(*columns))


def _chunks(run):
    """Lists of lines that are still to be undone, about as many people in each as apply had rows in a chunk.

    All entries of one transaction bear one time and no other does: it is never cut. A person's are in one, but for an opt-out that
    stood on another line of the id than the rest.
    """
    size = CHUNK_ROWS[connection.vendor]
    chunk, people = [], set()
    for _at, lines in groupby(_lines(run), key=lambda line: line.at):
        transaction_of = list(lines)
        members = {line.person for line in transaction_of}
        if chunk and len(people) + len(members) > size:
            yield chunk
            chunk, people = [], set()
        chunk += transaction_of
        people |= members
    if chunk:
        yield chunk


def _with_retries(run, chunk, actor, held):
    """Two writers may wait for each other, or too long for SQLite: the chunk is looked at and written anew."""
    for attempt in range(TRIES):
        try:
            return _undo_chunk(run, chunk, actor, held)
        except (IntegrityError, OperationalError, journal.JournalUnavailable):
            if attempt == TRIES - 1:
                raise
    raise AssertionError


def _undo_chunk(run, chunk, actor, held):
    first = {}
    for line in chunk:
        first.setdefault(line.person, line.seq)
    with journal.unit_of_work(**actor):
        stored = _locked(DataSubject, Q(uid__in=list(first)), key="uid")
        reverts, differing = _reverts(chunk, stored)
        met = _met_again(first, {line.seq for line in chunk})
        put_back, touched = _since(run, met, {line.record for line in chunk})
        blocked = _blocked(first)
        opted_out = _opted_out(reverts, held) if came_later(run) else set()
        left = (differing | touched | blocked | opted_out) - put_back
        _write(reverts, put_back | left, run.operator.code)
        _settle(reverts, put_back | left)
        ListedRow.objects.bulk_create(
            _listed(run, stored.get(uid), _why_left(stored.get(uid), uid in blocked, uid in opted_out))
            for uid in first
            if uid in left
        )
        sums = {
            "rows_done": run.rows_done + len(first),
            "undone_seq": chunk[-1].seq,
            "undone": run.undone + len(first) - len(left),
            "left": run.left + len(left),
        }
        mine = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.UNDOING, rows_done=run.rows_done)
        if not mine.update(**sums, alive_at=timezone.now()):
            raise AlreadyTaken
    for name, value in sums.items():
        setattr(run, name, value)


def _locked(model, condition, *, key):
    """Rows as they stand, by `key`, locked in one order for everybody."""
    found = model.objects.select_for_update().filter(condition).order_by("pk")
    return {row[key]: row for row in found.values(*_names(model))}


@cache
def _names(model):
    return tuple(field.attname for field in model._meta.concrete_fields)


def _reverts(chunk, people):
    """(what is to be written by model, the people of whom something is not as the run left it)."""
    reverts, differing = defaultdict(list), set()
    stored = {person["id"]: person for person in people.values()}
    for model in MODELS:
        persons = {line.history_id: line.person for line in chunk if line.object_type == model._meta.model_name}
        if not persons:
            continue
        tracked = [field.attname for field in model.history.model.tracked_fields]
        wrote = model.history.filter(history_id__in=list(persons)).order_by("history_id")
        after = list(wrote.values(*tracked, "history_id", "history_type"))
        if model is not DataSubject:
            stored = _locked(model, Q(pk__in=[row["id"] for row in after]), key="id")
        before = _before(model, tracked, [row["history_id"] for row in after if row["history_type"] == "~"])
        for row in after:
            person, now = persons[row["history_id"]], stored.get(row["id"])
            then = before.get(row["history_id"])
            made = row["history_type"] == "+"
            if now is None or any(now[name] != row[name] for name in tracked) or not (made or then):
                differing.add(person)
            else:
                reverts[model].append(Written({} if made else _as_it_was(model, now, then), person, now))
    return reverts, differing


def _before(model, tracked, history_ids):
    """What stood before each of these rows of history, by their number."""
    if not history_ids:
        return {}
    history = model.history.model.objects
    earlier = history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id")).order_by("-history_id")
    rows = history.filter(history_id__in=history_ids).order_by()
    pairs = dict(rows.annotate(earlier=Subquery(earlier.values("history_id")[:1])).values_list("history_id", "earlier"))
    found = history.filter(history_id__in=[row for row in pairs.values() if row]).order_by()
    values = {row.pop("history_id"): row for row in found.values(*tracked, "history_id")}
    return {after: values[row] for after, row in pairs.items() if row}


def _as_it_was(model, now, then):
    """The row with the values that stood before, and with what follows from them and is in no history."""
    values = now | then
    return values | model(**values).derived()


def _met_again(first, own):
    """Of uids with the run's first entry, those whom entries name later that are not among `own`: most often nobody."""
    later = JournalSubject.objects.filter(uid__in=list(first), entry_id__gt=min(first.values())).order_by()
    met = {uid for uid, seq in later.values_list("uid", "entry_id").iterator() if seq not in own}
    return {uid: first[uid] for uid in met}


def _since(run, first, records):
    """(people put back by this run's undo already and as it left them, people whom something else changed later), of uids with the
    run's first entry. Put back are those of whom it wrote one of these records: what else it wrote of them was in another chunk.

    A later run does not count for those whom its own undo put back, at its end or not: what it did to them is gone.
    """
    if not first:
        return set(), set()
    later = JournalSubject.objects.filter(
        uid__in=list(first), entry_id__gt=min(first.values()), entry__history_id__isnull=False
    ).exclude(entry__run=run.pk, entry_id__lte=run.last_seq)
    last = {}
    columns = ("uid", "entry_id", "entry__run", "entry__object_uid")
    for uid, seq, other, record in later.order_by("entry_id").values_list(*columns):
        if seq > first[uid] and (other != run.pk or record in records):
            last[uid, other] = seq
    others = {other for _uid, other in last if other not in (None, run.pk)}
    told = ImportRun.objects.filter(pk__in=others, last_seq__isnull=False) if others else ImportRun.objects.none()
    applied_until = dict(told.values_list("pk", "last_seq"))
    touched = {}
    for (uid, other), seq in last.items():
        if other != run.pk and seq <= applied_until.get(other, inf):
            touched[uid] = max(seq, touched.get(uid, 0))
    put_back = {uid for (uid, other), seq in last.items() if other == run.pk and seq > touched.get(uid, 0)}
    return put_back, set(touched)


def _blocked(people):
    """Those of these uids whose data are stored only: nothing of theirs is changed or deleted, and no use of them begins again."""
    standing = Block.objects.standing().filter(subject__uid__in=list(people)).order_by()
    return set(standing.values_list("subject__uid", flat=True))


def came_later(run):
    """Whether an import of the operator that was applied after this one was read stands, and be it in part.

    A row of it that says what the register knows leaves no entry: it may have said again what this run recorded.
    """
    state = ImportRun.State
    stands = Q(state__in=(state.APPLYING, state.APPLIED, state.UNDOING)) | Q(ImportRun.WROTE, state=state.CANCELLED)
    others = ImportRun.objects.filter(stands, operator=run.operator).exclude(pk=run.pk)
    return others.annotate(since=Coalesce("applied_at", "planned_at")).filter(since__gt=run.planned_at).exists()


def _opted_out(reverts, held):
    """People known before the run of whom it recorded an opt-out that stands. Those it added leave with theirs, unless that holds
    by an address for somebody else, too: then their ids are among `held`.
    """
    added = {row.subject for row in reverts[DataSubject] if not row.values}
    return {row.subject for row in reverts[Suppression] if row.subject not in added or row.before["subject_id"] in held}


def _write(reverts, skipped, operator):
    """People last: nothing may refer to one who is deleted."""
    for model in reversed(MODELS):
        rows = [row for row in reverts[model] if row.subject not in skipped]
        bulk.delete(model, [row for row in rows if not row.values], operator=operator)
        bulk.write(model, [row for row in rows if row.values], operator=operator)


def _settle(reverts, skipped):
    """What purposes rest on is gone, or is no ground today though it was one before the import; save() would have seen to it."""
    gone = {row.before["id"] for row in reverts[DataSubject] if not row.values}
    rows = [row for model in GROUNDS for row in reverts[model] if row.subject not in skipped]
    if moved := {row.before["subject_id"] for row in rows} - gone:
        settle(timezone.localdate(), subject__in=list(moved))


def _why_left(person, is_blocked, is_opted_out):
    if person is None:
        return _("the person is no longer in the register: there is nothing to put back")
    if is_blocked:
        return _(
            "a block stands on the person: put back by no undo. Correct what is wrong by hand; where the block holds that, lift it first"
        )
    if is_opted_out:
        return _(
            "the import recorded an opt-out, and a later import may have said it again: left as it stands, correct by hand what is "
            "wrong. End the opt-out only where the person never said it"
        )
    return _(
        "the person was changed in the register since the import: left as it stands, correct it by hand where it is wrong"
    )


def _listed(run, person, reason):
    """The person in the columns of the run's own file, which is gone: by the id, on no line."""
    crm_id = person and person["crm_id"] or ""
    cells = [crm_id if field == KEY else "" for _header, field in run.mapping] or [crm_id]
    return ListedRow(run=run, kind=ListedRow.Kind.LEFT, line=0, cells=cells, reasons=[reason])


def _finish(run, actor):
    with journal.unit_of_work(**actor):
        listed = storage.seen_of(run).exists() or run.listed_rows.exists()
        if not ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.UNDOING).update(
            state=ImportRun.State.UNDONE,
            undone_at=timezone.now(),
            undone_by=actor["by"],
            # The lists of the import keep their date; storage gives what is left here a week beyond it.
            expires_at=Coalesce("expires_at", storage.rejected_expiry()) if listed else None,
        ):
            raise AlreadyTaken
        journal.record("import.undo", object_type="importrun", uid=run.uid, count=run.undone)
    run.refresh_from_db()
    storage.discard(run)
