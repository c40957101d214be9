"""An XLSX on its way out: every cell a text, so that nothing in it is a formula and no phone, IIN or leading zero is touched.

The tables come first, ready to be filtered, then the texts that no cell holds, whole; the last sheet says what the file is and
closes it. The trailer is that of the CSV with the same lines, so both can be compared by it; a file without it is not whole.
Unlike a CSV it can leave only when it is made: it is put together in the private folder, never in memory.
"""

import datetime as dt
import hashlib
import itertools
import pickle
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from xlsxwriter import Workbook as Writer
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from registry.exports.stream import BYTE_ORDER_MARK, CHUNK_BYTES, csv_line, end

# What a sheet of Excel and a cell of it can hold: a letter beyond the first 65,536 of Unicode is two units.
SHEET_ROWS, CELL_UNITS = 1_048_576, 32_767
CONTINUED_UNITS = 100  # of a cut cell: where the whole text is
MEASURED_ROWS = 100
NARROWEST, WIDEST = 8, 48
FONT = {"font_name": "Arial", "font_size": 10, "num_format": "@", "valign": "top", "text_wrap": True}
# The same lines give the same bytes, whenever they are written.
ANY_TIME = dt.datetime(1980, 1, 1)
FOLDER_PREFIX, FOLDER_KEPT_SECONDS = "xlsx-", 24 * 3600
# No characters at all, and nothing XML could hold. Other control characters are written in Excel's own notation.
NO_CHARACTER = re.compile("[\ufffe\uffff]")


class PlainSheet(Worksheet):
    """The library takes <r>…</r> for markup of its own making and writes it as it stands: somebody's name could be a formula."""

    def _xml_rich_inline_string(self, string, attributes=()):
        self._xml_inline_string(string, True, attributes)


class Workbook:
    """An XLSX in chunks of bytes; afterwards `count` rows and the `digest` of the CSV with the same lines have passed.

    `head` are lines that say what the file is, `rows` lines of cells under `columns`. `sheet` and `about` name the sheets of the
    table and of the head. `end(count, sha256)` makes the cells of the trailer.
    """

    def __init__(self, head, columns, rows: Iterable, *, sheet: str, about: str, end: Callable = end):
        self.head, self.columns, self.rows = [list(line) for line in head], list(columns), rows
        self.about, self.end = about, end
        self.name = re.sub(r"[\[\]:*?/\\']", " ", sheet)[:24]
        self.count, self.digest = 0, ""

    def __iter__(self) -> Iterator[bytes]:
        purge()
        with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, dir=private_folder()) as folder:
            path = Path(folder) / "book"
            options = {"constant_memory": True, "tmpdir": folder, "strings_to_urls": False}
            with tempfile.TemporaryFile(dir=folder) as spool, Writer(path, options) as book:
                self._long = LongTexts(spool)
                self._fill(book)
            with path.open("rb") as stream:
                while piece := stream.read(CHUNK_BYTES):
                    yield piece

    def _fill(self, book):
        book.set_properties({"created": ANY_TIME})
        text = book.add_format(FONT)
        heading = book.add_format(FONT | {"bold": True, "bg_color": "#E7ECF1"})
        label = book.add_format(FONT | {"bold": True})
        sha256 = hashlib.sha256()
        for place, line in enumerate([*self.head, self.columns]):
            sha256.update(((BYTE_ORDER_MARK if place == 0 else "") + csv_line(line)).encode("utf-8"))
        for number, rows in enumerate(_by_sheet(self.rows), 1):
            self._table(book, f"{self.name} {number}" if number > 1 else self.name, rows, sha256, heading, text)
        self.digest = sha256.hexdigest()
        if self._long.count:
            self._texts(book, heading, text)
        self._about(book, label, text)

    def _table(self, book, name, rows, sha256, heading, text):
        """A sheet of the table with these rows."""
        sheet, number = self._sheet(book, name), 0
        measured = list(itertools.islice(rows, MEASURED_ROWS))
        for place, width in enumerate(_widths([self.columns, *measured])):
            sheet.set_column(place, place, width, text)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        self._write(sheet, 0, self.columns, [heading] * len(self.columns))
        formats = [text] * len(self.columns)
        for number, cells in enumerate(itertools.chain(measured, rows), 1):
            sha256.update(csv_line(cells).encode("utf-8"))
            self._write(sheet, number, cells, formats)
        self.count += number
        sheet.autofilter(0, 0, number, len(self.columns) - 1)

    def _about(self, book, label, text):
        sheet = self._sheet(book, self.about)
        lines = [*self.head, self.end(self.count, self.digest)]
        widest = max(map(len, lines))
        sheet.set_column(0, 0, 30, text)
        sheet.set_column(1, widest, 60, text)
        for number, cells in enumerate(lines):
            self._write(sheet, number, cells, [label] + [text] * widest)

    def _texts(self, book, heading, text):
        """A sheet of the texts that were cut, whole, each in as many lines as it takes."""
        sheet, columns = self._sheet(book, long_texts()), [_("Number"), _("Sheet"), _("Cell"), _("Text")]
        for place, width in enumerate((8, 26, 12, 100)):
            sheet.set_column(place, place, width, text)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        lines = ([number, *where, part] for number, *where, whole in self._long for part in parts(whole))
        for number, cells in enumerate(itertools.chain([columns], lines)):
            self._write(sheet, number, cells, [text if number else heading] * len(columns))

    def _write(self, sheet, number, cells, formats):
        for place, cell in enumerate(cells):
            text = "" if cell is None else str(cell)
            if text:
                if len(text) > CELL_UNITS // 2 and units_of(text) > CELL_UNITS:
                    text = self._cut(text, sheet.name, xl_rowcol_to_cell(number, place))
                sheet.write_string(number, place, NO_CHARACTER.sub("\ufffd", text), formats[place])

    def _cut(self, text, sheet, cell):
        """The text as far as a cell holds it, and where it stands whole."""
        kept = next(parts(text, CELL_UNITS - CONTINUED_UNITS))
        continued = _("[continued on the sheet “%(sheet)s”, number %(number)d]")
        return f"{kept}… " + continued % {"sheet": long_texts(), "number": self._long.keep(sheet, cell, text)}

    def _sheet(self, book, name):
        """A sheet that prints on landscape A4, as wide as the table, with title and page, and no marks at digits kept as text."""
        sheet = book.add_worksheet(name, PlainSheet)
        title = " ".join(str(each) for each in self.head[0][1:]) if self.head else self.name
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.set_header("&L&8" + title[:100].replace("&", "&&"))
        sheet.set_footer("&R&8&P / &N")
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        return sheet


