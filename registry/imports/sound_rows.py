"""Rows in which every cell is sound at first sight, as nearly all are: cleaned a column at a time, to what RowCleaner makes of them."""

from itertools import repeat

from .headers import KEY
from .raw_rows import EvenRows
from .rows import CleanRow, RowCleaner

NOTHING = repeat("")


class SoundRow(CleanRow):
    """A row with nothing to say of it. Its values stand in the columns of its chunk until somebody asks for them."""

    __slots__ = ("at", "columns", "rows")

    def __init__(self, line, crm_id, rows, columns, at):
        self.line, self.crm_id = line, crm_id
        self.errors, self.warnings, self.damaged, self.guessed = [], [], [], False
        self.rows, self.columns, self.at = rows, columns, at

    @property
    def cells(self):
        return self.rows[self.at].cells

    def __getattr__(self, name):
        if name != "values":
            raise AttributeError(name)
        at = self.at
        self.values = {field: column[at] for field, column in self.columns.items() if column[at] != ""}
        return self.values


class CleanRows(list):
    """The rows of a chunk. columns: field -> their values, "" where a row has none; None where there are no such columns."""

    columns = None


class SoundRows:
    """Cleans chunks of rows. Whatever is not plain is left to `RowCleaner.clean`, the only one who says what is wrong."""

    def __init__(self, cleaner: RowCleaner):
        self.cleaner, self.kinds = cleaner, cleaner.kinds
        self.nothing = [""] * len(cleaner.columns.fields)
        self.filled = self._filled()
        several_looks = cleaner.several or cleaner.full or cleaner.may_hold_controls or cleaner.against
        self.possible = self.filled is not None and not several_looks

    def clean(self, rows) -> CleanRows:
        """As `RowCleaner.clean` of each of these rows."""
        if not (self.possible and rows):
            return CleanRows(map(self.cleaner.clean, rows))
        return self.of(rows, *self.columns(rows))

    def of(self, rows, columns, doubtful) -> CleanRows:
        """The rows of these columns; those in doubt are looked at."""
        lines = [row.line for row in rows] if isinstance(rows, list) else rows.lines
        cleaned = CleanRows(
            SoundRow(line, crm_id, rows, columns, at)
            for at, (line, crm_id) in enumerate(zip(lines, columns[KEY], strict=True))
        )
        for at in doubtful:
            cleaned[at] = self.cleaner.clean(rows[at])
            for field, column in columns.items():
                column[at] = cleaned[at].values.get(field, "")
        cleaned.columns = columns
        return cleaned

    def _filled(self):
        """What the defaults of missing columns give every row; None where it is not plain."""
        values, said = {}, []
        for field in self.cleaner.filled:
            self.cleaner.judge(field, "", values, said, said, said)
        return None if said else values

    def columns(self, rows):
        """(field -> values of the rows, places of those that have to be looked at); there is at least one row."""
        if isinstance(rows, EvenRows):
            column = rows.column
        else:  # a row that could not be read has no id, and is looked at
            column = list(zip(*(self.nothing if row.problem else row.cells for row in rows), strict=True)).__getitem__
        found, doubtful = {}, set()
        for field, place, _quick, _slow, blank_says in self.cleaner.steps:
            texts = column(place)
            if not (blank_says or any(texts) or field == KEY):
                continue
            found[field] = values = self.kinds.sound(field, texts)
            if None in values or blank_says:
                doubtful.update(
                    [at for at, value in enumerate(values) if value is None or (blank_says and value == "")]
                )
        found |= {field: [value] * len(rows) for field, value in self.filled.items()}
        self._across(found, doubtful)
        return found, doubtful

    def _across(self, found, doubtful):
        """Rows of which a rule over two cells may say something."""
        of, born = found.get, self.kinds.born.get
        doubtful.update([at for at, crm_id in enumerate(of(KEY)) if not crm_id])
        if "iin" in found and "birth_date" in found:
            pairs = enumerate(zip(of("iin"), of("birth_date"), strict=True))
            doubtful.update([at for at, (iin, date) in pairs if iin and date and born(iin[:7]) != date])
        if self.cleaner.takes_consents:
            given, purposes = of("consent_given_on", NOTHING), of("consent_purpose", NOTHING)
            channels, ends = of("consent_channel", NOTHING), of("consent_expires_on", NOTHING)
            consents = enumerate(zip(of(KEY, ()), given, purposes, channels, ends, strict=False))
            doubtful.update(
                [
                    at
                    for at, (_id, date, purpose, channel, end) in consents
                    if not (date and purpose and (not end or end >= date)) and (date or purpose or channel or end)
                ]
            )
        if "agreement_on" in found:
            agreements = enumerate(zip(of("agreement_on"), of("agreement_number", NOTHING), strict=False))
            doubtful.update([at for at, (date, number) in agreements if date and not number])
