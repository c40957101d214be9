"""Lists of a run as CSV for the CRM's owner: its own columns, encoding and delimiter, then line and reason.

A list that is not stored whole ends in a line that says how many rows are not in it; a file without such a line has all.
"""

import codecs
import csv
import io

from django.utils.translation import ngettext

from registry.exports.formulas import Phone, escape
from registry.exports.stream import TRAILER

from .lists import LISTS, NOT_TAKEN, rows_of
from .progress import grouped

EXTRA = ("line", "reason")


class Layout:
    """The columns of a run's file, as they are written again."""

    def __init__(self, run):
        # A file that was sent back before has a line and a reason already: those of then say nothing now.
        self.places = [place for place, (name, field) in enumerate(run.mapping) if field or name not in EXTRA]
        self.width = len(run.mapping)
        self.header = [run.mapping[place][0] for place in self.places]
        self.fields = [run.mapping[place][1] for place in self.places]
        self.phones = {place for place in self.places if run.mapping[place][1] == "phone"}

    def of_row(self, row):
        """A listed row. Cells that it has beyond the header follow the reason."""
        cells = [Phone(cell) if place in self.phones else cell for place, cell in enumerate(row.cells)]
        own = [cells[place] if place < len(cells) else "" for place in self.places]
        return [*own, row.line, "; ".join(row.reasons), *cells[self.width :]]


def list_csv(run, kind):
    """One list of rows of a run, in pieces of bytes. `kind` is one of LISTS, but not that of people."""
    listing = LISTS[kind]
    return _rows(run, listing.kinds, listed_of=getattr(run, listing.count) if listing.most else 0)


def rejected_csv(run):
    """All rows that are not taken, rejected and stopped, in pieces of bytes."""
    return _rows(run, NOT_TAKEN)


def _rows(run, kinds, *, listed_of=0):
    """listed_of: how many rows there are, where not all of them may be stored."""
    layout = Layout(run)
    # A letter the CRM's encoding lacks can only stand in a reason; the cells came from that encoding.
    encoder = codecs.getincrementalencoder(run.encoding or "utf-8")(errors="replace")
    written = 0
    yield encoder.encode(line_of([*layout.header, *EXTRA], run.delimiter))
    for row in rows_of(run, kinds).iterator(chunk_size=1000):
        yield encoder.encode(line_of(layout.of_row(row), run.delimiter))
        written += 1
    if written < listed_of:
        yield encoder.encode(line_of([TRAILER, "rows", written, not_listed(listed_of - written)], run.delimiter))


def not_listed(count):
    """What a list that ends before its rows do says of the others."""
    return ngettext(
        "%(count)s more row is not listed.",
        "%(count)s more rows are not listed.",
        count,
    ) % {"count": grouped(count)}


def file_name(run, kind):
    return f"import-{run.pk}-{kind}.csv"


def line_of(cells, delimiter):
    """One line of a CSV, formulas inert."""
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter or ";", lineterminator="\r\n").writerow(map(escape, cells))
    return line.getvalue()
