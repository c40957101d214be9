"""Rows in which every cell is sound at first sight, as nearly all are: cleaned a column at a time, to what RowCleaner makes of them."""

from itertools import repeat

from .headers import KEY
from .rows import CleanRow, RowCleaner

NOTHING = repeat("")


class SoundRows:
    """Cleans chunks of rows. Whatever is not plain is left to `RowCleaner.clean`, the only one who says what is wrong."""

    def __init__(self, cleaner: RowCleaner):
        self.cleaner, self.kinds = cleaner, cleaner.kinds
        self.nothing = [""] * len(cleaner.columns.fields)
        self.filled = self._filled()
        several_looks = cleaner.several or cleaner.full or cleaner.may_hold_controls or cleaner.basis_place >= 0
        self.possible = self.filled is not None and not several_looks and cleaner.has_consents == cleaner.takes_consents

    def clean(self, rows) -> list[CleanRow]:
        """As `RowCleaner.clean` of each of these rows."""
        one_by_one = self.cleaner.clean
        if not (self.possible and rows):
            return list(map(one_by_one, rows))
        return [
            one_by_one(row) if values is None else CleanRow(row.line, row.cells, values[KEY], values, [], [], [])
            for row, values in zip(rows, self._values(rows), strict=True)
        ]

    def _filled(self):
        """What the defaults of missing columns give every row; None where it is not plain."""
        values, said = {}, []
        for field in self.cleaner.filled:
            self.cleaner.judge(field, "", values, said, said, said)
        return None if said else values

    def _values(self, rows):
        """The values of each row, None where it has to be looked at."""
        columns = list(zip(*(self.nothing if row.problem else row.cells for row in rows), strict=True))
        found, gaps, doubtful = {}, [], set()
        for field, place, _quick, _slow, blank_says in self.cleaner.steps:
            texts = columns[place]
            if not (blank_says or any(texts) or field == KEY):
                continue
            found[field] = values = self.kinds.sound(field, texts)
            for at in [at for at, value in enumerate(values) if not value and value is not False]:
                if values[at] is None or blank_says:
                    doubtful.add(at)
                else:
                    gaps.append((at, field))
        found |= {field: [value] * len(rows) for field, value in self.filled.items()}
        self._across(found, doubtful)
        made = [dict.fromkeys(found) for _row in rows]
        for field, values in found.items():  # faster than row by row
            for row, value in zip(made, values, strict=True):
                row[field] = value
        for at, field in gaps:
            del made[at][field]
        for at in doubtful:
            made[at] = None
        return made

    def _across(self, found, doubtful):
        """Rows of which a rule over two cells may say something."""
        of, born = found.get, self.kinds.born.get
        doubtful.update([at for at, crm_id in enumerate(of(KEY, ())) if not crm_id])
        if "iin" in found and "birth_date" in found:
            pairs = enumerate(zip(of("iin"), of("birth_date"), strict=True))
            doubtful.update([at for at, (iin, date) in pairs if iin and date and born(iin[:7]) != date])
        if self.cleaner.has_consents:
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
