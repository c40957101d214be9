"""Columns that a source knows by their number: said of one header row, and of no other."""

import io
import os
import time

import pytest
from django.core.management import CommandError, call_command

from registry.imports.columns import match_columns
from registry.imports.inspection import FileAsks
from registry.models import DataSubject, ImportRun, ImportSource
from tests import factories

pytestmark = pytest.mark.django_db
SURNAME_SECOND = "ID;;Телефон\n1;Ким;8 701 123 45 67\n".encode()
PHONE_SECOND = "ID;Телефон;\n1;8 701 123 45 67;Ким\n".encode()
ASKED = (
    "The source names columns by their number (#2=surname), which was said of another header row than this file has. Look at "
    'its columns in the browser, or say what they are (in a command: --map "#2=surname").'
)


@pytest.fixture
def bare(lapp):
    return factories.save(ImportSource(operator=lapp, name="Bare", mapping="#2=surname"))


@pytest.fixture
def command(bare, tmp_path):
    def run(content, *said):
        path = tmp_path / "people.csv"
        path.write_bytes(content)
        call_command("import_subjects", path, "--operator", "lapp", "--source", "Bare", *said, stdout=io.StringIO())
        return DataSubject.objects.get()

    return run


def test_number_is_said_of_one_header_row(command):
    """A file with the same header row is read as the last one was; where the columns stand otherwise, the command asks."""
    command(SURNAME_SECOND, "--map", "#2=surname")
    assert command(SURNAME_SECOND.replace("Ким".encode(), "Цой".encode())).surname == "Цой"
    with pytest.raises(CommandError) as refused:
        command(PHONE_SECOND)
    assert str(refused.value) == ASKED + " Columns found: “ID”, “Телефон”, “—”."
    assert DataSubject.objects.get().surname == "Цой"


def test_number_that_was_entered_by_hand_was_said_of_no_file(command):
    """Until a file was read so, nobody knows which header row was meant."""
    with pytest.raises(CommandError, match="^The source names columns by their number"):
        command(SURNAME_SECOND)
    command(SURNAME_SECOND, "--map", "#2=surname")
    command(SURNAME_SECOND)


def test_what_is_said_of_this_file_answers(command):
    """Who names the column on the command line has looked at it; what was remembered is asked about no more."""
    command(SURNAME_SECOND, "--map", "#2=surname")
    subject = command(PHONE_SECOND, "--map", "Телефон=phone", "--map", "#3=surname")
    assert (subject.surname, subject.phone) == ("Ким", "+77011234567")
    with pytest.raises(CommandError, match="^The source names columns by their number"):
        command(PHONE_SECOND)


def test_rows_of_people_are_no_header_row(command):
    """Where the first line is somebody's, it is never the same: the numbers of last week tell nothing."""
    said = ("--map", "#1=crm_id", "--map", "#2=surname")
    command(b"C1;Kim;a@example.kz\nC2;Tsoi;b@example.kz\n", *said)
    with pytest.raises(CommandError, match="^The source names columns by their number"):
        command(b"C3;c@example.kz;Lee\nC4;d@example.kz;Pak\n", "--map", "#1=crm_id")


def test_files_of_a_folder_are_not_read_by_old_numbers(command, tmp_path):
    """Nobody looks on: such a file is refused with the question, and the register stays."""
    command(SURNAME_SECOND, "--map", "#2=surname")
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "next.csv"
    path.write_bytes(PHONE_SECOND)
    os.utime(path, (time.time() - 60,) * 2)
    out = io.StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("import_folder", "--operator", "lapp", "--source", "Bare", "--folder", str(folder), stdout=out)
    assert (left.value.code, out.getvalue()) == (2, f"next.csv: is refused: {ASKED}\n")
    assert (folder / "refused" / "next.csv").exists()
    assert (DataSubject.objects.get().surname, ImportRun.objects.latest("pk").state) == ("Ким", "refused")


def test_number_never_overrules_a_header_that_tells():
    """Whoever means the column that is called so names it; a number may have been counted wrongly."""
    header = ["ID", "Телефон", ""]
    with pytest.raises(FileAsks) as asked:
        match_columns(header, mapping=["#2=surname"])
    assert asked.value.told == (
        "Column 2 was said by its number, but its header tells what it holds. Name it by its header (in a command: --map "
        '"HEADER=surname"). It is called “Телефон”.'
    )
    assert match_columns(header, mapping=["#2=phone", "#3=surname"]).places == {"crm_id": 0, "phone": 1, "surname": 2}
    assert match_columns(header, mapping=["Телефон=surname"]).places == {"crm_id": 0, "surname": 1}
    assert match_columns(["ID", "Phone", "Phone"], mapping=["#2=", "#3=phone"]).places == {"crm_id": 0, "phone": 2}
