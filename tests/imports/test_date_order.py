"""Which of 01/02/2003's readings a file means."""

import datetime as dt

import pytest

from registry.imports import date_order
from registry.imports.columns import match_columns
from registry.imports.crm_file import CRMFile, Said
from registry.imports.inspection import FileAsks, FileRefused

HEADER = "ID;Дата рождения;Номер договора;Дата договора\n"


@pytest.fixture
def file_of(tmp_path):
    def write(*lines, **said):
        path = tmp_path / "people.csv"
        path.write_text(HEADER + "\n".join(lines), encoding="utf-8")
        return CRMFile(path, Said(**said), today=dt.date(2026, 11, 22))

    return write


def days(file):
    return [
        (str(row.values.get("birth_date")), str(row.values.get("agreement_on")))
        for chunk in file.chunks()
        for row in chunk
    ]


def test_dates_that_nothing_decides_are_asked_about(file_of):
    """Every date of the file can be read two ways: somebody must say which."""
    with pytest.raises(FileAsks) as asked:
        file_of("1;01/02/1990;7;", "2;03/04/1991;;")
    assert asked.value.told == (
        "Its dates can be read with the day first and with the month first. Say which it is (in a command: --date-order dmy, "
        "or --date-order mdy). For example: “01/02/1990”, “03/04/1991”."
    )
    assert "1990" not in str(asked.value)


@pytest.mark.parametrize(("said", "day"), [("dmy", "1990-02-01"), ("mdy", "1990-01-02")])
def test_order_that_was_said_is_no_question(file_of, db, said, day):
    """What was said holds for the whole file."""
    assert days(file_of("1;01/02/1990;;", date_order=said)) == [(day, "None")]


def test_remembered_order_that_the_rows_contradict_is_asked_about(file_of):
    """The CRM writes dates otherwise than it did: half of its rows would be read wrongly, and nobody told."""
    with pytest.raises(FileAsks) as asked:
        file_of("1;12/25/1990;;", "2;01/02/1990;7;25/12/2020", date_order="dmy", order_remembered=True)
    assert asked.value.told == (
        "The dates of its source are remembered as “day, month, year”, but dates of this file can only be read otherwise. Say "
        "which it is (in a command: --date-order dmy, or --date-order mdy). For example: “12/25/1990”."
    )
    assert "1990" not in str(asked.value)


@pytest.mark.parametrize(
    ("said", "first"),
    [({"order_remembered": True}, "25/12/1990"), ({"order_remembered": True}, "03/04/1990"), ({}, "04/25/1990")],
)
def test_order_stands_where_rows_prove_it_or_nothing_or_it_was_said(file_of, db, said, first):
    """What is remembered holds unless rows prove another order and none this one; what is said of this file holds at any rate."""
    file = file_of(
        f"1;{first};;", "2;01/02/1990;;", *["3;12/25/1990;;"] * (first[:2] == "25"), date_order="dmy", **said
    )
    assert days(file)[1] == ("1990-02-01", "None")


def test_column_decides_for_itself_and_for_the_others(file_of, db):
    """A 25 somewhere tells the order; the run says that it was told so."""
    file = file_of("1;01/02/1990;7;03/04/2020", "2;12/25/1991;8;", "3;05/05/1990;9;")
    assert days(file) == [("1990-01-02", "2020-03-04"), ("1991-12-25", "None"), ("1990-05-05", "None")]
    assert file.notes == [
        "Dates such as 01/02/2003 are read with the month first, as other dates of the file show: “Дата рождения”, "
        "“Дата договора”."
    ]


def test_each_column_may_have_its_own_order(file_of, db):
    """Two columns that show different orders are each read in their own."""
    file = file_of("1;12/25/1990;7;25-12-2020", "2;01/02/1990;8;01-02-2020")
    assert days(file)[1] == ("1990-01-02", "2020-02-01")


@pytest.mark.parametrize("pad", ["", " "], ids=["as it is", "with blanks"])
def test_column_that_contradicts_itself_is_asked_about(file_of, pad):
    """Day first here and month first there: no order is right for all, so somebody must say one."""
    with pytest.raises(FileAsks):
        file_of(f"1;{pad}25/12/1990{pad};;", f"2;{pad}12/25/1990{pad};;")


def test_later_contradiction_is_an_error_of_its_row(file_of, db, monkeypatch):
    """What the first rows decided holds; a later row that cannot be read so is turned down."""
    monkeypatch.setattr(date_order, "ROWS_LOOKED_AT", 1)
    file = file_of("1;25/12/1990;;", "2;12/25/1990;;")
    rows = [row for chunk in file.chunks() for row in chunk]
    assert [problem.reason for problem in rows[1].errors] == [
        "the date does not fit the order of dates of the file (dmy): correct it"
    ]


def test_files_without_open_dates_are_asked_nothing(file_of, db):
    """Dots mean the day first, a year in front means itself."""
    file = file_of("1;01.02.1990;7;2020-02-01", "2;;;")
    assert days(file)[0] == ("1990-02-01", "2020-02-01")
    assert file.notes == []


def test_order_unknown_here_is_refused(file_of):
    """Only three orders are known."""
    with pytest.raises(FileRefused) as refusal:
        file_of("1;;;", date_order="ydm")
    assert refusal.value.told == "The order of dates is one of dmy, mdy, ymd. Said was “ydm”."


def test_rows_that_cannot_be_read_decide_nothing():
    """A ragged row has no columns to look at."""
    from registry.imports.reader import Row

    columns = match_columns(["ID", "Дата рождения"])
    found = date_order.look(columns.places, [Row(2, ["1"], "short"), Row(3, ["1", "25/12/1990"])])
    assert found == ({"birth_date": "dmy"}, [], {"birth_date": "dmy"})
