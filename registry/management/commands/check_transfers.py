"""manage.py check_transfers [--operator CODE]: what the day does to running cross-border transfers; for cron, after midnight."""

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from registry.management.acting import operator_of
from registry.operations.transfers import check_transfers


class Command(BaseCommand):
    """Run again it changes nothing."""

    help = (
        "Suspends the cross-border transfers that must not go on today, because the standing of a country began or ended or the "
        "authorised body prohibited them, and takes up again those that may."
    )

    def add_arguments(self, parser):
        parser.add_argument("--operator", default="", metavar="CODE", help="only this operator; default: all")

    def handle(self, *, operator, **options):
        named = operator_of(operator) if operator else None
        suspended, resumed = check_transfers(by=None, operator=named)
        for each in suspended:
            why = each.get_suspension_display()
            self.stdout.write(_("%(operator)s, %(code)s: suspended, %(why)s.") % (said(each) | {"why": why}))
        for each in resumed:
            self.stdout.write(_("%(operator)s, %(code)s: taken up again.") % said(each))
        if not suspended and not resumed:
            self.stdout.write(_("Nothing changes today."))


def said(transfer):
    return {"operator": transfer.operator.code, "code": transfer.code}
