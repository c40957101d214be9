"""The process that reads a long file ahead of its plan: the plan is what it would have been, and nobody depends on it."""

import datetime as dt
import logging
import re

import pytest
from django.db import connection

from registry.imports import ahead, crm_file
from registry.imports.ahead import Ahead
from registry.imports.crm_file import CRMFile, Said
from registry.imports.inspection import FileRefused
from registry.imports.plan import make_plan
from registry.models import ImportRun
from tests import factories

from .crm import CRM, HEADER, consent, csv_of, person

COMES_UP_SECONDS = 60
TODAY = dt.date(2026, 11, 22)
ROWS = [
    *(person(number, **consent(), birth_date="01.02.1990", agreement_number=f"{number}/2024") for number in range(20)),
    person(20, iin="790101302728", birth_date="01.01.1979", surname=" Касымова "),
    person(21, iin="790101302728", birth_date="02.01.1979"),
    person(22, phone="12", email="", language="klingon"),
    person(23, surname="К?сымова"),
    person(24, consent_given_on="11.09.2024"),
    person(25, phone="8 (701) 000-00-03"),
    person(3, given_name="Анна"),
    *(person(number) for number in range(26, 40)),
]
TRAILER = f"#end;rows;{len(ROWS)}\r\n".encode()
FILES = {
    "plain": csv_of(ROWS, HEADER),
    "with blank lines and rows of another width": csv_of(ROWS, HEADER).replace(b"\nC0000009;", b"\n\n;;\nx;y\nC0000009;"),
    "quoted": csv_of([*ROWS, person(41, surname='Қасымова "Әсем"')], HEADER),
    "cp1251": csv_of([person(number, surname="Иванова", given_name="Анна") for number in range(9)]).decode().encode("cp1251"),
    "an export of ours": csv_of(ROWS, HEADER) + TRAILER,
    "an export of ours that was added to": csv_of(ROWS, HEADER) + TRAILER + csv_of([person(50)], HEADER).split(b"\r\n")[1],
}  # fmt: skip


