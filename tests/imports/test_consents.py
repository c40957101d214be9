"""Consents out of a CRM: key, kind, items, renewal, withdrawal."""

import datetime as dt

import pytest
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import Agreement, Consent, DataSubject, Policy, Purpose
from tests import factories

from .crm import consent, person

pytestmark = pytest.mark.django_db


def given(day, **cells):
    return consent(consent_given_on=day, consent_expires_on="", **cells)


def stored():
    return list(Consent.objects.order_by("given_on").values_list("given_on", "ended_on"))


def withdraw(day):
    with unit_of_work(by=None, role="dpo", operator="lapp"):
        moment = timezone.make_aware(dt.datetime.combine(day, dt.time(12)))
        Consent.objects.order_by("given_on").last().withdraw(by=None, at=moment)


def test_consent_takes_its_items_from_file_and_register(crm):
    """Term, third parties, border, publication from the file; the data list from the purpose; the policy of that day."""
    for version, day in (("1", dt.date(2023, 1, 1)), ("2", dt.date(2024, 9, 11)), ("3", dt.date(2024, 9, 12))):
        factories.save(
            Policy(operator=crm.operator, version=version, title="P", effective_on=day, published_on=day, language="ru")
        )
    crm.load([person(1, **consent(third_parties="да"))])
    one = Consent.objects.get()
    assert (one.kind, one.given_on, one.expires_on) == ("processing", dt.date(2024, 9, 11), dt.date(2094, 9, 11))
    assert (one.third_parties, one.cross_border, one.publication, one.channel) == (True, False, False, "written")
    assert (one.policy.version, one.withdrawn_at, one.ended_on) == ("2", None, None)


def test_kind_is_marketing_where_the_purpose_is(crm):
    """Consent for a marketing purpose is a marketing consent."""
    factories.make_purpose(crm.operator, "advertising", is_marketing=True)
    crm.load([person(1, **consent(consent_purpose="advertising"))])
    assert Consent.objects.get().kind == "marketing"


def test_purpose_unknown_to_the_operator_is_rejected(crm, kazger):
    """Only purposes the operator has defined count; those of another operator do not."""
    factories.make_purpose(kazger, "advertising")
    run = crm.load([person(1, **consent(consent_purpose="advertising"))])
    assert crm.reasons(run) == {
        2: [
            "consent_purpose “advertising”: the operator has no purpose of this code (it has: email-information): correct "
            "it, or add the purpose"
        ]
    }


def test_incomplete_consent_is_stored_and_reported(crm):
    """What the file cannot supply is named; the consent is kept and is no ground."""
    run = crm.load([person(1, **consent(consent_expires_on="", publication="")), person(2, **consent())])
    assert run.warnings == [
        "1 consent is incomplete and no ground for processing; it lacks: the operator’s name and BIN; the term of the "
        "consent; whether data are published; the list of data collected.",
        "1 consent is incomplete and no ground for processing; it lacks: the operator’s name and BIN; the list of data "
        "collected.",
    ]
    assert not Consent.objects.get(subject__crm_id="C0000001").is_complete


def test_later_consent_is_a_renewal_and_ends_the_earlier(crm):
    """Given again on 1 March 2025: the consent of 2024 ends on 28 February 2025, the day before."""
    crm.load([person(1, **given("11.09.2024"))])
    run = crm.load([person(1, **given("01.03.2025"))])
    assert crm.counts(run) == {"changed": 1}
    assert stored() == [(dt.date(2024, 9, 11), dt.date(2025, 2, 28)), (dt.date(2025, 3, 1), None)]
    assert Consent.objects.order_by("given_on").first().history.count() == 2


def test_expired_consent_is_not_ended_by_a_renewal(crm):
    """A consent that ran out before the renewal ended by itself."""
    crm.load([person(1, **consent(consent_expires_on="31.12.2024"))])
    crm.load([person(1, **given("01.03.2025"))])
    assert stored() == [(dt.date(2024, 9, 11), None), (dt.date(2025, 3, 1), None)]


def test_older_consent_is_kept_as_the_past(crm):
    """An older export tells of an earlier consent: it is stored as ended the day before the later one began."""
    crm.load([person(1, **given("01.03.2025"))])
    old = [person(1, **given("11.09.2024"))]
    assert crm.counts(crm.load(old)) == {"changed": 1}
    assert stored() == [(dt.date(2024, 9, 11), dt.date(2025, 2, 28)), (dt.date(2025, 3, 1), None)]
    assert crm.counts(crm.load(old)) == {"same": 1}


