"""manage.py import_folder --keep-days: how long the files lie in done/ and refused/ when they were taken."""

import io
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from registry.management.commands import import_folder
from registry.models import ImportSource
from tests import factories

from .crm import csv_of, person

pytestmark = pytest.mark.django_db
DAY = 24 * 60 * 60


@pytest.fixture
def folder(crm, tmp_path):
    factories.save(ImportSource(operator=crm.operator, name="Bitrix24"))
    return tmp_path


@pytest.fixture
def days_later(monkeypatch):
    def days_later(days):
        monkeypatch.setattr(import_folder, "time", SimpleNamespace(time=lambda: time.time() + days * DAY))

    return days_later


@pytest.fixture
def command(folder):
    """(exit code, what was printed)."""

    def run(*said):
        out, code = io.StringIO(), 0
        try:
            call_command(
                "import_folder",
                "--operator",
                "lapp",
                "--source",
                "Bitrix24",
                "--folder",
                str(folder),
                *said,
                stdout=out,
            )
        except SystemExit as stop:
            code = stop.code
        return code, out.getvalue()

    return run


@pytest.fixture
def taken(folder, command):
    """One file was imported and one refused, both written by the CRM long ago."""
    for name, content in (("a.csv", csv_of([person(1)])), ("b.CSV", b"no header")):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (time.time() - 100 * DAY,) * 2)
    command()
    assert names(folder) == ["done/a.csv", "refused/b.CSV"]


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_files_are_deleted_thirty_days_after_they_were_moved(folder, taken, command, days_later):
    """However old they were when they came: whole files of people do not lie there for ever, and who looks after them is told."""
    days_later(29.9)
    command()
    assert names(folder) == ["done/a.csv", "refused/b.CSV"]
    days_later(30.1)
    code, said = command()
    assert (code, names(folder)) == (0, [])
    assert said.splitlines()[0] == "2 files moved more than 30 days ago are deleted."


@pytest.mark.parametrize(
    ("said", "days", "left"),
    [
        (("--keep-days", "7"), 6.9, ["done/a.csv", "refused/b.CSV"]),
        (("--keep-days", "7"), 7.1, []),
        (("--keep-days", "0"), 1000, ["done/a.csv", "refused/b.CSV"]),
        (("--plan-only",), 1000, ["done/a.csv", "refused/b.CSV"]),
    ],
)
def test_days_are_said(folder, taken, command, days_later, said, days, left):
    """Nothing is deleted before them, nor where only a plan is asked for; 0 keeps the files."""
    days_later(days)
    command(*said)
    assert names(folder) == left


def test_only_what_the_command_moved_is_deleted(folder, taken, command, days_later, tmp_path_factory):
    """Another kind of file, a folder, a link, and what lies anywhere else are not its own."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "mine.csv").write_text("mine")
    (folder / "done" / "notes.txt").write_text("mine")
    (folder / "done" / "more.csv").mkdir()
    (folder / "done" / "more.csv" / "c.csv").write_text("mine")
    (folder / "done" / "link.csv").symlink_to(elsewhere / "mine.csv")
    (folder / "kept").mkdir()
    (folder / "kept" / "d.csv").write_text("mine")
    (folder / "refused" / "b.CSV").unlink()
    (folder / "refused").rmdir()
    (folder / "refused").symlink_to(elsewhere)
    days_later(31)
    command()
    assert names(folder) == ["done/link.csv", "done/more.csv/c.csv", "done/notes.txt", "kept/d.csv"]
    assert (elsewhere / "mine.csv").exists()


def test_file_that_cannot_be_deleted_keeps_none_from_being_imported(folder, taken, command, days_later, monkeypatch):
    """It is said, by the name that shows nobody, and the exit status tells cron."""
    (folder / "c.csv").write_bytes(csv_of([person(2)]))
    unlink = Path.unlink

    def refused(path, **kwargs):
        if path.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        unlink(path, **kwargs)

    monkeypatch.setattr(Path, "unlink", refused)
    days_later(31)
    code, said = command()
    assert (code, names(folder)) == (2, ["done/a.csv", "done/c.csv"])
    assert said.splitlines()[:2] == [
        "a.csv: cannot be deleted: Permission denied.",
        "1 file moved more than 30 days ago is deleted.",
    ]


def test_days_below_nought_are_refused(command):
    """A slip of the keyboard deletes nothing."""
    with pytest.raises(CommandError, match="^--keep-days is a number of days, or 0 to keep the files, not -1.$"):
        command("--keep-days", "-1")
