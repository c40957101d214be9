"""What may be given to whom: the gate of a disclosure, on plain values."""

import datetime as dt

import pytest

from registry.rules.disclosures import (
    CategoryFacts,
    DisclosureFacts,
    RecipientFacts,
    category_blockers,
    disclosure_blockers,
)
from registry.rules.grounds import BasisFacts, ConsentFacts, GroundFacts

DAY = dt.date(2026, 3, 20)
CONSENT = ConsentFacts(1, "processing", stands=True, is_withdrawn=False, is_implied=False, lacks=(), third_parties=True)
CONTRACT = BasisFacts(1, "the contract", "contract", is_known=True)
LAW = BasisFacts(2, "a law", "law", is_known=True)
PURPOSE = GroundFacts("delivery", "processing", (CONSENT,))
PARTNER = RecipientFacts("Courier LLP", "partner", "KZ", has_undertaking=True)
PROCESSOR = RecipientFacts("Cloud LLP", "processor", "KZ", "17", DAY, DAY)
MINISTRY = RecipientFacts("Ministry", "state_body", "KZ")
TO_PARTNER = DisclosureFacts(
    DAY, DAY, ("KZ-94-V",), "KZ", "Sales", True, PARTNER, "consent", of_one_person=True, purposes=(PURPOSE,)
)
TO_PROCESSOR = TO_PARTNER._replace(recipient=PROCESSOR, ground="instruction")
ASKED = {"request_number": "17-3/456", "request_reasons": "a check of 12.03.2026", "given": "the address"}
TO_MINISTRY = TO_PARTNER._replace(recipient=MINISTRY, ground="state_request", purposes=(), **ASKED)
OF_MANY = TO_PARTNER._replace(of_one_person=False, people=40, purposes=(PURPOSE._replace(consents=()),))


def with_consent(facts, **fields):
    return facts._replace(purposes=(PURPOSE._replace(consents=(CONSENT._replace(**fields),)),))


def with_bases(facts, *bases, **fields):
    return facts._replace(purposes=(GroundFacts("delivery", "processing", (), bases, **fields),))


def with_recipient(facts, **fields):
    return facts._replace(recipient=facts.recipient._replace(**fields))


OPEN = [
    TO_PARTNER,
    TO_PROCESSOR,
    TO_MINISTRY,
    TO_PARTNER._replace(ground="norm", norm_holds=True, purposes=()),
    with_bases(TO_PROCESSOR, CONTRACT, agreements=((1, None),)),
    with_bases(TO_PROCESSOR, LAW),
    with_recipient(TO_PARTNER, country="DE")._replace(transfer_runs=True),
    # A refusal of one purpose does not matter where another one carries it.
    TO_PARTNER._replace(purposes=(PURPOSE._replace(consents=()), PURPOSE)),
    with_bases(OF_MANY, BasisFacts(3, "consent", "consent", is_known=True)),
    with_bases(OF_MANY._replace(recipient=PROCESSOR, ground="instruction"), LAW),
    # Without 94-V an agreement with a processor is enough beside the consent.
    with_consent(TO_PROCESSOR._replace(laws=("EU-GDPR",)), third_parties=False),
    TO_MINISTRY._replace(activity_stands=False),
    with_recipient(TO_PARTNER, kind="public")._replace(
        purposes=(PURPOSE._replace(consents=(CONSENT._replace(kind="distribution", is_separate=True),)),)
    ),
]


@pytest.mark.parametrize("facts", OPEN)
def test_lawful_disclosure_is_let_through(facts):
    """What the law allows is recorded without a word."""
    assert disclosure_blockers(facts) == []


