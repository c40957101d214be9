"""Many rows of one tracked model in one go, with the history rows and entries that save() would have written for each.

`prepare` does all that needs no database, in any process and before any lock; `put` then writes it inside a unit of work.
"""

import hmac
import os
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection
from django.utils import timezone

from . import copying
from .canonical import PUBLIC_PREFIX, commitments, moment
from .history import ACTIONS
from .shape import Shape, fields_text, shape_of
from .unit import Lines, OutsideUnitOfWork, Unit, actor_id, current_unit, operator_code

SALT_BYTES, NONCE_BYTES = 32, 16


class Written(NamedTuple):
    """One row to be written: all its values by attname, the person it is about, and what was stored before, if anything.

    A new row needs no id and no uid, they are put into its values; a new person is about nobody else.
    """

    values: dict[str, Any]
    subject: UUID | None
    before: dict[str, Any] | None = None


class Line(NamedTuple):
    """One row, ready but for its id and the number of its entry."""

    kind: str  # "+", "~", "-"
    values: dict  # the caller's; a new row gets its id there
    stored: tuple  # for the table, without the id
    salt: bytes
    entry: tuple  # as journal.unit.Lines has it


class Rows(NamedTuple):
    """What a batch writes. new, history: as copying.insert takes them; changed: as copying.update does. Of what is packed for SQLite
    the ids that only the insert finds free are None."""

    new: list | copying.Flat | bytes
    changed: list
    gone: list
    history: list | copying.Flat | bytes
    history_ids: list
    entries: list


@dataclass(slots=True)
class Batch:
    """Rows of one model, ready to be put. changed: places of the columns in which at least one of them has changed.

    rows: what the lines write, where that is known already.
    """

    shape: Shape
    unit: Unit
    operator: str
    at: Any
    lines: list
    changed: list
    rows: Rows | None = None

    def __bool__(self):
        return bool(self.lines or self.rows)

    def packed(self):
        """With its rows as the database takes them, for another process to put. On SQLite `put` gives them their ids, which are free
        only until the insert. On PostgreSQL they have them, and history is read in the order of its ids: whoever puts this
        batch must know that nobody wrote its records meanwhile.
        """
        if not self or self.rows:
            return self
        if connection.vendor == "postgresql":
            [rows] = _all_rows(self.shape, [self])
        else:
            for line in self.lines:
                if line.kind == "+":
                    line.values.setdefault("id", None)
            rows = _rows(self, [None] * len(self.lines))
        rows = rows._replace(new=copying.packed(rows.new), history=copying.packed(rows.history))
        return replace(self, lines=[], rows=rows)


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
    salts, nonces = os.urandom(SALT_BYTES * len(rows)), os.urandom(NONCE_BYTES * len(rows)).hex()
    has_user, has_reason, reason = unit.by is not None, bool(unit.reason), unit.reason
    told = {kind: (moment(now), kind, unit.by, reason) for kind in ACTIONS}
    lines, changed, middle, end = [], set(), *_common(shape, unit, operator)
    for number, (values, subject, before) in enumerate(rows):
        if before is None and "uid" not in values:
            values["uid"] = shape.new_uid()
        row = shape.row_of(values or before)
        recipe = shape.recipe(row, has_user, has_reason)
        kind, fields = "+", recipe.fields
        if before is not None:
            kind, fields, places = _against(shape, row, before) if values else ("-", "", ())
            changed.update(places)
        stored = list(row)
        stored[shape.uid] = uid = row[shape.uid].hex
        for place, convert in recipe.stored:
            stored[place] = convert(stored[place])
        stored = tuple(stored)
        dashed = f"{uid[:8]}-{uid[8:12]}-{uid[12:16]}-{uid[16:20]}-{uid[20:]}"
        salt = salts[SALT_BYTES * number : SALT_BYTES * (number + 1)]
        spoken = (*stored, dashed, *told[kind])
        if recipe.texts and _is_plain("".join(recipe.texts(spoken))):
            public = sha256(PUBLIC_PREFIX + recipe.public(spoken)).hexdigest()
            personal = hmac.digest(salt, recipe.personal(spoken), "sha256").hex()
        else:
            public, personal = commitments(_HistoryRow(shape, row, salt, now, kind, unit))
        nonce = nonces[2 * NONCE_BYTES * number : 2 * NONCE_BYTES * (number + 1)]
        entry = (
            ACTIONS[kind],
            fields,
            f',"nonce":"{nonce}",{middle},"personal":"{personal}","public":"{public}"{end}',
            f',"uid":"{dashed}","v":1}}',
            uid,
            subject.hex if subject else uid,
        )
        lines.append(Line(kind, values or before, stored, salt, entry))
    return Batch(shape, unit, operator, now, lines, sorted(changed))


def _common(shape, unit, operator):
    """What the bodies of one batch have in common between the nonce and `row`, before and after the commitments."""
    named = orjson.dumps({"object": shape.name} | ({"operator": operator} if operator else {})).decode()[1:-1]
    role = f',"role":{orjson.dumps(unit.role).decode()}' if unit.role else ""
    return named, f'{role},"row":'


