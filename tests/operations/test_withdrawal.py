"""A withdrawal of consent reaches everybody who received the data, and is carried out once."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import (
    ActivityPurpose,
    Agreement,
    Consent,
    Disclosure,
    GroundDecision,
    JournalEntry,
    LegalBasis,
    Obligation,
    ProcessingActivity,
    Recipient,
    SubjectPurpose,
)
from registry.models.grounding import serve
from registry.operations.blocking import block
from registry.operations.withdrawal import foreseen, withdraw, withdrawable
from registry.rules.dates import HOME_ZONE
from tests.factories import make_norm, make_operator, make_purpose, make_request, make_rule, make_subject, save
from tests.models.test_ground import COMPLETE

pytestmark = pytest.mark.django_db
GIVEN = dt.date(2026, 1, 10)
RECEIVED = dt.datetime(2026, 4, 1, 10, tzinfo=HOME_ZONE)
DUE = dt.date(2026, 4, 22)  # 15 working days after Wednesday, 1 April


@pytest.fixture
def office(db):
    make_rule("KZ-WITHDRAW", trigger="withdrawal", amount=15)
    return make_operator("kazger", bin="241040012133")


@pytest.fixture
def news(office):
    """A purpose with an activity of its own."""
    purpose, norm = make_purpose(office, "news"), make_norm("KZ-94-V/7(1)", is_ground=True)
    basis = save(LegalBasis(operator=office, code="consent", name_en="consent", kind="consent", norm=norm))
    link_to_activity(purpose, basis)
    return purpose


def link_to_activity(purpose, basis=None):
    activity = save(ProcessingActivity(operator=purpose.operator, code=purpose.code, name_en=purpose.code))
    save(ActivityPurpose(activity=activity, purpose=purpose, basis=basis))
    return activity


def consented(subject, purpose, **fields):
    given = {"given_on": GIVEN} | COMPLETE | {"third_parties": True}
    return save(Consent(subject=subject, purpose=purpose, **given | fields))


def recipient(operator, code):
    kind = "state_body" if code == "court" else "partner"
    return save(Recipient(operator=operator, code=code, name_en=code.title(), kind=kind, country="KZ"))


def disclosed(purpose, code, *, subject=None, **fields):
    """That the data went to a recipient of that code, for the purpose."""
    operator = purpose.operator
    given = {"ground": "consent", "disclosed_on": GIVEN} | fields
    receiver = Recipient.objects.filter(operator=operator, code=code).first() or recipient(operator, code)
    activity = ProcessingActivity.objects.get(operator=operator, code=purpose.code)
    return save(Disclosure(operator=operator, activity=activity, recipient=receiver, subject=subject, **given))


def withdrawn(subject, **options):
    with unit_of_work(by=None, role="system"):
        return withdraw(subject, **{"by": None, "at": RECEIVED} | options)


def test_purpose_without_another_ground_stops(office, news):
    """The consent is withdrawn as of the receipt, the purpose is served no longer, and the result says why."""
    subject = make_subject(office)
    consent = consented(subject, news)
    with unit_of_work(by=None, role="system"):
        record = serve(subject, news, on=timezone.localdate())
    result = withdrawn(subject)
    consent.refresh_from_db()
    record.refresh_from_db()
    assert (consent.withdrawn_at, record.stop) == (RECEIVED, "withdrawn")
    [stop] = result.stops
    assert (stop.purpose, [blocker.message for blocker in stop.why]) == (
        news,
        ["There is no consent for “news”, and no other ground. Record one first."],
    )
    assert not SubjectPurpose.objects.groundless(timezone.localdate()).exists()


def test_what_another_ground_carries_stays_and_says_on_which(office, news, dpo):
    """Of two purposes on one consent each, one goes on on the agreement that the operator decided to rely on."""
    subject = make_subject(office)
    basis = save(LegalBasis(operator=office, code="contract", name_en="The agreement", kind="contract"))
    until = timezone.localdate() + dt.timedelta(days=30)
    save(
        GroundDecision(basis=basis, why="until consents are collected", document="order 5", valid_from=GIVEN,
                       valid_until=until, decided_at=timezone.now(), decided_by=dpo)
    )  # fmt: skip
    orders, calls = make_purpose(office, "orders"), make_purpose(office, "calls")
    link_to_activity(orders, basis)
    save(Agreement(subject=subject, number="DK-17", concluded_on=dt.date(2026, 1, 5)))
    for purpose in (news, orders, calls):
        consented(subject, purpose)
    result = withdrawn(subject, consents=list(subject.consents.filter(purpose__in=[news, orders])))
    assert [each.purpose for each in result.stops] == [news]
    assert [(each.purpose, each.rests_on) for each in result.stays] == [
        (calls, "consent of 2026-01-10"),
        (orders, f"agreement of 2026-01-05 (The agreement), until {until.isoformat()}"),
    ]
    assert "DK-17" not in str(result.stays)


@pytest.mark.parametrize("blocked", ["orders", ""], ids=["its activity", "everything"])
def test_what_a_block_holds_is_not_said_to_stay(blocked, office, news, dpo):
    """While a block stands the data go on to no other ground: the purpose stops, and the law of the block is told as the reason."""
    subject, orders = make_subject(office), make_purpose(office, "orders")
    norm = make_norm("KZ-94-V/9(1)", is_ground=True)
    activity = link_to_activity(
        orders, save(LegalBasis(operator=office, code="law", name_en="A law", kind="law", norm=norm))
    )
    consented(subject, orders)
    with unit_of_work(by=dpo):
        record = serve(subject, orders, on=timezone.localdate())
    before = foreseen(subject, list(subject.consents.all()), received_at=RECEIVED)
    assert [each.purpose for each in before.stays] == [orders]
    with unit_of_work(by=dpo):
        said = {"law": norm.law, "cause": "other", "why": "said so", "by": dpo, "at": timezone.now()}
        block(subject, activity=activity if blocked else None, **said)
    result = withdrawn(subject)
    assert ([each.purpose for each in result.stops], result.stays) == ([orders], ())
    [why] = result.stops[0].why
    assert "The data are blocked under KZ-94-V" in why.message
    record.refresh_from_db()
    assert record.stop == "withdrawn"


def test_what_a_block_holds_on_a_ground_that_stays_does_not_stop(office, news, dpo):
    """The withdrawal does not touch it: nobody is told to stop, and it is not said to go on."""
    subject, orders = make_subject(office), make_purpose(office, "orders")
    activity = link_to_activity(orders)
    for purpose in (news, orders):
        consented(subject, purpose)
    with unit_of_work(by=dpo):
        record = serve(subject, orders, on=timezone.localdate())
        said = {"law": office.laws.get().law, "cause": "other", "why": "said so", "by": dpo, "at": timezone.now()}
        block(subject, activity=activity, **said)
    result = withdrawn(subject, consents=list(subject.consents.filter(purpose=news)))
    assert ([each.purpose for each in result.stops], result.stays) == ([news], ())
    record.refresh_from_db()
    assert record.stop == ""


def test_agreement_that_no_law_knows_keeps_nothing(office, news):
    """Declared by the policy only: the purpose stops, and the result says that a decision would be needed."""
    subject = make_subject(office)
    basis = save(LegalBasis(operator=office, code="contract", name_en="The agreement", kind="contract"))
    orders = make_purpose(office, "orders")
    link_to_activity(orders, basis)
    save(Agreement(subject=subject, number="DK-17", concluded_on=dt.date(2026, 1, 5)))
    consented(subject, orders)
    [stop] = withdrawn(subject).stops
    assert [blocker.code for blocker in stop.why] == ["declared-only"]


def test_each_recipient_that_received_the_data_is_to_be_told(office, news):
    """One obligation a recipient, however often it received them, with the date and the norm of the law’s rule."""
    subject, other = make_subject(office), make_subject(office)
    for person in (subject, other):
        consented(person, news)
    for code, of in (("post", subject), ("post", subject), ("bank", subject), ("shop", other)):
        disclosed(news, code, subject=of)
    disclosed(news, "list", people=40)
    disclosed(
        news, "court", subject=subject, ground="state_request", request_number="1", request_reasons="x", given="x"
    )
    request = make_request(office, kind="withdrawal", received_at=RECEIVED, subject=subject)
    result = withdrawn(subject, request=request)
    owed = Obligation.objects.order_by("recipient__code")
    assert [each.code for each in result.recipients] == ["bank", "list", "post"]
    assert list(owed.values_list("recipient__code", "what", "due_on", "norm__code", "request")) == [
        (code, "stop", DUE, "KZ-94-V/KZ-WITHDRAW", request.pk) for code in ("bank", "list", "post")
    ]


def test_second_withdrawal_adds_nothing(office, news):
    """No row and no entry, in the same case or at the desk."""
    subject = make_subject(office)
    consented(subject, news)
    disclosed(news, "post", subject=subject)
    request = make_request(office, kind="withdrawal", received_at=RECEIVED, subject=subject)
    withdrawn(subject, request=request)
    entries = JournalEntry.objects.count()
    for again in ({"request": request}, {}, {"consents": list(subject.consents.all())}):
        assert withdrawn(subject, **again).consents == ()
    assert JournalEntry.objects.count() == entries


def test_recipient_told_before_is_told_again_of_what_stops_later(office, news, dpo):
    """In one case one consent after the other: the obligation that was done is open again."""
    subject, calls = make_subject(office), make_purpose(office, "calls")
    link_to_activity(calls)
    first, second = consented(subject, news), consented(subject, calls)
    for purpose in (news, calls):
        disclosed(purpose, "post", subject=subject)
    request = make_request(office, kind="withdrawal", received_at=RECEIVED, subject=subject)
    withdrawn(subject, request=request, consents=[first])
    with unit_of_work(by=dpo):
        Obligation.objects.get().fulfil(by=dpo, at=timezone.now(), how="letter 5")
    withdrawn(subject, request=request, consents=[second])
    assert (Obligation.objects.get().done_at, Obligation.objects.get().how) == (None, "")


def test_messages_stop_at_once(office, news):
    """The last consent to marketing goes: every channel is stopped from the day of receipt, and the case is named as the source."""
    subject = make_subject(office)
    ads = make_purpose(office, "ads", is_marketing=True)
    consented(subject, news)
    marketing = consented(subject, ads, kind="marketing")
    request = make_request(office, kind="withdrawal", received_at=RECEIVED, subject=subject)
    withdrawn(subject, request=request, consents=[marketing])
    assert set(subject.suppressions.values_list("channel", "since_on", "source")) == {
        (channel, RECEIVED.date(), request.number) for channel in ("email", "call", "message", "post")
    }


def test_preview_is_what_happens_and_writes_nothing(office, news):
    """The page before the act and the act itself come of one function."""
    subject = make_subject(office)
    consented(subject, news)
    disclosed(news, "post", subject=subject)
    entries = JournalEntry.objects.count()
    before = foreseen(subject, withdrawable(subject, RECEIVED), received_at=RECEIVED)
    assert JournalEntry.objects.count() == entries
    assert before == withdrawn(subject)


def test_withdrawal_is_whole_or_not_at_all(office, news, monkeypatch):
    """Where an obligation cannot be written, no consent is withdrawn either."""
    subject = make_subject(office)
    consented(subject, news)
    disclosed(news, "post", subject=subject)

    def full(self, **options):
        raise OSError

    monkeypatch.setattr(Obligation, "save", full)
    with pytest.raises(OSError):
        withdrawn(subject)
    assert not subject.consents.filter(withdrawn_at__isnull=False).exists()


def test_withdrawal_before_the_consent_is_refused(office, news):
    """Nothing of it is written."""
    subject = make_subject(office)
    consented(subject, news)
    consent = consented(subject, make_purpose(office, "calls"), given_on=dt.date(2026, 4, 2))
    with pytest.raises(ValidationError, match="The withdrawal of 2026-04-01 comes before the consent of 2026-04-02"):
        withdrawn(subject, consents=[subject.consents.last(), consent])
    assert not subject.consents.filter(withdrawn_at__isnull=False).exists()


def test_somebody_elses_consent_is_refused(office, news):
    """A consent is its own person’s."""
    subject = make_subject(office)
    with pytest.raises(ValidationError, match="somebody else’s"):
        withdrawn(subject, consents=[consented(make_subject(office), news)])


def test_case_is_not_closed_while_a_recipient_is_to_be_told(office, news, dpo):
    """The gate names who; told, it opens."""
    subject = make_subject(office)
    consented(subject, news)
    disclosed(news, "post", subject=subject)
    request = make_request(office, kind="withdrawal", received_at=RECEIVED, subject=subject)
    withdrawn(subject, request=request)
    with (
        unit_of_work(by=dpo),
        pytest.raises(ValidationError, match="Still to be told: Post. Tell them, and record how."),
    ):
        request.close(by=dpo, at=timezone.now())
    with unit_of_work(by=dpo):
        Obligation.objects.get().fulfil(by=dpo, at=timezone.now(), how="letter 5")
    assert not request.facts().owed
