"""manage.py trace_export [LINE…] [--operator CODE] [--by USER]"""

import sys

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registry.exports import audit, tracing
from registry.journal import record, unit_of_work
from registry.management.acting import acting, operator_of, those_who_may
from registry.models import ExportRun

MAY_TRACE = those_who_may("view_exportrun", "export_journalentry", "add_exportrun")
SENTENCES = {
    tracing.UNMARKED: gettext_lazy("no row or line of an export: it bears no mark."),
    tracing.UNKNOWN: gettext_lazy("not of an export known here."),
    tracing.ROW: gettext_lazy("a row as it was exported."),
    tracing.ALTERED: gettext_lazy("its mark is of this export, but the line was altered since."),
    tracing.TRAILER: gettext_lazy("the last line of an export."),
    tracing.ENTRY: gettext_lazy("an entry as it stands in the journal."),
    tracing.HIDDEN: gettext_lazy("the digest of an entry, as in exports that do not show it."),
    tracing.BEGINNING: gettext_lazy("the first line of an audit trail that begins later."),
    tracing.ENTRY_ALTERED: gettext_lazy("altered: the journal has another entry under this number."),
}


class Command(BaseCommand):
    help = (
        "Tells which exports lines came from: rows of people's lists and of what changed, lines of journal.jsonl, last lines. "
        "Without LINE they are read from the input, where no list of processes shows them."
    )

    def add_arguments(self, parser):
        parser.add_argument("lines", nargs="*", metavar="LINE")
        parser.add_argument("--operator", default="", metavar="CODE", help="only among this operator's exports")
        parser.add_argument(
            "--by",
            default="",
            metavar="USER",
            help="who asks: a DPO or auditor of the operator, without --operator of each",
        )

    def handle(self, *, lines, operator, by, **options):
        operator = operator_of(operator) if operator else None
        by, role = acting(by, MAY_TRACE, operator, object_type="exportrun")
        tracer, count = tracing.Tracer(operator), 0
        reads_reasons = None if by is None else audit.personal_of(by, operator)
        for found in looked_at(tracer, lines) if lines else tracer.trace(read_input()):
            count += 1
            self.tell(count, found, reads_reasons)
        with unit_of_work(by=by, role=role, operator=operator):
            record("export.trace", object_type="exportrun", count=count)
        self.stdout.write(ngettext("%(count)d line looked at.", "%(count)d lines looked at.", count) % {"count": count})

    def tell(self, number, found, reads_reasons):
        entry = _(" (entry %s)") % found.seq if found.seq else ""
        self.stdout.write(f"{number}{entry}: {SENTENCES[found.what]}")
        for run in found.runs:
            self.stdout.write(f"    {described(run)}")
            if run.reason and (reads_reasons is None or (run.operator and run.operator.code in reads_reasons)):
                self.stdout.write("    " + _("Reason: %s") % " ".join(run.reason.split()))


def looked_at(tracer, lines):
    """What is known of each line; of one that is blank or a heading that it bears no mark."""
    for line in lines:
        yield from list(tracer.trace(line)) or [tracing.Found(tracing.UNMARKED)]


def read_input():
    """The whole input; what is no UTF-8 in it is of no export, and so are the lines it stands in."""
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")
    return sys.stdin.read()


def described(run):
    """An export in one line: number, what, of whom, by whom, when, how much."""
    kind = run.get_kind_display()
    if run.kind == ExportRun.Kind.LIST:
        kind = f"{kind} {run.filter.get('list', '')}, {run.filter.get('format', '')}"
    elif run.kind == ExportRun.Kind.PERMISSIONS and "format" in run.filter:
        kind = f"{kind}, {run.filter['format']}"
    if run.filter.get("subject"):
        kind += _(" of one data subject")
    said = {
        "number": run.pk,
        "kind": kind,
        "operator": run.operator.code if run.operator else _("all operators"),
        "user": run.started_by.username if run.started_by else _("the system"),
        "at": audit.almaty(run.started_at),
    }
    told = _("Export no. %(number)s: %(kind)s, %(operator)s, by %(user)s at %(at)s") % said
    if run.finished_at is None:
        return told + _(", not finished.")
    return told + ngettext(", %(count)d row.", ", %(count)d rows.", run.count) % {"count": run.count}
