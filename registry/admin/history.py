"""The history page: one version a journal entry, who, when, what from and to, why, under which number."""

import json
from typing import NamedTuple

from django.core.paginator import Paginator
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from registry import scope
from registry.journal.history import changed_fields, history_model
from registry.models import PERSONAL, DataSubject, JournalEntry
from registry.models.fields import CodesField, in_words

from .labels import action_label, actor_label, actor_names, role_label

VERSIONS_A_PAGE = 25
QUIET_FIELDS = {"uid", "operator"}


def history_page(record, linked, request):
    """Template context: the page's versions of the record and of the rows linked to it, newest first."""
    page = Paginator(entries_of(record, linked), VERSIONS_A_PAGE).get_page(request.GET.get("p"))
    entries = list(page.object_list)
    shown = {model._meta.model_name: model for model in [type(record), *(model for model, _field in linked)]}
    rows = rows_of(entries, shown)
    shown = Shown(record, actor_names(entries), scope.sees_personal(request.user), names_of(rows.values()))
    versions = [
        version(entry, *rows.get((entry.object_type, entry.history_id), (None, None)), shown) for entry in entries
    ]
    return {"versions": versions, "page_obj": page}


def entries_of(record, linked):
    """Journal entries with a history row of the record or of a row that was ever linked to it."""
    if isinstance(
        record, DataSubject
    ):  # all that is only about the person names them; their cases have histories of their own
        parts = [model._meta.model_name for model in (DataSubject, *(model for model, _field in linked))]
        told = JournalEntry.objects.filter(subjects__uid=record.uid, history_id__isnull=False)
        return told.filter(object_type__in=parts).order_by("-seq")
    own = Q(object_type=record._meta.model_name, object_uid=record.uid)
    for model, field in linked:
        rows = history_model(model).objects.filter(**{f"{field}_id": record.pk}).order_by()
        own |= Q(object_type=model._meta.model_name, object_uid__in=rows.values("uid").distinct())
    return JournalEntry.objects.filter(own, history_id__isnull=False).order_by("-seq")


def rows_of(entries, shown):
    """(row, row before) by object type and history id: two queries a model."""
    wanted = {}
    for entry in entries:
        wanted.setdefault(entry.object_type, []).append(entry.history_id)
    found = {}
    for name, ids in wanted.items():
        history = history_model(shown[name])
        rows = list(history.objects.filter(history_id__in=ids))
        earlier = history.objects.filter(id=models.OuterRef("id"), history_id__lt=models.OuterRef("history_id"))
        previous = dict(
            history.objects.filter(history_id__in=ids)
            .annotate(previous=models.Subquery(earlier.order_by("-history_id").values("history_id")[:1]))
            .values_list("history_id", "previous")
        )
        before = history.objects.in_bulk([each for each in previous.values() if each])
        for row in rows:
            found[name, row.history_id] = row, before.get(previous[row.history_id])
    return found


class Shown(NamedTuple):
    """Whose page it is, who acted, whether personal values are shown, and what foreign keys point to, by model and id."""

    record: models.Model
    actors: dict
    personal: bool
    names: dict


def names_of(pairs):
    """What the foreign keys of the rows point to, as it is called today: one query a model."""
    wanted = {}
    for row in (row for pair in pairs for row in pair if row is not None):
        for field in row._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and getattr(row, field.attname) is not None:
                wanted.setdefault(field.related_model, set()).add(getattr(row, field.attname))
    names = {}
    for model, ids in wanted.items():
        links = [field.name for field in model._meta.concrete_fields if field.is_relation and not field.null]
        found = model._base_manager.select_related(*links).in_bulk(ids)
        names |= {(model, pk): str(found[pk]) if pk in found else gone(model, pk) for pk in ids}
    return names


def gone(model, pk):
    return _("%(what)s no. %(key)s (deleted)") % {"what": model._meta.verbose_name, "key": pk}


def version(entry, row, before, shown):
    return {
        "when": date_format(localtime(entry.at), "DATETIME_FORMAT"),
        "actor": actor_label(entry, shown.actors),
        "role": role_label(json.loads(entry.body).get("role", "")),
        "action": describe_act(entry, row, shown.record),
        "reason": reason_shown(row, shown.personal),
        "n": entry.n or entry.seq,
        "seq": entry.seq,
        "changes": changes(row, before, shown) if row is not None and row.history_type != "-" else [],
    }


def describe_act(entry, row, record):
    act = action_label(entry.action)
    if row is None or entry.object_type == record._meta.model_name:
        return act
    return f"{row.instance_type._meta.verbose_name}: {act}"


def reason_shown(row, personal):
    """Reasons are free text and may name people, so they are kept like personal values."""
    if row is None or not row.history_change_reason:
        return ""
    return row.history_change_reason if personal else _("(not shown to your role)")


def changes(row, before, shown):
    """(field, old, new) of each field that got another value."""
    found = []
    for name in changed_fields(before, row):
        if name in QUIET_FIELDS or points_to(row, name, shown.record):
            continue
        hidden = row.instance_type.FIELD_CLASSES[name] == PERSONAL and not shown.personal
        old = value_shown(before, name, shown.names) if before is not None else ""
        new = value_shown(row, name, shown.names)
        if hidden:
            old, new = (old and _("(personal)")), (new and _("(personal)"))
        found.append({"field": row._meta.get_field(name).verbose_name, "old": old, "new": new})
    return found


def points_to(row, name, record):
    """Whether the field only says that a link belongs to the record whose page this is."""
    field = row._meta.get_field(name)
    return field.related_model is type(record) and getattr(row, field.attname) == record.pk


def value_shown(row, name, names):
    """A value as people read it. What a foreign key points to is named as it is called today."""
    field = row._meta.get_field(name)
    value = getattr(row, field.attname)
    if value is None or value == "":
        return ""
    if isinstance(field, models.ForeignKey):
        return names[field.related_model, value]
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(field, models.DateTimeField):
        return date_format(localtime(value), "DATETIME_FORMAT")
    if isinstance(field, models.DateField):
        return date_format(value, "DATE_FORMAT")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    own = row.instance_type._meta.get_field(name)
    return in_words(own, value) if isinstance(own, CodesField) else str(value)
