"""The states of transfers, and those on the desk: suspended, or waiting for a step."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.models import CrossBorderTransfer
from registry.models.transfer_facts import Surroundings
from registry.rules.transfers import checklist

SHOWN = 5
STATES = {
    "suspended": (_("suspended"), "bad"),
    "waiting": (_("not started"), "warn"),
    "running": (_("running"), "ok"),
    "ended": (_("ended"), "quiet"),
}


def state_of(transfer, today):
    if transfer.ended_on and transfer.ended_on < today:
        return "ended"
    if transfer.is_suspended:
        return "suspended"
    return "waiting" if transfer.started_on is None else "running"


def transfers_waiting(user):
    """The suspended first; each with the first step that stands in its way. None for those who may not see transfers."""
    if not user.has_perm("registry.view_crossbordertransfer"):
        return None
    today, around = timezone.localdate(), Surroundings()
    transfers = scope.in_scope(CrossBorderTransfer.objects.with_links(), user)
    suspended, waiting = transfers.suspended(today), transfers.waiting()
    found = [*((each, "suspended") for each in suspended), *((each, "waiting") for each in waiting)]
    return {"rows": [row(transfer, state, around, today) for transfer, state in found[:SHOWN]], "count": len(found)}


def row(transfer, state, around, today):
    steps = checklist(around.facts(transfer, today))
    missing = [step for step in steps if step.stands_in_the_way]
    return {
        "transfer": transfer,
        "url": reverse("admin:registry_crossbordertransfer_change", args=[transfer.pk]),
        "state": STATES[state],
        "next": missing[0] if missing else None,
        "why": transfer.get_suspension_display() if state == "suspended" else "",
    }
