"""What leaves is opened with LibreOffice: every XLSX as it is, every CSV with its columns as text; nothing computes, nothing is bent."""

import csv
import io

import pytest

from registry.exports import stream, xlsx
from registry.exports.formulas import Phone, unescape
from registry.exports.layouts import LAYOUTS
from registry.exports.past import resolve
from registry.exports.register import Register

from .libreoffice import AS_IT_LIKES, AS_TEXTS, opened

pytestmark = [pytest.mark.django_db, pytest.mark.office]

DANGEROUS = [
    ["=1+1", '=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(1;1)", "＝1+1"],
    ["\t=1+1", "'=1+1", "''=1+1", "-5", "+7 (701) 000-00-01", "=cmd|' /C calc'!A0"],
    ["001201300017", Phone("+77077356312"), "87077356312", "1e5", "0012", "12345678901234567890"],
    ["Ғәни Қасымұлы", 'ЖШС «Тау-кен», "Лапп"', "two\nlines", "a;b\tc", " blanks  inside and around ", "_x0041_"],
    ["2026-01-31", "31.01.2026", "12:30", "TRUE", "#N/A", "1/2"],
]


def dangerous_files(operator):
    """Whatever a list may hold, in both formats."""
    table = [["List", "anything"]], [f"column {place}" for place in range(6)], DANGEROUS
    yield "anything", stream.csv_file(*table), xlsx.file(*table, sheet="List", about="About")


def register_files(operator):
    moment = resolve(None, operator.code)
    for layout in LAYOUTS:
        register = Register(operator.code, moment, layout, "kk")
        yield layout, register.file("csv"), register.file("xlsx")


# Each gives names with the same lines as CSV and as XLSX.
SOURCES = [dangerous_files, register_files]


@pytest.fixture
def files(record, tmp_path):
    """Every CSV and every XLSX, and the lines of the CSV with our apostrophes taken off."""
    found = []
    for source in SOURCES:
        for name, as_csv, as_xlsx in source(record):
            paths = tmp_path / f"{name}.csv", tmp_path / "xlsx" / f"{name}.xlsx"
            paths[1].parent.mkdir(exist_ok=True)
            for path, content in zip(paths, (as_csv, as_xlsx), strict=True):
                path.write_bytes(b"".join(content))
            found.append((*paths, list(csv.reader(io.StringIO(paths[0].read_text("utf-8-sig"), newline="")))))
    return found


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
    books = opened([path for _csv, path, _lines in files])
    for _csv, path, lines in files:
        table, about = books[path].values()
        assert [*texts(about[:-1]), *texts(table), *texts(about[-1:])] == plain(lines)
        assert {cell.kind for rows in (table, about) for row in rows for cell in row if cell.text} == {"string"}
    assert formulas(books) == []


def test_every_csv_opens_with_its_columns_as_text(files):
    """Opened with text columns, a CSV is what was written, to the last zero of an IIN and the plus of a phone."""
    books = opened([path for path, _xlsx, _lines in files], filter=AS_TEXTS.format(separator=44))
    for path, _xlsx, lines in files:
        (rows,) = books[path].values()
        assert [[unescape(cell.text) for cell in row] for row in rows] == plain(lines)
        assert {cell.kind for row in rows for cell in row if cell.text} == {"string"}
    assert formulas(books) == []


def test_no_csv_has_a_live_formula_however_it_is_opened(files, tmp_path):
    """Even where the spreadsheet guesses every column and computes what it can, nothing of ours is computed."""
    control = tmp_path / "control.csv"
    control.write_text("=1+1\r\n")
    books = opened([control, *(path for path, _xlsx, _lines in files)], filter=AS_IT_LIKES.format(separator=44))
    assert formulas(books) == [("control.csv", "of:=1+1")]
