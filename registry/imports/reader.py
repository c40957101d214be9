"""Rows of a CSV file with the physical line each begins on. Strict RFC 4180, streaming: memory does not grow with the file."""

import csv
import re
from itertools import chain, islice
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.exports.formulas import unescape
from registry.exports.stream import TRAILER
from registry.rules.texts import control_in

from .inspection import FileRefused, Inspected, Limits, too_many_rows
from .raw_rows import LINE_ENDS, EvenRows, LongCell, Ragged, Row

AT_ONCE = 2000
# Characters that are read at once: some hundred rows, or one where it is as long as a row may be.
BLOCK = 1 << 15
# Characters that are held at once: some thousand rows.
HELD = 1 << 20
_LINE_END = re.compile(r"\r\n?|\n")


class Trailer(NamedTuple):
    """The line that closes an export of ours: how many rows it says there are, and how many there are."""

    line: int
    said: str
    rows: int


class Table:
    """A CSV file that can be read again and again, each time from its beginning. trailer: where it was read to its end."""

    trailer: Trailer | None = None

    def __init__(self, inspected: Inspected, limits: Limits | None = None):
        self.file, self.limits = inspected, limits or Limits.from_settings()
        self.header, self.header_line = self._header()

    def __iter__(self):
        """Rows below the header; blank lines are skipped, rows of another width come with a problem."""
        yield from chain.from_iterable(map(self._rows, self._below_header()))

    def chunks(self, size, *, skip=0):
        """The rows, at most so many at once, without the first `skip`; EvenRows or a list."""
        if self.file.may_hold_quotes:
            rows = islice(iter(self), skip, None)
            yield from iter(lambda: _some(rows, size, lambda row: len("".join(row.cells))), [])
            return
        for block in self._below_header(lines=size):
            rows = block if isinstance(block, EvenRows) else self._rows(block)
            if skip < len(rows):
                yield [rows[at] for at in range(skip, len(rows))] if skip else rows
            skip = max(skip - len(rows), 0)

    def _rows(self, records):
        width, cell_limit = len(self.header), self.limits.cell_length
        if all(len(cells) == width and len("".join(cells)) <= cell_limit for _line, cells in records):
            return [Row(line, cells) for line, cells in records]
        return list(map(self._row, records))

    def _row(self, record):
        line, cells = record
        if len(cells) != len(self.header):
            return Row(line, self._cut(cells), Ragged(len(cells), len(self.header)))
        if max(map(len, cells)) > self.limits.cell_length and any(map(self._is_long, cells)):
            return Row(line, self._cut(cells), self._long_cell(line, cells))
        return Row(line, cells)

    def column(self, place):
        """(line, cell) of one column, also of rows of another width as far as they reach."""
        for line, cells in chain.from_iterable(self._below_header()):
            if place < len(cells):
                yield line, cells[place]

    def cells_of(self, place):
        """As `column`, lists of cells without their lines; where nothing is quoted the header's may be among them."""
        if self.file.may_hold_quotes:
            cells = (cell for _line, cell in self.column(place))
            yield from iter(lambda: _some(cells, AT_ONCE), [])
            return
        delimiter, filling = self.file.delimiter, self.file.delimiter * place
        with self._open() as stream:
            while lines := _some(stream, AT_ONCE):
                yield [(line.rstrip(LINE_ENDS) + filling).split(delimiter, place + 1)[place] for line in lines]

    def at(self, lines):
        """(line, cells) of the records that begin on these lines, in their order. Lines between them are passed over unread."""
        passed = 0
        with self._open() as stream:
            for line in sorted(lines):
                next(islice(stream, line - passed - 1, line - passed - 1), None)
                records = self._reader(stream)
                yield line, next(records)
                passed = line - 1 + records.line_num

    def _below_header(self, lines=0):
        """Blocks of records, without the header and the trailer of an export of ours; FileRefused beyond the limit of rows.

        lines: how many are looked at together, as EvenRows where that can be; 0 for some hundred and no EvenRows.
        """
        left, end = self.limits.rows, []
        for block in self._blocks(lines):
            if end:  # what looked like the trailer was not the last line
                left -= 1
                yield end
            end = block[-1:] if not isinstance(block, EvenRows) and _is_trailer(block[-1]) else []
            left -= len(block) - len(end)
            if left < 0:
                raise FileRefused(too_many_rows(self.limits))
            if block := block[:-1] if end else block:
                yield block
        self.trailer = Trailer(end[0][0], "".join(end[0][1][2:3]), self.limits.rows - left) if end else None

    def _header(self):
        for line, cells in self._records():
            if cells == ["sep=", ""]:
                continue  # a spreadsheet's own line "sep=;", split at its delimiter
            if len(cells) > self.limits.columns:
                raise FileRefused(
                    _("The file has %(count)d columns, more than the %(limit)d allowed. Export fewer.")
                    % {"count": len(cells), "limit": self.limits.columns}
                )
            self._refuse_strange_headers(cells, line)
            return cells, line
        raise FileRefused(_("The file is empty. Export it from the CRM again."))

    def _refuse_strange_headers(self, cells, line):
        for number, cell in enumerate(cells, 1):
            place = {"line": line, "number": number, "limit": self.limits.cell_length}
            if mark := control_in(cell):
                raise FileRefused(
                    _("Line %(line)d, column %(number)d: the header holds the control character U+%(code)04X, which is no "
                      "text. Export the file again.") % (place | {"code": ord(mark)})
                )  # fmt: skip
            if len(cell) > self.limits.cell_length:
                raise FileRefused(
                    _("Line %(line)d, column %(number)d: the header is longer than %(limit)d characters. Shorten it.")
                    % place
                )

    def _records(self):
        """(physical line of its beginning, cells) of every record that is not blank."""
        return self._quoted_records() if self.file.may_hold_quotes else chain.from_iterable(self._plain_blocks())

    def _blocks(self, lines):
        """The records below the header in lists: what is looked at in a list costs half of what it costs one by one."""
        if self.file.may_hold_quotes:
            return _in_blocks(record for record in self._quoted_records() if record[0] > self.header_line)
        return self._plain_blocks(self.header_line, lines)

    def _plain_blocks(self, after=0, lines=0):
        """Without a quote in the file a record is a line, and a cell what stands between two delimiters."""
        delimiter, line = self.file.delimiter, after + 1
        with self._open() as stream:
            next(islice(stream, after, after), None)
            while texts := _some(stream, lines) if lines else stream.readlines(BLOCK):
                if even := self._even(range(line, line + len(texts)), texts) if lines else None:
                    yield even
                else:
                    records = [(at, text.rstrip(LINE_ENDS).split(delimiter)) for at, text in enumerate(texts, line)]
                    if said := [record for record in records if _says_something(record[1])]:
                        yield said
                line += len(texts)

    def _even(self, lines, texts):
        """EvenRows, or None where one of them may be more than a row of this table: long, blank, or the trailer."""
        if max(map(len, texts)) > self.limits.cell_length or texts[-1].startswith(TRAILER):
            return None
        rows = EvenRows.of(lines, texts, self.file.delimiter, len(self.header))
        return rows if rows and all(map(str.strip, rows.column(0))) else None

    def _quoted_records(self):
        before = 0
        with self._open() as stream:
            records = self._reader(stream)
            try:
                for cells in records:
                    if cells and _says_something(cells):
                        yield before + 1, cells
                    before = records.line_num
            except csv.Error:
                raise FileRefused(self._why_broken(before)) from None

    def _reader(self, stream):
        """A cell may fill the longest line there may be: what a quote left open swallows ends there, too."""
        csv.field_size_limit(self.limits.line_bytes)
        return csv.reader(stream, delimiter=self.file.delimiter, strict=True)

    def _open(self):
        return self.file.path.open(encoding=self.file.encoding, newline="")

    def _why_broken(self, lines_before):
        """The record after these lines is broken; the quote to blame is the last one that opened a cell in it."""
        opened_on, quoted, read = lines_before + 1, False, 0
        with self._open() as stream:
            for number, text in enumerate(islice(stream, lines_before, None), lines_before + 1):
                opened, quoted, sound = _follow_quotes(text, self.file.delimiter, quoted)
                opened_on, read = (number, 0) if opened else (opened_on, read)
                read += len(text)
                if not sound:
                    break
                if read > self.limits.line_bytes:
                    return self._endless_cell(opened_on)
        return _open_quote(opened_on)

    def _endless_cell(self, line):
        return _(
            "Line %(line)d: a cell that begins here with a quote is longer than %(limit)d characters. Close the quote where "
            "the cell ends, or shorten the cell, and export again."
        ) % {"line": line, "limit": self.limits.line_bytes}

    def _cut(self, cells):
        """As much of the cells as is kept of a row that is turned down."""
        return [cell[: self.limits.cell_length] for cell in cells[: len(self.header) + self.limits.columns]]

    def _is_long(self, cell):
        """The apostrophe that an export of ours writes before a formula is none of its characters."""
        return len(unescape(cell)) > self.limits.cell_length

    def _long_cell(self, line, cells):
        """Why the row is turned down. FileRefused where its long cell is rather the rows after a quote that was left open."""
        column, cell = next((at, cell) for at, cell in enumerate(cells) if self._is_long(cell))
        inside = _LINE_END.split(cell)[1:-1]
        like_rows = sum(text.count(self.file.delimiter) == len(self.header) - 1 for text in inside)
        if 2 * like_rows > len(inside):
            raise FileRefused(_open_quote(line + sum(len(_LINE_END.findall(before)) for before in cells[:column])))
        return LongCell(self.header[column].strip() or str(column + 1), self.limits.cell_length)


