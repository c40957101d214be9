"""Letters by e-mail: each leaves once, says why it did not, and its headers say nothing about anybody."""

import datetime as dt
import smtplib
from email.utils import parseaddr

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import CaseLetter, ExportRun, JournalEntry
from registry.operations import mailing
from registry.operations.attachments import attach
from registry.operations.mailing import deliver, deliver_waiting, message_id, send_letter
from tests import factories

pytestmark = pytest.mark.django_db
ADDRESS = "asem@example.kz"
TEXT = "Уважаемая Асем Касымова, Ваше обращение получено."


@pytest.fixture(autouse=True)
def office(settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path
    settings.DEFAULT_FROM_EMAIL = "Registry <registry@lapp.kz>"


@pytest.fixture
def case(lapp):
    lapp.email, lapp.name_ru = "info@lapp.kz", "ТОО «Лапп Казахстан»"
    factories.save(lapp)
    return factories.make_request(lapp, received_at=timezone.now() - dt.timedelta(hours=1))


def drafted(case, kind="acknowledgement", by=None, **said):
    with unit_of_work(by=by, role="dpo" if by else "system", operator=case.operator):
        return case.draft(kind, by=by, at=timezone.now(), text=TEXT, language="ru", **said)


def queue(letter, address=ADDRESS, by=None):
    with unit_of_work(by=by, role="dpo" if by else "system", operator=letter.operator):
        send_letter(letter, address=address, by=by, at=timezone.now())
    return letter


class Failing(EmailBackend):
    """A mail server that refuses, as `error` says, and counts how often it was asked."""

    error, asked = None, 0

    def send_messages(self, messages):
        type(self).asked += 1
        if self.error is not None:
            raise self.error
        return super().send_messages(messages)


@pytest.fixture
def server(settings):
    Failing.error, Failing.asked = None, 0
    settings.EMAIL_BACKEND = f"{__name__}.Failing"
    return Failing


def test_acknowledgement_leaves_once_and_says_that_a_machine_wrote_it(case, django_capture_on_commit_callbacks):
    """It answers the message it is about, from the office's mailbox; no other machine answers it."""
    letter = drafted(case)
    letter.in_reply_to = "<abc@example.kz>"
    with django_capture_on_commit_callbacks(execute=True):
        queue(letter)
        assert mail.outbox == []  # nothing leaves before the case is committed
    (message,) = mail.outbox
    assert (message.to, message.subject) == ([ADDRESS], f"Обращение {case.number}")
    assert message.body == f"{TEXT}\n\nТОО «Лапп Казахстан»\ninfo@lapp.kz"
    headers = message.message()
    assert headers["Message-ID"] == f"<{letter.uid.hex}@lapp.kz>" == message_id(letter)
    assert headers["In-Reply-To"] == headers["References"] == "<abc@example.kz>"
    assert headers["Auto-Submitted"] == "auto-replied"
    assert headers["Reply-To"] == "info@lapp.kz"
    assert parseaddr(headers["From"])[1] == "registry@lapp.kz"
    letter.refresh_from_db()
    assert letter.sent_at is not None and letter.failure == ""
    assert not deliver(letter.pk) and not deliver_waiting()
    assert len(mail.outbox) == 1
    assert ADDRESS not in "".join(JournalEntry.objects.values_list("body", flat=True))


def test_letter_of_an_officer_is_no_automatic_one(case, dpo):
    """Who it is sent for stands on it and in the steps of the case."""
    letter = drafted(case, "identity", by=dpo)
    with unit_of_work(by=dpo, role="dpo"):
        letter.sign(by=dpo, at=timezone.now())
    queue(letter, by=dpo)
    assert deliver(letter.pk)
    assert "Auto-Submitted" not in mail.outbox[0].message()
    letter.refresh_from_db()
    assert letter.sent_by == dpo
    assert [(step.act, step.done_by) for step in case.casesteps.all()] == [("identity_asked", dpo)]


def test_letter_not_signed_off_is_not_sent(case):
    """What nobody answers for does not leave."""
    with pytest.raises(ValidationError, match="not signed off yet"):
        queue(drafted(case, "identity"))


@pytest.mark.parametrize("address", ["", "asem", "a@b.kz\r\nBcc: all@b.kz", "a@b.kz, c@d.kz", "a@b.kz\n"])
def test_letter_has_one_sound_address(case, address):
    """No second recipient and no header comes in with an address; a line break at its end is not part of it."""
    letter = drafted(case)
    if address.strip() == "a@b.kz":
        assert queue(letter, address).address == "a@b.kz"
        return
    with pytest.raises(ValidationError, match="needs an address such as name@example.kz"):
        queue(letter, address)


def test_answer_pack_goes_with_the_answer(case, dpo):
    """The file that was made for this letter, under a name that names nobody; without it the letter stays."""
    letter = drafted(case, by=dpo)
    pack = ExportRun.objects.create(operator=case.operator, kind="answer", digest="0" * 64)
    letter.pack = pack
    queue(letter, by=dpo)
    assert not deliver(letter.pk)
    assert mail.outbox == []
    with unit_of_work(by=dpo, role="dpo", operator=case.operator):
        attach(case, name="other.txt", content=b"other", origin="letter", by=dpo, at=timezone.now())
        file = attach(case, name="Касымова.txt", content=b"pack", origin="letter", by=dpo, at=timezone.now())
    ExportRun.objects.filter(pk=pack.pk).update(digest=file.sha256)
    assert deliver(letter.pk)
    assert mail.outbox[0].attachments == [(f"{case.number}.txt", "pack", "text/plain")]


REFUSED = smtplib.SMTPRecipientsRefused({ADDRESS: (550, b"no such user asem")})
LATER = smtplib.SMTPRecipientsRefused({ADDRESS: (451, b"asem, come back later")})


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (REFUSED, "The mail server refuses the letter (550). Check the address, or send it another way."),
        (smtplib.SMTPDataError(554, b"asem is spam"), "The mail server refuses the letter (554). Check"),
        (LATER, "The mail server did not take the letter (451). It is tried again."),
        (smtplib.SMTPAuthenticationError(535, b"asem"), "The mail server did not take the letter (535). It is tried"),
        (
            ConnectionRefusedError("asem"),
            "The mail server did not take the letter (ConnectionRefusedError). It is tried",
        ),
        (smtplib.SMTPServerDisconnected("asem"), "The mail server did not take the letter (SMTPServerDisconnected)."),
    ],
    ids=lambda said: type(said).__name__,
)
def test_letter_says_why_it_did_not_leave(case, server, caplog, error, says):
    """In a sentence of ours: what the server says may name somebody. What is wrong for good is not tried again."""
    letter = queue(drafted(case))
    server.error = error
    assert not deliver(letter.pk)
    letter.refresh_from_db()
    assert letter.failure.startswith(says)
    assert letter.sent_at is None
    server.error = None
    again = "tried again" in letter.failure
    assert deliver_waiting() == int(again)
    letter.refresh_from_db()
    assert (letter.sent_at is not None, letter.failure == "") == (again, again)
    assert "asem" not in caplog.text