REFUSED = [
    (TO_PARTNER._replace(on=DAY + dt.timedelta(days=1)), "future", "2026-03-21 is in the future: nothing has left yet."),
    (OF_MANY._replace(people=0, ground="norm", norm_holds=True), "no-people", "Say how many people it is about"),
    (TO_PARTNER._replace(activity_stands=False), "activity-stopped", "“Sales” is suspended, or had ended by that day"),
    (TO_PARTNER._replace(purposes=()), "no-purpose", "“Sales” names no purpose"),
    (with_recipient(TO_PARTNER, country=""), "recipient-country", "The country of “Courier LLP” is not known."),
    (with_recipient(TO_PARTNER, country="DE"), "no-transfer", "no cross-border transfer to it had started"),
    (with_recipient(TO_PROCESSOR, agreement_number=""), "no-agreement", "There is no agreement with “Cloud LLP”."),
    (
        with_recipient(TO_PROCESSOR, agreement_until=DAY - dt.timedelta(days=1)),
        "no-agreement",
        "The agreement with “Cloud LLP” ended on 2026-03-19.",
    ),
    (
        with_recipient(TO_PROCESSOR, agreement_from=DAY + dt.timedelta(days=1)),
        "no-agreement",
        "The agreement with “Cloud LLP” begins only on 2026-03-21.",
    ),
    (TO_PARTNER._replace(ground="instruction"), "not-instructed", "does not act on behalf of the operator"),
    (TO_PARTNER._replace(ground="state_request"), "no-state-body", "“Courier LLP” is no state body."),
    (TO_MINISTRY._replace(request_number=" "), "no-request-number", "Enter the number of the request."),
    (TO_MINISTRY._replace(request_reasons=""), "no-request-reasons", "A state body gives reasons for its request."),
    (TO_MINISTRY._replace(given=""), "no-given", "Say what the state body was given."),
    (TO_PARTNER._replace(ground="norm"), "no-norm", "Name the norm that allows it."),
    (TO_PARTNER._replace(ground="norm", norm_holds=False), "no-norm", "This norm is no ground under a law of the operator"),
    (with_consent(TO_PARTNER, third_parties=False), "third-parties", "does not allow the data to be passed to third parties"),
    (with_consent(TO_PARTNER, third_parties=None), "third-parties", "does not allow the data to be passed to third parties"),
    (with_consent(TO_PARTNER, is_withdrawn=True), "withdrawn", "The consent for “delivery” was withdrawn."),
    (with_consent(TO_PARTNER, lacks=("term",)), "incomplete", "lacks: term."),
    (with_consent(TO_PARTNER, is_implied=True), "implied", "read out of the use of a site"),
    # A law carries the purpose, but no consent: “consent” is then not the ground.
    (with_bases(TO_PARTNER, LAW), "no-ground", "There is no consent for “delivery”"),
    (with_consent(TO_PROCESSOR, third_parties=False), "third-parties", "does not allow the data to be passed"),
    (with_bases(TO_PROCESSOR, CONTRACT._replace(is_known=False)), "declared-only", "declared by the policy only"),
    (with_bases(OF_MANY, LAW), "no-basis", "rests on no consent that a law of the operator knows"),
    (with_bases(OF_MANY._replace(recipient=PROCESSOR, ground="instruction")), "no-basis", "and no decision stands"),
    (with_consent(with_recipient(TO_PARTNER, kind="public"), is_separate=True), "other-kind", "is of another kind than needed"),
    (with_recipient(OF_MANY, kind="public"), "no-distribution-consent", "with the separate consent of each person"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "code", "sentence"), REFUSED)
def test_unlawful_disclosure_is_refused_with_its_norm(facts, code, sentence):
    """Each refusal names what is wrong, the norms it rests on and where it is mended."""
    found = disclosure_blockers(facts)
    assert [blocker.code for blocker in found] == [code]
    assert sentence in found[0].message
    assert found[0].topic and found[0].field


RESTRICTED, SPECIAL = CategoryFacts("phone", True), CategoryFacts("health", True, True)


@pytest.mark.parametrize(
    ("facts", "category", "codes"),
    [
        (TO_PARTNER, RESTRICTED, []),
        (with_recipient(TO_PARTNER, has_undertaking=False), RESTRICTED, ["no-undertaking"]),
        (with_recipient(TO_PARTNER, has_undertaking=False), CategoryFacts("name on the site", False), []),
        (TO_MINISTRY, RESTRICTED, []),  # bound by its own law
        (TO_PARTNER, SPECIAL, []),
        (TO_MINISTRY, SPECIAL, []),
        (with_bases(TO_PARTNER, LAW), SPECIAL, ["special-category"]),
        (with_recipient(OF_MANY, has_undertaking=False), SPECIAL, ["no-undertaking", "special-category"]),
    ],
)
def test_restricted_and_special_data_need_more(facts, category, codes):
    """Restricted data go to those who promised confidentiality, special ones only with the person's own consent or by law."""
    assert [blocker.code for blocker in category_blockers(facts, category)] == codes


FORBIDDEN = CategoryFacts("phone", False, is_forbidden=True)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        (with_recipient(TO_PARTNER, kind="public"), ["forbidden"]),
        (TO_PARTNER, []),  # not to the public
        (with_recipient(TO_MINISTRY, kind="public")._replace(ground="norm"), []),  # in public interests
    ],
)
def test_what_the_person_keeps_from_the_public_is_not_published(facts, codes):
    """A prohibition binds every publication but one that a norm asks for."""
    found = category_blockers(facts, FORBIDDEN)
    assert [blocker.code for blocker in found] == codes
    assert {blocker.topic for blocker in found} <= {"distribution"}