def test_consent_in_between_ends_the_one_before_it(crm):
    """Three consents told out of order end one another in the order of their days."""
    for day in ("11.09.2024", "01.09.2025", "01.03.2025"):
        crm.load([person(1, **given(day))])
    assert stored() == [
        (dt.date(2024, 9, 11), dt.date(2025, 2, 28)),
        (dt.date(2025, 3, 1), dt.date(2025, 8, 31)),
        (dt.date(2025, 9, 1), None),
    ]


@pytest.mark.parametrize(
    ("day", "counts"),
    [("31.05.2025", {"same": 1}), ("01.06.2025", {"same": 1}), ("02.06.2025", {"changed": 1})],
)
def test_withdrawal_beats_an_older_yes(crm, day, counts):
    """Withdrawn on 1 June 2025: a yes of the day before or of that day does not count, one of the day after does."""
    crm.load([person(1, **given("11.09.2024"))])
    withdraw(dt.date(2025, 6, 1))
    run = crm.load([person(1, **given(day))])
    assert crm.counts(run) == counts
    if "same" in counts:
        assert "the consent was withdrawn on 2025-06-01, after this date: the withdrawal stands" in run.warnings[0]
        assert Consent.objects.count() == 1


def test_withdrawal_stands_where_the_purpose_became_marketing_since(crm):
    """What the purpose is was corrected, so the file's yes is of another kind; the person withdrew for that purpose all the same."""
    crm.load([person(1, **given("11.09.2024"))])
    withdraw(dt.date(2025, 6, 1))
    purpose = Purpose.objects.get()
    purpose.is_marketing = True
    factories.save(purpose)
    assert crm.counts(crm.load([person(1, **given("11.09.2024"))])) == {"same": 1}
    assert crm.counts(crm.load([person(1, **given("02.06.2025"))])) == {"changed": 1}
    assert list(Consent.objects.order_by("pk").values_list("kind", flat=True)) == ["processing", "marketing"]


def test_withdrawal_of_the_other_kind_leaves_a_consent_that_is_known_alone(crm):
    """The old kind is withdrawn on its own page; the marketing consent of that day stands, and the file still corrects it."""
    crm.load([person(1, **given("11.09.2024"))])
    purpose = Purpose.objects.get()
    purpose.is_marketing = True
    factories.save(purpose)
    crm.load([person(1, **given("01.03.2025"))])
    with unit_of_work(by=None, role="dpo", operator="lapp"):
        Consent.objects.get(kind="processing").withdraw(by=None, at=timezone.now())
    run = crm.load([person(1, **given("01.03.2025", consent_channel="web form"))])
    assert (crm.counts(run), Consent.objects.get(kind="marketing").channel) == ({"changed": 1}, "web form")


def test_same_consent_withdrawn_stays_withdrawn(crm):
    """The CRM still says yes as of the old day: the withdrawn consent is not touched, whatever the other cells say."""
    crm.load([person(1, **consent())])
    withdraw(dt.date(2025, 6, 1))
    run = crm.load([person(1, **consent(consent_channel="web form", consent_expires_on="11.09.2044"))])
    assert crm.counts(run) == {"same": 1}
    assert Consent.objects.get().channel == "written"


def test_items_of_the_same_consent_are_corrected(crm):
    """Another term for the consent of the same day changes that consent."""
    crm.load([person(1, **consent())])
    run = crm.load([person(1, **consent(consent_expires_on="11.09.2030", third_parties="да"))])
    one = Consent.objects.get()
    assert (crm.counts(run), one.expires_on, one.third_parties) == ({"changed": 1}, dt.date(2030, 9, 11), True)


def test_purpose_said_for_the_whole_file(crm):
    """A default purpose makes consents of the rows with a date."""
    rows = [person(1, **consent(consent_purpose="")), person(2, **dict.fromkeys(consent(), ""))]
    run = crm.load(rows, defaults=("consent_purpose=email-information",))
    assert (crm.counts(run), Consent.objects.count()) == ({"new": 2}, 1)


