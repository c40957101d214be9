import unicodedata

import pytest

from registry.rules.names import (
    clean_id,
    clean_name,
    fold,
    is_somebody_else,
    lost_letters,
    may_pass_for_another,
    mixes_alphabets,
    same_but_for_lost_letters,
    search_key,
    search_key_of,
    skeleton,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("  Анна   Мария ", "Анна Мария"),
        (unicodedata.normalize("NFD", "Қайрат Йолдыз"), "Қайрат Йолдыз"),
        ("О'Нил", "О'Нил"),
        ("Ким\u00a0\u200b", "Ким"),
        ("а" * 200, "а" * 200),
        ("😀", "😀"),
        ("Анна\nМария", "Анна Мария"),
        ("", ""),
    ],
)
def test_name_has_one_spelling(text, name):
    """A name is kept composed, with single blanks and nothing invisible; any script is welcome."""
    assert clean_name(text) == (name, "", "")


def test_name_of_201_characters_is_refused():
    """A part of a name may have 200 characters, not one more."""
    assert clean_name("а" * 201).error == "a part of a name has at most 200 characters, this one has 201: shorten it"


def test_name_with_a_control_character_is_refused():
    """A name is text, not terminal commands."""
    assert clean_name("Анна\x07").error == "a name has no control characters: type it again"


@pytest.mark.parametrize(("name", "lost"), [("?асымова", True), ("Қас�мова", True), ("Касымова", False)])
def test_lost_letters(name, lost):
    """A question mark anywhere in a name is a letter lost on the way."""
    assert lost_letters(name) is lost


@pytest.mark.parametrize(
    ("stored", "incoming", "same"),
    [
        ("Қасымова", "Касымова", True),
        ("Қасымова", "?асымова", True),
        ("Касымова", "?асымова", True),
        ("Әлімжанұлы", "АЛИМЖАНУЛЫ", True),
        ("Кас?мова", "?асымова", True),
        ("Касымова", "Қасымова", False),
        ("?асымова", "Қасымова", False),
        ("Қасымова", "Қасымова", False),
        ("Қасымова", "Касимова", False),
        ("Қасымова", "Касымов", False),
        ("Иванова", "Сидорова", False),
    ],
)
def test_name_that_knows_less_never_replaces_one_that_knows_more(stored, incoming, same):
    """Lost letters and Russian letters for Kazakh ones say nothing new; the other way round they do."""
    assert same_but_for_lost_letters(stored, incoming) is same


def test_search_key_holds_all_a_person_is_searched_by():
    """Names without letter case in both alphabets, e-mail, phone digits, IIN and CRM id, in one text."""
    key = search_key(
        surname="ҚАСЫМОВА", given_name="Әсем", email="A@b.kz", phone="+77010000001", iin="061211600012", crm_id="C7"
    )
    assert key == "касымова асем a@b.kz 77010000001 061211600012 c7"
    stored = {
        "surname": "ҚАСЫМОВА", "given_name": "Әсем", "patronymic": "", "email": "A@b.kz", "phone": "+77010000001",
        "iin": "061211600012", "crm_id": None, "language": "kk",
    }  # fmt: skip
    assert search_key_of(stored) == "касымова асем a@b.kz 77010000001 061211600012"
    assert fold("ＩВАН Ⅳ") == "iван iv"
    assert fold("Семёнов О’Нил О`Нил Жан‑Поль İnce") == "семенов о'нил о'нил жан-поль ince"


@pytest.mark.parametrize(
    "text",
    [
        "A1",
        " A1 ",
        "A1\u200b",
        "A\u00ad1",
        "\ufeffA1",
        "A1\u200e",
        "\u202aA1\u202c",
        "A\u2060\u200d1",
        "A1\0",
        "A1\u3000",
    ],
)
def test_ids_that_look_the_same_are_the_same(text):
    """What nobody can see does not tell two people apart."""
    assert clean_id(text) == "A1"


def test_id_of_invisible_marks_only_is_empty():
    """An id that shows nothing is none."""
    assert clean_id(" \u200b\u00ad") == ""
    assert clean_id("A  1") == clean_id("A\u00a01") == "A 1"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Aсан", "Асан"),  # a Latin A before Cyrillic letters
        ("ACAH", "Асан"),  # Latin throughout
        ("Әлiбек", "Әлібек"),  # a Latin i for the Kazakh і
        ("əсем", "Әсем"),  # a Latin schwa
        ("Семëн", "СЕМЁН"),
        ("Аnna", "Anna"),  # a Cyrillic А before Latin letters
    ],
)
def test_names_that_look_the_same_have_one_skeleton(typed, meant):
    """Whoever reads the two names on a screen cannot tell them apart; capitals make no difference."""
    assert typed.casefold() != meant.casefold()
    assert skeleton(typed) == skeleton(meant)


@pytest.mark.parametrize(
    ("one", "other"), [("Асан", "Асем"), ("Қасымова", "Касымова"), ("acah", "Асан"), ("Ян", "Jan")]
)
def test_names_that_look_different_keep_their_skeletons(one, other):
    """Other letters are another name; a small Latin h is no н, and Қ is no К."""
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize(
    ("name", "mixes", "may_pass"),
    [
        ("Aсан", True, True),
        ("Ким-Pак", True, True),
        ("ACAH", False, True),
        ("Anna", False, False),
        ("Асан", False, False),
        ("Пётр III", False, True),  # a numeral in Latin letters that all look Cyrillic
        ("Петров-Smith", False, False),
        ("Мария Anna", False, False),
        ("О’Хара", False, False),
        ("", False, False),
    ],
)
def test_name_of_mixed_letters(name, mixes, may_pass):
    """Both alphabets in one word are a slip of the keyboard; a whole word in the other one is not."""
    assert (mixes_alphabets(name), may_pass_for_another(name)) == (mixes, may_pass)


IVANOV = {
    "surname": "Иванов", "given_name": "Пётр", "iin": "571220491333", "birth_date": "1957-12-20", "email": "i@example.kz",
    "phone": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "is_other"),
    [
        ({"surname": "Ким", "given_name": "Олег", "iin": "830928423727"}, True),
        ({"surname": "Ким", "given_name": "Олег", "email": "kim@example.kz"}, True),
        ({"surname": "Ким", "given_name": "Олег"}, False),  # a name may be corrected
        ({"surname": "Ким", "given_name": "Олег", "phone": "+77010000000"}, False),  # the register has no phone
        ({"surname": "Ким", "given_name": "Олег", "iin": "830928423727", "email": "i@example.kz"}, False),
        ({"surname": "Ким", "given_name": "Пётр", "iin": "830928423727", "email": "kim@example.kz"}, False),
        ({"surname": "ПЁТР", "given_name": "ИВАНОВ", "iin": "830928423727"}, False),  # exchanged, in capitals
        ({"iin": "830928423727", "email": "kim@example.kz"}, False),  # without a name
    ],
)
def test_record_of_somebody_else_agrees_in_nothing(said, is_other):
    """Two people under one id have neither a part of the name nor anything else in common, of what is said of both."""
    assert is_somebody_else(IVANOV, said) is is_other