def _is_plain(text):
    """Whether the text stands in JSON as it is."""
    return text.isprintable() and '"' not in text and "\\" not in text


class _HistoryRow:
    """Stands for a history row where values are read by name: a model instance costs ten times more."""

    def __init__(self, shape, row, salt, at, kind, unit):
        self._meta, self.instance_type = shape.history._meta, shape.model
        self.__dict__ |= dict(zip(shape.attnames, row, strict=True))
        self.salt, self.history_date, self.history_type = salt, at, kind
        self.history_user_id, self.history_change_reason = unit.by, unit.reason or None


def _against(shape, row, before):
    names, places = shape.changed(shape.row_of(before), row)
    if not places:
        raise ValueError(f"{shape.model._meta.label}: a row without a change was to be written.")
    return "~", fields_text(names), places


def put(*batches: Batch) -> None:
    """Writes what was prepared, inside the unit of work of the same actor. Rows that are new and have no id get one.

    Batches of one model are written together, its new rows before its changes; models in the order in which they come. A batch is put
    once: whoever writes again after a transaction that failed prepares it again.
    """
    of_models = {}
    for batch in batches:
        of_models.setdefault(batch.shape.model, []).append(batch)
    for model, of_model in of_models.items():
        unit = _writing_unit(model)
        if any(batch.unit.acts_as != unit.acts_as for batch in of_model):
            raise ValueError(f"{model._meta.label}: prepared for another actor than the one who writes.")
        _put(unit, of_model[0].shape, of_model)


def _put(unit, shape, batches):
    written = _all_rows(shape, batches)
    copying.insert(shape.model, shape.table_columns, *(rows.new for rows in written))
    for batch, rows in zip(batches, written, strict=True):
        copying.update(shape.model, [shape.attnames[place] for place in batch.changed], rows.changed)
        if rows.gone:
            copying.delete(shape.model, rows.gone)
    copying.insert(shape.history, shape.history_columns, *(rows.history for rows in written))
    for batch, rows in zip(batches, written, strict=True):
        if batch:
            unit.add_lines(Lines(shape.name, shape.history, batch.operator, rows.entries, rows.history_ids))


def _all_rows(shape, batches) -> list[Rows]:
    """What each batch writes. Ids are taken here, for history and for whatever is new and has none: on SQLite for all of them at
    once, for they are free only until the insert."""
    counts = list(map(_ids_lacking, batches))
    ids = _ids(shape.model, sum(count for count, _of_history in counts))
    history_ids = _ids(shape.history, sum(of_history for _count, of_history in counts))
    return [
        _with_ids(batch, list(islice(ids, count)), list(islice(history_ids, of_history)))
        for batch, (count, of_history) in zip(batches, counts, strict=True)
    ]


def _ids(model, count):
    return iter(copying.next_ids(model, count) if count else ())


def _ids_lacking(batch):
    """(how many new rows of the batch have no id, how many rows of history)."""
    if not (rows := batch.rows):
        return sum(line.kind == "+" and line.values.get("id") is None for line in batch.lines), len(batch.lines)
    if None not in rows.history_ids:
        return 0, 0
    return rows.new[:: len(batch.shape.table_columns)].count(None), len(rows.history_ids)


def _with_ids(batch, ids, history_ids) -> Rows:
    """What the batch writes, with these ids for what lacks them."""
    if batch.rows:
        return _filled(batch.shape, batch.rows, ids, history_ids) if history_ids else batch.rows
    without = (line.values for line in batch.lines if line.kind == "+" and line.values.get("id") is None)
    for values, new_id in zip(without, ids, strict=True):
        values["id"] = new_id
    return _rows(batch, history_ids)


def _filled(shape, rows, ids, history_ids):
    """What was packed for SQLite, its gaps filled with these ids."""
    for flat, columns in ((rows.new, shape.table_columns), (rows.history, shape.history_columns)):
        given, places = iter(ids), slice(None, None, len(columns))
        flat[places] = [next(given) if each is None else each for each in flat[places]]
    rows.history[shape.history_columns.index("history_id") :: len(shape.history_columns)] = history_ids
    return rows._replace(history_ids=history_ids)


def _rows(batch, history_ids) -> Rows:
    shape, lines = batch.shape, batch.lines
    at, by, reason = copying.stored(shape.history, "history_date", batch.at), batch.unit.by, batch.unit.reason or None
    tracked = shape.tracked_of
    return Rows(
        [(line.values["id"], *line.stored) for line in lines if line.kind == "+"],
        [(*[line.stored[place] for place in batch.changed], line.values["id"]) for line in lines if line.kind == "~"],
        [line.values["id"] for line in lines if line.kind == "-"],
        [
            (values["id"], *tracked(stored), history_id, at, kind, by, reason, salt)
            for (kind, values, stored, salt, _entry), history_id in zip(lines, history_ids, strict=True)
        ],
        history_ids,
        [line.entry for line in lines],
    )


def _writing_unit(model):
    unit = current_unit()
    if unit is None or unit.reading:
        raise OutsideUnitOfWork(f"{model._meta.label} was written outside journal.unit_of_work.")
    return unit
