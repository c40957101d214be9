"""Disclosures as they stand in the register: the facts the gate asks."""

from django.db import models
from django.utils import timezone

from registry.rules.disclosures import CategoryFacts, DisclosureFacts, RecipientFacts

from .activity import ProcessingActivity
from .distribution import DistributionCondition
from .grounding import Standing, facts_of, standings, with_bases
from .transfer import CrossBorderTransfer


def disclosure_facts(disclosure) -> DisclosureFacts:
    """What the gate asks about a disclosure."""
    facts = act_facts(disclosure)
    purposes = purposes_of(disclosure.activity, disclosure.disclosed_on)
    if disclosure.subject_id is None:
        return facts._replace(purposes=tuple(of_nobody(purpose, bases) for purpose, bases in purposes))
    return of_person(facts, standings([disclosure.subject])[0], purposes)


def act_facts(disclosure) -> DisclosureFacts:
    """All of it that does not depend on whose data they are."""
    on, operator, activity = disclosure.disclosed_on, disclosure.operator, disclosure.activity
    ended = activity.ended_on is not None and activity.ended_on < on
    return DisclosureFacts(
        on=on,
        today=timezone.localdate(),
        laws=tuple(operator.laws.values_list("law__code", flat=True)),
        home=operator.country,
        activity=str(activity),
        activity_stands=not ended and activity.status != ProcessingActivity.Status.SUSPENDED,
        recipient=recipient_facts(disclosure.recipient, on),
        ground=disclosure.ground,
        of_one_person=disclosure.subject_id is not None,
        people=disclosure.people,
        norm_holds=norm_holds(disclosure.norm, operator, on) if disclosure.norm_id else None,
        transfer_runs=transfer_runs(activity, disclosure.recipient, on),
        request_number=disclosure.request_number,
        request_reasons=disclosure.request_reasons,
        given=disclosure.given,
    )


def of_person(facts, standing, purposes) -> DisclosureFacts:
    """The same disclosure for one person out of many; `purposes` as of `purposes_of`."""
    seen = tuple(facts_of(standing, purpose, bases, facts.on) for purpose, bases in purposes)
    return facts._replace(of_one_person=True, purposes=seen)


def of_nobody(purpose, bases):
    """A purpose of people who are not named: what its activities declare, and no consent or agreement."""
    return facts_of(Standing(None, [], []), purpose, bases, None)


def purposes_of(activity, on):
    """The purposes of the activity with the bases they have on that day."""
    links = activity.purposes.select_related("purpose__operator").order_by("purpose__code")
    return with_bases([link.purpose for link in links], on)


def recipient_facts(recipient, on, has_undertaking=None) -> RecipientFacts:
    """`has_undertaking` where it was asked for many at once."""
    if has_undertaking is None:
        has_undertaking = recipient.undertakings.live(on).exists()
    return RecipientFacts(
        name=str(recipient),
        kind=recipient.kind,
        country=recipient.country,
        agreement_number=recipient.agreement_number,
        agreement_from=recipient.agreement_from,
        agreement_until=recipient.agreement_until,
        has_undertaking=has_undertaking,
    )


def category_facts(category, forbidden=frozenset()) -> CategoryFacts:
    """`forbidden`: ids of the categories that the person keeps from the public."""
    return CategoryFacts(
        str(category),
        is_restricted=category.availability != category.Availability.PUBLIC,
        is_special=category.is_special or category.is_biometric,
        is_forbidden=category.pk in forbidden,
    )


def forbidden_to_all(disclosure):
    """Ids of the categories that the person keeps from the public for the purposes of the activity; none where nobody is named."""
    if disclosure.subject_id is None:
        return frozenset()
    purposes = disclosure.activity.purposes.values("purpose")
    return DistributionCondition.objects.forbidden(disclosure.subject, purposes, disclosure.disclosed_on)


def norm_holds(norm, operator, on):
    """Whether the norm is a ground, in force on that day, under a law of the operator."""
    in_force = type(norm).objects.in_force(on).filter(pk=norm.pk, is_ground=True)
    return in_force.filter(law__in=operator.laws.values("law")).exists()


def transfer_runs(activity, recipient, on):
    """Whether a cross-border transfer of the activity to the recipient had started, and neither ended nor was stopped."""
    started = CrossBorderTransfer.objects.filter(activity=activity, recipient=recipient, started_on__lte=on)
    going_on = models.Q(ended_on__isnull=True) | models.Q(ended_on__gte=on)
    return started.filter(going_on, suspended_on__isnull=True, prohibited_on__isnull=True).exists()
