"""Are the files of cases and the messages as they came still there, and are they what was kept? For reconcile."""

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from registry.imports.mail import digest_of
from registry.imports.mail_intake import FOLDER as MESSAGES
from registry.journal.reconcile import Finding, pieces
from registry.models import CaseAttachment, Message

from . import private_files
from .attachments import FOLDER as ATTACHMENTS
from .attachments import content_of

KEPT = {ATTACHMENTS: CaseAttachment.objects.all(), MESSAGES: Message.objects.exclude(path="")}


def findings():
    """Records whose file is gone or another one, and files that no record knows. Reads every file, writes nothing."""
    for folder, records in KEPT.items():
        for piece in pieces(records.all(), "pk"):
            for record in piece:
                problem = _problem(record)
                if problem and records.filter(pk=record.pk).exists():
                    yield Finding(f"{record._meta.model_name} {record.uid}", problem)
        yield from _unknown(folder, records)


def _problem(record):
    try:
        same = _is_whole(record) if isinstance(record, Message) else content_of(record) is not None
    except FileNotFoundError:
        return _("its file is gone: restore it from a backup of the private folder")
    except ValueError:
        same = False
    return "" if same else _("its file is not the one that was kept: restore it from a backup of the private folder")


def _is_whole(message):
    raw = private_files.read(message.path)
    return (len(raw), digest_of(raw)) == (message.size, message.digest)


def _unknown(folder, records):
    """What is still waiting for its record is no finding: it is swept away by itself."""
    for place in sorted((Path(settings.PRIVATE_DIR) / folder).glob("*")):
        path = f"{folder}/{place.name}"
        if place.is_file() and not records.filter(path=path).exists() and place.exists():
            yield Finding(
                path, _("no record knows this file: it is of a register other than this one, or was put there")
            )
