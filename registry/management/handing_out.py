"""Rows of an import that a command hands out, for somebody to look at: files of their owner alone, for they hold personal values."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from registry import journal
from registry.exports.audit import Directory
from registry.imports.lists import LISTS, length_of, rows_of
from registry.imports.rejects import file_name, list_csv, rejected_csv


class RejectsFile:
    """All rows that were not taken. Private also where the file was there before.

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

    def write(self, run, actor):
        _record(run, actor, "rejects.download", run.rejected + run.stopped)
        if self.is_file:
            os.ftruncate(self.descriptor, 0)
        self.written = True
        with open(self.descriptor, "wb", closefd=False) as out:
            out.writelines(rejected_csv(run))

    def __exit__(self, *failure):
        os.close(self.descriptor)
        if self.made and not self.written:
            self.path.unlink(missing_ok=True)


class ListsDirectory:
    """Every list of rows that has one in it, under the name the browser gives it. ValidationError where the directory is not empty.

    People who are missing from the file are not among them: they come from the register, and leave it by an export.
    """

    def __init__(self, path):
        self.path = Path(path)

    def __enter__(self):
        self.in_vain = not self.path.exists()
        self.directory = Directory(self.path)
        return self

    def write(self, run, actor):
        self.in_vain = False
        with self.directory:
            for kind, listing in LISTS.items():
                if listing.kinds and rows_of(run, listing.kinds).exists():
                    _record(run, actor, "import.list.download", length_of(run, listing), reason_code=kind)
                    with self.directory.file(file_name(run, kind)) as out:
                        out.writelines(list_csv(run, kind))
            self.directory.close()

    def __exit__(self, *failure):
        if self.in_vain:
            with suppress(OSError):  # something lies in it
                self.path.rmdir()


def _record(run, actor, action, count, **said):
    """Before the first byte leaves."""
    with journal.unit_of_work(**actor, operator=run.operator, run=run.pk):
        journal.record(action, object_type="importrun", uid=run.uid, count=count, **said)
