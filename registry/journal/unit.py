"""The unit of work: what changes and what is written down about it are committed together or not at all."""

import os
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from . import copying
from .actions import Action
from .canonical import BODY_PREFIX, canonical, chain, moment
from .models import JournalEntry, JournalHead, JournalSubject
from .turns import turn

VERSION = 1
_current: ContextVar["Unit | None"] = ContextVar("unit_of_work", default=None)


class OutsideUnitOfWork(RuntimeError):
    """A tracked record was written outside `journal.unit_of_work`."""


class JournalUnavailable(RuntimeError):
    """The journal could not be written, so nothing was."""


class Mark:
    """Stands in the transaction where an entry without a history row was recorded, and goes with its savepoint.

    Django forgets what waits for a commit when the savepoint it was registered in is rolled back.
    """

    def __init__(self):
        self.committed = False
        transaction.on_commit(self)

    def __call__(self):
        self.committed = True

    def stands(self):
        return self.committed or any(waiting is self for _savepoints, waiting, _robust in connection.run_on_commit)


@dataclass(slots=True)
class Pending:
    """An entry that waits for its number: all of the body but `v`, `seq`, `n`, `at` and the nonce."""

    action: str
    said: dict
    operator: str = ""
    object_type: str = ""
    object_uid: UUID | None = None
    history_model: type | None = None
    history_id: int | None = None
    run: int | None = None
    subjects: tuple[UUID, ...] = ()
    mark: Mark | None = None


class Lines(NamedTuple):
    """Entries of rows written in bulk, all but numbered: (action, fields, text up to `row`, text after `seq`, uid, person)."""

    object_type: str
    history_model: type
    operator: str
    lines: list
    history_ids: list
    is_certain: bool = False

    def only(self, wanted):
        """Those of these history rows."""
        kept = [place for place, history_id in enumerate(self.history_ids) if history_id in wanted]
        return self._replace(
            lines=[self.lines[place] for place in kept], history_ids=[self.history_ids[place] for place in kept]
        )


@dataclass(slots=True)
class Unit:
    """Who acts, for which operator and why, and the entries collected so far."""

    by: int | None
    role: str = ""
    operator: str = ""
    reason: str = ""
    run: int | None = None
    reading: bool = False
    pending: dict = field(default_factory=dict)
    last_seq: int | None = None
    first_seq: int | None = None
    depth: int = 0  # of savepoints, when it began

    @property
    def acts_as(self):
        return self.by, self.role, self.reason, self.run

    def append(self):
        """Appends what is collected so far before the end, which it comes near: from here on the journal is locked."""
        append(self)

    def add(self, entry: Pending):
        # A rolled-back savepoint on SQLite gives its ids again: the later row is the one that exists.
        key = (entry.history_model, entry.history_id) if entry.history_id else object()
        self.pending.pop(key, None)
        self.pending[key] = entry

    def add_lines(self, lines: Lines):
        # What is written with no more savepoints open than at the beginning stands or falls with the whole unit.
        self.pending[object()] = lines._replace(is_certain=len(connection.savepoint_ids) <= self.depth)


def current_unit():
    return _current.get()


def operator_code(operator):
    return getattr(operator, "code", operator) or ""


def actor_id(by):
    return getattr(by, "pk", by)


@contextmanager
def unit_of_work(*, by, role="", operator=None, reason="", run=None):
    """A transaction whose tracked writes and recorded acts become journal entries as its last deed.

    `by` is a user, a user's id, or None for the system; `operator` an Operator or its code; `reason` free text, kept on the
    history rows and only committed to here. Nested units join the outer one. Raises JournalUnavailable where the
    entries cannot be written; everything is rolled back then.
    """
    outer = _current.get()
    if outer is not None and not outer.reading:
        yield outer
        return
    unit = Unit(actor_id(by), role, operator_code(operator), reason, run)
    token = _current.set(unit)
    try:
        with turn(), transaction.atomic():
            unit.depth = len(connection.savepoint_ids)
            yield unit
            append(unit)
    finally:
        _current.reset(token)


@contextmanager
def reading(*, by, role="", operator=None, reason=""):
    """Collects what is read without holding a transaction; the entries are appended in one short unit at the end."""
    unit = Unit(actor_id(by), role, operator_code(operator), reason, reading=True)
    token = _current.set(unit)
    try:
        yield unit
    finally:
        _current.reset(token)
    if unit.pending:
        with turn(), transaction.atomic():
            append(unit)


def record(action, *, operator=None, object_type="", uid=None, uids=(), subjects=(), count=None, run=None, **said):
    """Notes an act that writes no history row: a read, a refusal, a login, an export. Values are never passed here.

    `action` is one of journal.actions (ValueError otherwise). `uids` are people shown; `subjects` people touched without
    being listed in the body; `said` takes `reason_code`, `norm`, `fields` and `files`.
    """
    unit = _current.get()
    if unit is None:
        raise OutsideUnitOfWork(f"“{action}” was to be recorded outside journal.unit_of_work.")
    action = Action(action).value
    said = {"object": object_type, "uid": str(uid) if uid else "", "count": count} | said
    if uids:
        said["uids"] = [str(each) for each in uids]
    run = run if run is not None else unit.run
    touched = dict.fromkeys([*uids, *subjects])
    unit.add(
        Pending(action, said | {"run": run}, operator_code(operator) or unit.operator, object_type, uid, run=run,
                subjects=tuple(touched), mark=Mark())
    )  # fmt: skip


