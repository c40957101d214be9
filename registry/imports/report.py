"""The report of a scheduled import, for a mailbox: counts and sentences, no value of anybody, no links."""

from django.utils import timezone
from django.utils.translation import gettext as _

from registry.models import ImportRun

from .lists import LISTS
from .preview import WARNINGS_KEPT

COUNTS = ("rows", "new", "changed", "same", "rejected", "stopped", "damaged", "doubles", "missing")
State = ImportRun.State


def subject(run):
    """What came of it, in three words: subjects stand in logs of mail servers."""
    said = {"run": run.pk, "state": run.get_state_display()}
    return _("CRM import #%(run)d: %(state)s") % said


def body(run, *, refusal=""):
    """Plain text. refusal: the sentence that may be kept, where the file was refused."""
    facts = [
        (_("Operator"), run.operator.code),
        (_("Source"), run.source.name if run.source else "—"),
        (_("File"), run.file_name),
        (_("State"), run.get_state_display()),
        (_("Told on"), timezone.localtime().strftime("%d.%m.%Y %H:%M")),
    ]
    parts = [[f"{label}: {value}" for label, value in facts]]
    if refusal:
        parts.append([_("Nothing was imported. %s") % refusal])
    else:
        parts.append([f"{run._meta.get_field(name).verbose_name}: {getattr(run, name)}" for name in COUNTS])
        parts.append(_to_look_at(run))
    if run.warnings:
        parts.append([_("Warnings:"), *run.warnings[:WARNINGS_KEPT]])
    return "\n\n".join("\n".join(map(str, lines)) for lines in parts if lines) + "\n"


def _to_look_at(run):
    """The lists that have something in them; what stands in them is on the page of the run only."""
    if run.state != State.APPLIED:
        return []
    found = [listing.title for listing in LISTS.values() if getattr(run, listing.count)]
    if not found:
        return []
    return [_("On the page of the import, for a week: %s.") % ", ".join(map(str, found))]
