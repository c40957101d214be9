import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from registry import journal
from registry.models import (
    ActivityPurpose,
    Agreement,
    Clause,
    Consent,
    CrossBorderTransfer,
    DataSubject,
    LegalBasis,
    Operator,
    Policy,
    ProcessingActivity,
    Recipient,
    ResponsiblePerson,
    RetentionRule,
)
from registry.rules import contacts
from tests.factories import make_norm, make_operator, make_purpose, make_subject, save

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 20)


def refused(record):
    """The messages with which a record is refused, by field."""
    with pytest.raises(ValidationError) as caught:
        record.full_clean()
    return caught.value.message_dict


def refused_by_database(record):
    """Whether the database itself refuses it, with clean() walked past."""
    with journal.unit_of_work(by=None), pytest.raises(IntegrityError), transaction.atomic():
        super(type(record), record).save_base()
    return True


def test_person_needs_a_name(lapp):
    """A person has a surname or a given name; one of them is enough."""
    assert refused(DataSubject(operator=lapp)) == {"__all__": ["A person needs a surname or a given name. Enter one."]}
    assert refused_by_database(DataSubject(operator=lapp))
    assert save(DataSubject(operator=lapp, given_name="Әсем")).full_name == "Әсем"


def test_person_is_never_called_by_name(lapp):
    """What logs, messages and errors copy holds no name."""
    subject = make_subject(lapp)
    assert str(subject) == f"Subject …{subject.uid.hex[-8:]}"
    assert str(save(Agreement(subject=subject, number="A-7"))) == f"Agreement of {subject}"
    assert subject.label(personal=True) == "Қасымова Әсем"
    assert subject.label(personal=False) == str(subject)


def test_person_is_stored_in_one_spelling(lapp):
    """Phone as E.164, names without stray blanks, the search key folded."""
    subject = save(
        DataSubject(operator=lapp, surname="  Қасымова ", phone="8 (707) 735-63-12", email="Asem@Example.KZ")
    )
    assert (subject.surname, subject.phone, subject.email) == ("Қасымова", "+77077356312", "Asem@example.kz")
    assert subject.search_key == "касымова asem@example.kz 77077356312"


def test_address_of_two_alphabets_is_refused_where_it_is_new(lapp, monkeypatch):
    """One that stood there before it was asked about hinders nobody from blocking the person or from changing the rest."""
    with monkeypatch.context() as before:
        before.setattr(contacts, "mixes_alphabets", lambda text: False)
        subject = make_subject(lapp, email="ivаn@mail.ru")
    assert save(DataSubject.objects.get(pk=subject.pk)).email == "ivаn@mail.ru"
    subject.email = "ivan@mаil.ru"
    assert refused(subject) == {
        "email": ["A word after @ mixes Latin and Cyrillic letters: type it again, or leave it empty."]
    }
    subject.email = "'ivan@mail.ru"
    assert save(subject).email == "ivan@mail.ru"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"iin": "061211600013"}, None),
        ({"iin": "06121160001"}, "An IIN has 12 digits, this one has 11: was a leading zero lost by a spreadsheet?"),
        (
            {"iin": "061211600012", "birth_date": dt.date(1990, 1, 1)},
            "The IIN says the birth date 2006-12-11, the birth date given is another: correct one of them.",
        ),
    ],
)
def test_iin(lapp, fields, message):
    """A wrong format is refused, a wrong control digit only warned of."""
    subject = DataSubject(operator=lapp, surname="A", **fields)
    if message:
        assert refused(subject) == {"iin": [message]}
    else:
        save(subject)
        assert subject.warnings == [
            "IIN: the last digit does not match the others: compare the number with the document."
        ]


def test_birth_date_in_the_future_is_refused(lapp):
    """Nobody is born tomorrow; today is possible."""
    today = timezone.localdate()
    tomorrow = today + dt.timedelta(days=1)
    assert "birth_date" in refused(DataSubject(operator=lapp, surname="A", birth_date=tomorrow))
    save(DataSubject(operator=lapp, surname="A", birth_date=today))


