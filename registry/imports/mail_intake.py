"""Filing a message: kept as evidence once, made a case or added to one, acknowledged. All of it is one transaction."""

import datetime as dt
from email.utils import getaddresses, parseaddr
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.choices import CaseAct, RequestChannel, RequestKind
from registry.exports.letters import letter_text
from registry.journal import unit_of_work
from registry.models import CaseLetter, Message, RequestMark, SubjectRequest
from registry.operations import private_files
from registry.operations.mailing import send_letter
from registry.rules.mail import (
    FORGED,
    case_numbers,
    is_automatic,
    is_delivery_report,
    message_ids,
    received_at,
    sender_check,
)
from registry.rules.request_marks import Mark, Recognised, carries_mark, language_of, recognise

from .mail import ReadMessage, read, same_id
from .mail_case import attached
from .mail_person import Found, person_of

FOLDER = "messages"
ACKNOWLEDGEMENTS_A_DAY = 3
STATE_DOMAINS = (".gov.kz", ".gov.ru")
KNOWN = "known"
Standing = Message.Standing


class Filed(NamedTuple):
    """What became of a message: one of Message.Standing, or KNOWN where it was filed before."""

    outcome: str
    message: Message

    @property
    def case(self):
        return self.message.request


def file_message(raw: bytes, *, operator, by, role, authserv="", mailbox="") -> Filed:
    """Files a message of any bytes. What is raised here is an error of ours: nothing was filed then."""
    said = read(raw)
    with unit_of_work(by=by, role=role, operator=operator):
        known = Message.objects.filter(operator=operator, digest=said.digest).first()
        if known is not None:
            return Filed(KNOWN, known)
        filing = Filing(raw, said, operator, by, authserv, mailbox)
        return Filed(filing.file(), filing.message)


