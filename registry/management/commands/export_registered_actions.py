"""manage.py export_registered_actions --operator CODE [--from TIME] [--to TIME] [--format csv|xlsx] -o FILE"""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import ngettext

from registry.exports.registered_actions import RegisteredActions
from registry.exports.span import parse_span
from registry.management.acting import acting, operator_of, those_who_may
from registry.management.output import write

MAY_EXPORT = those_who_may("view_exportrun", "export_journalentry", "add_exportrun")


class Command(BaseCommand):
    help = "Writes the registered actions of 94-V art. 8(4)(3)–(6), each with its entry of the journal."

    def add_arguments(self, parser):
        parser.add_argument("--operator", required=True, metavar="CODE")
        parser.add_argument("--from", dest="since", default="", metavar="TIME", help="this day or time and later")
        parser.add_argument(
            "--to", dest="until", default="", metavar="TIME", help="to the end of this day, or this time"
        )
        parser.add_argument("--format", default="csv", choices=("csv", "xlsx"))
        parser.add_argument(
            "--by", default="", metavar="USER", help="who exports, a DPO or auditor; default: the system"
        )
        parser.add_argument("--reason", default="", metavar="TEXT")
        parser.add_argument("-o", "--output", required=True, metavar="FILE", help="- for standard output")

    def handle(self, *, operator, since, until, format, by, reason, output, **options):
        operator = operator_of(operator)
        by, role = acting(by, MAY_EXPORT, operator, object_type="exportrun")
        try:
            span = parse_span(since, until, timezone.now())
            export = RegisteredActions(operator, span, format=format, by=by, role=role, reason=reason)
        except ValidationError as refusal:
            raise CommandError(refusal.messages[0]) from None
        write(output, export.sealed)
        export.finish()
        if output != "-":
            said = {"file": output, "count": export.sealed.count}
            told = ngettext(
                "%(file)s: %(count)d registered action.", "%(file)s: %(count)d registered actions.", said["count"]
            )
            self.stdout.write(told % said)
