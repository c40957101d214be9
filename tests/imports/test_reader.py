import tracemalloc

import pytest

from registry.imports.inspection import FileRefused, Limits, inspect
from registry.imports.reader import Table

LIMITS = Limits(bytes=10**8, rows=5, columns=4, cell_length=20)


@pytest.fixture
def table(tmp_path):
    def read(text, limits=None, encoding="utf-8", **said):
        path = tmp_path / "export.csv"
        path.write_bytes(text.encode(encoding))
        return Table(inspect(path, limits=limits, **said), limits)

    return read


def lines(table):
    return [(row.line, row.cells) for row in table]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_rows_carry_their_physical_line(table, end, encoding):
    """Blank lines and lines of delimiters alone are skipped and counted; a cell over two lines is one cell."""
    text = end.join(["", "ID;Имя", "C1;Анна", "", ";", f'C2;"Анна{end}Мария"', "C3;Яна"])
    read = table(text, encoding=encoding)
    assert (read.header, read.header_line) == (["ID", "Имя"], 2)
    assert lines(read) == [(3, ["C1", "Анна"]), (6, ["C2", f"Анна{end}Мария"]), (8, ["C3", "Яна"])]
    assert lines(read) == lines(read)


@pytest.mark.parametrize(
    "text",
    [
        "ID;a;b\n1;x;y\n2;;\n3;x;y",
        "ID;a;b\r\n1;x;y\r\n2;z\r\n3;x;y;z\r\n4;x;y\r\n",
        "ID;a;b\r1;x;y\r\r;;\r2;x;y\r",
        "sep=;\nID;a;b\n\n1;x;y\n;x;y\n2;x;y\n",
        "ID;a;b\n1;x;y\n2;x;yyyyyyyyyyyyyyyyyyyyyyyyy\n3;yyyyyyyyyyyyyyy;yyyyyyyyyyyyyyy\n",
        "ID;a;b\n1;x;y\n2;x;y\n#end;rows;2\n",
        "ID;a;b\n1;x;y\n#end;rows;1\n3;x;y\n#end;rows;3\n",
        "ID\n1\n2\n\n3\n",
        'ID;a;b\n1;"x\nx";y\n2;x;y\n3;x;"y"\n',
    ],
)
def test_rows_read_many_at_once_are_the_rows_read_one_by_one(table, text):
    """Whatever lies between them and however they are divided; those that were read before are left out."""
    rows, trailer = list(one_by_one := table(text, LIMITS)), one_by_one.trailer
    for size in (1, 2, 3, 10):
        for skip in range(len(rows) + 2):
            together = table(text, LIMITS)
            chunks = list(together.chunks(size, skip=skip))
            assert all(0 < len(chunk) <= size for chunk in chunks)
            assert [chunk[at] for chunk in chunks for at in range(len(chunk))] == rows[skip:]
            assert together.trailer == trailer


def test_quotes_and_delimiters_inside_a_quoted_cell_are_text(table):
    """RFC 4180: quotes doubled inside quotes are one; a quote in the middle of a bare cell is itself."""
    read = table('ID;a\n1;"x;""y"""\n2;ТОО "Ромашка"\n')
    assert lines(read) == [(2, ["1", 'x;"y"']), (3, ["2", 'ТОО "Ромашка"'])]


def test_spreadsheet_line_naming_the_delimiter_is_no_header(table):
    """A first line “sep=|” tells the delimiter and nothing else."""
    read = table("sep=|\nID|a\n1|2\n")
    assert (read.header, lines(read)) == (["ID", "a"], [(3, ["1", "2"])])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('ID;a\n1;x\n2;"never closed\n3;y\n', 3),
        ('ID;a\n1;"open\n2;"closed"\n', 2),
        ('ID;a\n1;"over\ntwo";"open\n2;x\n', 3),
        ('ID;a\n1;"closed"x\n', 2),
        ('ID;"a\n1;x\n', 1),
    ],
)
def test_unclosed_quote_is_named_with_the_line_where_it_opened(table, text, line):
    """A quote left open would swallow the rows after it: the file is refused, the line of the quote is named."""
    with pytest.raises(FileRefused) as refusal:
        list(table(text))
    assert str(refusal.value) == (
        f"Line {line}: a quote opened here is not closed before the next cell, so the rows after it cannot be told "
        "apart. Double the quotes inside the cell, or close it, and export again."
    )