def test_record_cannot_refer_to_another_operator(lapp, kazger):
    """Nothing of one operator points at anything of another, in a shell as in a form."""
    consent = Consent(subject=make_subject(lapp), purpose=make_purpose(kazger), given_on=DAY)
    assert "belongs to another operator" in refused(consent)["purpose"][0]
    with pytest.raises(ValidationError), journal.unit_of_work(by=None):
        consent.save()


def test_record_cannot_move_to_another_operator(lapp, kazger):
    """A record stays with its operator."""
    purpose = make_purpose(lapp)
    purpose.operator = kazger
    assert refused(purpose) == {"operator": ["A record cannot move to another operator."]}


def test_operator_code_cannot_change(lapp):
    """The code stands in the journal for ever."""
    lapp.code = "lapp2"
    assert refused(lapp) == {"code": ["The code is written in the journal and cannot change. Keep “lapp”."]}


def test_operator_without_a_name_is_possible(db):
    """The unnamed site is an operator, too."""
    assert str(save(Operator(code="site"))) == "site"


def test_published_policy_is_immutable(lapp):
    """People agreed to that text: a new text is a new version."""
    policy = save(Policy(operator=lapp, version="1", title="Policy", text="Old", effective_on=DAY, published_on=DAY))
    policy.text = "New"
    assert refused(policy) == {
        "text": ["Version 1 is published and cannot change: consents refer to it. Add a new version instead."]
    }


def test_policy_without_a_date_is_not_published(lapp):
    """A version takes effect on a day that is stated."""
    policy = Policy(operator=lapp, version="1", title="Policy", published_on=DAY)
    assert "A policy without a date of effect cannot be published." in refused(policy)["__all__"][0]


def test_policy_in_force(lapp):
    """In force is the newest published version that has taken effect: the day before, the day, later."""
    old = save(Policy(operator=lapp, version="1", title="P", effective_on=DAY, published_on=DAY))
    new = save(Policy(operator=lapp, version="2", title="P", effective_on=dt.date(2026, 6, 1), published_on=DAY))
    save(Policy(operator=lapp, version="3", title="P", effective_on=DAY))  # not published
    in_force = Policy.objects.in_force
    assert in_force(dt.date(2026, 3, 19)).first() is None
    assert in_force(DAY).first() == old
    assert in_force(dt.date(2026, 5, 31)).first() == old
    assert in_force(dt.date(2026, 6, 1)).first() == new


def test_clauses_sort_as_people_count(lapp):
    """3.2.10 comes after 3.2.9."""
    policy = save(Policy(operator=lapp, version="1", title="P"))
    for number in ("3.2.10", "10", "3.2.9", "2.1"):
        save(Clause(operator=lapp, policy=policy, number=number, obliges="x"))
    assert list(policy.clauses.values_list("number", flat=True)) == ["2.1", "3.2.9", "3.2.10", "10"]


def test_responsible_persons_do_not_overlap(lapp):
    """One person is responsible at a time; the successor starts the day after."""
    save(ResponsiblePerson(operator=lapp, name="First", appointed_on=DAY, dismissed_on=dt.date(2026, 6, 30)))
    second = ResponsiblePerson(operator=lapp, name="Second", appointed_on=dt.date(2026, 6, 30))
    assert "First is in office then." in refused(second)["appointed_on"][0]
    second.appointed_on = dt.date(2026, 7, 1)
    save(second)
    assert [person.name for person in lapp.responsible_persons.in_office(dt.date(2026, 6, 30))] == ["First"]
    assert [person.name for person in lapp.responsible_persons.in_office(dt.date(2026, 7, 1))] == ["Second"]
    save(ResponsiblePerson(operator=lapp, name="Deputy", appointed_on=DAY, is_deputy=True))


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        (None, "Asel is entered already, without a day of appointment. Change that entry, or give this one its day."),
        (DAY, "Asel is entered already, appointed on 2026-03-20. Change that entry, or correct the day here."),
    ],
)
def test_entry_of_a_responsible_person_is_the_only_one_of_its_name_and_day(lapp, kazger, day, sentence):
    """As deputy, too: a file could not tell them apart. Another day, or another operator's, is another entry."""
    first = save(ResponsiblePerson(operator=lapp, name="Asel", appointed_on=day, dismissed_on=DAY))
    second = ResponsiblePerson(operator=lapp, name="Asel", appointed_on=day, is_deputy=True)
    assert refused(second) == {"appointed_on": [sentence]}
    with journal.unit_of_work(by=None), pytest.raises(ValidationError):
        second.save()
    second.appointed_on = DAY + dt.timedelta(days=1)
    save(second)
    second.appointed_on = day
    assert refused(second) == {"appointed_on": [sentence]}
    save(ResponsiblePerson(operator=kazger, name="Asel", appointed_on=day))
    first.phone = "+77012223344"
    save(first)


