"""The lists of an import in the browser: pages of a hundred, files for the CRM's owner, and who may see them."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from registry.admin import import_page
from registry.imports import crm_file, double_rows, storage, undo
from registry.imports.apply import apply, cancel, take
from registry.imports.lists import LISTS as LISTINGS
from registry.models import DataSubject, ImportRun, JournalEntry, ListedRow
from tests import factories
from tests.imports.crm import csv_of, person

from .import_pages import confirm, page_of, upload

pytestmark = pytest.mark.django_db
LISTS = ("rejected", "stopped", "damaged", "doubles", "further", "missing", "left")
OWN_ROWS = tuple(kind for kind in LISTS if kind != "missing")  # people of the register: test_import_missing.py


@pytest.fixture(autouse=True)
def purpose(lapp):
    return factories.make_purpose(lapp)


def url_of(run, kind, suffix=""):
    return reverse(f"admin:registry_importrun_list{suffix}", args=[run.pk, kind])


def rows_of(response):
    """Text of the cells, row by row."""
    body = response.content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    cells = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in body.split("<tr>")[1:]]
    return [[re.sub(r"<[^>]*>", " ", cell).strip() for cell in row] for row in cells]


def next_page(response):
    found = re.search(r'href="(\?after=[\d.]+)"', response.content.decode())
    return found and found[1]


def one_of_each(client, operator):
    """An import that leaves something in every list but the last."""
    factories.make_subject(operator, crm_id="K1", surname="Ким", given_name="Ли")
    rows = [
        person(1),
        person(2, email="asem1@example.kz", phone="87010000002, 87770000002"),
        person(3, email="anna at b.kz"),
        person(4, surname="?асымова"),
    ]
    upload(client, rows)
    return ImportRun.objects.get()


def test_page_of_the_run_leads_to_its_lists(natalia, lapp):
    """What somebody has to look at stands on the run's page with its number, before and after it is applied."""
    run = one_of_each(natalia, lapp)
    for _step in ("planned", "applied"):
        text = natalia.get(page_of(run)).content.decode()
        found = re.findall(r'/lists/(\w+)/">([^<]+)</a>(?: <span.*?</span>)?</td><td class="num"[^>]*>(\d+)', text)
        assert found == [
            ("rejected", "Rejected rows", "1"),
            ("stopped", "Stopped rows", "1"),
            ("damaged", "Names that lost letters", "1"),
            ("doubles", "Possible doubles", "2"),
            ("further", "Rows taken in part", "1"),
            ("missing", "People missing from the file", "1"),
        ]
        confirm(natalia, natalia.get(page_of(run)))