def _some(items, most, length=len):
    """At most so many of these, fewer where they are long."""
    found, held = [], 0
    for item in islice(items, most):
        found.append(item)
        held += length(item)
        if held > HELD:
            break
    return found


def _in_blocks(records):
    block, length = [], 0
    for record in records:
        block.append(record)
        length += len("".join(record[1]))
        if length > BLOCK:
            yield block
            block, length = [], 0
    if block:
        yield block


def _says_something(cells):
    return cells[0].strip() or any(map(str.strip, cells))


def _is_trailer(record):
    return record[1][0] == TRAILER and record[1][1:2] == ["rows"]


def _open_quote(line):
    return _(
        "Line %(line)d: a quote opened here is not closed before the next cell, so the rows after it cannot be told "
        "apart. Double the quotes inside the cell, or close it, and export again."
    ) % {"line": line}


def _follow_quotes(text, delimiter, quoted):
    """(whether a quote opened on this line and stayed the last, still inside one, whether all was sound so far)."""
    opened, at = False, text.find('"')
    while at >= 0:
        if not quoted:
            quoted = at == 0 or text[at - 1] == delimiter
            opened = opened or quoted
        elif text[at + 1 : at + 2] == '"':
            at += 1
        else:
            quoted = False
            if text[at + 1 : at + 2] not in (delimiter, "\r", "\n", ""):
                return opened, quoted, False
        at = text.find('"', at + 1)
    return opened, quoted, True
