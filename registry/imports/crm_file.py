"""A CRM's file as cleaned rows in chunks. Every line of a repeated id carries an error that names the other lines."""

import datetime as dt
from itertools import islice
from typing import NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from .ahead import Ahead, Charge, End
from .cells import clean_id
from .columns import KEY, Columns, match_columns
from .date_order import date_orders
from .inspection import Inspected, inspect
from .reader import Table
from .repeated import repeated_ids
from .rows import Problem, RowCleaner
from .sound_rows import CleanRows, SoundRows

# One chunk is one transaction: its size is how long everybody else waits for a lock.
CHUNK_ROWS = {"postgresql": 1000, "sqlite": 500}
LINES_NAMED = 10


class Said(NamedTuple):
    """What the person importing said; None or empty where it is to be found out.

    date_order (dmy, mdy, ymd): how 01/02/2003 is read. blank_clears: an empty cell empties what is stored.
    order_remembered: that order is a source's, which the rows may contradict. numbered: lines of mapping by number that a
    source remembers of files with the header row numbered_in. as_of: the history row of the source that said all this.
    """

    encoding: str | None = None
    delimiter: str | None = None
    mapping: tuple = ()
    defaults: tuple = ()
    date_order: str = ""
    blank_clears: bool = False
    order_remembered: bool = False
    numbered: tuple = ()
    numbered_in: tuple = ()
    as_of: int = 0


def as_said(kept) -> Said:
    """Said out of its JSON."""
    return Said(**{name: tuple(said) if isinstance(said, list) else said for name, said in kept.items()})


class CRMFile:
    """An inspected file with its columns mapped; FileRefused where that cannot be done. notes: what is said of the reading."""

    def __init__(self, path, said: Said, *, today: dt.date, table: Table | None = None):
        self.table = table or Table(inspect(path, encoding=said.encoding, delimiter=said.delimiter))
        self.inspected: Inspected = self.table.file
        self.columns: Columns = match_columns(
            self.table.header,
            mapping=said.mapping,
            defaults=said.defaults,
            numbered=said.numbered,
            numbered_in=said.numbered_in,
        )
        orders, told = date_orders(self.columns, self.table, said=said.date_order, remembered=said.order_remembered)
        self.notes = self.columns.notes() + told
        self.repeated = None  # id → lines, of ids on several lines
        self.cleaning = {
            "columns": self.columns,
            "today": today,
            "orders": orders,
            "blank_clears": said.blank_clears,
            "may_hold_controls": self.inspected.may_hold_controls,
        }
        self.cleaner = RowCleaner(**self.cleaning)
        self.sound_rows = SoundRows(self.cleaner)

    def chunks(self, *, at_once=1):
        """The cleaned rows, in chunks. The ids are looked through first, unless `repeated` is known. A long file is read
        ahead by another process as soon as that is up; what it does not come to is read here.

        at_once: how many times as many rows as one transaction takes, for whoever writes nothing.
        """
        size, done = self.rows_at_once() * at_once, 0
        with Ahead.of(self) as ahead:
            self._look_for_repeated()
            chunks = self.table.chunks(size)
            while not ahead.is_up():
                if not (rows := next(chunks, None)):
                    return
                yield self.cleaned(rows)
                done += len(rows)
            for part in ahead.parts(Charge((self.inspected, self.table.limits), self.cleaning, done, size)):
                if isinstance(part, End):
                    self.table.trailer = part.trailer
                    return
                yield self._without_repeated(self.sound_rows.of(part.rows, part.columns, part.doubtful))
                done += len(part.rows.lines)
        yield from map(self.cleaned, self.table.chunks(size, skip=done))

    def rows(self, *, skip=0):
        """The rows as they stand in the file, `skip` of them left out at the beginning."""
        return islice(iter(self.table), skip, None)

    def rows_at_once(self):
        return CHUNK_ROWS[connection.vendor]

    def cleaned(self, rows) -> CleanRows:
        self._look_for_repeated()
        return self._without_repeated(self.sound_rows.clean(rows))

    def _look_for_repeated(self):
        if self.repeated is None:
            self.repeated = repeated_ids(self.table, self.columns.places[KEY])

    def _without_repeated(self, cleaned):
        for row in cleaned if self.repeated else ():
            if row.crm_id in self.repeated:
                row.errors.append(self._repeated(row, self.repeated[row.crm_id]))
        return cleaned

    def crm_id(self, row):
        """The id in a row that was not cleaned, empty where it has none."""
        place = self.columns.places[KEY]
        return clean_id(row.cells[place]) if place < len(row.cells) else ""

    def _repeated(self, row, lines):
        others = [str(line) for line in lines if line != row.line]
        named = ", ".join(others[:LINES_NAMED]) + (" …" if len(others) > LINES_NAMED else "")
        reason = _("the id stands on other lines, too (%(lines)s): one person has one line, keep the right one")
        return Problem(self.columns.label(KEY), row.crm_id, reason % {"lines": named})
