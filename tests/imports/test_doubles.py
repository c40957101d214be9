"""Two lines or two ids for one person: only the CRM knows which is right."""

import pytest

from registry.imports import double_rows, doubles
from registry.models import DataSubject, ImportRun, ListedRow
from tests import factories

from .crm import CRM, consent, csv_of, person

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


IIN, OTHER_IIN = "061211600012", "870101300123"


def listed(run):
    """Line → reasons of the possible doubles."""
    rows = ListedRow.objects.filter(run=run, kind="double").order_by("line")
    return {row.line: row.reasons for row in rows}


def test_one_email_under_two_ids_is_imported_and_listed(crm):
    """Two people of one address are both taken, and each names the other: nobody is merged by an import."""
    run = crm.load([person(1), person(2, email="Asem1@example.kz"), person(3)])
    assert (crm.counts(run), run.doubles, DataSubject.objects.count()) == ({"new": 3}, 2, 3)
    assert listed(run) == {
        2: ["the same e-mail as CRM id C0000002 (line 3)"],
        3: ["the same e-mail as CRM id C0000001 (line 2)"],
    }
    row = ListedRow.objects.get(line=3)
    assert row.cells == ["C0000002", "Қасымова", "Әсем", "Asem1@example.kz", "8 (701) 000-00-02", "ru"]


def test_what_two_rows_share_is_told_together(crm):
    """One sentence for each other person, with all that is the same."""
    rows = [person(1, iin=IIN, phone="87010000009"), person(2, iin=IIN), person(3, iin="", phone="+7 701 000 00 09")]
    assert listed(crm.plan([*rows, person(4, iin=IIN, email="asem1@example.kz")])) == {
        2: ["the same IIN as CRM id C0000002 (line 3)", "the same e-mail as CRM id C0000004 (line 5)",
            "the same phone as CRM id C0000003 (line 4)"],
        3: ["the same IIN as CRM id C0000001 (line 2)"],
        4: ["the same phone as CRM id C0000001 (line 2)"],
        5: ["the same IIN, e-mail as CRM id C0000001 (line 2)"],
    }  # fmt: skip


@pytest.mark.parametrize("few", [2000, 0], ids=["looked up by the database", "walked through"])
def test_somebody_of_the_register_who_is_not_in_the_file(crm, kazger, monkeypatch, few):
    """A new id with the IIN, e-mail, phone or look of somebody known under another id, or under none."""
    monkeypatch.setattr(doubles, "FEW_ROWS", few)
    monkeypatch.setattr(doubles, "MANY_PEOPLE", 0)
    for crm_id, fields in {
        "K1": {"iin": IIN},
        "K2": {"email": "Asem2@example.kz"},
        "K3": {"phone": "+77010000003"},
        "K4": {"surname": "Acaнова", "given_name": "Әсем"},
        "K5": {"surname": "Ескендір", "given_name": "Асем"},
        "K6": {"surname": "Ким", "given_name": "Ли", "iin": OTHER_IIN},
    }.items():
        factories.make_subject(crm.operator, crm_id=crm_id, **fields)
    factories.make_subject(crm.operator, crm_id=None, email="asem7@example.kz")
    factories.make_subject(kazger, crm_id="OTHER", email="asem8@example.kz")
    rows = [person(1, iin=IIN), *map(person, (2, 3)), person(4, surname="Асанова"), person(5, surname="Еcкендір")]
    rows[-1]["given_name"] = "Асем"
    run = crm.load([*rows, *map(person, (6, 7, 8))])
    assert (run.doubles, run.missing) == (6, 6)
    assert listed(run) == {
        2: ["the same IIN as CRM id K1 (in the register)"],
        3: ["the same e-mail as CRM id K2 (in the register)"],
        4: ["the same phone as CRM id K3 (in the register)"],
        5: ["the same look of the name (Latin for Cyrillic letters) as CRM id K4 (in the register)"],
        6: ["the same look of the name (Latin for Cyrillic letters) as CRM id K5 (in the register)"],
        8: ["the same e-mail as somebody without a CRM id (in the register)"],
    }


