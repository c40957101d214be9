"""manage.py dump_register --operator CODE [-o FILE] [--by USER] [--reason TEXT]"""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from registry.exports import register_file, runs
from registry.management.acting import acting, operator_of, those_who_may
from registry.management.output import write
from registry.models import ExportRun


class Command(BaseCommand):
    help = "Writes the register of an operator as TOML that load_register reads back without a change."

    def add_arguments(self, parser):
        parser.add_argument("--operator", required=True, metavar="CODE")
        parser.add_argument("-o", "--output", default="-", metavar="FILE", help="default: standard output")
        parser.add_argument(
            "--by", default="", metavar="USER", help="who exports, a DPO or auditor; default: the system"
        )
        parser.add_argument("--reason", default="", metavar="TEXT")

    def handle(self, *, operator, output, by, reason, **options):
        operator = operator_of(operator)
        by, role = acting(by, those_who_may("view_exportrun", "add_exportrun"), operator, object_type="exportrun")
        try:
            sealed = register_file.file(operator)
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from None
        run = runs.start(
            ExportRun.Kind.REGISTER, by=by, role=role, operator=operator, reason=reason, filter={"format": "toml"}
        )
        write(output, sealed)
        runs.finish(run, count=sealed.count, digest=sealed.digest, role=role)
        if output != "-":
            self.stdout.write(_("%(file)s: the register of %(code)s.") % {"file": output, "code": operator.code})