def test_quote_closed_by_chance_does_not_hide_the_rows_before_it(table):
    """A quote left open that another one closes far below has swallowed rows: the file is refused, not one row of it."""
    swallowed = "3;y\n" * 100
    with pytest.raises(FileRefused) as refusal:
        list(table('ID;a\n1;x\n2;"open\n' + swallowed + '4;5"\n5;y\n', LIMITS._replace(rows=1000)))
    assert str(refusal.value).startswith("Line 3: a quote opened here is not closed before the next cell")


def test_cell_that_has_no_end_is_named_with_the_line_where_it_began(table):
    """A quoted cell longer than the longest line there may be is given up there, not at the end of a big file."""
    with pytest.raises(FileRefused) as refusal:
        list(table("ID;a\n1;x\n" + '2;"open\n' + "not a row\n" * 200_000, LIMITS))
    assert str(refusal.value) == (
        "Line 3: a cell that begins here with a quote is longer than 1048576 characters. Close the quote where the cell "
        "ends, or shorten the cell, and export again."
    )


LONG = "я" * 300_000


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (LONG, "Анна"),
        (LONG, '"Анна"'),
        (LONG, 'ТОО "Ромашка"'),
        (f'"{LONG}"', "Анна"),
        (f'"{LONG}"', '"Анна"'),
        ('"' + "я; я\nя,\n" * 40_000 + '"', "Анна"),
    ],
    ids=["unquoted", "a quoted cell below", "a quote below", "quoted", "both quoted", "over many lines"],
)
def test_endless_remark_costs_its_row_alone(table, cell, name):
    """A cell of 300,000 characters is one row's error, quoted or not, whatever stands in the others."""
    read = table(f"ID;Имя;Note\n1;Яна;x\n2;Ян;{cell}\n3;{name};y\n")
    first, long, last = list(read)
    assert str(long.problem) == "the cell in column “Note” is longer than 10000 characters: shorten it"
    assert (long.line, len(long.cells[2])) == (3, 10_000)
    assert (first.cells, first.problem, last.problem) == (["1", "Яна", "x"], "", "")
    assert last.cells[0::2] == ["3", "y"]
    assert [cells[0] for _line, cells in read.at([3, last.line])] == ["2", "3"]


def test_ragged_row_is_kept_in_part(table):
    """A row of a million cells is no reason to keep them all."""
    (row,) = table("ID;a\n" + ";" * 1000 + "x" * 30 + "\n", LIMITS)
    assert str(row.problem) == "the row has 1001 cells, the header has 2: is a delimiter inside a cell not quoted?"
    assert row.cells == [""] * (2 + LIMITS.columns)


@pytest.mark.parametrize(
    ("row", "count"),
    [("1", "1 cell"), ("1;2;3", "3 cells")],
)
def test_row_of_another_width_is_an_error_of_that_row(table, row, count):
    """A ragged row is reported with both widths; the rows around it are read."""
    read = list(table(f"ID;a\n0;x\n{row}\n2;y\n"))
    assert [str(row.problem) for row in read] == [
        "",
        f"the row has {count}, the header has 2: is a delimiter inside a cell not quoted?",
        "",
    ]
    assert read[1].line == 3


def test_cell_longer_than_allowed_is_an_error_of_its_row(table):
    """A long cell is cut and its row reported with the column."""
    read = list(table(f"ID;Note\n1;{'x' * 21}\n2;{'x' * 20}\n", LIMITS))
    assert str(read[0].problem) == "the cell in column “Note” is longer than 20 characters: shorten it"
    assert (len(read[0].cells[1]), read[1].problem) == (20, "")


