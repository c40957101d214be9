from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.full_names import split_full_name, words_left_out

from .growth import EVEN, growth


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Иванов Пётр Сергеевич", ("Иванов", "Пётр", "Сергеевич")),
        ("Пётр Сергеевич Иванов", ("Иванов", "Пётр", "Сергеевич")),
        ("Қасымова Әсем Мұратқызы", ("Қасымова", "Әсем", "Мұратқызы")),
        ("Нурлан Сейитулы Токтаров", ("Токтаров", "Нурлан", "Сейитулы")),
        ("Әсем Мұратқызы", ("", "Әсем", "Мұратқызы")),
        ("Ivanov Petr Sergeevich", ("Ivanov", "Petr", "Sergeevich")),
        ("Сейітов Асан М?рат?лы", ("Сейітов", "Асан", "М?рат?лы")),
        ("Ильин Пётр Ильич", ("Ильин", "Пётр", "Ильич")),
        ("Абрамович Роман Аркадьевич", ("Абрамович", "Роман", "Аркадьевич")),
        ("Роман Аркадьевич Абрамович", ("Абрамович", "Роман", "Аркадьевич")),
        ("Мамедов Али Гасан оглы", ("Мамедов", "Али", "Гасан оглы")),
        ("Али Гасан оглы Мамедов", ("Мамедов", "Али", "Гасан оглы")),
        ("Римский-Корсаков Николай", ("Римский-Корсаков", "Николай", "")),
        ("Иванова (Петрова) Анна Ивановна", ("Иванова (Петрова)", "Анна", "Ивановна")),
        ("Гарсия Мария Луиза Ивановна", ("Гарсия", "Мария Луиза", "Ивановна")),
        ("Иванов И.И.", ("Иванов", "И.", "И.")),
        ("И. И. Иванов", ("Иванов", "И.", "И.")),
        ("Айгүл Ахметова", ("Ахметова", "Айгүл", "")),
        ("Ахметова Айгүл", ("Ахметова", "Айгүл", "")),
        ("Smith, John Ronald", ("Smith", "John", "Ronald")),
        ("", ("", "", "")),
    ],
)
def test_name_that_shows_its_order_is_no_guess(text, parts):
    """A patronymic, a surname's ending, initials or a comma tell which word is which, in whatever order they stand."""
    assert split_full_name(text) == (*parts, False)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Ким Айгүл", ("Ким", "Айгүл", "")),
        ("Мұратұлы Нұрлан", ("Мұратұлы", "Нұрлан", "")),
        ("Бабич Ольга", ("Бабич", "Ольга", "")),
        ("ван дер Берг Ян", ("ван дер Берг", "Ян", "")),
        ("Яков Ким", ("Яков", "Ким", "")),
        ("Петров Ова Сидоров", ("Петров", "Ова", "Сидоров")),
        ("Мария Луиза Гарсия Лопес", ("Мария", "Луиза Гарсия Лопес", "")),
        ("Айгүл", ("Айгүл", "", "")),
        ("Kim Lyubov", ("Kim", "Lyubov", "")),
        ("Ким Любов", ("Ким", "Любов", "")),
        ("Kim Yakov", ("Kim", "Yakov", "")),
    ],
)
def test_name_that_does_not_is_read_surname_first_and_called_a_guess(text, parts):
    """Where nothing tells, the order is that of CRMs here: surname, given name, patronymic. One word is the surname."""
    assert split_full_name(text) == (*parts, True)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ИП Иванов Иван Иванович", ("ИП Иванов", "Иван", "Иванович")),
        ("Г-жа Иванова Анна Петровна", ("Г-жа Иванова", "Анна", "Петровна")),
        ("1. Иванов Иван Иванович", ("1. Иванов", "Иван", "Иванович")),
        ("ИП Ахметов", ("ИП Ахметов", "", "")),
        ("Ахметов 2", ("Ахметов", "2", "")),
        ("Иванов2 Иван Иванович", ("Иванов2", "Иван", "Иванович")),
        ("Иванов Иван Иванович ФЛ", ("Иванов", "Иван", "Иванович ФЛ")),
        ("Иванов Иван Иванович мл.", ("Иванов", "Иван", "Иванович мл.")),
        ("Иванов Иван Иванович умер", ("Иванов", "Иван", "Иванович умер")),
        ("Ким Иван Иванович умер", ("Ким", "Иван", "Иванович умер")),
        ("Иванов Иван Иванович -", ("Иванов", "Иван", "Иванович -")),
        ("Иванов Иван Иванович 8 701 123 45 67", ("Иванов", "Иван", "Иванович 8 701 123 45 67")),
        ("Иван Иванович Иванов ИП", ("Иванов ИП", "Иван", "Иванович")),
        ("Иванов Иван, Петров Пётр", ("Иванов Иван", "Петров", "Пётр")),
        ("Иванов Иван Иванович, водитель", ("Иванов Иван Иванович", "водитель", "")),
        ("Иван, Петров", ("Иван", "Петров", "")),
    ],
)
def test_something_beside_the_name_makes_it_a_guess(text, parts):
    """Words that are no name, numbers, signs, a second person: they are kept, and somebody is to look at them."""
    assert split_full_name(text) == (*parts, True)