def test_letter_is_given_up_after_two_days(case, server):
    """Nobody waits for ever: the officer is told to send it another way."""
    letter = queue(drafted(case))
    server.error = LATER
    assert deliver_waiting() == 0
    CaseLetter.objects.update(refused_at=timezone.now() - dt.timedelta(days=2, seconds=1))
    assert deliver_waiting() == 0
    letter.refresh_from_db()
    assert letter.failure == "Tried for 2 days, and not taken by the mail server. Send it another way."
    deliver_waiting()
    assert server.asked == 2
    queue(letter)
    assert deliver_waiting() == 0
    letter.refresh_from_db()
    assert letter.failure.endswith("It is tried again.")


def test_days_without_a_server_are_none_of_refusing(case, server):
    """The first thing that a server says after a long outage is often “come back later”: that gives nothing up."""
    letter = drafted(case)
    with unit_of_work(by=None, role="system"):
        letter.queue(ADDRESS, by=None, at=timezone.now() - dt.timedelta(days=9))
    for server.error in (ConnectionRefusedError(), LATER):
        assert not deliver(letter.pk)
        letter.refresh_from_db()
        assert letter.failure.endswith("It is tried again.")
    server.error = None
    assert deliver_waiting() == 1


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        smtplib.SMTPServerDisconnected("asem"),
        smtplib.SMTPConnectError(554, b"no service here"),
        smtplib.SMTPHeloError(550, b"who are you"),
        smtplib.SMTPAuthenticationError(535, b"asem"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_letter_waits_however_long_no_server_takes_mail(case, server, error):
    """Its address is not to blame: it leaves once the server is there again and lets us in."""
    letter = drafted(case)
    with unit_of_work(by=None, role="system"):
        letter.queue(ADDRESS, by=None, at=timezone.now() - dt.timedelta(days=9))
    server.error = error
    assert not deliver(letter.pk)
    letter.refresh_from_db()
    assert letter.failure.endswith("It is tried again.")
    server.error = None
    assert deliver_waiting() == 1


def test_nothing_leaves_for_a_case_that_was_closed_meanwhile(case, server):
    """Nobody is told that their request was received when it is done with; and the mailer goes on with the others."""
    letter, other = queue(drafted(case)), queue(drafted(factories.make_request(case.operator)))
    with unit_of_work(by=None, role="system"):
        case.close_as("duplicate", by=None, at=timezone.now(), note="twice")
    assert deliver_waiting() == 1
    assert not deliver(letter.pk)
    assert CaseLetter.objects.get(sent_at__isnull=False) == other


def test_server_that_does_not_answer_is_asked_once(case, server, monkeypatch):
    """The other letters would wait as long for nothing."""
    queue(drafted(case))
    queue(drafted(case))
    monkeypatch.setattr(server, "open", lambda self: (_ for _ in ()).throw(TimeoutError()), raising=False)
    assert deliver_waiting() == 0
    assert server.asked == 0


def test_no_error_of_a_letter_reaches_the_queue(case, server, monkeypatch, caplog):
    """The library keeps what a task raised; the log names the letter and the kind of the error, and the worker goes on."""
    letter = queue(drafted(case))
    monkeypatch.setattr(mailing, "message_of", lambda *_: 1 / 0)
    mailing.deliver_letter.func(letter.pk)
    assert deliver_waiting() == 0
    assert f"Letter #{letter.pk} was not sent (ZeroDivisionError); it is tried again." in caplog.text
