"""manage.py send_reminders [--operator CODE] [--on DATE]: what is due, by mail to those responsible, once a day; for cron."""

import fcntl
import os
import sys
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.exports.reminders import people_to_remind, reminder_of, send
from registry.management.acting import operator_of
from registry.management.importing import NOT_MAILED
from registry.models import Operator
from registry.rules.deadlines import day_of
from registry.rules.letters import MAIL_FAILURES

from .due import end_of


class Command(BaseCommand):
    """Called twice, or by two at once, it mails nobody twice; what the mail server did not take is sent by the next call."""

    help = (
        "Mails the responsible person in office and the deputies of each operator what is overdue, due within 3 working days, not "
        "sorted, or without a term, and how many words to people and recipients, and publications, are late. Exit 0: all told, or nothing to tell; 3: a mail was not sent, "
        "the next call tries again."
    )

    def add_arguments(self, parser):
        parser.add_argument("--operator", default="", metavar="CODE", help="only this operator; default: all")
        parser.add_argument(
            "--on",
            default="",
            metavar="DATE",
            help="the reminder of a day that has passed, as at its end; default: now",
        )

    def handle(self, *, operator, on, **options):
        operators = [operator_of(operator)] if operator else Operator.objects.all()
        at, self.failed = moment_of(on, timezone.now()), False
        with one_at_a_time():
            for each in operators:
                self.remind(reminder_of(each, at))
        if self.failed:
            sys.exit(NOT_MAILED)

    def remind(self, reminder):
        if reminder.is_empty:
            self.say(reminder, _("nothing is due."))
            return
        people = people_to_remind(reminder.operator, reminder.day)
        if not people:
            self.say(reminder, _("nobody is in office as responsible person or deputy: nobody was told."))
        for person in people:
            self.remind_person(reminder, person)

    def remind_person(self, reminder, person):
        """Names stay in the register: a line of cron's mail tells who by number."""
        said = {"who": person.pk, "count": reminder.count, "late": ""}
        if reminder.late:
            late = sum(reminder.late.values())
            said["late"] = ngettext(" and %d other thing overdue", " and %d other things overdue", late) % late
        if not person.email:
            self.say(reminder, _("responsible person #%(who)d has no e-mail address: enter one to be reminded.") % said)
            return
        try:
            is_new = send(reminder, person)
        except MAIL_FAILURES as error:
            self.failed = True
            said["error"] = type(error).__name__
            self.say(
                reminder,
                _("not mailed to responsible person #%(who)d (%(error)s): the next call tries again.") % said,
                self.stderr,
            )
            return
        if is_new:
            told = ngettext(
                "%(count)d case%(late)s, mailed to responsible person #%(who)d.",
                "%(count)d cases%(late)s, mailed to responsible person #%(who)d.",
                reminder.count,
            )
            self.say(reminder, told % said)
        else:
            self.say(reminder, _("responsible person #%(who)d was told before.") % said)

    def say(self, reminder, sentence, stream=None):
        (stream or self.stdout).write(f"{reminder.operator.code}, {reminder.day:%d.%m.%Y}: {sentence}")


def moment_of(on, now):
    """Now; of a day that has passed its end. CommandError for a day to come: what is due then is not known yet."""
    if not on:
        return now
    at = end_of(on)
    if day_of(at) > day_of(now):
        raise CommandError(_("%s is still to come. Choose today or a day that has passed.") % on)
    return min(at, now)


@contextmanager
def one_at_a_time():
    """The second of two calls waits, and then finds everybody told."""
    descriptor = os.open(Path(settings.PRIVATE_DIR) / "reminders.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
