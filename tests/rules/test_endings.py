"""What ends the processing for a purpose first, on plain values."""

import datetime as dt

import pytest

from registry.rules.endings import Ends, FirstEnd, first_end
from registry.rules.grounds import BasisFacts, ConsentFacts, GroundFacts, ends_of, live_ground

MAY, JUNE, JULY = dt.date(2027, 5, 31), dt.date(2027, 6, 30), dt.date(2027, 7, 31)


@pytest.mark.parametrize("by", Ends._fields)
def test_earliest_event_ends_it(by):
    """Whichever event it is; those without a day do not count."""
    assert first_end(Ends(None, JUNE, JULY, JUNE, None)._replace(**{by: MAY})) == FirstEnd(by, MAY)


def test_two_events_on_one_day_end_it_once():
    """The ground is named before the day that the operator set."""
    assert first_end(Ends(consent=MAY, stop=MAY)) == FirstEnd("consent", MAY)


def test_without_a_day_it_lasts_until_the_purpose_is_reached():
    """94-V art. 8(6) and 12(2)."""
    assert first_end(Ends()) == FirstEnd("reached", None)


CONSENT = ConsentFacts(1, "processing", stands=True, is_withdrawn=False, is_implied=False, lacks=(), ends_on=JULY)
CONTRACT = BasisFacts(5, "contract", "contract", is_known=False, decided_until=JUNE)


@pytest.mark.parametrize(
    ("facts", "ends"),
    [
        ({"consents": (CONSENT,)}, Ends(consent=JULY)),
        ({"bases": (CONTRACT,), "agreements": ((1, MAY),)}, Ends(agreement=MAY, decision=JUNE)),
        ({"bases": (CONTRACT,), "agreements": ((1, None),)}, Ends(decision=JUNE)),
        ({"bases": (CONTRACT._replace(is_known=True),), "agreements": ((1, None),)}, Ends()),
        ({"bases": (CONTRACT._replace(kind="legitimate_interest"),)}, Ends(decision=JUNE)),
    ],
)
def test_ground_ends_with_what_it_is_made_of(facts, ends):
    """A consent by itself; an agreement, and the decision its basis rests on; a basis that a law knows needs no decision."""
    facts = GroundFacts("Letters", "processing", **facts)
    ground = live_ground(facts)
    assert ends_of(ground, facts) == ends
    assert ground.until == first_end(ends).on
