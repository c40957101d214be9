"""Rejected and stopped rows as a CSV for the CRM's owner: its own columns, encoding and delimiter, with line and reason."""

import codecs
import csv
import io

from django.utils.translation import gettext as _

from registry.exports.formulas import Phone, escape

EXTRA = ("line", "reason")


def rejected_csv(run):
    """The file in pieces of bytes. Cells that a row has beyond the header follow the reason."""
    # A letter the CRM's encoding lacks can only stand in a reason; the cells came from that encoding.
    encoder = codecs.getincrementalencoder(run.encoding or "utf-8")(errors="replace")
    header = [name for name, _field in run.mapping]
    phone = next((place for place, (_name, field) in enumerate(run.mapping) if field == "phone"), None)
    yield encoder.encode(_line([*header, *EXTRA], run.delimiter))
    for row in run.listed_rows.order_by("line").iterator(chunk_size=1000):
        cells = [Phone(cell) if place == phone else cell for place, cell in enumerate(row.cells)]
        own = cells[: len(header)] + [""] * (len(header) - len(cells))
        yield encoder.encode(_line([*own, row.line, "; ".join(row.reasons), *cells[len(header) :]], run.delimiter))


def file_name(run):
    return _("rejected-rows-%(run)d.csv") % {"run": run.pk}


def _line(cells, delimiter):
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter or ";", lineterminator="\r\n").writerow(map(escape, cells))
    return line.getvalue()
