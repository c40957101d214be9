"""Letters of cases that go by e-mail: queued with the case, sent by the worker, each once; why one did not leave stands on it.

A letter keeps its Message-ID whenever it is tried. The subject line holds the number of the case and nothing about anybody.
"""

import datetime as dt
import fcntl
import logging
import os
import smtplib
from contextlib import contextmanager, suppress
from email.utils import formataddr, parseaddr
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from registry.exports.letters import plain_text
from registry.journal import unit_of_work
from registry.models import CaseAttachment, CaseLetter
from registry.models.gate import refuse
from registry.rules.attachments import ENDINGS
from registry.rules.cases import extension_blockers
from registry.rules.contacts import normalise_email
from registry.rules.letters import MAIL_FAILURES

from . import attachments

logger = logging.getLogger(__name__)
SUBJECT_LINES = {"en": "Request %s", "ru": "Обращение %s", "kk": "Өтініш %s"}
# RFC 3834: whoever answers by machine does not answer these; the second is Exchange's word for it.
AUTOMATIC = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
TRIED_DAYS = 2
# What a mail server says of us before it hears of the letter: that is not refused by it, and waits until we are let in.
NOT_LET_IN = (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError)
PERMANENT_CODE = 500


def send_letter(letter, *, address, by, at):
    """Queues a letter for this address; it is sent once what is done here is committed. ValidationError for no address."""
    checked = normalise_email(address)
    if checked.error or not checked.value:
        raise ValidationError(_("A letter by e-mail needs an address such as name@example.kz. Correct it."))
    letter.queue(checked.value, by=by, at=at)
    transaction.on_commit(partial(deliver_letter.enqueue, letter.pk), robust=True)


@task
def deliver_letter(letter_pk):
    """No error leaves here: the library would keep what it said, and that may be a person's."""
    with suppress(OperationalError, InterfaceError):  # of the database: `deliver_waiting` comes back to it
        _deliver_or_log(letter_pk)


def _deliver_or_log(letter_pk, connection=None):
    try:
        return deliver(letter_pk, connection=connection)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.error("Letter #%d was not sent (%s); it is tried again.", letter_pk, type(error).__name__)
        return False


def deliver(letter_pk, *, connection=None) -> bool:
    """Sends a letter that waits. Whether it left; if not, the letter says why, and whether it is tried again."""
    with _one_at_a_time():
        letter = waiting().filter(pk=letter_pk).first()
        if letter is None:
            return False
        try:
            _refuse_too_late(letter)
            message_of(letter, connection).send()
        except ValidationError as refusal:
            _not_sent(letter, " ".join(refusal.messages), for_good=True)
            return False
        except MAIL_FAILURES as error:
            _not_sent(letter, *_why(error, letter))
            return False
        with unit_of_work(by=None, role="system", operator=letter.operator):
            letter.mark_sent(by=letter.queued_by, at=timezone.now())
        return True


def deliver_waiting() -> int:
    """Sends whatever waits: letters whose task was lost, and those the mail server did not take before. How many left."""
    letters = list(waiting().order_by("queued_at").values_list("pk", flat=True))
    if not letters:
        return 0
    connection = mail.get_connection()
    try:
        connection.open()
    except MAIL_FAILURES as error:
        logger.warning(
            "The mail server does not answer (%s). Letters that wait: %d.", type(error).__name__, len(letters)
        )
        return 0
    try:
        return sum(_deliver_or_log(pk, connection) for pk in letters)
    finally:
        connection.close()


def waiting():
    """Letters given to the mailer and not sent. Of a case that was closed since nothing leaves any more."""
    is_open = models.Q(request__isnull=True) | models.Q(request__closed_at=None)
    is_open &= models.Q(authority_request__isnull=True) | models.Q(authority_request__closed_at=None)
    queued = CaseLetter.objects.filter(is_open, way=CaseLetter.Way.MAIL, queued_at__isnull=False, sent_at=None)
    return queued.select_related("operator", "request__operator", "authority_request__operator", "pack", "queued_by")


def message_of(letter, connection=None):
    """The e-mail a letter becomes, with the answer pack that belongs to it."""
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    headers = {"Message-ID": message_id(letter)}
    if letter.in_reply_to:
        headers |= {"In-Reply-To": letter.in_reply_to, "References": letter.in_reply_to}
    if letter.kind == CaseLetter.Kind.ACKNOWLEDGEMENT:
        headers |= AUTOMATIC
    message = mail.EmailMessage(
        SUBJECT_LINES[letter.language] % letter.case.number, plain_text(letter),
        formataddr((letter.operator.name_in(letter.language), sender)), [letter.address],
        headers=headers, reply_to=[letter.operator.email] if letter.operator.email else None, connection=connection,
    )  # fmt: skip
    if letter.pack_id:
        pack = _pack_of(letter)
        # The name that the letter gives for its enclosure.
        message.attach(
            f"{letter.case.number}.{ENDINGS[pack.media_type]}", attachments.content_of(pack), pack.media_type
        )
    return message


def message_id(letter):
    """By which an answer to the letter is recognised."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{letter.uid.hex}@{domain}>"


def _pack_of(letter):
    """The file of the answer pack. A letter is not sent without what it says it brings."""
    files = CaseAttachment.objects.filter(**letter.case.as_parent, origin=CaseAttachment.Origin.LETTER)
    pack = files.filter(sha256=letter.pack.digest).order_by("pk").last()
    if pack is None:
        raise FileNotFoundError
    return pack


def _refuse_too_late(letter):
    """A notice of extension that comes too late extends nothing: asked before it leaves, and of an unsigned letter, too."""
    letter.refuse_unsigned()
    if letter.kind == CaseLetter.Kind.EXTENSION:
        case = letter.case
        refuse(extension_blockers(case.facts(timezone.now()), case.extension_facts(letter.text)))


def _why(error, letter):
    """(a sentence without what the server said, which may hold an address; whether the letter is given up).

    Only a letter that the server refuses is: now for good, or for days. However long no server is reached, it waits, and
    the days count from the first refusal.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = max((code for code, _said in error.recipients.values()), default=0)
    else:
        code = getattr(error, "smtp_code", 0)
    said = {"what": code or type(error).__name__}
    is_refused = code and not isinstance(error, NOT_LET_IN)
    if isinstance(error, ValueError) or (is_refused and code >= PERMANENT_CODE):
        return _(
            "The mail server refuses the letter (%(what)s). Check the address, or send it another way."
        ) % said, True
    if is_refused:
        letter.refused_at = letter.refused_at or timezone.now()
    if is_refused and letter.refused_at <= timezone.now() - dt.timedelta(days=TRIED_DAYS):
        return _("Tried for %d days, and not taken by the mail server. Send it another way.") % TRIED_DAYS, True
    return _("The mail server did not take the letter (%(what)s). It is tried again.") % said, False


def _not_sent(letter, why, for_good):
    letter.failure = why[: CaseLetter._meta.get_field("failure").max_length]
    if for_good:
        letter.queued_at = letter.queued_by = None
    logger.warning("Letter #%d was not sent; it says why.", letter.pk)
    with unit_of_work(by=None, role="system", operator=letter.operator):
        letter.save()


@contextmanager
def _one_at_a_time():
    """The worker, a command and whoever tries again: of two that hold the same letter the second finds it sent."""
    path = Path(settings.PRIVATE_DIR) / "mailing.lock"
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
