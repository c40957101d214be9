"""The daily reminder: who gets it, what it says, and that nobody gets it twice."""

import datetime as dt
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from registry.exports import reminders
from registry.journal import unit_of_work
from registry.models import Consent, Digest, JournalEntry, Obligation, ResponsiblePerson
from tests.disclosing import make_activity, make_consented, make_disclosure, make_recipient
from tests.factories import make_operator, make_purpose, make_request, make_rule, make_subject, save

from .office import make_office, moment

pytestmark = pytest.mark.django_db

DAY = "2026-04-02"
# test_due.py has the arithmetic. Three working days after 2 April end on the 7th: the demand of 22 April is not told.
MAIL = """What is due at North LLP on 02.04.2026.

Overdue (4)
R-2026-0007 · Unblocking · due 26.03.2026 · KZ-94-V art. 25(2)(8)
R-2026-0001 · Information about processing · due 27.03.2026 · KZ-94-V art. 25(2)(6)
A-2026-0002 · Request of a state body · due 30.03.2026 · policy, clause 3.2
R-2026-0012 · Opt-out of messages · due 02.04.2026 09:00 · policy, clause 4.1

Due today (5)
R-2026-0003 · Information about processing · due 02.04.2026 · KZ-94-V art. 25(2)(6)
R-2026-0013 · Objection to automated processing · due 02.04.2026 · KZ-94-V art. 19-1 (secondary source)
R-2026-0014 · Demand to stop distribution · due 02.04.2026 · KZ-94-V art. 6
R-2026-0018 · Not sorted yet · due 02.04.2026 · KZ-94-V art. 25(2)(8)
R-2026-0005 · Change and addition · due 02.04.2026 · KZ-94-V art. 25(2)(8)

Due within 3 working days (8)
R-2026-0011 · Opt-out of messages · due 03.04.2026 10:00 · policy, clause 4.1
R-2026-0016 · Pre-court claim · due 03.04.2026 · policy, clause 5.2
A-2026-0003 · Survey of the state technical service · due 03.04.2026 · KZ-94-V art. 22(1)(4)
R-2026-0004 · Information about processing · due 03.04.2026 · KZ-94-V art. 25(2)(6)
R-2026-0006 · Blocking · due 03.04.2026 · KZ-94-V art. 25(2)(8)
R-2026-0008 · Destruction · due 03.04.2026 · KZ-94-V art. 25(2)(8)
A-2026-0001 · Request of a state body · due 06.04.2026 · KZ-94-V art. 25(2)(3-1) (secondary source)
R-2026-0009 · Withdrawal of consent · due 07.04.2026 · KZ-94-V art. 8(7) (secondary source)

No term set by law or policy: answer without delay (2)
R-2026-0015 · Complaint
R-2026-0017 · Other request

Numbers only: what they are about is in the registry.
"""


@pytest.fixture
def office(lapp):
    """One information request, due on Monday, 6 April."""
    make_rule("KZ-INFO")
    subject = make_subject(lapp, surname="Zhumabekova")
    return make_request(lapp, received_at=moment("2026-04-01 10:00"), subject=subject, applicant_name="Zhumabekova")


def appoint(operator, name="Natalia", **fields):
    given = {"email": f"{name.lower()}@example.kz", "appointed_on": dt.date(2024, 1, 1)}
    return save(ResponsiblePerson(operator=operator, name=name, **given | fields))


def remind(status=0, **options):
    """What the command says; its exit status is checked."""
    out = StringIO()
    try:
        call_command("send_reminders", stdout=out, stderr=out, **{"on": DAY} | options)
        assert status == 0
    except SystemExit as end:
        assert end.code == status
    return out.getvalue()


class Refused:
    """A mail server that takes nothing."""

    def send(self):
        raise ConnectionRefusedError("natalia@example.kz")


def test_reminder_names_cases_and_nobody(db):
    """Overdue, due today, soon, not sorted, without a term: numbers, kinds, dates and norms."""
    north, _volga, people = make_office()
    person = appoint(north)
    assert remind(operator="north") == f"north, 02.04.2026: 19 cases, mailed to responsible person #{person.pk}.\n"
    [message] = mail.outbox
    assert message.to == ["natalia@example.kz"]
    assert message.subject == "north: requests due, 02.04.2026"
    assert message.body == MAIL
    for subject in people.values():
        for value in (subject.surname, subject.phone, subject.crm_id, subject.uid.hex):
            assert value not in message.message().as_string()
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("language", "subject", "head", "line"),
    [
        ("ru", "lapp: сроки обращений, 02.04.2026", "Срок в ближайшие 3 рабочих дня (1)",
         "R-2026-0001 · Информация об обработке · срок 06.04.2026 · KZ-94-V, ст. KZ-INFO (не проверено)"),
        ("kk", "lapp: өтініштер мерзімі, 02.04.2026", "Мерзімі таяудағы 3 жұмыс күнінде (1)",
         "R-2026-0001 · Өңдеу туралы ақпарат · мерзімі 06.04.2026 · KZ-94-V, KZ-INFO-бап (тексерілмеген)"),
    ],
)  # fmt: skip
def test_reminder_speaks_the_readers_language(language, subject, head, line, office, lapp):
    """Each is written to in the language of their entry."""
    appoint(lapp, language=language)
    remind()
    [message] = mail.outbox
    assert message.subject == subject
    assert head in message.body.splitlines() and line in message.body.splitlines()