@pytest.mark.parametrize("cells", [{"language": "", "third_parties": ""}, {}], ids=["blank cells", "no columns"])
def test_default_fills_what_is_open_and_replaces_nothing(crm, cells):
    """What an officer recorded meanwhile stays, import after import; what the file itself says is taken."""
    said = {"defaults": ("language=ru", "third_parties=нет")}
    row = {
        name: cell for name, cell in person(1, **consent()).items() if name not in ("language", "third_parties")
    } | cells
    crm.load([row], **said)
    subject, one = DataSubject.objects.get(), Consent.objects.get()
    assert (subject.language, one.third_parties) == ("ru", False)
    subject.language, one.third_parties = "kk", True
    factories.save(subject)
    factories.save(one)
    assert crm.counts(crm.load([row], **said)) == {"same": 1}
    one.third_parties = None
    factories.save(one)
    assert crm.counts(crm.load([row], **said)) == {"changed": 1}
    subject.refresh_from_db()
    one.refresh_from_db()
    assert (subject.language, one.third_parties) == ("kk", False)
    assert crm.counts(crm.load([row | {"language": "en"}], **said)) == {"changed": 1}


def test_what_a_second_column_says_is_no_default(crm):
    """Of two columns of phones either is the file's own word."""
    header, said = "crm_id;surname;phone;phone\n", {"defaults": ("phone=+77010000009",)}
    crm.load(f"{header}1;Ким;;+77010000001\n".encode(), **said)
    crm.load(f"{header}1;Ким;;+77010000002\n".encode(), **said)
    assert DataSubject.objects.get().phone == "+77010000002"
    assert crm.counts(crm.load(f"{header}1;Ким;;\n".encode(), **said)) == {"same": 1}


def test_default_of_a_day_renews_no_consent_and_dates_no_agreement_anew(crm):
    """What is recorded has its own days; whoever has neither gets those of the file."""
    said = {"defaults": ("consent_purpose=email-information", "consent_given_on=01.01.2024", "agreement_on=01.01.2020")}
    crm.load([person(1, **given("05.05.2023"), agreement_number="7", agreement_on="05.05.2019")])
    rows = [{"crm_id": person(number)["crm_id"], "surname": "Ким", "agreement_number": "7"} for number in (1, 2)]
    crm.load(rows, **said)
    agreements = Agreement.objects.order_by("subject__crm_id").values_list("concluded_on", flat=True)
    assert list(agreements) == [dt.date(2019, 5, 5), dt.date(2020, 1, 1)]
    assert stored() == [(dt.date(2023, 5, 5), None), (dt.date(2024, 1, 1), None)]


def test_default_end_leaves_a_consent_until_the_purpose_is_reached_alone(crm):
    """An officer said when it ends: a default of the file does not cut it short."""
    row = {name: cell for name, cell in person(1, **consent()).items() if name != "consent_expires_on"}
    crm.load([row])
    one = Consent.objects.get()
    one.until_purpose_reached = True
    factories.save(one)
    assert crm.counts(crm.load([row], defaults=("consent_expires_on=31.12.2030",))) == {"same": 1}


def test_end_before_the_day_the_register_has_is_left_out(crm):
    """The day comes from the register, for the file says none; an end before it is that of an older consent. The rest of the row counts."""
    without_day = {name: cell for name, cell in person(1, **consent()).items() if name != "consent_given_on"}
    row = without_day | {"consent_expires_on": "31.12.2024"}
    crm.load([row], defaults=("consent_given_on=01.03.2020",))
    once = Consent.objects.get()
    days = {"given_on": dt.date(2025, 2, 1), "expires_on": dt.date(2030, 2, 1)}
    factories.save(Consent(operator=crm.operator, subject=once.subject, purpose=once.purpose, **days))
    run = crm.load([row | {"phone": "+77010000099"}], defaults=("consent_given_on=01.03.2020",))
    assert (crm.counts(run), DataSubject.objects.get().phone) == ({"changed": 1}, "+77010000099")
    assert Consent.objects.latest("given_on").expires_on == dt.date(2030, 2, 1)
    assert run.warnings[0] == (
        "Line 2, consent_given_on: it would end on 2024-12-31, before the 2025-02-01 on which the register has it given: it "
        "stays as it is"
    )


