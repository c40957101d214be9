"""People missing from a file, given away as an export: in the CRM's own columns, told by chunks, each row marked, closed by a trailer."""

from itertools import islice
from operator import attrgetter

from django.utils.translation import gettext as _

from registry.exports.formulas import Phone
from registry.exports.lists import CHUNK_ROWS, Column, ListFile
from registry.exports.stream import BYTE_ORDER_MARK, Sealed
from registry.exports.trace import TRACE
from registry.models import DataSubject

from .headers import PERSON_FIELDS
from .missing import expected, missing_people
from .rejects import EXTRA, Layout, line_of

FULL_NAMES = {
    "full_name": ("surname", "given_name", "patronymic"),
    "full_name_given_first": ("given_name", "patronymic", "surname"),
}


class MissingFile(ListFile):
    """Unlike the other lists of a run these people are not the uploader's own rows: they leave the register.

    In UTF-8 with its mark whatever the CRM's encoding: names of the register have letters that cp1251 lacks, and the trailer's
    digest is that of bytes.
    """

    def __init__(self, export, run, *, role):
        super().__init__(export, expected(run.operator_id), columns_of(run), role=role, about_people=True)
        self.of_import = run

    def file(self, format):
        delimiter = self.of_import.delimiter

        def lines():
            yield BYTE_ORDER_MARK + line_of([*(column.heading for column in self.columns), TRACE], delimiter), False
            for cells in self.rows():
                yield line_of(cells, delimiter), True

        return Sealed(lines(), lambda count, sha256: line_of(self.end(count, sha256), delimiter))

    def chunks(self):
        people = missing_people(self.of_import, ("uid", *PERSON_FIELDS))
        while chunk := [DataSubject(**person) for person in islice(people, CHUNK_ROWS)]:
            yield chunk


def columns_of(run) -> list[Column]:
    """The columns of the run's file; of several that hold one value of a person the first one does."""
    layout, reason = Layout(run), _("not in the file")
    values = {field: attrgetter(field) for field in PERSON_FIELDS} | {"phone": lambda person: Phone(person.phone)}
    values |= {field: _joined(parts) for field, parts in FULL_NAMES.items()}
    own = [
        Column(field if field in values else "", heading, values.pop(field, _nothing))
        for heading, field in zip(layout.header, layout.fields, strict=True)
    ]
    line, why = EXTRA
    return [*own, Column("", line, _nothing), Column("", why, lambda person: reason)]


def _joined(parts):
    return lambda person: " ".join(filter(None, (getattr(person, part) for part in parts)))


def _nothing(person):
    return ""