def test_namesakes_are_no_doubles_look_alikes_are(crm):
    """Three of one name are three people; the fourth, typed with a Latin A, and the fifth, all in Latin, may be one of them."""
    names = ["Асан", "Асан", "АСАН", "Aсан", "ACAH", "Anna"]
    rows = [person(number, surname="Ким", given_name=name) for number, name in enumerate(names, 1)]
    run = crm.plan(rows)
    said = "the same look of the name (Latin for Cyrillic letters) as CRM id %s"
    assert listed(run) == {
        2: [said % "C0000004 (line 5)"],
        3: [said % "C0000004 (line 5)"],
        4: [said % "C0000004 (line 5)"],
        5: [said % "C0000001 (line 2)"],
        6: [said % "C0000001 (line 2)"],
    }


def test_name_of_two_alphabets_is_a_warning(crm):
    """Latin and Cyrillic letters in one word are told with the line, whether or not anybody looks like it."""
    run = crm.plan(
        [person(1, given_name="Aсан"), person(2, given_name="ACAH"), person(3, given_name="Aсан", email="x")]
    )
    sentence = "a word of the name mixes Latin and Cyrillic letters that look alike: type it in one alphabet"
    assert run.warnings == [f"Line 2, given_name: {sentence}"]


def test_same_file_again_lists_the_same_doubles(crm):
    """A double is listed until somebody settles it, also where the rows change nothing."""
    factories.make_subject(crm.operator, crm_id="K1", phone="+77010000002")
    rows = [person(1, **consent()), person(2), person(3, email="asem1@example.kz")]
    first, again = crm.load(rows), crm.load(rows)
    assert crm.counts(again) == {"same": 3}
    assert listed(first) == listed(again)
    assert listed(again).keys() == {2, 3, 4}


def test_empty_cell_keeps_the_stored_value_and_its_double(crm):
    """What counts is the person as the import leaves her, not the cell."""
    crm.load([person(1, iin=IIN)])
    run = crm.plan([person(1, iin=""), person(2, iin=IIN)])
    assert listed(run) == {
        2: ["the same IIN as CRM id C0000002 (line 3)"],
        3: ["the same IIN as CRM id C0000001 (line 2)"],
    }


def test_row_that_is_turned_down_is_no_double_but_its_person_is_met(crm):
    """A rejected row stands in one list only; another row may still be a double of the person it is about."""
    crm.load([person(1, iin=IIN)])
    run = crm.plan(
        [person(1, iin=IIN, email="x"), person(2, iin=IIN), person(3, email="y"), person(4, phone="87010000003")]
    )
    assert crm.counts(run) == {"new": 2, "rejected": 2}
    assert listed(run) == {3: ["the same IIN as CRM id C0000001 (line 2)"]}


def test_more_doubles_than_are_kept_are_counted(crm, monkeypatch):
    """The list ends somewhere, the count does not."""
    monkeypatch.setattr(double_rows, "STORED", 2)
    run = crm.plan([person(number, email="office@example.kz") for number in range(1, 6)])
    assert (run.doubles, listed(run).keys()) == (5, {2, 3})


def test_false_alarms_of_the_first_look_are_settled_by_the_second(crm, monkeypatch):
    """Where every digest seems to be met before, those that were not are still no doubles."""
    monkeypatch.setattr(doubles, "SMALLEST", 1)
    monkeypatch.setattr(doubles, "BITMAP_BYTES_A_ROW", 0)
    factories.make_subject(crm.operator, crm_id="K1", phone="+77010000100")
    run = crm.plan([*map(person, range(1, 60)), person(60, email="asem7@example.kz")])
    assert listed(run) == {
        8: ["the same e-mail as CRM id C0000060 (line 61)"],
        61: ["the same e-mail as CRM id C0000007 (line 8)"],
    }


def test_doubles_across_chunks_are_found(crm):
    """A file is read in chunks; two of its rows are doubles however far apart they stand."""
    rows = [*map(person, range(1, 1100)), person(1100, phone="87010000001")]
    run = crm.plan(rows)
    assert listed(run) == {
        2: ["the same phone as CRM id C0001100 (line 1101)"],
        1101: ["the same phone as CRM id C0000001 (line 2)"],
    }


def test_plan_refused_lists_no_doubles(lapp):
    """Without a file there is nothing to look at."""
    crm = CRM(lapp)
    run = crm.plan([person(1), person(2, email="asem1@example.kz")])
    assert ListedRow.objects.filter(kind="double").count() == 2
    factories.make_purpose(lapp)
    with pytest.raises(Exception, match="Purposes, policies or data lists"):
        crm.apply(run)
    assert (ImportRun.objects.get().state, ListedRow.objects.count()) == ("refused", 0)
