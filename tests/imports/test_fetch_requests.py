"""manage.py fetch_requests: what it does when something is in its way, and that nothing is taken twice or lost."""

import fcntl
import io
import json
import os
import smtplib
import subprocess
import sys
import time

import pytest
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command

from config.settings import BASE_DIR
from registry.imports import mail_boxes, mail_intake
from registry.models import CaseLetter, JournalEntry, Message, SubjectRequest
from tests import factories
from tests.imap_server import PASSWORD, USER, ImapServer, needed

from .mailbox import mail

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    needed()
    server = ImapServer()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def office(lapp, settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path / "private"
    settings.PRIVATE_DIR.mkdir()
    lapp.email = "info@lapp.kz"
    return factories.save(lapp)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def put(folder, *names, seconds_ago=60):
    for place, name in enumerate(names):
        path = folder / name
        path.write_bytes(mail("Отзыв согласия", sender=f"a{place}@example.kz"))
        os.utime(path, (time.time() - seconds_ago + place,) * 2)


@pytest.fixture
def imap(server, settings):
    """The mailbox of Lapp, empty; returns what sets how it is reached."""
    server.empty()

    def reached(scheme="imap", host="127.0.0.1", port=None, user=USER, password=PASSWORD, path="/INBOX"):
        url = f"{scheme}://{user.replace('@', '%40')}@{host}:{port or server.port}{path}"
        settings.MAILBOXES = {"LAPP": {"url": url, "password": password, "authserv": ""}}

    reached()
    return reached


def run(*said):
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("fetch_requests", "--operator", "lapp", *map(str, said), stdout=out, stderr=err)
    except SystemExit as stop:
        code = stop.code
    return code, out.getvalue().splitlines(), err.getvalue().splitlines()


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_line_says_what_became_of_a_message(folder):
    """Its number, what it was taken for, its case, kind and due date, and how many remarks there are."""
    factories.make_rule("KZ-WITHDRAW", trigger="withdrawal", amount=15)
    put(folder, "a.eml")
    (folder / "b.eml").write_bytes(mail("x", "", sender="a@b.kz, c@d.kz", Auto_Submitted="auto-generated"))
    os.utime(folder / "b.eml", (time.time() - 30,) * 2)
    code, lines, _errors = run("--folder", folder)
    first, second = Message.objects.order_by("pk").values_list("pk", flat=True)
    assert code == 0
    assert lines == [
        f"Message {first}: taken for a request, R-2026-0001, Withdrawal of consent, due 2026-04-22.",
        f"Message {second}: sent by a machine, 1 remark.",
    ]
    assert run("--folder", folder) == (0, ["There is nothing new."], [])


def test_files_are_taken_oldest_first_and_moved(folder):
    """Links, other files and what is still being written are left where they are."""
    put(folder, "b.eml", "a.EML")
    put(folder, "new.eml", seconds_ago=-3600)  # a moment ago, however slow the machine is
    (folder / "link.eml").symlink_to(folder / "b.eml")
    (folder / "notes.txt").write_text("x")
    (folder / "done").mkdir()
    (folder / "done" / "b.eml").write_text("an older one")
    run("--folder", folder)
    assert names(folder) == ["done/a.EML", "done/b-2.eml", "done/b.eml", "new.eml", "notes.txt"]
    assert list(Message.objects.order_by("pk").values_list("sender", flat=True)) == ["a0@example.kz", "a1@example.kz"]


def test_message_that_fails_is_left_and_the_others_go_on(folder, monkeypatch, caplog):
    """It is told by its digest, for its name may be somebody's; the log names the place and no value."""
    put(folder, "Касымова.eml", "b.eml")
    fails_for(monkeypatch, "a0@example.kz")
    code, lines, _errors = run("--folder", folder)
    assert code == 2
    assert lines[0].startswith("The message SHA-256 ") and lines[0].endswith(
        "was not filed for an error that the log names; it is left."
    )
    assert "Касымова" not in " ".join(lines) + caplog.text
    assert names(folder) == ["done/b.eml", "Касымова.eml"]
    assert Message.objects.count() == SubjectRequest.objects.count() == 1
    monkeypatch.undo()
    assert run("--folder", folder)[0] == 0
    assert Message.objects.count() == 2


def fails_for(monkeypatch, sender):
    as_it_is = mail_intake.Filing.acknowledge

    def acknowledge(self, case):
        if self.said.sender == sender:
            raise RuntimeError(f"Касымова {sender}")
        as_it_is(self, case)

    monkeypatch.setattr(mail_intake.Filing, "acknowledge", acknowledge)


def test_unread_message_that_fails_stays_unread(server, imap, monkeypatch):
    """The next run takes it, and only it."""
    server.put(mail("Отзыв согласия", sender="a0@example.kz"), mail("Отзыв согласия", sender="a1@example.kz"))
    fails_for(monkeypatch, "a0@example.kz")
    code, lines, _errors = run()
    assert code == 2 and lines[0].startswith("The message UID ")
    assert [b"\\Seen" in flags for flags in server.flags()] == [False, True]
    monkeypatch.undo()
    assert run()[0] == 0
    assert [b"\\Seen" in flags for flags in server.flags()] == [True, True]
    assert Message.objects.count() == SubjectRequest.objects.count() == CaseLetter.objects.count() == 2


def test_message_that_was_filed_and_not_marked_is_not_filed_again(server, imap, monkeypatch):
    """Killed between the commit and the mark: the next run finds it filed, marks it, and writes to nobody again."""
    server.put(mail("Отзыв согласия", sender="a0@example.kz"))

    def killed(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mail_boxes, "_mark_as_read", killed)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert server.flags() == [()]
    code, lines, _errors = run()
    assert (code, lines) == (
        0,
        [f"Message {Message.objects.get().pk}: filed before, R-2026-0001, Withdrawal of consent."],
    )
    assert b"\\Seen" in server.flags()[0]
    assert SubjectRequest.objects.count() == CaseLetter.objects.count() == 1


def test_server_that_goes_away_in_the_middle_leaves_the_rest(server, imap, monkeypatch):
    """What was filed is filed; the rest is unread."""
    server.put(*(mail("Отзыв согласия", sender=f"a{each}@example.kz") for each in range(3)))
    as_it_is = mail_boxes._raw

    def lost(box, uid):
        if Message.objects.exists():
            box.client.sock.close()
            raise ConnectionResetError
        return as_it_is(box, uid)

    monkeypatch.setattr(mail_boxes, "_raw", lost)
    code, lines, _errors = run()
    assert code == 2
    assert lines[1] == "The mail server, or the folder, is gone. What is left is for the next time."
    monkeypatch.undo()
    code, lines, _errors = run()
    assert (code, Message.objects.count()) == (0, 3)


def test_mailbox_is_read_over_tls(server, imap, monkeypatch):
    """By default; a certificate that nobody vouches for is refused."""
    server.put(mail("Отзыв согласия", sender="a0@example.kz"))
    imap("imaps", host="localhost", port=server.tls_port)
    with pytest.raises(CommandError, match=r"The mail server does not answer \(SSLCertVerificationError\)"):
        run()
    monkeypatch.setenv("SSL_CERT_FILE", str(server.folder / "certificate.pem"))
    assert run()[0] == 0
    imap("imap+starttls", host="localhost")
    assert run() == (0, ["There is nothing new."], [])
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"host": "mail.example.kz"}, "Without TLS a mailbox is read on this machine only. Write imaps:// or imap+starttls://."),
        ({"scheme": "pop3"}, "The address of the mailbox begins with imaps://, then user@host. Correct it."),
        ({"password": "wrong"}, "The mail server does not let us read this mailbox (MailboxLoginError). Check user, password and folder."),
        ({"path": "/No such"}, "The mail server does not let us read this mailbox (MailboxFolderSelectError). Check user, password"),
        ({"port": 1}, "The mail server does not answer (ConnectionRefusedError)."),
        ({"password": "не тот"}, "The mail server does not let us read this mailbox"),
    ],
    ids=["plain", "scheme", "password", "folder", "port", "letters"],
)  # fmt: skip
def test_mailbox_that_cannot_be_read_is_refused_with_a_reason(imap, how, says):
    """Without the password, and without a word of the server's."""
    imap(**how)
    with pytest.raises(CommandError) as refused:
        run()
    assert str(refused.value).startswith(says)
    assert "wrong" not in str(refused.value)


