"""A full name that could only be taken apart by the order of its words, of somebody whom the register knows."""

import pytest

from registry.models import DataSubject
from registry.rules.names import has_words_of
from tests import factories

pytestmark = pytest.mark.django_db


def file_of(name):
    return f"ID;ФИО\nC1;{name}\n".encode()


def corrected(**parts):
    subject = DataSubject.objects.get()
    vars(subject).update(parts)
    factories.save(subject)


def name():
    subject = DataSubject.objects.get()
    return subject.surname, subject.given_name, subject.patronymic


@pytest.mark.parametrize(
    ("said", "correction"),
    [
        ("Ким Айгүл", {"surname": "Айгүл", "given_name": "Ким"}),
        ("ИП Иванов Иван Иванович", {"surname": "Иванов"}),
        ("Иванов Иван Иванович ИП", {"patronymic": "Иванович"}),
    ],
)
def test_correction_of_a_guess_stands(crm, said, correction):
    """An officer who looked at it knows better than the next file with the same words; the guess is told all the same."""
    crm.load(file_of(said))
    assert crm.counts(crm.load(file_of(said))) == {"same": 1}
    corrected(**correction)
    kept = name()
    run = crm.load(file_of(said))
    assert (crm.counts(run), name()) == ({"same": 1}, kept)
    assert "which word is which was guessed" in run.warnings[0]


@pytest.mark.parametrize("said", ["Ким Дана", "Ким Айгүл Маратовна"])
def test_other_words_are_taken(crm, said):
    """Another name, and one that is no guess."""
    crm.load(file_of("Ким Айгүл"))
    corrected(surname="Айгүл", given_name="Ким")
    assert crm.counts(crm.load(file_of(said))) == {"changed": 1}
    assert " ".join(filter(None, name())) == said


@pytest.mark.parametrize(
    ("said", "known", "has"),
    [
        ("Ким Айгүл", "Айгүл Ким", True),
        ("ИП Қасымов Ерлан", "Касымов Ерлан", True),
        ("Ким Айгүл", "Ким Айгүл Маратовна", False),
        ("Ким Ким", "Ким", True),
        ("Ким", "Ким Ким", False),
        ("Ким", "", False),
    ],
)
def test_words_of_a_name(said, known, has):
    """However they are spread over its parts, and in whichever letters they are typed."""
    assert has_words_of({"surname": said}, {"given_name": known, "surname": ""}) is has