def test_entries_that_stand_there_twice_are_changed_and_mended(lapp):
    """Stored before a second one was refused, both take other changes, and the day that tells them apart."""
    save(ResponsiblePerson(operator=lapp, name="Asel"))
    second = ResponsiblePerson(operator=lapp, name="Asel", is_deputy=True)
    with journal.unit_of_work(by=None):
        second.save_base()
    second.phone = "+77012223344"
    save(second)
    second.appointed_on = DAY
    save(second)


def test_consent_cannot_end_before_it_begins(lapp):
    """A consent lasts a day at least, and says so in words."""
    fields = {"subject": make_subject(lapp), "purpose": make_purpose(lapp), "given_on": DAY}
    yesterday = DAY - dt.timedelta(days=1)
    message = "A consent cannot end before it begins. Check “given on” and “expires on”."
    assert refused(Consent(**fields, expires_on=yesterday)) == {"__all__": [message]}
    assert refused_by_database(Consent(operator=lapp, **fields, expires_on=yesterday))
    save(Consent(**fields, expires_on=DAY))


FULL = {
    "third_parties": False, "cross_border": False, "publication": False, "data_list": "Name", "until_purpose_reached": True
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, []),
        ({"until_purpose_reached": False}, [3]),
        ({"until_purpose_reached": False, "expires_on": dt.date(2027, 1, 1)}, []),
        ({"third_parties": None}, [4]),
        ({"cross_border": None}, [5]),
        ({"publication": None}, [6]),
        ({"data_list": ""}, [7]),
        ({"third_parties": None, "data_list": ""}, [4, 7]),
    ],
)
def test_complete_consents_of_the_set_are_those_of_the_property(change, missing):
    """The items of art. 8(4): what one consent says of itself, the set says too."""
    operator = make_operator("lapp", bin="241040012133")
    fields = FULL | change
    consent = save(Consent(subject=make_subject(operator), purpose=make_purpose(operator), given_on=DAY, **fields))
    assert [item.item for item in consent.missing] == missing
    assert Consent.objects.complete().exists() == consent.is_complete == (not missing)


def test_consent_to_an_operator_without_bin_is_incomplete(lapp):
    """Item 1 asks for the operator's name and BIN."""
    consent = save(Consent(subject=make_subject(lapp), purpose=make_purpose(lapp), given_on=DAY, **FULL))
    assert [item.message for item in consent.missing] == ["the operator’s name and BIN"]
    assert not Consent.objects.complete().exists()


def test_consent_in_force_on_its_first_and_last_day(lapp):
    """Periods are inclusive at both ends; on the day of the withdrawal it is over."""
    consent = save(
        Consent(subject=make_subject(lapp), purpose=make_purpose(lapp), given_on=DAY, expires_on=dt.date(2026, 3, 31))
    )
    expected = {"2026-03-19": False, "2026-03-20": True, "2026-03-31": True, "2026-04-01": False}
    for day, lives in expected.items():
        assert Consent.objects.in_force(dt.date.fromisoformat(day)).exists() == lives, day
    noon = dt.datetime(2026, 3, 25, 12, tzinfo=timezone.get_current_timezone())
    with journal.unit_of_work(by=None):
        consent.withdraw(by=None, at=noon)
    assert Consent.objects.in_force(dt.date(2026, 3, 24)).exists()
    assert not Consent.objects.in_force(dt.date(2026, 3, 25)).exists()


