"""The XLSX: the CSV's content with every cell a text, streamed, in sheets a spreadsheet can hold."""

import io
import os
import time

import pytest
from openpyxl import load_workbook

from registry.exports import stream, xlsx
from registry.exports.formulas import Phone

HEAD = [["Register", "List & record"], ["As of", "2026-11-22T10:00:00+05:00"]]
COLUMNS = ["No.", "IIN", "Phone", "Note"]


def made(rows, head=HEAD, columns=COLUMNS):
    book = xlsx.file(head, columns, rows, sheet="People", about="About")
    return book, b"".join(book)


def sheets(content):
    """Cells as texts by the sheet's name; None where there is none."""
    book = load_workbook(io.BytesIO(content))
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def test_table_first_and_what_the_file_is_last():
    """The first sheet is the table alone; the last one says what the file is and ends in the CSV's own trailer."""
    rows = [["1", "001201300017", Phone("+77077356312"), "Әсем\nҚасымова"]]
    book, content = made(rows)
    csv = stream.csv_file(HEAD, COLUMNS, rows)
    assert b"".join(csv).decode().splitlines()[-1] == f"#end,rows,1,sha256,{book.digest}"
    assert (book.count, book.digest) == (csv.count, csv.digest)
    assert sheets(content) == {
        "People": [COLUMNS, ["1", "001201300017", "+77077356312", "Әсем\nҚасымова"]],
        "About": [
            ["Register", "List & record", None, None, None],
            ["As of", "2026-11-22T10:00:00+05:00", None, None, None],
            ["#end", "rows", "1", "sha256", book.digest],
        ],
    }


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "0012", "1e5", "2026-01-31", "TRUE", "#N/A", " a "])
def test_every_cell_is_a_text(text):
    """What a spreadsheet would compute, round or turn into a date stays the text it is, in a column for texts."""
    _book, content = made([["1", text, None, 5]])
    cells = load_workbook(io.BytesIO(content)).worksheets[0][2]
    assert [(cell.value, cell.data_type, cell.number_format) for cell in cells if cell.value is not None] == [
        ("1", "s", "@"),
        (text, "s", "@"),
        ("5", "s", "@"),
    ]


SMUGGLED = '<r></r></is></c><c r="D2"><f>HYPERLINK("http://x.example")</f></c><c r="E2" t="inlineStr"><is><r></r>'


@pytest.mark.parametrize("text", [SMUGGLED, "<r>broken", "<r><t>x</t></r>", "<r>a & b</r>", "<r> </r>"])
def test_markup_of_the_format_itself_is_text(text):
    """A name that looks like a part of the file is a name: it brings no cell and no formula along, and breaks no file."""
    _book, content = made([["1", text]])
    assert sheets(content)["People"] == [COLUMNS, ["1", text, None, None]]


def test_signs_xml_cannot_hold_are_written_in_excels_notation():
    """A control character is kept as Excel itself writes it, and a text that only looks like that notation stays itself."""
    _book, content = made([["1", "bell\x07 <&> \r", "_x0041_", "a_b"]])
    assert sheets(content)["People"][1] == ["1", "bell_x0007_ <&> _x000D_", "_x005F_x0041_", "a_b"]


@pytest.mark.parametrize("sign", ["я", "😀"])
def test_text_longer_than_a_cell_stands_whole_on_a_sheet_of_its_own(sign):
    """A cell holds 32,767 characters, an emoji counting twice; of what does not fit the beginning stays, and says where it is whole."""
    fits, longer = sign * (32_767 // len(sign.encode("utf-16-le")) * 2), f"{sign * 40_000}=1+1"
    rows = [["1", fits, longer], ["2", "short", sign * 33_000]]
    book, content = made(rows)
    found = sheets(content)
    assert list(found) == ["People", "Long texts", "About"]
    assert found["People"][1][1] == fits
    for row, place, number in ((1, 2, 1), (2, 2, 2)):
        kept, told = found["People"][row][place].split("… ")
        assert rows[row - 1][place].startswith(kept) and len(kept) > 16_000
        assert told == f"[continued on the sheet “Long texts”, number {number}]"
    heading, *lines = found["Long texts"]
    assert heading == ["Number", "Sheet", "Cell", "Text"]
    for number, cell, text in (("1", "C2", longer), ("2", "C3", sign * 33_000)):
        assert "".join(line[3] for line in lines if line[:3] == [number, "People", cell]) == text
    assert book.digest == stream_of(rows).digest


def stream_of(rows):
    whole = stream.csv_file(HEAD, COLUMNS, rows)
    b"".join(whole)
    return whole


def test_table_larger_than_a_sheet_goes_on_in_the_next(monkeypatch):
    """Where a sheet is full the next one begins with the column names again; the trailer counts all."""
    monkeypatch.setattr(xlsx, "SHEET_ROWS", 4)
    _book, content = made(([str(number)] for number in range(1, 8)), columns=["No."])
    parts = sheets(content)
    assert list(parts) == ["People", "People 2", "People 3", "About"]
    assert [[cell for (cell,) in parts[name]] for name in list(parts)[:3]] == [
        ["No.", "1", "2", "3"], ["No.", "4", "5", "6"], ["No.", "7"],
    ]  # fmt: skip
    assert parts["About"][-1][:3] == ["#end", "rows", "7"]


def test_header_is_frozen_filtered_and_on_every_printed_page():
    """The column names stay in sight, on screen and on paper."""
    _book, content = made([["1", "2"]])
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.print_title_rows) == ("A2", "A1:D2", "$1:$1")
    assert sheet.oddHeader.left.text == "List && record"
    assert sheet.page_setup.orientation == "landscape" and sheet.sheet_properties.pageSetUpPr.fitToPage
    assert 8 <= sheet.column_dimensions["A"].width < 9


def test_no_rows_is_a_whole_file():
    """A table without rows still has its names, its head and its trailer."""
    book, content = made([])
    assert sheets(content)["People"] == [COLUMNS]
    assert sheets(content)["About"][-1] == ["#end", "rows", "0", "sha256", book.digest]


def test_same_lines_are_the_same_bytes_and_nothing_is_left_behind(settings, tmp_path):
    """The file leaves in pieces, the same ones whenever it is made; the folder it was made in is empty afterwards."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    rows = [[str(number), hex(hash((number, 7)) & (1 << 64) - 1) * 3] for number in range(2_000)]
    book = xlsx.file(HEAD, ["No.", "x"], rows, sheet="A", about="B")
    pieces = list(book)
    assert max(map(len, pieces)) <= stream.CHUNK_BYTES
    assert b"".join(pieces) == b"".join(xlsx.file(HEAD, ["No.", "x"], rows, sheet="A", about="B"))
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_goes_a_day_later(settings, tmp_path):
    """A half-made book holds personal values: it lies in the private folder, and not for long."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    old, fresh = tmp_path / "xlsx-old", tmp_path / "xlsx-fresh"
    for folder, age in ((old, xlsx.FOLDER_KEPT_SECONDS + 60), (fresh, 0)):
        folder.mkdir()
        os.utime(folder, times=(time.time() - age,) * 2)
    made([["1", "2"]])
    assert [folder.name for folder in tmp_path.iterdir()] == ["xlsx-fresh"]


def test_book_of_another_process_may_go_at_any_time(settings, tmp_path, monkeypatch):
    """Two exports at once: one is done, and its folder gone, while the other looks for what was left behind."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    monkeypatch.setattr(xlsx.Path, "glob", lambda folder, pattern: [folder / "xlsx-gone"])
    _book, content = made([["1", "2"]])
    assert sheets(content)["People"] == [COLUMNS, ["1", "2", None, None]]
