"""Consent to distribution: what it forbids is not published, what it says is published in time, and it ends with the demand."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import (
    Clause,
    Consent,
    DataCategory,
    Disclosure,
    DisclosureCategory,
    DistributionCondition,
    Obligation,
    Policy,
    Recipient,
)
from registry.operations.withdrawal import withdraw
from registry.rules.dates import HOME_ZONE
from tests.disclosing import COMPLETE, make_activity
from tests.factories import make_norm, make_operator, make_request, make_rule, make_subject, save

pytestmark = pytest.mark.django_db
WEDNESDAY = dt.date(2026, 4, 1)
DUE = dt.date(2026, 4, 6)  # three working days in Russia: 2, 3 and 6 April
RECEIVED = dt.datetime(2026, 5, 12, 9, 30, tzinfo=HOME_ZONE)
PAGE = "https://almaenergy.kz/conditions"


@pytest.fixture
def alma(db):
    operator = make_operator("almaenergy", laws=("KZ-94-V", "RU-152-FZ"), bin="241040012133")
    make_norm("RU-152-FZ/10.1", law="RU-152-FZ", topics="distribution")
    make_rule("RU-DISTR-PUBLISH", law="RU-152-FZ", trigger="distribution_consent", amount=3)
    make_rule("RU-DISTR-STOP", law="RU-152-FZ", trigger="distribution_stop", amount=0, unit="at_once")
    policy = save(Policy(operator=operator, version="1", title="Policy", effective_on=dt.date(2024, 1, 1)))
    save(Clause(policy=policy, number="5.8.3", obliges="Stop on demand.", behaviours="B10 B27"))
    return operator


@pytest.fixture
def activity(alma):
    return make_activity(alma)


@pytest.fixture
def consent(alma, activity):
    """To publish what the activity holds, given on a Wednesday."""
    purpose = activity.purposes.get().purpose
    given = {"kind": "distribution", "is_separate": True, "given_on": WEDNESDAY}
    return save(Consent(subject=make_subject(alma), purpose=purpose, **COMPLETE | given))


def published(consent, on, *, url=PAGE):
    with unit_of_work(by=None, role="system"):
        consent.publish_conditions(on=on, url=url, at=timezone.now())


def to_the_public(consent, activity, **fields):
    site = Recipient.objects.filter(operator=consent.operator, code="site").first() or save(
        Recipient(operator=consent.operator, code="site", name_en="Site", kind="public", country="KZ")
    )
    given = {"ground": "consent", "disclosed_on": timezone.localdate()} | fields
    return save(
        Disclosure(subject=consent.subject, operator=consent.operator, activity=activity, recipient=site, **given)
    )


def refused(act):
    with pytest.raises(ValidationError) as refusal:
        act()
    return refusal.value.messages


@pytest.mark.parametrize(("on", "is_late"), [(DUE, False), (DUE + dt.timedelta(days=1), True)])
def test_publication_in_three_working_days(on, is_late, consent):
    """On the last day it is in time, on the next it is late: recorded all the same, and nothing is open any more."""
    assert consent.publication_due_on == DUE
    assert list(Consent.objects.to_publish(timezone.localdate())) == [consent]
    published(consent, on)
    consent.refresh_from_db()
    assert (consent.conditions_published_on, consent.conditions_url, consent.is_published_late) == (on, PAGE, is_late)
    assert not Consent.objects.to_publish(timezone.localdate()).exists()


def test_publication_is_recorded_once_and_can_be_corrected(consent):
    """The same again writes nothing; another address takes the place of the first, and the history keeps both."""
    for url in (PAGE, PAGE, f"{PAGE}/2"):
        published(consent, DUE, url=url)
    assert consent.conditions_url == f"{PAGE}/2"
    assert consent.history.count() == 3  # given, published, corrected


def test_nothing_is_to_be_published_of_a_consent_withdrawn(consent):
    """It has ended: nothing is distributed under it."""
    with unit_of_work(by=None, role="system"):
        consent.withdraw(by=None, at=RECEIVED)
    assert not Consent.objects.to_publish(timezone.localdate()).exists()


def test_only_consent_to_distribution_has_conditions(consent, activity):
    """On every route; and a row that neither forbids nor allows says nothing."""
    category = DataCategory.objects.get()
    other = save(Consent(subject=consent.subject, purpose=consent.purpose, given_on=WEDNESDAY, **COMPLETE))
    [said] = refused(lambda: save(DistributionCondition(consent=other, data_category=category, is_prohibited=True)))
    assert said.startswith("Only a consent to distribution says what may be made public.")
    [said] = refused(lambda: save(DistributionCondition(consent=consent, data_category=category)))
    assert said.startswith("Say that it may not be distributed, or under which conditions it may.")


def test_category_that_the_person_forbids_is_not_made_public(consent, activity):
    """Refused with its norm; another category of the same consent may be published."""
    phone = DataCategory.objects.get()
    name = save(DataCategory(operator=consent.operator, code="name", name_en="name", availability="public"))
    save(DistributionCondition(consent=consent, data_category=phone, is_prohibited=True))
    save(DistributionCondition(consent=consent, data_category=name, conditions="with the position"))
    disclosure = to_the_public(consent, activity)
    [said] = refused(lambda: save(DisclosureCategory(disclosure=disclosure, data_category=phone)))
    assert said.startswith("The person has forbidden to make “phone” public. Leave it out. [")
    assert "RU-152-FZ art. 10.1 (unverified)" in said
    assert save(DisclosureCategory(disclosure=disclosure, data_category=name)).pk


def test_prohibition_ends_with_its_consent(consent, activity):
    """A newer consent without the prohibition takes the place of the old one."""
    phone = DataCategory.objects.get()
    save(DistributionCondition(consent=consent, data_category=phone, is_prohibited=True))
    given = {"kind": "distribution", "is_separate": True, "given_on": timezone.localdate()}
    save(Consent(subject=consent.subject, purpose=consent.purpose, **COMPLETE | given))
    assert save(DisclosureCategory(disclosure=to_the_public(consent, activity), data_category=phone)).pk


def demand(consent, **fields):
    about = {"kind": "stop_distribution", "received_at": RECEIVED, "subject": consent.subject}
    return make_request(consent.operator, **about | {"demand": "phone"} | fields)


def test_demand_without_its_list_of_data_is_not_carried_out(consent):
    """What the person is called and where they are reached the register knows; which data are meant only the demand says."""
    case = demand(consent, demand="")
    for act in (
        lambda: withdraw(consent.subject, by=None, at=RECEIVED, request=case),
        lambda: case.step("removed", by=None, at=RECEIVED),
    ):
        [said] = refused(act)
        assert said.startswith("It is not recorded which data must no longer be distributed.")
        assert said.endswith("[policy, clause 5.8.3; RU-152-FZ art. 10.1 (unverified)]")
    consent.refresh_from_db()
    assert consent.withdrawn_at is None


def test_demand_of_a_stranger_names_person_and_contact(consent):
    """While nobody is found, the demand itself has to say who asks and how they are reached."""
    case = demand(consent, subject=None, applicant_name="Asem")
    codes = [blocker.code for blocker in refusals(case)]
    assert codes == ["no-full-name", "no-contact"]


def refusals(case):
    with pytest.raises(ValidationError) as refusal:
        case.step("removed", by=None, at=RECEIVED)
    return [each.blocker for each in refusal.value.error_list]


def test_law_without_such_a_rule_asks_for_nothing(lapp):
    """94-V does not say what the demand names."""
    case = make_request(lapp, kind="stop_distribution", received_at=RECEIVED)
    assert case.facts().demand is None


def test_consent_ends_at_the_receipt_of_the_demand(consent, dpo):
    """To the minute, however late it is carried out, and no other consent with it; until then the case is not closed as met."""
    case = demand(consent)
    other = save(Consent(subject=consent.subject, purpose=consent.purpose, given_on=WEDNESDAY, **COMPLETE))
    assert "A consent to distribution is still in force." in case.facts().undone
    with unit_of_work(by=dpo):
        withdraw(consent.subject, by=dpo, at=RECEIVED + dt.timedelta(days=2), request=case)
    consent.refresh_from_db()
    other.refresh_from_db()
    assert (consent.withdrawn_at, other.withdrawn_at) == (RECEIVED, None)
    assert case.facts().undone == ""


def test_what_is_owed_is_counted_by_an_index_of_what_is_open(alma, activity):
    """Among a million people the desk reads what is open, and nothing else. Here, among a thousand that wait for nothing."""
    person, purpose = make_subject(alma), activity.purposes.get().purpose
    days = [WEDNESDAY - dt.timedelta(days=back) for back in range(1_000)]
    QuerySet(Consent).bulk_create(
        Consent(operator=alma, subject=person, purpose=purpose, kind="distribution", given_on=day) for day in days
    )
    QuerySet(Obligation).bulk_create(
        Obligation(operator=alma, subject=person, what="inform", due_on=day, done_at=RECEIVED) for day in days
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE registry_consent, registry_obligation")
    today = timezone.localdate()
    assert "obligation_open" in plan_of(Obligation.objects.overdue(today).filter(operator=alma))
    assert "consent_to_publish" in plan_of(Consent.objects.to_publish(today).filter(operator=alma))


def plan_of(rows):
    return rows.order_by().explain()
