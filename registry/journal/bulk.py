"""Many rows of one tracked model in one go, with the history rows and entries that save() would have written for each.

`prepare` does all that needs no database, in any thread and before any lock; `put` then writes it inside a unit of work.
"""

import hmac
import os
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.utils import timezone

from . import copying
from .canonical import PUBLIC_PREFIX, moment
from .history import ACTIONS
from .shape import Shape, canonical_of, fields_text, shape_of
from .unit import Lines, OutsideUnitOfWork, Unit, actor_id, current_unit, operator_code

SALT_BYTES, NONCE_BYTES = 32, 16


class Written(NamedTuple):
    """One row to be written: all its values by attname, the person it is about, and what was stored before, if anything.

    A new row needs no id and no uid, they are put into its values; a new person is about nobody else.
    """

    values: dict[str, Any]
    subject: UUID | None
    before: dict[str, Any] | None = None


@dataclass(slots=True)
class Batch:
    """Rows of one model, ready but for their ids and the numbers of their entries. Each list has one item a row."""

    shape: Shape
    unit: Unit
    operator: str
    kinds: list  # "+", "~", "-"
    values: list  # of the caller; new rows get their id there
    stored: list  # tuples for the table, without the id
    tracked: list  # tuples for the history row, without the id
    salts: list
    lines: list  # (action, fields, text up to the number of the history row, text after seq, uid, person's uid)
    changed: list  # columns that at least one changed row has changed
    at: Any

    def __bool__(self):
        return bool(self.kinds)


def acting(*, by, role="", operator=None, reason="", run=None) -> Unit:
    """Who acts, for `prepare` before the unit of work is open."""
    return Unit(actor_id(by), role, operator_code(operator), reason, run)


def write(model, rows: list[Written], *, operator: str) -> None:
    """Inserts and changes rows inside the open unit of work. New rows get their id; a row without a change is an error.

    The caller has cleaned the values and locked the rows that change: neither clean() nor save() runs. The history row and
    the entry of each equal those of save(); `operator` is the code of the one operator they all belong to.
    """
    put(prepare(model, rows, _writing_unit(model), operator=operator))


def delete(model, rows: list[Written], *, operator: str) -> None:
    """Deletes rows inside the open unit of work, with the history rows and entries that delete() would have written.

    `before` of each is what is stored, its `values` are not looked at. The caller has locked them.
    """
    unit = _writing_unit(model)
    put(prepare(model, [row._replace(values={}) for row in rows], unit, operator=operator))


def prepare(model, rows: list[Written], unit: Unit, *, operator: str) -> Batch:
    """All of the rows that can be told beforehand, salts and commitments included. No database is asked."""
    shape, now = shape_of(model), timezone.now()
    batch = Batch(shape, unit, operator, [], [], [], [], [], [], [], now)
    salts, nonces = os.urandom(SALT_BYTES * len(rows)), os.urandom(NONCE_BYTES * len(rows)).hex()
    texts, changed = _Texts(shape, unit, operator), set()
    moment_now, has_user, has_reason = moment(now), unit.by is not None, bool(unit.reason)
    ends = {kind: (moment_now, kind, unit.by, unit.reason) for kind in ACTIONS}
    for number, (values, subject, before) in enumerate(rows):
        if before is None and "uid" not in values:
            values["uid"] = shape.new_uid()
        row = shape.row_of(values or before)
        recipe = shape.recipe(row, has_user, has_reason)
        kind, fields = "+", recipe.fields
        if before is not None:
            kind, fields, places = _against(shape, row, before) if values else ("-", "", ())
            changed.update(places)
        salt = salts[SALT_BYTES * number : SALT_BYTES * (number + 1)]
        public, personal = _commitments(recipe, row, ends[kind], salt)
        uid = row[shape.uid].hex
        stored = _stored(recipe, row, shape.uid, uid)
        nonce = nonces[2 * NONCE_BYTES * number : 2 * NONCE_BYTES * (number + 1)]
        batch.kinds.append(kind)
        batch.values.append(values or before)
        batch.stored.append(stored)
        batch.tracked.append(shape.tracked_of(stored))
        batch.salts.append(salt)
        batch.lines.append(
            (ACTIONS[kind], fields, *texts.around(nonce, personal, public, uid), uid, subject.hex if subject else uid)
        )
    batch.changed = sorted(changed)
    return batch


