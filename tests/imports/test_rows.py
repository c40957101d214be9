import datetime as dt

import pytest

from registry.imports.columns import FIELDS, match_columns
from registry.imports.reader import Row
from registry.imports.rows import RowCleaner

TODAY = dt.date(2026, 11, 22)
GOOD = {
    "crm_id": " C1 ",
    "surname": "  Қасымова ",
    "given_name": "Әсем",
    "iin": "791028302728",
    "email": "Asem@Example.KZ",
    "phone": "8 (701) 000-00-01",
    "birth_date": "28.10.1979",
    "language": "Қазақша",
    "consent_purpose": "email-information",
    "consent_given_on": "2024-09-11",
    "consent_channel": "written",
    "consent_expires_on": "11.09.2034",
    "third_parties": "Да",
    "cross_border": "жоқ",
    "publication": "0",
    "agreement_number": "A-1",
    "agreement_on": "11.09.2024",
}


def clean(changed=None, *, header=FIELDS, defaults=(), **kwargs):
    columns = match_columns(header, defaults=defaults)
    cells = GOOD | (changed or {}) | kwargs
    return RowCleaner(columns, today=TODAY).clean(Row(7, [cells.get(field, "") for field in header]))


def errors(**kwargs):
    return [problem.with_value() for problem in clean(**kwargs).errors]


def warnings(**kwargs):
    return [problem.with_value() for problem in clean(**kwargs).warnings]


def test_row_becomes_values():
    """Every cell in its one spelling; a blank cell is absent, so that it can keep what is stored."""
    row = clean()
    assert (row.line, row.crm_id, row.errors, row.warnings, row.damaged) == (7, "C1", [], [], [])
    assert row.values == {
        "crm_id": "C1",
        "surname": "Қасымова",
        "given_name": "Әсем",
        "iin": "791028302728",
        "email": "Asem@example.kz",
        "phone": "+77010000001",
        "birth_date": dt.date(1979, 10, 28),
        "language": "kk",
        "consent_purpose": "email-information",
        "consent_given_on": dt.date(2024, 9, 11),
        "consent_channel": "written",
        "consent_expires_on": dt.date(2034, 9, 11),
        "third_parties": True,
        "cross_border": False,
        "publication": False,
        "agreement_number": "A-1",
        "agreement_on": dt.date(2024, 9, 11),
    }


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"crm_id": "  "}, "crm_id: the id of the person in the CRM is empty: fill it in"),
        ({"crm_id": "C" * 65}, "at most 64 characters fit here, this cell has 65: shorten it"),
        (
            {"iin": "830921612"},
            "iin “830921612”: an IIN has 12 digits, this one has 9: were leading zeros lost by a spreadsheet?",
        ),
        (
            {"birth_date": "29.10.1979"},
            "iin “791028302728”: the IIN says the birth date 1979-10-28, the birth date given is another: correct one "
            "of them",
        ),
        (
            {"email": "a at b.kz"},
            "email “a at b.kz”: an e-mail address looks like name@example.kz: correct it or leave it empty",
        ),
        (
            {"phone": "=7701"},
            "phone “=7701”: this is no phone number in use: write it as +7 701 123 45 67, or leave it empty",
        ),
        (
            {"birth_date": "31.02.1990", "iin": ""},
            "birth_date “31.02.1990”: there is no such day in the calendar: correct the date",
        ),
        (
            {"consent_given_on": "23.11.2026"},
            "consent_given_on “23.11.2026”: the date lies in the future (today is 2026-11-22): correct it",
        ),
        (
            {"consent_expires_on": "10.09.2024"},
            "consent_expires_on “2024-09-10”: the consent expires before it is given (2024-09-11): correct one of the dates",
        ),
        (
            {"consent_given_on": ""},
            "consent_given_on: a consent has a purpose but no date: give the date, or leave the purpose empty",
        ),
        (
            {"consent_purpose": ""},
            "consent_purpose: a consent has a date but no purpose: give the purpose's code, here or with --default "
            "consent_purpose=",
        ),
        (
            {"third_parties": "maybe"},
            "third_parties “maybe”: write yes or no (да, нет, иә, жоқ), or leave it empty",
        ),
        ({"language": "de"}, "language “de”: the language is en, ru or kk: correct it or leave it empty"),
        (
            {"agreement_number": ""},
            "agreement_number: an agreement has a date but no number: give its number or leave the date empty",
        ),
        (
            {"surname": "Қас\x00ымова"},
            "surname “Қасымова”: the cell holds the control character U+0000, which is no text: type it again",
        ),
        ({"agreement_number": "A\n1", "agreement_on": ""}, "the cell has a line break in it: put it on one line"),
    ],
)
def test_faulty_cell_is_named_with_value_and_reason(changed, reason):
    """One faulty cell, one sentence: the column, the value, what is wrong and what to do."""
    found = errors(changed=changed)
    assert len(found) == 1
    assert found[0].endswith(reason)


def test_all_faults_of_a_row_are_told_at_once():
    """The owner of the CRM corrects a row once, not once for each fault."""
    assert len(errors(iin="1", email="x", phone="y", language="z")) == 4


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"iin": "791028302729"},
            "iin “791028302729”: the last digit does not match the others: compare the number with the document",
        ),
        (
            {"surname": '=HYPERLINK("x")'},
            'surname “=HYPERLINK("x")”: the cell begins like a formula: it is kept as text',
        ),
        (
            {"consent_given_on": "", "consent_purpose": ""},
            "consent_given_on: without a date and a purpose this is no consent: its other cells are left out",
        ),
    ],
)
def test_doubtful_cell_is_a_warning(changed, reason):
    """What is doubtful and still storable is stored and told."""
    assert (warnings(changed=changed), errors(changed=changed)) == ([reason], [])


