"""Rows as they stand in a file, one by one or many together."""

import marshal
from functools import cached_property
from operator import ne
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

LINE_ENDS = "\r\n"


class Ragged(NamedTuple):
    """A row of another width than the header. As a text, the sentence that says so, in the language of whoever asks."""

    count: int
    width: int

    def __str__(self):
        return ngettext(
            "the row has %(count)d cell, the header has %(width)d: is a delimiter inside a cell not quoted?",
            "the row has %(count)d cells, the header has %(width)d: is a delimiter inside a cell not quoted?",
            self.count,
        ) % {"count": self.count, "width": self.width}


class LongCell(NamedTuple):
    """A row with a cell that is longer than the limit; as a text, the sentence."""

    column: str
    limit: int

    def __str__(self):
        return _("the cell in column “%(column)s” is longer than %(limit)d characters: shorten it") % self._asdict()


class Row(NamedTuple):
    """One record. problem: why it cannot be read as a row of this table, else empty."""

    line: int
    cells: list
    problem: Ragged | LongCell | str = ""


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
        cells, ends = rows._split()
        # Each line has one end, but perhaps the last: where every so many-th cell has one, no other cell does.
        if len(cells) != width * len(texts) or not all(map(ne, ends[:-1], cells[width - 1 :: width])):
            return None
        rows.cells = cells
        return rows

    @cached_property
    def cells(self):
        return self._split()[0]

    def _split(self):
        """(the cells, the last one of each line as it was with the line's end)."""
        cells, last = self.text.split(self.delimiter), slice(self.width - 1, None, self.width)
        ends = cells[last]
        cells[last] = [end.rstrip(LINE_ENDS) for end in ends]
        return cells, ends

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
        self.packed = marshal.dumps([row.cells for row in rows])
        self.problems = {at: row.problem for at, row in enumerate(rows) if row.problem}

    @cached_property
    def cells(self):
        return marshal.loads(self.packed)

    def __getitem__(self, at):
        return Row(self.lines[at], self.cells[at], self.problems.get(at, ""))
