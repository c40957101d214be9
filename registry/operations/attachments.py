"""Files of cases: checked by what stands in them, kept in private storage, read through their row."""

import hashlib
import re
import unicodedata

from django.core.exceptions import ValidationError

from registry.models import CaseAttachment
from registry.rules.attachments import ENDINGS, attachment_error, media_type_of

from . import private_files

FOLDER = "cases"
NAME_MAX_LENGTH = 250


def attach(case, *, name, content: bytes, origin=CaseAttachment.Origin.OFFICER, by, at) -> CaseAttachment:
    """Adds a file to an open case. ValidationError where type or size are not taken, or the case is closed.

    The name is only shown: it never becomes that of a file on this machine.
    """
    if error := attachment_error(content):
        raise ValidationError(error)
    private_files.sweep(FOLDER, CaseAttachment)
    attachment = CaseAttachment(
        **case.as_parent, name=shown_name(name), origin=origin, media_type=media_type_of(content), size=len(content),
        sha256=hashlib.sha256(content).hexdigest(), path=f"{FOLDER}/-", added_at=at, added_by=by,
    )  # fmt: skip
    attachment.full_clean()  # nothing is written for a case that is closed
    attachment.path = private_files.keep(FOLDER, content)
    attachment.save()
    return attachment


def content_of(attachment) -> bytes:
    """The file as it was attached. FileNotFoundError where it is gone; ValueError where it is not the one that was attached."""
    content = private_files.read(attachment.path)
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        raise ValueError(f"The file of attachment {attachment.pk} is not the one that was attached.")
    return content


def download_name(attachment) -> str:
    """A name for whoever saves the file: that of the attachment's number, with the ending of its real type."""
    return f"{attachment.case.number}-{attachment.pk}.{ENDINGS.get(attachment.media_type, 'bin')}"


def shown_name(name):
    """What the file was called, for people to recognise: no path, nothing invisible, not too long."""
    name = re.split(r"[/\\]", str(name))[-1]
    visible = "".join(mark for mark in name if unicodedata.category(mark)[0] != "C")
    return " ".join(visible.split())[:NAME_MAX_LENGTH]
