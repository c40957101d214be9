"""Where the ground of many people goes at once, each of them goes on or stops, in as many queries as one takes."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registry.journal import unit_of_work
from registry.journal.reconcile import findings
from registry.models import (
    ActivityPurpose,
    Agreement,
    Consent,
    DataSubject,
    JournalEntry,
    LegalBasis,
    ProcessingActivity,
    SubjectPurpose,
    grounding,
)
from registry.models.grounding import serve, settle
from registry.operations.blocking import block
from registry.rules.grounds import Ground
from tests.factories import make_law, make_norm, make_operator, make_purpose, make_subject, save

from .test_ground import COMPLETE

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db):
    return make_operator("kazger", bin="241040012133")


@pytest.fixture
def purpose(office):
    """A purpose served on consent, and by agreement where there is one."""
    purpose = make_purpose(office)
    activity = save(ProcessingActivity(operator=office, code="a", name_en="a"))
    norm = make_norm("KZ-94-V/contract", is_ground=True)
    basis = save(LegalBasis(operator=office, code="contract", name_en="agreements", kind="contract", norm=norm))
    save(ActivityPurpose(activity=activity, purpose=purpose, basis=basis))
    return purpose


def served(purpose):
    """Somebody whose data serve the purpose on a consent."""
    subject = make_subject(purpose.operator)
    save(Consent(subject=subject, purpose=purpose, kind="processing", given_on=dt.date(2026, 1, 1), **COMPLETE))
    with unit_of_work(by=None, role="system"):
        return serve(subject, purpose, on=timezone.localdate())


def contracted(record):
    return save(Agreement(subject=record.subject, number="1", concluded_on=dt.date(2026, 1, 1)))


def ended(records):
    """Their consents end, past every guard: what settles them is still to come."""
    past = timezone.localdate() - dt.timedelta(days=1)
    QuerySet(Consent).filter(purposes__in=records).update(ended_on=past)


def settled(office, **of):
    with unit_of_work(by=None, role="system", operator=office, reason="settled"):
        return settle(timezone.localdate(), **of or {"operator": office})


def test_each_goes_on_on_its_own_ground_or_stops(office, purpose):
    """Whoever has an agreement goes on on it, whoever is blocked or has none stops, who needs nothing is left alone."""
    stops, goes_on, is_blocked, _untouched = records = [served(purpose) for _each in range(4)]
    agreements = {record.pk: contracted(record) for record in (goes_on, is_blocked)}
    with unit_of_work(by=None, role="system"):
        block(is_blocked.subject, law=make_law(), cause="other", why="said so", by=None, at=timezone.now())
    ended([stops, goes_on, is_blocked])
    before = JournalEntry.objects.latest("seq").seq
    assert settled(office) == 2
    today = timezone.localdate()
    for record in records:
        record.refresh_from_db()
    assert [(each.ground, each.stop, each.until_on) for each in records] == [
        ("consent", "expired", today),
        ("agreement", "", None),
        ("consent", "expired", today),
        ("consent", "", None),
    ]
    assert (goes_on.agreement, goes_on.consent, goes_on.basis.code) == (agreements[goes_on.pk], None, "contract")
    told = JournalEntry.objects.filter(seq__gt=before).order_by("seq")
    assert [(each.action, each.object_uid) for each in told] == [
        ("change", each.uid) for each in (stops, goes_on, is_blocked)
    ]
    assert {each.history_change_reason for each in SubjectPurpose.history.filter(history_type="~")} == {"settled"}
    assert not [found for found in findings() if not found.subject.startswith("consent ")]  # ended past their history


def test_withdrawn_is_said_apart_from_expired(office, purpose):
    """Why a purpose ended is kept: the law asks for other things after a withdrawal."""
    one, other = served(purpose), served(purpose)
    ended([one])
    QuerySet(Consent).filter(purposes=other).update(withdrawn_at=timezone.now() - dt.timedelta(days=2))
    assert settled(office) == 2
    assert list(SubjectPurpose.objects.order_by("pk").values_list("stop", flat=True)) == ["expired", "withdrawn"]


def test_nothing_is_written_a_second_time(office, purpose):
    ended([served(purpose)])
    assert (settled(office), settled(office)) == (1, 0)
    assert SubjectPurpose.history.count() == 2


def test_people_of_two_operators_are_told_of_in_the_journal_of_each(office, purpose):
    """What all operators share, a law, may take the ground of people of several."""
    other = make_operator("other", bin="050740001234")
    records = [served(purpose), served(make_purpose(other))]
    ended(records)
    assert settled(office, pk__in=[each.pk for each in records]) == 2
    told = {each.object_uid: each.operator for each in JournalEntry.objects.filter(action="change")}
    assert [told[record.uid] for record in records] == ["kazger", "other"]


def test_many_take_as_many_queries_as_one(office, purpose, django_assert_num_queries):
    """Also where some of them are blocked."""
    few, many = served(purpose), [served(purpose) for _each in range(20)]
    with unit_of_work(by=None, role="system"):
        for each in (few, *many[:5]):
            block(each.subject, law=make_law(), cause="other", why="said so", by=None, at=timezone.now())
    ended([few])
    with CaptureQueriesContext(connection) as taken:
        settled(office)
    ended(many)
    with django_assert_num_queries(len(taken)):
        assert settled(office) == 20


def test_pieces_leave_nobody_out(office, purpose, monkeypatch):
    """More people than are settled together are settled in turn."""
    monkeypatch.setattr(grounding, "AT_ONCE", 2)
    ended([served(purpose) for _each in range(5)])
    assert settled(office) == 5
    assert not SubjectPurpose.objects.live(timezone.localdate()).exists()


@pytest.mark.parametrize("is_another", [False, True])
def test_nobody_is_left_on_a_ground_that_does_not_hold(office, purpose, monkeypatch, is_another):
    """Whatever was found for them is asked of the register once more; the transaction is undone where it does not hold."""
    record = served(purpose)
    basis = record.purpose.activities.get().basis_id if is_another else None
    ground = (
        Ground("agreement", contracted(record).pk, basis, None)
        if is_another
        else Ground("consent", record.consent_id, None, None)
    )
    QuerySet(Agreement).update(ended_on=dt.date(2026, 1, 2))
    ended([record])
    monkeypatch.setattr(grounding, "live_ground", lambda facts: ground)
    with pytest.raises(ValidationError, match="What was named as the ground does not hold today"):
        settled(office)
    assert SubjectPurpose.history.count() == 1


@pytest.mark.parametrize("purposes", [1, 3])
def test_as_many_as_are_settled_together_and_one_more(office, purposes):
    """Both databases take the questions about so many, with several consents each."""
    people = QuerySet(DataSubject).bulk_create(
        DataSubject(operator=office, crm_id=str(number), surname="Ким") for number in range(grounding.AT_ONCE + 1)
    )
    given = {"operator": office, "kind": "processing", "given_on": dt.date(2026, 1, 1), "ended_on": dt.date(2026, 1, 2)}
    for purpose in [make_purpose(office, f"p{number}") for number in range(purposes)]:
        consents = QuerySet(Consent).bulk_create(
            Consent(subject=each, purpose=purpose, **given | COMPLETE) for each in people
        )
        QuerySet(SubjectPurpose).bulk_create(
            SubjectPurpose(
                operator=office,
                subject=each.subject,
                purpose=purpose,
                ground="consent",
                consent=each,
                since_on=each.given_on,
            )
            for each in consents
        )
    assert settled(office) == purposes * (grounding.AT_ONCE + 1)
