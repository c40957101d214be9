"""Two officers on one record: the second save is told, nothing of the first is lost."""

from django.contrib.auth import get_user_model
from django.db.models import Max, Q, Value
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from registry.journal.actions import Action
from registry.journal.history import history_model
from registry.models import JournalEntry, Tracked

from .queries import at_once

# Of the entries about a record without a history those that tell of a save: logins are about a user, too.
SAVES = (Action.USER_CREATE, Action.USER_CHANGE)


def histories(record, linked):
    """(history model, ids) of a record, where it has a history, then of the rows linked to it now, a pair for each model."""
    found = [(history_model(type(record)), [record.pk])] if isinstance(record, Tracked) else []
    first = len(found)
    found += [(history_model(model), []) for model, _field in linked]
    rows = [
        model._base_manager.filter(**{field: record.pk}).order_by().values_list(Value(place), "pk")
        for place, (model, field) in enumerate(linked, start=first)
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
    """Who saved the record last, and when; of one without a history what the journal tells, which may be nothing."""
    by, at = (last_version if isinstance(record, Tracked) else last_told)(record, linked)
    user = get_user_model().objects.filter(pk=by).first()
    return {
        "who": user.get_full_name() if user else _("the system"),
        "when": date_format(localtime(at), "DATETIME_FORMAT") if at else "",
    }


def last_version(record, linked):
    rows = [
        row
        for history, ids in histories(record, linked)
        if (row := history.objects.filter(id__in=ids).order_by("-history_id").first())
    ]
    last = max(rows, key=lambda row: row.history_date)
    return last.history_user_id, last.history_date


def last_told(record, linked):
    """By the newest entry about the record, or about a row that was ever linked to it: also by whom one was taken away."""
    uids = {record.uid}
    for model, field in linked:
        rows = history_model(model).objects.filter(**{f"{field}_id": record.pk}).order_by()
        uids.update(rows.values_list("uid", flat=True))
    saves = JournalEntry.objects.filter(Q(action__in=SAVES) | Q(history_id__isnull=False), object_uid__in=uids)
    entry = saves.order_by("-seq").first()
    return (entry.actor, entry.at) if entry else (None, None)
