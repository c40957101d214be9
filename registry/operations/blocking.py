"""Blocking and unblocking a person's data."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from registry.choices import CaseAct
from registry.models import Block


def block(subject, *, law, cause, why, by, at, activity=None, request=None) -> Block:
    """Blocks the person's data, or those of one activity, under a law; where that block stands already it is returned as it is.

    94-V art. 25(2)(8): within one working day of the information that conditions of processing are breached. Raises
    ValidationError without reasons.
    """
    standing = Block.objects.standing().filter(subject=subject, law=law, activity=activity).first()
    if standing is None:
        if not why.strip():
            raise ValidationError(_("Say why the data are blocked."))
        standing = Block(
            operator=subject.operator, subject=subject, activity=activity, law=law, cause=cause, why=why, request=request,
            set_at=at, set_by=by,
        )  # fmt: skip
        standing.full_clean()
        standing.save()
    if request is not None and not request.casesteps.filter(act=CaseAct.BLOCKED).exists():
        request.step(CaseAct.BLOCKED, by=by, at=at)
    return standing


def unblock(subject, *, by, at, why, law=None, blocks=None, request=None) -> int:
    """Lifts every block of the person that stands, those under one law, or those named; returns how many. None is set by who lifts it."""
    standing = Block.objects.standing().filter(subject=subject).select_related("set_by")
    if law is not None:
        standing = standing.filter(law=law)
    if blocks is not None:
        standing = standing.filter(pk__in=[each.pk for each in blocks])
    lifted = 0
    for each in standing:
        each.lift(by=by, at=at, why=why)
        lifted += 1
    if request is not None and lifted:
        request.step(CaseAct.UNBLOCKED, by=by, at=at)
    return lifted
