"""The gate of a disclosure: whether personal data may be given to a recipient, on a day, on the ground that is named.

It is asked before anything leaves, on every route. Whether the person's data may serve a purpose at all is the basis gate's question
(rules/grounds.py), which is asked here, too.
"""

import datetime as dt
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.choices import NormTopic
from registry.rules.blockers import Blocker
from registry.rules.grounds import (
    CONSENT,
    DISTRIBUTION,
    NORM,
    GroundFacts,
    consent_faults,
    ground_blockers,
    live_ground,
)
from registry.rules.localisation import KAZAKHSTAN, KZ_LAW

STATE_REQUEST, INSTRUCTION = "state_request", "instruction"
# These stand by themselves: no purpose of the operator has to carry them.
BY_LAW = (STATE_REQUEST, NORM)
STATE_BODY, PUBLIC = "state_body", "public"
# Who acts for the operator, under an agreement.
INSTRUCTED = ("processor", "service_provider")


class RecipientFacts(NamedTuple):
    """Who receives. `has_undertaking`: it has promised confidentiality, and the promise stands on that day."""

    name: str
    kind: str
    country: str
    agreement_number: str = ""
    agreement_from: dt.date | None = None
    agreement_until: dt.date | None = None
    has_undertaking: bool = False


class CategoryFacts(NamedTuple):
    """What is given: whose availability nobody has decided about counts as restricted; `is_forbidden`: the person keeps it from the
    public.
    """

    name: str
    is_restricted: bool
    is_special: bool = False
    is_forbidden: bool = False


class DisclosureFacts(NamedTuple):
    """A disclosure before it happens. `purposes` are those of the activity, as the basis gate sees them for the person, or with no
    consents and agreements where so many people are meant; `norm_holds`: None where no norm is named.
    """

    on: dt.date
    today: dt.date
    laws: tuple[str, ...]
    home: str
    activity: str
    activity_stands: bool
    recipient: RecipientFacts
    ground: str
    of_one_person: bool
    people: int = 1
    purposes: tuple[GroundFacts, ...] = ()
    norm_holds: bool | None = None
    transfer_runs: bool = False
    request_number: str = ""
    request_reasons: str = ""
    given: str = ""


def disclosure_blockers(facts: DisclosureFacts) -> list[Blocker]:
    """Everything that keeps the data from being given, in the order an officer would mend it; empty means open."""
    return [*act_blockers(facts), *person_blockers(facts)]


def act_blockers(facts: DisclosureFacts) -> list[Blocker]:
    """What does not depend on whose data they are."""
    return [*_day(facts), *_recipient(facts), *_agreement(facts), *_request(facts), *_norm(facts)]


def person_blockers(facts: DisclosureFacts) -> list[Blocker]:
    """Whether the ground named holds for this person, or where nobody is named, for the activity."""
    if facts.ground in BY_LAW:
        return []
    if not facts.purposes:
        message = _("“%s” names no purpose: nothing says what the data are given for. Add its purposes first.")
        return [Blocker("no-purpose", message % facts.activity, NormTopic.PURPOSE, "activity")]
    found = []
    for purpose in facts.purposes:
        faults = _person_faults(facts, purpose) if facts.of_one_person else _basis_faults(facts, purpose)
        if not faults:
            return []
        found += faults
    return list(dict.fromkeys(found))


def category_blockers(facts: DisclosureFacts, category: CategoryFacts) -> list[Blocker]:
    """Whether this category may be among what is given."""
    named = {"category": category.name, "recipient": facts.recipient.name}
    found = []
    if (
        category.is_restricted
        and not facts.recipient.has_undertaking
        and facts.recipient.kind not in (STATE_BODY, PUBLIC)
    ):
        message = _(
            "“%(category)s” is of restricted access, and “%(recipient)s” has not promised confidentiality for that day. Record its "
            "undertaking first."
        )
        found.append(Blocker("no-undertaking", message % named, NormTopic.CONFIDENTIALITY, "data_category"))
    # What is public in public interests no prohibition binds (152-FZ art. 10.1(11)): then a norm is the ground.
    if category.is_forbidden and facts.recipient.kind == PUBLIC and facts.ground not in BY_LAW:
        message = _("The person has forbidden to make “%(category)s” public. Leave it out.")
        found.append(Blocker("forbidden", message % named, NormTopic.DISTRIBUTION, "data_category"))
    if category.is_special and facts.ground not in BY_LAW and not _rests_on_own_consent(facts):
        message = _(
            "“%(category)s” is a special or biometric category: it is given only with the consent of the one person it is about, or "
            "where a norm says so. Leave it out, or name the person."
        )
        found.append(Blocker("special-category", message % named, NormTopic.LAWFUL_BASIS, "data_category"))
    return found


def _rests_on_own_consent(facts):
    found = (live_ground(purpose) for purpose in facts.purposes)
    return facts.of_one_person and any(ground is not None and ground.kind == CONSENT for ground in found)


def _day(facts):
    if facts.on > facts.today:
        message = _("%s is in the future: nothing has left yet. Correct the date.") % facts.on.isoformat()
        yield Blocker("future", message, NormTopic.RECIPIENTS, "disclosed_on")
    if not facts.of_one_person and facts.people < 1:
        message = _("Say how many people it is about, or record it on the page of the person.")
        yield Blocker("no-people", message, NormTopic.RECIPIENTS, "people")
    if not facts.activity_stands and facts.ground not in BY_LAW:
        message = _("“%s” is suspended, or had ended by that day: nothing is passed on in its course.") % facts.activity
        yield Blocker("activity-stopped", message, NormTopic.RECIPIENTS, "activity")


