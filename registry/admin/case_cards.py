"""What the cards of a case's page show, as plain data."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry import scope
from registry.choices import CaseAct, Trigger
from registry.models import Message, SubjectRequest
from registry.rules.deadlines import day_of, term_in_words
from registry.templatetags.registry_ui import pill, state_pill

from .case_due import date_shown, due_pill
from .case_letters import letter_state
from .law import TONES

# What the mail server says of a sender, in a word and a colour.
SENDERS = {
    Message.Sender.CONFIRMED: (gettext_lazy("confirmed"), "ok"),
    Message.Sender.UNKNOWN: (gettext_lazy("not checked"), "quiet"),
    Message.Sender.FORGED: (gettext_lazy("doubted"), "bad"),
}
SHOWN_TERMS = 3


def deadlines(case, horizon):
    """All terms, the one that binds first: date, arithmetic, what sets it and how that was verified."""
    calendars, rows = {}, []
    for each in case.deadlines.select_related("law", "norm__law", "clause"):
        if each.law_id not in calendars:
            calendars[each.law_id] = case.calendar_of(each)
        rows.append(
            {
                "date": date_shown(each) if case.closed_at else due_pill(each, horizon),
                "is_binding": each.is_binding,
                "is_extended": each.is_extended,
                "term": term_in_words(each.term),
                "trigger": Trigger(each.trigger).label if each.trigger else _("promise of the operator"),
                "arithmetic": each.arithmetic(calendars[each.law_id]),
                "citation": each.norm.place if each.norm_id else each.citation,
                "verified": pill(each.norm.get_verified_display(), TONES[each.norm.verified]) if each.norm_id else "",
                "source": each.source,
            }
        )
    return {
        "shown": rows[:SHOWN_TERMS],
        "more": rows[SHOWN_TERMS:],
        "why": why_it_binds(rows),
        "without_term": "" if any(row["is_binding"] for row in rows) else case.without_term,
    }


def why_it_binds(rows):
    if not any(row["is_binding"] for row in rows):
        return ""
    if len(rows) == 1:
        return _("It is the only term of this case, and binds.")
    return _("Of %(count)d terms this one ends first, and binds.") % {"count": len(rows)}


def person(case, personal, label):
    """The applicant, the person of the register by their label, the representative, the identity check."""
    shown = {"applicant": (case.applicant_name, case.applicant_contact) if personal else ("", "")}
    if case.subject_id:
        subject = case.subject
        active = subject.state == subject.State.ACTIVE
        shown["label"] = label(subject)
        shown["url"] = reverse("admin:registry_datasubject_change", args=[subject.pk])
        shown["state"] = "" if active else state_pill(subject.state, subject.get_state_display())
    if case.representative_id:
        shown["representative"] = representative(case.representative, day_of(case.received_at), personal)
    if case.identified_at:
        shown["identity"] = {
            "method": case.get_identity_method_display(),
            "note": case.identity_note if personal else "",
            "when": case.identified_at,
            "who": who(case.identified_by),
        }
    return shown


def representative(acting, received_on, personal):
    valid = acting.is_valid(received_on)
    return {
        "name": acting.name if personal else "",
        "authority": acting.get_authority_display(),
        "document": acting.document if personal else "",
        "valid": pill(_("valid that day"), "ok") if valid else pill(_("not valid when the request came"), "bad"),
    }


def duplicates(case, user):
    """Open requests of the same kind by the same person, or from the same contact: numbers and dates only."""
    same = Q(subject=case.subject_id) if case.subject_id else Q(pk=None)
    if contact := case.applicant_contact.strip():
        same |= Q(applicant_contact__iexact=contact)
    found = scope.in_scope(SubjectRequest.objects.open(), user).filter(same, kind=case.kind).exclude(pk=case.pk)
    return [
        {
            "number": each.number,
            "url": reverse("admin:registry_subjectrequest_change", args=[each.pk]),
            "received_at": each.received_at,
            "why": _("same person") if case.subject_id and each.subject_id == case.subject_id else _("same contact"),
        }
        for each in found.order_by("received_at")
    ]


def steps(case, personal):
    """From the receipt on, in the order they were taken. Mail says itself how it was received."""
    taken = list(case.casesteps.select_related("done_by"))
    shown = []
    if not any(step.act == CaseAct.RECEIVED for step in taken):
        how = case.get_channel_display() if hasattr(case, "channel") else ""
        shown.append({"label": _("received"), "note": how, "when": case.received_at, "who": who(case.received_by)})
    for step in taken:
        note = step.note if personal else ""
        shown.append({"label": step.get_act_display(), "note": note, "when": step.done_at, "who": who(step.done_by)})
    return shown


def who(user):
    return user.get_full_name() if user else _("the system")


def obligations(case, horizon, personal):
    """Who is to be told, until when, and how it was done."""
    owed = case.obligations.select_related("recipient", "norm__law").order_by("due_on", "pk")
    return [
        {
            "who": each.recipient or _("the person"),
            "what": each.get_what_display(),
            "due": date_shown(each) if each.done_at else due_pill(each, horizon),
            "norm": each.norm.citation if each.norm_id else "",
            "done_at": each.done_at,
            "how": each.how if personal else "",
            "url": reverse("admin:registry_obligation_fulfil", args=[each.pk]),
        }
        for each in owed
    ]


def letters(case, page):
    """`page` gives the address of a letter's page, or nothing for those who do not read letters."""
    return [
        {
            "letter": letter,
            "label": letter.get_kind_display(),
            "language": letter.get_language_display(),
            "state": pill(*letter_state(letter)),
            "when": letter.sent_at or letter.signed_at or letter.written_at,
            "way": letter.get_way_display() if letter.sent_at or letter.queued_at else "",
            "failure": "" if letter.sent_at else letter.failure,
            "url": page(letter),
        }
        for letter in case.caseletters.select_related("request", "authority_request").order_by("-written_at", "-pk")
    ]


def files(case, page, personal):
    return [
        {
            "name": (file.name if personal else "") or str(file),
            "origin": file.get_origin_display(),
            "size": file.size,
            "when": file.added_at,
            "url": page(file),
        }
        for file in case.caseattachments.all()
    ]


def mails(case, personal):
    return [
        {
            "received_at": mail.received_at,
            "mailbox": mail.mailbox,
            "url": reverse("admin:registry_message_change", args=[mail.pk]),
            "check": pill(*SENDERS[mail.sender_check]),
            "standing": mail.get_standing_display(),
            "sender": mail.sender if personal else "",
            "subject_line": mail.subject_line if personal else "",
            "remarks": mail.remarks,
        }
        for mail in case.messages.order_by("received_at")
    ]