def test_responsible_person_and_deputies_in_office_are_told(office, lapp):
    """Those in office on the day, its last day included; nobody who left before or comes later."""
    appoint(lapp)
    appoint(lapp, "Deputy", is_deputy=True, dismissed_on=dt.date(2026, 4, 2))
    appoint(lapp, "Left", is_deputy=True, dismissed_on=dt.date(2026, 4, 1))
    appoint(lapp, "Coming", is_deputy=True, appointed_on=dt.date(2026, 4, 3))
    remind()
    assert sorted(message.to[0] for message in mail.outbox) == ["deputy@example.kz", "natalia@example.kz"]


def test_reminder_comes_once_a_day(office, lapp):
    """Called again on the same day the command mails nobody; on the next day it does."""
    person = appoint(lapp)
    remind()
    assert remind() == f"lapp, 02.04.2026: responsible person #{person.pk} was told before.\n"
    assert len(mail.outbox) == 1
    remind(on="2026-04-03")
    assert [message.subject[-10:] for message in mail.outbox] == ["02.04.2026", "03.04.2026"]
    assert Digest.objects.filter(sent_at__isnull=False).count() == 2


def test_reminder_is_an_entry(office, lapp):
    """That cases left by mail is told with the recipient and the count."""
    person = appoint(lapp)
    remind()
    entry = JournalEntry.objects.latest("seq")
    assert (entry.action, entry.operator, entry.object_uid) == ("reminder.send", "lapp", person.uid)
    assert '"count":1' in entry.body and '"role":"system"' in entry.body


@pytest.mark.parametrize(("day", "is_sent"), [("2026-03-31", False), ("2026-04-01", True)])
def test_nothing_due_sends_nothing(day, is_sent, lapp):
    """What is due later than in three working days is no news: 6 April is soon from the 1st on (2, 3, 6 April)."""
    appoint(lapp)
    make_rule("KZ-WITHDRAW", trigger="withdrawal", amount=4)
    make_request(lapp, received_at=moment("2026-03-31 10:00"), kind="withdrawal")  # 1, 2, 3, 6 April
    closed = make_request(lapp, received_at=moment("2026-03-31 10:00"), kind="complaint")
    with unit_of_work(by=None):
        closed.close_as("duplicate", by=None, at=moment("2026-03-31 11:00"), note="Sent twice.")
    said = remind(on=day)
    assert bool(mail.outbox) == is_sent
    assert Digest.objects.exists() == is_sent
    assert is_sent or said == "lapp, 31.03.2026: nothing is due.\n"


def test_unsorted_case_is_told_however_late_it_is_due(lapp):
    """Somebody has to look at it, whatever its date."""
    appoint(lapp)
    make_rule("KZ-WITHDRAW", trigger="withdrawal", amount=15)
    make_request(lapp, received_at=moment("2026-04-01 10:00"), kind="unsorted")
    assert "1 case, mailed to responsible person #" in remind()
    assert "Not sorted yet, due later (1)\nR-2026-0001 · Not sorted yet · due 22.04.2026" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Recipients and people still to be told, overdue: 2"),
        ("ru", "Не уведомлены в срок получатели и субъекты: 2"),
        ("kk", "Мерзімінде хабарланбаған алушылар мен субъектілер: 2"),
    ],
)
def test_who_was_not_told_in_time_is_counted(language, told, lapp):
    """A number and no name; what is due on the day itself is not late, and what is late is news although no case is due."""
    appoint(lapp, language=language)
    subject = make_subject(lapp, surname="Zhumabekova")
    for day in (31, 30, None):
        due_on = day and dt.date(2026, 3, day)
        save(Obligation(operator=lapp, subject=subject, what="inform", due_on=due_on or dt.date(2026, 4, 2)))
    said = remind()
    [message] = mail.outbox
    assert told in message.body.splitlines()
    assert "Zhumabekova" not in message.body
    assert "0 cases and 2 other things overdue, mailed to responsible person #" in said


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Disclosures whose people are still to be told, overdue: 1"),
        ("ru", "Передачи данных третьим лицам, о которых субъекты не уведомлены в срок: 1"),
        ("kk", "Деректердің үшінші тұлғаға берілгені туралы субъектілер мерзімінде хабардар етілмеген жағдайлар: 1"),
    ],
)
def test_notices_not_given_in_time_are_counted(language, told, lapp):
    """Alone they are news: given on 2 March, to be told by the 17th, late on the 18th; told, no more."""
    appoint(lapp, language=language)
    lapp.bin = "241040012133"
    make_rule("KZ-TRANSFER-NOTICE", trigger="third_party_transfer", amount=10)
    activity = make_activity(save(lapp))
    given = make_disclosure(
        make_consented(activity), activity, make_recipient(lapp), on=dt.date(2026, 3, 2), notice_is_condition=True
    )
    assert remind(on="2026-03-17") == "lapp, 17.03.2026: nothing is due.\n"
    assert "0 cases and 1 other thing overdue, mailed to responsible person #" in remind(on="2026-03-18")
    [message] = mail.outbox
    assert told in message.body.splitlines()
    assert "Қасымова" not in message.body
    with unit_of_work(by=None):
        given.tell(by=None, at=moment("2026-03-18 10:00"))
    assert remind(on="2026-03-19") == "lapp, 19.03.2026: nothing is due.\n"


