"""What changed, one field a line: from what to what, by whom, why, and under which number of the journal."""

import json
from functools import cache

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
        codes.learn(row for pair in found.values() for row in pair if row is not None)
        for entry in entries:
            row, before = found.get((entry.object_type, entry.history_id), (None, None))
            if row is not None:
                yield from lines_of(entry, row, before, actors, codes, entry.operator in personal_of)


def lines_of(entry, row, before, actors, codes, shows_personal):
    at = entry.at.astimezone(ALMATY).isoformat(timespec="microseconds")
    role = json.loads(entry.body).get("role", "")
    about = [entry.seq, entry.n, at, actors[entry.actor], role, entry.object_type, entry.object_uid]
    reason = row.history_change_reason or ""
    reason = reason if shows_personal or not reason else MASK
    for field, old, new, is_personal in differences(row, before, codes):
        if is_personal and not shows_personal:
            old, new = MASK if old else old, MASK if new else new
        yield [*about, field, old, new, reason]


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

    MOST = 50_000

    def __init__(self):
        self._known = {}

    def of(self, model, pk):
        return self._known.get((model, pk), f"#{pk}") if pk is not None else ""

    def learn(self, rows):
        """Reads, a query for each model, what the links of these history rows point to."""
        if len(self._known) > self.MOST:
            self._known.clear()
        wanted = {}
        for row in rows:
            for field in links_of(type(row)):
                pk = getattr(row, field.attname)
                if pk is not None and (field.related_model, pk) not in self._known:
                    wanted.setdefault(field.related_model, set()).add(pk)
        for model, ids in wanted.items():
            self._learn(model, ids)

    def _learn(self, model, ids):
        names = {field.name for field in model._meta.concrete_fields}
        name = next((name for name in ("code", "uid", "username") if name in names), "pk")
        found = dict(model._base_manager.filter(pk__in=ids).values_list("pk", name))
        if hasattr(model, "history") and (gone := ids - set(found)):
            found |= dict(model.history.filter(id__in=gone).order_by("history_id").values_list("id", name))
        self._known |= {(model, pk): str(value) for pk, value in found.items()}


@cache
def links_of(history_model):
    """The tracked foreign keys of a history model."""
    fields = (history_model._meta.get_field(tracked.name) for tracked in history_model.tracked_fields)
    return [field for field in fields if isinstance(field, models.ForeignKey)]
