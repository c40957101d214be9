"""What changed, one field a line: from what to what, by whom, why, and under which number of the journal."""

import json

from django.apps import apps
from django.db import models
from django.db.models import OuterRef, Subquery

from registry.exports.formulas import Phone
from registry.exports.past import ALMATY
from registry.exports.stream import csv_file
from registry.exports.trail import chunks, shown
from registry.journal.canonical import plain_value
from registry.models import PERSONAL, User

COLUMNS = ["seq", "n", "when", "actor", "role", "object", "uid", "field", "old", "new", "reason"]
MASK = "(personal)"


def file(last_seq, operator_code="", subject=None, personal_of=frozenset()):
    """changes.csv up to entry `last_seq`, with its trailer."""
    return csv_file([], COLUMNS, rows(last_seq, operator_code, subject, personal_of))


def rows(last_seq, operator_code="", subject=None, personal_of=frozenset()):
    """The lines of changes.csv; personal values and reasons only of the operators in `personal_of`, else masked."""
    actors, codes = {None: "system"}, Codes()
    for chunk in chunks(last_seq):
        entries = list(chunk.filter(shown(operator_code, subject), history_id__isnull=False))
        found = history_of(entries)
        name_actors(actors, {entry.actor for entry in entries})
        for entry in entries:
            row, before = found.get((entry.object_type, entry.history_id), (None, None))
            if row is None:
                continue
            for field, old, new, is_personal in differences(row, before, codes):
                hidden = is_personal and entry.operator not in personal_of
                reason = row.history_change_reason or ""
                yield [
                    entry.seq,
                    entry.n,
                    entry.at.astimezone(ALMATY).isoformat(timespec="microseconds"),
                    actors[entry.actor],
                    json.loads(entry.body).get("role", ""),
                    entry.object_type,
                    entry.object_uid,
                    field,
                    MASK if hidden and old else old,
                    MASK if hidden and new else new,
                    MASK if reason and entry.operator not in personal_of else reason,
                ]


def history_of(entries):
    """History rows of the entries, each with the row before it, by (object type, history id)."""
    wanted, found = {}, {}
    for entry in entries:
        wanted.setdefault(entry.object_type, []).append(entry.history_id)
    for object_type, ids in wanted.items():
        history = apps.get_model("registry", object_type).history
        earlier = history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id")).order_by("-history_id")
        rows = list(
            history.filter(history_id__in=ids).order_by().annotate(before=Subquery(earlier.values("history_id")[:1]))
        )
        before = history.model.objects.in_bulk([row.before for row in rows if row.before])
        for row in rows:
            found[object_type, row.history_id] = row, before.get(row.before)
    return found


def differences(row, before, codes):
    """(field, old, new, personal?) of each tracked field that differs; a deleted record loses every value."""
    classes = row.instance_type.FIELD_CLASSES
    for tracked in row.tracked_fields:
        if tracked.primary_key:
            continue
        field = row._meta.get_field(tracked.name)
        old = plain_value(field, getattr(before, field.attname)) if before is not None else None
        new = plain_value(field, getattr(row, field.attname)) if row.history_type != "-" else None
        if old != new:
            is_personal = classes.get(tracked.name) == PERSONAL
            yield tracked.name, shown_value(field, old, codes), shown_value(field, new, codes), is_personal


def shown_value(field, value, codes):
    if isinstance(field, models.ForeignKey):
        return codes.of(field.related_model, value)
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return Phone(value) if field.name == "phone" else str(value)


def name_actors(actors, ids):
    """User names beside the ids that the journal keeps."""
    if missing := ids - set(actors):
        names = dict(User.objects.filter(pk__in=missing).values_list("pk", "username"))
        actors |= {pk: f"{names[pk]} (#{pk})" if pk in names else f"#{pk}" for pk in missing}


class Codes:
    """What a link points to: the code of a vocabulary entry, else the uid; never a name."""

    def __init__(self):
        self._known = {}

    def of(self, model, pk):
        if pk is None:
            return ""
        if (model, pk) not in self._known:
            if len(self._known) > 50_000:
                self._known.clear()
            self._known[model, pk] = self._look_up(model, pk)
        return self._known[model, pk]

    def _look_up(self, model, pk):
        names = {field.name for field in model._meta.concrete_fields}
        name = next((name for name in ("code", "uid", "username") if name in names), "pk")
        if hasattr(model, "history"):
            found = model.history.filter(id=pk).order_by("-history_id").values_list(name, flat=True).first()
        else:
            found = model.objects.filter(pk=pk).values_list(name, flat=True).first()
        return str(found) if found else f"#{pk}"
