"""Everything that can go wrong with a file, each as a small real one in corpus/: what becomes of it, by command and in the browser.

The table says what is new, rejected and stopped, and the sentences that both ways say. A file that is refused as a whole says one.
"""

import html
import io
from pathlib import Path
from typing import NamedTuple

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from registry.models import DataSubject, ImportRun
from tests import factories

pytestmark = pytest.mark.django_db
CORPUS = Path(__file__).parent / "corpus"
TO_ZIP = "This is a file of kind XLSX/ZIP, not CSV. Export CSV from the CRM."
GUESSED = "The encoding is guessed to be cp1251: look at the names below, or say another one."


class Case(NamedTuple):
    """counts: "new 2, rejected 1". lines: what stands beside a line of the file. said: sentences about the file."""

    counts: str = ""
    lines: dict = {}
    said: tuple = ()
    refused: str = ""
    asked: str = ""  # what the browser asks where the command refuses
    stored: dict = {}  # crm id → values of the person once it is applied


def refused(sentence, asked=""):
    return Case(refused=sentence, asked=asked)


TWO = {"A1": {"surname": "Иванов", "phone": "+77010000001"}, "A2": {"surname": "Ахметова", "given_name": "Айжан"}}
EMPTY_ID = "the id of the person in the CRM is empty: fill it in"
NO_NAME = "a new person needs a surname or a given name: fill one in"
TWICE = "the id stands on other lines, too (%s): one person has one line, keep the right one"
FORMULA = "the cell begins like a formula: it is kept as text"
NO_DAY = "there is no such day in the calendar: correct the date"
LOST = "a letter of the name was lost on the way (“?”): export in UTF-8, or accept damaged names"

