"""The register of an operator as of a moment, in a layout, a format and a language: the same bytes for the same four."""

from collections.abc import Iterator
from functools import cached_property

from registry.exports.formulas import Phone
from registry.exports.layouts import LAYOUTS
from registry.exports.past import Past
from registry.exports.record import Record
from registry.exports.stream import Sealed, csv_file, json_file
from registry.exports.terms import Words

FORMATS = ("csv", "json")
BETWEEN = " | "
# Of these lines there is one value, always; in JSON the others are lists.
SINGLE = {"register", "bin", "address", "as_of", "language", "approval"}


class Register:
    """`operator_code` as it stood at `moment` (see past.resolve), laid out as `layout` in `language`."""

    def __init__(self, operator_code, moment, layout, language):
        self.operator_code, self.moment = operator_code, moment
        self.layout, self.words = LAYOUTS[layout], Words(language)

    @cached_property
    def record(self):
        return Record(Past(self.moment, self.operator_code))

    @property
    def title(self):
        return self.words(f"title.{self.layout.code}")

    @property
    def columns(self):
        """Code and heading of each column."""
        return {column: self.words(column) for column in self.layout.columns}

    def head(self) -> Iterator[tuple[str, str, list]]:
        """What the file is: code, label and values of each of its first lines."""
        words, operator = self.words, self.record.operator
        missing = words("missing")
        yield "register", words("register"), [self.title]
        yield "layout", words("layout"), [self.layout.code, str(self.layout.version)]
        yield "operator", words("operator"), [words.name(operator) or missing, self.operator_code]
        if operator is not None:
            yield "bin", words("bin"), [operator.bin or missing]
            yield "address", words("address"), [operator.address or missing]
            contacts = [operator.email, Phone(operator.phone)]
            yield "contacts", words("contacts"), list(filter(None, contacts)) or [missing]
        yield "laws", words("laws"), [law.code for law in self.record.laws] or [missing]
        yield "responsible_person", words("responsible_person"), self.responsible_persons() or [missing]
        yield "as_of", words("as_of"), [self.moment.text]
        yield "language", words("language"), [words.language]
        yield "version", words("version"), [words("journal_entry"), str(self.moment.seq)]
        yield "head_note", words("head_note"), self.moment.head_note
        if self.layout.code == "kz":
            yield "approval", words("approval"), [missing]
        if left_out := self.layout.left_out(self.record):
            yield "left_out", words("left_out"), left_out

    def responsible_persons(self):
        return [
            ", ".join(filter(None, [row.name, row.position, row.email, row.phone])) for row in self.record.responsible
        ]

    def rows(self) -> Iterator[dict]:
        return self.layout.rows(self.record, self.words)

    @property
    def language(self):
        return self.words.language

    @property
    def number_heading(self):
        return self.words("number")

    def screen_rows(self):
        """Rows of heading and cell, a cell being pairs of a text and whether it says that something is missing."""
        missing, headings = self.words("missing"), self.columns
        for row in self.rows():
            cells = {column: cell if isinstance(cell, list) else [cell] for column, cell in row.items()}
            yield [
                (headings[column], [(text, missing in text or column == "lacking") for text in cell if text])
                for column, cell in cells.items()
            ]

    def file(self, format) -> Sealed:
        """The file in chunks of bytes; `format` is csv or json."""
        return self._csv() if format == "csv" else self._json()

    def _csv(self):
        rows = (
            [str(number), *(BETWEEN.join(cell) if isinstance(cell, list) else cell for cell in row.values())]
            for number, row in enumerate(self.rows(), 1)
        )
        head = [[label, *values] for _code, label, values in self.head()]
        return csv_file(head, [self.number_heading, *self.columns.values()], rows)

    def _json(self):
        head = {code: values[0] if code in SINGLE else values for code, _label, values in self.head()}
        return json_file({**head, "columns": self.columns}, "rows", self.rows())

    def file_name(self, format):
        return f"register-{self.operator_code}-{self.layout.code}-{self.moment.day.isoformat()}-{self.words.language}.{format}"
