"""manage.py import_subjects FILE --operator CODE [--plan-only] [--json] …: people, consents and agreements from a CRM."""

import json
import os
import stat
import sys
from contextlib import ExitStack
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from registry import scope
from registry.choices import DateOrder, Role
from registry.imports import storage
from registry.imports.compare import KINDS
from registry.imports.crm_file import Said
from registry.imports.inspection import FileRefused
from registry.imports.rejects import rejected_csv
from registry.imports.sources import over, said_of
from registry.imports.storage import AlreadyTaken
from registry.management.importing import apply, begun_before, give_up, go_on, operator_of, plan, source_of, stored
from registry.models import User

SOME_LEFT = 2
WARNINGS_SHOWN = 20
ROLES = (Role.DPO, Role.REGISTRAR, "system")


class Command(BaseCommand):
    help = "Imports a CSV of the CRM. Exit 0: all applied; 2: some rows rejected or stopped; 1: the file is refused."

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--operator", required=True, metavar="CODE")
        parser.add_argument("--plan-only", action="store_true", help="say what would be done, write nothing")
        parser.add_argument(
            "--map", action="append", default=[], metavar="HEADER=field", help="“HEADER=” leaves it out"
        )
        parser.add_argument("--default", action="append", default=[], metavar="field=value", help="for empty cells")
        parser.add_argument(
            "--source", metavar="NAME", help="what was remembered of the source's files; options go before it"
        )
        parser.add_argument(
            "--date-order",
            default="",
            choices=DateOrder.values,
            help="how 01/02/2003 is read where the file leaves it open",
        )
        parser.add_argument(
            "--blank-clears", action="store_true", help="empty cells clear what is stored of the person"
        )
        parser.add_argument("--encoding", metavar="E", help="utf-8, utf-16 or cp1251; found out where not said")
        parser.add_argument("--delimiter", metavar="D", help="; , | or tab; found out where not said")
        parser.add_argument("--rejects", metavar="OUT.csv", help="write rejected and stopped rows here, with reasons")
        parser.add_argument("--accept-damaged-names", action="store_true", help="take names that lost letters (“?”)")
        parser.add_argument("--by", default="", metavar="USER", help="who imports; without it the system does")
        parser.add_argument("--reason", default="", metavar="TEXT", help="kept in the history of every changed record")
        parser.add_argument("--background", action="store_true", help="read it here, have the worker apply it")
        parser.add_argument("--json", action="store_true", help="print one JSON object last")

    def handle(self, *, file, operator, by, reason, **options):
        operator = operator_of(operator)
        by = self.actor(by, operator)
        acting = {"by": by, "role": scope.role_for(by, operator), "reason": reason}
        storage.purge_expired()
        with ExitStack() as closing:
            try:
                # Opened first: a path that cannot be written is no surprise to have once everything is applied.
                rejects = closing.enter_context(RejectsFile(options["rejects"])) if options["rejects"] else None
                run, warning_count = self.run_for(Path(file), operator, acting, options)
            except OSError as error:
                raise CommandError(f"{error.filename or file} cannot be read or written: {error.strerror}.") from None
            except FileRefused as refusal:
                raise CommandError(refusal.told) from None
            except AlreadyTaken:
                raise CommandError(
                    "Another process is at this import, or it was cancelled. Look at its page; where a process was killed, "
                    "the worker goes on in half a minute, and so does this command."
                ) from None
            if rejects:
                self.write_rejects(run, rejects)
        self.tell(run, warning_count, options["json"])
        if run.rejected or run.stopped:
            sys.exit(SOME_LEFT)

    def run_for(self, path, operator, acting, options):
        """(run, number of warnings). Plans and applies; a run of the same file that was cut off is finished instead."""
        source = source_of(options["source"], operator) if options["source"] else None
        begun = None if options["plan_only"] else begun_before(path, operator, acting)
        if begun is not None:
            self.stdout.write(f"Import #{begun.pk} was cut off after {begun.rows_done} rows and goes on from there.")
            return go_on(begun, acting), len(begun.warnings)
        run = stored(path, operator, source, acting)
        said = over(
            said_of(source) if source else Said(),
            encoding=options["encoding"],
            delimiter=options["delimiter"],
            mapping=options["map"],
            defaults=options["default"],
            date_order=options["date_order"],
            blank_clears=options["blank_clears"],
        )
        shown = plan(run, said, acting, damaged=options["accept_damaged_names"])
        self.warn(run.warnings)
        if options["plan_only"]:
            give_up(run, acting)
        elif options["background"]:
            self.in_the_background(run, acting)
        else:
            apply(run, acting)
        return run, shown.warning_count

    def in_the_background(self, run, acting):
        """Told are the counts of the plan: those of the run begin at nothing again."""
        planned = {kind: getattr(run, kind) for kind in KINDS}
        apply(run, acting, here=False)
        vars(run).update(planned)
        self.stdout.write(f"Import #{run.pk} waits for the worker, which applies it. Its page shows how far it is.")

    def actor(self, username, operator):
        if not username:
            return None
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None or scope.role_for(user, operator) not in ROLES:
            raise CommandError(f"“{username}” is no DPO or registrar of {operator.code} and cannot import people.")
        return user

    def warn(self, warnings):
        for warning in warnings[:WARNINGS_SHOWN]:
            self.stdout.write(f"Warning: {warning}")
        if len(warnings) > WARNINGS_SHOWN:
            self.stdout.write(f"… {len(warnings) - WARNINGS_SHOWN} more warnings are kept with the run.")

    def write_rejects(self, run, rejects):
        """What is applied is applied: a full disk is told, and the rows stay with the run."""
        try:
            rejects.write(rejected_csv(run))
        except OSError as error:
            self.stderr.write(
                f"{rejects.path} cannot be written: {error.strerror}. The rejected rows are kept with import #{run.pk}: "
                "download them from its page."
            )

    def tell(self, run, warning_count, as_json):
        mark = {"\t": "tab"}.get(run.delimiter, run.delimiter)
        self.stdout.write(
            f"Import #{run.pk} into {run.operator.code}, {run.get_state_display()}: {run.rows} rows, {run.new} new, "
            f"{run.changed} changed, {run.same} same, {run.rejected} rejected, {run.stopped} stopped "
            f"({run.encoding}, delimiter “{mark}”, {warning_count} warnings, {run.seconds:.1f} s)."
        )
        if as_json:
            kept = ("rows", *KINDS, "damaged", "doubles", "missing", "state", "encoding")
            said = {"run": run.pk} | {name: getattr(run, name) for name in kept}
            said |= {"delimiter": mark, "warnings": warning_count, "seconds": round(run.seconds, 3)}
            self.stdout.write(json.dumps(said))


class RejectsFile:
    """Readable by its owner only, also where it was there before: the rows hold personal values.

    It keeps what it held until there is something to write; one made here in vain is taken away again.
    """

    def __init__(self, path):
        self.path, self.written = Path(path), False

    def __enter__(self):
        self.made = not self.path.exists()
        self.descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.is_file = stat.S_ISREG(os.fstat(self.descriptor).st_mode)
        if self.is_file:
            os.fchmod(self.descriptor, 0o600)
        return self

    def write(self, pieces):
        if self.is_file:
            os.ftruncate(self.descriptor, 0)
        self.written = True
        with open(self.descriptor, "wb", closefd=False) as out:
            out.writelines(pieces)

    def __exit__(self, *failure):
        os.close(self.descriptor)
        if self.made and not self.written:
            self.path.unlink(missing_ok=True)
