import datetime as dt
import random

import pytest

from registry.imports.columns import match_columns
from registry.imports.reader import Row
from registry.imports.rows import RowCleaner
from registry.imports.sound_rows import SoundRows

from .crm import HEADER

TODAY = dt.date(2026, 11, 22)
SOUND = {
    "surname": ["Қасымова", "Smith", "О'Коннор"],
    "given_name": ["Әсем", "Анна"],
    "patronymic": ["Асқарқызы"],
    "email": ["asem@example.kz", "a.b@mail.example.com"],
    "phone": ["8 (701) 123-45-67", "+77011234567"],
    "language": ["ru", "Қазақша"],
    "consent_purpose": ["email-information"],
    "consent_given_on": ["11.09.2024", "2023-01-31"],
    "consent_channel": ["web form"],
    "consent_expires_on": ["11.09.2034"],
    "third_parties": ["да", "нет", "+", "'-"],
    "cross_border": ["нет"],
    "publication": ["no"],
    "agreement_number": ["7/2024"],
    "agreement_on": ["01.02.2024"],
}
OTHERWISE = [
    "", "", "", " ", " Анна ", "К?сымова", "РђРЅРЅР°", "=1+1", "'-5", "-", "31.02.2024", "01.01.2099", "01/02/2003", "a@b",
    "x" * 201, "1,23E+11", "two\nlines", "12345", "600000000000", "consent", "+7 701", "a,b",
    "87011234567;", "79161234567", "8 727 250 12 34 вн. 1", "<a@b.kz>", "a@b.kz.", "'a@b.kz", "iv\u0430n@b.kz",
    "01.02.2024 г.", "1 февраля 2024\u00a0г.", "1/31/2024, 12:00:00\u202fAM", "7,91028E+11", "Х", "✔",
]  # fmt: skip
PEOPLE = [
    ("790101302728", "01.01.1979"),
    ("010203500007", "03.02.2001"),
    ("990101300003", "02.01.1999"),
    ("", "05.05.1985"),
]


def row_of(number, rng, faults):
    iin, born = rng.choice(PEOPLE)
    cells = {"crm_id": f"C{number}", "iin": iin, "birth_date": born}
    cells |= {field: rng.choice(values) for field, values in SOUND.items() if rng.random() < 0.9}
    for _fault in range(faults):
        cells[rng.choice(HEADER)] = rng.choice(OTHERWISE)
    made = [cells.get(field, "") for field in HEADER]
    return Row(number, made[:-1], "the row has 17 cells") if rng.random() < 0.02 else Row(number, made)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"defaults": ("language=ru", "cross_border=нет")},
        {"mapping": ("consent_purpose=", "language="), "defaults": ("consent_purpose=news", "language=kk")},
        {"mapping": ("language=",), "defaults": ("language=klingon",)},
        {"mapping": ("consent_purpose=",)},
        {"mapping": ("publication=legal_basis",)},
        {"mapping": ("patronymic=phone",)},
        {"mapping": ("surname=full_name", "given_name=", "patronymic=")},
        {"blank_clears": True},
        {"orders": {"birth_date": "dmy"}},
        {"may_hold_controls": False},
    ],
)
def test_rows_read_by_columns_are_the_rows_read_one_by_one(said):
    """However a file is read, its rows have the same values, errors and warnings, in the same order."""
    rng, said = random.Random(7), {"may_hold_controls": False} | said
    columns = match_columns(HEADER, mapping=said.pop("mapping", ()), defaults=said.pop("defaults", ()))
    rows = [row_of(number, rng, faults) for number in range(300) for faults in (0, rng.randrange(3))]
    alone, together = RowCleaner(columns, today=TODAY, **said), SoundRows(RowCleaner(columns, today=TODAY, **said))
    for part in (rows[:400], rows[400:], []):
        assert list(map(told, together.clean(part))) == list(map(told, map(alone.clean, part)))


def told(row):
    return row.line, row.cells, row.crm_id, row.values, row.errors, row.warnings, row.damaged


def test_columns_hold_what_the_rows_say():
    """Whoever looks at a chunk by its columns sees what its rows say, those read one by one included."""
    rng, columns = random.Random(8), match_columns(HEADER)
    rows = [row_of(number, rng, rng.randrange(3)) for number in range(200)]
    cleaned = SoundRows(RowCleaner(columns, today=TODAY, may_hold_controls=False)).clean(rows)
    fields = set().union(*(row.values for row in cleaned))
    assert fields <= cleaned.columns.keys()
    for field, column in cleaned.columns.items():
        assert column == [row.values.get(field, "") for row in cleaned]
