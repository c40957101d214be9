"""A whole mailbox, through a real IMAP server and from a folder: every message the right case, once, and nobody named outside."""

import datetime as dt
import io
import json
import logging
import os
import time
from types import SimpleNamespace

import pytest
from django.core import mail as outgoing
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from registry.imports.laws import load_laws
from registry.imports.mail import digest_of
from registry.models import CaseAttachment, JournalEntry, Message, RequestMark, SubjectRequest
from registry.operations import private_files
from registry.operations.attachments import content_of
from tests import factories
from tests.imap_server import PASSWORD, USER, ImapServer, needed

from . import mailbox
from .mailbox import ASEM, JOHN, MARAT, OFFICE, PDF, PETR

pytestmark = pytest.mark.django_db
MARKS = {
    "Opt-out of Notifications": "opt_out",
    "Personal Data Update": "rectification",
    "Revocation of consent to the processing of personal data": "withdrawal",
    "": "information",
}


def make_office():
    """KazGer with the marks of its policy, under the law of Kazakhstan, and its people by the keys of the table."""
    load_laws()
    office = factories.make_operator("kazger", name_en="KazGer LLP", email=OFFICE)
    for subject_line, kind in MARKS.items():
        factories.save(RequestMark(operator=office, mailbox=OFFICE, subject_line=subject_line, request_kind=kind))
    people = {
        ASEM: {"given_name": "Әсем", "email": ASEM},
        PETR: {"surname": "Иванов", "given_name": "Пётр", "email": PETR.replace("petr", "Petr"), "iin": "791028302728"},
        JOHN: {"surname": "Smith", "given_name": "John", "email": JOHN},
        MARAT: {"surname": "Оспанов", "given_name": "Марат", "patronymic": "Болатович", "phone": "+77015556677"},
        "one": {"surname": "Серікова", "given_name": "Айгүл"},
        "other": {"surname": "Серикова", "given_name": "Айгул"},  # typed without a Kazakh keyboard
        "mother": {"surname": "Ким", "given_name": "Анна", "email": "family@example.kz"},
        "son": {"surname": "Ким", "given_name": "Олег", "email": "family@example.kz"},
    }
    for number, (key, fields) in enumerate(people.items()):
        people[key] = factories.make_subject(office, **{"phone": f"+7707000000{number}"} | fields)
    factories.make_subject(factories.make_operator("lapp"), email=JOHN)  # of another operator: never met
    office.people = {person.pk: key for key, person in people.items()}
    return office


class Fetched(SimpleNamespace):
    """letters, office, and what the command left behind: `runs` (exit status, output, errors) of two calls, log, mails, flags."""

    def message(self, name):
        return Message.objects.get(digest=digest_of(self.letters[name].raw))


def run(*said):
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("fetch_requests", "--operator", "kazger", *said, stdout=out, stderr=err)
    except SystemExit as stop:
        code = stop.code
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module", params=["imap", "folder"])
def fetched(request, tmp_path_factory, django_db_setup, django_db_blocker):
    """The mailbox, taken in twice; what the tests read is rolled back after the last of them."""
    place = tmp_path_factory.mktemp("mail")
    (place / "private").mkdir()
    made = Fetched(letters=mailbox.letters(), place=place, flags=None)
    source = through_imap if request.param == "imap" else through_folder
    with django_db_blocker.unblock(), transaction.atomic():
        made.office = make_office()
        with (
            source(made),
            captured(made),
            override_settings(PRIVATE_DIR=place / "private", DEFAULT_FROM_EMAIL="registry@alit.kz"),
        ):
            outgoing.outbox = []
            made.runs = [run("--json", *made.said), run(*made.said)]
            made.sent = list(outgoing.outbox)
            made.at = timezone.now()
            yield made
        transaction.set_rollback(True)


class through_imap:
    def __init__(self, made):
        needed()
        self.made, self.server = made, ImapServer()
        made.said = ()
        self.server.put(b"Subject: thrown away\r\n\r\nNot yet gone.", flags=r"(\Deleted)")
        self.server.put(*(letter.raw for letter in made.letters.values()))
        made.server = self.server
        url = f"imap://{USER.replace('@', '%40')}@127.0.0.1:{self.server.port}/INBOX"
        self.settings = override_settings(
            MAILBOXES={"KAZGER": {"url": url, "password": PASSWORD, "authserv": "mx.alit.kz"}}
        )

    def __enter__(self):
        self.settings.enable()

    def __exit__(self, *failure):
        self.settings.disable()
        self.server.stop()