def _against(shape, row, before):
    names, places = shape.changed(shape.row_of(before), row)
    if not places:
        raise ValueError(f"{shape.model._meta.label}: a row without a change was to be written.")
    return "~", fields_text(names), places


def _commitments(recipe, row, end, salt):
    """As canonical.commitments() of the history row, in hex."""
    values = row + end
    if recipe.spoken:
        plain = list(values)
        for place, convert in recipe.spoken:
            plain[place] = convert(plain[place])
        values = tuple(plain)
    public = sha256(PUBLIC_PREFIX + canonical_of(recipe.public, values)).hexdigest()
    return public, hmac.digest(salt, canonical_of(recipe.personal, values), "sha256").hex()


def _stored(recipe, row, uid_place, uid):
    stored = list(row)
    stored[uid_place] = uid
    for place, convert in recipe.stored:
        stored[place] = convert(stored[place])
    return tuple(stored)


class _Texts:
    """What the bodies of one batch have in common, keys in order: only numbers, time, fields and hashes are the row's own."""

    def __init__(self, shape, unit, operator):
        said = {"object": shape.name, "operator": operator}
        self.named = orjson.dumps({key: value for key, value in said.items() if value}).decode()[1:-1]
        self.role = f',"role":{orjson.dumps(unit.role).decode()}' if unit.role else ""

    def around(self, nonce, personal, public, uid):
        """From the nonce up to the number of the history row, and what follows `seq`."""
        return (
            f',"nonce":"{nonce}",{self.named},"personal":"{personal}","public":"{public}"{self.role},"row":',
            f',"uid":"{uid[:8]}-{uid[8:12]}-{uid[12:16]}-{uid[16:20]}-{uid[20:]}","v":1}}',
        )


def put(batch: Batch) -> None:
    """Writes what was prepared, inside the unit of work of the same actor. Rows that are new and have no id get one."""
    shape, unit = batch.shape, _writing_unit(batch.shape.model)
    if not batch:
        return
    if (unit.by, unit.role, unit.reason, unit.run) != (
        batch.unit.by,
        batch.unit.role,
        batch.unit.reason,
        batch.unit.run,
    ):
        raise ValueError(f"{shape.model._meta.label}: prepared for another actor than the one who writes.")
    _put_rows(batch)
    history_ids = copying.next_ids(shape.history, len(batch.kinds))
    at = copying.stored(shape.history, "history_date", batch.at)
    by, reason = unit.by, unit.reason or None
    told = zip(batch.values, batch.tracked, history_ids, batch.kinds, batch.salts, strict=True)
    copying.insert(
        shape.history,
        shape.history_columns,
        [
            (values["id"], *tracked, history_id, at, kind, by, reason, salt)
            for values, tracked, history_id, kind, salt in told
        ],
    )
    unit.add_lines(Lines(shape.name, shape.history, batch.operator, batch.lines, history_ids))


def _put_rows(batch):
    shape = batch.shape
    model, new, changed, gone = shape.model, [], [], []
    places = batch.changed
    for kind, values, stored in zip(batch.kinds, batch.values, batch.stored, strict=True):
        if kind == "+":
            new.append((values, stored))
        elif kind == "~":
            changed.append((*[stored[place] for place in places], values["id"]))
        else:
            gone.append(values["id"])
    without_id = [values for values, _stored in new if values.get("id") is None]
    for values, new_id in zip(without_id, copying.next_ids(model, len(without_id)) if without_id else (), strict=True):
        values["id"] = new_id
    copying.insert(model, shape.table_columns, [(values["id"], *stored) for values, stored in new])
    copying.update(model, [shape.attnames[place] for place in places], changed)
    if gone:
        copying.delete(model, gone)


def _writing_unit(model):
    unit = current_unit()
    if unit is None or unit.reading:
        raise OutsideUnitOfWork(f"{model._meta.label} was written outside journal.unit_of_work.")
    return unit
