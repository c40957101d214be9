"""Messages in the admin: evidence that is only read; one that a machine sent can still be made a case of, once."""

from email.message import EmailMessage

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import Message, SubjectRequest
from registry.operations import private_files
from registry.operations.blocking import block
from tests.factories import make_law, make_request, make_rule, make_subject, make_user, save

from .case_pages import address, moment, text_of

pytestmark = pytest.mark.django_db
MESSAGES = "admin:registry_message_changelist"
RECEIVED = moment("2026-04-01 10:00")


@pytest.fixture
def office(lapp):
    make_rule("KZ-INFO")
    return lapp


def make_message(operator, standing="automatic", **fields):
    given = {"sender": "asem@example.kz", "subject_line": "Мои данные", "text": "Что вы храните?", "digest": standing}
    return save(
        Message(operator=operator, received_at=RECEIVED, fetched_at=RECEIVED, standing=standing, **given | fields)
    )


def test_message_becomes_a_case_received_when_it_was(office, client_of_dpo, dpo):
    """What was taken for no request was one: unsorted, with the shortest term from the day the message came."""
    message = make_message(office)
    response = client_of_dpo.post(address(message, "case"), {"_reason": "It is a request after all"})
    case = SubjectRequest.objects.get()
    assert response.url == address(case)
    assert (case.kind, case.channel, case.received_at, case.received_by) == ("unsorted", "mail", RECEIVED, dpo)
    assert (case.applicant_contact, case.demand, case.language) == ("asem@example.kz", "Что вы храните?", "ru")
    assert case.casesteps.get().note.startswith(f"Made of message {message.pk}, which had been taken for:")
    message.refresh_from_db()
    assert (message.request, message.standing) == (case, "request")
    assert message.history.first().history_change_reason == "It is a request after all"


def test_files_of_the_message_come_along(office, client_of_dpo, settings, tmp_path):
    """What lay in the message lies in the case; what a case does not take stays within the message, and that is said."""
    settings.PRIVATE_DIR = tmp_path
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "Қасымова Әсем <asem@example.kz>", "Мои данные"
    letter.set_content("Что вы храните?")
    letter.add_attachment(b"%PDF-1.4 a letter", maintype="application", subtype="pdf", filename="letter.pdf")
    letter.add_attachment(b"MZ\0\1 program", maintype="application", subtype="octet-stream", filename="letter.pdf.exe")
    with unit_of_work(by=None, role="system"):
        message = make_message(office, path=private_files.keep("messages", letter.as_bytes()))
    client_of_dpo.post(address(message, "case"))
    case = SubjectRequest.objects.get()
    assert case.applicant_name == "Қасымова Әсем"
    assert [file.media_type for file in case.caseattachments.all()] == ["application/pdf"]
    message.refresh_from_db()
    assert "was not taken over and stays within the message. Files of this type are not taken." in message.remarks


def test_message_becomes_one_case(office, client_of_dpo):
    """The second of two clicks is told which case it is."""
    message = make_message(office)
    for _time in range(2):
        response = client_of_dpo.post(address(message, "case"))
    case = SubjectRequest.objects.get()
    assert response.status_code == 409
    assert response.context["refusals"] == [f"It belongs to {case.number} already. Open that case."]


def test_message_of_a_case_leads_to_it(office, client_of_dpo):
    """From the evidence to the case is one click, and back."""
    message = make_message(office)
    client_of_dpo.post(address(message, "case"))
    case = SubjectRequest.objects.get()
    assert [each["url"] for each in client_of_dpo.get(address(message)).context["acts"]] == [address(case)]
    assert [each["url"] for each in client_of_dpo.get(address(case)).context["mails"]] == [address(message)]


def test_auditor_sees_messages_without_their_words(office, browser_client):
    """When it came and what it was taken for; not from whom, nor what it says. A case is made by others."""
    message = make_message(office)
    client = browser_client(make_user("auditor", office))
    for page in (reverse(MESSAGES), address(message), address(message, "history")):
        text = text_of(client, page)
        for value in ("asem@example.kz", "Мои данные", "Что вы храните"):
            assert value not in text, page
    assert client.get(address(message)).context["acts"] == []
    assert (client.get(address(message, "case")).status_code, client.post(address(message, "case")).status_code) == (
        403,
        403,
    )


def test_message_of_another_operator_does_not_exist(office, kazger, client_of_dpo):
    """Neither its page nor the act."""
    foreign = make_message(kazger)
    assert client_of_dpo.get(address(foreign)).status_code == 404
    assert client_of_dpo.post(address(foreign, "case")).status_code == 404
    assert not SubjectRequest.objects.exists()


def test_messages_without_a_case_are_filtered(office, client_of_dpo):
    """What nobody has made a case of is found at once."""
    message, other = make_message(office), make_message(office, digest="other")
    client_of_dpo.post(address(message, "case"))
    shown = client_of_dpo.get(reverse(MESSAGES), {"case": "none"}).context["cl"].result_list
    assert list(shown) == [other]


def test_messages_of_the_blocked_are_listed_without_their_words(office, client_of_dpo, dpo):
    """A subject line may name them: the list of messages, and what leaves of it, says that they are blocked; other lines stay."""
    subject = make_subject(office)
    with unit_of_work(by=dpo, role="dpo"):
        block(subject, law=make_law(), cause="other", why="said so", by=dpo, at=timezone.now())
    of_blocked, other = make_request(office, subject=subject), make_request(office)
    make_message(office, "request", request=of_blocked, subject_line="Отзыв, Қасымова", digest="1")
    make_message(office, "request", request=other, subject_line="Отзыв, Ержанов", digest="2")
    shown = client_of_dpo.get(reverse(MESSAGES)).content.decode()
    left = client_of_dpo.post(reverse("admin:registry_message_export"), {"format": "csv", "reason": "inspection"})
    for text in (shown, b"".join(left.streaming_content).decode()):
        assert "Отзыв, Ержанов" in text and "blocked" in text and "Отзыв, Қасымова" not in text
