"""The daily reminder: what is due of one operator, by mail to its responsible person and deputies; numbers, kinds, dates and norms only.

A reminder is noted before it is sent and stamped after. Whatever ends the process in between leaves it without its stamp, and
the next call sends it again, under the same Message-ID: better told twice than not at all, and never twice once it is stamped.
"""

from datetime import datetime
from email.utils import parseaddr
from typing import NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from registry.choices import RequestKind
from registry.journal import record, unit_of_work
from registry.models import Consent, Digest, Disclosure, Obligation, Operator, ResponsiblePerson
from registry.rules.dates import HOME_ZONE
from registry.rules.deadlines import day_of

from .due import DueCase, Standing, due_cases
from .due_words import citation, kind_in_words, word

UNSORTED = "unsorted"
# In this order; a case stands once, under the first that fits.
SECTIONS = (Standing.OVERDUE, Standing.TODAY, Standing.SOON, UNSORTED, Standing.WITHOUT_TERM)
# RFC 3834: no machine answers it, and where a mailbox is also read for requests it is none.
AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


class Reminder(NamedTuple):
    """What an operator's office is reminded of on a day: cases by section, and how much of the rest is late. Empty where nothing is."""

    operator: Operator
    at: datetime
    sections: dict[str, list[DueCase]]
    late: dict[str, int]

    @property
    def day(self):
        return day_of(self.at)

    @property
    def count(self):
        """Of the cases."""
        return sum(map(len, self.sections.values()))

    @property
    def is_empty(self):
        return not self.sections and not self.late

    def subject(self, language):
        """No name and no number of a case: subjects stand in logs of mail servers."""
        return word("subject", language) % {"code": self.operator.code, "day": _shown(self.day)}

    def body(self, language):
        name = self.operator.name_in(language) or self.operator.code
        parts = [word("title", language) % {"operator": name, "day": _shown(self.day)}]
        for section, found in self.sections.items():
            lines = [f"{word(section, language)} ({len(found)})", *(_line(due, language) for due in found)]
            parts.append("\n".join(lines))
        if self.late:
            parts.append("\n".join(f"{word(name, language)}: {count}" for name, count in self.late.items()))
        return "\n\n".join([*parts, word("closing", language)]) + "\n"


def reminder_of(operator, at) -> Reminder:
    """What is overdue, due on that day or within three working days, not sorted, or without a term."""
    sections = {section: [] for section in SECTIONS}
    for due in due_cases(operator, at):
        if (section := _section(due)) in sections:
            sections[section].append(due)
    return Reminder(
        operator, at, {section: found for section, found in sections.items() if found}, late(operator, day_of(at))
    )


def late(operator, day):
    """What is overdue beside the cases, as numbers: who is still to be told, also of what left, and which conditions are still to be published."""
    found = {
        "untold": Obligation.objects.overdue(day).filter(operator=operator).count(),
        "unnotified": Disclosure.objects.overdue(day).filter(operator=operator).count(),
        "unpublished": Consent.objects.to_publish(day).filter(operator=operator, publication_due_on__lt=day).count(),
    }
    return {name: count for name, count in found.items() if count}


def _section(due):
    return UNSORTED if due.standing == Standing.LATER and due.kind == RequestKind.UNSORTED else due.standing


def _line(due, language):
    parts = [due.case.number, kind_in_words(due.kind, language)]
    if due.due_at:
        parts.append(word("line", language) % due.due_at.astimezone(HOME_ZONE).strftime("%d.%m.%Y %H:%M"))
    elif due.due_on:
        parts.append(word("line", language) % _shown(due.due_on))
    return " · ".join(filter(None, [*parts, citation(due.deadline, language)]))


def _shown(day):
    return day.strftime("%d.%m.%Y")


def people_to_remind(operator, day):
    """The responsible person and the deputies in office on that day."""
    return ResponsiblePerson.objects.in_office(day).filter(operator=operator)


def send(reminder, person) -> bool:
    """Mails a person the reminder of the day, once. Whether it left now; False where it had left before.

    Raises one of MAIL_FAILURES (rules/letters.py) where the mail server does not take it; the next call tries again.
    """
    digest, _made = Digest.objects.get_or_create(responsible_person=person, day_on=reminder.day)
    if digest.sent_at is not None:
        return False
    _message(reminder, person).send()
    digest.sent_at = timezone.now()
    with unit_of_work(by=None, role="system", operator=reminder.operator):
        record("reminder.send", object_type="responsibleperson", uid=person.uid, count=reminder.count)
        digest.save()
    return True


def _message(reminder, person):
    language = person.language or "en"
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    headers = AUTOMATIC | {"Message-ID": f"<{person.uid.hex}.{reminder.day:%Y%m%d}@{domain}>"}
    return EmailMessage(reminder.subject(language), reminder.body(language), to=[person.email], headers=headers)
