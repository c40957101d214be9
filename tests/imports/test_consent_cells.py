"""Columns that are only read: what they say against a consent keeps it out, and nothing of it is then held against the row."""

import datetime as dt

import pytest

from registry.imports.columns import match_columns
from registry.imports.date_order import date_orders
from registry.imports.reader import Row
from registry.imports.sound_rows import SoundRows

from .test_consents_of_crms import ANOTHER_GROUND, DENIED
from .test_rows_of_crms import cleaner_of, row_of, sentences

PURPOSE = ["consent_purpose=letters"]
GIVEN = ["ID", "Имя", "Дата согласия"]
WITHDRAWN = "the CRM says that the consent was withdrawn: its cells about consent are left out. Record the withdrawal on the consent's page"


def consented(column, cell):
    return row_of([*GIVEN, column], ["1", "Анна", "2024-02-01", cell], defaults=PURPOSE)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Согласие", "Да"),
        ("Согласие", "01.02.2024"),
        ("Согласие", "03/02/2024"),
        ("Согласие на обработку ПДн", "Получено согласие"),
        ("Has consent", "TRUE"),
        ("Келісім", "иә"),
        ("Согласие отозвано", "Нет"),
        ("Дата отзыва согласия", ""),
        ("Consent withdrawn on", "-"),
    ],
)
def test_consent_that_nothing_speaks_against_is_taken(column, cell):
    """Yes, the day it was given, or that it was not withdrawn."""
    row = consented(column, cell)
    assert row.values == {
        "crm_id": "1", "given_name": "Анна", "consent_given_on": dt.date(2024, 2, 1), "consent_purpose": "letters"
    }  # fmt: skip
    assert row.errors == row.warnings == []


@pytest.mark.parametrize(
    ("column", "cell", "why"),
    [
        ("Согласие", "Нет", DENIED),
        ("Согласие", "0", DENIED),
        ("Согласие", "на подписи", DENIED),
        ("Consent status", "expired", DENIED),
        ("Келісім", "жоқ", DENIED),
        ("Дата отзыва согласия", "01.03.2025", WITHDRAWN),
        ("Согласие отозвано", "Да", WITHDRAWN),
        ("Келісімді қайтарып алу күні", "2025-03-01", WITHDRAWN),
    ],
)
def test_consent_that_a_cell_speaks_against_is_left_out(column, cell, why):
    """The person is taken, the consent is not, and the importer hears why."""
    row = consented(column, cell)
    assert (row.values, row.errors) == ({"crm_id": "1", "given_name": "Анна"}, [])
    assert sentences(row.warnings) == [f"{column} “{cell}”: {why}"]


def test_withdrawal_is_told_also_where_the_file_has_no_consent():
    """The register may hold the consent that the CRM knows to be withdrawn."""
    row = row_of(["ID", "Имя", "Дата отзыва согласия"], ["1", "Анна", "01.03.2025"])
    assert row.values == {"crm_id": "1", "given_name": "Анна"}
    assert sentences(row.warnings) == [f"Дата отзыва согласия “01.03.2025”: {WITHDRAWN}"]
    assert row_of(["ID", "Имя", "Согласие"], ["1", "Анна", "Нет"]).warnings == []


def test_faults_of_a_consent_that_is_left_out_anyway_cost_no_row():
    """Where another ground is named the cells about consent are not read, whatever stands in them."""
    header = ["ID", "Имя", "Правовое основание", "Дата согласия", "Согласие действует до"]
    row = row_of(header, ["1", "Анна", "Договор", "2024-02-01", "бессрочно"], defaults=PURPOSE)
    assert (row.values, row.errors) == ({"crm_id": "1", "given_name": "Анна"}, [])
    assert sentences(row.warnings) == [f"Правовое основание “Договор”: {ANOTHER_GROUND}"]
    kept = row_of(header, ["1", "Анна", "Согласие", "2024-02-01", "бессрочно"], defaults=PURPOSE)
    assert [problem.column for problem in kept.errors] == ["Согласие действует до"]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Согласие дано", "Да"),
        ("Срок согласия", "бессрочно"),
        ("Третьи лица", "ТОО Ромашка"),
        ("Дата согласия", "1/2/2024"),
    ],
)
def test_cells_about_consent_are_not_read_where_no_consent_is_taken(column, cell):
    """Without a purpose for the file no consent is imported, as its notes say: then no row is lost for one, and nobody is asked."""
    header, cells = ["ID", "Имя", column], ["1", "Анна", cell]
    row = row_of(header, cells)
    assert (row.values, row.errors, row.warnings) == ({"crm_id": "1", "given_name": "Анна"}, [], [])
    assert date_orders(match_columns(header), [Row(2, cells)]) == ({}, [])
    assert SoundRows(cleaner_of(header)).clean([Row(2, cells)])[0].values == row.values


def test_notes_say_which_columns_are_only_read():
    """Nothing of them is stored."""
    columns = match_columns([*GIVEN, "Согласие", "Согласие отозвано"], defaults=PURPOSE)
    assert columns.notes() == [
        f"“{name}” is not stored: a row in which it speaks against the consent gives none."
        for name in ("Согласие отозвано", "Согласие")
    ]
