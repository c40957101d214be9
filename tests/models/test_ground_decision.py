"""A decision to rely on what no law of the operator knows: with reasons, for a term, and not for consent."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import ActivityPurpose, GroundDecision, LegalBasis, ProcessingActivity
from tests.factories import make_norm, make_purpose, save, today

pytestmark = pytest.mark.django_db


def days(count):
    return dt.timedelta(days=count)


@pytest.fixture
def link(lapp):
    """A purpose that rests on a contract, which 94-V does not know."""
    basis = save(LegalBasis(operator=lapp, code="contract", name_en="the contract", kind="contract"))
    activity = save(ProcessingActivity(operator=lapp, code="sales", name_en="Sales"))
    return save(ActivityPurpose(activity=activity, purpose=make_purpose(lapp), basis=basis))


def decision(link, dpo, **fields):
    given = {"why": "Civil Code", "document": "Order 7", "valid_from": today(), "valid_until": today(30)}
    taken = {"decided_at": timezone.now(), "decided_by": dpo}
    return GroundDecision(operator=link.operator, basis=link.basis, **taken | given | fields)


def refused(record):
    with unit_of_work(by=None, role="system"), pytest.raises(ValidationError) as caught:
        record.save()
    return [error.code for error in caught.value.error_list]


def unknown(link, on):
    """Whether the activity's gate says on that day that no law knows the basis."""
    return "basis-unknown" in [blocker.code for blocker in link.activity.blockers(on)]


def test_decision_lifts_the_blocker_for_its_term(link, dpo):
    """From its first day to its last the activity may rest on it; the day after the blocker is back."""
    assert unknown(link, today())
    save(decision(link, dpo))
    assert [unknown(link, today(count)) for count in (-1, 0, 30, 31)] == [True, False, False, True]


def test_revoked_decision_lifts_nothing(link, dpo):
    """Revoked once, and from then on the blocker stands again; a second time changes nothing."""
    taken = save(decision(link, dpo))
    with unit_of_work(by=dpo):
        taken.revoke(by=dpo, at=timezone.now())
        before = taken.revoked_at
        taken.revoke(by=None, at=timezone.now())
    assert unknown(link, today())
    assert (taken.revoked_at, taken.revoked_by) == (before, dpo)


@pytest.mark.parametrize("shift", [-1, 0, 15, 30, 31])
@pytest.mark.parametrize("revoked", [False, True])
def test_decisions_that_stand_are_those_listed_as_live(shift, revoked, link, dpo):
    """The question about one and the question about many have one answer."""
    taken = save(decision(link, dpo))
    with unit_of_work(by=dpo):
        if revoked:
            taken.revoke(by=dpo, at=timezone.now())
    on = today(shift)
    assert taken.stands_on(on) == GroundDecision.objects.live(on).exists()


def test_decision_without_reasons_is_none(link, dpo):
    """Whoever relies on it says why."""
    assert refused(decision(link, dpo, why=" ")) == ["no-reasons"]


def test_what_a_law_knows_needs_no_decision(link, dpo):
    """Nothing is decided about a ground that stands by itself."""
    link.basis.norm = make_norm("KZ-94-V/9(1)", is_ground=True)
    save(link.basis)
    assert refused(decision(link, dpo)) == ["known"]


@pytest.mark.parametrize("kind", ["consent", "implied_consent"])
def test_no_decision_takes_the_place_of_consent(kind, link, dpo):
    """“By using the site” does not become a ground because the operator says so."""
    link.basis.kind = kind
    save(link.basis)
    assert refused(decision(link, dpo)) == ["consent"]


def test_second_decision_for_the_same_days_is_refused(link, dpo):
    """A double click takes one decision; the next one begins after the first."""
    save(decision(link, dpo))
    assert refused(decision(link, dpo)) == ["decided"]
    save(decision(link, dpo, valid_from=today(31), valid_until=today(60)))


def test_decision_stays_as_it_was_taken(link, dpo):
    """Its term is not stretched afterwards, and it is not deleted."""
    taken = save(decision(link, dpo))
    with unit_of_work(by=dpo), pytest.raises(ValidationError, match="is not deleted"):
        taken.delete()
    taken.valid_until += days(365)
    with unit_of_work(by=dpo), pytest.raises(ValidationError, match="stays as it was taken"):
        taken.save()