def test_operator_without_a_mailbox_is_told_the_variable(settings):
    """Its name ends in the operator's code."""
    settings.MAILBOXES = {}
    factories.make_operator("alfa-lab")
    with pytest.raises(CommandError, match=r"No mailbox of alfa-lab is known. Set IMAP_URL_ALFA_LAB\."):
        call_command("fetch_requests", "--operator", "alfa-lab")


def test_mailbox_is_read_from_the_environment(tmp_path):
    """Its password may stand in a file; a name without a mailbox is worth its word about folders, too."""
    (tmp_path / "password").write_text("in a file\n")
    given = {
        "DATA_DIR": str(tmp_path), "IMAP_URL_ALFA_LAB": "imaps://a@b.kz", "IMAP_PASSWORD_ALFA_LAB_FILE": str(tmp_path / "password"),
        "IMAP_AUTHSERV_LAPP": "mx.lapp.kz",
    }  # fmt: skip
    command = [sys.executable, "-c", "import json; from config import settings; print(json.dumps(settings.MAILBOXES))"]
    others = {name: value for name, value in os.environ.items() if not name.startswith("IMAP_")}
    told = subprocess.run(command, env=others | given, cwd=BASE_DIR, capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == {
        "ALFA_LAB": {"url": "imaps://a@b.kz", "password": "in a file", "authserv": ""},
        "LAPP": {"url": "", "password": "", "authserv": "mx.lapp.kz"},
    }


def test_folder_that_is_not_there_is_refused(tmp_path):
    """Nothing was done."""
    with pytest.raises(CommandError, match=r"The messages cannot be read \(FileNotFoundError\). Nothing was done"):
        run("--folder", tmp_path / "no")


def test_one_process_at_a_time_fetches_for_an_operator(folder, office, settings):
    """Cron may start the next before the last has ended."""
    put(folder, "a.eml")
    with open(settings.PRIVATE_DIR / f"fetching-{office.uid.hex}.lock", "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(CommandError, match="Another process is fetching the messages of lapp: nothing is done."):
            run("--folder", folder)
    assert run("--folder", folder)[0] == 0


def test_who_may_not_take_messages_in_is_refused_as_in_the_browser(folder, office):
    """An auditor reads; the refusal is in the journal. A registrar may, and is named."""
    put(folder, "a.eml")
    factories.make_user("auditor", office, username="aidar")
    registrar = factories.make_user("registrar", office, username="rustam")
    with pytest.raises(CommandError, match="“aidar” may not do this for lapp"):
        run("--folder", folder, "--by", "aidar")
    assert JournalEntry.objects.filter(action="refused", object_type="message").count() == 1
    assert run("--folder", folder, "--by", "rustam")[0] == 0
    assert SubjectRequest.objects.get().received_by == registrar


class Failing(EmailBackend):
    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("asem")


def test_letters_that_wait_are_told(folder, settings, mailoutbox):
    """The messages are filed; what could not be said to anybody is sent by the next run, or the worker."""
    as_it_is, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.Failing"
    put(folder, "a.eml")
    code, _lines, errors = run("--folder", folder)
    assert (code, errors) == (3, ["1 letter waits."])
    settings.EMAIL_BACKEND = as_it_is
    assert run("--folder", folder) == (0, ["There is nothing new."], [])
    assert [message.to for message in mailoutbox] == [["a0@example.kz"]]


def test_json_is_a_list_of_what_became_of_each(folder, monkeypatch):
    """For other programs: also of what failed, and nothing else on that stream."""
    put(folder, "a.eml", "b.eml")
    fails_for(monkeypatch, "a1@example.kz")
    code, lines, _errors = run("--folder", folder, "--json")
    told = json.loads("\n".join(lines))
    assert code == 2
    assert told[0] | {"message": 0} == {
        "message": 0, "outcome": "request", "case": "R-2026-0001", "kind": "withdrawal", "due_on": None, "remarks": 0,
    }  # fmt: skip
    assert told[1]["outcome"] == "failed" and told[1]["name"].startswith("SHA-256 ")