class through_folder:
    def __init__(self, made):
        folder = made.place / "in"
        folder.mkdir()
        made.said = ("--folder", str(folder))
        self.settings = override_settings(MAILBOXES={"KAZGER": {"url": "", "password": "", "authserv": "mx.alit.kz"}})
        for number, letter in enumerate(made.letters.values()):
            path = folder / f"{number:02} Касымова.eml"
            path.write_bytes(letter.raw)
            os.utime(path, (time.time() - 1000 + number,) * 2)

    def __enter__(self):
        self.settings.enable()

    def __exit__(self, *failure):
        self.settings.disable()


class captured(logging.Handler):
    """Whatever is logged meanwhile."""

    def __init__(self, made):
        super().__init__()
        self.made = made
        made.log = []

    def emit(self, record):
        self.made.log.append(record.getMessage())

    def __enter__(self):
        logging.getLogger().addHandler(self)

    def __exit__(self, *failure):
        logging.getLogger().removeHandler(self)


def became(fetched):
    """What became of each letter, in the form of the table."""
    messages = {message.digest: message for message in Message.objects.select_related("request__subject")}
    met, found = set(), {}
    for name, letter in fetched.letters.items():
        message = messages[digest_of(letter.raw)]
        case = message.request
        found[name] = (
            "known" if message.pk in met else message.standing,
            case.kind if case else "",
            fetched.office.people[case.subject_id] if case and case.subject_id else "",
            "later" if letter.due == "later" else str((case and case.due_on) or ""),
            case.language if case else "en",
        )
        met.add(message.pk)
    return found


def test_every_message_is_the_right_case(fetched):
    """Standing, kind, person, due date and language, in one table."""
    table = {
        name: (each.standing, each.kind, each.person, each.due, each.language) for name, each in fetched.letters.items()
    }
    first = fetched.letters["mark"]  # filed before is filed as it was filed
    table["sent on by another server"] = ("known", first.kind, first.person, first.due, first.language)
    assert len(table) > 60
    assert became(fetched) == table
    assert fetched.runs[0][0] == 0


def test_second_run_finds_nothing_new(fetched):
    """What is filed is filed once."""
    assert fetched.runs[1] == (0, "There is nothing new.\n", "")
    assert Message.objects.count() == len(fetched.letters) - 1  # one came twice


def test_every_message_says_what_was_wrong_with_it(fetched):
    """In a sentence without a name; and nothing is remarked on where nothing is wrong."""
    mark = fetched.message("mark").pk
    for name, letter in fetched.letters.items():
        remarks = [
            each for each in fetched.message(name).remarks.splitlines()
            if each == letter.remark or not each.startswith("No acknowledgement was sent: ")
        ]  # fmt: skip
        if letter.remark:
            assert letter.remark.format(mark=mark) in remarks, name
            assert len(remarks) <= 2, (name, remarks)
        elif letter.standing != "known":
            assert not remarks, (name, remarks)


def test_message_is_kept_byte_by_byte(fetched):
    """The evidence is what came, whatever could be read of it."""
    for name, letter in fetched.letters.items():
        if letter.standing != "known":
            message = fetched.message(name)
            assert private_files.read(message.path) == letter.raw, name
            assert (message.size, message.mailbox) == (len(letter.raw), OFFICE)


def test_attachments_are_those_of_the_case(fetched):
    """A PDF and a message within are taken over, a program under the name of a picture is not."""

    def attached(name):
        case = fetched.message(name).request
        return [(each.name, each.media_type, each.origin) for each in CaseAttachment.objects.filter(request=case)]

    assert attached("a program") == [("Smith.pdf", "application/pdf", "message")]
    assert attached("a message within") == [("", "message/rfc822", "message")]
    assert attached("not ended") == [("a.pdf", "application/pdf", "message")]
    assert len(attached("500 parts")) == 50
    assert attached("12 MB") == [("a.pdf", "application/pdf", "message")]
    assert attached("winmail.dat") == attached("an attachment too large") == []
    assert content_of(CaseAttachment.objects.get(name="Smith.pdf")) == PDF


