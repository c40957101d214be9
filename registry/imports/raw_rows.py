"""Rows as they stand in a file, one by one or many together."""

import marshal
from functools import cached_property
from operator import ne
from typing import NamedTuple

LINE_ENDS = "\r\n"


class Row(NamedTuple):
    """One record. problem: why it cannot be read as a row of this table, else empty."""

    line: int
    cells: list
    problem: str = ""


class EvenRows:
    """Rows of one line and as many cells each as there are columns: split all at once, and sent to another process unsplit.

    cells: of all rows, one after another.
    """

    def __init__(self, lines, text, delimiter, width):
        self.lines, self.text, self.delimiter, self.width = lines, text, delimiter, width

    @classmethod
    def of(cls, lines, texts, delimiter, width):
        """None where a line has another number of cells. lines: their numbers."""
        rows = cls(lines, delimiter.join(texts), delimiter, width)
        cells = rows.text.split(delimiter)
        ends = cells[width - 1 :: width]
        last = [end.rstrip(LINE_ENDS) for end in ends]
        # Each line has one end, but perhaps the last: where every so many-th cell has one, no other cell does.
        if len(cells) != width * len(texts) or not all(map(ne, ends[:-1], last)):
            return None
        cells[width - 1 :: width] = last
        rows.cells = cells
        return rows

    @cached_property
    def cells(self):
        cells = self.text.split(self.delimiter)
        cells[self.width - 1 :: self.width] = [end.rstrip(LINE_ENDS) for end in cells[self.width - 1 :: self.width]]
        return cells

    def column(self, place):
        return self.cells[place :: self.width]

    def __len__(self):
        return len(self.lines)

    def __getitem__(self, at):
        return Row(self.lines[at], self.cells[at * self.width : (at + 1) * self.width])

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "cells"}


class PackedRows:
    """Other rows on their way to another process, unpacked when one of them is asked for."""

    def __init__(self, rows):
        self.lines = [row.line for row in rows]
        self.packed = marshal.dumps([(row.cells, row.problem) for row in rows])

    @cached_property
    def rows(self):
        return [Row(line, *row) for line, row in zip(self.lines, marshal.loads(self.packed), strict=True)]

    def __getitem__(self, at):
        return self.rows[at]
