"""Two officers on one record: the second save is told, nothing of the first is lost."""

from django.contrib.auth import get_user_model
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _


def histories(record, linked):
    """(history model, ids) of a record, then of the rows linked to it now, a pair for each model."""
    yield record.history.model, [record.pk]
    for model, field in linked:
        rows = model._base_manager.filter(**{field: record.pk}).order_by()
        yield model.history.model, list(rows.values_list("pk", flat=True))


def seen_token(record, linked):
    """The state a form was drawn from: the newest history row of the record and of each kind of its links, and their number."""
    own, *links = histories(record, linked)
    newest = [_newest(*each) for each in (own, *links)]
    return ".".join(str(each or 0) for each in (*newest, *(len(ids) for _history, ids in links)))


def _newest(history, ids):
    return history.objects.filter(id__in=ids).aggregate(newest=Max("history_id"))["newest"] if ids else None


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
