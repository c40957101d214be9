"""Two officers on one record: the second save is told, nothing of the first is lost."""

from django.contrib.auth import get_user_model
from django.db.models import Max, Value
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from registry.journal.history import history_model

from .queries import at_once


def histories(record, linked):
    """(history model, ids) of a record, then of the rows linked to it now, a pair for each model."""
    found = [(history_model(type(record)), [record.pk]), *((history_model(model), []) for model, _field in linked)]
    rows = [
        model._base_manager.filter(**{field: record.pk}).order_by().values_list(Value(place), "pk")
        for place, (model, field) in enumerate(linked, start=1)
    ]
    for place, pk in at_once(rows):
        found[place][1].append(pk)
    return found


def seen_token(record, linked):
    """The state a form was drawn from: the newest history row of the record and of each kind of its links, and their number."""
    found = histories(record, linked)
    asked = [
        history.objects.filter(id__in=ids).order_by().values(of=Value(place)).annotate(newest=Max("history_id"))
        for place, (history, ids) in enumerate(found)
        if ids
    ]
    newest = {each["of"]: each["newest"] for each in at_once(asked)}
    return ".".join(f"{newest.get(place) or 0}-{len(ids)}" for place, (_history, ids) in enumerate(found))


def who_saved(record, linked):
    """Who saved the record last, and when."""
    rows = [
        row
        for history, ids in histories(record, linked)
        if (row := history.objects.filter(id__in=ids).order_by("-history_id").first())
    ]
    last = max(rows, key=lambda row: row.history_date)
    user = get_user_model().objects.filter(pk=last.history_user_id).first()
    return {
        "who": user.get_full_name() if user else _("the system"),
        "when": date_format(localtime(last.history_date), "DATETIME_FORMAT"),
    }