CASES = {
    "01-cp1251": Case("new 2", said=(GUESSED,), stored=TWO),
    "02-utf8-bom": Case("new 2", stored=TWO),
    "03-utf16": Case("new 2", stored=TWO),
    "04-semicolon": Case("new 2", stored=TWO),
    "04-tab": Case("new 2", stored=TWO),
    "04-pipe": Case("new 2", stored=TWO),
    "04-sep-line": Case("new 2", stored=TWO),
    "05-kazakh-headers": Case(
        "new 1", stored={"A1": {"surname": "Қасымова", "given_name": "Әсем", "phone": "+77010000001"}}
    ),
    "06-no-key-column": refused("No column holds the id of the person in the CRM.", asked="Номер карты клиента"),
    "06-unknown-headers": Case("rejected 1", {2: NO_NAME}, ("Columns not imported: “Что-то”, “Ещё”.",)),
    "07-id-twice": Case("new 1, rejected 2", {2: TWICE % 4, 4: TWICE % 2}),
    "08-garbage": Case("rejected 1", {2: "an IIN has 12 digits, this one has 5: correct it or leave it empty"}),
    "09-long-surname": Case(
        "rejected 1", {2: "a part of a name has at most 200 characters, this one has 500: shorten it"}
    ),
    "10-dotted-dates": Case("new 2", stored={"A1": {"birth_date": "1990-12-31"}, "A2": {"birth_date": "1990-12-31"}}),
    "11-nul": Case(
        "new 1, rejected 1", {2: "the cell holds the control character U+0000, which is no text: type it again"}
    ),
    "12-open-quote": refused("Line 2: a quote opened here is not closed before the next cell"),
    "13-short-row": Case("new 1, rejected 1", {2: "the row has 2 cells, the header has 4"}),
    "14-long-row": Case("new 1, rejected 1", {2: "the row has 5 cells, the header has 4"}),
    "15-header-twice": refused("Columns 2, 3 all hold “surname”.", asked="surname"),
    "16-empty-ids": Case("rejected 2", {2: EMPTY_ID, 3: EMPTY_ID}),
    "17-long-cell": Case(
        "new 1, rejected 1", {2: "the cell in column “given_name” is longer than 10000 characters: shorten it"}
    ),
    "18-formulas": Case("new 2", said=(FORMULA,), stored={"A1": {"surname": "=1+1"}, "A2": {"surname": "==1+1"}}),
    "19-blank-lines": Case("new 2"),
    "20-blank-cells": Case("changed 1", stored={"A1": {"surname": "Иванов", "email": "kept@example.kz"}}),
    "21-header-only": refused("The file has a header and no rows: there is nothing to import."),
    "22-blank": refused("The file is empty. Export it from the CRM again."),
    "22-empty": refused("The file is empty. Export it from the CRM again."),
    "23-spreadsheet": refused(TO_ZIP),
    "24-spreadsheet-far-cell": refused(TO_ZIP),
    "25-blank-in-id": Case("rejected 2", {2: TWICE % 3, 3: TWICE % 2}),
    "26-cr-only": Case("new 1"),
    "27-markup": Case("new 2", stored={"A1": {"surname": "<script>alert(1)</script>"}}),
    "28-bomb": refused(TO_ZIP),
    "29-state-columns": Case(
        "new 1",
        said=(
            "Columns never imported, because identity and state are decided in the register: “uid”, “id”, “blocked”, "
            "“is_superuser”, “history_id”.",
        ),
        stored={"A1": {"state": "active"}},
    ),
    "30-program": refused("This is a file of kind EXE, not CSV. Export CSV from the CRM."),
    "31-web-page": refused("This is a web page or XML, not CSV. Export CSV from the CRM."),
    "32-lines-in-cells": Case("new 2, rejected 1", {3: "the cell has a line break in it: put it on one line"}),
    "33-dates": Case(
        "new 1, rejected 6",
        {
            2: NO_DAY,
            3: "the date lies before the year 1900: correct it",
            4: "the date lies in the future",
            5: "this is a spreadsheet's day number, not a date",
            6: "the date lies in the future",
            7: NO_DAY,
        },
        stored={"A7": {"birth_date": "2024-02-29"}},
    ),
    "34-right-to-left": Case("new 2"),
    "35-look-alikes": Case("new 2, doubles 2", {3: "A1"}),
    "36-invisible-in-mail": Case(
        "new 1, rejected 1",
        {3: "the part before @ is not that of an e-mail address: correct it or leave it empty"},
        stored={"A1": {"email": "a@example.kz"}},
    ),
    "37-kazakh": Case("new 1", stored={"A1": {"given_name": "Өміртай Ғұмар Қыңырүһ"}}),
    "38-names": Case("new 4", stored={"A3": {"surname": "О’Коннор-д'Артаньян"}, "A4": {"surname": "Я" * 200}}),
    "39-phones": Case(
        "new 5, rejected 1",
        {7: "this is no phone number in use"},
        stored={f"A{n}": {"phone": f"+7701000000{n}"} for n in (1, 2, 3, 4)} | {"A5": {"phone": "+442079460018"}},
    ),
    "40-mails": Case(
        "new 1, rejected 2",
        {2: "the part before @ is not that of an e-mail address", 4: "one cell holds one e-mail address: keep one"},
    ),
    "41-emoji": Case("new 1", stored={"A1": {"surname": "Иванов 😀"}}),
    "42-lost-letters": Case("new 1, stopped 1, damaged 1", {2: LOST}, (GUESSED,)),
    "43-broken-utf8": refused("Line 3 holds a byte that is not valid in utf-8"),
    "44-utf16-unmarked": refused("The file is binary, or UTF-16 without a byte order mark."),
    "45-utf32": refused("The file is in UTF-32. Export it from the CRM as CSV in UTF-8."),
    "46-latin1": refused("The encoding cannot be told (first foreign letter on line 2). Export the file in UTF-8."),
    "47-another-persons-iin": Case(
        "rejected 1",
        {2: "the IIN says the birth date 1990-01-01, the birth date given is another: correct one of them"},
    ),
    "48-consent-ends-first": Case(
        "rejected 3",
        {
            2: "the consent expires before it is given (2024-03-01): correct one of the dates",
            3: "the operator has no purpose of this code (it has: email-information)",
            4: "a consent has a purpose but no date: give the date, or leave the purpose empty",
        },
    ),
    "49-quote-in-cell": Case("new 1", stored={"A1": {"surname": 'Иванов "Гвоздь"'}}),
    "50-backspace": Case("rejected 1", {2: "the cell holds the control character U+0008"}),
    "51-sql": Case("new 1", stored={"A1": {"surname": "' OR 1=1--"}}),
    "52-numbers-grouped": Case("new 1", stored={"00017": {"iin": "090101500128"}}),
    "53-one-column": Case("rejected 2", {2: NO_NAME, 3: NO_NAME}),
}


@pytest.fixture(autouse=True)
def register(lapp):
    factories.make_purpose(lapp)


