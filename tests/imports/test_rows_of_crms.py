"""Rows as CRMs write them: whole names, several columns of phones, blank cells that clear."""

import datetime as dt

import pytest

from registry.imports.columns import match_columns
from registry.imports.reader import Row
from registry.imports.rows import RowCleaner

TODAY = dt.date(2026, 11, 22)


def cleaner_of(header, **said):
    """said: mapping, defaults, blank_clears, orders, may_hold_controls."""
    columns = match_columns(header, mapping=said.pop("mapping", ()), defaults=said.pop("defaults", ()))
    return RowCleaner(columns, today=TODAY, **said)


def row_of(header, cells, **said):
    """A cleaned row under headers of its own."""
    return cleaner_of(header, **said).clean(Row(2, cells))


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
        "ФИО “Ким Айгүл”: which word is which was guessed by the order surname, given name, patronymic: look at it"
    ]


def test_columns_of_their_own_go_before_the_full_name():
    """Separate columns win; the full name fills what they leave open."""
    header = ["ID", "Полное имя", "Фамилия", "Имя"]
    row = row_of(header, ["1", "Ольга Бабич", "Ким", "Анна"])
    assert row.values == {"crm_id": "1", "surname": "Ким", "given_name": "Анна"}
    filled = row_of(header, ["1", "Ольга Бабич", "Бабич", ""])
    assert (filled.values["surname"], filled.values["given_name"], filled.warnings) == ("Бабич", "Ольга", [])
    assert row_of(header, ["1", "", "Ким", "Анна"]).values["given_name"] == "Анна"


LEFT_OUT = (
    "some words of it are not kept, for the columns of surname, given name or patronymic say otherwise: correct "
    "whichever is wrong"
)


@pytest.mark.parametrize(
    ("full", "given_name", "parts"),
    [
        ("Динара Ким", "Динара", ("Ким", "Динара", None)),
        ("Ким Динара Маратовна", "Динара", ("Ким", "Динара", "Маратовна")),
        ("Ахметова Динара", "Ахметова Динара", (None, "Ахметова Динара", None)),
    ],
)
def test_full_name_beside_a_given_name_fills_the_surname(full, given_name, parts):
    """The given name is taken out of the full name; where it holds all of it the surname stays open, and clears nothing."""
    for said in ({}, {"blank_clears": True}):
        row = row_of(["ID", "Наименование", "Имя"], ["1", full, given_name], **said)
        assert tuple(map(row.values.get, ("surname", "given_name", "patronymic"))) == parts
        assert row.errors == row.warnings == []
    assert row_of(["ID", "Наименование", "Имя", "Фамилия"], ["1", full, given_name, ""]).values == row.values


def test_full_name_beside_surname_and_given_name_fills_the_patronymic():
    """It says more than the two columns, and what it says is kept."""
    header = ["ID", "ФИО", "Фамилия", "Имя"]
    row = row_of(header, ["1", "Ким Анна Сергеевна", "Ким", "Анна"])
    assert (row.values["patronymic"], row.warnings, row.errors) == ("Сергеевна", [], [])
    for full in ("Ким Анна", ""):
        row = row_of(header, ["1", full, "Ким", "Анна"], blank_clears=True)
        assert (row.values, row.warnings) == ({"crm_id": "1", "surname": "Ким", "given_name": "Анна"}, [])


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        (["ID", "ФИО", "Фамилия", "Имя"], ["1", "Бабич Ольга Ивановна", "Ким", "Анна"]),
        (["ID", "ФИО", "Имя"], ["1", "Динара Ким", "Динар"]),
        (["ID", "ФИО", "Отчество"], ["1", "Ким Анна Сергеевна", "Ивановна"]),
        (["ID", "ФИО", "Фамилия", "Имя"], ["1", "а" * 700, "Ким", "Анна"]),
    ],
)
def test_words_of_a_full_name_that_find_no_room_are_told(header, cells):
    """Columns of their own go before; that something of the full name is not kept is never passed over."""
    row = row_of(header, cells)
    assert sentences(row.warnings) == [f"ФИО “{cells[1][:80]}”: {LEFT_OUT}"]
    assert row.errors == []
    assert cells[-1] in row.values.values()


def test_full_name_behind_an_apostrophe_of_ours_is_whole():
    """The apostrophe that made a formula inert is no part of the name that is missed."""
    row = row_of(["ID", "ФИО", "Имя"], ["1", "'=Ким Анна", "Анна"])
    assert row.values == {"crm_id": "1", "surname": "=Ким", "given_name": "Анна"}
    assert sentences(row.warnings) == ["ФИО “'=Ким”: the cell begins like a formula: it is kept as text"]


