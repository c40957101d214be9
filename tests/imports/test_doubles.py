"""Two lines for one person: only the CRM knows which is right."""

import pytest

from registry.models import DataSubject
from tests import factories

from .crm import csv_of, person

pytestmark = pytest.mark.django_db


def test_every_line_of_a_repeated_id_is_rejected(crm):
    """Which of two lines is right only the CRM knows: both are rejected and name each other; so are empty ids."""
    rows = [person(1), person(2), person(1, phone=""), person(3, crm_id=""), person(4), person(2), person(2)]
    run = crm.load(rows)
    assert crm.counts(run) == {"new": 1, "rejected": 6}
    sentence = "crm_id “%s”: the id stands on other lines, too (%s): one person has one line, keep the right one"
    assert crm.reasons(run) == {
        2: [sentence % ("C0000001", "4")],
        3: [sentence % ("C0000002", "7, 8")],
        4: [sentence % ("C0000001", "2")],
        5: ["crm_id: the id of the person in the CRM is empty: fill it in"],
        7: [sentence % ("C0000002", "3, 8")],
        8: [sentence % ("C0000002", "3, 7")],
    }


@pytest.mark.parametrize("second", ["A1\u00ad", "A\u200e1", "'A1", " A1\u3000"])
def test_ids_that_look_the_same_are_repeated(crm, second):
    """A mark that nobody sees makes no second person."""
    first = "'A1" if second == "'A1" else "A1\u200b"
    run = crm.load([person(1, crm_id=first), person(2, crm_id=second), person(3)])
    assert crm.counts(run) == {"new": 1, "rejected": 2}
    assert all("the id stands on other lines, too" in reasons[0] for reasons in crm.reasons(run).values())


def test_invisible_marks_of_an_id_are_not_stored(crm):
    """The person of an id is found again, whatever invisible marks the next export has in it."""
    crm.load([person(1, crm_id="A1\u200b")])
    assert DataSubject.objects.get().crm_id == "A1"
    assert crm.counts(crm.load([person(1, crm_id="A\u00ad1")])) == {"same": 1}


def test_id_typed_by_hand_is_stored_the_same_way(lapp):
    """A person entered by hand under an id with an invisible mark is the one the import finds."""
    assert factories.make_subject(lapp, crm_id="\u200eA1\u200b").crm_id == "A1"
    assert factories.make_subject(lapp, crm_id="\u200b").crm_id is None


@pytest.mark.parametrize("ragged", ["D1;x;y", "D1", " D1\u200b;x;y;z"])
def test_row_of_another_width_is_a_double_too(crm, ragged):
    """A broken line and a good one of one id: the good one may be the wrong one, so neither is taken."""
    run = crm.load(f"crm_id;surname\n{ragged}\nD1;Петрова\nD2;Яна\n".encode())
    assert crm.counts(run) == {"new": 1, "rejected": 2}
    assert crm.reasons(run)[3] == [
        "crm_id “D1”: the id stands on other lines, too (2): one person has one line, keep the right one"
    ]


def test_row_too_short_to_have_an_id_is_no_double(crm):
    """Where the row ends before its id there is nothing to compare."""
    run = crm.load(csv_of([person(1)], ["surname", "given_name", "crm_id"]) + "Қасымова\n".encode())
    assert crm.counts(run) == {"new": 1, "rejected": 1}