def test_apostrophe_before_a_formula_is_the_spreadsheets():
    """A file written by us and sent back is read as what was stored: the protecting apostrophe goes, others stay."""
    assert clean(surname="'=1+1").values["surname"] == "=1+1"
    assert clean(surname="'Ванька").values["surname"] == "'Ванька"
    assert clean(phone="'+77010000001").values["phone"] == "+77010000001"
    assert [clean(publication=sign).values["publication"] for sign in ("+", "'+", "-", "'-")] == [
        True,
        True,
        False,
        False,
    ]
    assert [clean(publication=text).errors != [] for text in ("''+", "'", "'да")] == [True, True, True]


def test_name_with_a_lost_letter_is_damaged_not_wrong():
    """A lost letter is no error of the row: the person importing may accept it."""
    row = clean(surname="?асымова")
    assert row.errors == []
    assert [problem.with_value() for problem in row.damaged] == [
        "surname “?асымова”: a letter of the name was lost on the way (“?”): export in UTF-8, or accept damaged names"
    ]


def test_defaults_fill_empty_cells():
    """A default stands where the cell is empty or the column missing, never over a value."""
    row = clean(header=("crm_id", "surname", "language"), language="", defaults=["language=ru", "surname=X"])
    assert row.values == {"crm_id": "C1", "surname": "Қасымова", "language": "ru"}


def test_default_purpose_without_a_date_is_no_consent():
    """A purpose said for the whole file makes a consent only of rows with a date."""
    row = clean(consent_purpose="", consent_given_on="", consent_channel="", consent_expires_on="",
                defaults=["consent_purpose=email-information"])  # fmt: skip
    assert (row.errors, row.warnings) == ([], [])
    assert "consent_purpose" not in row.values


def test_purpose_of_the_row_itself_without_a_date_is_an_error_whatever_the_default():
    """The row says what was consented to and not when: it is not passed over as one without a consent."""
    row = clean(consent_purpose="phone-marketing", consent_given_on="", consent_expires_on="",
                defaults=["consent_purpose=email-information"])  # fmt: skip
    reason = "a consent has a purpose but no date: give the date, or leave the purpose empty"
    assert [problem.with_value() for problem in row.errors] == [f"consent_given_on: {reason}"]


def test_rest_of_a_consent_without_a_date_is_told_of_whatever_the_default():
    """A channel or a last day makes no consent; it is said that they are left out."""
    row = clean(consent_purpose="", consent_given_on="", defaults=["consent_purpose=email-information"])
    assert "consent_purpose" not in row.values and row.errors == []
    reason = "without a date and a purpose this is no consent: its other cells are left out"
    assert [problem.with_value() for problem in row.warnings] == [f"consent_given_on: {reason}"]


def test_row_that_could_not_be_read_keeps_its_cells():
    """A ragged row goes back to the CRM's owner as it came."""
    columns = match_columns(["crm_id", "surname"])
    row = RowCleaner(columns, today=TODAY).clean(Row(3, ["C9"], "the row has 1 cell"))
    assert (row.crm_id, row.cells, [str(problem) for problem in row.errors]) == ("C9", ["C9"], ["the row has 1 cell"])


def test_lost_letter_is_noticed_behind_a_formulas_sign():
    """Two doubts of one name are both told."""
    row = clean(surname="-Ив?нов")
    assert [problem.value for problem in row.damaged] == ["-Ив?нов"]
    assert len(row.warnings) == 1


@pytest.mark.parametrize(
    ("name", "garbled"), [("РђРЅРЅР°", True), ("MÃ¼ller", True), ("Müller", False), ("Ђоковић", False)]
)
def test_name_read_in_another_encoding_is_damaged(name, garbled):
    """UTF-8 read as something else on the way here is not stored unless somebody says so."""
    reason = "the name was written in one encoding and read in another: export in UTF-8, or accept damaged names"
    assert [problem.reason for problem in clean(surname=name).damaged] == [reason] * garbled


@pytest.mark.parametrize("number", ["1.23457E+11", "1,23E+05", "7E+10"])
def test_number_that_a_spreadsheet_rounded_is_nobodys(number):
    """Its digits are lost: as an id it would be a new person, or somebody else's."""
    reason = "a spreadsheet has rounded this number, its digits are lost: export it as text"
    assert errors(crm_id=number) == [f"crm_id “{number}”: {reason}"]
    assert errors(agreement_number=number, agreement_on="") == [f"agreement_number “{number}”: {reason}"]
    assert errors(iin=number) == [f"iin “{number}”: {reason}"]
    assert errors(phone=number) == [f"phone “{number}”: {reason}"]


@pytest.mark.parametrize("mark", ["x", "X", "х", "Х", "✓", "✔"])
def test_cross_and_tick_mean_yes(mark):
    """In whichever alphabet the cross is typed."""
    assert clean(publication=mark).values["publication"] is True
    opted_out = clean(header=("crm_id", "email_opt_out"), email_opt_out=mark)
    assert (opted_out.values["email_opt_out"], opted_out.errors) == (True, [])


def test_remembered_cells_say_what_they_said_first():
    """The short way of a cell seen before gives the same as the whole way, warnings and errors included."""
    columns = match_columns(list(FIELDS[:18]))
    cleaner = RowCleaner(columns, today=TODAY)
    cells = GOOD | {"surname": "=x", "given_name": "Ас?ль", "language": "de", "third_parties": " да "}
    rows = [cleaner.clean(Row(7, [cells.get(field, "") for field in FIELDS[:18]])) for _time in range(3)]
    assert rows[0] == rows[1] == rows[2]
    assert [len(found) for found in (rows[0].errors, rows[0].warnings, rows[0].damaged)] == [1, 1, 1]
