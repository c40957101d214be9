"""The gate of a processing activity on plain values, without a database."""

import datetime as dt

import pytest

from registry.rules.activity import (
    ActivityFacts,
    DatabaseFacts,
    PurposeFacts,
    RecipientFacts,
    activation_blockers,
)

TODAY = dt.date(2026, 11, 22)
GOOGLE = RecipientFacts("Google", True, "IE", "7", dt.date(2026, 1, 1), dt.date(2026, 11, 22))
COMPLETE = ActivityFacts(
    today=TODAY,
    laws=("KZ-94-V",),
    started_on=dt.date(2024, 1, 1),
    operations=("collection", "storage"),
    sources=("subject",),
    purposes=(PurposeFacts("Letters", has_basis=True, basis_known=True, basis="Consent", data_categories=2),),
    subject_categories=1,
    databases=(DatabaseFacts("CRM", "KZ"), DatabaseFacts("Copy", "DE")),
    retention_complete=(("Ten years", True),),
    measures=1,
    recipients=(GOOGLE,),
    has_responsible_person=True,
)


def blockers(**changes):
    return [(blocker.code, blocker.message) for blocker in activation_blockers(COMPLETE._replace(**changes))]


def test_complete_activity_has_no_blocker():
    """Empty means open; a copy abroad is no hindrance while a base lies in Kazakhstan."""
    assert blockers() == []


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"started_on": None}, "no-start", "The day processing starts is not known."),
        ({"operations": ()}, "no-operations", "No operation with the data is named."),
        ({"sources": ()}, "no-source", "It is not said where the data come from."),
        ({"subject_categories": 0}, "no-subjects", "No category of data subjects is named."),
        ({"purposes": ()}, "no-purpose", "No purpose is named."),
        (
            {"purposes": (PurposeFacts("Letters", False, False, "", 1),)},
            "no-basis",
            "Purpose “Letters” has no legal basis.",
        ),
        (
            {"purposes": (PurposeFacts("Letters", True, False, "Agreements", 1),)},
            "basis-unknown",
            "Purpose “Letters” rests on “Agreements”, which no law of the operator knows as a ground.",
        ),
        (
            {"purposes": (PurposeFacts("Letters", True, True, "Consent", 0),)},
            "no-data",
            "No data category is listed for purpose “Letters”.",
        ),
        (
            {"purposes": (PurposeFacts("Letters", True, True, "Consent", 1, ("Phone",)),)},
            "no-necessity",
            "It is not said why “Phone” is needed for purpose “Letters”.",
        ),
        ({"databases": ()}, "no-database", "No database is named."),
        (
            {"databases": (DatabaseFacts("CRM", "DE"),)},
            "no-local-database",
            "None of the databases lies in Kazakhstan.",
        ),
        (
            {"databases": (DatabaseFacts("CRM", "KZ"), DatabaseFacts("Copy", ""))},
            "database-country",
            "The country of database “Copy” is not known.",
        ),
        ({"retention_complete": ()}, "no-retention", "No storage period is set."),
        (
            {"retention_complete": (("Ten years", False),)},
            "retention-incomplete",
            "Retention rule “Ten years” names no term, or not what happens then.",
        ),
        ({"measures": 0}, "no-measure", "No security measure is named."),
        (
            {"has_responsible_person": False},
            "no-responsible-person",
            "Nobody is responsible for organising the processing of personal data today.",
        ),
        (
            {"recipients": (GOOGLE._replace(country=""),)},
            "recipient-country",
            "The country of recipient “Google” is not known.",
        ),
        (
            {"recipients": (GOOGLE._replace(agreement_number=""),)},
            "processor-agreement",
            "There is no agreement with processor “Google”.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_each_gap_is_named(changes, code, message):
    """Each thing a record of processing must say is asked for in a sentence of its own."""
    assert blockers(**changes) == [(code, message)]


def test_database_in_kazakhstan_is_asked_of_operators_under_its_law_only():
    """94-V art. 12(2) binds whom 94-V binds."""
    assert blockers(laws=("RU-152-FZ",), databases=(DatabaseFacts("CRM", "RU"),)) == []


@pytest.mark.parametrize(
    ("today", "message"),
    [
        ("2025-12-31", "The agreement with processor “Google” begins only on 2026-01-01."),
        ("2026-01-01", None),
        ("2026-11-22", None),
        ("2026-11-23", "The agreement with processor “Google” ended on 2026-11-22."),
    ],
)
def test_processor_agreement_on_its_first_and_last_day(today, message):
    """The agreement is valid on its first and on its last day, not before and not after."""
    found = blockers(today=dt.date.fromisoformat(today))
    assert found == ([("processor-agreement", message)] if message else [])


def test_other_recipients_need_no_processor_agreement():
    """A state body is asked for no contract."""
    assert blockers(recipients=(RecipientFacts("Police", False, "KZ", ""),)) == []


CARE = PurposeFacts("Care", True, True, "a contract", 1, basis_kind="contract", special=("Health",))
DECIDED = {"decides_rights": True, "decision_logic": "Late payments count.", "decision_review": "Head of credit"}


@pytest.mark.parametrize("kind", ["consent", "law", "treaty", "justice", "publication_duty"])
def test_special_category_and_decisions_rest_on_consent_or_a_norm(kind):
    """The person’s own consent, or a norm that says so itself."""
    assert blockers(purposes=(CARE._replace(basis_kind=kind),), **DECIDED) == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"basis_kind": "legitimate_interest"},
        {"basis_kind": "implied_consent"},
        {"basis_kind": "consent", "basis_known": False, "decided_until": dt.date(2027, 1, 1)},
    ],
)
def test_nothing_else_carries_a_special_category(changes):
    """Neither a contract nor an interest, nor a decision of the operator about a basis that no law knows."""
    assert blockers(purposes=(CARE._replace(**changes),)) == [
        (
            "special-no-ground",
            "“Health” is a special or biometric category, and purpose “Care” rests neither on consent nor on a norm. Rest it on one of "
            "them, or leave the category out.",
        )
    ]


def test_machine_that_decides_about_rights_is_explained_and_reviewed():
    """94-V art. 19-1: consent or a law, the logic in words, and somebody who reviews on objection; unknown asks for nothing."""
    letters = CARE._replace(special=())
    assert (
        blockers(purposes=(letters,), decides_rights=None) == blockers(purposes=(letters,), decides_rights=False) == []
    )
    found = blockers(purposes=(letters,), decides_rights=True, decision_logic=" ")
    assert found == [
        (
            "decision-no-ground",
            "A machine decides about rights for purpose “Care”, which rests neither on consent nor on a norm. Rest it on one of them, or "
            "let a person decide.",
        ),
        ("decision-no-logic", "It is not said how the machine decides about rights. People are told."),
        ("decision-no-review", "It is not said who reviews a decision of the machine when a person objects to it."),
    ]
