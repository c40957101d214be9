import datetime as dt

import pytest

from registry.rules.consent import Term, ends_by_renewal, recording_blockers


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
