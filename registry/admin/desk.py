"""The desk: what the officer sees first."""

import datetime as dt
import time
from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry import scope
from registry.models import (
    Consent,
    DataSubject,
    ImportRun,
    JournalEntry,
    JournalHead,
    Membership,
    Operator,
    ProcessingActivity,
)
from registry.templatetags.registry_ui import grouped

from .case_desk import due_card, due_headline, due_next
from .findings import findings_card
from .labels import Citations, action_label, actor_label, actor_names, object_label
from .transfer_desk import transfers_waiting

SHOWN = 5
# A count that takes longer is kept, a hundred times as long as it took.
LONG_SECONDS, KEPT_TIMES = 0.1, 100


def desk(request):
    """What the index shows for the role; every number is counted in the user's own scope."""
    user = request.user
    today = timezone.localdate()
    role = scope.role_of(user)
    if role == scope.ADMINISTRATOR:
        return {"today": today, "headline": _("Users and memberships are managed here; personal data are not seen."),
                "cards": administrator_cards(), "due": None, "incomplete": None, "transfers": None, "imports": None,
                "entries": last_entries(user)}  # fmt: skip
    if request.operator is None:
        return {"today": today, "headline": "", "cards": [], "due": None, "incomplete": None, "transfers": None, "imports": None,
                "entries": None}  # fmt: skip
    incomplete = incomplete_activities(user)
    due = due_next(request)
    return {
        "today": today,
        "headline": " ".join(filter(None, [due and due_headline(request, due), headline(len(incomplete))])),
        "cards": [*([due_card(due)] if due else []), *cards(user, today, len(incomplete))],
        "due": due,
        "findings": findings_card(request),
        "incomplete": incomplete[:SHOWN],
        "transfers": transfers_waiting(user),
        "imports": last_imports(user) if user.has_perm("registry.view_importrun") else None,
        "entries": last_entries(user) if user.has_perm("registry.view_journalentry") else None,
    }


def headline(incomplete):
    if not incomplete:
        return _("Every processing activity is complete.")
    return ngettext(
        "%(count)d processing activity is incomplete.", "%(count)d processing activities are incomplete.", incomplete
    ) % {"count": incomplete}


class Counted(NamedTuple):
    """People, consents in force and those of them that are complete; at: the moment, where it was not this one."""

    people: int
    recorded: int
    complete: int
    at: dt.datetime | None = None

    @classmethod
    def for_user(cls, user, today):
        """Counted now; where that takes long, as of a million, the next who come see this count and when it was made."""
        operator = scope.current_operator(user)
        key = f"desk-{operator.pk}-{operator.bin}-{today}"
        if kept := cache.get(key):
            return kept
        begun = time.perf_counter()
        people = scope.in_scope(DataSubject.objects.all(), user).count()
        counted = cls(people, *scope.in_scope(Consent.objects.in_force(today), user).counted())
        seconds = time.perf_counter() - begun
        if seconds > LONG_SECONDS:
            cache.set(key, counted._replace(at=timezone.now()), seconds * KEPT_TIMES)
        return counted

    def said(self, note):
        """With the moment of a count that was kept."""
        if self.at is None:
            return note
        moment = time_format(timezone.localtime(self.at), "TIME_FORMAT")
        return _("%(note)s; counted at %(moment)s") % {"note": note, "moment": moment}


def cards(user, today, incomplete):
    people, recorded, complete, _at = counted = Counted.for_user(user, today)
    activities = scope.in_scope(ProcessingActivity.objects.all(), user)
    active = activities.active().count()
    head = JournalHead.objects.filter(pk=1).first()
    number = (head.numbers if head else {}).get(scope.current_operator(user).code, 0)
    return [
        {
            "label": _("Processing activities"),
            "value": activities.count(),
            "note": _("%(active)d active · %(incomplete)d incomplete") % {"active": active, "incomplete": incomplete},
            "tone": "warn" if incomplete else "ok",
        },
        {
            "label": _("People in the register"),
            "value": people,
            "note": counted.said(_("data subjects")),
            "tone": "quiet",
        },
        {
            "label": _("Consents in force"),
            "value": complete,
            "note": counted.said(incomplete_note(recorded, recorded - complete, scope.current_operator(user))),
            "tone": "warn" if recorded > complete else "ok" if recorded else "quiet",
        },
        {
            "label": _("Audit trail"),
            "value": number,
            "note": _("entries of this operator, %s in the whole journal") % grouped(head.seq if head else 0),
            "tone": "quiet",
        },
    ]


def incomplete_note(recorded, incomplete, operator):
    """What is recorded besides, and why it is no ground."""
    if not recorded:
        return _("none recorded yet")
    if not incomplete:
        return _("all that are recorded are complete")
    note = _("%s more are incomplete and no ground") % grouped(incomplete)
    return note if operator.bin else note + _(": enter the operator’s BIN")


def administrator_cards():
    users = get_user_model().objects.all()
    without = users.filter(is_administrator=False, is_active=True, memberships__isnull=True).count()
    return [
        {"label": _("Users"), "value": users.filter(is_active=True).count(), "note": _("active"), "tone": "quiet"},
        {"label": _("Memberships"), "value": Membership.objects.count(), "note": "", "tone": "quiet"},
        {"label": _("Operators"), "value": Operator.objects.count(), "note": "", "tone": "quiet"},
        {
            "label": _("Users without a membership"),
            "value": without,
            "note": _("they can do nothing yet") if without else "",
            "tone": "warn" if without else "ok",
        },
    ]


def incomplete_activities(user):
    """Activities that blockers keep from being active, and active ones that a blocker has caught up with."""
    found = []
    citations = Citations(scope.current_operator(user))
    activities = ProcessingActivity.objects.exclude(status=ProcessingActivity.Status.ENDED).with_links()
    for activity in scope.in_scope(activities, user):
        if blockers := activity.blockers(stored=activity):
            found.append(
                {
                    "activity": str(activity),
                    "url": reverse("admin:registry_processingactivity_change", args=[activity.pk]),
                    "blockers": [citations.described(blocker) for blocker in blockers[:3]],
                    "count": len(blockers),
                }
            )
    return found


def last_imports(user):
    return [
        {
            "name": run.file_name,
            "when": run.uploaded_at,
            "url": reverse("admin:registry_importrun_change", args=[run.pk]),
            "state": run.get_state_display(),
            "tone": run.state,
            "wrote_nothing": run.wrote_nothing,
            "rows": run.rows,
            "new": run.new,
            "changed": run.changed,
            "same": run.same,
            "rejected": run.rejected,
            "stopped": run.stopped,
        }
        for run in scope.in_scope(ImportRun.objects.all(), user)[:SHOWN]
    ]


def last_entries(user):
    entries = list(scope.in_scope(JournalEntry.objects.all(), user)[: SHOWN * 2])
    names = actor_names(entries)
    return [
        {
            "n": entry.n or entry.seq,
            "when": entry.at,
            "actor": actor_label(entry, names),
            "action": action_label(entry.action),
            "object": object_label(entry.object_type),
            "url": reverse("admin:registry_journalentry_change", args=[entry.pk]),
        }
        for entry in entries
    ]
