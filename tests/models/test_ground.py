"""No person's data serve a purpose without a live ground."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import (
    ActivityPurpose,
    Agreement,
    Consent,
    GroundDecision,
    LegalBasis,
    ProcessingActivity,
    SubjectPurpose,
)
from registry.models.grounding import serve
from tests.factories import make_norm, make_operator, make_purpose, make_subject, save

pytestmark = pytest.mark.django_db
COMPLETE = {
    "until_purpose_reached": True, "third_parties": False, "cross_border": False, "publication": False, "data_list": "e-mail",
}  # fmt: skip


@pytest.fixture
def office(db):
    return make_operator("kazger", bin="241040012133")


def consented(operator, purpose, **fields):
    subject = make_subject(operator)
    given = {"kind": "marketing" if purpose.is_marketing else "processing", "given_on": dt.date(2026, 1, 1)} | COMPLETE
    return save(Consent(subject=subject, purpose=purpose, **given | fields))


def test_complete_consent_is_a_ground(office):
    """A person with a complete consent in force may be processed for its purpose."""
    consent = consented(office, make_purpose(office))
    with unit_of_work(by=None, role="system"):
        record = serve(consent.subject, consent.purpose, on=timezone.localdate())
    assert (record.ground, record.consent) == ("consent", consent)
    assert not SubjectPurpose.objects.groundless(timezone.localdate()).exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"data_list": ""}, "The consent for “email-information” lacks: the list of data collected."),
        ({"is_implied": True}, "was read out of the use of a site: it is no ground."),
        ({"expires_on": dt.date(2026, 1, 2)}, "is not in force."),
        ({"kind": "marketing"}, "is of another kind than needed."),
    ],
)
def test_faulty_consent_is_no_ground(fields, sentence, office):
    """The gate says why."""
    consent = consented(office, make_purpose(office), **fields)
    with unit_of_work(by=None, role="system"), pytest.raises(ValidationError, match=sentence):
        serve(consent.subject, consent.purpose, on=timezone.localdate())


def test_withdrawal_stops_the_purpose(office):
    """After a withdrawal without another ground the data serve the purpose no longer, from that day on."""
    consent = consented(office, make_purpose(office))
    today = timezone.localdate()
    with unit_of_work(by=None, role="system"):
        serve(consent.subject, consent.purpose, on=today)
        consent.withdraw(by=None, at=timezone.now())
    record = SubjectPurpose.objects.get()
    assert (record.stop, record.until_on) == ("withdrawn", today)
    assert not SubjectPurpose.objects.live(today).exists()


def test_ground_in_a_shell_is_refused_where_it_does_not_hold(office):
    """Whoever writes the record by hand meets the same gate."""
    consent = consented(office, make_purpose(office), data_list="")
    record = SubjectPurpose(
        subject=consent.subject,
        purpose=consent.purpose,
        ground="consent",
        consent=consent,
        since_on=dt.date(2026, 1, 1),
    )
    with (
        unit_of_work(by=None, role="system"),
        pytest.raises(ValidationError, match="lacks: the list of data collected"),
    ):
        record.save()


def served(operator, **fields):
    """A person whose data serve a purpose on a consent."""
    consent = consented(operator, make_purpose(operator), **fields)
    with unit_of_work(by=None, role="system"):
        return serve(consent.subject, consent.purpose, on=timezone.localdate()), consent


def write(record, **values):
    with unit_of_work(by=None, role="system"):
        for name, value in values.items():
            setattr(record, name, value)
        record.save()


def standing(record):
    return SubjectPurpose.objects.live(timezone.localdate()).filter(pk=record.pk).exists()


def test_operator_without_a_bin_has_no_complete_consent(office):
    """The BIN is an item of art. 8(4): without it every purpose that rests on consent stops."""
    record, _consent = served(office)
    write(office, bin="")
    assert not standing(record)
    assert not SubjectPurpose.objects.groundless(timezone.localdate()).exists()


def test_renewal_takes_the_purpose_along(office):
    """A consent that another one takes the place of hands the purpose over to it."""
    record, consent = served(office, given_on=dt.date(2026, 1, 1))
    renewed = save(Consent(subject=consent.subject, purpose=consent.purpose, given_on=timezone.localdate(), **COMPLETE))
    record.refresh_from_db()
    assert (standing(record), record.consent) == (True, renewed)


def test_purpose_that_turns_to_marketing_needs_another_consent(office):
    """Direct marketing rests on a consent to marketing, never on one to processing."""
    record, consent = served(office)
    write(consent.purpose, is_marketing=True)
    assert not standing(record)


def contracted(operator, **basis):
    """A person with an agreement, and an activity whose purpose rests on a contract."""
    subject, purpose = make_subject(operator), make_purpose(operator)
    activity = save(ProcessingActivity(operator=operator, code="a", name_en="a"))
    given = {"code": "contract", "name_en": "agreements", "kind": "contract"} | basis
    basis = save(LegalBasis(operator=operator, **given))
    save(ActivityPurpose(activity=activity, purpose=purpose, basis=basis))
    agreement = save(Agreement(subject=subject, number="1", concluded_on=dt.date(2026, 1, 1)))
    return subject, purpose, basis, agreement


def test_contract_is_no_ground_under_94v_without_a_decision(office):
    """94-V art. 9 knows no contract: declared by the policy only, it opens nothing."""
    subject, purpose, _basis, _agreement = contracted(office)
    with unit_of_work(by=None, role="system"), pytest.raises(ValidationError, match="declared by the policy only"):
        serve(subject, purpose, on=timezone.localdate())


def test_decision_lifts_the_blocker_for_its_term(office, dpo):
    """A decision with reasons and a last day makes the ground one until then; revoked, the purpose stops at once."""
    subject, purpose, basis, _agreement = contracted(office)
    today = timezone.localdate()
    until = today + dt.timedelta(days=30)
    decision = save(
        GroundDecision(basis=basis, why="until consents are collected", document="order 5", valid_from=today,
                       valid_until=until, decided_at=timezone.now(), decided_by=dpo)
    )  # fmt: skip
    with unit_of_work(by=dpo):
        record = serve(subject, purpose, on=today)
    assert (record.ground, record.until_on) == ("agreement", until)
    write(decision, revoked_at=timezone.now(), revoked_by=dpo)
    assert not standing(record)


def test_agreement_that_ends_takes_its_purpose_along(office, dpo):
    """Where the law knows contract as a ground, it is one while the agreement runs."""
    norm = make_norm("KZ-94-V/contract", is_ground=True)
    subject, purpose, _basis, agreement = contracted(office, norm=norm)
    with unit_of_work(by=dpo):
        record = serve(subject, purpose, on=timezone.localdate())
    write(agreement, ended_on=timezone.localdate() - dt.timedelta(days=1))
    assert not standing(record)


@pytest.mark.parametrize(
    ("since", "until"), [(-2, None), (-2, -1), (-2, 0), (-2, 1), (0, None), (0, 0), (0, 1), (1, None), (1, 1)]
)
@pytest.mark.parametrize("stop", ["", "reached"])
def test_purposes_that_are_served_are_those_listed_as_live(office, since, until, stop):
    """The question about one and the question about many have one answer."""
    record, _consent = served(office)
    day = timezone.localdate()
    record.since_on, record.stop = day + dt.timedelta(since), stop
    record.until_on = None if until is None else day + dt.timedelta(until)
    SubjectPurpose.objects.filter(pk=record.pk).update(since_on=record.since_on, until_on=record.until_on, stop=stop)
    assert record.serves_on(day) == standing(record)
