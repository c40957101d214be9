"""manage.py import_subjects FILE --operator CODE [--plan-only] [--json] …: people, consents and agreements from a CRM."""

import json
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.choices import DateOrder
from registry.imports import storage
from registry.imports.compare import KINDS
from registry.imports.crm_file import Said, as_said
from registry.imports.inspection import FileRefused
from registry.imports.progress import is_free
from registry.imports.sources import heeds, over, said_of, why_taken
from registry.imports.storage import AlreadyTaken
from registry.management import importing
from registry.management.acting import acting, operator_of, those_who_may
from registry.management.handing_out import ListsDirectory, RejectsFile
from registry.management.importing import NOT_MAILED, SOME_LEFT

WARNINGS_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Imports a CSV of the CRM. Exit 0: all applied; 2: some rows rejected or stopped; 3: the report was not mailed; "
        "1: the file is refused."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--operator", required=True, metavar="CODE")
        parser.add_argument("--plan-only", action="store_true", help="say what would be done, write nothing")
        parser.add_argument(
            "--map", action="append", default=[], metavar="HEADER=field", help="“HEADER=” leaves it out"
        )
        parser.add_argument("--default", action="append", default=[], metavar="field=value", help="for empty cells")
        parser.add_argument(
            "--source",
            metavar="NAME",
            help="what was remembered of the source's files; options go before it. Found by the columns where not said; "
            "an empty name is none",
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
        parser.add_argument(
            "--lists",
            metavar="DIR",
            help="write every list of the import into this new or empty directory; not the people missing from the file, "
            "who come from the register and leave it by an export",
        )
        parser.add_argument("--accept-damaged-names", action="store_true", help="take names that lost letters (“?”)")
        parser.add_argument("--by", default="", metavar="USER", help="who imports; without it the system does")
        parser.add_argument("--reason", default="", metavar="TEXT", help="kept in the history of every changed record")
        parser.add_argument("--background", action="store_true", help="read it here, have the worker apply it")
        parser.add_argument("--json", action="store_true", help="print one JSON object last")

    def handle(self, *, file, operator, by, reason, **options):
        operator = operator_of(operator)
        by, role = acting(by, those_who_may("import_datasubject"), operator, object_type="importrun")
        self.acting, self.options, self.reports = {"by": by, "role": role, "reason": reason}, options, None
        storage.purge_expired()
        with ExitStack() as closing:
            try:
                with told(file):
                    outputs = self.outputs(closing)
                    run, warning_count = self.run_for(Path(file), operator)
            finally:
                mailed = self.reports is None or self.reports.mail(cut_off=True)
            for output in outputs:
                self.hand_out(run, output)
        self.tell(run, warning_count)
        if not mailed or run.rejected or run.stopped:
            sys.exit(SOME_LEFT if mailed else NOT_MAILED)

    def outputs(self, closing):
        """Opened first: a path that cannot be written is no surprise to have once everything is applied."""
        asked = [(RejectsFile, self.options["rejects"]), (ListsDirectory, self.options["lists"])]
        try:
            return [closing.enter_context(output(path)) for output, path in asked if path]
        except ValidationError as refusal:
            raise CommandError(refusal.messages[0]) from None

    def run_for(self, path, operator):
        """(run, number of warnings). Plans and applies; a run of the same file that was cut off is finished instead."""
        name, options = self.options["source"], self.options
        source = importing.source_of(name, operator) if name else None
        begun = None
        if not options["plan_only"]:
            begun = importing.begun_before(importing.sha256_of(path), operator, self.acting)
        if begun is not None:
            self.refuse_other_words(begun)
            return self.finished(begun), len(begun.warnings)
        try:
            run = importing.stored(path, operator, source, self.acting)
        except FileRefused as refusal:
            self.owe(refusal.run)
            raise
        said = self.said(run)
        self.owe(run)
        shown = importing.plan(run, said, self.acting, damaged=options["accept_damaged_names"])
        self.warn(run.warnings)
        if options["plan_only"]:
            importing.give_up(run, self.acting)
        elif options["background"]:
            self.in_the_background(run)
        else:
            importing.apply(run, self.acting)
        return run, shown.warning_count

    def refuse_other_words(self, run):
        """What was cut off goes on as it was planned: what is said otherwise now would be passed over in silence."""
        if not is_free(run):
            raise AlreadyTaken
        try:
            planned = as_said(storage.read_note(run)["said"])
        except FileNotFoundError:  # the file is gone: going on says so
            return
        name = self.options["source"]
        is_other = name is not None and name != (run.source.name if run.source else "")
        is_other |= self.options["accept_damaged_names"] and not run.accept_damaged_names
        if is_other or not heeds(planned, **self.given()):
            raise CommandError(
                _("Import #%(run)d of this file was cut off, and its plan was made from other options. Give up its rest on its "
                  "page and call this again; or call it as before, to finish it as it was planned.") % {"run": run.pk}
            )  # fmt: skip

    def given(self):
        said = {name: self.options[name] for name in ("encoding", "delimiter", "date_order", "blank_clears")}
        return said | {"mapping": self.options["map"], "defaults": self.options["default"]}

    def finished(self, run):
        said = {"run": run.pk, "done": run.rows_done}
        told = ngettext(
            "Import #%(run)d was cut off after %(done)d row and goes on from there.",
            "Import #%(run)d was cut off after %(done)d rows and goes on from there.",
            run.rows_done,
        )
        self.stdout.write(told % said)
        self.owe(run)
        return importing.go_on(run, self.acting)

    def said(self, run):
        """What the options say of the file, over what its source says, which is found by the columns where none was named."""
        given = self.given()
        if self.options["source"] is None and (source := importing.known_by_columns(run, over(Said(), **given))):
            run.source = source
            otherwise = _('Name another one with --source, or none with --source "".')
            self.stdout.write(f"{why_taken(source)} {otherwise}")
        return over(said_of(run.source) if run.source else Said(), **given)

    def owe(self, run):
        """A report, where the source says to whom."""
        if run.source and run.source.report_to and not self.options["plan_only"]:
            storage.owe_report(run)
            self.reports = importing.Reports(run.source, self.stderr)

    def in_the_background(self, run):
        """Told are the counts of the plan: those of the run begin at nothing again."""
        planned = {kind: getattr(run, kind) for kind in KINDS}
        importing.apply(run, self.acting, here=False)
        vars(run).update(planned)
        said = _("Import #%(run)d waits for the worker, which applies it. Its page shows how far it is.")
        self.stdout.write(said % {"run": run.pk})

    def warn(self, warnings):
        for warning in warnings[:WARNINGS_SHOWN]:
            self.stdout.write(_("Warning: %s") % warning)
        if len(warnings) > WARNINGS_SHOWN:
            more = len(warnings) - WARNINGS_SHOWN
            told = ngettext(
                "… %d more warning is kept with the run.", "… %d more warnings are kept with the run.", more
            )
            self.stdout.write(told % more)

    def hand_out(self, run, output):
        """What is applied is applied: a full disk is told, and the rows stay with the run."""
        try:
            output.write(run, {"by": self.acting["by"], "role": self.acting["role"]})
        except OSError as error:
            self.stderr.write(
                _(
                    "%(path)s cannot be written: %(why)s. The rows are kept with import #%(run)d: download them from its page."
                )
                % {"path": output.path, "why": error.strerror, "run": run.pk}
            )

    def tell(self, run, warning_count):
        mark = {"\t": "tab"}.get(run.delimiter, run.delimiter)
        said = {name: getattr(run, name) for name in (*KINDS, "encoding")}
        said["rows"] = ngettext("%d row", "%d rows", run.rows) % run.rows
        said |= {"run": run.pk, "operator": run.operator.code, "state": run.get_state_display(), "mark": mark}
        said["warnings"] = ngettext("%d warning", "%d warnings", warning_count) % warning_count
        said["seconds"] = f"{run.seconds:.1f}"
        self.stdout.write(
            _("Import #%(run)d into %(operator)s, %(state)s: %(rows)s, %(new)d new, %(changed)d changed, %(same)d same, "
              "%(rejected)d rejected, %(stopped)d stopped (%(encoding)s, delimiter “%(mark)s”, %(warnings)s, "
              "%(seconds)s s).") % said
        )  # fmt: skip
        if self.options["json"]:
            kept = ("rows", *KINDS, "damaged", "doubles", "further", "missing", "state", "encoding")
            said = {"run": run.pk} | {name: getattr(run, name) for name in kept}
            said |= {"delimiter": mark, "warnings": warning_count, "seconds": round(run.seconds, 3)}
            self.stdout.write(json.dumps(said))


@contextmanager
def told(file):
    """What keeps a file from being imported, as the sentence the command ends with."""
    try:
        yield
    except OSError as error:
        said = {"path": error.filename or file, "why": error.strerror}
        raise CommandError(_("%(path)s cannot be read or written: %(why)s.") % said) from None
    except FileRefused as refusal:
        raise CommandError(f"{refusal.told} {importing.what_stays(refusal.run)}".strip()) from None
    except AlreadyTaken:
        raise CommandError(
            _("Another process is at this import, or it was given up. Look at its page; where a process was killed, "
              "the worker goes on in half a minute, and so does this command.")
        ) from None  # fmt: skip
