"""What leaves is asked of the gate on every route, and stays as it was recorded."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import (
    CrossBorderTransfer,
    Disclosure,
    DisclosureCategory,
    LegalBasis,
    Undertaking,
)
from registry.operations.blocking import block
from tests.disclosing import make_activity, make_consented, make_disclosure, make_recipient
from tests.factories import make_law, make_norm, make_rule, make_user, save

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 20)


@pytest.fixture
def office(lapp):
    with unit_of_work(by=None, role="system"):
        lapp.bin = "241040012133"
        lapp.save()
    return lapp


@pytest.fixture
def activity(office):
    return make_activity(office)


@pytest.fixture
def person(activity):
    return make_consented(activity)


@pytest.fixture
def courier(office):
    return make_recipient(office)


def unsaved(person, activity, recipient, **fields):
    given = {"operator": activity.operator, "ground": "consent", "disclosed_on": DAY}
    return Disclosure(activity=activity, recipient=recipient, subject=person, **given | fields)


def refused(record):
    with unit_of_work(by=None, role="system"), pytest.raises(ValidationError) as caught:
        record.save()
    return [error.code for error in caught.value.error_list]


def test_disclosure_with_consent_is_recorded(person, activity, courier):
    """Whoever agreed to third parties may be passed on to a recipient that promised confidentiality."""
    disclosure = make_disclosure(person, activity, courier, on=DAY)
    assert (disclosure.people, disclosure.data_categories.count()) == (1, 1)


def test_disclosure_without_third_parties_is_refused_in_a_shell(activity, courier):
    """Item 4 of the consent decides, also where save() is called by hand."""
    assert refused(unsaved(make_consented(activity, third_parties=False), activity, courier)) == ["third-parties"]


def test_ground_is_that_of_the_day(person, activity, courier):
    """Before the consent there was no ground, and none after its withdrawal."""
    assert refused(unsaved(person, activity, courier, disclosed_on=dt.date(2025, 12, 31))) == ["not-in-force"]
    with unit_of_work(by=None, role="system"):
        person.consents.get().withdraw(by=None, at=timezone.now())
    assert refused(unsaved(person, activity, courier, disclosed_on=timezone.localdate())) == ["withdrawn"]


def test_recipient_abroad_needs_a_transfer_that_runs(person, activity, office):
    """A transfer of this activity to this recipient that has started, and is neither over nor suspended."""
    abroad = make_recipient(office, country="DE")
    assert refused(unsaved(person, activity, abroad)) == ["no-transfer"]
    transfer = CrossBorderTransfer(
        operator=office, code="de", activity=activity, recipient=abroad, country="DE", started_on=DAY
    )
    with unit_of_work(by=None, role="system"):
        super(CrossBorderTransfer, transfer).save_base()  # its own steps are another gate's question
    assert refused(unsaved(person, activity, abroad, disclosed_on=DAY - dt.timedelta(days=1))) == ["no-transfer"]
    make_disclosure(person, activity, abroad, on=DAY, categories=False)
    transfer.suspended_on = DAY
    with unit_of_work(by=None, role="system"):
        super(CrossBorderTransfer, transfer).save_base()
    assert refused(unsaved(person, activity, abroad)) == ["no-transfer"]


def test_norm_must_be_a_ground_of_the_operators_laws(person, activity, courier):
    """A norm of another law, or one that grounds nothing, lets nothing out."""
    foreign = make_norm("RU-152-FZ/6(1)(2)", law="RU-152-FZ", is_ground=True)
    assert refused(unsaved(person, activity, courier, ground="norm", norm=foreign)) == ["no-norm"]
    assert refused(unsaved(person, activity, courier, ground="norm", norm=make_norm("KZ-94-V/14"))) == ["no-norm"]
    make_disclosure(person, activity, courier, on=DAY, ground="norm", norm=make_norm("KZ-94-V/9(1)", is_ground=True))


def test_restricted_category_needs_the_undertaking_of_that_day(person, activity, courier):
    """The day before the promise nothing restricted is given."""
    with unit_of_work(by=None, role="system"):
        promise = Undertaking.objects.get()
        promise.starts_on = DAY + dt.timedelta(days=1)
        promise.save()
    disclosure = make_disclosure(person, activity, courier, on=DAY, categories=False)
    category = DisclosureCategory(disclosure=disclosure, data_category=activity.data_categories.get().data_category)
    assert refused(category) == ["no-undertaking"]


def test_blocked_person_is_not_passed_on(person, activity, courier, dpo):
    """While a block stands nothing leaves."""
    with unit_of_work(by=dpo):
        block(person, law=make_law(), cause="other", why="said so", by=dpo, at=timezone.now())
    assert refused(unsaved(person, activity, courier)) == ["blocked"]


def test_what_left_stays_as_it_was_recorded(person, activity, courier):
    """Nobody changes or deletes it, in a shell neither."""
    disclosure = make_disclosure(person, activity, courier, on=DAY)
    with unit_of_work(by=None, role="system"):
        for record in (disclosure, disclosure.data_categories.get()):
            with pytest.raises(ValidationError, match="It is not deleted"):
                record.delete()
    disclosure.given = "something else"
    with unit_of_work(by=None, role="system"), pytest.raises(ValidationError, match="stays as it was recorded"):
        disclosure.save()


def test_person_is_told_within_ten_working_days(person, activity, courier, dpo):
    """Where notice is a condition its day is counted; told once, also when the person has been blocked since."""
    make_rule("KZ-TRANSFER-NOTICE", trigger="third_party_transfer", amount=10)
    disclosure = make_disclosure(person, activity, courier, on=dt.date(2026, 3, 2), notice_is_condition=True)
    assert disclosure.notice_due_on == dt.date(2026, 3, 17)  # over 9 March, for the 8th is a Sunday, and two weekends
    assert list(Disclosure.objects.to_tell()) == [disclosure]
    with unit_of_work(by=dpo):
        block(person, law=make_law(), cause="other", why="said so", by=dpo, at=timezone.now())
        first = timezone.now()
        disclosure.tell(by=dpo, at=first)
        disclosure.tell(by=make_user("dpo", activity.operator), at=timezone.now())
    disclosure.refresh_from_db()
    assert (disclosure.notified_at, disclosure.notified_by) == (first, dpo)
    assert not Disclosure.objects.to_tell().exists()


def test_nobody_is_told_where_no_notice_is_a_condition(person, activity, courier, dpo):
    """A notice that nobody asked for is not recorded as one."""
    disclosure = make_disclosure(person, activity, courier, on=DAY)
    with unit_of_work(by=dpo), pytest.raises(ValidationError, match="No notice is a condition"):
        disclosure.tell(by=dpo, at=timezone.now())


def test_undertaking_is_a_colleagues(office, kazger):
    """A user of another operator promises this one nothing."""
    stranger = make_user("dpo", kazger)
    with pytest.raises(ValidationError, match="works for another operator"):
        save(Undertaking(operator=office, user=stranger, document="1", starts_on=DAY))


def test_many_people_rest_on_what_the_activity_declares(activity, courier):
    """Where nobody is named the activity’s own basis counts; one that no law knows carries nothing."""
    make_disclosure(None, activity, courier, on=DAY, people=40)
    with unit_of_work(by=None, role="system"):
        basis = LegalBasis.objects.get()
        basis.norm = None
        basis.save()
    assert refused(unsaved(None, activity, courier, people=40)) == ["no-basis"]
