"""The basis gate: whether a person's data may serve a purpose at an instant, and on which ground.

Adding a person to a purpose, disclosing, exporting permissions: each asks this one gate. 94-V art. 9 is a closed list and knows
neither contract nor legitimate interest; what a policy declares beyond the law is no ground, unless a decision says so for a term.
"""

import datetime as dt
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.choices import NormTopic
from registry.rules.blockers import Blocker
from registry.rules.endings import Ends, first_end

PROCESSING, MARKETING, CROSS_BORDER, DISTRIBUTION = "processing", "marketing", "cross_border", "distribution"
CONSENT, AGREEMENT, NORM = "consent", "agreement", "norm"
# Kinds of a legal basis that rest on the person's own word, or contract; the others rest on a norm.
BY_CONSENT = ("consent", "implied_consent")
BY_CONTRACT = ("contract",)


class ConsentFacts(NamedTuple):
    """A consent as the gate sees it: `lacks` are the items of art. 8(4) it does not name."""

    pk: int
    kind: str
    stands: bool
    is_withdrawn: bool
    is_implied: bool
    lacks: tuple[str, ...]
    ends_on: dt.date | None = None
    is_separate: bool | None = None
    third_parties: bool | None = None


class BasisFacts(NamedTuple):
    """A legal basis of the purpose: known to a law of the operator, or relied on by decision until a day."""

    pk: int
    name: str
    kind: str
    is_known: bool
    decided_until: dt.date | None = None

    @property
    def holds(self):
        return self.is_known or self.decided_until is not None


class GroundFacts(NamedTuple):
    """A person and a purpose at an instant."""

    purpose: str
    kind: str  # of the consent that is needed where consent is the ground
    consents: tuple[ConsentFacts, ...] = ()
    bases: tuple[BasisFacts, ...] = ()
    agreements: tuple[tuple[int, dt.date | None], ...] = ()  # those that run, and their last day


class Ground(NamedTuple):
    """The ground found: which record, through which basis, and its last day where one is known."""

    kind: str
    pk: int | None
    basis: int | None = None
    until: dt.date | None = None


def live_ground(facts: GroundFacts) -> Ground | None:
    """The ground the purpose rests on now: a consent, else an agreement, else a norm. Direct marketing rests on consent alone."""
    ground = _first_that_holds(facts)
    return ground and ground._replace(until=first_end(ends_of(ground, facts)).on)


def _first_that_holds(facts):
    for consent in facts.consents:
        if not consent_faults(consent, facts):
            return Ground(CONSENT, consent.pk)
    if facts.kind == MARKETING:
        return None
    for basis in facts.bases:
        if not basis.holds or basis.kind in BY_CONSENT:
            continue
        if basis.kind in BY_CONTRACT:
            for pk, _ends_on in facts.agreements:
                return Ground(AGREEMENT, pk, basis.pk)
        else:
            return Ground(NORM, None, basis.pk)
    return None


def ends_of(ground: Ground, facts: GroundFacts) -> Ends:
    """The last days of what the ground is made of."""
    consents = {each.pk: each.ends_on for each in facts.consents} if ground.kind == CONSENT else {}
    agreements = dict(facts.agreements) if ground.kind == AGREEMENT else {}
    decisions = {each.pk: each.decided_until for each in facts.bases if not each.is_known}
    return Ends(consents.get(ground.pk), agreements.get(ground.pk), decisions.get(ground.basis))


def consent_faults(consent: ConsentFacts, facts: GroundFacts) -> list[Blocker]:
    """Why this consent is no ground for the purpose; empty where it is one."""
    topic, named = NormTopic.CONSENT_ITEMS, {"purpose": facts.purpose}
    if consent.is_withdrawn:
        return [
            Blocker(
                "withdrawn",
                _("The consent for “%(purpose)s” was withdrawn. Ask for a new one, or record another ground.") % named,
                NormTopic.WITHDRAWAL,
                "consent",
            )
        ]
    if not consent.stands:
        return [
            Blocker(
                "not-in-force",
                _("The consent for “%(purpose)s” is not in force. Ask for a new one.") % named,
                topic,
                "consent",
            )
        ]
    found = []
    if consent.kind != facts.kind:
        message = _("The consent for “%(purpose)s” is of another kind than needed. Record one of that kind.") % named
        found.append(Blocker("other-kind", message, topic, "consent"))
    if consent.is_implied:
        message = (
            _("The consent for “%(purpose)s” was read out of the use of a site: it is no ground. Ask for it.") % named
        )
        found.append(Blocker("implied", message, topic, "consent"))
    if consent.lacks:
        said = named | {"items": "; ".join(consent.lacks)}
        message = _("The consent for “%(purpose)s” lacks: %(items)s. Complete it.") % said
        found.append(Blocker("incomplete", message, topic, "consent"))
    if facts.kind == DISTRIBUTION and not consent.is_separate:
        message = _("The consent to distribution was not given separately from others: it is none. Ask for one apart.")
        found.append(Blocker("bundled", message, NormTopic.DISTRIBUTION, "is_separate"))
    return found


def ground_blockers(facts: GroundFacts) -> list[Blocker]:
    """Why the purpose must not be served with this person's data now; empty where a ground is live."""
    if live_ground(facts) is not None:
        return []
    named = {"purpose": facts.purpose}
    found = []
    for consent in facts.consents:
        found += consent_faults(consent, facts)
    for basis in facts.bases:
        if not basis.holds and basis.kind not in BY_CONSENT and facts.kind != MARKETING:
            message = _(
                "“%(basis)s” is declared by the policy only: no law of the operator knows it, and no decision stands. "
                "Rest it on a ground of the law, or decide with reasons and a term."
            ) % {"basis": basis.name}
            found.append(Blocker("declared-only", message, NormTopic.LAWFUL_BASIS, "basis"))
    if not found:
        message = _("There is no consent for “%(purpose)s”, and no other ground. Record one first.") % named
        found.append(Blocker("no-ground", message, NormTopic.LAWFUL_BASIS, "purpose"))
    return list(dict.fromkeys(found))


class DecisionFacts(NamedTuple):
    """A decision about to be taken; `decided_until`: the last day of one for the same basis that it would overlap."""

    basis: str
    kind: str
    is_known: bool
    why: str
    decided_until: dt.date | None = None


def decision_blockers(facts: DecisionFacts) -> list[Blocker]:
    """Why nothing is decided about this basis; empty where a decision may be taken."""
    named = {"basis": facts.basis, "until": facts.decided_until and facts.decided_until.isoformat()}
    found = []
    if facts.is_known:
        message = _("“%(basis)s” is known to a law of the operator: it needs no decision.") % named
        found.append(Blocker("known", message, NormTopic.LAWFUL_BASIS, "basis"))
    if facts.kind in BY_CONSENT:
        message = _("“%(basis)s” rests on consent: no decision takes its place. Collect the consent.") % named
        found.append(Blocker("consent", message, NormTopic.CONSENT_ITEMS, "basis"))
    if not facts.why.strip():
        found.append(Blocker("no-reasons", _("Say why the operator relies on it."), NormTopic.LAWFUL_BASIS, "why"))
    if facts.decided_until:
        message = _("A decision about “%(basis)s” stands until %(until)s. Begin after it, or revoke it first.") % named
        found.append(Blocker("decided", message, NormTopic.LAWFUL_BASIS, "valid_from"))
    return found