@pytest.fixture(autouse=True)
def long_files(monkeypatch):
    """Every file is a long one, of many chunks, and its first chunks are read here until the other process is up."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 4)
    monkeypatch.setattr(ahead, "FEWEST_BYTES", 1)
    asked, is_up = [], Ahead.is_up

    def after_the_first_chunk(self):
        asked.append(self)
        if len(asked) > 1 and self.pipe:
            assert self.pipe.poll(COMES_UP_SECONDS)
            return is_up(self)
        return False

    monkeypatch.setattr(Ahead, "is_up", after_the_first_chunk)
    return asked


@pytest.fixture
def cleaned_here(monkeypatch):
    """How many rows of each chunk were cleaned by columns in this process."""
    counts, columns = [], crm_file.SoundRows.columns
    monkeypatch.setattr(
        crm_file.SoundRows, "columns", lambda self, rows: counts.append(len(rows)) or columns(self, rows)
    )
    return counts


def read(path):
    """What a plan is told of every row, and of the file."""
    file = CRMFile(path, Said(), today=TODAY)
    chunks = list(file.chunks())
    assert all(
        row.values == {field: column[at] for field, column in chunk.columns.items() if column[at] != ""}
        for chunk in chunks
        if chunk.columns
        for at, row in enumerate(chunk)
        if not row.errors
    )
    rows = [
        (row.line, row.cells, row.crm_id, row.values, row.errors, row.warnings, row.damaged)
        for chunk in chunks
        for row in chunk
    ]
    return rows, file.table.trailer, file.repeated


@pytest.mark.parametrize("name", FILES)
def test_rows_read_ahead_are_the_rows_read_here(name, tmp_path, cleaned_here, monkeypatch):
    """Sound rows and faulty ones, ids on several lines, the trailer: the same values, sentences and lines."""
    path = tmp_path / "export.csv"
    path.write_bytes(FILES[name])
    rows, *of_file = read(path)
    assert cleaned_here == [4]
    monkeypatch.setattr(ahead, "FEWEST_BYTES", 10**6)
    assert read(path) == (rows, *of_file)
    assert sum(cleaned_here) > 4 + len(rows) // 2


def test_trailer_is_told_by_whoever_read_the_end(tmp_path, cleaned_here):
    """What an export of ours says of its rows is compared with what there was."""
    path = tmp_path / "export.csv"
    path.write_bytes(FILES["an export of ours"])
    file = CRMFile(path, Said(), today=TODAY)
    file.repeated, file.table.trailer = {}, None  # the first looks at a short file reach its end
    assert sum(map(len, file.chunks())) == len(ROWS)
    assert cleaned_here == [4]
    assert file.table.trailer == (len(ROWS) + 2, str(len(ROWS)), len(ROWS))


@pytest.mark.django_db(transaction=True)
def test_plan_of_a_file_read_ahead_is_the_plan_of_one_read_here(cleaned_here, monkeypatch):
    """Counts, warnings, lists, doubles and what apply writes."""
    told = {}
    for code, fewest in (("lapp", 1), ("kazger", 10**6)):
        monkeypatch.setattr(ahead, "FEWEST_BYTES", fewest)
        crm = CRM(factories.make_operator(code, bin="241040012133"))
        factories.make_purpose(crm.operator)
        cleaned_here.clear()
        run = crm.plan(FILES["an export of ours"])
        assert (len(cleaned_here) == 1) == (code == "lapp")
        listed = list(run.listed_rows.order_by("kind", "line").values_list("kind", "line", "cells", "reasons"))
        shown = [(each.line, each.crm_id, each.kind, each.changes) for each in crm.shown.differences]
        crm.apply(run)
        told[code] = crm.counts(run), run.warnings, run.doubles, listed, shown
    assert told["lapp"] == told["kazger"]
    assert told["lapp"][0] == {"new": 35, "rejected": 5, "stopped": 1}


def test_process_that_is_killed_is_done_without(tmp_path, cleaned_here, monkeypatch, caplog):
    """The plan reads on by itself, and the log says so without a word of the file."""
    path = tmp_path / "export.csv"
    path.write_bytes(csv_of([person(number) for number in range(4000)]))  # more than fits into the pipe
    file = CRMFile(path, Said(), today=TODAY)
    rows, started = [], []
    parts = Ahead.parts
    monkeypatch.setattr(Ahead, "parts", lambda self, charge: started.append(self) or parts(self, charge))
    with caplog.at_level(logging.WARNING, logger="registry.imports.second_process"):
        for chunk in file.chunks():
            rows += [row.crm_id for row in chunk]
            if len(rows) == 20:
                started[0].process.kill()
                started[0].process.join()
    assert rows == [f"C{number:07}" for number in range(4000)]
    assert 0 < sum(cleaned_here) - 4 <= 3980
    [said] = [record.getMessage() for record in caplog.records]
    assert re.fullmatch(
        r"The process that reads the file of an import ahead is gone \(status -9, \w+Error\): it is done in this one.",
        said,
    )


def test_process_of_another_version_is_not_asked(tmp_path, cleaned_here, monkeypatch, caplog):
    """It would lay out its parts otherwise."""
    path = tmp_path / "export.csv"
    path.write_bytes(csv_of([person(number) for number in range(10)]))
    file = CRMFile(path, Said(), today=TODAY)
    monkeypatch.setattr(ahead, "FIELDS", ahead.FIELDS[1:])
    assert sum(map(len, file.chunks())) == sum(cleaned_here) == 10
    assert "(status 0, another version)" in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda content: content.replace(b"C0001400;", b'"C0001400;'), "Line 1403: a quote opened here is not closed"),
        (lambda content: content + content.split(b"\r\n", 1)[1], "The file has more than the 2000 rows"),
    ],
)
def test_file_refused_on_its_way_is_refused_by_the_plan(spoil, said, monkeypatch, settings, caplog, cleaned_here):
    """What the other process comes upon it leaves to the plan to say; nothing of it is an error of the process."""
    settings.IMPORT_MAX_ROWS = 2000
    monkeypatch.setattr("registry.imports.crm_file.repeated_ids", lambda table, place: {})  # it would find it before
    crm = CRM(factories.make_operator("lapp"))
    factories.make_purpose(crm.operator)
    begun, parts = [], Ahead.parts
    monkeypatch.setattr(Ahead, "parts", lambda self, charge: begun.append(charge.skip) or parts(self, charge))
    with pytest.raises(FileRefused) as refusal:
        crm.plan(spoil(csv_of([person(9998, surname='"Айгүл" Ким'), *map(person, range(1500))])))
    assert str(refusal.value).startswith(said)
    assert ImportRun.objects.get().state == "refused"
    assert (begun, cleaned_here) == ([8], [8])
    assert caplog.text == ""


@pytest.mark.django_db(transaction=True)
def test_process_ends_with_a_plan_that_breaks_off(monkeypatch):
    """Whoever gave the run up, or ended the worker, leaves no process behind."""
    started, of = [], Ahead.of
    monkeypatch.setattr(Ahead, "of", lambda file: started.append(of(file)) or started[-1])
    crm = CRM(factories.make_operator("lapp"))
    factories.make_purpose(crm.operator)
    run = crm.upload([person(number) for number in range(40)])

    def give_up(done):
        assert started[0].process.is_alive()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as broken_off:
        make_plan(run, **crm.acting, progress=give_up)
    assert broken_off.tb is not None  # which still holds the frames of the plan
    assert not started[0].process.is_alive()


def test_short_files_and_those_not_read_by_columns_have_none(tmp_path, monkeypatch):
    """It would be over before the process is up; a full name is split row by row."""
    path = tmp_path / "export.csv"
    path.write_bytes(csv_of(ROWS, HEADER))
    assert (
        Ahead.of(CRMFile(path, Said(mapping=("surname=full_name", "given_name=", "patronymic=")), today=TODAY)).process
        is None
    )
    monkeypatch.setattr(ahead, "FEWEST_BYTES", 10**6)
    assert Ahead.of(CRMFile(path, Said(), today=TODAY)).process is None
