"""A list of the admin as a file: CSV, JSON or XLSX, told before its first byte and after its last, streamed in between.

An engine of its own and not import-export's: that one makes the whole file in memory before the first byte leaves (1 KB a row),
knows no trailer and no journal, and takes one apostrophe for a defence against formulas.
"""

from array import array
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.db.models import Q

from registry.exports import runs, tables
from registry.exports.stream import end, json_file
from registry.exports.trace import TRACE, Marks
from registry.journal import record, unit_of_work

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
CHUNK_ROWS = 1000
WHOLE = (Q(),)  # a list in one piece


class Column(NamedTuple):
    """A column of the file: its name in JSON, its heading, and the text of a record in it."""

    name: str
    heading: str
    text: Callable[[Any], object]


class ListFile:
    """The records of a queryset in its order, as an export run of kind LIST gives them away. `parts` are conditions that take it
    in pieces, one after the other, where one query for all of it would cost too much.

    Which records they are is settled when the file begins. They are read a thousand keys at a time by `read`, which leaves out
    what may not leave any more; by default with the conditions of the queryset. `below` is the key under which the export itself stands in the list, if it does: the file holds what stood before. Of
    people each chunk is an entry of the journal that names those in it, before they leave, like a page of their list; and each
    row bears the mark of the export (see trace.py).
    """

    def __init__(
        self, run, queryset, columns: list[Column], *, role, read=None, about_people=False, parts=WHOLE, below=None
    ):
        self.run, self.queryset, self.columns, self.role = run, queryset, columns, role
        self.read, self.parts, self.below = read or (lambda keys: queryset.filter(pk__in=keys)), parts, below
        self.about_people = about_people
        self.marks = Marks(run.salt) if about_people else None

    def stream(self, format) -> Iterator[bytes]:
        """The file in chunks of bytes; afterwards the run is closed with how many rows they were and their digest."""
        file = self.file(format)
        yield from file
        runs.finish(self.run, count=file.count, digest=file.digest, role=self.role)

    def file(self, format):
        traced = [TRACE] if self.marks else []
        headings = [column.heading for column in self.columns] + traced
        if format == "json":
            names = [column.name for column in self.columns] + traced
            head = {"list": self.queryset.model._meta.model_name, "columns": dict(zip(names, headings, strict=True))}
            records = (dict(zip(names, map(text_of, cells), strict=True)) for cells in self.rows())
            return json_file(head, "rows", records, export=str(self.run.uid))
        name = str(self.queryset.model._meta.verbose_name_plural)
        return tables.file(format, headings, self.rows(), sheet=name, end=self.end)

    def end(self, count, sha256):
        """The cells of the trailer: of a list it names the export, too."""
        return end(count, sha256, self.run.uid)

    def rows(self) -> Iterator[list]:
        texts = [column.text for column in self.columns]
        for records in self.chunks():
            if self.about_people:
                self.tell(records)
            for each in records:
                cells = [text(each) for text in texts]
                if self.marks:
                    cells.append(self.marks(cells))
                yield cells

    def chunks(self):
        """Lists of records. Their keys are read first, eight bytes each: neither a transaction nor a cursor is held open while
        somebody's line is slow."""
        for part in self.parts:
            keys = self.queryset.filter(part).values_list("pk", flat=True)
            keys = array("q", filter(self.stood_before, keys.iterator(chunk_size=10_000)))
            for start in range(0, len(keys), CHUNK_ROWS):
                piece = keys[start : start + CHUNK_ROWS].tolist()
                found = {each.pk: each for each in self.read(piece).order_by()}
                yield [found[key] for key in piece if key in found]

    def stood_before(self, key):
        """Asked here, not in the query: SQLite would walk through all keys below in place of the list's own index."""
        return self.below is None or key < self.below

    def tell(self, records):
        uids = list(dict.fromkeys(uid for each in records for uid in each.journal_subjects()))
        run, model = self.run, self.queryset.model._meta.model_name
        with unit_of_work(by=run.started_by, role=self.role, operator=run.operator):
            record("list", object_type=model, uids=uids, count=len(records), run=run.pk)


def text_of(cell):
    return "" if cell is None else str(cell)
