"""manage.py import_folder --operator CODE --source NAME --folder DIR [--by USER] [--keep-days N]: whatever files a CRM has put into a folder."""

import datetime as dt
import fcntl
import logging
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.imports import report, storage
from registry.imports.folders import SETTLED_SECONDS, place_for
from registry.imports.inspection import FileRefused
from registry.imports.sources import said_of
from registry.imports.storage import AlreadyTaken
from registry.management import importing
from registry.management.acting import acting, operator_of, those_who_may
from registry.management.importing import NOT_MAILED, SOME_LEFT
from registry.models import ImportRun

logger = logging.getLogger(__name__)
DONE, REFUSED = "done", "refused"
KEEP_DAYS = 30
DAY_SECONDS = 24 * 60 * 60
State = ImportRun.State
# Begun to be applied, or told of as a scheduled import: to give up a plan that somebody only looked at, here (--plan-only) or in the
# browser, is no word on the file.
MEANT = Q(step_began_at__gt=F("planned_at")) | Q(reported_at__isnull=False)


class Command(BaseCommand):
    help = (
        "Imports every *.csv of a folder, oldest first, as its source is remembered; for cron. A file is moved to done/ or "
        "refused/, where it is deleted after --keep-days, and its report is mailed; newer files wait for one that is left. Exit 0: all applied; 2: rows or files left; 3: a report was not mailed; 1: nothing was done."
    )

    def add_arguments(self, parser):
        parser.add_argument("--operator", required=True, metavar="CODE")
        parser.add_argument("--source", required=True, metavar="NAME", help="how its files are read was said once")
        parser.add_argument("--folder", required=True, metavar="DIR")
        parser.add_argument("--by", default="", metavar="USER", help="who imports; without it the system does")
        parser.add_argument(
            "--keep-days", type=int, default=KEEP_DAYS, metavar="N",
            help=f"files are deleted from done/ and refused/ so many days after they were moved there; 0: never ({KEEP_DAYS})",
        )  # fmt: skip
        parser.add_argument(
            "--plan-only", action="store_true", help="say what would be done; nothing is written, moved or deleted"
        )

    def handle(self, *, operator, source, folder, by, keep_days, plan_only, **options):
        if keep_days < 0:
            raise CommandError(_("--keep-days is a number of days, or 0 to keep the files, not %d.") % keep_days)
        operator = operator_of(operator)
        by, role = acting(by, those_who_may("import_datasubject"), operator, object_type="importrun")
        self.source = importing.source_of(source, operator)
        self.operator, self.acting, self.plan_only = operator, {"by": by, "role": role}, plan_only
        self.folder, self.exit_code = Path(folder), 0
        self.reports = importing.Reports(self.source, self.stderr)
        storage.purge_expired()
        try:
            with locked(self.folder):
                self.mail()
                self.delete_older(keep_days)
                files = self.files()
                for place, path in enumerate(files, 1):
                    if not self.take(path):
                        self.keep_waiting(files[place:])
                        break
                self.mail(cut_off=True)
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
        """What is to be imported, oldest first."""
        return sorted(own_files(self.folder), key=lambda path: (path.stat().st_mtime, path.name))

    def delete_older(self, keep_days):
        """Whole files of people are not kept for ever: a move changes nothing of a file but the time that says when it was moved."""
        if self.plan_only or not keep_days:
            return
        until, deleted = time.time() - keep_days * DAY_SECONDS, 0
        folders = [self.folder / name for name in (DONE, REFUSED)]
        for path in [path for each in folders if each.is_dir() and not each.is_symlink() for path in own_files(each)]:
            try:
                if path.stat().st_ctime < until:
                    path.unlink()
                    deleted += 1
            except OSError as error:
                self.say(path, _("cannot be deleted: %s.") % error.strerror, SOME_LEFT)
        if deleted:
            told = ngettext(
                "%(count)d file moved more than %(days)d days ago is deleted.",
                "%(count)d files moved more than %(days)d days ago are deleted.",
                deleted,
            )
            self.stdout.write(told % {"count": deleted, "days": keep_days})

    def take(self, path):
        """One file. Returns whether the next one may be taken: a file that is left is older than that, and must not come after it."""
        try:
            before = path.stat()
            if time.time() - before.st_mtime >= SETTLED_SECONDS:
                return self.take_settled(path, before)
            self.say(path, _("is still being written, left for the next time."), SOME_LEFT)
        except AlreadyTaken:
            self.say(path, _("is being imported by another process, left for the next time."), SOME_LEFT)
        except OSError as error:
            self.say(path, _("cannot be read or moved: %s.") % error.strerror, SOME_LEFT)
        except Exception:
            # What an error says may be a person's; cron would mail it.
            logger.exception("A file of the folder was not imported.")
            self.say(path, _("was not imported for an error that the log names, left for the next time."), SOME_LEFT)
            self.mail()
        return self.plan_only

    def keep_waiting(self, newer):
        """Were they imported first, what the older file says would later overwrite them."""
        if newer:
            told = ngettext(
                "%(count)d newer file waits behind it, for the newest is to have the last word.",
                "%(count)d newer files wait behind it, for the newest is to have the last word.",
                len(newer),
            )
            self.stdout.write(told % {"count": len(newer)})

    def take_settled(self, path, before):
        """Also what was imported before: another file may have come in between, and rows that are the same change nothing."""
        sha256 = importing.sha256_of(path)
        if left := self.given_up_before(sha256, before):
            self.tell(path, left)
            self.move(path, before, sha256, left)
            return True
        run = importing.begun_before(sha256, self.operator, self.acting)
        try:
            if run is None:
                run = importing.stored(path, self.operator, self.source, self.acting)
                if changed(path, before):
                    importing.give_up(run, self.acting)
                    self.say(path, _("is still being written, left for the next time."), SOME_LEFT)
                    return self.plan_only
                self.read(run)
            elif not self.plan_only:
                storage.owe_report(run)
                importing.go_on(run, self.acting)
        except FileRefused as refusal:
            run = run or refusal.run
        except AlreadyTaken:
            run.refresh_from_db()
            if run.state != State.CANCELLED:
                raise
        self.tell(path, run)
        if not self.plan_only:
            storage.owe_report(run)
            self.mail()
            self.move(path, before, sha256, run)
        return True

    def given_up_before(self, sha256, before):
        """The run of this very file that somebody gave up since it was put here, or None. Put here again, it is imported again."""
        since = dt.datetime.fromtimestamp(before.st_ctime, dt.UTC)
        runs = ImportRun.objects.filter(
            operator=self.operator, source=self.source, sha256=sha256, uploaded_at__gt=since
        )
        last = runs.filter(MEANT).order_by("pk").last()
        by_somebody = last and last.state == State.CANCELLED and last.refusal != str(storage.FORGOTTEN)
        return last if by_somebody else None

    def read(self, run):
        said = said_of(self.source)
        if self.plan_only:
            importing.plan(run, said, self.acting)
            planned = {name: getattr(run, name) for name in ("state", *report.COUNTS)}
            importing.give_up(run, self.acting)
            vars(run).update(planned)
        else:
            storage.owe_report(run)
            importing.plan(run, said, self.acting)
            importing.apply(run, self.acting)

    def tell(self, path, run):
        if run.refusal:  # without what it quotes: cron mails what is printed
            refusal = f"{run.refusal} {importing.what_stays(run)}".strip()
            self.say(path, _("is refused: %s") % refusal, SOME_LEFT)
            return
        if run.state == State.CANCELLED:
            self.say(path, given_up(run), SOME_LEFT)
            return
        counts = {name: getattr(run, name) for name in report.COUNTS} | {"run": run.pk}
        self.say(
            path,
            ngettext(
                "import #%(run)d, %(rows)d row, %(new)d new, %(changed)d changed, %(same)d same, %(rejected)d rejected, "
                "%(stopped)d stopped.",
                "import #%(run)d, %(rows)d rows, %(new)d new, %(changed)d changed, %(same)d same, %(rejected)d rejected, "
                "%(stopped)d stopped.",
                run.rows,
            )
            % counts,
            SOME_LEFT if run.rejected or run.stopped else 0,
        )

    def say(self, path, sentence, code=0):
        """Names of files may name people: the terminal of whoever set the folder up shows them as the run keeps them."""
        self.stdout.write(f"{storage.shown_name(path.name)}: {sentence}")
        self.exit_code = max(self.exit_code, code)

    def mail(self, **also):
        """What is imported stays imported, whatever the mail server says."""
        if not self.plan_only and not self.reports.mail(**also):
            self.exit_code = NOT_MAILED

    def move(self, path, before, sha256, run):
        """Out of the way, so that it is not looked at twice. Nothing that lies there is overwritten, and no other file moved than
        the one that was read."""
        if self.plan_only:
            return
        folder = path.parent / (REFUSED if run.refusal or run.state == State.CANCELLED else DONE)
        target = place_for(path, folder)
        if importing.sha256_of(path) == sha256 and not changed(path, before):
            path.rename(target)
        else:
            self.say(path, _("was replaced meanwhile: the new file is left for the next time."), SOME_LEFT)


def given_up(run):
    """Of an import that somebody gave up: how far it had come."""
    if run.wrote_nothing:
        told = _("import #%(run)d was given up before anything was written. Put the file here again to import it.")
    else:
        told = ngettext(
            "import #%(run)d was given up after %(done)d of %(rows)d row: what was applied stays. Put the file here "
            "again to import it.",
            "import #%(run)d was given up after %(done)d of %(rows)d rows: what was applied stays. Put the file here "
            "again to import it.",
            run.rows,
        )
    return told % {"run": run.pk, "done": run.rows_done, "rows": run.rows}


def own_files(folder):
    """The folder's own files of the name that the command takes, and keeps when it moves them; what another folder's link leads to is
    none of them."""
    return [
        path for path in folder.iterdir() if path.suffix.lower() == ".csv" and path.is_file() and not path.is_symlink()
    ]


def changed(path, before):
    now = path.stat()
    return (now.st_ino, now.st_size, now.st_mtime_ns) != (before.st_ino, before.st_size, before.st_mtime_ns)


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
