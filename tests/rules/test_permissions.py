"""What the CRM may do with a person, cell by cell."""

import datetime as dt

import pytest

from registry.rules.permissions import Permissions, PersonFacts, of_nobody, permissions

DAY, OTHER = dt.date(2026, 3, 2), dt.date(2026, 4, 1)
CONSENTED = PersonFacts(False, None, (("consent", DAY),), (), False, None, None)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (CONSENTED, Permissions(True, True, True, False, False, False, DAY, "consent")),
        (CONSENTED._replace(transferable=True), Permissions(True, True, True, True, False, False, DAY, "consent")),
        (
            CONSENTED._replace(opted_out=(("email", OTHER),)),
            Permissions(False, True, True, False, False, False, OTHER, "opted_out"),
        ),
        (
            CONSENTED._replace(is_blocked=True, blocked_since=OTHER, transferable=True),
            Permissions(False, False, False, False, True, False, OTHER, "blocked"),
        ),
        (
            CONSENTED._replace(grounds=(), last_withdrawal=OTHER, last_end=DAY),
            Permissions(False, False, False, False, False, True, OTHER, "withdrawn"),
        ),
        (
            CONSENTED._replace(grounds=(), last_end=DAY),
            Permissions(False, False, False, False, False, True, DAY, "ground_ended"),
        ),
        (CONSENTED._replace(grounds=()), Permissions(False, False, False, False, False, True, None, "no_ground")),
        (
            CONSENTED._replace(grounds=(("norm", None), ("consent", DAY))),
            Permissions(True, True, True, False, False, False, DAY, "consent"),
        ),
    ],
)
def test_permissions_of_a_person(facts, expected):
    """Nothing without a live ground, nothing while blocked, nothing on a channel the person opted out of."""
    assert permissions(facts) == expected


def test_nothing_is_allowed_with_an_id_that_is_nobodys():
    """It is neither blocked nor kept: the CRM removes it."""
    assert of_nobody(DAY) == Permissions(False, False, False, False, False, True, DAY, "gone")