@pytest.mark.parametrize("known", [True, False])
def test_withdrawal_of_a_case_beats_a_yes_that_nobody_had_recorded(crm, known):
    """Consent was withdrawn in a case of 1 June 2025: a yes from before for another purpose, or of a person of whom none stood, does not count."""
    factories.make_purpose(crm.operator, "news")
    crm.load([person(1, **(given("11.09.2024") if known else {}))])
    moment = timezone.make_aware(dt.datetime(2025, 6, 1, 12))
    case = factories.make_request(
        crm.operator, kind="withdrawal", received_at=moment, subject=DataSubject.objects.get(), demand="Withdraw it"
    )
    with unit_of_work(by=None, role="system"):
        if known:
            Consent.objects.get().withdraw(by=None, at=moment)
        case.step("withdrawn", by=None, at=moment, note="nothing else stood")
    run = crm.load([person(1, **given("01.06.2025", consent_purpose="news"))])
    assert (crm.counts(run), Consent.objects.count()) == ({"same": 1}, int(known))
    assert run.warnings[0] == (
        "Line 2, consent_given_on: the person withdrew consent on 2025-06-01, after this date: if this one was not meant, "
        "record it by hand"
    )
    assert crm.counts(crm.load([person(1, **given("02.06.2025", consent_purpose="news"))])) == {"changed": 1}


NARROWED = (
    "Line 2, {}: the register allows less by this consent than the file: an officer wrote it, so it stays. A new "
    "consent has a new date"
)


def test_what_an_officer_narrowed_no_file_widens(crm):
    """The person said “not to third parties, and until 2030”: next week's file, unchanged, leaves that. What else it changes is taken."""
    row = consent(third_parties="да")
    crm.load([person(1, **row)])
    one = Consent.objects.get()
    one.third_parties, one.expires_on = False, dt.date(2030, 1, 1)
    factories.save(one)
    run = crm.load([person(1, **row)])
    assert crm.counts(run) == {"same": 1}
    assert {NARROWED.format(column) for column in ("third_parties", "consent_expires_on")} <= set(run.warnings)
    for channel, counts in (("web form", {"changed": 1}), ("web form", {"same": 1}), ("chat", {"changed": 1})):
        run = crm.load([person(1, **row | {"consent_channel": channel})])
        one.refresh_from_db()
        assert (crm.counts(run), one.channel) == (counts, channel)
        assert (one.third_parties, one.expires_on) == (False, dt.date(2030, 1, 1))


def test_narrowed_consent_keeps_its_own_end_beside_a_renewal(crm):
    """The end that an officer wrote comes before the renewal, so the renewal ends nothing, whatever end the file has for it."""
    old = consent()
    crm.load([person(1, **old)])
    one = Consent.objects.get()
    crm.load([person(1, **given("01.03.2025"))])
    one.refresh_from_db()
    one.expires_on = dt.date(2025, 1, 1)
    factories.save(one)
    assert stored() == [(dt.date(2024, 9, 11), None), (dt.date(2025, 3, 1), None)]
    assert crm.counts(crm.load([person(1, **old)])) == {"same": 1}


def test_file_narrows_what_an_officer_wrote(crm):
    """Less than an officer recorded may come from a file: whoever takes something back may say so anywhere."""
    crm.load([person(1, **consent())])
    one = Consent.objects.get()
    one.third_parties = True
    factories.save(one)
    assert crm.counts(crm.load([person(1, **consent(consent_expires_on="11.09.2030"))])) == {"changed": 1}
    one.refresh_from_db()
    assert (one.third_parties, one.expires_on) == (False, dt.date(2030, 9, 11))


def test_another_person_under_a_known_id_is_stopped(crm):
    """Two CRMs may number alike: nobody gets the name, the contacts and the consents of another."""
    crm.load([person(1, **consent())])
    other = {"surname": "Ким", "given_name": "Олег", "phone": "+77012223344", "email": "kim@example.kz"}
    run = crm.load([person(1, **other | consent(consent_given_on="01.03.2025"))])
    assert (crm.counts(run), Consent.objects.count()) == ({"stopped": 1}, 1)
    assert crm.reasons(run) == {
        2: [
            "crm_id “C0000001”: the register has another person under this id: name and all else differ. Have the CRM say who "
            "it is; if it is the same person, correct the name in the register first"
        ]
    }
    assert DataSubject.objects.get().surname == "Қасымова"
    assert crm.counts(crm.load([person(1, **other | {"email": "asem1@example.kz"})])) == {"changed": 1}
