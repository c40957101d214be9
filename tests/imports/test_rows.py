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
        ({"iin": "830921612"}, "iin “830921612”: an IIN has 12 digits, this one has 9: correct it or leave it empty"),
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


def test_row_that_could_not_be_read_keeps_its_cells():
    """A ragged row goes back to the CRM's owner as it came."""
    columns = match_columns(["crm_id", "surname"])
    row = RowCleaner(columns, today=TODAY).clean(Row(3, ["C9"], "the row has 1 cell"))
    assert (row.crm_id, row.cells, [str(problem) for problem in row.errors]) == ("C9", ["C9"], ["the row has 1 cell"])


def row_of(header, cells, **said):
    """A cleaned row under headers of its own. said: mapping, defaults, blank_clears, orders, may_hold_controls."""
    columns = match_columns(header, mapping=said.pop("mapping", ()), defaults=said.pop("defaults", ()))
    return RowCleaner(columns, today=TODAY, **said).clean(Row(2, cells))


def sentences(problems):
    return [problem.with_value() for problem in problems]


def test_full_name_is_taken_apart():
    """One cell with the whole name fills surname, given name and patronymic; the cell itself is no field."""
    row = row_of(["ID", "ФИО"], ["1", "  қасымова  Әсем Мұратқызы"])
    assert row.values == {"crm_id": "1", "surname": "қасымова", "given_name": "Әсем", "patronymic": "Мұратқызы"}
    assert (row.errors, row.warnings, row.damaged) == ([], [], [])


def test_name_taken_apart_by_guess_is_a_warning():
    """Where only the usual order tells the parts, the importer hears it."""
    row = row_of(["ID", "ФИО"], ["1", "Ким Айгүл"])
    assert (row.values["surname"], row.values["given_name"]) == ("Ким", "Айгүл")
    assert sentences(row.warnings) == [
        "ФИО “Ким Айгүл”: which word is the surname was guessed by the order surname, given name, patronymic: look at it"
    ]


def test_columns_of_their_own_go_before_the_full_name():
    """Separate columns win; the full name fills what they leave open."""
    header = ["ID", "Полное имя", "Фамилия", "Имя"]
    assert row_of(header, ["1", "Ольга Бабич", "Ким", "Анна"]).values == {
        "crm_id": "1",
        "surname": "Ким",
        "given_name": "Анна",
    }
    filled = row_of(header, ["1", "Ольга Бабич", "Бабич", ""])
    assert (filled.values["surname"], filled.values["given_name"], filled.warnings) == ("Бабич", "Ольга", [])
    assert row_of(header, ["1", "", "Ким", "Анна"]).values["given_name"] == "Анна"


def test_western_full_names_are_said_by_mapping():
    """A column of names with the given name first is mapped as such."""
    row = row_of(["ID", "Name"], ["1", "John Ronald Tolkien"], mapping=["Name=full_name_given_first"])
    assert row.values == {"crm_id": "1", "surname": "Tolkien", "given_name": "John Ronald"}


def test_damaged_full_name_names_its_column():
    """A letter lost in a full name stops the row as in any name."""
    row = row_of(["ID", "ФИО"], ["1", "?асымова Әсем"])
    assert sentences(row.damaged) == [
        "ФИО “?асымова”: a letter of the name was lost on the way (“?”): export in UTF-8, or accept damaged names"
    ]


PHONES = ["ID", "Рабочий телефон", "Мобильный телефон", "Phone 2", "E-mail", "E-mail 2"]


def further(row):
    return [problem.further for problem in row.warnings if problem.further]


def test_first_valid_of_several_columns_is_kept():
    """The mobile number goes before the others; how many more there are is a warning, their values are for the list."""
    row = row_of(PHONES, ["1", "8 (727) 250-12-34", "8 (701) 123-45-67", "+7 705 123 45 67", "a@b.kz", "b@b.kz"])
    assert (row.values["phone"], row.values["email"], row.errors) == ("+77011234567", "a@b.kz", [])
    assert sentences(row.warnings) == [
        "E-mail: one more e-mail address of the row is not kept",
        "Мобильный телефон: 2 more phone numbers of the row are not kept",
    ]
    assert further(row) == [
        "E-mail: not kept: b@b.kz",
        "Мобильный телефон: not kept: +77272501234, +77051234567",
    ]