def file(head, columns, rows, *, sheet, about, end=end) -> Workbook:
    """An XLSX with the content of `stream.csv_file(head, columns, rows)`."""
    return Workbook(head, columns, rows, sheet=sheet, about=about, end=end)


def private_folder():
    """Where books are put together."""
    place = Path(settings.FILE_UPLOAD_TEMP_DIR)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place


def purge():
    """Deletes what killed processes left of their books, a day later. Called by the worker and before every book."""
    for left in private_folder().glob(f"{FOLDER_PREFIX}*"):
        with suppress(FileNotFoundError):  # a book that is whole takes its folder along
            if left.stat().st_mtime < time.time() - FOLDER_KEPT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _by_sheet(rows):
    """The rows of each sheet, as many as it holds, to be read before the next. Without any there is one sheet, empty."""
    rows = iter(rows)
    yield itertools.islice(rows, SHEET_ROWS - 1)
    for first in rows:
        yield itertools.chain([first], itertools.islice(rows, SHEET_ROWS - 2))


def long_texts():
    """The name of the sheet that has them."""
    return _("Long texts")


def units_of(text):
    return len(text.encode("utf-16-le")) // 2


def parts(text, units=CELL_UNITS):
    """The text in parts of so many units at most; no letter is cut in two."""
    while text:
        kept = text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")
        yield kept
        text = text[len(kept) :]


class LongTexts:
    """Texts that no cell holds, in a file meanwhile, each with its sheet and cell; read in the order they came."""

    def __init__(self, file):
        self.file, self.count = file, 0

    def keep(self, sheet, cell, text):
        """The number under which it stands."""
        pickle.dump((sheet, cell, text), self.file)
        self.count += 1
        return self.count

    def __iter__(self):
        self.file.seek(0)
        for number in range(1, self.count + 1):
            yield number, *pickle.load(self.file)


def _widths(lines):
    """Of each column, the width of its longest line in what was measured."""
    longest = []
    for cells in lines:
        longest.extend([0] * (len(cells) - len(longest)))
        for place, cell in enumerate(cells):
            text = "" if cell is None else str(cell)
            longest[place] = max(longest[place], *map(len, text.split("\n")))
    return [min(max(width + 2, NARROWEST), WIDEST) for width in longest]
