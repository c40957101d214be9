import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.full_names import split_full_name


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
    ],
)
def test_name_that_does_not_is_read_surname_first_and_called_a_guess(text, parts):
    """Where nothing tells, the order is that of CRMs here: surname, given name, patronymic. One word is the surname."""
    assert split_full_name(text) == (*parts, True)


def test_western_order_can_be_said():
    """A column of western names is said to be one; a patronymic still tells better."""
    assert split_full_name("John Ronald Tolkien", given_first=True) == ("Tolkien", "John Ronald", "", False)
    assert split_full_name("Иванов Пётр Сергеевич", given_first=True) == ("Иванов", "Пётр", "Сергеевич", False)


def test_known_surname_is_taken_out():
    """With the surname in a column of its own the rest is given name and patronymic."""
    assert split_full_name("Асель Қасымова", surname="Қасымова") == ("Қасымова", "Асель", "", False)
    assert split_full_name("ВАН ДЕР БЕРГ Ян", surname="ван дер Берг") == ("ван дер Берг", "Ян", "", False)
    assert split_full_name("Иванов Пётр Сергеевич", surname="Иванов") == ("Иванов", "Пётр", "Сергеевич", False)


WORDS = st.sampled_from(
    "Иванов Пётр Сергеевич оглы ван де (Петрова Сидорова) Мұратқызы И.И. О'Нил Әсем-Ай бен Smith 1".split()
)


@given(st.lists(WORDS, max_size=8).map(" ".join), st.booleans())
def test_no_letter_of_a_name_is_lost(text, given_first):
    """However a name is taken apart, every letter of it stands in one of the parts, once."""
    parts = split_full_name(text, given_first=given_first)
    assert sorted("".join(parts[:3]).replace(" ", "")) == sorted(text.replace(" ", ""))


@pytest.mark.parametrize("surname", ["", "а а б"])
@pytest.mark.parametrize("text", ["а" * 100_000, "а " * 50_000, "ван " * 30_000, "(" * 50_000, "И." * 50_000])
def test_name_of_100_kb_is_taken_apart_at_once(text, surname):
    """A cell made to keep the computer busy is answered soon, and is one part: too long, and nothing of it lost."""
    import time

    begun = time.process_time()
    name = split_full_name(text, surname=surname)
    assert time.process_time() - begun < 0.5
    assert name == ((surname, text.strip(), "", False) if surname else (text.strip(), "", "", False))


def test_longest_name_is_taken_apart():
    """Three parts, each as long as a part may be."""
    parts = ("ов" * 100, "а" * 200, "б" * 196 + "ович")
    assert split_full_name(" ".join(parts)) == (*parts, False)
