"""The report of a scheduled import, by mail: counts and sentences, no value of anybody, no links.

It is owed from the beginning, and until it was mailed: whatever ends the process in between, the next one mails it.
"""

import datetime as dt

from django.core.mail import EmailMessage
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registry.models import ImportRun

from . import storage
from .lists import LISTS
from .missing import about_sources
from .preview import WARNINGS_KEPT
from .progress import was_stopped

COUNTS = ("rows", "new", "changed", "same", "rejected", "stopped", "damaged", "further", "doubles", "missing")
State = ImportRun.State
PROGRAM_ERROR = gettext_lazy(
    "An error of the program stopped the reading; nothing was imported. The log names the place: tell the administrator, "
    "then read the file again."
)
ENDED = (State.APPLIED, State.REFUSED, State.CANCELLED, State.UNDONE, State.EXPIRED)
# A worker takes over after half a minute what was cut off: where nobody has been at it for so long, none runs.
NO_WORKER_SECONDS = 60 * 60


def owed(*, cut_off=False, **of):
    """Runs of which somebody is to be told now, the oldest first: at their end, or stopped in the middle by an error; with
    `cut_off` also those that were cut off and that no worker takes over.
    """
    runs = ImportRun.objects.filter(**of).filter(uid__in=storage.reports_owed(), state__in=(*ENDED, State.APPLYING))
    runs = runs.select_related("operator", "source", "owner", "step_by").order_by("pk")
    return [run for run in runs if run.state in ENDED or run.reported_at is None and _stands_still(run, cut_off)]


def left_behind():
    """What is owed of runs that ended when no process was at them that would tell of it: their time was over, or they were given up."""
    return [run for run in owed(state__in=(State.EXPIRED, State.CANCELLED)) if run.is_silent]


def _stands_still(run, cut_off):
    long_ago = timezone.now() - dt.timedelta(seconds=NO_WORKER_SECONDS)
    return was_stopped(run) or cut_off and (run.alive_at or run.step_began_at) < long_ago


def send(run):
    """Mails the report to the source's mailbox and to whoever imports. MAIL_FAILURES (rules/letters.py) where it stays owed."""
    to = [run.source.report_to] if run.source else []
    to += [user.email for user in (run.owner, run.step_by) if user and user.is_active]
    to = list(dict.fromkeys(filter(None, to)))
    if to and not _was_told_before(run):
        EmailMessage(subject(run), body(run), to=to).send()
        run.reported_at = timezone.now()
        run.save(update_fields=["reported_at"])
    if run.state in ENDED:
        storage.report_done(run)


def _was_told_before(run):
    """Whether the last report told of the same error at the same file: it comes back with every call of cron."""
    if run.refusal != str(PROGRAM_ERROR):
        return False
    before = ImportRun.objects.filter(source=run.source, reported_at__isnull=False).order_by("reported_at").last()
    return before is not None and all(
        getattr(before, name) == getattr(run, name) for name in ("refusal", "file_name", "file_size")
    )


def subject(run):
    """What came of it, in three words: subjects stand in logs of mail servers."""
    said = {"run": run.pk, "state": run.get_state_display()}
    return _("CRM import #%(run)d: %(state)s") % said


def body(run):
    """Plain text. Of a file that was refused, the sentence that may be kept."""
    facts = [
        (_("Operator"), run.operator.code),
        (_("Source"), run.source.name if run.source else "—"),
        (_("File"), run.file_name),
        (_("State"), run.get_state_display()),
        (_("Told on"), timezone.localtime().strftime("%d.%m.%Y %H:%M")),
    ]
    parts = [[f"{label}: {value}" for label, value in facts], _what_came_of_it(run)]
    if not run.wrote_nothing:  # else they are of what would have been
        parts.append([f"{run._meta.get_field(name).verbose_name}: {getattr(run, name)}" for name in COUNTS])
        parts.append(_to_look_at(run))
    if run.warnings:
        parts.append([_("Warnings:"), *run.warnings[:WARNINGS_KEPT]])
    return "\n\n".join("\n".join(map(str, lines)) for lines in parts if lines) + "\n"


def _what_came_of_it(run):
    """Sentences, where the counts alone would not say it."""
    done = {"done": run.rows_done, "rows": run.rows}
    if run.state == State.REFUSED:
        return [_("Nothing was imported. %s") % run.refusal]
    if run.undo_was_given_up:
        people = run.rows_expected
        told = ngettext(
            "Its undo was given up after %(done)d of %(people)d person.",
            "Its undo was given up after %(done)d of %(people)d people.",
            people,
        )
        return [told % (done | {"people": people})]
    if run.state == State.EXPIRED:
        return [
            _("It was cut off before anything was written, and nobody went on with it in time. Import the file again where no "
              "later import took it in.")
        ]  # fmt: skip
    if run.wrote_nothing:
        return [_("It was given up before anything was written.")]
    if run.state == State.CANCELLED:
        told = ngettext(
            "It was given up after %(done)d of %(rows)d row.",
            "It was given up after %(done)d of %(rows)d rows.",
            run.rows,
        )
        return [told % done, *filter(None, [run.refusal])]
    if run.state == State.APPLYING:
        return [_where_it_stands(run) % done]
    if run.state == State.APPLIED and not run.new + run.changed:
        return [_("Nothing changed in the register.")]
    return []


def _where_it_stands(run):
    if was_stopped(run):
        return ngettext(
            "It stopped after %(done)d of %(rows)d row, for an error that the log names or at somebody's word. Go on with it "
            "on its page.",
            "It stopped after %(done)d of %(rows)d rows, for an error that the log names or at somebody's word. Go on with it "
            "on its page.",
            run.rows,
        )
    return ngettext(
        "It stands at %(done)d of %(rows)d row, and no process is at it. A worker goes on with it; where none runs, go on with "
        "it on its page.",
        "It stands at %(done)d of %(rows)d rows, and no process is at it. A worker goes on with it; where none runs, go on with "
        "it on its page.",
        run.rows,
    )


def _to_look_at(run):
    """The lists that have something in them; what stands in them is on the page of the run only."""
    if run.state != State.APPLIED:
        return []
    found = [listing.title for listing in LISTS.values() if getattr(run, listing.count)]
    if not found:
        return []
    told = [_("On the page of the import, for a week: %s.") % ", ".join(map(str, found))]
    return [*told, *filter(None, [run.missing and about_sources(run)])]