@pytest.mark.parametrize(
    ("surname", "patronymic"),
    [("-", "-"), ("—", "нет"), (".", "Отсутствует"), ("...", "жоқ"), ("", "без отчества"), ("", "n/a")],
)
def test_mark_for_a_name_that_somebody_has_not_is_no_name(surname, patronymic):
    """What a list writes into a cell so that it is not empty: it replaces no name, and clears one only where blanks do."""
    header, cells = ["ID", "Фамилия", "Имя", "Отчество"], ["1", surname, "Нурлан", patronymic]
    assert row_of(header, cells).values == {"crm_id": "1", "given_name": "Нурлан"}
    cleared = row_of(header, cells, blank_clears=True)
    assert (cleared.values["surname"], cleared.values["patronymic"], cleared.errors) == ("", "", [])


def test_name_that_reads_like_a_mark_stays():
    """Only of a patronymic do words say that there is none."""
    row = row_of(["ID", "Фамилия", "Имя"], ["1", "Нет", "-А-"])
    assert (row.values["surname"], row.values["given_name"]) == ("Нет", "-А-")


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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ivan@mail.ru;", "ivan@mail.ru"),
        ("ivan@mail.ru,", "ivan@mail.ru"),
        ("ivan@mail.ru.", "ivan@mail.ru"),
        ("<ivan@mail.ru>", "ivan@mail.ru"),
        ("Иван Иванов <ivan@mail.ru>", "ivan@mail.ru"),
        ('"Иванов, Иван" <Ivan@Mail.ru>;', "Ivan@mail.ru"),
        ("mailto:ivan@mail.ru", "ivan@mail.ru"),
        ("<MAILTO:ivan@mail.ru>", "ivan@mail.ru"),
    ],
)
def test_one_address_as_programs_leave_it(text, value):
    """A separator or a dot behind it, its owner's name before it, the scheme of a link: there is one address, and it is read."""
    row = row_of(["ID", "E-mail"], ["1", text])
    assert (row.values.get("email"), row.errors, row.warnings) == (value, [], [])


@pytest.mark.parametrize("text", ["87011234567;", "87011234567,", "/ 87011234567", "87011234567\n|"])
def test_one_number_with_a_separator_beside_it(text):
    """There is no second number."""
    row = row_of(["ID", "Телефон"], ["1", text], may_hold_controls=False)
    assert (row.values.get("phone"), row.errors, row.warnings) == ("+77011234567", [], [])


def test_one_faulty_value_with_a_separator_beside_it_is_told_what_is_wrong_with_it():
    """Not that there are several."""
    row = row_of(["ID", "Телефон", "E-mail"], ["1", "12345;", "anna at b.kz,"])
    assert sentences(row.errors) == [
        "E-mail “anna at b.kz,”: an e-mail address looks like name@example.kz: correct it or leave it empty",
        "Телефон “12345;”: this is no phone number in use: write it as +7 701 123 45 67, or leave it empty",
    ]


def test_addresses_behind_names_are_several():
    """Each is read without its name, and none is lost with another's."""
    for text in ("Иван <a@b.kz>, Анна <c@d.kz>", "a@b.kz, Анна <c@d.kz>"):
        row = row_of(["ID", "E-mail"], ["1", text])
        assert (row.values["email"], further(row)) == ("a@b.kz", ["E-mail: not kept: c@d.kz"])
    assert row_of(["ID", "E-mail"], ["1", "a@b.kz <c@d.kz>"]).errors != []


def test_header_lines_in_an_address_are_no_second_address():
    """A line break in an e-mail address is nobody's way to write two."""
    assert sentences(row_of(["ID", "E-mail"], ["1", "a@b.kz\nBcc: c@d.kz"]).errors) == [
        "E-mail “a@b.kz\nBcc: c@d.kz”: one cell holds one e-mail address: keep one"
    ]


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


def test_date_orders_belong_to_columns():
    """Each column of dates is read in the order found for it."""
    header = ["ID", "Дата рождения", "Дата договора", "Номер договора"]
    row = row_of(header, ["1", "01/02/1990", "01/02/2003", "7"], orders={"birth_date": "mdy", "agreement_on": "dmy"})
    assert (row.values["birth_date"], row.values["agreement_on"]) == (dt.date(1990, 1, 2), dt.date(2003, 2, 1))
