"""Filing one message: answers to cases, acknowledgements, and what is written if something goes wrong."""

import datetime as dt
from email.message import EmailMessage

import pytest
from django.core import mail as outgoing
from django.utils import timezone

from registry import journal, search
from registry.imports.mail_intake import KNOWN, file_message
from registry.journal import unit_of_work
from registry.models import (
    AuthorityRequest,
    CaseAttachment,
    CaseLetter,
    CaseStep,
    JournalEntry,
    Message,
    SubjectRequest,
)
from registry.operations import mailing
from tests import factories

pytestmark = pytest.mark.django_db
ASEM = "asem@example.kz"


@pytest.fixture(autouse=True)
def private(settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path
    settings.DEFAULT_FROM_EMAIL = "registry@lapp.kz"
    return tmp_path


@pytest.fixture
def office(lapp):
    lapp.email = "info@lapp.kz"
    factories.save(lapp)
    factories.make_rule("KZ-WITHDRAW", trigger="withdrawal", amount=15)
    return lapp


@pytest.fixture
def file(office, dpo):
    """Files a message made of these headers; returns what became of it."""

    def file(subject="Отзыв согласия", text="", *, sender=ASEM, by=None, raw=None, **headers):
        if raw is None:
            message = EmailMessage()
            given = {
                "From": sender,
                "Subject": subject,
                "Date": "Wed, 01 Apr 2026 10:00:00 +0500",
                "Message-ID": "<1@x.kz>",
            }
            for name, value in (given | {name.replace("_", "-"): value for name, value in headers.items()}).items():
                if value is not None:
                    message[name] = value
            message.set_content(text)
            raw = message.as_bytes()
        return file_message(raw, operator=office, by=by, role="dpo" if by else "system")

    return file


def acknowledged(case):
    return list(case.caseletters.values_list("kind", "address", "language"))


def test_request_is_filed_by_whoever_takes_it_in(file, dpo):
    """The journal names the officer; the case is theirs to have received, and nobody's to have identified."""
    case = file(by=dpo).case
    assert (case.received_by, case.channel, case.applicant_contact) == (dpo, "mail", ASEM)
    assert case.identified_at is None
    assert set(JournalEntry.objects.filter(object_uid=case.uid).values_list("actor", flat=True)) == {dpo.pk}


def test_same_message_is_filed_once(file):
    """The second one is told to be the first."""
    first, second = file(), file()
    assert (second.outcome, second.message) == (KNOWN, first.message)
    assert Message.objects.count() == SubjectRequest.objects.count() == CaseLetter.objects.count() == 1


def test_whatever_a_message_may_be_taken_for_the_intake_takes_one_for(file):
    """No other word is stored, counted or offered as a filter: what is not recognised is a request to be sorted."""
    asked = file()
    answer = file("Re", Message_ID="<2@x.kz>", In_Reply_To=mailing.message_id(asked.case.caseletters.get()))
    note = file("Away", Message_ID="<3@x.kz>", Auto_Submitted="auto-replied")
    unclear = file("Hello", "Good day", Message_ID="<4@x.kz>")
    outcomes = [filed.outcome for filed in (asked, answer, note, unclear)]
    assert outcomes == ["request", "reply", "automatic", "request"]
    assert set(outcomes) == set(Message.Standing.values)
    assert unclear.case.kind == "unsorted"


def test_same_message_to_two_operators_is_each_ones(file, office):
    """A person may write to two of them at once."""
    other = factories.make_operator("kazger")
    raw = b"From: a@b.kz\r\nMessage-ID: <9@b.kz>\r\nSubject: Opt out\r\n\r\nx"
    assert file(raw=raw).outcome == "request"
    assert file_message(raw, operator=other, by=None, role="system").outcome == "request"


@pytest.mark.parametrize(("hits", "is_linked"), [(2, True), (1, False)])
def test_one_of_too_many_alike_is_not_taken_for_the_only_one(file, office, monkeypatch, hits, is_linked):
    """Where a search breaks off before everybody was looked at, another person may have the same address."""
    monkeypatch.setattr(search, "HITS", hits)
    factories.make_subject(office, crm_id="C1", email="ivan@x.kz")
    person = factories.make_subject(office, crm_id="C2", email="an@x.kz")
    filed = file(sender="an@x.kz")
    assert (filed.case.subject == person) is is_linked
    remark = "One person fits, but too many are alike for all to be looked at: nobody was linked."
    assert (remark in filed.message.remarks) is not is_linked


def test_number_of_somebody_else_is_not_outweighed_by_too_many_alike(file, office, monkeypatch):
    """The address is that of one, as far as could be looked; the phone that of another: nobody is linked."""
    monkeypatch.setattr(search, "HITS", 1)
    factories.make_subject(office, crm_id="C1", email="ivan@x.kz")
    factories.make_subject(office, crm_id="C2", email="an@x.kz")
    factories.make_subject(office, crm_id="C3", phone="+77015550001")
    filed = file(text="Мой телефон +7 701 555 00 01", sender="an@x.kz")
    assert filed.case.subject is None
    assert "are those of different people: nobody was linked." in filed.message.remarks


def test_answer_to_a_letter_goes_to_its_case(file):
    """By what it answers, whatever its subject line has become; with its attachments, and a step that tells of it."""
    case = file().case
    letter = case.caseletters.get()
    answer = file("Документ", "Прилагаю.", In_Reply_To=mailing.message_id(letter), Message_ID="<2@x.kz>")
    assert (answer.outcome, answer.case) == ("reply", case)
    assert case.casesteps.last().note == f"A reply came by e-mail: message {answer.message.pk}."
    assert SubjectRequest.objects.count() == 1 and acknowledged(case) == [("acknowledgement", ASEM, "ru")]


def test_answer_is_recognised_by_its_thread_and_by_the_number(file):
    """Also where it answers the person's own first message, or quotes nothing but the number of the case."""
    case = file().case
    assert file("Добавлю", References="<0@x.kz> <1@x.kz>", Message_ID="<3@x.kz>").case == case
    assert file(f"RE: Обращение {case.number}", Message_ID="<4@x.kz>").case == case
    stranger = file(f"по {case.number.lower()}", sender="other@example.kz", Message_ID="<5@x.kz>")
    assert stranger.case == case
    assert stranger.message.remarks == "It comes from another address than the request it answers."


def test_number_of_another_operators_case_says_nothing(file, office):
    """Cases of others are not met, also by their number."""
    other = factories.make_request(factories.make_operator("kazger"), received_at=timezone.now())
    filed = file(f"Re: {other.number}")
    assert filed.outcome == "request" and filed.case.operator == office


def test_answer_to_a_closed_case_is_a_new_one_to_be_sorted(file):
    """The closed one stays as it is; the new one follows it and says so, and whoever wrote is told."""
    case = file().case
    with unit_of_work(by=None, role="system"):
        case.close_as("no_request", by=None, at=timezone.now(), note="an advertisement")
    filed = file(f"Re: Обращение {case.number}: отзыв согласия", Message_ID="<6@x.kz>")
    assert filed.outcome == "request"
    assert (filed.case.kind, filed.case.follows) == ("unsorted", case)
    assert (
        filed.case.casesteps.first().note
        == f"Came by e-mail as an answer to {case.number}, which is closed. Say what is asked for."
    )
    assert f"It answers the request {case.number}, which is closed." in filed.message.remarks
    assert acknowledged(filed.case) == [("acknowledgement", ASEM, "ru")]


def test_report_that_a_letter_did_not_arrive_is_told_in_its_case(file):
    """An answer that bounced was not received: the officer must know. No letter follows."""
    case = file().case
    filed = file(
        "Undelivered", sender="mailer-daemon@x.kz", Message_ID="<7@x.kz>",
        raw=b"From: mailer-daemon@x.kz\r\nMessage-ID: <7@x.kz>\r\nReferences: " + mailing.message_id(case.caseletters.get()).encode()
        + b'\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nfailed\r\n--b--\r\n',
    )  # fmt: skip
    assert (filed.outcome, filed.case) == ("automatic", case)
    assert case.casesteps.last().note.startswith("A mail server reports what became of a letter: message ")
    assert len(acknowledged(case)) == 1


def test_absence_note_that_answers_a_letter_is_answered_by_nobody(file):
    """Two machines would write to each other for ever."""
    case = file().case
    filed = file(f"Re: Обращение {case.number}", Auto_Submitted="auto-replied", Message_ID="<8@x.kz>")
    assert (filed.outcome, filed.case) == ("automatic", case)
    assert CaseLetter.objects.count() == 1


def test_our_own_acknowledgement_that_comes_back_starts_nothing(file):
    """Forwarded to the mailbox it came from, it is filed and that is all."""
    case = file().case
    assert mailing.deliver_waiting() == 1
    sent = outgoing.outbox[0].message().as_bytes()
    filed = file(raw=sent)
    assert (filed.outcome, SubjectRequest.objects.count(), CaseLetter.objects.count()) == ("automatic", 1, 1)
    assert filed.case == case


def test_three_acknowledgements_a_day_go_to_one_address(file, office):
    """A machine that hides that it is one is answered three times; its messages are cases all the same."""
    cases = [file(Message_ID=f"<{number}@y.kz>", sender=ASEM.upper() if number else ASEM).case for number in range(5)]
    assert [len(acknowledged(case)) for case in cases] == [1, 1, 1, 0, 0]
    assert cases[4].messages.get().remarks == "No acknowledgement was sent: 3 went to this address within a day."
    yesterday = timezone.now() - dt.timedelta(days=1, minutes=1)
    for letter in CaseLetter.objects.all():
        with unit_of_work(by=None, role="system"):
            letter.written_at = yesterday
            letter.save()
    assert len(acknowledged(file(Message_ID="<z@y.kz>").case)) == 1


def test_acknowledgement_says_when_it_is_answered_and_nothing_of_anybody(file, office):
    """It goes to whoever claims to have written: a number and a date, no name."""
    factories.make_subject(office, email=ASEM)
    case = file(sender=f"Әсем Қасымова <{ASEM}>").case
    assert case.subject is not None
    text = case.caseletters.get().text
    assert case.number in text
    assert not [name for name in ("Қасымова", "Касымова", "Әсем", ASEM) if name in text]


def test_text_with_what_no_database_keeps_is_filed(file):
    """NUL in the text and in the name of a file."""
    raw = (
        b"From: a@b.kz\r\nMessage-ID: <9@b.kz>\r\nSubject: Opt out\x00\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b'--b\r\n\r\nno\x00mail\r\n--b\r\nContent-Type: application/pdf; name="a\x00b.pdf"\r\n\r\n%PDF-1.7\r\n--b--\r\n'
    )
    filed = file(raw=raw)
    assert filed.outcome == "request" and filed.message.text == "nomail"
    assert CaseAttachment.objects.get().name == "ab.pdf"


def test_everything_is_written_or_nothing(file, monkeypatch, private):
    """The journal cannot be written: there is no message, no case, no letter; and the evidence bears no row's name."""

    def broken(*_args, **_named):
        raise journal.JournalUnavailable

    monkeypatch.setattr("registry.journal.unit.append", broken)
    with pytest.raises(journal.JournalUnavailable):
        file()
    monkeypatch.undo()
    assert not any(model.objects.exists() for model in (Message, SubjectRequest, CaseStep, CaseLetter, CaseAttachment))
    assert all(path.parent.name == "new" for path in private.rglob("*") if path.is_file())


def test_sender_without_a_sound_address_is_not_written_to(file):
    """It is filed all the same, and counts from the day it came."""
    filed = file(raw=b'From: "a b"@example.kz\r\nMessage-ID: <9@b.kz>\r\nSubject: Opt out\r\n\r\nx')
    assert (filed.outcome, acknowledged(filed.case)) == ("request", [])
    assert "No acknowledgement was sent: it is not known to whom." in filed.message.remarks


def test_search_for_the_sender_is_an_entry_of_the_journal(file, office):
    """A look at people is told, also where a machine looks: by what, and whom it found; never for what."""
    person = factories.make_subject(office, email=ASEM)
    file()
    entry = JournalEntry.objects.filter(action="search").order_by("seq").first()
    assert str(person.uid) in entry.body and '"fields":["email"]' in entry.body and ASEM not in entry.body


def test_destroyed_and_depersonalised_people_are_not_found(file, office):
    """Whoever is nobody any more is not linked."""
    person = factories.make_subject(office, email=ASEM)
    with unit_of_work(by=None, role="system"):
        person.state = "depersonalised"
        person.save()
    assert file().case.subject is None


def test_answer_of_a_state_body_says_which_case_it_is_about(file, office):
    """Cases of state bodies are kept by hand; their letters that come by e-mail are not lost, and point there."""
    case = AuthorityRequest(operator=office, body="Ministry", body_number="5", received_at=timezone.now())
    factories.save(case)
    with unit_of_work(by=None, role="system", operator=office):
        letter = case.draft("acknowledgement", by=None, at=timezone.now(), text="Received.", language="ru")
    filed = file("Re: запрос", In_Reply_To=mailing.message_id(letter))
    assert (filed.outcome, filed.case.kind) == ("request", "unsorted")
    assert f"It answers a letter of {case.number}, a request of a state body." in filed.message.remarks
