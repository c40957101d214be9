"""manage.py import_folder --operator CODE --source NAME --folder DIR [--by USER]: whatever files a CRM has put into a folder."""

import fcntl
import logging
import os
import smtplib
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from django.core.mail import EmailMessage
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from registry.imports import report, storage
from registry.imports.inspection import FileRefused
from registry.imports.sources import said_of
from registry.imports.storage import AlreadyTaken
from registry.management import importing
from registry.management.acting import acting, those_who_may
from registry.models import ImportRun

logger = logging.getLogger(__name__)
# A file that was written to within this time may not be complete yet.
SETTLED_SECONDS = 5
SOME_LEFT, NOT_MAILED = 2, 3
DONE, REFUSED = "done", "refused"
State = ImportRun.State


class Command(BaseCommand):
    help = (
        "Imports every *.csv of a folder, oldest first, as its source is remembered; for cron. A file is moved to done/ or "
        "refused/ and its report is mailed. Exit 0: all applied; 2: rows or files left; 3: a report was not mailed; 1: nothing was done."
    )

    def add_arguments(self, parser):
        parser.add_argument("--operator", required=True, metavar="CODE")
        parser.add_argument("--source", required=True, metavar="NAME", help="how its files are read was said once")
        parser.add_argument("--folder", required=True, metavar="DIR")
        parser.add_argument("--by", default="", metavar="USER", help="who imports; without it the system does")
        parser.add_argument(
            "--plan-only", action="store_true", help="say what would be done; nothing is written or moved"
        )

    def handle(self, *, operator, source, folder, by, plan_only, **options):
        operator = importing.operator_of(operator)
        by, role = acting(by, those_who_may("import_datasubject"), operator, object_type="importrun")
        self.source = importing.source_of(source, operator)
        self.operator, self.acting, self.plan_only = operator, {"by": by, "role": role}, plan_only
        self.folder, self.exit_code = Path(folder), 0
        storage.purge_expired()
        try:
            with locked(self.folder):
                files = self.files()
                for path in files:
                    self.take(path)
        except OSError as error:
            raise CommandError(
                _("%(path)s cannot be read or written: %(why)s.")
                % {"path": error.filename or folder, "why": error.strerror}
            ) from None
        if not files:
            self.stdout.write(_("There is no file to import in %s.") % folder)
        if self.exit_code:
            sys.exit(self.exit_code)

    def files(self):
        """The folder's own files, oldest first; what another folder's link leads to is none of them."""
        found = [
            path
            for path in self.folder.iterdir()
            if path.suffix.lower() == ".csv" and path.is_file() and not path.is_symlink()
        ]
        return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))

    def take(self, path):
        """One file. Whatever is wrong with it keeps nothing from the next one."""
        try:
            before = path.stat()
            if time.time() - before.st_mtime < SETTLED_SECONDS:
                self.say(path, _("is still being written, left for the next time."), SOME_LEFT)
            elif earlier := self.applied_before(path):
                self.say(path, _("was imported as #%d before, nothing is done.") % earlier.pk)
                self.move(path, DONE)
            else:
                self.take_new(path, before)
        except AlreadyTaken:
            self.say(path, _("is being imported by another process, left for the next time."), SOME_LEFT)
        except OSError as error:
            self.say(path, _("cannot be read or moved: %s.") % error.strerror, SOME_LEFT)
        except Exception:
            # What an error says may be a person's; cron would mail it.
            logger.exception("A file of the folder was not imported.")
            self.say(path, _("was not imported for an error that the log names, left for the next time."), SOME_LEFT)

    def take_new(self, path, before):
        refusal, run = None, importing.begun_before(path, self.operator, self.acting)
        try:
            if run is None:
                run = importing.stored(path, self.operator, self.source, self.acting)
                if changed(path, before):
                    importing.give_up(run, self.acting)
                    self.say(path, _("is still being written, left for the next time."), SOME_LEFT)
                    return
                self.read(run)
            elif not self.plan_only:
                importing.go_on(run, self.acting)
        except FileRefused as told:
            run, refusal = run or told.run, told
        self.tell(path, run, refusal)
        if not self.plan_only:
            self.mail(run, refusal)
            self.move(path, REFUSED if refusal else DONE)

    def applied_before(self, path):
        runs = ImportRun.objects.filter(operator=self.operator, source=self.source, state=State.APPLIED)
        return runs.filter(sha256=importing.sha256_of(path)).order_by("-pk").first()

    def read(self, run):
        importing.plan(run, said_of(self.source), self.acting)
        if self.plan_only:
            planned = {name: getattr(run, name) for name in report.COUNTS}
            importing.give_up(run, self.acting)
            vars(run).update(planned)
        else:
            importing.apply(run, self.acting)

    def tell(self, path, run, refusal):
        if refusal:  # without what it quotes: cron mails what is printed
            self.say(path, _("is refused: %s") % refusal, SOME_LEFT)
            return
        counts = {name: getattr(run, name) for name in report.COUNTS} | {"run": run.pk}
        self.say(
            path,
            _("import #%(run)d, %(rows)d rows, %(new)d new, %(changed)d changed, %(same)d same, %(rejected)d rejected, "
              "%(stopped)d stopped.") % counts,
            SOME_LEFT if run.rejected or run.stopped else 0,
        )  # fmt: skip

    def say(self, path, sentence, code=0):
        """Names of files may name people: the terminal of whoever set the folder up shows them as the run keeps them."""
        self.stdout.write(f"{storage.shown_name(path.name)}: {sentence}")
        self.exit_code = max(self.exit_code, code)

    def mail(self, run, refusal):
        """To the source's mailbox and to whoever imports. What is imported stays imported, whatever the mail server says."""
        run.refresh_from_db()
        to = dict.fromkeys(filter(None, (self.source.report_to, getattr(self.acting["by"], "email", ""))))
        if not to:
            return
        try:
            message = EmailMessage(report.subject(run), report.body(run, refusal=str(refusal or "")), to=list(to))
            message.send()
        except (OSError, smtplib.SMTPException) as error:
            self.stderr.write(
                _("The report of import #%(run)d was not mailed (%(error)s). The page of the import says the same.")
                % {"run": run.pk, "error": type(error).__name__}
            )
            self.exit_code = NOT_MAILED

    def move(self, path, where):
        """Out of the way, so that it is not looked at twice; nothing that lies there is overwritten."""
        if self.plan_only:
            return
        folder = path.parent / where
        folder.mkdir(mode=0o700, exist_ok=True)
        target, number = folder / path.name, 1
        while target.exists():
            number += 1
            target = folder / f"{path.stem}-{number}{path.suffix}"
        path.rename(target)


def changed(path, before):
    now = path.stat()
    return (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns)


@contextmanager
def locked(folder):
    """One process at a time in a folder: cron may start the next before the last has ended."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise CommandError(_("Another process is importing from this folder: nothing is done.")) from None
    try:
        yield
    finally:
        os.close(descriptor)
