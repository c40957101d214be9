"""An XLSX on its way out: every cell a text, so that nothing in it is a formula and no phone, IIN or leading zero is touched.

Written here and not by openpyxl, whose write-only mode first puts everybody's values into a named file under /tmp, where a killed
process leaves them. The tables come first, ready to be filtered; the last sheet says what the file is and closes it. The
trailer is that of the CSV with the same lines, so both can be compared by it; a file without it is not whole.
"""

import hashlib
import itertools
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from xml.sax.saxutils import escape as xml

from registry.exports.stream import BYTE_ORDER_MARK, CHUNK_BYTES, csv_line, end

# What a sheet of Excel and a cell of it can hold; a ZIP entry of unknown length stays below 2 GiB.
SHEET_ROWS, SHEET_BYTES, CELL_UNITS = 1_048_576, 1 << 30, 32_767
BATCH_ROWS, MEASURED_ROWS = 500, 100
NARROWEST, WIDEST = 8, 48
TEXT, HEADING, LABEL = 1, 2, 3  # places in the styles below
ANY_TIME = (1980, 1, 1, 0, 0, 0)

NEEDS_CARE = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
# Excel's own way to write a character XML has no room for; a text that looks like it is written so too.
ENCODED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
STYLES = (
    f'{XML}<styleSheet xmlns="{MAIN}"><fonts count="2"><font><sz val="10"/><name val="Arial"/></font>'
    '<font><b/><sz val="10"/><name val="Arial"/></font></fonts><fills count="3"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFE7ECF1"/>'
    "</patternFill></fill></fills><borders count=\"1\"><border/></borders><cellStyleXfs count=\"1\"><xf/></cellStyleXfs>"
    '<cellXfs count="4"><xf numFmtId="49" xfId="0"/>'
    + "".join(
        f'<xf numFmtId="49" fontId="{font}" fillId="{fill}" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" '
        'applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>'
        for font, fill in ((0, 0), (1, 2), (1, 0))
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)  # fmt: skip


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
        self._sheets, self._sha256 = [], hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        pipe = _Pipe()
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
            for place, line in enumerate([*self.head, self.columns]):
                self._sha256.update(((BYTE_ORDER_MARK if place == 0 else "") + csv_line(line)).encode("utf-8"))
            rows, more = iter(self.rows), True
            while more:
                more = yield from self._table(archive, pipe, rows)
                rows = itertools.chain(more or (), rows)
            self.digest = self._sha256.hexdigest()
            self._about(archive)
            self._package(archive)
        yield pipe.taken()

    def _table(self, archive, pipe, rows):
        """A sheet of the table, as many rows as it holds; gives the first rows of the next sheet, or none."""
        batch = list(itertools.islice(rows, min(MEASURED_ROWS, SHEET_ROWS - 1)))
        number, size = 1, 0
        with self._sheet(archive, f"{self.name} {len(self._sheets) + 1}" if self._sheets else self.name) as part:
            part.write(_top(_widths([self.columns, *batch]), frozen=True, first=len(self._sheets) == 1).encode())
            part.write(_row(1, self.columns, [HEADING] * len(self.columns)).encode())
            while batch:
                lines = []
                for cells in batch:
                    number += 1
                    self._sha256.update(csv_line(cells).encode("utf-8"))
                    lines.append(_row(number, cells))
                self.count += len(batch)
                size += part.write("".join(lines).encode("utf-8"))
                batch = list(itertools.islice(rows, min(BATCH_ROWS, max(SHEET_ROWS - number, 1))))
                if number >= SHEET_ROWS or size >= SHEET_BYTES:
                    break
                if pipe.size >= CHUNK_BYTES:
                    yield pipe.taken()
            part.write(_tail(self._title(), f"A1:{_letters(len(self.columns) - 1)}{number}").encode())
        return batch

    def _about(self, archive):
        with self._sheet(archive, self.about) as part:
            lines = [*self.head, self.end(self.count, self.digest)]
            widest = max(map(len, lines))
            part.write(_top([30] + [60] * (widest - 1)).encode())
            for number, cells in enumerate(lines, 1):
                part.write(_row(number, cells, [LABEL] + [TEXT] * widest).encode())
            part.write(_tail(self._title()).encode())

    def _title(self):
        return " ".join(str(each) for each in self.head[0][1:]) if self.head else self.name

    def _sheet(self, archive, name):
        self._sheets.append(name)
        return _entry(archive, f"xl/worksheets/sheet{len(self._sheets)}.xml")

    def _package(self, archive):
        """What binds the sheets together: names, kinds and relations of the parts."""
        numbered = list(enumerate(self._sheets, 1))
        sheets = "".join(f'<sheet name="{_attribute(n)}" sheetId="{i}" r:id="rId{i}"/>' for i, n in numbered)
        titles = "".join(
            f'<definedName name="_xlnm.Print_Titles" localSheetId="{i - 1}">\'{xml(name)}\'!$1:$1</definedName>'
            for i, name in numbered[:-1]
        )
        related = [(f"rId{i}", "worksheet", f"worksheets/sheet{i}.xml") for i, _name in numbered]
        kinds = "".join(
            f'<Override PartName="/xl/{part}" ContentType="{TYPE}.{kind}+xml"/>'
            for part, kind in [
                ("workbook.xml", "sheet.main"),
                ("styles.xml", "styles"),
                *((target, kind) for _id, kind, target in related),
            ]
        )
        _put(
            archive, "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><bookViews><workbookView/></bookViews>'
            f"<sheets>{sheets}</sheets><definedNames>{titles}</definedNames></workbook>",
        )  # fmt: skip
        _put(archive, "xl/_rels/workbook.xml.rels", _relations([*related, ("rIdS", "styles", "styles.xml")]))
        _put(archive, "_rels/.rels", _relations([("rId1", "officeDocument", "xl/workbook.xml")]))
        _put(archive, "xl/styles.xml", STYLES.removeprefix(XML))
        _put(
            archive, "[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
            f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{kinds}</Types>',
        )  # fmt: skip


def file(head, columns, rows, *, sheet, about, end=end) -> Workbook:
    """An XLSX with the content of `stream.csv_file(head, columns, rows)`."""
    return Workbook(head, columns, rows, sheet=sheet, about=about, end=end)


class _Pipe:
    """What the ZIP is written to; it cannot go back in it."""

    def __init__(self):
        self.waiting, self.size = [], 0

    def write(self, piece):
        self.waiting.append(bytes(piece))
        self.size += len(piece)
        return len(piece)

    def flush(self):
        pass

    def taken(self):
        pieces, self.waiting, self.size = b"".join(self.waiting), [], 0
        return pieces


def _entry(archive, name):
    info = zipfile.ZipInfo(name, ANY_TIME)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    return archive.open(info, "w")


def _put(archive, name, text):
    with _entry(archive, name) as part:
        part.write((XML + text).encode("utf-8"))


def _relations(related):
    each = "".join(f'<Relationship Id="{i}" Type="{OFFICE}/{kind}" Target="{target}"/>' for i, kind, target in related)
    return f'<Relationships xmlns="{PACKAGE}/relationships">{each}</Relationships>'


def _attribute(text):
    return xml(text, {'"': "&quot;"})


def _letters(place):
    """The name of a column: A for 0, Z for 25, AA for 26."""
    letters = ""
    while place >= 0:
        letters = chr(ord("A") + place % 26) + letters
        place = place // 26 - 1
    return letters


LETTERS = [_letters(place) for place in range(256)]


def _row(number, cells, styles=None):
    """A row; empty cells are left out. A column past the 256th finds its name again each time."""
    said = []
    for place, cell in enumerate(cells):
        text = "" if cell is None else str(cell)
        if text:
            if len(text) > CELL_UNITS // 2 or NEEDS_CARE.search(text):
                text = _careful(text)
            letters = LETTERS[place] if place < 256 else _letters(place)
            style = styles[place] if styles else TEXT
            said.append(
                f'<c r="{letters}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
            )
    return f'<row r="{number}">{"".join(said)}</row>'


def _careful(text):
    """The text as XML, whole: what XML cannot hold in Excel's own notation. Past what a cell holds it is cut, and says so."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) > CELL_UNITS * 2:
        kept = units[: (CELL_UNITS - 67) * 2].decode("utf-16-le", "ignore")
        text = f"{kept}… [{len(text) - len(kept)} more characters: see the CSV]"
    return xml(ENCODED.sub(lambda found: f"_x{ord(found[0]):04X}_", text))


def _widths(lines):
    """Of each column, the width of its longest line in what was measured."""
    longest = []
    for cells in lines:
        longest.extend([0] * (len(cells) - len(longest)))
        for place, cell in enumerate(cells):
            text = "" if cell is None else str(cell)
            longest[place] = max(longest[place], *map(len, text.split("\n")))
    return [min(max(width + 2, NARROWEST), WIDEST) for width in longest]


def _top(widths, *, frozen=False, first=False):
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' if frozen else ""
    columns = "".join(
        f'<col min="{i}" max="{i}" width="{width}" style="{TEXT}" customWidth="1"/>'
        for i, width in enumerate(widths, 1)
    )
    selected = ' tabSelected="1"' if first else ""
    return (
        f'{XML}<worksheet xmlns="{MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews>'
        f'<sheetView{selected} workbookViewId="0">{pane}</sheetView></sheetViews><cols>{columns}</cols><sheetData>'
    )


def _tail(title, filtered=""):
    """What follows the rows: the filter, a landscape A4 as wide as the table with title and page, no marks at text digits."""
    header = xml(title[:100].replace("&", "&&"))
    sieve = f'<autoFilter ref="{filtered}"/>' if filtered else ""
    return (
        f"</sheetData>{sieve}"
        '<pageMargins left="0.4" right="0.4" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
        f"<headerFooter><oddHeader>&amp;L&amp;8{header}</oddHeader><oddFooter>&amp;R&amp;8&amp;P / &amp;N</oddFooter></headerFooter>"
        '<ignoredErrors><ignoredError sqref="A1:XFD1048576" numberStoredAsText="1"/></ignoredErrors></worksheet>'
    )