def test_faulty_value_beside_a_valid_one_is_a_warning():
    """A row is not lost for a second number; where none is valid, each is an error."""
    row = row_of(PHONES, ["1", "12345", "", "+7 705 123 45 67", "", "b@b.kz"])
    assert (row.values["phone"], row.values["email"], row.errors) == ("+77051234567", "b@b.kz", [])
    assert sentences(row.warnings) == [
        "Рабочий телефон “12345”: this is no phone number in use: write it as +7 701 123 45 67, or leave it empty"
    ]
    assert further(row) == sentences(row.warnings)
    faulty = row_of(PHONES, ["1", "12345", "x", "", "", ""])
    assert [problem.column for problem in faulty.errors] == ["Мобильный телефон", "Рабочий телефон"]
    assert "phone" not in faulty.values


def test_same_number_twice_is_no_loss():
    """A number that stands in two columns is kept once, without a word."""
    assert row_of(PHONES, ["1", "87011234567", "+77011234567", "", "", ""]).warnings == []
    assert row_of(PHONES, ["1", "87011234567, +77011234567", "", "8 701 123-45-67", "", ""]).warnings == []
    row = row_of(["ID", "Телефон"], ["1", "87011234567, +77011234567"])
    assert (row.values["phone"], row.warnings) == ("+77011234567", [])


def test_cell_of_marks_nobody_sees_is_no_first_value():
    """It looks empty, so the next column fills the field."""
    row = row_of(PHONES, ["1", "8 (727) 250-12-34", "\u200b", "", "", ""])
    assert (row.values["phone"], row.warnings) == ("+77272501234", [])


def test_several_columns_with_several_numbers_each():
    """Whatever is not kept is listed once, from whichever cell it is."""
    row = row_of(PHONES, ["1", "87051234567; 87071234567", "87011234567 / 87051234567", "87071234567, 9", "", ""])
    assert row.values["phone"] == "+77011234567"
    assert further(row) == ["Мобильный телефон: not kept: +77051234567, +77071234567, 9"]
    assert sentences(row.warnings) == ["Мобильный телефон: 3 more phone numbers of the row are not kept"]


def test_sentence_about_further_values_stays_short():
    """Of a cell with numbers without end the first ones are told."""
    row = row_of(["ID", "Телефон"], ["1", "87011234567," + ",".join(f"8701{number:07}" for number in range(900))])
    assert (row.warnings[0].further.count(", "), row.warnings[0].further[-2:]) == (20 - 1, " …")


def test_several_numbers_in_one_cell():
    """The first valid number of a cell with several is kept."""
    row = row_of(["ID", "Телефон", "E-mail"], ["1", "12, 8 701 123 45 67; +77051234567", "a@b.kz, c@d.kz"])
    assert (row.values["phone"], row.values["email"], row.errors) == ("+77011234567", "a@b.kz", [])
    assert sentences(row.warnings) == [
        "E-mail “a@b.kz, c@d.kz”: one more e-mail address of the row is not kept",
        "Телефон “12, 8 701 123 45 67; +77051234567”: 2 more phone numbers of the row are not kept",
    ]
    assert further(row) == ["E-mail: not kept: c@d.kz", "Телефон: not kept: 12, +77051234567"]


def test_header_lines_in_an_address_are_no_second_address():
    """A line break in an e-mail address is nobody's way to write two."""
    assert sentences(row_of(["ID", "E-mail"], ["1", "a@b.kz\nBcc: c@d.kz"]).errors) == [
        "E-mail “a@b.kz\nBcc: c@d.kz”: one cell holds one e-mail address: keep one"
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", True),
        ("0", False),
        ("TRUE", True),
        ("false", False),
        ("Да", True),
        ("жоқ", False),
        ("отписан", True),
        ("", None),
    ],
)
def test_opt_outs(text, value):
    """An opt-out is said in three languages; an empty cell says nothing."""
    assert row_of(["ID", "Email Opt Out"], ["1", text]).values.get("email_opt_out") is value


def test_consent_to_letters_is_no_opt_out():
    """A word that means yes to a consent is not taken for a yes to an opt-out."""
    assert sentences(row_of(["ID", "Отказ от рассылки"], ["1", "согласен"]).errors) == [
        "Отказ от рассылки “согласен”: write yes or no (да, нет, иә, жоқ), or leave it empty"
    ]


LEGAL = ["ID", "Legal basis for processing contact's data", "Consent date"]


