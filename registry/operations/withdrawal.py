"""The withdrawal of consent, one act: consents end, purposes without another ground stop, recipients are to be told."""

import datetime as dt
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.choices import CaseAct, Channel, HandlingAct, RequestKind
from registry.models import (
    ActivityPurpose,
    Consent,
    DataSubject,
    DeadlineRule,
    Disclosure,
    LegalBasis,
    Obligation,
    Purpose,
    Recipient,
    SubjectPurpose,
    Suppression,
)
from registry.models.deadline import first_due
from registry.models.gate import refuse
from registry.models.grounding import Standing, consent_facts, facts_of, standings, with_bases
from registry.rules.blockers import Blocker
from registry.rules.cases import withdrawal_blockers
from registry.rules.deadlines import day_of
from registry.rules.grounds import AGREEMENT, CONSENT, DISTRIBUTION, NORM, Ground, ground_blockers, live_ground
from registry.rules.withdrawal import DisclosureFacts, WithdrawalFacts, messages_stop, must_be_told, stop_triggers


class Stops(NamedTuple):
    """A purpose that nothing carries any more, and why no other ground does."""

    purpose: Purpose
    why: tuple[Blocker, ...]


class Stays(NamedTuple):
    """A purpose that the data go on to serve, and on which ground: a consent or an agreement of that day, the basis of the others."""

    purpose: Purpose
    ground: Ground
    since: dt.date | None = None
    basis: LegalBasis | None = None

    @property
    def rests_on(self):
        """The ground in words; numbers of agreements are the person's own and not said."""
        since = self.since.isoformat() if self.since else "—"
        if self.ground.kind == CONSENT:
            return _("consent of %s") % since
        said = f"{self.basis}, {self.basis.norm.citation}" if self.basis.norm_id else str(self.basis)
        if self.ground.kind == AGREEMENT:
            said = _("agreement of %(day)s (%(basis)s)") % {"day": since, "basis": said}
        until = self.ground.until
        return _("%(ground)s, until %(day)s") % {"ground": said, "day": until.isoformat()} if until else said


