"""Two officers on one record: the second save is told, nothing of the first is lost."""

from django.contrib.auth import get_user_model
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _


def histories(record, linked):
    """History rows of a record, then those of the rows linked to it now, one queryset a model."""
    yield record.history.model.objects.filter(id=record.pk)
    for model, field in linked:
        rows = model._base_manager.filter(**{field: record.pk})
        yield model.history.model.objects.filter(id__in=list(rows.values_list("pk", flat=True)))


def seen_token(record, linked):
    """The state a form was drawn from: the newest history row of the record and of each kind of its links, and their number."""
    counts, newest = [], [_newest(record.history.model, [record.pk])]
    for model, field in linked:
        rows = list(model._base_manager.filter(**{field: record.pk}).order_by().values_list("pk", flat=True))
        counts.append(len(rows))
        newest.append(_newest(model.history.model, rows))
    return ".".join(str(each or 0) for each in (*newest, *counts))


def _newest(history, ids):
    return history.objects.filter(id__in=ids).aggregate(newest=Max("history_id"))["newest"] if ids else None


def who_saved(record, linked):
    """Who saved the record last, and when."""
    rows = [row for rows in histories(record, linked) if (row := rows.order_by("-history_id").first())]
    last = max(rows, key=lambda row: row.history_date)
    user = get_user_model().objects.filter(pk=last.history_user_id).first()
    return {
        "who": user.get_full_name() if user else _("the system"),
        "when": date_format(localtime(last.history_date), "DATETIME_FORMAT"),
    }