@pytest.mark.parametrize("basis", ["Freely given consent from contact", "Согласие субъекта", ""])
def test_consent_stands_where_the_crm_calls_it_the_ground(basis):
    """HubSpot's column of legal bases is read, not stored."""
    row = row_of(LEGAL, ["1", basis, "2024-01-31"], defaults=["consent_purpose=email-information"])
    assert row.values["consent_given_on"] == dt.date(2024, 1, 31)
    assert (row.values["consent_purpose"], row.warnings) == ("email-information", [])
    assert "legal_basis" not in row.values


def test_another_ground_is_no_consent():
    """Where the CRM names another ground, a date makes no consent of it."""
    row = row_of(
        LEGAL,
        ["1", "Legitimate interest – existing customer", "2024-01-31"],
        defaults=["consent_purpose=email-information"],
    )
    assert row.values == {"crm_id": "1"}
    assert sentences(row.warnings) == [
        "Legal basis for processing contact's data: the CRM names another ground than consent: its cells about consent are "
        "left out"
    ]


def test_consent_dates_of_a_file_without_purposes_are_left_out():
    """Nobody guesses what the consent was for; the people are imported."""
    row = row_of(["ID", "Имя", "Consent date"], ["1", "Анна", "2024-01-31"])
    assert (row.values, row.errors) == ({"crm_id": "1", "given_name": "Анна"}, [])


CLEARED = [
    "ID",
    "Фамилия",
    "Имя",
    "Отчество",
    "ИИН",
    "E-mail",
    "Телефон",
    "Дата рождения",
    "Язык",
    "Email Opt Out",
    "Номер договора",
]


def test_blank_cells_clear_where_it_was_said():
    """An empty cell of the person's own field gives the empty value; id, opt-outs, consents and agreements are never cleared."""
    cells = ["1", "Ким", *[" "] * 9]
    assert row_of(CLEARED, cells).values == {"crm_id": "1", "surname": "Ким"}
    assert row_of(CLEARED, cells, blank_clears=True).values == {
        "crm_id": "1",
        "surname": "Ким",
        "given_name": "",
        "patronymic": "",
        "iin": "",
        "email": "",
        "phone": "",
        "birth_date": None,
        "language": "",
    }
    assert row_of(CLEARED[:2], ["1", ""], blank_clears=True).values == {"crm_id": "1", "surname": ""}


def test_default_goes_before_clearing():
    """A blank cell with a default is not blank."""
    row = row_of(["ID", "Имя", "Язык"], ["1", "Анна", ""], blank_clears=True, defaults=["language=kk"])
    assert row.values["language"] == "kk"


def test_whole_name_is_never_cleared():
    """A person keeps a surname or a given name."""
    assert sentences(row_of(["ID", "Фамилия", "Имя"], ["1", "", ""], blank_clears=True).errors) == [
        "Фамилия: a person has a surname or a given name: fill one in, or keep empty cells from clearing"
    ]
    assert sentences(row_of(["ID", "ФИО"], ["1", ""], blank_clears=True).errors) == [
        "ФИО: a person has a surname or a given name: fill one in, or keep empty cells from clearing"
    ]
    filled = row_of(["ID", "ФИО"], ["1", "Ахметова Айгүл"], blank_clears=True)
    assert filled.values["patronymic"] == ""
    guessed = row_of(["ID", "ФИО"], ["1", "Айгүл"], blank_clears=True)
    assert "given_name" not in guessed.values, "one word may be the given name: that the other is missing is a guess"


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


def test_remembered_cells_say_what_they_said_first():
    """The short way of a cell seen before gives the same as the whole way, warnings and errors included."""
    columns = match_columns(list(FIELDS[:18]))
    cleaner = RowCleaner(columns, today=TODAY)
    cells = GOOD | {"surname": "=x", "given_name": "Ас?ль", "language": "de", "third_parties": " да "}
    rows = [cleaner.clean(Row(7, [cells.get(field, "") for field in FIELDS[:18]])) for _time in range(3)]
    assert rows[0] == rows[1] == rows[2]
    assert [len(found) for found in (rows[0].errors, rows[0].warnings, rows[0].damaged)] == [1, 1, 1]


def test_date_orders_belong_to_columns():
    """Each column of dates is read in the order found for it."""
    header = ["ID", "Дата рождения", "Дата договора", "Номер договора"]
    row = row_of(header, ["1", "01/02/1990", "01/02/2003", "7"], orders={"birth_date": "mdy", "agreement_on": "dmy"})
    assert (row.values["birth_date"], row.values["agreement_on"]) == (dt.date(1990, 1, 2), dt.date(2003, 2, 1))
