"""No person's data serve a purpose without a live ground."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import Consent, SubjectPurpose
from registry.models.grounding import serve, settle
from tests.factories import make_operator, make_purpose, make_subject, save

pytestmark = pytest.mark.django_db
COMPLETE = {
    "until_purpose_reached": True, "third_parties": False, "cross_border": False, "publication": False, "data_list": "e-mail",
}  # fmt: skip


@pytest.fixture
def office(db):
    return make_operator("lapp", bin="241040012133")


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
        assert settle(today, subject=consent.subject) in (0, 1)
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
