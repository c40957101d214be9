"""One phone and one address of a person are kept: rows that hold more are listed with what is left out."""

import json

import pytest
from django.core.management import call_command

from registry.imports import listed, report
from registry.imports.crm_file import Said
from registry.imports.lists import LISTS, rows_of
from registry.imports.plan import make_plan
from registry.imports.rejects import list_csv
from registry.models import DataSubject, ImportRun, ListedRow

from .crm import csv_of, person

pytestmark = pytest.mark.django_db
HEADER = ["crm_id", "surname", "email", "phone", "Рабочий телефон"]
SENTENCE = "phone: not kept: +77770000002"


def rows(*numbers, **cells):
    return csv_of([person(number, **{"Рабочий телефон": "8 777 000-00-02"} | cells) for number in numbers], HEADER)


def test_row_with_a_second_number_is_taken_and_listed(crm):
    """The first number is stored; the second stands in a list with the row, and its value nowhere else."""
    run = crm.load(rows(1) + "C0000002;Ким;;87010000002;\n".encode())
    assert (crm.counts(run), run.further, run.expires_at is not None) == ({"new": 2}, 1, True)
    assert list(DataSubject.objects.order_by("crm_id").values_list("phone", flat=True)) == [
        "+77010000001",
        "+77010000002",
    ]
    row = ListedRow.objects.get()
    assert (row.kind, row.line, row.reasons) == ("further", 2, [SENTENCE])
    assert row.cells == ["C0000001", "Қасымова", "asem1@example.kz", "8 (701) 000-00-01", "8 777 000-00-02"]
    assert run.warnings == ["Line 2, phone: one more phone number of the row is not kept"]


def test_rows_with_further_values_leave_in_the_columns_of_the_crm(crm):
    """The row as it stood in the file, its line, and what of it is not kept."""
    run = crm.plan(rows(1))
    assert b"".join(list_csv(run, "further")).decode().splitlines() == [
        "crm_id;surname;email;phone;Рабочий телефон;line;reason",
        f"C0000001;Қасымова;asem1@example.kz;8 (701) 000-00-01;8 777 000-00-02;2;{SENTENCE}",
    ]


def test_faulty_second_number_is_listed_with_what_is_wrong(crm):
    """It is no reason to reject the row, but it is not kept either."""
    run = crm.plan(rows(1, **{"Рабочий телефон": "12345"}))
    assert (run.rejected, run.further) == (0, 1)
    assert crm.reasons(run) == {
        2: ["Рабочий телефон “12345”: this is no phone number in use: write it as +7 701 123 45 67, or leave it empty"]
    }


def test_second_number_of_one_cell_is_listed(crm):
    """Where the file has one column of phones, too."""
    run = crm.plan([person(1, phone="87010000001, 87770000002"), person(2)])
    assert (run.further, crm.reasons(run)) == (1, {2: [SENTENCE]})


def test_row_that_is_turned_down_stands_in_one_list_only(crm):
    """Nothing of it is taken, so nothing is left out of it."""
    run = crm.plan(rows(1, email="x") + rows(2, surname="?асымова").partition(b"\n")[2])
    assert (run.rejected, run.stopped, run.further) == (1, 1, 0)
    assert set(ListedRow.objects.values_list("kind", flat=True)) == {"rejected", "damaged"}


def test_same_file_again_lists_the_same_values(crm):
    """Nothing changes in the register, and what it does not keep is told as before."""
    crm.load(rows(1, 2))
    run = crm.load(rows(1, 2))
    assert (crm.counts(run), run.further, crm.reasons(run)) == ({"same": 2}, 2, {2: [SENTENCE], 3: [SENTENCE]})


def test_more_rows_than_are_kept_are_counted(crm, monkeypatch):
    """The list ends somewhere, across chunks of the file; the count does not."""
    monkeypatch.setattr(listed, "FURTHER_STORED", 1500)
    run = crm.plan(rows(*range(1, 2102)))
    assert (run.further, rows_of(run, LISTS["further"].kinds).count()) == (2101, 1500)
    assert rows_of(run, LISTS["further"].kinds).last().line == 1501


def test_command_and_report_count_them(crm, tmp_path, capsys):
    """How many rows, for whoever reads the one or the other; no value of them."""
    path = tmp_path / "people.csv"
    path.write_bytes(rows(1, 2))
    call_command("import_subjects", str(path), operator=crm.operator.code, json=True)
    printed = capsys.readouterr().out
    assert json.loads(printed.splitlines()[-1])["further"] == 2
    told = report.body(ImportRun.objects.get())
    assert "rows with further phones or addresses: 2" in told
    assert "On the page of the import, for a week: Rows taken in part." in told
    assert "777 000" not in printed + told and "+7777" not in printed + told


def test_plan_made_anew_lists_anew(crm):
    """What the first reading listed is gone with it."""
    run = crm.plan(rows(1))
    assert run.listed_rows.count() == 1
    make_plan(run, Said(mapping=("Рабочий телефон=",)), **crm.acting)
    assert (run.further, run.listed_rows.count()) == (0, 0)