def test_withdrawal_before_the_consent_is_refused_and_a_second_adds_nothing(lapp):
    """A withdrawal answers a consent that was given; repeating it changes nothing."""
    consent = save(Consent(subject=make_subject(lapp), purpose=make_purpose(lapp), given_on=DAY))
    zone = timezone.get_current_timezone()
    with pytest.raises(ValidationError, match="comes before the consent"), journal.unit_of_work(by=None):
        consent.withdraw(by=None, at=dt.datetime(2026, 3, 19, 23, 59, tzinfo=zone))
    for _time in range(2):
        with journal.unit_of_work(by=None):
            consent.withdraw(by=None, at=dt.datetime(2026, 3, 20, 0, 0, tzinfo=zone))
    assert consent.history.count() == 2


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (
            {"information_received_on": dt.date(2026, 3, 2), "authority_notified_on": dt.date(2026, 3, 1)},
            "The recipient’s information comes before the notice to the authorised body. Check the dates.",
        ),
        (
            {"authority_notified_on": dt.date(2026, 3, 2), "started_on": dt.date(2026, 3, 1)},
            "A transfer starts after the notice to the authorised body. Check the dates.",
        ),
        (
            {"started_on": dt.date(2026, 3, 2), "ended_on": dt.date(2026, 3, 1)},
            "A transfer cannot end before it starts.",
        ),
    ],
)
def test_transfer_steps_come_in_order(lapp, dates, message):
    """Information before notice before start before end."""
    activity = save(ProcessingActivity(operator=lapp, code="a", name_en="A"))
    recipient = save(Recipient(operator=lapp, code="r", name_en="R", kind="processor"))
    transfer = CrossBorderTransfer(
        operator=lapp, code="t", name_en="T", activity=activity, recipient=recipient, country="IE", **dates
    )
    assert refused(transfer)["__all__"] == [message]
    assert refused_by_database(transfer)


def test_transfer_within_the_country_is_none(lapp):
    """What stays in the operator's own country does not cross the border."""
    activity = save(ProcessingActivity(operator=lapp, code="a", name_en="A"))
    recipient = save(Recipient(operator=lapp, code="r", name_en="R", kind="processor"))
    transfer = CrossBorderTransfer(
        operator=lapp, code="t", name_en="T", activity=activity, recipient=recipient, country="KZ"
    )
    assert "does not cross the border" in refused(transfer)["country"][0]


def test_retention_period_needs_its_unit(lapp):
    """“3” says nothing; “3 years” does."""
    rule = RetentionRule(operator=lapp, code="r", name_en="R", trigger="consent_end", period=3)
    assert refused(rule) == {"__all__": ["A period needs its unit, and a unit its period. Enter both or neither."]}


def test_basis_is_known_only_under_a_law_of_the_operator(lapp):
    """A ground of 152-FZ is no ground for an operator under 94-V alone, nor is a norm that is no ground."""
    kazakh = make_norm("KZ-94-V/7(1)", is_ground=True)
    russian = make_norm("RU-152-FZ/6(1)(5)", law="RU-152-FZ", is_ground=True)
    duty = make_norm("KZ-94-V/25(2)(1)")
    for norm, known in ((kazakh, True), (russian, False), (duty, False), (None, False)):
        basis = LegalBasis(operator=lapp, code="b", name_en="B", kind="law", norm=norm)
        assert basis.known_to_law is known


def test_same_purpose_twice_in_an_activity_is_refused(lapp):
    """A link stands once, and the database says so too."""
    activity = save(ProcessingActivity(operator=lapp, code="a", name_en="A"))
    purpose = make_purpose(lapp)
    save(ActivityPurpose(activity=activity, purpose=purpose))
    again = ActivityPurpose(activity=activity, purpose=purpose)
    assert refused(again) == {"__all__": ["This is on the activity’s list already."]}


def test_yes_before_a_withdrawal_does_not_count(lapp):
    """A withdrawal stands against every yes of its day or earlier; a later yes is a new consent."""
    fields = {"subject": make_subject(lapp), "purpose": make_purpose(lapp)}
    consent = save(Consent(**fields, given_on=dt.date(2025, 1, 1)))
    with journal.unit_of_work(by=None):
        consent.withdraw(by=None, at=dt.datetime(2025, 3, 1, 12, tzinfo=timezone.get_current_timezone()))
    message = "The consent was withdrawn on 2025-03-01, after this date: the withdrawal stands. Correct the date."
    for day in (dt.date(2025, 2, 1), dt.date(2025, 3, 1)):
        assert refused(Consent(**fields, given_on=day)) == {"given_on": [message]}
    save(Consent(**fields, given_on=dt.date(2025, 3, 2)))
