"""A file that renews a consent moves the purposes that rest on it, as an officer's save would; blocked people it leaves alone."""

import pytest
from django.db import connection
from django.utils import timezone

from registry.imports import crm_file
from registry.journal import unit_of_work
from registry.models import DataSubject, Purpose, SubjectPurpose
from registry.models.grounding import serve
from registry.operations.blocking import block
from tests.factories import make_law, make_operator, make_purpose

from .crm import CRM, consent, csv_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def crm(db):
    operator = make_operator("kazger", bin="241040012133")
    make_purpose(operator)
    return CRM(operator)


def served(crm):
    """One person out of a file, whose data serve the purpose on the consent of the file."""
    crm.load([person(1, **consent())])
    subject, purpose = DataSubject.objects.get(), Purpose.objects.get()
    given = subject.consents.get()
    with unit_of_work(by=None, role="system"):
        given.data_list = "e-mail"
        given.save()
        return serve(subject, purpose, on=timezone.localdate())


def test_renewal_by_file_settles_the_purpose(crm):
    """The later consent of the file takes the earlier one's place; where it lacks an item the purpose stops."""
    record = served(crm)
    run = crm.load([person(1, **consent(consent_given_on="01.03.2025"))])
    assert crm.counts(run) == {"changed": 1}
    record.refresh_from_db()
    today = timezone.localdate()
    assert (record.stop, record.until_on) == ("expired", today)  # no activity lists data: item 7 is missing
    assert not SubjectPurpose.objects.groundless(today).exists()


def test_blocked_person_is_stopped(crm, django_user_model):
    """A row of a blocked person is stopped with its reason, and the same row as stored is no change at all."""
    crm.load([person(1)])
    with unit_of_work(by=None, role="system"):
        block(DataSubject.objects.get(), law=make_law(), cause="other", why="said so", by=None, at=timezone.now())
    assert crm.counts(crm.load([person(1)])) == {"same": 1}
    run = crm.load([person(1, email="other@example.kz")])
    assert crm.counts(run) == {"stopped": 1}
    [[reason]] = crm.reasons(run).values()
    assert "the person is blocked: stored only, changed by no file. Lift the block first" in str(reason)


def test_person_blocked_after_the_plan_is_left_alone(crm):
    """A block that comes between preview and confirmation counts."""
    crm.load([person(1)])
    run = crm.plan([person(1, email="other@example.kz")])
    with unit_of_work(by=None, role="system"):
        block(DataSubject.objects.get(), law=make_law(), cause="other", why="said so", by=None, at=timezone.now())
    assert crm.counts(crm.apply(run)) == {"stopped": 1}
    assert DataSubject.objects.get().email == "asem1@example.kz"


def test_person_blocked_between_two_chunks_is_left_alone(crm, monkeypatch):
    """Whoever is blocked while the file is being applied is not reached by the chunks that follow."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 1)
    crm.load([person(number) for number in range(3)])
    run = crm.plan([person(number, email=f"other{number}@example.kz") for number in range(3)])

    def block_the_last(done):
        if done == 1:
            with unit_of_work(by=None, role="system"):
                last = DataSubject.objects.get(crm_id="C0000002")
                block(last, law=make_law(), cause="other", why="said so", by=None, at=timezone.now())

    assert crm.counts(crm.apply(run, progress=block_the_last)) == {"changed": 2, "stopped": 1}
    assert DataSubject.objects.get(crm_id="C0000002").email == "asem2@example.kz"


def test_opt_out_of_a_blocked_person_is_taken_from_a_file(crm):
    """It narrows; what else the row says is stopped, and the row says so."""
    crm.load([person(1)])
    with unit_of_work(by=None, role="system"):
        block(DataSubject.objects.get(), law=make_law(), cause="other", why="said so", by=None, at=timezone.now())
    run = crm.load(b"crm_id;email;email_opt_out\nC0000001;other@example.kz;yes\n")
    assert crm.counts(run) == {"changed": 1}
    subject = DataSubject.objects.get()
    assert (subject.email, subject.suppressions.get().channel) == ("asem1@example.kz", "email")
    assert run.warnings == [
        "Line 2: the person is blocked: of this row only the opt-out is taken. Lift the block first, then import the file again "
        "for the rest"
    ]


@pytest.mark.parametrize("when", ["before the plan", "after the plan"])
def test_nobody_is_made_known_again_by_a_file(crm, when):
    """Who was depersonalised gets neither name nor address back, nor a consent or an opt-out: the CRM is to delete them, too."""
    crm.load([person(1)])
    rows = csv_of([person(1, **consent(), email_opt_out="yes")], header=[*person(1), *consent(), "email_opt_out"])
    planned = crm.plan(rows) if when == "after the plan" else None
    subject = DataSubject.objects.get()
    subject.surname = subject.given_name = subject.email = subject.phone = ""
    subject.state = "depersonalised"
    with unit_of_work(by=None, role="system"):
        subject.save()
    run = crm.apply(planned or crm.plan(rows))
    assert crm.counts(run) == {"stopped": 1}
    subject.refresh_from_db()
    assert (subject.surname, subject.email, subject.phone, subject.state) == ("", "", "", "depersonalised")
    assert not subject.consents.exists() and not subject.suppressions.exists()
    if when == "before the plan":
        assert crm.reasons(run) == {
            2: ["the person was depersonalised: no file says again who that was. Have the person deleted in the CRM"]
        }