def test_lists_of_a_run_that_was_given_up_are_of_the_whole_file(natalia, dpo, lapp, monkeypatch):
    """Its counts end with the rows it came to; what is wrong with the others still goes back to the CRM's owner, undone or not."""
    monkeypatch.setattr(import_page, "SHOWN_REJECTED", 1)
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 1)
    run = one_of_each(natalia, lapp)
    taken = take(run, token=run.token, by=run.owner)

    def crash(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(taken, by=run.owner, role="dpo", progress=crash)
    cancel(ImportRun.objects.get(), by=run.owner, role="dpo")
    run.refresh_from_db()
    assert (run.state, run.new, run.rejected) == ("cancelled", 1, 0)
    for state in ("cancelled", "undone"):
        text = natalia.get(page_of(run)).content.decode()
        found = re.findall(r'/lists/(\w+)/">[^<]+</a>(?: <span.*?</span>)?</td><td class="num"[^>]*>(\d+)', text)
        assert dict(found)["rejected"] == dict(found)["stopped"] == "1"
        assert "and 1 more in the lists above." in text
        if state == "cancelled":
            undo.undo(undo.take(run, by=run.owner, role="dpo"), by=run.owner, role="dpo")
    run.refresh_from_db()
    assert run.state == "undone"
    assert [row[0] for row in rows_of(natalia.get(url_of(run, "rejected")))] == ["4"]


OF_THE_PLAN = "The list is of the whole file, as it was planned. "
IN_PART = "Its undo has come to 1 of 2 people: whoever it put back stands as before the import."
UNDONE_IN_PART = {"rows_done": 1, "undone": 1, "rows_expected": 2, "last_seq": 9}


@pytest.mark.parametrize(
    ("state", "applied", "fields", "sentence"),
    [
        ("planned", False, {}, None),
        ("applied", True, {}, None),
        (
            *("cancelled", False, {}),
            OF_THE_PLAN + "The import was given up before anything was written: none of these rows was imported.",
        ),
        (
            *("cancelled", False, {"planned_at": None}),
            "The import was given up before anything was written: none of these rows was imported.",
        ),
        (
            *("cancelled", False, {"rows_done": 2, "last_seq": 9}),
            OF_THE_PLAN + "The import was given up after 2 of 4 rows: what follows in the file was not imported.",
        ),
        ("cancelled", True, UNDONE_IN_PART, IN_PART),
        ("undoing", False, UNDONE_IN_PART, OF_THE_PLAN + IN_PART),
        ("undone", True, {}, "The import was undone: what it wrote was taken back."),
        (
            *("undone", True, {"left": 1}),
            "The import was undone: what it wrote was taken back, but for those whom the undo left.",
        ),
    ],
)
def test_list_of_an_import_that_does_not_stand_says_so(natalia, lapp, state, applied, fields, sentence):
    """Given up, or undone since: nobody is told that its rows are in the register. Who was missing, or left, is so all the same."""
    run, now = one_of_each(natalia, lapp), timezone.now()
    run.listed_rows.create(kind="left", line=0, cells=["C1"], reasons=["changed since"])
    kept = {"expires_at": now + dt.timedelta(days=1), "applied_at": now if applied else None}
    ImportRun.objects.update(state=state, **kept, **fields)
    for kind in LISTS:
        text = natalia.get(url_of(run, kind)).content.decode()
        told = re.findall(r'<p class="notice warn">([^<]*)</p>', text)
        assert told == ([sentence] if sentence and kind not in ("missing", "left") else [])
        assert "imported as they are" not in text and "the others are." not in text


def test_each_list_has_a_page_and_a_file(natalia, lapp):
    """Line, CRM id, name and reason on the page; the CRM's own columns, line and reason in the file."""
    run = one_of_each(natalia, lapp)
    assert rows_of(natalia.get(url_of(run, "doubles"))) == [
        ["2", "C0000001", "Қасымова Әсем", "the same e-mail as CRM id C0000002 (line 3)"],
        ["3", "C0000002", "Қасымова Әсем", "the same e-mail as CRM id C0000001 (line 2)"],
    ]
    assert rows_of(natalia.get(url_of(run, "damaged")))[0][:3] == ["5", "C0000004", "?асымова Әсем"]
    assert rows_of(natalia.get(url_of(run, "further"))) == [
        ["3", "C0000002", "Қасымова Әсем", "phone: not kept: +77770000002"]
    ]
    page = natalia.get(url_of(run, "missing"))
    assert rows_of(page) == [["K1", "Ким Ли"]]
    assert "An import never deletes anybody" in page.content.decode()
    files = {kind: b"".join(natalia.get(url_of(run, kind, "_csv")).streaming_content).decode() for kind in OWN_ROWS}
    header = "crm_id;surname;given_name;email;phone;language;line;reason"
    assert {kind: len(text.splitlines()) for kind, text in files.items()} == {
        "rejected": 2, "stopped": 2, "damaged": 2, "doubles": 3, "further": 2, "left": 1,
    }  # fmt: skip
    assert all(text.splitlines()[0] == header for text in files.values())
    response = natalia.get(url_of(run, "further", "_csv"))
    assert response["Content-Disposition"] == f'attachment; filename="import-{run.pk}-further.csv"'


def test_reading_and_taking_a_list_is_told_to_the_journal(natalia, lapp):
    """Which list, how many rows; of people who are shown out of the register, who they are."""
    run = one_of_each(natalia, lapp)
    natalia.get(url_of(run, "doubles"))
    natalia.get(url_of(run, "doubles", "_csv"))
    natalia.get(url_of(run, "missing"))
    entries = JournalEntry.objects.filter(action__startswith="import.list.").order_by("seq")
    told = [(each.action, each.object_uid, *re.findall(r'"reason_code":"(\w+)"', each.body)) for each in entries]
    assert told == [
        ("import.list.view", run.uid, "doubles"),
        ("import.list.download", run.uid, "doubles"),
        ("import.list.view", run.uid, "missing"),
    ]
    assert ['"count":2' in each.body for each in entries] == [True, True, False]
    shown = DataSubject.objects.get(crm_id="K1").uid
    assert [each.uid for each in entries[2].subjects.all()] == [shown]


def test_lists_are_for_the_importer_and_the_dpo(lapp, kazger, client, dpo):
    """They hold personal values: no auditor, no other registrar, no stranger; nobody without a session."""
    importer, colleague = factories.make_user("registrar", lapp), factories.make_user("registrar", lapp)
    client.force_login(importer, backend="registry.scope.RoleBackend")
    run = one_of_each(client, lapp)
    for user, status in (
        (importer, 200),
        (dpo, 200),
        (colleague, 403),
        (factories.make_user("auditor", lapp), 403),
        (factories.make_user("dpo", kazger), 404),
    ):
        client.force_login(user, backend="registry.scope.RoleBackend")
        answers = {client.get(url_of(run, kind, suffix)).status_code for kind in OWN_ROWS for suffix in ("", "_csv")}
        assert answers | {client.get(url_of(run, "missing")).status_code} == {status}
        if status == 403:
            assert "/lists/" not in client.get(page_of(run)).content.decode()
    client.logout()
    assert client.get(url_of(run, "missing")).status_code == 302


@pytest.mark.parametrize("kind", ["doubles", "missing", "rejected"])
def test_long_list_is_read_page_by_page(natalia, lapp, kind):
    """A hundred rows a page, each row once, to the end."""
    for number in range(1000, 1250):
        factories.make_subject(lapp, crm_id=f"K{number}")
    rows = [person(number, email="x") for number in range(1, 251)]
    rows += [person(number, email="office@example.kz") for number in range(300, 550)]
    upload(natalia, rows)
    run = ImportRun.objects.get()
    response, seen, pages = natalia.get(url_of(run, kind)), [], 0
    while True:
        pages += 1
        seen += [row[0] for row in rows_of(response)]
        if not (after := next_page(response)):
            break
        response = natalia.get(url_of(run, kind) + after)
    assert (pages, len(seen), len(set(seen))) == (3, 250, 250)
    assert seen == sorted(seen, key=lambda text: (len(text), text))


@pytest.mark.parametrize(
    ("after", "rejected", "missing"),
    [
        *((after, 404, 404) for after in ("x", "1.2.3", "-1.0", "-1", "1.x", "1.", "²")),
        ("1", 404, 200),
        ("9" * 40, 404, 200),
        ("9" * 40 + ".1", 200, 404),
    ],
)
def test_made_up_place_in_a_list_leads_nowhere(natalia, lapp, after, rejected, missing):
    """A place that the list can have may be one without a row; whatever else is typed after the question mark is none."""
    run = one_of_each(natalia, lapp)
    assert natalia.get(url_of(run, "rejected"), {"after": after}).status_code == rejected
    assert natalia.get(url_of(run, "missing"), {"after": after}).status_code == missing


def test_unknown_list_is_404(natalia, lapp):
    """Only the lists there are."""
    run = one_of_each(natalia, lapp)
    assert natalia.get(url_of(run, "everything")).status_code == 404
    assert natalia.get(url_of(run, "everything", "_csv")).status_code == 404


def test_lists_are_gone_after_their_time(natalia, lapp):
    """When the rows are deleted the links go with them, and their addresses lead nowhere."""
    run = one_of_each(natalia, lapp)
    ImportRun.objects.update(expires_at="2026-01-01T00:00:00Z")
    assert "/lists/" not in natalia.get(page_of(run)).content.decode()
    assert {natalia.get(url_of(run, kind)).status_code for kind in LISTS} == {404}
    assert ListedRow.objects.count() == 0


def test_only_lists_that_have_rows_are_shown(natalia, lapp):
    """An undo may list whom it left when the other lists have had their time."""
    run = one_of_each(natalia, lapp)
    run.listed_rows.all().delete()
    run.listed_rows.create(kind="left", line=0, cells=["C1"], reasons=["changed since"])
    ImportRun.objects.update(left=1)
    storage.seen_of(run).unlink()
    assert set(re.findall(r"/lists/(\w+)/", natalia.get(page_of(run)).content.decode())) == {"left"}


def test_each_list_says_until_when_it_is_kept(natalia, lapp):
    """Undone on the sixth day: the rejected rows go on the seventh, those whom the undo left a week after the undo; the page of the
    import has no one date for all of them."""
    run, now = one_of_each(natalia, lapp), timezone.now()
    run.listed_rows.create(kind="left", line=0, cells=["C1"], reasons=["changed since"])
    ImportRun.objects.update(state="undone", left=1, undone_at=now, expires_at=now + dt.timedelta(days=1))
    for kind, days in (("rejected", 1), ("left", 7)):
        until = date_format(timezone.localtime(now + dt.timedelta(days=days)), "DATETIME_FORMAT")
        assert f"kept until {until}" in natalia.get(url_of(run, kind)).content.decode()
    text = natalia.get(page_of(run)).content.decode()
    assert "/lists/rejected/" in text and "/lists/left/" in text and "kept until" not in text


def test_more_doubles_than_are_kept_are_said(natalia, lapp, monkeypatch):
    """The page says of how many the first are listed."""
    monkeypatch.setattr(double_rows, "STORED", 2)
    monkeypatch.setitem(LISTINGS, "doubles", LISTINGS["doubles"]._replace(most=2))
    upload(natalia, [person(number, email="office@example.kz") for number in range(1, 6)])
    text = natalia.get(url_of(ImportRun.objects.get(), "doubles")).content.decode()
    assert "The first 2 of 5 are listed, here and in the file: its last line says how many are not." in text


@pytest.mark.parametrize("mark", ["x", "<", "ә", '"'])
def test_pages_stay_below_100_kb_whatever_stands_in_the_cells(natalia, lapp, mark):
    """The longest cells and headers in the most columns, a hundred differences, every row listed: each page is small."""
    factories.make_subject(lapp, crm_id=mark * 60, surname=mark * 200, given_name=mark * 200, patronymic=mark * 200)
    header = ["crm_id", "surname", "given_name", "patronymic", "email", *(mark * 3000 + f"{n}" for n in range(195))]
    good = {"surname": f"={mark * 190}", "given_name": mark * 199, "patronymic": "Aсан", "email": "office@example.kz"}
    rows = [good | {"crm_id": f"{mark * 55}{number}", header[9]: mark * 5000} for number in range(120)]
    rows += [dict.fromkeys(header[:5], mark * 9000) | {"crm_id": f"{mark * 60}{number}"} for number in range(110)]
    upload(natalia, csv_of(rows, header))
    run = ImportRun.objects.get()
    assert (run.rejected, run.doubles, run.missing) == (110, 120, 1)
    sizes = {kind: len(natalia.get(url_of(run, kind)).content) for kind in LISTS}
    sizes["run"] = len(natalia.get(page_of(run)).content)
    confirm(natalia, natalia.get(page_of(run)))
    sizes["applied"] = len(natalia.get(page_of(run)).content)
    assert max(sizes.values()) < 100_000


def test_hostile_cells_are_text_in_the_lists(natalia, lapp):
    """Markup is shown, not run."""
    evil = "<img src=x onerror=alert(1)>"
    factories.make_subject(lapp, crm_id=evil[:20], surname=evil)
    upload(natalia, [person(1, surname=evil, email=evil), person(2, surname=evil), person(3, email="asem2@example.kz")])
    run = ImportRun.objects.get()
    for kind in ("rejected", "doubles", "missing"):
        text = natalia.get(url_of(run, kind)).content.decode()
        assert "<img src=x" not in text
        assert "&lt;img src=x" in text
