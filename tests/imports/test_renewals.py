"""A consent given again takes the place of the earlier one, whoever records it: the same by hand and by import."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.imports.consents import compare_consent
from registry.imports.reference import Reference
from registry.journal import bulk, unit_of_work
from registry.models import Consent, Purpose
from tests import factories

pytestmark = pytest.mark.django_db
FIRST, SECOND, THIRD = dt.date(2024, 9, 11), dt.date(2025, 3, 1), dt.date(2025, 9, 1)
A_DAY = dt.timedelta(days=1)


@pytest.fixture
def subject(lapp):
    factories.make_purpose(lapp)
    return factories.make_subject(lapp)


def by_hand(subject, given_on, **fields):
    purpose = Purpose.objects.order_by("pk").first()
    return factories.save(Consent(subject=subject, **{"purpose": purpose, "given_on": given_on} | fields))


def save(consent):
    with unit_of_work(by=None, role="dpo"):
        consent.save()


def withdraw(consent, day):
    with unit_of_work(by=None, role="dpo"):
        consent.withdraw(by=None, at=timezone.make_aware(dt.datetime.combine(day, dt.time(12))))


def ends(subject):
    return list(subject.consents.order_by("given_on").values_list("given_on", "ended_on"))


def test_renewal_by_hand_ends_the_earlier_with_history(subject):
    """An officer records the consent of March: that of September ended the day before, with a history row of its own."""
    first = by_hand(subject, FIRST)
    by_hand(subject, SECOND)
    assert ends(subject) == [(FIRST, SECOND - A_DAY), (SECOND, None)]
    assert [row.ended_on for row in first.history.all()] == [SECOND - A_DAY, None]
    assert [each.given_on for each in Consent.objects.in_force(SECOND)] == [SECOND]


def test_past_consent_entered_later_is_ended_at_once(subject):
    """A paper of the year before turns up: it is recorded as the past it is."""
    by_hand(subject, SECOND)
    by_hand(subject, FIRST)
    assert ends(subject) == [(FIRST, SECOND - A_DAY), (SECOND, None)]


def test_past_consent_that_reaches_into_a_later_one_is_refused(lapp, subject):
    """By hand with a sentence; a file’s is left out, and the file is told why. The day before is still in time."""
    by_hand(subject, SECOND)
    sentence = "A later consent of 2025-03-01 stands already, and this one would reach into it."
    with pytest.raises(ValidationError, match=sentence):
        by_hand(subject, FIRST, expires_on=SECOND)
    stored = list(subject.consents.values())
    values = {"consent_given_on": FIRST, "consent_expires_on": SECOND}
    purpose = Purpose.objects.get()
    writes, _final, why = compare_consent(values, stored, purpose.pk, "processing", Reference(lapp))
    assert (writes, why) == (
        [],
        "a later consent of 2025-03-01 stands already, and this one would reach into it: it is left out",
    )
    by_hand(subject, FIRST, expires_on=SECOND - A_DAY)


def test_consent_to_distribution_stands_apart_and_starts_a_clock(db):
    """Bundled it is refused; given apart, its conditions are to be published within three working days of receipt."""
    operator = factories.make_operator("almaenergy", laws=("RU-152-FZ",), country="RU")
    factories.make_rule("RU-DISTR-PUBLISH", law="RU-152-FZ", trigger="distribution_consent", amount=3)
    given = {"purpose": factories.make_purpose(operator), "kind": "distribution", "given_on": dt.date(2026, 4, 2)}
    subject = factories.make_subject(operator)
    with pytest.raises(ValidationError, match="is given apart from every other consent; bundled it is none"):
        by_hand(subject, **given)
    consent = by_hand(subject, **given, is_separate=True)
    assert consent.publication_due_on == dt.date(2026, 4, 7)  # Thursday; Friday, Monday, Tuesday


def test_another_purpose_kind_or_person_ends_nothing(lapp, subject):
    """Only a consent of the same person, purpose and kind is a renewal."""
    by_hand(subject, FIRST)
    by_hand(subject, SECOND, kind="marketing")
    by_hand(subject, SECOND, purpose=factories.make_purpose(lapp, "advertising"))
    by_hand(factories.make_subject(lapp), SECOND)
    assert not Consent.objects.filter(ended_on__isnull=False).exists()


def test_corrected_date_or_purpose_moves_the_end(lapp, subject):
    """The renewal was of September, not of March; then it was for another purpose: the end of the first follows."""
    by_hand(subject, FIRST)
    second = by_hand(subject, SECOND)
    second.given_on = THIRD
    save(second)
    assert ends(subject) == [(FIRST, THIRD - A_DAY), (THIRD, None)]
    second.purpose = factories.make_purpose(lapp, "advertising")
    save(second)
    assert ends(subject) == [(FIRST, None), (THIRD, None)]


def test_consent_changed_after_its_renewal_stays_ended(subject):
    """An officer's page from before the renewal corrects the channel: the consent is not brought back by it."""
    seen_before = by_hand(subject, FIRST)
    by_hand(subject, SECOND)
    seen_before.channel = "written"
    save(seen_before)
    assert ends(subject) == [(FIRST, SECOND - A_DAY), (SECOND, None)]


