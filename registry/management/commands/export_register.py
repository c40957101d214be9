"""manage.py export_register --operator CODE --layout LAYOUT --format csv|xlsx|json [--on MOMENT] -o FILE"""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.exports import past, runs
from registry.exports.layouts import LAYOUTS
from registry.exports.register import FORMATS, Register
from registry.exports.terms import LANGUAGES
from registry.management.acting import acting, operator_of, those_who_may
from registry.management.output import write
from registry.models import ExportRun


class Command(BaseCommand):
    help = "Writes the register of an operator as it stood at a moment, the same bytes for the same moment."

    def add_arguments(self, parser):
        parser.add_argument("--operator", required=True, metavar="CODE")
        parser.add_argument("--layout", required=True, choices=LAYOUTS)
        parser.add_argument("--format", required=True, choices=FORMATS)
        parser.add_argument(
            "--on", default="", metavar="MOMENT",
            help="a day (its end in Almaty; today is now) or a time as 2026-01-31T18:00:00+05:00; default: now",
        )  # fmt: skip
        parser.add_argument("--language", default="en", choices=LANGUAGES)
        parser.add_argument(
            "--by", default="", metavar="USER", help="who exports, a DPO or auditor; default: the system"
        )
        parser.add_argument("--reason", default="", metavar="TEXT")
        parser.add_argument("-o", "--output", required=True, metavar="FILE", help="- for standard output")

    def handle(self, *, operator, layout, format, on, language, by, reason, output, **options):
        operator = operator_of(operator)
        by, role = acting(by, those_who_may("view_exportrun", "add_exportrun"), operator, object_type="exportrun")
        try:
            at = past.parse_moment(on, timezone.now())
        except ValidationError as refusal:
            raise CommandError(refusal.messages[0]) from None
        register = Register(operator.code, past.resolve(at, operator.code), layout, language)
        asked = register.asked(format)
        run = runs.start(ExportRun.Kind.REGISTER, by=by, role=role, operator=operator, reason=reason, filter=asked)
        if not register.moment.seq:
            self.stderr.write(_("Nothing was in the register yet at that moment: the file is empty."))
        sealed = register.file(format)
        write(output, sealed)
        runs.finish(run, count=sealed.count, digest=sealed.digest, role=role)
        if output != "-":
            said = {"file": output, "count": sealed.count, "at": register.moment.text, "seq": register.moment.seq}
            told = ngettext(
                "%(file)s: %(count)d row as of %(at)s, entry %(seq)s.",
                "%(file)s: %(count)d rows as of %(at)s, entry %(seq)s.",
                sealed.count,
            )
            self.stdout.write(told % said)
