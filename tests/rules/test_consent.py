import datetime as dt

import pytest

from registry.rules.consent import (
    Term,
    condition_blockers,
    ends_by_renewal,
    meant_too,
    publication_blockers,
    recording_blockers,
)


def term(day, expires_on=None, withdrawn_on=None):
    days = [day and dt.date.fromisoformat(day) for day in (day, expires_on, withdrawn_on)]
    return Term(*days)


@pytest.mark.parametrize(
    ("earlier", "ends"),
    [
        (term("2024-09-11"), True),
        (term("2024-09-11", "2025-02-28"), False),  # ran out the day before
        (term("2024-09-11", "2025-03-01"), True),  # would still stand on the day
        (term("2024-09-11", None, "2025-02-28"), False),
        (term("2024-09-11", None, "2025-03-01"), False),  # withdrawn on the very day: it stands no longer
        (term("2024-09-11", None, "2025-03-02"), True),
    ],
)
def test_renewal_ends_what_still_stands_on_its_day(earlier, ends):
    """Given again on 1 March 2025: a consent that stands on that day ends on 28 February, one that does not keeps its own end."""
    assert ends_by_renewal([earlier, term("2025-03-01")]) == [dt.date(2025, 2, 28) if ends else None, None]


@pytest.mark.parametrize(
    ("given_on", "known", "meant"),
    [
        ("2025-05-31", None, True),
        ("2025-06-01", None, True),
        ("2025-06-02", None, False),  # given after it
        ("2025-05-31", term("2025-05-31"), False),  # known, and left standing
        ("2025-05-31", term("2025-05-31", "2025-06-01"), False),
        ("2025-05-31", term("2025-05-31", "2025-05-31"), True),  # had run out: whoever prolongs it does so since
    ],
)
def test_withdrawal_means_a_yes_that_was_not_known(given_on, known, meant):
    """Consent withdrawn on 1 June 2025: a yes until then that the register learns of later is ended by it, one it left standing is not."""
    given_on = dt.date.fromisoformat(given_on)
    assert meant_too(given_on, known, dt.date(2025, 6, 1)) is meant
    assert not meant_too(given_on, known, None)


def test_each_consent_ends_before_the_next():
    """Whatever the order they are told in, each ends the day before the next one; the last stays."""
    terms = [term("2025-09-01"), term("2024-09-11"), term("2025-03-01", "2025-04-01")]
    assert ends_by_renewal(terms) == [None, dt.date(2025, 2, 28), None]


def test_only_consent_is_not_ended():
    """Without a later one there is no renewal."""
    assert ends_by_renewal([term("2024-09-11")]) == [None]
    assert ends_by_renewal([]) == []


MARCH, JUNE = term("2026-03-01"), term("2026-06-01")


@pytest.mark.parametrize(
    ("recorded", "codes"),
    [
        ((MARCH, "processing", None, []), []),
        ((JUNE, "processing", None, [MARCH]), []),  # a renewal
        ((MARCH, "processing", None, [JUNE]), []),  # lasted until the later one
        ((term("2026-03-01", "2026-05-31"), "processing", None, [JUNE]), []),
        ((term("2026-03-01", "2026-06-01"), "processing", None, [JUNE]), ["overlaps"]),
        ((term("2026-03-01", None, "2026-03-01"), "processing", None, []), []),
        ((term("2026-03-01", None, "2026-02-28"), "processing", None, []), ["withdrawn-first"]),
        ((MARCH, "distribution", True, []), []),
        ((MARCH, "distribution", False, []), ["bundled"]),
        ((MARCH, "distribution", None, []), ["bundled"]),
    ],
)
def test_consent_that_cannot_be_recorded(recorded, codes):
    """Withdrawn before it was given, to distribution but not apart from others, or into the time of a later one."""
    assert [blocker.code for blocker in recording_blockers(*recorded)] == codes


@pytest.mark.parametrize(
    ("kind", "is_prohibited", "conditions", "codes"),
    [
        ("distribution", True, "", []),
        ("distribution", False, "within Kazakhstan only", []),
        ("distribution", False, " ", ["says-nothing"]),
        ("processing", True, "", ["no-distribution"]),
    ],
)
def test_condition_forbids_or_says_how(kind, is_prohibited, conditions, codes):
    """Beside a consent to distribution, and no other: this category not, or only so."""
    assert [blocker.code for blocker in condition_blockers(kind, is_prohibited, conditions)] == codes


@pytest.mark.parametrize(
    ("kind", "on", "url", "codes"),
    [
        ("distribution", dt.date(2026, 3, 1), "https://example.kz", []),  # the very day of the consent
        ("distribution", dt.date(2026, 3, 31), "https://example.kz", []),  # late, and recorded all the same
        ("distribution", dt.date(2026, 2, 28), "https://example.kz", ["before-consent"]),
        ("distribution", dt.date(2026, 4, 1), "https://example.kz", ["future"]),
        ("distribution", None, " ", ["no-day", "no-url"]),
        ("marketing", dt.date(2026, 3, 1), "https://example.kz", ["no-distribution"]),
    ],
)
def test_publication_has_a_day_since_the_consent_and_an_address(kind, on, url, codes):
    """Neither before the consent nor in the future, and where everybody can read it."""
    found = publication_blockers(
        kind, Term(dt.date(2026, 3, 1), None, None), on=on, today=dt.date(2026, 3, 31), url=url
    )
    assert [blocker.code for blocker in found] == codes
    assert {blocker.topic for blocker in found} <= {"distribution"}