def test_withdrawal_stays_a_withdrawal(subject):
    """Withdrawing works on the renewed and on the renewal; a consent given after a withdrawal ends nothing."""
    first = by_hand(subject, FIRST)
    second = by_hand(subject, SECOND)
    withdraw(second, dt.date(2025, 6, 1))
    assert ends(subject) == [(FIRST, SECOND - A_DAY), (SECOND, None)]
    by_hand(subject, THIRD)
    assert ends(subject) == [(FIRST, SECOND - A_DAY), (SECOND, None), (THIRD, None)]
    withdraw(first, dt.date(2025, 6, 1))
    assert ends(subject)[0] == (FIRST, SECOND - A_DAY)
    second.refresh_from_db()
    assert timezone.localdate(second.withdrawn_at) == dt.date(2025, 6, 1)


days = st.dates(dt.date(2024, 1, 1), dt.date(2024, 1, 12))
course = st.lists(
    st.tuples(days, st.one_of(st.none(), st.integers(0, 8)), st.one_of(st.none(), st.integers(0, 4))),
    max_size=6,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(course=course)
def test_consents_imported_stand_as_those_saved(lapp, course):
    """Any course of consents, terms and withdrawals, told in any order, stands alike by hand and by import."""
    purpose = Purpose.objects.filter(operator=lapp).first() or factories.make_purpose(lapp)
    hand, file = factories.make_subject(lapp), factories.make_subject(lapp)
    reference = Reference(lapp)
    for given_on, lasts, withdrawn in course:
        term = {"consent_expires_on": given_on + lasts * A_DAY} if lasts is not None else {}
        if imported(file, {"consent_given_on": given_on} | term, purpose, reference):
            same = hand.consents.filter(given_on=given_on).first() or Consent(
                subject=hand, operator=lapp, purpose=purpose, given_on=given_on
            )
            same.expires_on = term.get("consent_expires_on", same.expires_on)
            save(same)
        if withdrawn is not None:
            for subject in (hand, file):
                for consent in subject.consents.filter(given_on=given_on):
                    withdraw(consent, given_on + withdrawn * A_DAY)
        assert course_of(hand) == course_of(file)
        for day in range(20):
            assert hand.consents.all().in_force(dt.date(2024, 1, 1) + day * A_DAY).count() <= 1


def course_of(subject):
    rows = subject.consents.order_by("given_on")
    history = Consent.history.filter(subject_id=subject.pk).order_by("history_id")
    return list(rows.values_list("given_on", "expires_on", "ended_on", "withdrawn_at")), sorted(
        history.values_list("given_on", "expires_on", "ended_on", "history_type"), key=str
    )


def imported(subject, values, purpose, reference):
    """Writes what the import would write; False where the file's yes does not count."""
    names = [field.attname for field in Consent._meta.concrete_fields]
    stored = list(subject.consents.order_by("given_on").values(*names))
    writes, _final, refusal = compare_consent(values, stored, purpose.pk, "processing", reference)
    with unit_of_work(by=None, role="dpo", operator="lapp"):
        rows = [bulk.Written({"subject_id": subject.pk} | after, subject.uid, before) for after, before in writes]
        bulk.write(Consent, rows, operator="lapp")
    return not refusal