def test_what_stands_beside_the_name_is_no_guess_where_it_stands_in_no_part():
    """Columns of their own say the parts: there is nothing to be guessed."""
    assert split_full_name("ИП Ким Анна", surname="Ким", given_name="Анна") == ("Ким", "Анна", "", False)
    assert split_full_name("ИП Ким Анна", given_name="Анна") == ("ИП Ким", "Анна", "", True)


@pytest.mark.parametrize("text", ["Ольга Станкевич", "Мария Маркович", "Olga Stankevich", "Иван Петрович"])
def test_second_word_that_is_a_surname_or_a_patronymic_is_a_guess(text):
    """That a surname is missing is guessed, so it clears none."""
    given_name, second = text.split()
    assert split_full_name(text) == ("", given_name, second, True)
    assert split_full_name(text, given_name=given_name) == ("", given_name, second, True)
    assert split_full_name(text, surname="Ким") == ("Ким", given_name, second, False)


@pytest.mark.parametrize("text", ["Ван Анна Сергеевна", "Анна Сергеевна Ван"])
def test_surname_that_is_elsewhere_a_particle(text):
    """With given name and patronymic behind it, Ван is the surname."""
    assert split_full_name(text) == ("Ван", "Анна", "Сергеевна", False)
    assert split_full_name("ван дер Берг Ян Петрович") == ("ван дер Берг", "Ян", "Петрович", False)


def test_word_of_lost_letters_is_a_word_of_the_name():
    """What is left of it stands where the name stood."""
    assert split_full_name("Иванов ???? Иванович") == ("Иванов", "????", "Иванович", False)


def test_western_order_can_be_said():
    """A column of western names is said to be one; a patronymic still tells better."""
    assert split_full_name("John Ronald Tolkien", given_first=True) == ("Tolkien", "John Ronald", "", False)
    assert split_full_name("John Ronald Tolkien", given_name="John", given_first=True) == (
        "Tolkien",
        "John",
        "Ronald",
        False,
    )
    assert split_full_name("Иванов Пётр Сергеевич", given_first=True) == ("Иванов", "Пётр", "Сергеевич", False)


def test_known_surname_is_taken_out():
    """With the surname in a column of its own the rest is given name and patronymic."""
    assert split_full_name("Асель Қасымова", surname="Қасымова") == ("Қасымова", "Асель", "", False)
    assert split_full_name("ВАН ДЕР БЕРГ Ян", surname="ван дер Берг") == ("ван дер Берг", "Ян", "", False)
    assert split_full_name("Иванов Пётр Сергеевич", surname="Иванов") == ("Иванов", "Пётр", "Сергеевич", False)


@pytest.mark.parametrize(
    ("text", "given_name", "parts"),
    [
        ("Динара Ким", "Динара", ("Ким", "Динара", "", False)),
        ("Ким Динара", "ДИНАРА", ("Ким", "ДИНАРА", "", False)),
        ("Ким, Динара", "Динара", ("Ким", "Динара", "", False)),
        ("Ким Анна Сергеевна", "Анна", ("Ким", "Анна", "Сергеевна", False)),
        ("Анна Сергеевна Ким", "Анна", ("Ким", "Анна", "Сергеевна", False)),
        ("Ким Анна Сергеевна", "Анна Сергеевна", ("Ким", "Анна Сергеевна", "", False)),
        ("Мұратұлы Нұрлан", "Нұрлан", ("Мұратұлы", "Нұрлан", "", False)),
        ("Касымова Асем", "Әсем", ("Касымова", "Әсем", "", False)),
        ("Ким Алёна", "Алена", ("Ким", "Алена", "", False)),
        ("ван дер Берг Ян", "Ян", ("ван дер Берг", "Ян", "", False)),
        ("Гарсия Лопес Мария", "Мария", ("Гарсия Лопес", "Мария", "", False)),
        ("Мария Гарсия Лопес", "Мария", ("Гарсия Лопес", "Мария", "", True)),
        ("Ли Анна Мария", "Анна", ("Ли", "Анна", "Мария", True)),
        ("Анна Сергеевна", "Анна", ("", "Анна", "Сергеевна", False)),
        ("Ахметова Динара", "Ахметова Динара", ("", "Ахметова Динара", "", False)),
        ("Динара", "Динара", ("", "Динара", "", False)),
        (",", "Динара", ("", "Динара", "", False)),
    ],
)
def test_known_given_name_is_taken_out(text, given_name, parts):
    """With the given name in a column of its own the rest is surname and patronymic; where nothing is left both stay open."""
    assert split_full_name(text, given_name=given_name) == parts
    assert not words_left_out(text, parts[:3])