@pytest.mark.parametrize("cell", ["x", '"x"'])
@pytest.mark.parametrize(
    "around",
    [
        "ID;a\n%s",
        "sep=;\nID;a\n%s",
        "\nID;a\n\n;\n%s;\n\n\n",
        "ID;a\n%s#end;rows;5\n",
        "sep=;\nID;a\n%s#end;rows;5\n\n",
    ],
)
def test_as_many_rows_as_allowed_are_read(table, cell, around):
    """Header, blank lines and the lines that say something of the file are no rows; one row more is too many."""
    assert len(list(table(around % (f"1;{cell}\n" * 5), LIMITS))) == 5
    with pytest.raises(FileRefused, match="^The file has more than the 5 rows allowed"):
        list(table(around % (f"1;{cell}\n" * 6), LIMITS))


def test_files_at_their_limits_are_read(table):
    """So many bytes, columns and characters as the sentences allow."""
    text = f"a;b;c;d\n{'x' * 20};;;\n"
    (row,) = table(text, LIMITS._replace(bytes=len(text)))
    assert row.problem == ""
    with pytest.raises(FileRefused, match=f"^The file has {len(text)} bytes, more than the {len(text) - 1} allowed"):
        table(text, LIMITS._replace(bytes=len(text) - 1))


def test_columns_and_rows_beyond_the_limits_are_refused(table):
    """More columns or rows than allowed refuse the file, quotes or not."""
    with pytest.raises(FileRefused) as refusal:
        table("a;b;c;d;e\n", LIMITS)
    assert str(refusal.value) == "The file has 5 columns, more than the 4 allowed. Export fewer."
    with pytest.raises(FileRefused) as refusal:
        list(table("ID;a\n" + '1;"x"\n' * 6, LIMITS))
    assert str(refusal.value) == "The file has more than the 5 rows allowed. Export it in parts."


def test_reading_takes_no_more_memory_for_a_bigger_file(table):
    """Rows are streamed: twenty times the rows take the same memory."""

    def peak(rows):
        read = table("ID;a;b\n" + "1;xxxxxxxxxxxxxxxxxxxx;yyyyyyyyyyyyyyyyyyyy\n" * rows)
        tracemalloc.start()
        count = sum(1 for _row in read)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == rows
        return used

    assert peak(40_000) < peak(2_000) * 1.5 + 50_000


@pytest.mark.parametrize("quote", ["", '"'])
def test_reading_holds_few_of_rows_that_are_long(table, quote):
    """However many are asked for at once: a file of endless notes is read like any other, and its ids are looked through."""
    read = table("ID;Note\n" + f"1;{quote}{'x' * 200_000}{quote}\n" * 100)
    tracemalloc.start()
    assert sum(map(len, read.chunks(2000))) == sum(map(len, read.cells_of(0))) - (not quote) == 100
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used < 8_000_000 < read.file.size


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "ID;На\0ме\n1;x\n",
            "Line 1, column 2: the header holds the control character U+0000, which is no text. Export",
        ),
        (
            "\nID;a\x1b\n1;x\n",
            "Line 2, column 2: the header holds the control character U+001B, which is no text. Export",
        ),
        (
            "\x85ID;a\n1;x\n",
            "Line 1, column 1: the header holds the control character U+0085, which is no text. Export",
        ),
        ("ID;" + "a" * 21 + "\n1;x\n", "Line 1, column 2: the header is longer than 20 characters. Shorten it."),
    ],
)
def test_header_that_is_no_text_is_refused(table, text, reason):
    """A NUL would be an error of the database, an endless header a page of it: both are refused with their place."""
    with pytest.raises(FileRefused) as refusal:
        table(text, LIMITS)
    assert str(refusal.value).startswith(reason)


def test_line_break_in_a_header_is_text(table):
    """Spreadsheets break long headers: that is no fault."""
    assert table('ID;"Дата\nсогласия"\n1;x\n').header == ["ID", "Дата\nсогласия"]
