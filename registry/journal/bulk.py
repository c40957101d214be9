"""Many rows of one tracked model in one go, with the history rows and entries that save() would have written for each."""

import os
from typing import Any, NamedTuple
from uuid import UUID

from django.utils import timezone

from . import copying
from .canonical import commitments
from .history import ACTIONS, changed_fields
from .unit import OutsideUnitOfWork, Pending, current_unit


class Written(NamedTuple):
    """One row to be written: all its values by attname, the person it is about, and what was stored before, if anything."""

    values: dict[str, Any]
    subject: UUID
    before: dict[str, Any] | None = None


def write(model, rows: list[Written], *, operator: str) -> None:
    """Inserts and changes rows inside the open unit of work. New rows get their id; a row without a change is an error.

    The caller has cleaned the values and locked the rows that change: neither clean() nor save() runs. The history row and
    the entry of each equal those of save(); `operator` is the code of the one operator they all belong to.
    """
    unit = current_unit()
    if unit is None or unit.reading:
        raise OutsideUnitOfWork(f"{model._meta.label} was written outside journal.unit_of_work.")
    if not rows:
        return
    new = [row.values for row in rows if row.before is None]
    for values, new_id in zip(new, copying.next_ids(model, len(new)) if new else (), strict=True):
        values["id"] = new_id
    copying.insert(model, new)
    changed = [row for row in rows if row.before is not None]
    if any(row.values == row.before for row in changed):
        raise ValueError(f"{model._meta.label}: a row without a change was to be written.")
    if changed:
        columns = [name for name in changed[0].values if any(row.values[name] != row.before[name] for row in changed)]
        copying.update(model, [row.values for row in changed], columns)
    _write_history(model, rows, unit, operator)


def delete(model, rows: list[Written], *, operator: str) -> None:
    """Deletes rows inside the open unit of work, with the history rows and entries that delete() would have written.

    `before` of each is what is stored, its `values` are not looked at. The caller has locked them.
    """
    unit = current_unit()
    if unit is None or unit.reading:
        raise OutsideUnitOfWork(f"{model._meta.label} was deleted outside journal.unit_of_work.")
    if rows:
        copying.delete(model, [row.before["id"] for row in rows])
        _write_history(model, [row._replace(values={}) for row in rows], unit, operator)


def _write_history(model, rows, unit, operator):
    history, shape = model.history.model, _shape(model)
    tracked = [field.attname for field in history.tracked_fields]
    ids, salts, now = copying.next_ids(history, len(rows)), os.urandom(32 * len(rows)), timezone.now()
    stored, fields_of_new = [], {}
    for place, (row, history_id) in enumerate(zip(rows, ids, strict=True)):
        kind = "+" if row.before is None else "~" if row.values else "-"
        source = row.values or row.before
        values = {name: source[name] for name in tracked} | {
            "history_id": history_id,
            "history_date": now,
            "history_type": kind,
            "history_user_id": unit.by,
            "history_change_reason": unit.reason or None,
            "salt": salts[32 * place : 32 * place + 32],
        }
        line = shape(values)
        if kind == "+":
            given = tuple(values[name] is None or values[name] == "" for name in tracked)
            fields = fields_of_new.get(given) or fields_of_new.setdefault(given, changed_fields(None, line))
        else:
            fields = changed_fields(shape(row.before), line) or None
        stored.append(values)
        unit.add(_entry(model, history, line, fields, unit, operator, row.subject))
    copying.insert(history, stored)


def _entry(model, history, line, fields, unit, operator, subject):
    public, personal = commitments(line)
    uid, name = line.uid, model._meta.model_name
    said = {
        "object": name,
        "uid": str(uid),
        "row": line.history_id,
        "fields": fields,
        "public": public,
        "personal": personal,
        "run": unit.run,
    }
    return Pending(
        ACTIONS[line.history_type], said, operator, name, uid, history, line.history_id, unit.run, (subject,)
    )  # fmt: skip


def _shape(model):
    """A class whose instances stand for history rows where values are read by name: a model instance costs ten times more."""
    history = model.history.model

    class Line:
        _meta, tracked_fields, instance_type = history._meta, history.tracked_fields, model

        def __init__(self, values):
            self.__dict__ = values

    return Line
