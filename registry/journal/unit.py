"""The unit of work: what changes and what is written down about it are committed together or not at all."""

import os
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import orjson
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from . import copying
from .actions import Action
from .canonical import canonical, chain, moment
from .models import JournalEntry, JournalHead, JournalSubject

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

    def add(self, entry: Pending):
        # A rolled-back savepoint on SQLite gives its ids again: the later row is the one that exists.
        key = (entry.history_model, entry.history_id) if entry.history_id else len(self.pending)
        self.pending.pop(key, None)
        self.pending[key] = entry


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
        with transaction.atomic():
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
        with transaction.atomic():
            append(unit)


def record(action, *, operator=None, object_type="", uid=None, uids=(), subjects=(), count=None, run=None, **said):
    """Notes an act that writes no history row: a read, a refusal, a login, an export. Values are never passed here.

    `action` is one of journal.actions (ValueError otherwise). `uids` are people shown; `subjects` people touched without
    being listed in the body; `said` takes `reason_code`, `norm` and `fields`.
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
    entries = list(_existing(unit.pending.values()))
    unit.pending = {}
    if not entries:
        return
    try:
        _append_locked(unit, entries)
    except DatabaseError as error:
        raise JournalUnavailable(type(error).__name__) from error


def _existing(entries):
    """Without the entries whose history row, or who themselves, went with a rolled-back savepoint."""
    entries = [entry for entry in entries if entry.mark is None or entry.mark.stands()]
    wanted = {}
    for entry in entries:
        if entry.history_id:
            wanted.setdefault(entry.history_model, []).append(entry.history_id)
    found = {}
    for model, ids in wanted.items():
        found[model] = set()
        for start in range(0, len(ids), 1000):
            rows = model.objects.filter(history_id__in=ids[start : start + 1000])
            found[model].update(rows.order_by().values_list("history_id", flat=True))
    return (entry for entry in entries if not entry.history_id or entry.history_id in found[entry.history_model])


def _append_locked(unit, entries):
    head = JournalHead.locked()
    at = timezone.now()
    if head.at is not None:
        at = max(at, head.at + timedelta(microseconds=1))
    common = canonical({"v": VERSION, "at": moment(at), "actor": unit.by, "role": unit.role})
    common = orjson.loads(common)
    nonces = os.urandom(16 * len(entries))
    previous = bytes.fromhex(head.hash)
    rows, subjects = [], []
    for position, entry in enumerate(entries):
        head.seq += 1
        said = common | entry.said | {"action": entry.action, "seq": head.seq, "operator": entry.operator}
        said["nonce"] = nonces[16 * position : 16 * position + 16].hex()
        number = None
        if entry.operator:
            number = said["n"] = head.numbers[entry.operator] = head.numbers.get(entry.operator, 0) + 1
        body = canonical(said)
        previous = chain(previous, body)
        rows.append(
            {
                "seq": head.seq, "n": number, "at": at, "actor": unit.by, "action": entry.action,
                "operator": entry.operator, "object_type": entry.object_type, "object_uid": entry.object_uid,
                "history_id": entry.history_id, "run": entry.run, "body": body.decode(), "hash": previous.hex(),
            }
        )  # fmt: skip
        subjects += [{"entry_id": head.seq, "uid": uid} for uid in entry.subjects]
    copying.insert(JournalEntry, rows)
    copying.insert(JournalSubject, subjects)
    head.hash, head.at, unit.last_seq = previous.hex(), at, head.seq
    head.save()
