"""Cross-border transfers after the start: what a day, a country's standing or an officer does to them, and what a standing would do."""

from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.journal import record, unit_of_work
from registry.models import CrossBorderTransfer, Operator
from registry.models.gate import refuse
from registry.models.transfer_facts import Surroundings, settle_transfers, would_change
from registry.rules.transfers import resume_blockers, suspend_blockers

BY_HAND = CrossBorderTransfer.Suspension.OFFICER


class Changes(NamedTuple):
    """Transfers suspended, and transfers taken up again."""

    suspended: list[CrossBorderTransfer]
    resumed: list[CrossBorderTransfer]


def check_transfers(*, by, role="system", operator: Operator | None = None) -> Changes:
    """Suspends and takes up again what today brings: the standing of a country that begins or ends, a prohibition. Idempotent."""
    with unit_of_work(by=by, role=role, operator=operator):
        return Changes(*settle_transfers(**({"operator": operator} if operator else {})))


def what_if(country, law, *, protects, on, by, role="system", operator: Operator | None = None) -> Changes:
    """What would be suspended and taken up again if the law's standing of the country were that on a day, all else as it is known now.

    Changes nothing; leaves one entry in the journal, with how many are concerned.
    """
    with unit_of_work(by=by, role=role, operator=operator):
        found = Changes(
            *would_change(country, law, protects=protects, on=on, **({"operator": operator} if operator else {}))
        )
        count = len(found.suspended) + len(found.resumed)
        record("transfer.what_if", object_type="crossbordertransfer", count=count)
        return found


def suspend(transfer: CrossBorderTransfer, *, by, reason, role="system") -> bool:
    """Suspends by hand what runs, or what only the law holds until now; nothing but `resume` takes it up again.

    Returns whether it changed anything: a second time does not. Raises ValidationError without a reason, before the start and after
    the end.
    """
    with unit_of_work(by=by, role=role, operator=transfer.operator, reason=reason):
        stored = locked(transfer)
        if stored.suspension == BY_HAND:
            return False
        said(reason)
        refuse(suspending_blockers(stored), operator=stored.operator)
        stored.suspension, stored.suspended_on = BY_HAND, stored.suspended_on or timezone.localdate()
        stored.save()
        record("transfer.suspend", object_type="crossbordertransfer", uid=stored.uid)
        return True


def resume(transfer: CrossBorderTransfer, *, by, reason, role="system") -> None:
    """Takes up again what was suspended by hand. Raises ValidationError without a reason, and with every step that stands in the way."""
    with unit_of_work(by=by, role=role, operator=transfer.operator, reason=reason):
        stored = locked(transfer)
        said(reason)
        refuse(resuming_blockers(stored), operator=stored.operator)
        stored.suspension, stored.suspended_on = "", None
        stored.save()
        record("transfer.resume", object_type="crossbordertransfer", uid=stored.uid)


def suspending_blockers(transfer):
    return suspend_blockers(Surroundings().facts(transfer, timezone.localdate()))


def resuming_blockers(transfer):
    return resume_blockers(Surroundings().facts(transfer, timezone.localdate()), transfer.suspension)


def locked(transfer):
    """As it is now; nobody suspends it, takes it up or changes it until this transaction ends."""
    list(CrossBorderTransfer.objects.select_for_update().filter(pk=transfer.pk).values_list("pk"))
    return CrossBorderTransfer.objects.with_links().get(pk=transfer.pk)


def said(reason):
    if not reason.strip():
        raise ValidationError(_("Say why: the history of the transfer keeps the reason."))