def _recipient(facts):
    named = {"recipient": facts.recipient.name, "country": facts.recipient.country}
    if not facts.recipient.country:
        message = _("The country of “%(recipient)s” is not known. Enter it on the page of the recipient first.") % named
        yield Blocker("recipient-country", message, NormTopic.RECIPIENTS, "recipient")
    elif facts.recipient.country != (facts.home or KAZAKHSTAN) and not facts.transfer_runs:
        message = _(
            "“%(recipient)s” is in another country (%(country)s), and no cross-border transfer to it had started, or it was stopped. "
            "Take the steps of the transfer first."
        )
        yield Blocker("no-transfer", message % named, NormTopic.CROSS_BORDER, "recipient")


def _agreement(facts):
    if facts.recipient.kind in INSTRUCTED:
        return agreement_blockers(facts.recipient, facts.on)
    if facts.ground != INSTRUCTION:
        return []
    message = _("“%s” does not act on behalf of the operator. Name another ground.") % facts.recipient.name
    return [Blocker("not-instructed", message, NormTopic.PROCESSOR, "ground")]


def agreement_blockers(recipient: RecipientFacts, on: dt.date) -> list[Blocker]:
    """Whether the agreement with somebody who acts for the operator stands on that day."""
    named = {
        "recipient": recipient.name,
        "from": recipient.agreement_from and recipient.agreement_from.isoformat(),
        "until": recipient.agreement_until and recipient.agreement_until.isoformat(),
    }
    if not recipient.agreement_number:
        message = _(
            "There is no agreement with “%(recipient)s”. Enter its number and dates on the page of the recipient."
        )
    elif recipient.agreement_from and recipient.agreement_from > on:
        message = _("The agreement with “%(recipient)s” begins only on %(from)s. Nothing is given to it before.")
    elif recipient.agreement_until and recipient.agreement_until < on:
        message = _("The agreement with “%(recipient)s” ended on %(until)s. Renew it first.")
    else:
        return []
    return [Blocker("no-agreement", message % named, NormTopic.PROCESSOR, "recipient")]


def _request(facts):
    """What a state body is given: on which request, why it asked, and what it was given."""
    if facts.recipient.kind != STATE_BODY:
        if facts.ground == STATE_REQUEST:
            message = _("“%s” is no state body. Name another ground.") % facts.recipient.name
            yield Blocker("no-state-body", message, NormTopic.RECIPIENTS, "ground")
        return
    asked = (
        ("request_number", _("A state body is answered on its request. Enter the number of the request.")),
        ("request_reasons", _("A state body gives reasons for its request. Enter them, or refuse the request.")),
        ("given", _("Say what the state body was given.")),
    )
    for name, message in asked:
        if not getattr(facts, name).strip():
            yield Blocker(f"no-{name.replace('_', '-')}", message, NormTopic.RECIPIENTS, name)


def _norm(facts):
    if facts.ground != NORM or facts.norm_holds:
        return
    message = (
        _("Name the norm that allows it.")
        if facts.norm_holds is None
        else _("This norm is no ground under a law of the operator on that day. Choose one that is.")
    )
    yield Blocker("no-norm", message, NormTopic.LAWFUL_BASIS, "norm")


def _person_faults(facts, purpose):
    """Why this purpose does not carry the disclosure for the person; empty where it does."""
    if facts.recipient.kind == PUBLIC:
        purpose = purpose._replace(kind=DISTRIBUTION, bases=())
        return ground_blockers(purpose)
    if facts.ground == CONSENT:
        standing = [consent for consent in purpose.consents if not consent_faults(consent, purpose)]
        if not standing:
            return ground_blockers(purpose._replace(bases=(), agreements=()))
        return [] if any(consent.third_parties for consent in standing) else [_no_third_parties(purpose)]
    ground = live_ground(purpose)
    if ground is None:
        return ground_blockers(purpose)
    if ground.kind != CONSENT or KZ_LAW not in facts.laws:
        return []
    # 94-V knows no processor apart from third parties: what the consent says of them counts for it, too.
    consent = next(each for each in purpose.consents if each.pk == ground.pk)
    return [] if consent.third_parties else [_no_third_parties(purpose)]


def _no_third_parties(purpose):
    message = _("The consent for “%s” does not allow the data to be passed to third parties. Ask for one that does.")
    return Blocker("third-parties", message % purpose.purpose, NormTopic.RECIPIENTS, "subject")


def _basis_faults(facts, purpose):
    """Of so many people the register asks what the activity rests on."""
    holds = [basis for basis in purpose.bases if basis.holds and (facts.ground == INSTRUCTION or basis.kind == CONSENT)]
    if holds and facts.recipient.kind != PUBLIC:
        return []
    named = {"purpose": purpose.purpose}
    if facts.recipient.kind == PUBLIC:
        message = _(
            "Data are made public with the separate consent of each person. Record it on the page of the person."
        )
        return [Blocker("no-distribution-consent", message, NormTopic.DISTRIBUTION, "people")]
    if facts.ground == CONSENT:
        message = _(
            "“%(purpose)s” rests on no consent that a law of the operator knows. Name another ground, or the person."
        )
    else:
        message = _("“%(purpose)s” rests on no ground that a law of the operator knows, and no decision stands.")
    return [Blocker("no-basis", message % named, NormTopic.LAWFUL_BASIS, "ground")]
