"""What leaves is opened with LibreOffice: every XLSX as it is, every CSV with its columns as text; nothing computes, nothing is bent."""

import csv
import io
from collections.abc import Iterable
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import pytest

from registry import models as m
from registry.exports import changes, lists, runs, stream, xlsx
from registry.exports.formulas import Phone, unescape
from registry.exports.layouts import LAYOUTS
from registry.exports.past import resolve
from registry.exports.permissions import Export
from registry.exports.register import Register
from registry.exports.registered_actions import RegisteredActions
from registry.exports.span import WHOLE
from registry.imports.missing_file import MissingFile
from registry.imports.rejects import rejected_csv
from registry.imports.vocabulary import resource_for
from tests.factories import make_purpose, make_subject, save
from tests.imports.crm import CRM, person

from .libreoffice import AS_IT_LIKES, AS_TEXTS, opened

pytestmark = [pytest.mark.django_db, pytest.mark.office]

DANGEROUS = [
    ["=1+1", '=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(1;1)", "＝1+1"],
    ["\t=1+1", "'=1+1", "''=1+1", "-5", "+7 (701) 000-00-01", "=cmd|' /C calc'!A0"],
    ["001201300017", Phone("+77077356312"), "87077356312", "1e5", "0012", "12345678901234567890"],
    ["Ғәни Қасымұлы", 'ЖШС «Тау-кен», "Лапп"', "two\nlines", "a;b\tc", " blanks  inside and around ", "_x0041_"],
    ["2026-01-31", "31.01.2026", "12:30", "TRUE", "#N/A", "1/2"],
]


class File(NamedTuple):
    """The same lines as CSV and, where there is one, as XLSX."""

    name: str
    csv: Iterable[bytes]
    xlsx: Iterable[bytes] | None = None
    delimiter: str = ","


def dangerous_files(operator):
    """Whatever a list may hold, in both formats."""
    table = [["List", "anything"]], [f"column {place}" for place in range(6)], DANGEROUS
    yield File("anything", stream.csv_file(*table), xlsx.file(*table, sheet="List", about="About"))


def register_files(operator):
    moment = resolve(None, operator.code)
    for layout in LAYOUTS:
        register = Register(operator.code, moment, layout, "kk")
        yield File(layout, register.file("csv"), register.file("xlsx"))


def list_files(operator):
    """People as their list gives them away, each row with its mark."""
    make_subject(operator, crm_id="=1+1", iin="061211600012", phone="+77077356312", surname="Ғабдуллин")
    run = runs.start(m.ExportRun.Kind.LIST, by=None, role="system", operator=operator, filter={"list": "datasubject"})
    columns = [lists.Column(name, name, attrgetter(name)) for name in ("crm_id", "iin", "surname", "given_name")]
    columns.append(lists.Column("phone", "phone", lambda person: Phone(person.phone)))
    people = m.DataSubject.objects.filter(operator=operator).order_by("pk")
    files = [
        lists.ListFile(run, people, columns, role="system", about_people=True).file(format)
        for format in ("csv", "xlsx")
    ]
    yield File("people", *files)


def changes_files(operator):
    """What changed, personal values with it."""
    make_subject(operator, crm_id="=2+2", phone="+77077356313")
    run = runs.start(m.ExportRun.Kind.AUDIT, by=None, role="system", operator=operator, filter={})
    last = m.JournalEntry.objects.latest("seq").seq
    options = {"personal_of": {operator.code}, "role": "system"}
    yield File("changes", *(changes.file(run, last, operator.code, format=each, **options) for each in ("csv", "xlsx")))


def import_files(operator):
    """What goes back to the CRM: rows that were not taken, and people who were not in the file."""
    make_purpose(operator)
    make_subject(operator, crm_id="=3+3", iin="061211600012")
    row = person(1, surname="=HYPERLINK(1)", given_name="two\nlines", iin="900101", phone="+7 (701) 000-00-01")
    run = CRM(operator).plan([row])
    yield File("rejected", rejected_csv(run), delimiter=";")
    export = runs.start(
        m.ExportRun.Kind.LIST, by=None, role="system", operator=operator, filter={"list": "datasubject"}
    )
    yield File("missing", MissingFile(export, run, role="system").file("csv"), delimiter=";")


def permission_files(operator):
    """What other systems ask before they write to somebody: people by the ids of the CRM."""
    for crm_id in ("=4+4", "007"):
        make_subject(operator, crm_id=crm_id)
    export = Export(operator, by=None, role="system", whole=True)
    yield File("permissions", *(export.as_format(format) for format in ("csv", "xlsx")))


def action_files(operator):
    """Registered actions, one of them of a transfer in whose names a spreadsheet would find something to compute."""
    transfer = m.CrossBorderTransfer.objects.get(operator=operator)
    transfer.name_en, transfer.name_ru, transfer.name_kk = "Tags;=1+1;", "007", "=1+1"
    save(transfer)
    actions = RegisteredActions(operator, WHOLE, format="csv", by=None, role="system")
    as_csv, actions.format = actions.file(), "xlsx"
    yield File("actions", as_csv, actions.file())


def vocabulary_files(operator):
    """Purposes as their list gives them away, with the columns that come in again."""
    make_purpose(operator, "007", name_en="=1+1", name_ru="007", name_kk='=HYPERLINK("http://x","y")')
    run = runs.start(m.ExportRun.Kind.LIST, by=None, role="system", operator=operator, filter={"list": "purpose"})
    resource = resource_for(m.Purpose)(operator=operator)
    columns = [lists.Column(name, name, resource.fields[name].export) for name in resource._meta.fields]
    purposes = m.Purpose.objects.filter(operator=operator)
    files = [lists.ListFile(run, purposes, columns, role="system").file(format) for format in ("csv", "xlsx")]
    yield File("purposes", *files)


SOURCES = [
    dangerous_files, register_files, list_files, changes_files, import_files, permission_files, action_files,
    vocabulary_files,
]  # fmt: skip


class Written(NamedTuple):
    """Where the files lie, and what the CSV holds."""

    csv: Path
    xlsx: Path | None
    delimiter: str
    lines: list[list[str]]


@pytest.fixture
def files(record, tmp_path):
    """Every CSV and every XLSX that leaves."""
    (tmp_path / "xlsx").mkdir()
    found = [written(each, tmp_path) for source in SOURCES for each in source(record)]
    assert all(len(each.lines) > 1 for each in found)
    return found


def written(file, folder):
    as_csv, as_xlsx = folder / f"{file.name}.csv", file.xlsx and folder / "xlsx" / f"{file.name}.xlsx"
    as_csv.write_bytes(b"".join(file.csv))
    if as_xlsx:
        as_xlsx.write_bytes(b"".join(file.xlsx))
    text = io.StringIO(as_csv.read_text("utf-8-sig"), newline="")
    return Written(as_csv, as_xlsx, file.delimiter, list(csv.reader(text, delimiter=file.delimiter)))


def texts(rows):
    return [[cell.text for cell in row] for row in rows]


def plain(lines):
    """Lines without our apostrophes and without the empty cells at their ends, as `opened` gives them."""
    shorter = [[unescape(cell) for cell in line] for line in lines]
    for line in shorter:
        while line and not line[-1]:
            line.pop()
    return shorter


def formulas(books):
    return [
        (path.name, cell.formula or cell.text)
        for path, sheets in books.items()
        for rows in sheets.values()
        for row in rows
        for cell in row
        if cell.formula is not None
    ]


def test_every_xlsx_opens_as_it_is(files):
    """Opened with a click, an XLSX holds the lines of the CSV, each cell a text: no formula, no number, no date."""
    books = opened([each.xlsx for each in files if each.xlsx])
    for each in files:
        if each.xlsx:
            table, about = books[each.xlsx].values()
            assert [*texts(about[:-1]), *texts(table), *texts(about[-1:])] == plain(each.lines)
            assert {cell.kind for rows in (table, about) for row in rows for cell in row if cell.text} == {"string"}
    assert formulas(books) == []


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_every_csv_opens_with_its_columns_as_text(files, delimiter):
    """Opened with text columns, a CSV is what was written, to the last zero of an IIN and the plus of a phone."""
    chosen = [each for each in files if each.delimiter == delimiter]
    books = opened([each.csv for each in chosen], filter=AS_TEXTS.format(separator=ord(delimiter)))
    for each in chosen:
        (rows,) = books[each.csv].values()
        assert [[unescape(cell.text) for cell in row] for row in rows] == plain(each.lines)
        assert {cell.kind for row in rows for cell in row if cell.text} == {"string"}
    assert formulas(books) == []


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_no_csv_has_a_live_formula_however_it_is_opened(files, tmp_path, delimiter):
    """A spreadsheet that guesses every column, takes another delimiter for ours and computes what it can computes nothing of ours."""
    control = tmp_path / "control.csv"
    control.write_text("=1+1\r\n")
    books = opened([control, *(each.csv for each in files)], filter=AS_IT_LIKES.format(separator=ord(delimiter)))
    assert formulas(books) == [("control.csv", "of:=1+1")]
