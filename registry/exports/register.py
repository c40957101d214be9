"""The register of an operator as of a moment, in a layout, a format and a language: the same bytes for the same four."""

from collections.abc import Iterator
from functools import cached_property

from registry.exports import xlsx
from registry.exports.cells import cited
from registry.exports.formulas import Phone
from registry.exports.layouts import LAYOUTS
from registry.exports.past import Past
from registry.exports.record import Record
from registry.exports.stream import Sealed, csv_file, json_file
from registry.exports.terms import Words

FORMATS = ("csv", "xlsx", "json")
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
        if self.layout.norms:
            yield "norms", words("norms"), [cited(self.record, words, code) for code in self.layout.norms]
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
        for line in self.layout.by_hand:
            yield line, words(line), [missing]
        if left_out := self.layout.left_out(self.record):
            yield "left_out", words("left_out"), left_out
        if self.nothing:
            yield "nothing", words(self.layout.nothing), [words("none")]

    def responsible_persons(self):
        return [self.layout.person(self.words, row) for row in self.record.responsible]

    @property
    def nothing(self):
        """What a register without lines says of itself, where its layout may rightly have none."""
        if not self.layout.nothing or any(self.rows()):
            return ""
        return f"{self.words(self.layout.nothing)}: {self.words('none')}"

    def rows(self) -> Iterator[dict]:
        return self.layout.rows(self.record, self.words)

    @property
    def language(self):
        return self.words.language

    @property
    def signing(self):
        """What stands below the lines on paper, for whoever signs it."""
        return [self.words(word) for word in ("signed_name", "signature", "signed_on")]

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

    def asked(self, format):
        """What the run of an export keeps: from this the same file is made again. What was typed (today, nothing) is another
        moment tomorrow."""
        return {"layout": self.layout.code, "format": format, "language": self.language, "on": self.moment.text}

    def file(self, format) -> Sealed | xlsx.Workbook:
        """The file in chunks of bytes; `format` is csv, xlsx or json. The same lines are in each."""
        if format == "json":
            return self._json()
        table = self._lines(), [self.number_heading, *self.columns.values()], self._cells()
        if format == "csv":
            return csv_file(*table)
        return xlsx.file(*table, sheet=self.words("register"), about=self.words("about"))

    def _lines(self):
        return [[label, *values] for _code, label, values in self.head()]

    def _cells(self):
        for number, row in enumerate(self.rows(), 1):
            yield [str(number), *(BETWEEN.join(cell) if isinstance(cell, list) else cell for cell in row.values())]

    def _json(self):
        head = {code: values[0] if code in SINGLE else values for code, _label, values in self.head()}
        return json_file({**head, "columns": self.columns}, "rows", self.rows())

    def file_name(self, format):
        return f"register-{self.operator_code}-{self.layout.code}-{self.moment.day.isoformat()}-{self.words.language}.{format}"
