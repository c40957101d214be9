"""The lists of a run: what stands in them, as rows and as files for the CRM's owner."""

import pytest

from registry.exports import runs
from registry.imports import double_rows, listed, report, storage
from registry.imports.lists import LISTS, rows_of, shown_rows
from registry.imports.missing import missing_people
from registry.imports.missing_file import MissingFile
from registry.imports.rejects import list_csv, rejected_csv
from registry.imports.room import fit, html_bytes
from registry.models import Consent, DataSubject, ImportSource, ListedRow, Suppression
from tests import factories

from .crm import consent, csv_of, person

pytestmark = pytest.mark.django_db


def csv(run, kind):
    return b"".join(list_csv(run, kind)).decode().splitlines()


def missing(run, **where):
    return [each["crm_id"] for each in missing_people(run, ["crm_id"], **where)]


def test_names_that_lost_letters_are_a_list_of_their_own(crm):
    """They are counted among the stopped rows and beside them; a rejected row is rejected, whatever else it lacks."""
    run = crm.plan([person(1), person(2, surname="?асымова"), person(3, surname="?асымова", email="x")])
    assert (run.stopped, run.damaged, run.rejected) == (1, 1, 1)
    assert {row.line: row.kind for row in ListedRow.objects.all()} == {3: "damaged", 4: "rejected"}
    assert [row.line for row in rows_of(run, LISTS["stopped"].kinds)] == [3]
    assert [row.line for row in rows_of(run, LISTS["damaged"].kinds)] == [3]


def test_row_stopped_while_it_was_applied_is_not_damaged(crm):
    """A person changed since the plan is stopped for that, even where damaged names are taken."""
    factories.make_subject(crm.operator, crm_id="C0000001", surname="?асымова", given_name="Әсем")
    run = crm.plan([person(1, surname="?асымова", phone="87020000001")], accept_damaged_names=True)
    subject = DataSubject.objects.get()
    subject.phone = "+77050000003"
    factories.save(subject)
    crm.apply(run)
    assert (run.damaged, ListedRow.objects.get().kind) == (0, "stopped")


def test_people_missing_from_the_file_are_listed_and_stay(crm, kazger):
    """Active people whose id does not stand in the file; a rejected row, too, is a row that somebody stands on."""
    for number in range(1, 6):
        factories.make_subject(crm.operator, crm_id=f"C000000{number}")
    factories.make_subject(crm.operator, crm_id="BLOCKED", state="blocked")
    factories.make_subject(crm.operator, crm_id=None, given_name="Nobody of the CRM")
    factories.make_subject(kazger, crm_id="C0000009")
    run = crm.plan([person(1), person(3, email="x"), person(4, surname="?асымова"), person(6)])
    assert (run.missing, missing(run)) == (2, ["C0000002", "C0000005"])
    crm.apply(run)
    factories.make_subject(crm.operator, crm_id="LATER")
    assert missing(run) == ["C0000002", "C0000005"]
    assert missing(run, after=DataSubject.objects.get(crm_id="C0000002").pk) == ["C0000005"]
    assert DataSubject.objects.filter(operator=crm.operator).count() == 9


def test_person_on_two_rejected_lines_is_one_person(crm):
    """Who is met twice is still met once in the count of those who are not missing."""
    for number in (1, 2):
        factories.make_subject(crm.operator, crm_id=f"C000000{number}")
    run = crm.plan([person(1), person(1), person(3)])
    assert (run.missing, missing(run)) == (1, ["C0000002"])


def test_report_says_that_people_of_all_sources_are_compared(crm):
    """Where there are several, whoever stands in the files of another source only is counted, too: the reader is told."""
    factories.make_subject(crm.operator, crm_id="K1")
    run, said = crm.load([person(1)]), "People of all sources are compared with the file"
    for number, expected in ((1, False), (2, True)):
        factories.save(ImportSource(operator=crm.operator, name=f"CRM {number}"))
        assert (said in report.body(run)) is expected
    assert said not in report.body(crm.load([person(1), person(2, crm_id="K1")]))


