"""manage.py export_audit [--operator CODE] [--subject UID] [--from TIME] [--to TIME] [--changes [xlsx]] [--by USER] … -o DIR"""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import ngettext

from registry.exports import audit, trail
from registry.exports.span import parse_span
from registry.management.acting import acting, operator_of, those_who_may
from registry.management.output import unwritable

MAY_EXPORT = those_who_may("view_exportrun", "export_journalentry", "add_exportrun")


class Command(BaseCommand):
    help = "Writes the audit trail with what a third party needs to verify it offline."

    def add_arguments(self, parser):
        parser.add_argument(
            "--operator", default="", metavar="CODE", help="only this operator's entries, others as digests"
        )
        parser.add_argument("--subject", default="", metavar="UID", help="only entries that touch this data subject")
        parser.add_argument(
            "--from",
            dest="since",
            default="",
            metavar="TIME",
            help="entries of this day (2026-01-31) or time and later",
        )
        parser.add_argument(
            "--to",
            dest="until",
            default="",
            metavar="TIME",
            help="entries up to the end of this day, or up to this time",
        )
        parser.add_argument(
            "--changes",
            nargs="?",
            const="csv",
            default="",
            choices=list(audit.CHANGES),
            help="also changes.csv, one changed field a line; “--changes xlsx” makes changes.xlsx of it",
        )
        parser.add_argument(
            "--by",
            default="",
            metavar="USER",
            help="who exports: a DPO or auditor of the operator, without --operator of each; personal values are for the DPO",
        )
        parser.add_argument("--reason", default="", metavar="TEXT")
        parser.add_argument("-o", "--output", required=True, metavar="DIR", help="a new or empty directory")

    def handle(self, *, operator, subject, since, until, changes, by, reason, output, **options):
        operator = operator_of(operator) if operator else None
        try:
            span = parse_span(since, until, timezone.now())
            if subject:
                found = audit.subject_of(subject, operator)
                operator, subject = operator or found.operator, found.uid
            by, role = acting(by, MAY_EXPORT, operator, object_type="exportrun")
            self.tell_size(span, operator, subject)
            with audit.Directory(output) as directory:
                run = audit.export(
                    directory,
                    by=by,
                    role=role,
                    operator=operator,
                    subject=subject or None,
                    changes_as=changes,
                    personal_of=audit.personal_of(by, operator),
                    reason=reason,
                    span=span,
                )
        except ValidationError as refusal:
            raise CommandError(refusal.messages[0]) from None
        except OSError as error:
            raise unwritable(output, error) from None
        told = ngettext(
            "%(directory)s: %(count)d entry. Verify:", "%(directory)s: %(count)d entries. Verify:", run.count
        )
        self.stdout.write(told % {"directory": output, "count": run.count} + f" {audit.verify_command(run)}")

    def tell_size(self, span, operator, subject):
        first, head = span.entries()
        limits = {"first": first or 1, "last": head.seq if head else None}
        size = trail.size(operator.code if operator else "", subject or None, **limits)
        said = {"entries": size.entries, "whole": size.whole, "bytes": filesizeformat(size.bytes)}
        told = ngettext(
            "%(entries)d entry, %(whole)d of them whole, about %(bytes)s.",
            "%(entries)d entries, %(whole)d of them whole, about %(bytes)s.",
            size.entries,
        )
        self.stdout.write(told % said)
