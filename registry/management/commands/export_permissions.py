"""manage.py export_permissions --operator CODE [--whole] [--format csv|xlsx] -o FILE"""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import ngettext

from registry.exports.permissions import Export
from registry.management.acting import acting, operator_of, those_who_may
from registry.management.output import write


class Command(BaseCommand):
    help = "Writes what the CRM may do with whom: those whose answer changed since the last file, or everybody."

    def add_arguments(self, parser):
        parser.add_argument("--operator", required=True, metavar="CODE")
        parser.add_argument("--whole", action="store_true", help="everybody, not only who changed since the last file")
        parser.add_argument(
            "--format",
            default="csv",
            choices=("csv", "xlsx"),
            help="xlsx is to be looked at: the next file goes on from a CSV",
        )
        parser.add_argument("--by", default="", metavar="USER", help="who exports, a DPO; default: the system")
        parser.add_argument("--reason", default="", metavar="TEXT", help="required with --by")
        parser.add_argument("-o", "--output", required=True, metavar="FILE", help="- for standard output")

    def handle(self, *, operator, whole, format, by, reason, output, **options):
        operator = operator_of(operator)
        by, role = acting(by, those_who_may("export_datasubject", "add_exportrun"), operator, object_type="exportrun")
        try:
            export = Export(operator, by=by, role=role, reason=reason, whole=whole, format=format)
        except ValidationError as refusal:
            raise CommandError(refusal.messages[0]) from None
        write(output, export.sealed)
        export.finish()
        if output == "-":
            return
        said = {"file": output, "count": export.sealed.count - export.gone}
        if export.file.before is None:
            told = ngettext(
                "%(file)s: %(count)d person, everybody with a CRM id.",
                "%(file)s: %(count)d people, everybody with a CRM id.",
                said["count"],
            )
        else:
            said["run"] = export.file.before.pk
            told = ngettext(
                "%(file)s: %(count)d person, changed since export #%(run)s.",
                "%(file)s: %(count)d people, changed since export #%(run)s.",
                said["count"],
            )
        self.stdout.write(told % said)
        if export.gone:
            told = ngettext(
                "%(count)d CRM id is nobody’s any more: to be taken out of the CRM.",
                "%(count)d CRM ids are nobody’s any more: to be taken out of the CRM.",
                export.gone,
            )
            self.stdout.write(told % {"count": export.gone})