def test_conditions_not_published_in_time_are_counted(db):
    """Given on 25 March, due on the 30th (26, 27 and 30 March): late on 2 April, and not on the 30th."""
    operator = make_operator("almaenergy", laws=("RU-152-FZ",))
    make_rule("RU-DISTR-PUBLISH", law="RU-152-FZ", trigger="distribution_consent", amount=3)
    appoint(operator)
    given = {"kind": "distribution", "is_separate": True, "given_on": dt.date(2026, 3, 25)}
    save(Consent(subject=make_subject(operator), purpose=make_purpose(operator), **given))
    remind(on="2026-03-30")
    assert not mail.outbox
    assert "0 cases and 1 other thing overdue, mailed to responsible person #" in remind()
    assert "Conditions of consents to distribution still to be published, overdue: 1" in mail.outbox[0].body


def test_person_without_an_address_is_said(office, lapp):
    """Nobody is forgotten in silence, and the others get theirs."""
    silent = appoint(lapp, email="")
    appoint(lapp, "Deputy", is_deputy=True)
    said = remind()
    assert f"responsible person #{silent.pk} has no e-mail address: enter one to be reminded." in said
    assert [message.to for message in mail.outbox] == [["deputy@example.kz"]]


def test_operator_with_nobody_in_office_is_said(office):
    """An operator without a responsible person has nobody who answers in time."""
    assert remind() == "lapp, 02.04.2026: nobody is in office as responsible person or deputy: nobody was told.\n"


def test_refusing_mail_server_leaves_it_to_the_next_call(office, lapp, monkeypatch):
    """Exit 3, the type of the error and no address; the next call sends, once."""
    person = appoint(lapp)
    with monkeypatch.context() as broken:
        broken.setattr(reminders, "_message", lambda *about: Refused())
        assert remind(status=3) == (
            f"lapp, 02.04.2026: not mailed to responsible person #{person.pk} (ConnectionRefusedError): the next call tries "
            "again.\n"
        )
    assert Digest.objects.get().sent_at is None
    assert JournalEntry.objects.latest("seq").action != "reminder.send"
    remind()
    remind()
    assert len(mail.outbox) == 1


def test_crash_after_the_mail_left_sends_it_once_more_at_most(office, lapp, monkeypatch):
    """A mail that left without its stamp is sent again, under the same id; stamped, never again."""
    appoint(lapp)
    with monkeypatch.context() as broken:
        broken.setattr(Digest, "save", lambda *args, **kwargs: 1 / 0)
        Digest.objects.bulk_create([Digest(responsible_person=ResponsiblePerson.objects.get(), day_on=DAY)])
        with pytest.raises(ZeroDivisionError):
            remind()
    remind()
    remind()
    assert len(mail.outbox) == 2
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 1
    assert Digest.objects.count() == 1


def test_digest_is_noted_before_the_mail_leaves(office, lapp, monkeypatch):
    """Two calls at once meet at the row, never in the mailbox."""
    appoint(lapp)
    noted = []

    class Looking:
        def send(self):
            noted.append(Digest.objects.get().sent_at)

    monkeypatch.setattr(reminders, "_message", lambda *about: Looking())
    remind()
    assert noted == [None]
    assert Digest.objects.get().sent_at is not None


def test_day_to_come_is_refused(office, lapp):
    """What will be due then is not known; and the day's own reminder would be lost."""
    with pytest.raises(CommandError, match="2999-01-01 is still to come. Choose today or a day that has passed."):
        remind(on="2999-01-01")
    assert not Digest.objects.exists()
