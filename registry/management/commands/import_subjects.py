"""manage.py import_subjects FILE --operator CODE [--plan-only] [--json] …: people, consents and agreements from a CRM."""

import hashlib
import json
import os
import stat
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from registry import scope
from registry.choices import DateOrder, Role
from registry.imports import storage
from registry.imports.apply import AlreadyTaken, apply, cancel, take, unfinished
from registry.imports.crm_file import Said
from registry.imports.inspection import FileRefused
from registry.imports.plan import make_plan
from registry.imports.rejects import rejected_csv
from registry.imports.sources import over, said_of
from registry.models import ImportSource, Operator, User

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
        parser.add_argument("--json", action="store_true", help="print one JSON object last")

    def handle(self, *, file, operator, by, reason, **options):
        operator = self.operator_of(operator)
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
                    "Another process is applying this import, or it was cancelled. Look at its page."
                ) from None
            if rejects:
                self.write_rejects(run, rejects)
        self.tell(run, warning_count, options["json"])
        if run.rejected or run.stopped:
            sys.exit(SOME_LEFT)

    def run_for(self, path, operator, acting, options):
        """Plans and applies; a run of the same file that was cut off is finished instead."""
        source = self.source_of(options["source"], operator)
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            begun = unfinished(operator, sha256, by=acting["by"], role=acting["role"])
            if begun is not None and not options["plan_only"]:
                self.stdout.write(
                    f"Import #{begun.pk} was cut off after {begun.rows_done} rows and goes on from there."
                )
                return apply(begun, **acting, progress=self.progress("applied", begun.rows)), len(begun.warnings)
            stream.seek(0)
            chunks = iter(partial(stream.read, 1 << 20), b"")
            who = {"operator": operator, "owner": acting["by"], "role": acting["role"]}
            run = storage.upload(**who, file_name=path.name, chunks=chunks, size=path.stat().st_size)
        run.source = source
        said = over(
            said_of(source) if source else Said(),
            encoding=options["encoding"],
            delimiter=options["delimiter"],
            mapping=options["map"],
            defaults=options["default"],
            date_order=options["date_order"],
            blank_clears=options["blank_clears"],
        )
        plan = make_plan(
            run,
            said,
            **acting,
            accept_damaged_names=options["accept_damaged_names"] or bool(source and source.accept_damaged_names),
            progress=self.progress("read", None),
        )
        self.warn(run.warnings)
        if options["plan_only"]:
            cancel(run, by=acting["by"], role=acting["role"])
        else:
            taken = take(run, token=run.token, by=acting["by"], reason=acting["reason"])
            apply(taken, **acting, progress=self.progress("applied", run.rows))
        return run, plan.warning_count

    def operator_of(self, code):
        operator = Operator.objects.filter(code=code).first()
        if operator is None:
            known = ", ".join(Operator.objects.values_list("code", flat=True)) or "none"
            raise CommandError(f"There is no operator “{code}”. Known are: {known}.")
        return operator

    def source_of(self, name, operator):
        if not name:
            return None
        source = ImportSource.objects.filter(operator=operator, name=name).first()
        if source is None:
            known = ", ".join(f"“{each}”" for each in ImportSource.objects.filter(operator=operator)) or "none"
            raise CommandError(f"{operator.code} has no source “{name}”. Known are: {known}.")
        return source

    def actor(self, username, operator):
        if not username:
            return None
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None or scope.role_for(user, operator) not in ROLES:
            raise CommandError(f"“{username}” is no DPO or registrar of {operator.code} and cannot import people.")
        return user

    def progress(self, what, total):
        """A line that rewrites itself, on a terminal only."""
        if not sys.stderr.isatty():
            return None
        end = f" of {total}" if total else ""
        return lambda count: print(f"\r{count}{end} rows {what}", end="", file=sys.stderr, flush=True)

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
            kept = ("rows", "new", "changed", "same", "rejected", "stopped", "encoding")
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
