"""Files that import_subjects hands out: rows that were not taken, and every list of the import."""

import io
import json
import os

import pytest
from django.core.management import CommandError, call_command

from registry.models import DataSubject, ImportRun, JournalEntry, ListedRow, User
from tests import factories

from .crm import csv_of, person

pytestmark = pytest.mark.django_db
# Rejected, stopped for a letter lost, two possible doubles, and one with a phone too many.
ROWS = [
    person(1, email="x"),
    person(2, given_name="?сем"),
    person(3, email="same@example.kz", surname="Оспанова"),
    person(4, email="same@example.kz", surname="Ким"),
    person(5, phone="8 (701) 000-00-05, 8 (701) 000-00-06"),
]


@pytest.fixture
def run_command(crm, tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(csv_of(ROWS))

    def run(*said):
        try:
            call_command("import_subjects", path, "--operator", "lapp", *said, stdout=io.StringIO())
        except SystemExit as stop:
            return stop.code
        return 0

    return run


def lines_of(path):
    return path.read_text(encoding="utf-8").splitlines()


def test_every_list_of_rows_is_written_as_the_browser_names_it(run_command, crm, tmp_path):
    """Each in the CRM's own columns with line and reason; lists with nothing in them make no file."""
    factories.make_subject(crm.operator, crm_id="X9")
    out = tmp_path / "lists"
    assert run_command("--lists", str(out)) == 2
    run = ImportRun.objects.get()
    assert (run.missing, run.doubles, run.further) == (1, 2, 1)
    kinds = ["damaged", "doubles", "further", "rejected", "stopped"]
    assert sorted(path.name for path in out.iterdir()) == [f"import-{run.pk}-{kind}.csv" for kind in kinds]
    for kind in kinds:
        assert lines_of(out / f"import-{run.pk}-{kind}.csv")[0] == (
            "crm_id;surname;given_name;email;phone;language;line;reason"
        )
    assert lines_of(out / f"import-{run.pk}-rejected.csv")[1].startswith("C0000001;Қасымова;Әсем;x;")
    assert lines_of(out / f"import-{run.pk}-damaged.csv") == lines_of(out / f"import-{run.pk}-stopped.csv")
    assert [line[:8] for line in lines_of(out / f"import-{run.pk}-doubles.csv")[1:]] == ["C0000003", "C0000004"]
    (further,) = lines_of(out / f"import-{run.pk}-further.csv")[1:]
    assert further.startswith("C0000005;") and "+77010000006" in further


def test_lists_are_for_their_owners_eyes(run_command, tmp_path):
    """Personal values in a directory and in files that nobody else on the machine reads."""
    out = tmp_path / "lists"
    run_command("--lists", str(out))
    assert oct(out.stat().st_mode)[-3:] == "700"
    assert {oct(path.stat().st_mode)[-3:] for path in out.iterdir()} == {"600"}


def test_rows_that_leave_are_entries_of_the_journal(run_command, lapp, tmp_path):
    """Each list and the rejects file: who took how many rows of which, written before the first of them leaves."""
    factories.make_user("registrar", lapp, username="aigul")
    run_command("--lists", str(tmp_path / "lists"), "--rejects", str(tmp_path / "r.csv"), "--by", "aigul")
    run = ImportRun.objects.get()
    entries = JournalEntry.objects.filter(action__in=("import.list.download", "rejects.download"), run=run.pk)
    bodies = [json.loads(body) for body in entries.order_by("seq").values_list("body", flat=True)]
    assert bodies[0]["action"] == "rejects.download"
    assert sorted((body.get("reason_code", ""), body["count"]) for body in bodies) == [
        ("", 2), ("damaged", 1), ("doubles", 2), ("further", 1), ("rejected", 1), ("stopped", 1),
    ]  # fmt: skip
    assert set(entries.values_list("actor", "object_uid")) == {(User.objects.get(username="aigul").pk, run.uid)}


def test_directory_with_something_in_it_refuses_before_anything_is_done(run_command, tmp_path):
    """Files of last week and of today are not mixed; a file in its place is no directory."""
    (tmp_path / "old.csv").write_text("of last week")
    for path in (tmp_path, tmp_path / "old.csv"):
        with pytest.raises(CommandError) as refusal:
            run_command("--lists", str(path))
        assert str(refusal.value) == f"“{path}” exists and is not empty. Name a new directory."
    assert not ImportRun.objects.exists()


def test_empty_directory_is_taken(run_command, tmp_path):
    """Whoever made it beforehand may use it."""
    out = tmp_path / "lists"
    out.mkdir()
    assert run_command("--lists", str(out)) == 2
    assert len(list(out.iterdir())) == 5


def test_directory_made_in_vain_is_taken_away(run_command, tmp_path):
    """A refused file leaves nothing lying about; what was there before stays."""
    made, there = tmp_path / "made", tmp_path / "there"
    there.mkdir()
    for out in (made, there):
        with pytest.raises(CommandError):
            run_command("--lists", str(out), "--map", "Nr=crm_id")
    assert (made.exists(), there.exists()) == (False, True)


def test_lists_are_written_of_a_plan_too(run_command, tmp_path):
    """--plan-only writes nobody into the register, and says what would be wrong."""
    out = tmp_path / "lists"
    assert run_command("--lists", str(out), "--plan-only") == 2
    assert (len(list(out.iterdir())), DataSubject.objects.count()) == (5, 0)


def test_import_without_anything_to_look_at_leaves_an_empty_directory(run_command, tmp_path):
    """Whoever looks there finds that there is nothing."""
    (tmp_path / "people.csv").write_bytes(csv_of([person(1)]))
    assert run_command("--lists", str(tmp_path / "lists")) == 0
    assert list((tmp_path / "lists").iterdir()) == []


def test_lists_that_cannot_be_written_undo_nothing(run_command, tmp_path, monkeypatch, capsys):
    """What is applied is applied: the rows are kept with the run."""
    from registry.management import handing_out

    def full(run, kind):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(handing_out, "list_csv", full)
    assert run_command("--lists", str(tmp_path / "lists")) == 2
    run = ImportRun.objects.get()
    assert f"No space left on device. The rows are kept with import #{run.pk}: download them" in capsys.readouterr().err
    assert (run.state, ListedRow.objects.count() > 0) == ("applied", True)