def append(unit):
    """Numbers, chains and writes the collected entries under the head lock, which is taken last of all."""
    entries = _existing(unit.pending.values())
    unit.pending = {}
    if not entries:
        return
    if connection.vendor == "postgresql" and any(isinstance(entry, Lines) or entry.history_id for entry in entries):
        connection.check_constraints()  # what the commit would look at, and wait for, while others wait for the journal
    try:
        _append_locked(unit, entries)
    except DatabaseError as error:
        raise JournalUnavailable(type(error).__name__) from error


def _existing(entries):
    """Without the entries whose history row, or who themselves, went with a rolled-back savepoint."""
    entries = [entry for entry in entries if isinstance(entry, Lines) or entry.mark is None or entry.mark.stands()]
    wanted = {}
    for entry in entries:
        if isinstance(entry, Lines):
            wanted.setdefault(entry.history_model, []).extend(() if entry.is_certain else entry.history_ids)
        elif entry.history_id:
            wanted.setdefault(entry.history_model, []).append(entry.history_id)
    if not any(wanted.values()):
        return entries
    found = {model: _found(model, ids) for model, ids in wanted.items()}
    return list(_told_once(entries, found))[::-1]


def _found(model, ids):
    found = set()
    for start in range(0, len(ids), 1000):
        rows = model.objects.filter(history_id__in=ids[start : start + 1000])
        found.update(rows.order_by().values_list("history_id", flat=True))
    return found


def _told_once(entries, found):
    """From the last to the first: of two that name one history row, the later one wrote the row that is there."""
    told = {model: set() for model in found}
    for entry in reversed(entries):
        if isinstance(entry, Lines):
            ids = set(entry.history_ids) - told[entry.history_model]
            ids = ids if entry.is_certain else ids & found[entry.history_model]
            entry = entry.only(ids)
            told[entry.history_model] |= ids
        elif entry.history_id:
            if entry.history_id not in found[entry.history_model] - told[entry.history_model]:
                continue
            told[entry.history_model].add(entry.history_id)
        yield entry


ENTRY_COLUMNS = (
    "seq", "n", "at", "actor", "action", "operator", "object_type", "object_uid", "history_id", "run", "body", "hash",
)  # fmt: skip


def _append_locked(unit, entries):
    head = JournalHead.locked()
    at = timezone.now()
    if head.at is not None:
        at = max(at, head.at + timedelta(microseconds=1))
    numbering = _Numbering(unit, head, at)
    for entry in entries:
        if isinstance(entry, Lines):
            numbering.take_lines(entry)
        else:
            numbering.take(entry)
    copying.insert(JournalEntry, ENTRY_COLUMNS, numbering.rows)
    copying.insert(JournalSubject, ("entry_id", "uid"), numbering.subjects)
    unit.first_seq = unit.first_seq or head.seq + 1
    head.seq, head.hash, head.at = numbering.seq, numbering.previous.hex(), at
    unit.last_seq = head.seq
    head.save()


class _Numbering:
    """Gives entries their numbers and hashes, under the head's lock; rows as their columns keep them."""

    def __init__(self, unit, head, at):
        self.unit, self.at = unit, at
        self.seq, self.numbers, self.previous = head.seq, head.numbers, bytes.fromhex(head.hash)
        self.stored_at = copying.stored(JournalEntry, "at", at)
        self.rows, self.subjects = [], []

    def take(self, entry: Pending):
        self.seq += 1
        said = {"v": VERSION, "at": moment(self.at), "actor": self.unit.by, "role": self.unit.role} | entry.said
        said |= {"action": entry.action, "seq": self.seq, "operator": entry.operator, "nonce": os.urandom(16).hex()}
        number = None
        if entry.operator:
            number = said["n"] = self.numbers[entry.operator] = self.numbers.get(entry.operator, 0) + 1
        body = canonical(said)
        self.previous = chain(self.previous, body)
        uid = entry.object_uid and entry.object_uid.hex
        self.rows.append(
            (
                self.seq, number, self.stored_at, self.unit.by, entry.action, entry.operator, entry.object_type, uid,
                entry.history_id, entry.run, body.decode(), self.previous.hex(),
            )
        )  # fmt: skip
        self.subjects += [(self.seq, uid.hex) for uid in entry.subjects]

    def take_lines(self, entry: Lines):
        """As `take`, of bodies whose keys are in order already: only what the lock gives is put in."""
        by, run, operator, object_type, at = (
            self.unit.by,
            self.unit.run,
            entry.operator,
            entry.object_type,
            self.stored_at,
        )
        starts = self._starts(entry)
        ran = "" if run is None else f',"run":{run}'
        seq, previous, number = self.seq, self.previous, self.numbers.get(operator, 0)
        lines = zip(entry.lines, entry.history_ids, strict=True)
        for (action, fields, before_row, after_seq, uid, person), history_id in lines:
            seq += 1
            number += 1
            n = f',"n":{number}' if operator else ""
            body = f'{starts[action]}{fields}{n}{before_row}{history_id}{ran},"seq":{seq}{after_seq}'
            previous = sha256(previous + sha256(BODY_PREFIX + body.encode()).digest()).digest()
            self.rows.append(
                (seq, number if operator else None, at, by, action, operator, object_type, uid, history_id, run, body,
                 previous.hex())
            )  # fmt: skip
            self.subjects.append((seq, person))
        self.seq, self.previous = seq, previous
        if operator:
            self.numbers[operator] = number

    def _starts(self, entry):
        common = {"actor": self.unit.by, "at": moment(self.at)}
        actions = {action for action, *_rest in entry.lines}
        return {action: canonical(common | {"action": action}).decode()[:-1] for action in actions}