class Filing:
    """One message on its way into the register."""

    def __init__(self, raw, said: ReadMessage, operator, by, authserv, mailbox):
        self.raw, self.said, self.operator, self.by = raw, said, operator, by
        self.now = timezone.now()
        self.remarks = list(said.remarks)
        marks = list(RequestMark.objects.filter(operator=operator))
        self.marks = [Mark(mark.subject_line, mark.request_kind) for mark in marks]
        self.mailboxes = _lower(operator.email, mailbox, *(mark.mailbox for mark in marks))
        self.own = self.mailboxes | _lower(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
        self.sender_check = sender_check(said.headers, authserv, said.domain)
        self.is_automatic = is_automatic(said.headers, said.sender, self.own)
        self.received_at, remark = received_at(said.headers, self.now)
        self.remarks += [remark] if remark else []
        self.message = None

    def file(self):
        """Returns its standing."""
        self.remark_on_the_sender()
        answered = self.answered_case()
        if answered is not None and answered.closed_at is None:
            return self.add_to(answered)
        if self.is_automatic and not carries_mark(self.said.subject, self.marks):
            return self.keep(Standing.AUTOMATIC)
        case = self.new_case(answered)
        self.acknowledge(case)
        return self.keep(Standing.REQUEST, case)

    def remark_on_the_sender(self):
        if self.sender_check == FORGED:
            self.remarks.append(
                _("The mail server doubts the sender: nobody was linked by it, and it was not written to.")
            )
        if f".{self.said.domain}".endswith(STATE_DOMAINS):
            self.remarks.append(
                _(
                    "The sender’s domain is that of a state body: if the body itself asks, record it as a request of a state body."
                )
            )
        if self.said.message_id:
            first = same_id(self.said.message_id)
            same = Message.objects.filter(operator=self.operator, digest__gte=first, digest__lt=f"{first}g").order_by(
                "pk"
            )
            if other := same.last():
                self.remarks.append(_("Message %d bears the same id and says something else.") % other.pk)

    # A message in an old case

    def answered_case(self):
        """The case it replies to: by what it says it answers, else by the number in its subject line."""
        ids = message_ids(self.said.headers, "in-reply-to", "references")
        uids = [each[1:].partition("@")[0] for each in ids]
        letters = CaseLetter.objects.filter(operator=self.operator).order_by("-pk")
        by_uid = letters.filter(uid__in=[uid for uid in uids if _is_uid(uid)]).first()
        letter = by_uid or letters.filter(in_reply_to__in=ids, request__isnull=False).first()
        if letter is not None and letter.authority_request_id:
            self.remarks.append(
                _("It answers a letter of %s, a request of a state body.") % letter.authority_request.number
            )
        elif letter is not None:
            return letter.request
        numbers = case_numbers(self.said.subject)
        return SubjectRequest.objects.filter(operator=self.operator, number__in=numbers).order_by("-pk").first()

    def add_to(self, case):
        if self.said.sender and self.said.sender.casefold() != case.applicant_contact.casefold():
            self.remarks.append(_("It comes from another address than the request it answers."))
        self.remarks += attached(case, self.said.attached, by=self.by, at=self.now)
        standing = self.keep(Standing.AUTOMATIC if self.is_automatic else Standing.REPLY, case)
        case.step(CaseAct.NOTE, by=self.by, at=self.now, note=self.what_came() % self.message.pk)
        return standing

    def what_came(self):
        if is_delivery_report(self.said.headers):
            return _("A mail server reports what became of a letter: message %d. See whether it arrived.")
        if self.is_automatic:
            return _("An automatic reply came: message %d.")
        return _("A reply came by e-mail: message %d.")

    # A new case

    def new_case(self, closed=None):
        found = self.recognised(closed)
        person = self.person()
        case = SubjectRequest(
            operator=self.operator, kind=found.kind, channel=RequestChannel.MAIL, received_at=self.received_at,
            received_by=self.by, subject=person.subject, demand=self.said.text or self.said.subject,
            language=language_of(f"{self.said.subject}\n{self.said.words}"), applicant_name=self.said.sender_name,
            applicant_contact=self.said.sender, follows=closed,
        )  # fmt: skip
        case.full_clean()
        case.save()
        case.step(CaseAct.RECEIVED, by=self.by, at=self.now, note=self.how_sorted(found, closed))
        if person.subject is not None:
            case.step(CaseAct.PERSON_FOUND, by=self.by, at=self.now, note=str(FOUND_BY[person.by]))
        self.remarks += attached(case, self.said.attached, by=self.by, at=self.now)
        return case

    def recognised(self, closed):
        if closed is not None:
            self.remarks.append(_("It answers the request %s, which is closed.") % closed.number)
            return Recognised()
        return recognise(self.said.subject, self.said.words, self.marks)

    def how_sorted(self, found, closed):
        if closed is not None:
            return _("Came by e-mail as an answer to %s, which is closed. Say what is asked for.") % closed.number
        if found.kind != RequestKind.UNSORTED:
            return str(SORTED_BY[found.by])
        if found.kinds:
            kinds = ", ".join(str(RequestKind(kind).label) for kind in found.kinds)
            return _("Came by e-mail. It seems to ask for more than one thing (%s). Sort it.") % kinds
        return _("Came by e-mail. What it asks for was not recognised. Sort it.")

    def person(self):
        if self.sender_check == FORGED:
            return Found()
        found = person_of(self.operator, self.said)
        self.remarks += [found.remark] if found.remark else []
        return found

    def acknowledge(self, case):
        """Once, to whoever wrote it, in the language it is written in. Never to a machine or to somebody who may not have written."""
        if why := self.why_not_acknowledged():
            self.remarks.append(why)
            return
        kind = CaseLetter.Kind.ACKNOWLEDGEMENT
        text = letter_text(case, kind, case.language)
        letter = case.draft(kind, by=self.by, at=self.now, text=text)
        letter.in_reply_to = self.said.message_id
        send_letter(letter, address=self.said.sender, by=self.by, at=self.now)

    def why_not_acknowledged(self):
        if self.is_automatic:
            return _("No acknowledgement was sent: a machine wrote this.")
        if self.sender_check == FORGED or not self.said.sender:
            return _("No acknowledgement was sent: it is not known to whom.")
        since = self.now - dt.timedelta(days=1)
        sent = CaseLetter.objects.filter(
            operator=self.operator,
            kind=CaseLetter.Kind.ACKNOWLEDGEMENT,
            address__iexact=self.said.sender,
            written_at__gt=since,
        )
        if sent.count() >= ACKNOWLEDGEMENTS_A_DAY:
            return _("No acknowledgement was sent: %d went to this address within a day.") % ACKNOWLEDGEMENTS_A_DAY
        return ""

    # The evidence

    def keep(self, standing, case=None):
        """Keeps the message as it came, last of all: its remarks are complete then."""
        self.message = Message(
            operator=self.operator, mailbox=self.mailbox(), digest=self.said.digest, received_at=self.received_at,
            fetched_at=self.now, standing=standing, sender_check=self.sender_check, sender=self.said.sender,
            subject_line=self.said.subject, text=self.said.text, size=len(self.raw), path=f"{FOLDER}/-",
            remarks="\n".join(dict.fromkeys(map(str, self.remarks))), request=case,
        )  # fmt: skip
        self.message.full_clean()
        self.message.path = private_files.keep(FOLDER, self.raw)
        self.message.save()
        return standing

    def mailbox(self):
        """Which of the operator's mailboxes it was written to."""
        to = [
            line for name in ("to", "cc", "delivered-to", "x-original-to") for line in self.said.headers.get(name, ())
        ]
        try:
            written_to = [address.lower() for _name, address in getaddresses([line[:2000] for line in to])]
        except RecursionError:
            written_to = []
        return next((each for each in written_to if each in self.mailboxes), next(iter(sorted(self.mailboxes)), ""))


# How it was sorted, and by what the person was found, as the steps of the case say it.
SORTED_BY = {
    "mark": gettext_lazy("Came by e-mail. Sorted by the subject line, which the policy names."),
    "subject": gettext_lazy("Came by e-mail. Sorted by the wording of its subject line."),
    "text": gettext_lazy("Came by e-mail. Sorted by the wording of its text: look at it."),
    "question": gettext_lazy("Came by e-mail. Taken for a question about personal data: look at it."),
}
FOUND_BY = {
    "email": gettext_lazy("By the sender’s address. The identity is not checked by that."),
    "iin": gettext_lazy("By an IIN in the text. The identity is not checked by that."),
    "phone": gettext_lazy("By a phone number in the text. The identity is not checked by that."),
    "name": gettext_lazy("By the full name. The identity is not checked by that."),
}


def _lower(*addresses):
    return {address.lower() for address in addresses if address}


def _is_uid(text):
    return len(text) == 32 and all(mark in "0123456789abcdef" for mark in text)
