"""manage.py reconcile [--by USER]: does the register say what its journal says, and are its files there?"""

from itertools import chain

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.exports import runs
from registry.journal import record, unit_of_work
from registry.journal.reconcile import findings
from registry.management.acting import acting, those_who_may
from registry.operations import kept_files


class Command(BaseCommand):
    help = "Compares live rows, history, journal and kept files. Prints what does not agree and ends with exit code 1 then."

    def add_arguments(self, parser):
        parser.add_argument(
            "--by",
            default="",
            metavar="USER",
            help="who verifies: an administrator, or who may read the journal of every operator",
        )
        parser.add_argument("--reason", default="", metavar="TEXT")

    def handle(self, *, by, reason, **options):
        by, role = acting(by, those_who_may("view_journalentry"), object_type="journalentry")
        count = 0
        for finding in chain(findings(), runs.findings(), kept_files.findings()):
            count += 1
            self.stdout.write(str(finding))
        with unit_of_work(by=by, role=role, reason=reason):
            record("journal.verify", count=count)
        if count:
            self.stdout.write(ngettext("%d finding.", "%d findings.", count) % count)
            raise SystemExit(1)
        self.stdout.write(_("Everything agrees: records, history, journal and kept files."))
