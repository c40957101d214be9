"""A process that reads a long file ahead of its plan: it cleans the sound rows, so that comparing them is what is left.

It knows neither the register nor the settings, and says nothing of a row that is not sound: that one is cleaned by the plan.
"""

import datetime as dt
from typing import NamedTuple

from django.conf import settings

from .date_order import DATE_FIELDS
from .headers import FIELDS
from .inspection import FileRefused
from .memory import seldom_collected
from .raw_rows import EvenRows, PackedRows
from .reader import Table, Trailer
from .rows import RowCleaner
from .second_process import SecondProcess, may_begin
from .sound_rows import SoundRows

# A process takes a quarter of a second to come up, and some forty megabytes.
FEWEST_BYTES = 1 << 20


class Charge(NamedTuple):
    """What the process is told when it is up: the file, how it is read and cleaned, where to begin, how many rows at once."""

    table: tuple
    cleaning: dict
    skip: int
    size: int


class Part(NamedTuple):
    """Rows as the process sends them. doubtful: places of those that are not sound."""

    rows: EvenRows | PackedRows
    columns: dict
    doubtful: set


class End(NamedTuple):
    """What is sent after the last part: the file was read to its end."""

    trailer: Trailer | None


class Days(dict):
    """Numbers of days → dates; a number goes to another process at a fraction of what a date costs."""

    def __missing__(self, number):
        day = self[number] = dt.date.fromordinal(number)
        return day


class Ahead(SecondProcess):
    """The process of a file, or none where the file is short or not to be cleaned by columns."""

    @classmethod
    def of(cls, file):
        worth_it = file.inspected.size >= FEWEST_BYTES and file.sound_rows.possible and may_begin()
        return cls(read_ahead if worth_it else None, layout=layout, does="reads the file of an import ahead")

    def parts(self, charge):
        """The parts from there on, and the end where it was reached."""
        days = Days({"": "", None: None})
        for part in self.answers(charge):
            for field in part.columns.keys() & DATE_FIELDS if isinstance(part, Part) else ():
                part.columns[field] = list(map(days.__getitem__, part.columns[field]))
            yield part


def layout():
    """What it sends consists of."""
    return [Part._fields, End._fields, FIELDS]


def read_ahead(pipe):
    """What the process does."""
    settings.configure(USE_I18N=False)  # no sentence it makes is sent
    with seldom_collected():
        pipe.send(layout())
        charge = pipe.recv()
        table = Table(*charge.table)
        sound_rows = SoundRows(RowCleaner(**charge.cleaning))
        try:
            for rows in table.chunks(charge.size, skip=charge.skip):
                pipe.send(_part(rows, sound_rows))
            pipe.send(End(table.trailer))
        except FileRefused:
            pipe.send(None)  # the plan comes upon it, too, and says why


def _part(rows, sound_rows):
    columns, doubtful = sound_rows.columns(rows)
    for field in columns.keys() & DATE_FIELDS:
        columns[field] = [day and day.toordinal() for day in columns[field]]
    return Part(rows if isinstance(rows, EvenRows) else PackedRows(rows), columns, doubtful)
