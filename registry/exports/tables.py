"""A table as the file that is asked for: the same lines in each."""

from django.utils.translation import gettext as _

from registry.exports import xlsx
from registry.exports.stream import csv_file


def file(format, columns, rows, *, sheet, end):
    """`format` is csv or xlsx; `sheet` is what the table is called there, `end(count, sha256)` makes the cells of the trailer."""
    if format == "csv":
        return csv_file([], columns, rows, end=end)
    if format == "xlsx":
        return xlsx.file([], columns, rows, sheet=sheet, about=_("About this file"), end=end)
    raise ValueError(f"A table leaves as csv or xlsx, not as {format}.")
