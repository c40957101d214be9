"""Due next: the part of the desk that an office begins its day with."""

from heapq import merge
from itertools import islice

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry import scope
from registry.exports.due import due_cases, due_counts
from registry.exports.due_tellings import NOTICE, DueTelling, due_tellings
from registry.models import Consent, Disclosure, Obligation
from registry.models.deadline import working_days

from . import nav
from .case_due import due_pill, horizon_of

SHOWN = 7


def due_next(request):
    """The most urgent cases and words that are owed, and how many, or None for those who see no cases. Whose they are is not said here."""
    user = request.user
    if not user.has_perm("registry.view_subjectrequest"):
        return None
    horizon = horizon_of(request)
    cases = due_cases(request.operator, horizon.at, limit=SHOWN)
    tellings = due_tellings(request.operator, horizon.today, limit=SHOWN, most=nav.COUNTED)
    found = merge(cases, tellings, key=lambda due: due.urgency)
    owed = {
        "to_tell": nav.counted(scope.in_scope(Obligation.objects.open(), user)),
        "untold": nav.counted(scope.in_scope(Obligation.objects.overdue(horizon.today), user)),
        "unnotified": nav.counted(scope.in_scope(Disclosure.objects.overdue(horizon.today), user)),
        "to_publish": conditions_to_publish(user, horizon.today),
    }
    return {
        "rows": [row(due, horizon) for due in islice(found, SHOWN)],
        "counts": due_counts(request.operator, horizon.at),
        **owed,
        "shown": {name: nav.badge(owed[name]) for name in ("to_tell", "untold", "unnotified")}
        | {"to_publish": nav.badge(owed["to_publish"]["count"])},
    }


def conditions_to_publish(user, today):
    """Consents to distribution whose conditions are not published yet: how many, how many late, and the first day due."""
    waiting = scope.in_scope(Consent.objects.to_publish(today), user)
    first_on = waiting.order_by("publication_due_on").values_list("publication_due_on", flat=True).first()
    late = waiting.filter(publication_due_on__lt=today)
    return {"count": nav.counted(waiting), "late": nav.counted(late), "first_on": first_on}


def row(due, horizon):
    if isinstance(due, DueTelling):
        return telling(due, horizon)
    return {
        "number": due.case.number,
        "url": reverse(f"admin:registry_{due.case._meta.model_name}_change", args=[due.case.pk]),
        "label": due.label[:1].upper() + due.label[1:],
        "note": note(due.case),
        "received_at": due.received_at,
        "due": due_pill(due, horizon),
    }


def telling(due, horizon):
    """How many are to be told the same by the same day; whom, says the list."""
    listed, query, label = (
        "obligation",
        {"is": "open", "what__exact": due.what},
        dict(Obligation.What.choices).get(due.what),
    )
    if due.what == NOTICE:
        listed, query, label = "disclosure", {"notice": "open"}, _("tell the person what left")
    return {
        "number": _("%s to be told") % nav.badge(due.count),
        "url": reverse(f"admin:registry_{listed}_changelist", query=query),
        "label": label[:1].upper() + label[1:],
        "note": due.norm.citation if due.norm else "",
        "received_at": None,
        "due": due_pill(due, horizon),
    }


def note(case):
    """How far it has come, in a few words."""
    if not hasattr(case, "identified_at"):
        return case.body_number
    if case.identified_at:
        return _("identity checked")
    return _("person found") if case.subject_id else _("nobody linked yet")


def due_card(due):
    """The tile: open cases, and how many of them want somebody."""
    counts = due["counts"]
    said = [
        (counts.overdue, _("%d overdue")),
        (counts.today, _("%d today")),
        (counts.soon, _("%d soon")),
    ]
    owed = [
        (nav.badge(due["untold"]), _("%s not told in time")),
        (nav.badge(due["unnotified"]), _("%s not told in time what left")),
        (nav.badge(due["to_publish"]["late"]), _("%s not published in time")),
    ]
    late = counts.overdue or any(count for count, _text in owed)
    tone = "bad" if late else "warn" if counts.today or counts.soon else "ok"
    note = " · ".join(text % count for count, text in (*said, *owed) if count)
    return {"label": _("Cases open"), "value": counts.open, "note": note or _("nothing is pressing"), "tone": tone}


def due_headline(request, due):
    """What is wanted today; on a day off, when work begins again."""
    counts, horizon = due["counts"], horizon_of(request)
    wanted = counts.overdue + counts.today
    if wanted:
        said = ngettext("%(count)d case needs you today.", "%(count)d cases need you today.", wanted) % {
            "count": wanted
        }
    else:
        said = _("No case is due today.")
    days = working_days(request.operator.country or "KZ")
    if days.is_working(horizon.today):
        return said
    day = date_format(days.next_working(horizon.today), "l, j F")
    return said + " " + _("The next working day is %s.") % day
