"""manage.py undo_import RUN --operator CODE [--by USER] [--reason TEXT]: takes back what an import did."""

import sys

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry import tasks
from registry.imports.apply import may_finish
from registry.imports.storage import AlreadyTaken, purge_expired
from registry.management.acting import acting, operator_of, those_who_may
from registry.management.importing import go_on
from registry.management.line import Line
from registry.models import ImportRun

SOME_LEFT = 2
State = ImportRun.State


class Command(BaseCommand):
    help = "Undoes a CRM import. Exit 0: everybody is put back; 2: some are left as they are; 1: it is refused."

    def add_arguments(self, parser):
        parser.add_argument("run", metavar="RUN", type=int, help="number of the import")
        parser.add_argument("--operator", required=True, metavar="CODE")
        parser.add_argument("--by", default="", metavar="USER", help="who undoes; without it the system does, its own")
        parser.add_argument("--reason", default="", metavar="TEXT", help="kept in the history of every record put back")

    def handle(self, *, run, operator, by, reason, **options):
        operator, run = self.run_of(operator, run)
        by, role = acting(by, those_who_may("import_datasubject"), operator, object_type="importrun")
        purge_expired()
        try:
            if run.state != State.UNDONE:
                run = self.undone(run, by, role, reason)
        except PermissionDenied:
            raise CommandError(
                _("Import #%d is not yours to undo. Name in --by its owner or a data protection officer.") % run.pk
            ) from None
        except AlreadyTaken:
            raise CommandError(self.why_not(ImportRun.objects.get(pk=run.pk))) from None
        told = ngettext(
            "Import #%(run)d, undone on %(day)s: %(undone)d person put back; left as they are: %(left)d.",
            "Import #%(run)d, undone on %(day)s: %(undone)d people put back; left as they are: %(left)d.",
            run.undone,
        )
        said = {"run": run.pk, "day": timezone.localdate(run.undone_at), "undone": run.undone, "left": run.left}
        self.stdout.write(told % said)
        if run.left:
            sys.exit(SOME_LEFT)

    def run_of(self, code, number):
        operator = operator_of(code)
        run = ImportRun.objects.filter(operator=operator, pk=number).first()
        if run is None:
            raise CommandError(
                _("%(operator)s has no import #%(run)d. Its imports are listed in the admin.")
                % {"operator": code, "run": number}
            )
        return operator, run

    def undone(self, run, by, role, reason):
        """Takes the run, or goes on with an undo that was cut off."""
        acting = {"by": by, "role": role}
        if run.state != State.UNDOING:
            with Line() as line:
                tasks.begin_undo(run, **acting, reason=reason, here=True, line=line)
        elif may_finish(run, by=by, role=role):
            told = ngettext(
                "The undo of import #%(run)d was cut off after %(done)d person and goes on from there.",
                "The undo of import #%(run)d was cut off after %(done)d people and goes on from there.",
                run.rows_done,
            )
            self.stdout.write(told % {"run": run.pk, "done": run.rows_done})
            go_on(run, acting)
        else:
            raise PermissionDenied
        return run

    def why_not(self, run):
        if run.state in (State.UNDOING, State.UNDONE):
            return _("Another process is undoing import #%d. Look at its page.") % run.pk
        return _("Import #%(run)d is %(state)s: it wrote nothing that could be undone, or is not at its end.") % {
            "run": run.pk,
            "state": run.get_state_display(),
        }