@pytest.mark.parametrize(
    ("text", "known", "parts"),
    [
        ("Иванов И.И.", {"given_name": "Иван"}, ("Иванов", "Иван", "И.", False)),
        ("Ким Анна Сергеевна", {"given_name": "Аня"}, ("Ким", "Аня", "Сергеевна", False)),
        ("Динара Ким", {"given_name": "Динар"}, ("", "Динар", "", False)),
        ("Айгүл Ахметова", {"surname": "Ким"}, ("Ким", "Айгүл", "", False)),
        ("Бабич Ольга Ивановна", {"surname": "Ким", "given_name": "Анна"}, ("Ким", "Анна", "", False)),
        ("Ахметова Анна Сергеевна", {"surname": "Ким", "given_name": "Анна"}, ("Ким", "Анна", "Сергеевна", False)),
        ("Ким Анна Ли", {"surname": "Ким", "given_name": "Анна"}, ("Ким", "Анна", "", False)),
    ],
)
def test_full_name_that_says_otherwise_loses_words_and_that_is_seen(text, known, parts):
    """What is known stands; of the full name what shows by itself is taken, and that words are left out can be told."""
    assert split_full_name(text, **known) == parts
    assert words_left_out(text, parts[:3])


def test_surname_alone_in_the_full_name_beside_a_given_name_is_a_guess():
    """One word that is not the given name may be the surname, or another spelling of it."""
    assert split_full_name("Ким", given_name="Анна") == ("Ким", "Анна", "", True)
    assert split_full_name("Анна", surname="Ким") == ("Ким", "Анна", "", False)
    assert split_full_name("Ольга Бабич", surname="Ким") == ("Ким", "Ольга", "Бабич", True)


@pytest.mark.parametrize("text", ["Ким Анна Сергеевна", "Анна Сергеевна Ким", "КИМ, Анна Сергеевна"])
def test_patronymic_beside_known_surname_and_given_name(text):
    """With both in columns of their own the full name still tells the patronymic."""
    assert split_full_name(text, surname="Ким", given_name="Анна") == ("Ким", "Анна", "Сергеевна", False)
    assert split_full_name("Роман Абрамович", surname="Абрамович", given_name="Роман").patronymic == ""


WORDS = st.sampled_from(
    "Иванов Пётр Сергеевич оглы ван де (Петрова Сидорова) Мұратқызы И.И. О'Нил Әсем-Ай бен Smith 1 ИП мл. -".split()
)


@given(st.lists(WORDS, max_size=8).map(" ".join), st.booleans())
def test_no_letter_of_a_name_is_lost(text, given_first):
    """However a name is taken apart, every letter of it stands in one of the parts, once."""
    parts = split_full_name(text, given_first=given_first)
    assert sorted("".join(parts[:3]).replace(" ", "")) == sorted(text.replace(" ", ""))


@given(st.lists(WORDS, max_size=8), st.lists(WORDS, max_size=2), st.lists(WORDS, max_size=2), st.booleans())
def test_no_letter_is_lost_beside_known_parts_without_being_told(words, surname, given_name, given_first):
    """Whatever is known from elsewhere, a letter that stands in no part is one of the words that are left out."""
    text, surname, given_name = map(" ".join, (words, surname, given_name))
    parts = split_full_name(text, surname=surname, given_name=given_name, given_first=given_first)[:3]
    lost = Counter("".join(text.split())) - Counter("".join(parts))
    assert not lost or words_left_out(text, parts)
    assert parts[:2] == (surname or parts[0], given_name or parts[1])


@pytest.mark.parametrize("given_name", ["", "а а б"])
@pytest.mark.parametrize("surname", ["", "а а б"])
@pytest.mark.parametrize("part", ["а", "а ", "ван ", "(", "И."])
def test_name_of_100_kb_is_taken_apart_at_once(part, surname, given_name):
    """A cell made to keep the computer busy is no more than its share of work, and one part: too long, and nothing of it lost."""

    def taken_apart(text):
        name = split_full_name(text, surname=surname, given_name=given_name)
        return name, words_left_out(text, name[:3])

    assert growth(taken_apart, "", part, letters=3_000) < EVEN
    text = part * (100_000 // len(part))
    name, left_out = taken_apart(text)
    whole = text.strip()
    assert name[:2] == ((surname, given_name or whole) if surname else (whole, given_name))
    assert left_out == bool(surname and given_name) and name[2:] == ("", False)


def test_longest_name_is_taken_apart():
    """Three parts, each as long as a part may be."""
    parts = ("ов" * 100, "а" * 200, "б" * 196 + "ович")
    assert split_full_name(" ".join(parts)) == (*parts, False)
