"""Lists of a run as CSV for the CRM's owner: its own columns, encoding and delimiter, then line and reason."""

import codecs
import csv
import io
from itertools import chain

from django.utils.translation import gettext as _

from registry.exports.formulas import Phone, escape

from .lists import LISTS, MISSING, TURNED_DOWN, rows_of
from .missing import missing_people

EXTRA = ("line", "reason")
STORED = ("crm_id", "surname", "given_name", "patronymic", "iin", "email", "phone", "birth_date", "language")
FULL_NAMES = {
    "full_name": ("surname", "given_name", "patronymic"),
    "full_name_given_first": ("given_name", "patronymic", "surname"),
}


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

    def of_person(self, person, reason):
        """A person of the register, in the columns that hold a person's own values; the first where several hold one."""
        values = {field: person[field] for field in STORED} | {"phone": Phone(person["phone"])}
        for field, parts in FULL_NAMES.items():
            values[field] = " ".join(filter(None, (person[part] for part in parts)))
        return [*(values.pop(field, "") for field in self.fields), "", reason]


def list_csv(run, kind):
    """One list of a run, in pieces of bytes. `kind` is one of LISTS."""
    layout = Layout(run)
    if kind == MISSING:
        reason = _("not in the file")
        people = (layout.of_person(person, reason) for person in missing_people(run, STORED))
        # Names of the register have letters that cp1251 lacks; they do not get lost on the way back.
        return _csv(run, layout, people, "utf-8-sig" if run.encoding == "cp1251" else run.encoding)
    return _rows(run, LISTS[kind].kinds)


def rejected_csv(run):
    """All rows that are not taken, rejected and stopped, in pieces of bytes."""
    return _rows(run, TURNED_DOWN)


def _rows(run, kinds):
    layout = Layout(run)
    rows = rows_of(run, kinds).iterator(chunk_size=1000)
    return _csv(run, layout, map(layout.of_row, rows), run.encoding)


def _csv(run, layout, records, encoding):
    # A letter the CRM's encoding lacks can only stand in a reason; the cells came from that encoding.
    encoder = codecs.getincrementalencoder(encoding or "utf-8")(errors="replace")
    for cells in chain([[*layout.header, *EXTRA]], records):
        yield encoder.encode(_line(cells, run.delimiter))


def file_name(run, kind):
    return f"import-{run.pk}-{kind}.csv"


def _line(cells, delimiter):
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter or ";", lineterminator="\r\n").writerow(map(escape, cells))
    return line.getvalue()