def test_nobody_missing_leaves_no_trace(crm):
    """A full file lists nobody and keeps nothing beside the run."""
    crm.load([person(1)])
    run = crm.load([person(1), person(2)])
    assert (run.missing, missing(run), storage.seen_of(run).exists()) == (0, [], False)


def test_missing_people_are_walked_by_their_keys(crm, monkeypatch):
    """A register of any size is gone through in short steps, and nobody is left out between them."""
    monkeypatch.setattr("registry.imports.missing.WALKED", 3)
    monkeypatch.setattr("registry.imports.missing.FETCHED", 2)
    for number in range(1, 12):
        factories.make_subject(crm.operator, crm_id=f"C{number:07}")
    run = crm.plan([person(number) for number in (1, 5, 6, 7, 11)])
    assert missing(run) == [f"C{number:07}" for number in (2, 3, 4, 8, 9, 10)]


def test_who_was_missing_is_kept_as_long_as_the_other_lists(crm):
    """After a week neither the rows nor who stood in the file are known any more."""
    factories.make_subject(crm.operator, crm_id="K1")
    run = crm.load([person(1)])
    assert (run.expires_at is not None, storage.seen_of(run).exists()) == (True, True)
    assert storage.seen_of(run).stat().st_mode & 0o777 == 0o600
    storage.purge_expired(run.expires_at)
    assert (missing(run), storage.seen_of(run).exists()) == ([], False)


def test_missing_people_are_written_in_the_columns_of_the_crm(crm):
    """Stored values under the CRM's own headers; no formula comes alive, a phone stays one, a name keeps its letters."""
    factories.make_subject(
        crm.operator, crm_id="=K1", surname="Қасымова", given_name="Әсем", phone="+77010000001", birth_date="2000-03-01"
    )
    content = "Код;Телефон;Мобильный телефон;ФИО;Город;Дата рождения\nK2;;;Ким Ли;Алматы;\n".encode("cp1251")
    run = crm.plan(content)
    export = runs.start("list", by=None, role="system", operator=crm.operator, filter={})
    lines = b"".join(MissingFile(export, run, role="system").stream("csv")).decode("utf-8-sig").splitlines()
    assert lines[0] == "Код;Телефон;Мобильный телефон;ФИО;Город;Дата рождения;line;reason;trace"
    assert lines[1].startswith("'=K1;+77010000001;;Қасымова Әсем;;2000-03-01;;not in the file;")
    assert lines[2] == f"#end;rows;1;sha256;{export.digest};export;{export.uid}"


def test_list_that_ends_before_its_rows_says_so_in_its_last_line(crm, monkeypatch):
    """How many are not in the file; sent back, that line is no row, and a list that has all its rows has no such line."""
    monkeypatch.setattr(double_rows, "STORED", 2)
    monkeypatch.setattr(listed, "FURTHER_STORED", 1)
    rows = [
        person(number, email="office@example.kz", phone=f"8701000000{number}, 87770000002") for number in range(1, 6)
    ]
    run = crm.plan(rows)
    assert (len(csv(run, "doubles")), csv(run, "doubles")[-1]) == (4, "#end;rows;2;3 more rows are not listed.")
    assert (len(csv(run, "further")), csv(run, "further")[-1]) == (3, "#end;rows;1;4 more rows are not listed.")
    again = crm.plan(b"".join(list_csv(run, "doubles")))
    assert (again.rows, again.rejected) == (2, 0)
    assert "Line 4 closes an export of this registry and is no row." in again.warnings
    assert "#end" not in csv(again, "doubles")[-1]


def test_doubles_are_written_in_the_columns_of_the_crm(crm):
    """The row as it stood in the file, with its line, and with the reason."""
    run = crm.plan([person(1), person(2, email="asem1@example.kz")])
    assert csv(run, "doubles") == [
        "crm_id;surname;given_name;email;phone;language;line;reason",
        "C0000001;Қасымова;Әсем;asem1@example.kz;8 (701) 000-00-01;ru;2;the same e-mail as CRM id C0000002 (line 3)",
        "C0000002;Қасымова;Әсем;asem1@example.kz;8 (701) 000-00-02;ru;3;the same e-mail as CRM id C0000001 (line 2)",
    ]
    assert csv(run, "rejected") == csv(run, "doubles")[:1]


