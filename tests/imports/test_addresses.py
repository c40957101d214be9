"""E-mail addresses that are told of, and those of people whom the register knows with them."""

import pytest

from registry.models import DataSubject
from registry.rules import contacts

from .crm import consent, csv_of, person

pytestmark = pytest.mark.django_db
MIXED = "iv\u0430n@mail.ru"
SENTENCE = "the part before @ mixes Latin and Cyrillic letters: type it again, or leave it empty"


@pytest.fixture
def known(crm, monkeypatch):
    """A person stored with an address of two alphabets before anybody asked about them."""
    with monkeypatch.context() as before:
        before.setattr(contacts, "mixes_alphabets", lambda text: False)
        crm.load([person(1, email=MIXED, **consent())])


def test_address_that_the_register_has_turns_no_row_down(crm, known):
    """It is told with every file until it is corrected; the rest of the row is taken, and said again it changes nothing."""
    rows = [person(1, email=MIXED, phone="87020000001", **consent())]
    for counts in ({"changed": 1}, {"same": 1}):
        run = crm.load(rows)
        incomplete, *others = run.warnings
        assert (crm.counts(run), others) == (counts, [f"Line 2, email: {SENTENCE}"])
        assert incomplete.startswith("1 consent is incomplete")
    subject = DataSubject.objects.get()
    assert (subject.email, subject.phone, subject.consents.count()) == (MIXED, "+77020000001", 1)
    assert crm.counts(crm.load([person(1, email="ivan@mail.ru")])) == {"changed": 1}


def test_address_that_the_register_has_is_one_in_whichever_column_it_stands(crm, known):
    """Where the file has two columns of addresses, too."""
    content = csv_of(
        [person(1, email="", **{"E-mail 2": MIXED})], ["crm_id", "surname", "given_name", "email", "E-mail 2"]
    )
    run = crm.load(content)
    assert (crm.counts(run), run.warnings) == ({"same": 1}, [f"Line 2, E-mail 2: {SENTENCE}"])


def test_address_of_two_alphabets_is_an_error_of_anybody_else(crm, known):
    """Of a new person, of one with another address, and in a row that is wrong otherwise."""
    others = [person(2, email=MIXED), person(1, email="\u0430.ivanov@mail.ru")]
    run = crm.plan(others)
    assert crm.reasons(run) == {
        line: [f"email “{row['email']}”: {SENTENCE}"] for line, row in enumerate(others, start=2)
    }
    run = crm.plan([person(1, email=MIXED, phone="12")])
    assert [reason.partition(" ")[0] for reason in crm.reasons(run)[2]] == ["email", "phone"]
