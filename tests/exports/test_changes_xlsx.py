"""What changed, as XLSX: the lines of changes.csv, bound to the journal and traced as those are."""

import hashlib
import io
import json
import zipfile

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from openpyxl import load_workbook

from registry import models as m
from registry.exports import audit, changes
from registry.journal.models import JournalEntry
from tests.factories import make_subject

from .test_audit import export
from .test_trace import line_of, told

pytestmark = pytest.mark.django_db

ASKED = {"operator": "lapp", "by": "natalia", "changes": "xlsx", "reason": "=inspection"}


@pytest.fixture
def out(lapp, dpo, tmp_path):
    """The files of an export, of a person whose name a spreadsheet would compute."""
    make_subject(lapp, crm_id="007", surname="=1+1", phone="+77010000001", given_name="Ғани")
    export(tmp_path / "out", **ASKED)
    return {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}


def sheets(content):
    book = load_workbook(io.BytesIO(content))
    return [
        [["" if cell is None else cell for cell in row] for row in sheet.iter_rows(values_only=True)] for sheet in book
    ]


def test_it_holds_the_lines_of_the_csv(out, lapp):
    """Line by line and in the digest of the last one; no value is escaped, for none is a formula."""
    table, about = sheets(out["changes.xlsx"])
    run = m.ExportRun.objects.get()
    last = JournalEntry.objects.get(action="export.start").seq
    as_csv = changes.file(run, last, "lapp", None, frozenset({"lapp"}), role="dpo")
    lines = b"".join(as_csv).decode("utf-8-sig").splitlines()
    assert [",".join(row) for row in table] == [line.replace("'=", "=") for line in lines[:-1]]
    assert ",".join(about[0]) == lines[-1]
    assert "changes.csv" not in out


def test_entry_of_the_end_holds_both_digests(out):
    """That of the file, as sha256sum says it, and that of its lines, as its last line says it; the read-me explains which is which."""
    said = dict(line.split(" ") for line in json.loads(JournalEntry.objects.get(action="export.finish").body)["files"])
    assert said["changes.xlsx"] == hashlib.sha256(out["changes.xlsx"]).hexdigest()
    assert said["changes"] == sheets(out["changes.xlsx"])[1][0][4]
    readme = out["README.txt"].decode()
    assert f"SHA-256 changes.xlsx       {said['changes.xlsx']}\n" in readme
    assert f"SHA-256 changes            {said['changes']}\n" in readme
    assert "changes.xlsx       what changed, one field a line" in readme
    assert (
        "“changes” is that of the same lines as a CSV; the sheet “About this file” of changes.xlsx says it again."
        in readme
    )


def test_a_row_that_is_copied_out_of_it_is_traced(out):
    """A row names its export, and so does the last line; one that was altered says so."""
    table, about = sheets(out["changes.xlsx"])
    run = m.ExportRun.objects.get()
    export_line = line_of(run, "audit trail", run.count)
    row = next(row for row in table if "=1+1" in row)
    assert told("\t".join(row))[:2] == ["1: a row as it was exported.", export_line]
    assert told("\t".join(about[0]))[:2] == ["1: the last line of an export.", export_line]
    forged = [*about[0][:4], "0" * 64, *about[0][5:]]
    assert told("\t".join(forged))[0] == "1: its mark is of this export, but the line was altered since."


def test_it_is_chosen_on_the_page(lapp, dpo, browser_client):
    """The ZIP holds the file that was chosen, and the list of exports says which."""
    make_subject(lapp)
    client = browser_client(dpo)
    response = client.post(reverse("admin:registry_exportrun_audit"), {"changes": "xlsx", "reason": "inspection"})
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as files:
        assert sheets(files.read("changes.xlsx"))[0][0] == changes.COLUMNS
    page = client.get(reverse("admin:registry_exportrun_changelist")).content.decode()
    assert "all entries · with what changed · xlsx" in page


@pytest.mark.parametrize("format", ["json", "xls"])
def test_another_format_is_refused(lapp, dpo, tmp_path, format):
    """Before anything is begun, on every route."""
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("export_audit", f"--changes={format}", f"--output={tmp_path / 'out'}")
    with pytest.raises(ValueError, match=f"csv or xlsx, not as {format}"), audit.Directory(tmp_path / "out") as out:
        audit.export(out, by=None, role="system", changes_as=format)
    assert not m.ExportRun.objects.exists()
    assert not (tmp_path / "out").exists()