class Withdrawal(NamedTuple):
    """What a withdrawal does, or has done: nothing where `consents` is empty."""

    consents: tuple[Consent, ...]
    stops: tuple[Stops, ...] = ()
    stays: tuple[Stays, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    channels: tuple[str, ...] = ()
    rule: DeadlineRule | None = None
    due_on: dt.date | None = None


def withdrawable(subject, received_at):
    """The person's consents that stand and had been given when the withdrawal was received."""
    standing = subject.consents.in_force(timezone.localdate()).filter(given_on__lte=day_of(received_at))
    return standing.select_related("purpose")


def meant_by(request):
    """The consents that a demand may be about: one to stop distribution ends those to distribution, and no other."""
    if request.subject_id is None:
        return Consent.objects.none()
    found = withdrawable(request.subject, request.received_at)
    return found.filter(kind=DISTRIBUTION) if request.kind == RequestKind.STOP_DISTRIBUTION else found


def foreseen(subject, consents, *, received_at, request=None) -> Withdrawal:
    """What withdrawing these consents would do; nothing is written."""
    consents = tuple(each for each in consents if each.withdrawn_at is None)
    if any(each.subject_id != subject.pk for each in consents):
        raise ValidationError(_("This consent is somebody else’s."))
    if not consents:
        return Withdrawal(())
    on = timezone.localdate()
    [standing] = standings([subject])
    gone = {each.pk for each in consents}
    left = standing._replace(consents=[each for each in standing.consents if each.pk not in gone])
    stops, stays = purposes_after(left, {each.purpose_id for each in consents}, on)
    rule, due = first_due(
        subject.operator, stop_triggers({each.kind for each in consents}, request.kind if request else ""), received_at
    )
    return Withdrawal(
        consents,
        tuple(stops),
        tuple(stays),
        tuple(recipients_to_tell(subject, standing, consents, stops)),
        channels_to_stop(subject, left, consents, on),
        rule,
        due.on or (day_of(due.at) if due.at else None),
    )


def withdraw(subject, *, by, at, consents=None, request=None, received_at=None) -> Withdrawal:
    """Withdraws these consents of the person, or all that stand and are meant, as of the moment it was received; a second time adds nothing.

    94-V art. 8(7), 152-FZ art. 21(5). `received_at` is the request's own where there is one, else `at` unless given. Raises
    ValidationError for a closed case, a case without a person, a demand to stop distribution that lacks what the law asks of it, and a
    withdrawal dated before the consent.
    """
    received_at = request.received_at if request else received_at or at
    if request is not None:
        refuse(withdrawal_blockers(request.facts(at)), operator=subject.operator)
    with transaction.atomic():
        list(DataSubject.objects.select_for_update().filter(pk=subject.pk).values_list("pk"))
        standing = meant_by(request) if request else withdrawable(subject, received_at)
        meant = standing if consents is None else subject_consents(subject, consents)
        found = foreseen(subject, meant, received_at=received_at, request=request)
        if not found.consents:
            return found
        for consent in found.consents:
            consent.withdraw(by=by, at=received_at)
        source = request.number if request else ""
        suppressions = Suppression.objects.all()
        suppressions.suppress(subject, found.channels, since_on=day_of(received_at), source=source)
        for recipient in found.recipients:
            owe(subject, recipient, found, request)
        if request is not None:
            request.step(CaseAct.WITHDRAWN, by=by, at=at, note=" ".join(in_sentences(found)))
    return found


def in_sentences(found):
    """What was done, for the officer and the record of the case: what stopped, what stays and why, who is to be told by when."""
    said = []
    if found.stops:
        said.append(_("Stopped: %s.") % "; ".join(str(each.purpose) for each in found.stops))
    if found.stays:
        said.append(_("Stays: %s.") % "; ".join(f"{each.purpose} ({each.rests_on})" for each in found.stays))
    if found.recipients:
        names = {"who": ", ".join(map(str, found.recipients)), "day": found.due_on and found.due_on.isoformat()}
        by = _("To be told by %(day)s: %(who)s.") if found.due_on else _("To be told without delay: %(who)s.")
        said.append(by % names)
    if found.channels:
        said.append(_("Messages stopped: %s.") % ", ".join(str(Channel(each).label) for each in found.channels))
    return said


def subject_consents(subject, consents):
    """As they stand now, under the lock; one of somebody else is refused by `foreseen`."""
    return Consent.objects.filter(pk__in=[each.pk for each in consents]).select_related("purpose").order_by("pk")


def owe(subject, recipient, found, request):
    """Notes that the recipient is to be told. One that was told earlier in this case is to be told again, for more has stopped."""
    terms = {"norm": found.rule and found.rule.norm, "due_on": found.due_on}
    kept = {"subject": subject, "recipient": recipient, "what": Obligation.What.STOP}
    earlier = request and request.obligations.filter(recipient=recipient, what=Obligation.What.STOP).first()
    if earlier:
        earlier.owe_again(**terms)
        return
    obligation = Obligation(operator=subject.operator, request=request, **kept, **terms)
    obligation.full_clean()
    obligation.save()


def staying(subject, withdrawn, on) -> list[Stays]:
    """What the person's data go on to serve now that these consents are withdrawn, as the step of the case said; nothing is written."""
    [standing] = standings([subject])
    return purposes_after(standing, {each.purpose_id for each in withdrawn}, on)[1]


def purposes_after(left: Standing, withdrawn, on):
    """(what stops, what stays) of all that the person's data serve, or rest on a ground of their own for.

    What a block holds goes on to nothing: to go on on another ground is a use. What it holds on a ground that stays neither stops nor
    is said to stay.
    """
    live = SubjectPurpose.objects.live(on).filter(subject=left.subject)
    served = set(live.values_list("purpose", flat=True))
    carried = live.with_ground(on).filter(Q(consent=None) | Q(consent__in=left.consents))
    carried = set(carried.values_list("purpose", flat=True))
    stops, stays = [], []
    purposes = Purpose.objects.filter(operator=left.subject.operator).select_related("operator").order_by("code")
    for purpose, bases in with_bases(purposes, on):
        facts = facts_of(left, purpose, bases, on)
        held = SubjectPurpose(subject=left.subject, purpose=purpose).held_from(HandlingAct.USE)
        ground = None if held else live_ground(facts)
        concerned = purpose.pk in withdrawn or purpose.pk in served
        if ground is not None and (concerned or ground.kind != NORM):
            stays.append(Stays(purpose, ground, since(left, ground), basis_of(ground)))
        elif ground is None and concerned and not (held and purpose.pk in carried):
            stops.append(Stops(purpose, tuple(held or ground_blockers(facts))))
    return stops, stays


def since(standing, ground):
    """The day of the consent or the agreement."""
    if ground.kind == CONSENT:
        return next(each.given_on for each in standing.consents if each.pk == ground.pk)
    if ground.kind == AGREEMENT:
        return next(each.concluded_on for each in standing.agreements if each.pk == ground.pk)
    return None


def basis_of(ground):
    return LegalBasis.objects.select_related("norm__law").get(pk=ground.basis) if ground.basis else None


def channels_to_stop(subject, left, consents, on):
    """Every channel that is not stopped yet, where the withdrawal takes messages along."""
    standing = {each.kind for each in left.consents if consent_facts(each, on).stands}
    if not messages_stop({each.kind for each in consents}, standing):
        return ()
    stopped = set(subject.suppressions.live(on).values_list("channel", flat=True))
    return tuple(channel for channel in Channel.values if channel not in stopped)


def recipients_to_tell(subject, standing, consents, stops):
    """Those who really received the data and have not been asked to stop yet, by code."""
    first = {}
    withdrawn = {consent.purpose_id for consent in consents}
    for each in standing.consents:  # the newest come first
        if each.purpose_id in withdrawn:
            first[each.purpose_id] = each.given_on
    facts = WithdrawalFacts(first, frozenset(stop.purpose.pk for stop in stops))
    named_or_many = Q(subject=subject) | Q(subject__isnull=True)
    disclosures = Disclosure.objects.filter(named_or_many, operator=subject.operator)
    purposes = {}
    for activity, purpose in ActivityPurpose.objects.filter(operator=subject.operator).values_list(
        "activity", "purpose"
    ):
        purposes.setdefault(activity, set()).add(purpose)
    told = {
        recipient
        for ground, activity, on, named, recipient in disclosures.values_list(
            "ground", "activity", "disclosed_on", "subject", "recipient"
        )
        if must_be_told(DisclosureFacts(ground, frozenset(purposes.get(activity, ())), on, named is not None), facts)
    }
    asked = Obligation.objects.open().filter(subject=subject, what=Obligation.What.STOP).values("recipient")
    return Recipient.objects.filter(pk__in=told).exclude(pk__in=asked.exclude(recipient=None)).order_by("code")
