"""What the commands that import share: a source, a file that is read and applied in one go, and its report."""

import hashlib
from contextlib import suppress
from functools import partial

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry import tasks
from registry.imports import report, storage
from registry.imports.apply import cancel, unfinished
from registry.imports.asking import open_table
from registry.imports.crm_file import Said
from registry.imports.inspection import FileRefused
from registry.imports.sources import of_columns
from registry.models import ImportSource
from registry.rules.letters import MAIL_FAILURES

from .line import Line

CHUNK_BYTES = 1 << 20
SOME_LEFT, NOT_MAILED = 2, 3


def source_of(name, operator):
    source = ImportSource.objects.filter(operator=operator, name=name).first()
    if source is None:
        known = ", ".join(f"“{each}”" for each in ImportSource.objects.filter(operator=operator)) or _("none")
        raise CommandError(
            _("%(operator)s has no source “%(name)s”. Known are: %(known)s.")
            % {"operator": operator.code, "name": name, "known": known}
        )
    return source


def known_by_columns(run, said):
    """The source whose files have the columns of the run's file, as the browser knows it; None where no table can be read."""
    with suppress(FileRefused):
        return of_columns(run.operator, open_table(run, said).header)


def sha256_of(path):
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def begun_before(sha256, operator, acting):
    """The run of this very file that was begun to be applied and is for this user to finish, or None."""
    return unfinished(operator, sha256, by=acting["by"], role=acting["role"])


def go_on(run, acting):
    """Finishes a run that was begun before; AlreadyTaken where somebody is at it."""
    with Line() as line:
        tasks.go_on(run, by=acting["by"], role=acting["role"], here=True, line=line)
    return run


def stored(path, operator, source, acting):
    """A run for a file on this machine. OSError where it cannot be read, FileRefused, with its `run`, where it is too large."""
    who = {"operator": operator, "owner": acting["by"], "role": acting["role"]}
    with path.open("rb") as stream:
        chunks = iter(partial(stream.read, CHUNK_BYTES), b"")
        try:
            run = storage.upload(**who, file_name=path.name, chunks=chunks, size=path.stat().st_size)
        except FileRefused as refusal:
            refusal.run.source = source
            refusal.run.save(update_fields=["source"])
            raise
    run.source = source
    return run


def plan(run, said: Said, acting, *, damaged=False):
    """Reads the run's file; the source's own word on damaged names counts, too."""
    damaged = damaged or bool(run.source and run.source.accept_damaged_names)
    with Line() as line:
        return tasks.begin_planning(run, said, **acting, accept_damaged_names=damaged, here=True, line=line)


def apply(run, acting, *, here=True):
    """Applies the plan at once, or has the worker do it."""
    with Line() as line:
        tasks.begin_apply(run, token=run.token, **acting, here=here, line=line)


def what_stays(run):
    """Of an import that was cut off and then refused: that the rows it had applied stay. Empty where it had applied none."""
    if run is None or not run.refusal or not run.rows_done:
        return ""
    told = ngettext(
        "Import #%(run)d had applied %(done)d of %(rows)d row before: what was applied stays.",
        "Import #%(run)d had applied %(done)d of %(rows)d rows before: what was applied stays.",
        run.rows,
    )
    return told % {"run": run.pk, "done": run.rows_done, "rows": run.rows}


def give_up(run, acting):
    cancel(run, by=acting["by"], role=acting["role"])


class Reports:
    """Mails what is owed of a source's runs, also those of calls that were cut off; each is tried once."""

    def __init__(self, source, stderr):
        self.source, self.stderr, self.failed = source, stderr, set()

    def mail(self, *, cut_off=False):
        """Whether all were mailed. cut_off: once nothing is gone on with here any more."""
        with suppress(DatabaseError):  # it stays owed
            for run in report.owed(source=self.source, cut_off=cut_off):
                if run.pk not in self.failed:
                    self._send(run)
        return not self.failed

    def _send(self, run):
        try:
            report.send(run)
        except MAIL_FAILURES as error:
            self.failed.add(run.pk)
            self.stderr.write(
                _("The report of import #%(run)d was not mailed (%(error)s): the next call tries again. The page of the "
                  "import says the same.") % {"run": run.pk, "error": type(error).__name__}
            )  # fmt: skip
