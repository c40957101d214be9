"""A message that was taken for something else is made a case after all, by an officer who has read it."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from registry.choices import CaseAct, RequestChannel
from registry.models import CaseAttachment, Message, SubjectRequest
from registry.operations import private_files
from registry.operations.attachments import attach
from registry.rules.request_marks import language_of

from .mail import read


def case_of(message, *, by, at) -> SubjectRequest:
    """A request nobody has sorted yet, received when the message was, with the files that came with it.

    The message stays as it came; only what was made of it changes. To be called in a transaction.
    """
    said = original(message)
    case = SubjectRequest(
        operator=message.operator, channel=RequestChannel.MAIL, received_at=message.received_at, received_by=by,
        applicant_name=said.sender_name if said else "", applicant_contact=message.sender,
        demand=message.text or message.subject_line, language=language_of(f"{message.subject_line}\n{message.text}"),
    )  # fmt: skip
    case.full_clean()
    case.save()
    taken_for = {"number": message.pk, "standing": message.get_standing_display()}
    note = _("Made of message %(number)d, which had been taken for: %(standing)s. Sort it.") % taken_for
    case.step(CaseAct.RECEIVED, by=by, at=at, note=note)
    refused = list(attached(case, said.attached if said else (), by=by, at=at))
    message.request, message.standing = case, Message.Standing.REQUEST
    message.remarks = "\n".join(filter(None, [message.remarks, *refused]))
    message.save()
    return case


def original(message):
    """What the message was read from; None where it is not kept."""
    try:
        return read(private_files.read(message.path)) if message.path else None
    except FileNotFoundError:
        return None


def attached(case, files, *, by, at):
    """Takes the files over; yields a remark on each that stays within the message, by its place."""
    for each in files:
        try:
            attach(case, name=each.name, content=each.content, origin=CaseAttachment.Origin.MESSAGE, by=by, at=at)
        except ValidationError as refusal:
            said = {"place": each.position, "why": " ".join(refusal.messages)}
            yield _("Attachment %(place)d was not taken over and stays within the message. %(why)s") % said
