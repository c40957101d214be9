"""manage.py due [--operator CODE] [--on DATE] [--json] [--by USER]"""

import json
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registry.exports.due import DueCounts, Standing, due_cases, due_counts, record_listed
from registry.journal import reading
from registry.management.acting import acting, operator_of, those_who_may
from registry.models import Operator
from registry.rules.dates import HOME_ZONE
from registry.rules.deadlines import start_of
from registry.rules.working_days import ONE_DAY

MAY_READ = those_who_may("view_subjectrequest", "view_authorityrequest")
STANDINGS = {
    Standing.OVERDUE: gettext_lazy("overdue"),
    Standing.TODAY: gettext_lazy("today"),
    Standing.SOON: gettext_lazy("soon"),
    Standing.LATER: "",
    Standing.WITHOUT_TERM: gettext_lazy("no term"),
}
UID_SHOWN = 8  # its last digits, as everywhere


class Command(BaseCommand):
    """Terms and kinds are those that stand now: what was extended or sorted after --on is shown as it is today."""

    help = "Lists the open requests, of people and of state bodies, the most urgent first."

    def add_arguments(self, parser):
        parser.add_argument(
            "--operator", default="", metavar="CODE", help="without it those of all, each with its operator"
        )
        parser.add_argument(
            "--on", default="", metavar="DATE",
            help="as at the end of that day in Almaty: without what came later or was closed by then; default: now",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="a list of objects instead of a table")
        parser.add_argument(
            "--by", default="", metavar="USER", help="who reads: a member of the operator, without --operator of each"
        )

    def handle(self, *, operator, on, by, **options):
        named = operator_of(operator) if operator else None
        at = end_of(on) if on else timezone.now()
        by, role = acting(by, MAY_READ, named, object_type="subjectrequest")
        operators = [named] if named else Operator.objects.all()
        with reading(by=by, role=role):
            listed = {each: due_cases(each, at) for each in operators}
            for each, found in listed.items():
                record_listed(each, found)
        found = sorted((due for found in listed.values() for due in found), key=lambda due: due.urgency)
        if options["json"]:
            rows = [as_json(due, with_operator=named is None) for due in found]
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1))
            return
        self.write_table(found, with_operator=named is None)
        counts = [due_counts(each, at) for each in operators]
        self.stdout.write(in_words(DueCounts(*map(sum, zip(*counts, strict=True)))))

    def write_table(self, found, *, with_operator):
        rows = [as_row(due) for due in found]
        head = [_("Operator"), _("Case"), _("Request"), _("Person"), _("Received"), _("Due"), "", _("Norm")]
        columns = [column for column in zip(head, *rows, strict=True) if with_operator or column[0] is not head[0]]
        widths = [max(map(len, column)) for column in columns]
        for line in zip(*columns, strict=True) if rows else ():
            self.stdout.write("  ".join(map(str.ljust, line, widths)).rstrip())


def end_of(text):
    """The last moment of a day in Almaty; CommandError for what is no day."""
    try:
        return start_of(parse_date(text) + ONE_DAY) - timedelta.resolution
    except (TypeError, ValueError, OverflowError):
        raise CommandError(_("“%s” is no day. Write it as 2026-01-31.") % text) from None


def as_json(due, *, with_operator):
    """The keys are fixed; numbers repeat between operators, so those of several bear the operator's code besides."""
    said = {"operator": due.case.operator.code} if with_operator else {}
    said |= {
        "case": due.case.number,
        "kind": due.kind,
        "person": due.person and str(due.person),
        "received_at": local(due.received_at).isoformat(timespec="seconds"),
    }
    if due.due_at:
        said["due_at"] = local(due.due_at).isoformat(timespec="seconds")
    else:
        said["due_on"] = due.due_on and due.due_on.isoformat()
    return said | {"law": due.law, "norm": due.norm, "overdue": due.is_overdue}


def as_row(due):
    shown = f"{local(due.due_at):%d.%m.%Y %H:%M}" if due.due_at else f"{due.due_on:%d.%m.%Y}" if due.due_on else "—"
    return (
        due.case.operator.code,
        due.case.number,
        due.label,
        f"…{due.person.hex[-UID_SHOWN:]}" if due.person else "—",
        f"{local(due.received_at):%d.%m.%Y %H:%M}",
        shown,
        str(STANDINGS[due.standing]),
        due.norm or "—",
    )


def local(moment):
    return moment.astimezone(HOME_ZONE)


def in_words(counts):
    said = counts._asdict()
    head = ngettext("%(open)d open case: ", "%(open)d open cases: ", counts.open) % said
    return (
        head
        + _(
            "%(overdue)d overdue, %(today)d due today, %(soon)d within 3 working days, %(later)d later, %(without_term)d without "
            "a term. Not sorted yet: %(unsorted)d."
        )
        % said
    )
