"""manage.py fetch_requests --operator CODE [--folder DIR] [--by USER]: requests that came by e-mail become cases."""

import fcntl
import logging
import os
import sys
from contextlib import contextmanager, nullcontext
from hashlib import sha256
from json import dumps
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.imports import mail_boxes, mail_intake
from registry.imports.mail_boxes import Account, MailboxRefused
from registry.management.acting import acting, operator_of, those_who_may
from registry.models import Message
from registry.operations import mailing, private_files
from registry.rules.deadlines import day_of

logger = logging.getLogger(__name__)
SOME_LEFT, NOT_SENT = 2, 3


class Command(BaseCommand):
    help = (
        "Files what is unread in the operator's mailbox, or the *.eml of a folder, oldest first; for cron. Each message is kept "
        "as evidence, once; a request becomes a case and is acknowledged. Exit 0: all filed; 2: some messages left unread, or "
        "files where they were; 3: filed, but letters wait for the mail server; 1: nothing was done."
    )

    def add_arguments(self, parser):
        parser.add_argument("--operator", required=True, metavar="CODE")
        parser.add_argument(
            "--folder", metavar="DIR", help="read .eml files instead of the mailbox; they move to done/"
        )
        parser.add_argument("--by", default="", metavar="USER", help="who takes them in; without it the system does")
        parser.add_argument("--json", action="store_true", help="print a list of objects, one a message")

    def handle(self, *, operator, folder, by, json, **options):
        self.operator = operator_of(operator)
        self.by, self.role = acting(by, those_who_may("add_message"), self.operator, object_type="message")
        self.as_json, self.told, self.exit_code = json, [], 0
        with locked(self.operator):
            private_files.sweep(mail_intake.FOLDER, Message)
            self.take_all(folder)
            self.send()
        if self.as_json:
            self.stdout.write(dumps([each for each in self.told if each]))
        elif not self.told:
            self.stdout.write(_("There is nothing new."))
        if self.exit_code:
            sys.exit(self.exit_code)

    def take_all(self, folder):
        try:
            source = nullcontext(mail_boxes.files(Path(folder))) if folder else mail_boxes.imap(self.operator)
            with source as waiting:
                for each in waiting:
                    self.take(each)
        except MailboxRefused as refusal:
            raise CommandError(str(refusal)) from None
        except mail_boxes.FAILURES as error:
            if not self.told:
                said = _("The messages cannot be read (%s). Nothing was done.")
                raise CommandError(said % type(error).__name__) from None
            logger.error("Reading the messages ended with an error: %s.", type(error).__name__)
            self.say(_("The mail server, or the folder, is gone. What is left is for the next time."), SOME_LEFT)

    def take(self, waiting):
        """One message. Whatever is wrong with it keeps nothing from the next one; it is done with once it is committed."""
        raw, account = b"", Account.of(self.operator)
        try:
            raw = waiting.read()
            filed = mail_intake.file_message(
                raw, operator=self.operator, by=self.by, role=self.role,
                authserv=account.authserv, mailbox=account.address,
            )  # fmt: skip
        except mail_boxes.LOST:
            raise
        except Exception:
            # What an error says may be a person's; cron would mail it.
            logger.exception("A message was not filed.")
            name = waiting.name or f"SHA-256 {sha256(raw).hexdigest()[:16]}…"
            self.say(_("The message %s was not filed for an error that the log names; it is left.") % name, SOME_LEFT,
                     outcome="failed", name=name)  # fmt: skip
            return
        self.tell(filed)
        try:
            waiting.done()
        except mail_boxes.LOST:
            raise
        except mail_boxes.FAILURES:
            self.say(_("It could not be marked as read, or moved: the next time it is found filed."), SOME_LEFT)

    def tell(self, filed):
        """By numbers and kinds: names and addresses are on the page of the message."""
        message, case, outcome = filed.message, filed.case, filed.outcome
        remarks = len(message.remarks.splitlines())
        said = {
            "message": message.pk,
            "outcome": outcome,
            "case": None,
            "kind": None,
            "due_on": None,
            "remarks": remarks,
        }
        words = [_("filed before") if outcome == mail_intake.KNOWN else str(message.get_standing_display())]
        if case is not None:
            due_on = case.due_on or (case.due_at and day_of(case.due_at))
            said |= {"case": case.number, "kind": case.kind, "due_on": due_on and due_on.isoformat()}
            words += [case.number, str(case.get_kind_display())]
            words += [_("due %s") % due_on.isoformat()] if due_on else []
        if remarks and outcome != mail_intake.KNOWN:
            words.append(ngettext("%d remark", "%d remarks", remarks) % remarks)
        self.say(_("Message %(pk)d: %(what)s.") % {"pk": message.pk, "what": ", ".join(words)}, **said)

    def send(self):
        """What is acknowledged leaves now, also where no worker runs."""
        mailing.deliver_waiting()
        left = mailing.waiting().filter(operator=self.operator).count()
        if left:
            self.exit_code = max(self.exit_code, NOT_SENT)
            self.stderr.write(ngettext("%d letter waits.", "%d letters wait.", left) % left)

    def say(self, sentence, code=0, **said):
        self.told.append(said)
        self.exit_code = max(self.exit_code, code)
        if not self.as_json:
            self.stdout.write(sentence)
        elif not said:
            self.stderr.write(sentence)


@contextmanager
def locked(operator):
    """One process at a time for an operator: cron may start the next before the last has ended."""
    path = Path(settings.PRIVATE_DIR) / f"fetching-{operator.uid.hex}.lock"
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        said = _("Another process is fetching the messages of %s: nothing is done.")
        raise CommandError(said % operator.code) from None
    try:
        yield
    finally:
        os.close(descriptor)