def test_who_wrote_is_written_to_once(fetched):
    """In the language of the message, with the number of the case; never a machine, nor one who may not have written."""
    sent = [(message.to[0], message.subject.partition(" ")[0]) for message in fetched.sent]
    for expected in (("c1@example.kz", "Өтініш"), ("b1@example.kz", "Обращение"), ("a1@example.com", "Request")):
        assert sent.count(expected) == 1
    to = [address for address, _subject in sent]
    assert to.count(JOHN) == 3  # of nine: three a day
    assert all(to.count(address) == 1 for address in to if address not in (JOHN, ASEM, PETR))
    assert not {OFFICE, "noreply@forms.example", "no-reply@shop.example", "MAILER-DAEMON@example.kz"}.intersection(to)
    assert not fetched.message("forged sender").request.caseletters.exists()
    answer = next(each for each in fetched.sent if each.to == ["c1@example.kz"])
    case = fetched.message("withdrawal in Kazakh").request
    assert answer.message()["In-Reply-To"] == case.caseletters.get().in_reply_to != ""
    assert answer.message()["Auto-Submitted"] == "auto-replied"
    assert case.number in answer.body


def test_senders_that_our_own_server_checked(fetched):
    """Only what our own mail server says of a sender counts; and no identity is taken for checked by it."""
    checks = dict(Message.objects.exclude(sender_check="unknown").values_list("digest", "sender_check"))
    assert checks == {
        digest_of(fetched.letters["confirmed sender"].raw): "confirmed",
        digest_of(fetched.letters["forged sender"].raw): "forged",
    }
    assert not SubjectRequest.objects.filter(identified_at__isnull=False).exists()


def test_message_that_is_filed_is_marked_as_read_or_moved(fetched):
    """Only that: nothing is deleted."""
    if fetched.said:
        folder = fetched.place / "in"
        assert [path.name for path in folder.iterdir()] == ["done"]
        assert len(list((folder / "done").iterdir())) == len(fetched.letters)
    else:
        thrown_away, *flags = fetched.server.flags()
        assert b"\\Deleted" in thrown_away and b"\\Seen" not in thrown_away  # whether it goes is for its owner to say
        assert len(flags) == len(fetched.letters)
        assert all(b"\\Seen" in each for each in flags)


def test_nothing_personal_is_printed_logged_or_named(fetched):
    """Numbers, kinds and dates only; files bear no names; the journal tells who was found and not by what."""
    _code, printed, errors = fetched.runs[0]
    said = " ".join([printed, errors, *fetched.log, *(path.name for path in (fetched.place / "private").rglob("*"))])
    said += "".join(JournalEntry.objects.values_list("body", flat=True))
    personal = {
        "Касымова",
        "Қасымова",
        "Иванов",
        "Smith",
        "Оспанов",
        "791028302728",
        "7015556677",
        "@",
        "данн",
        "your letter",
    }
    assert not [each for each in personal if each in said]
    told = json.loads(printed)
    assert told[0] == {
        "message": fetched.message("mark").pk, "outcome": "request", "case": "R-2026-0001", "kind": "opt_out",
        "due_on": "2026-04-22", "remarks": 0,
    }  # fmt: skip
    assert [each["outcome"] for each in told] == [letter.standing for letter in fetched.letters.values()]


def test_time_of_receipt_is_never_later_than_now(fetched):
    """Dated in 2099, or not at all: it came when it was fetched."""
    for name in ("dated in the future", "without a date"):
        case = fetched.message(name).request
        assert fetched.at - dt.timedelta(minutes=10) < case.received_at <= fetched.at


def test_steps_tell_how_it_was_sorted_and_whom_it_is_from(fetched):
    """Whoever takes the case up sees what a machine took it for."""

    def steps(name):
        return [(step.act, step.note) for step in fetched.message(name).request.casesteps.all()]

    assert steps("mark")[:2] == [
        ("received", "Came by e-mail. Sorted by the subject line, which the policy names."),
        ("person_found", "By the sender’s address. The identity is not checked by that."),
    ]
    assert steps("two things at once") == [
        (
            "received",
            "Came by e-mail. It seems to ask for more than one thing (Destruction, Withdrawal of consent). Sort it.",
        ),
    ]
    assert steps("a question about cables") == [
        ("received", "Came by e-mail. What it asks for was not recognised. Sort it.")
    ]
    assert steps("mark")[2] == ("note", f"A reply came by e-mail: message {fetched.message('an answer').pk}.")