def test_rejected_rows_come_back_corrected(crm):
    """The CRM's owner corrects the file that was sent and sends it back: it is imported; line and reason are left out."""
    run = crm.load([person(1), person(2, email="anna at b.kz", given_name="=Әсем"), person(3, surname="?асымова")])
    back = b"".join(rejected_csv(run)).decode().replace("anna at b.kz;", "anna@b.kz;").replace("?", "Қ")
    again = crm.load(back.encode())
    assert crm.counts(again) == {"new": 2}
    assert [pair for pair in again.mapping if not pair[1]] == [["line", ""], ["reason", ""]]
    assert again.warnings[0] == "Columns not imported: “line”, “reason”."
    people = DataSubject.objects.order_by("crm_id").values_list("crm_id", "surname", "given_name", "email")
    assert list(people)[1:] == [
        ("C0000002", "Қасымова", "=Әсем", "anna@b.kz"),
        ("C0000003", "Қасымова", "Әсем", "asem3@example.kz"),
    ]


def test_signs_for_yes_and_no_come_back_as_they_were(crm):
    """A row that is turned down for its phone is taken once the phone is right: “+” and “-” still say yes and no."""
    header = [*consent(), "email_opt_out"]
    row = person(1, phone="123", **consent(third_parties="+", cross_border="-")) | {"email_opt_out": "+"}
    run = crm.load(csv_of([row], [*person(1), *header]))
    back = b"".join(rejected_csv(run)).decode()
    assert ";'+;'-;" in back
    again = crm.load(back.replace(";123;", ";87010000001;").encode())
    assert (crm.counts(again), crm.reasons(again)) == ({"new": 1}, {})
    given = Consent.objects.get()
    assert (given.third_parties, given.cross_border) == (True, False)
    assert Suppression.objects.get().channel == "email"


def test_line_and_reason_of_an_earlier_round_are_not_repeated(crm):
    """A file that was sent back and is still wrong gets the reason of now, once."""
    content = "crm_id;surname;email;line;reason\nC1;Ким;x;7;an old reason\nC2;Ли;y;8;an old reason;and more\n"
    run = crm.plan(content.encode())
    lines = b"".join(rejected_csv(run)).decode().splitlines()
    assert lines[0] == "crm_id;surname;email;line;reason"
    assert lines[1].startswith("C1;Ким;x;2;email “x”: an e-mail address looks like")
    assert lines[2].startswith("C2;Ли;y;3;the row has 6 cells, the header has 5") and lines[2].endswith(";and more")


@pytest.mark.parametrize("cell", ["x" * 10_000, "<" * 10_000, "ә" * 10_000, '"' * 200])
def test_rows_of_a_page_stay_small_whatever_stands_in_them(crm, cell):
    """A hundred rows of the longest cells, and reasons without end, fit into their room; every row shows something."""
    run = crm.plan(csv_of([person(1)]))
    rows = [
        ListedRow(run=run, kind="rejected", line=number, cells=[cell] * 6, reasons=[cell] * 50) for number in range(100)
    ]
    shown = shown_rows(run, rows)
    assert sum(html_bytes(text) for row in shown for text in (row.crm_id, row.name, *row.reasons)) < 70_000
    assert all(row.crm_id and row.name and row.reasons for row in shown)


def test_short_rows_are_shown_whole(crm):
    """Where there is room nothing is cut."""
    run = crm.plan([person(1, email="anna at b.kz")])
    (row,) = shown_rows(run, rows_of(run, LISTS["rejected"].kinds))
    assert (row.line, row.crm_id, row.name, row.reasons) == (
        2,
        "C0000001",
        "Қасымова Әсем",
        ["email “anna at b.kz”: an e-mail address looks like name@example.kz: correct it or leave it empty"],
    )


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [("Әсем", 8, "Әсем"), ("Әсем", 7, "Әс…"), ("<b>", 9, "<b>"), ("<b>", 8, "<b…"), ("", 0, "")],
)
def test_text_is_cut_by_the_bytes_of_its_html(text, limit, cut):
    """“<” takes four bytes on a page, a Kazakh letter two, and the dots three."""
    assert fit(text, limit) == cut