def by_command(path, tmp_path, **options):
    """(run or None, everything the command said, lists included)."""
    out, rejects = io.StringIO(), tmp_path / "rejects.csv"
    try:
        call_command("import_subjects", str(path), operator="lapp", rejects=str(rejects), stdout=out, **options)
    except CommandError as refusal:
        return None, str(refusal)
    except SystemExit:
        pass
    run = ImportRun.objects.latest("pk")
    rows = [f"{row.line}: {reason}" for row in run.listed_rows.all() for reason in row.reasons]
    listed = rejects.read_text(encoding=run.encoding).replace('""', '"') if rejects.exists() else ""
    return run, "\n".join([out.getvalue(), *run.warnings, listed, *rows])


def in_browser(client, path):
    """(run or None, everything the pages said): the upload, the page of the run, its lists."""
    file = SimpleUploadedFile(path.name, path.read_bytes(), content_type="text/csv")
    upload = {"import_file": file, "format": "0", "resource": "0"}
    answer = client.post(reverse("admin:registry_datasubject_import"), upload, follow=True)
    said = html.unescape(answer.content.decode())
    run = ImportRun.objects.order_by("pk").last()
    if run is None or run.state in (ImportRun.State.REFUSED, ImportRun.State.ASKING):
        return None, said
    for kind in {row.kind for row in run.listed_rows.all()}:
        page = client.get(reverse("admin:registry_importrun_list", args=[run.pk, kind]))
        said += html.unescape(page.content.decode())
    return run, said


def counted(run):
    kinds = ("new", "changed", "rejected", "stopped", "damaged", "doubles")
    return ", ".join(f"{kind} {getattr(run, kind)}" for kind in kinds if getattr(run, kind))


def known_before(name, operator):
    """Somebody whom the file with blank cells is about."""
    if name == "20-blank-cells":
        factories.make_subject(operator, crm_id="A1", surname="Петров", given_name="Пётр", email="kept@example.kz")


def test_every_file_stands_in_the_table():
    """A file of the corpus without an expectation, or an expectation without its file, is a mistake."""
    assert {path.stem for path in CORPUS.glob("*.csv")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_by_command(name, lapp, tmp_path):
    """The command applies what is sound, says what is not, and refuses a file that cannot be read as a whole."""
    case = CASES[name]
    known_before(name, lapp)
    run, said = by_command(CORPUS / f"{name}.csv", tmp_path)
    assert (counted(run) if run else "") == case.counts
    assert case.refused in said
    for sentence in [*case.lines.values(), *case.said]:
        assert sentence in said
    for line, sentence in case.lines.items():
        assert any(sentence in each for row in run.listed_rows.filter(line=line) for each in row.reasons)
    for crm_id, values in case.stored.items():
        person = DataSubject.objects.get(crm_id=crm_id)
        assert {field: str(getattr(person, field)) for field in values} == values
    if case.refused:
        assert not DataSubject.objects.exists()


@pytest.mark.parametrize("name", CASES)
def test_in_the_browser(name, lapp, dpo, browser_client):
    """The pages say the same sentences as the command, markup in a cell is text, and nothing is written by looking."""
    case = CASES[name]
    known_before(name, lapp)
    people = DataSubject.objects.count()
    run, said = in_browser(browser_client(dpo), CORPUS / f"{name}.csv")
    assert (counted(run) if run else "") == case.counts
    for sentence in [case.asked or case.refused, *case.lines.values(), *case.said]:
        assert sentence in said
    assert DataSubject.objects.count() == people
    assert len(said) < 400_000


def test_markup_is_text_on_every_page(lapp, dpo, browser_client):
    """Names that are markup run nowhere: neither in the preview nor in the lists nor on the person's page."""
    client = browser_client(dpo)
    path = CORPUS / "27-markup.csv"
    file = SimpleUploadedFile(path.name, path.read_bytes(), content_type="text/csv")
    upload = {"import_file": file, "format": "0", "resource": "0"}
    page = client.post(reverse("admin:registry_datasubject_import"), upload, follow=True).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    for tag in ("<script>alert", "<svg onload", "<img src=x"):
        assert tag not in page


def test_a_file_twice_changes_nothing_the_second_time(lapp, tmp_path):
    """The same bytes again: no row changed, no history written."""
    by_command(CORPUS / "02-utf8-bom.csv", tmp_path)
    history = DataSubject.history.count()
    run, _said = by_command(CORPUS / "02-utf8-bom.csv", tmp_path)
    assert (run.new, run.changed, run.same) == (0, 0, 2)
    assert DataSubject.history.count() == history
