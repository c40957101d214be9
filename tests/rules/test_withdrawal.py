"""Whom a withdrawal concerns beside the operator, and what stops at once."""

import datetime as dt

import pytest

from registry.rules.withdrawal import DisclosureFacts, WithdrawalFacts, messages_stop, must_be_told, stop_triggers

NEWS, ORDERS, GIVEN = 1, 2, dt.date(2026, 1, 10)
# The consent to news is withdrawn and news stop; orders go on.
WITHDRAWAL = WithdrawalFacts({NEWS: GIVEN}, frozenset({NEWS}))
# The consent to news is withdrawn, and an agreement carries them on.
KEPT = WithdrawalFacts({NEWS: GIVEN}, frozenset())


def disclosed(ground="consent", purposes=(NEWS,), on=GIVEN, named=True):
    return DisclosureFacts(ground, frozenset(purposes), on, named)


@pytest.mark.parametrize(
    ("disclosure", "withdrawal", "told"),
    [
        (disclosed(), WITHDRAWAL, True),
        (disclosed(purposes=(NEWS, ORDERS)), WITHDRAWAL, True),
        (disclosed(purposes=(ORDERS,)), WITHDRAWAL, False),
        (disclosed(purposes=()), WITHDRAWAL, True),  # nobody has said for what: rather told
        (disclosed(), KEPT, True),  # passing on rested on the consent (94-V art. 7(6))
        (disclosed("instruction"), WITHDRAWAL, True),
        (disclosed("instruction"), KEPT, False),  # the processor goes on with the operator
        (disclosed("state_request"), WITHDRAWAL, False),
        (disclosed("norm"), WITHDRAWAL, False),
        (disclosed(named=False), WITHDRAWAL, True),
        (disclosed(named=False, on=GIVEN - dt.timedelta(days=1)), WITHDRAWAL, False),
        (disclosed(named=False, purposes=()), WITHDRAWAL, False),
    ],
)
def test_who_is_told_to_stop(disclosure, withdrawal, told):
    """Who has the data by the consent that is gone, or by an instruction for what stops; of many people from the consent on."""
    assert must_be_told(disclosure, withdrawal) is told


@pytest.mark.parametrize(
    ("withdrawn", "left", "stop"),
    [
        ({"marketing"}, {"processing"}, True),
        ({"marketing"}, {"processing", "marketing"}, False),
        ({"processing"}, {"processing"}, False),
        ({"processing"}, set(), True),
        ({"processing"}, {"cross_border"}, True),
        ({"distribution"}, set(), False),
    ],
)
def test_messages_stop_with_the_last_consent_to_them(withdrawn, left, stop):
    """The last consent to marketing takes messages along, and so does the last of all."""
    assert messages_stop(withdrawn, left) is stop


def test_what_sets_the_terms_running():
    """Beside the withdrawal itself: the end of messages and of distribution, and a demand to stop."""
    assert stop_triggers({"processing"}) == {"withdrawal"}
    assert stop_triggers({"marketing", "distribution"}) == {"withdrawal", "marketing_stop", "distribution_stop"}
    assert stop_triggers({"processing"}, "stop_processing") == {"withdrawal", "stop_demand"}
