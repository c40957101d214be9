"""The gate of a processing activity: what must be known before processing may begin."""

import datetime as dt
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.choices import NormTopic
from registry.rules.blockers import Blocker
from registry.rules.compatibility import KeptFacts, kept_blockers
from registry.rules.localisation import DatabaseFacts, localisation_blockers

# Kinds of a legal basis that are the person's own consent, or a norm that says so itself.
CONSENT_OR_NORM = ("consent", "law", "treaty", "justice", "publication_duty")


class PurposeFacts(NamedTuple):
    name: str
    has_basis: bool
    basis_known: bool
    basis: str = ""
    data_categories: int = 0
    without_necessity: tuple[str, ...] = ()
    decided_until: dt.date | None = None  # of a decision to rely on the basis all the same
    basis_kind: str = ""
    special: tuple[str, ...] = ()  # its special and biometric categories

    @property
    def stands_on_consent_or_norm(self):
        """What special categories and decisions about rights need; a decision of the operator is neither."""
        return self.basis_known and self.basis_kind in CONSENT_OR_NORM


class RecipientFacts(NamedTuple):
    name: str
    is_processor: bool
    country: str
    agreement_number: str
    agreement_from: dt.date | None = None
    agreement_until: dt.date | None = None


class ActivityFacts(NamedTuple):
    """All that the gate asks, as plain values. `today` decides which agreement and which officer is valid."""

    today: dt.date
    laws: tuple[str, ...]
    started_on: dt.date | None
    operations: tuple[str, ...]
    sources: tuple[str, ...]
    purposes: tuple[PurposeFacts, ...]
    subject_categories: int
    databases: tuple[DatabaseFacts, ...]
    retention_complete: tuple[tuple[str, bool], ...]
    measures: int
    recipients: tuple[RecipientFacts, ...]
    has_responsible_person: bool
    kept: tuple[KeptFacts, ...] = ()
    is_legal_entity: bool = True
    decides_rights: bool | None = None
    decision_logic: str = ""
    decision_review: str = ""


def activation_blockers(facts: ActivityFacts) -> list[Blocker]:
    """Everything that keeps the activity from being active on `facts.today`, in the order an officer would mend it.

    Empty means open. The register of processing activities of 94-V art. 25(2)(1), 152-FZ art. 22(3) and GDPR art. 30 asks
    for each of these.
    """
    return [
        *_description(facts),
        *_purposes(facts),
        *_decisions(facts),
        *_storage(facts),
        *_protection(facts),
        *_recipients(facts),
    ]


def _description(facts):
    if facts.started_on is None:
        yield Blocker("no-start", _("The day processing starts is not known."), NormTopic.RECORD, "started_on")
    if not facts.operations:
        yield Blocker("no-operations", _("No operation with the data is named."), NormTopic.OPERATIONS, "operations")
    if not facts.sources:
        yield Blocker("no-source", _("It is not said where the data come from."), NormTopic.RECORD, "sources")
    if not facts.subject_categories:
        yield Blocker(
            "no-subjects", _("No category of data subjects is named."), NormTopic.RECORD, "subject_categories"
        )


def _purposes(facts):
    if not facts.purposes:
        yield Blocker("no-purpose", _("No purpose is named."), NormTopic.PURPOSE, "purposes")
    for purpose in facts.purposes:
        named = {"purpose": purpose.name, "basis": purpose.basis}
        if not purpose.has_basis:
            message = _("Purpose “%(purpose)s” has no legal basis.") % named
            yield Blocker("no-basis", message, NormTopic.LAWFUL_BASIS, "purposes")
        elif not purpose.basis_known and purpose.decided_until is None:
            message = (
                _("Purpose “%(purpose)s” rests on “%(basis)s”, which no law of the operator knows as a ground.") % named
            )
            yield Blocker("basis-unknown", message, NormTopic.LAWFUL_BASIS, "purposes")
        if not purpose.data_categories:
            message = _("No data category is listed for purpose “%(purpose)s”.") % named
            yield Blocker("no-data", message, NormTopic.NECESSARY_DATA, "data_categories")
        for category in purpose.without_necessity:
            message = _("It is not said why “%(category)s” is needed for purpose “%(purpose)s”.")
            message %= named | {"category": category}
            yield Blocker("no-necessity", message, NormTopic.NECESSARY_DATA, "data_categories")
        for category in () if purpose.stands_on_consent_or_norm else purpose.special:
            message = _(
                "“%(category)s” is a special or biometric category, and purpose “%(purpose)s” rests neither on consent nor on a norm. "
                "Rest it on one of them, or leave the category out."
            )
            message %= named | {"category": category}
            yield Blocker("special-no-ground", message, NormTopic.SPECIAL_CATEGORIES, "purposes")


def _decisions(facts):
    """Of processing by machine that creates, changes or ends rights (94-V art. 19-1)."""
    if not facts.decides_rights:
        return
    topic = NormTopic.AUTOMATED_DECISIONS
    for purpose in facts.purposes:
        if not purpose.stands_on_consent_or_norm:
            message = _(
                "A machine decides about rights for purpose “%(purpose)s”, which rests neither on consent nor on a norm. Rest it on one "
                "of them, or let a person decide."
            ) % {"purpose": purpose.name}
            yield Blocker("decision-no-ground", message, topic, "purposes")
    if not facts.decision_logic.strip():
        message = _("It is not said how the machine decides about rights. People are told.")
        yield Blocker("decision-no-logic", message, topic, "decision_logic")
    if not facts.decision_review.strip():
        message = _("It is not said who reviews a decision of the machine when a person objects to it.")
        yield Blocker("decision-no-review", message, topic, "decision_review")


def _storage(facts):
    yield from localisation_blockers(facts.laws, facts.databases)
    for each in facts.kept:
        yield from kept_blockers(each)
    if not facts.retention_complete:
        yield Blocker("no-retention", _("No storage period is set."), NormTopic.RETENTION, "retention")
    for name, complete in facts.retention_complete:
        if not complete:
            message = _("Retention rule “%(rule)s” names no term, or not what happens then.") % {"rule": name}
            yield Blocker("retention-incomplete", message, NormTopic.RETENTION, "retention")


def _protection(facts):
    if not facts.measures:
        yield Blocker("no-measure", _("No security measure is named."), NormTopic.MEASURES, "measures")
    if facts.is_legal_entity and not facts.has_responsible_person:
        yield Blocker(
            "no-responsible-person",
            _("Nobody is responsible for organising the processing of personal data today."),
            NormTopic.RESPONSIBLE_PERSON,
            "operator",
        )


def _recipients(facts):
    for recipient in facts.recipients:
        named = {"recipient": recipient.name, "until": recipient.agreement_until, "from": recipient.agreement_from}
        if not recipient.country:
            message = _("The country of recipient “%(recipient)s” is not known.") % named
            yield Blocker("recipient-country", message, NormTopic.RECIPIENTS, "recipients")
        if not recipient.is_processor:
            continue
        if not recipient.agreement_number:
            message = _("There is no agreement with processor “%(recipient)s”.") % named
            yield Blocker("processor-agreement", message, NormTopic.PROCESSOR, "recipients")
        elif recipient.agreement_from and recipient.agreement_from > facts.today:
            message = _("The agreement with processor “%(recipient)s” begins only on %(from)s.") % named
            yield Blocker("processor-agreement", message, NormTopic.PROCESSOR, "recipients")
        elif recipient.agreement_until and recipient.agreement_until < facts.today:
            message = _("The agreement with processor “%(recipient)s” ended on %(until)s.") % named
            yield Blocker("processor-agreement", message, NormTopic.PROCESSOR, "recipients")
