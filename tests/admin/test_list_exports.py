"""A list leaves as the file it is: the rows shown, in their order, for a reason, told before and after."""

import csv
import datetime as dt
import io
import json

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry.exports import lists, runs, stream
from registry.journal import unit_of_work
from registry.models import Consent, DataSubject, ExportRun, JournalEntry, Policy, Purpose
from registry.operations.blocking import block
from tests.factories import make_law, make_purpose, make_request, make_subject, make_user, save
from tests.world import make_feed, make_world

pytestmark = pytest.mark.django_db


def url_of(model, query=""):
    return reverse(f"admin:registry_{model}_export") + query


def download(client, model, query="", **fields):
    response = client.post(url_of(model, query), {"format": "csv", "reason": "For the ministry"} | fields)
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def rows_of(content):
    """Rows of a CSV as lists, its trailer apart."""
    *rows, trailer = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert trailer[:2] == ["#end", "rows"]
    return rows, trailer


def test_file_is_the_list_as_it_is_filtered_and_ordered(lapp, dpo, browser_client):
    """The file holds the rows the list shows, under its headings, in its order, and nothing of another operator."""
    for code, marketing in (("b-news", True), ("a-news", True), ("letters", False)):
        make_purpose(lapp, code, name_en=code.title(), is_marketing=marketing)
    client = browser_client(dpo)
    rows, trailer = rows_of(download(client, "purpose", "?is_marketing__exact=1&o=-1"))
    assert rows == [
        ["code", "name_en", "name_ru", "name_kk", "is_marketing", "clause"],
        ["b-news", "B-News", "", "", "true", ""],
        ["a-news", "A-News", "", "", "true", ""],
    ]
    run = ExportRun.objects.get()
    assert trailer[:4] == ["#end", "rows", "2", "sha256"]
    assert trailer[4:] == [run.digest, "export", str(run.uid)]
    assert (run.kind, run.operator, run.started_by, run.count) == ("list", lapp, dpo, 2)
    assert run.filter == {
        "list": "purpose",
        "format": "csv",
        "columns": ["code", "name_en", "name_ru", "name_kk", "is_marketing", "clause"],
        "filters": {"is_marketing__exact": "1", "o": "-1"},
    }
    assert (run.reason, run.finished_at is not None) == ("For the ministry", True)


def test_list_leads_to_its_export_with_what_it_shows(lapp, dpo, browser_client):
    """The button keeps filters, search and order, and forgets the page."""
    make_purpose(lapp, is_marketing=True)
    page = browser_client(dpo).get(reverse("admin:registry_purpose_changelist") + "?is_marketing__exact=1&q=e&o=2&p=1")
    assert f'href="{url_of("purpose")}?is_marketing__exact=1&amp;q=e&amp;o=2"' in page.content.decode()


def test_page_asks_before_anything_leaves(lapp, dpo, browser_client):
    """Before anything leaves the page says how many rows and which columns; asking is no export."""
    policy = Policy(operator=lapp, version="1", title="Policy")
    save(policy)
    page = browser_client(dpo).get(url_of("policy"))
    columns = ["Title", "Version", "Language", "In force from", "Published", "Clauses"]
    assert (page.context["count"], page.context["columns"]) == (1, columns)
    assert not ExportRun.objects.exists()


@pytest.mark.parametrize(
    ("role", "name"), [("dpo", "exportrun"), ("dpo", "journalentry"), ("administrator", "journalentry")]
)
def test_list_that_its_export_would_stand_in_holds_what_the_page_showed(role, name, lapp, browser_client):
    """The export is an entry and a run of its own: neither is in the file, nor is what others did since it began."""
    make_purpose(lapp)
    client = browser_client(make_user(role, lapp))
    download(client, "policy" if role == "dpo" else "user", reason="")
    count = client.get(url_of(name)).context["count"]
    response = client.post(url_of(name), {"format": "csv", "reason": ""})
    make_purpose(lapp, "later")
    runs.start("list", by=None, role="system", operator=lapp, filter={})
    rows, trailer = rows_of(b"".join(response.streaming_content))
    assert (len(rows) - 1, trailer[2]) == (count, str(count))
    assert count > 0
    assert not [row for row in rows if "not finished" in row]


def blocked(subject, by):
    with unit_of_work(by=by):
        block(subject, law=make_law(), cause="other", why="said so", by=by, at=timezone.now())


def test_page_counts_those_who_leave_and_says_who_does_not(lapp, dpo, browser_client):
    """Whoever is blocked is stored only: the page counts without them, and says so; the file holds as many rows as it says."""
    client, consents = browser_client(dpo), []
    for _person in range(3):
        purpose = make_purpose(lapp, code=f"news-{len(consents)}")
        consents.append(save(Consent(subject=make_subject(lapp), purpose=purpose, given_on=dt.date(2025, 1, 1))))
    assert "left out" not in client.get(url_of("datasubject")).content.decode()
    blocked(consents[0].subject, dpo)
    people, rows = (client.get(url_of(name)) for name in ("datasubject", "consent"))
    assert (people.context["count"], rows.context["count"]) == (2, 2)
    assert "1 blocked person is left out" in people.content.decode()
    assert "1 row of a blocked person is left out" in rows.content.decode()
    assert [len(rows_of(download(client, name))[0]) - 1 for name in ("datasubject", "consent")] == [2, 2]
    blocked(consents[1].subject, dpo)
    assert "2 blocked people are left out" in client.get(url_of("datasubject")).content.decode()
    assert "left out" not in client.get(url_of("purpose")).content.decode()


def test_case_of_somebody_who_is_blocked_leaves_without_what_names_them(lapp, dpo, browser_client):
    """It is to be answered in time whoever asks: it leaves with number, what is asked, days, and the uid in place of the name."""
    person, asked = make_subject(lapp, surname="Ахметова", given_name=""), dt.datetime(2026, 3, 20, tzinfo=dt.UTC)
    applicant = {"applicant_name": "Ахметова", "applicant_contact": "Ахметова", "demand": "Ахметова asks"}
    case, client = make_request(lapp, subject=person, received_at=asked, **applicant), browser_client(dpo)
    assert "Ахметова" in download(client, "subjectrequest").decode()
    blocked(person, dpo)
    content = download(client, "subjectrequest")
    (names, cells), _trailer = rows_of(content)
    row = dict(zip(names, cells, strict=True))
    assert list(row) == ["Number", "Request", "Person", "Channel", "Received", "Due", "State", "trace"]
    assert (row["Number"], row["Person"], row["Received"]) == (
        case.number,
        f"Subject …{person.uid.hex[-8:]}",
        "2026-03-20",
    )
    assert "Ахметова" not in content.decode()
    page = client.get(url_of("subjectrequest"))
    assert page.context["count"] == 1 and "left out" not in page.content.decode()


def test_export_of_people_needs_a_reason(lapp, dpo, browser_client):
    """Without a reason nobody's data leaves."""
    make_subject(lapp)
    page = browser_client(dpo).post(url_of("datasubject"), {"format": "csv", "reason": " "})
    assert "Say why: the export of people keeps the reason." in page.content.decode()
    assert not ExportRun.objects.exists()


def test_people_leave_with_what_an_import_takes_again(lapp, dpo, browser_client):
    """The file of people has the CRM's columns under names an import knows; phones stay, formulas are inert."""
    born = dt.date(1987, 5, 12)
    subject = make_subject(lapp, crm_id="007", surname="=Қасымова", iin="870512400004", email="a@b.kz", birth_date=born)
    rows, _trailer = rows_of(download(browser_client(dpo), "datasubject"))
    header = "crm_id surname given_name patronymic iin email phone birth_date language state trace".split()
    given = ["007", "'=Қасымова", "Әсем", "", "870512400004", "a@b.kz", "+77077356312", "1987-05-12", "", "active"]
    assert rows[0] == header
    assert rows[1][:-1] == given
    assert len(rows[1][-1]) == 20
    listed = JournalEntry.objects.get(action="list", run=ExportRun.objects.get().pk)
    assert json.loads(listed.body)["uids"] == [str(subject.uid)]


def test_people_are_told_before_they_leave(lapp, dpo, browser_client):
    """Who leaves stands in the journal before the bytes are gone: started, who, finished."""
    make_subject(lapp)
    content = browser_client(dpo).post(url_of("datasubject"), {"format": "csv", "reason": "x"}).streaming_content
    assert JournalEntry.objects.latest("seq").action == "export.start"
    b"".join(content)
    actions = list(JournalEntry.objects.order_by("-seq").values_list("action", flat=True)[:3])
    assert actions == ["export.finish", "list", "export.start"]


def test_export_that_breaks_off_is_not_finished(lapp, dpo, monkeypatch):
    """A file that broke off has no trailer and its run no end."""
    monkeypatch.setattr("registry.exports.stream.CHUNK_BYTES", 1)
    make_purpose(lapp)
    run = runs.start("list", by=dpo, role="dpo", operator=lapp, filter={})
    column = lists.Column("code", "code", lambda purpose: purpose.code)
    content = lists.ListFile(run, Purpose.objects.all(), [column], role="dpo").stream("csv")
    assert next(content) + next(content) == "\ufeffcode\r\nemail-information\r\n".encode()
    content.close()
    assert ExportRun.objects.get().finished_at is None
    assert not JournalEntry.objects.filter(action="export.finish").exists()


def test_what_a_list_masks_does_not_leave(lapp, browser_client):
    """The auditor exports consents without names, and people not at all."""
    subject = make_subject(lapp, surname="Ахметова")
    save(Consent(operator=lapp, subject=subject, purpose=make_purpose(lapp), given_on=dt.date(2025, 1, 1)))
    client = browser_client(make_user("auditor", lapp))
    rows, _trailer = rows_of(download(client, "consent"))
    assert rows[0] == ["Person", "Purpose", "Kind", "Given on", "Expires on", "Art. 8(4)", "trace"]
    assert rows[1][:-1] == [
        f"Subject …{subject.uid.hex[-8:]}",
        "email-information",
        "processing",
        "2025-01-01",
        "",
        "incomplete",
    ]
    assert client.post(url_of("datasubject"), {"format": "csv", "reason": "x"}).status_code == 403


@pytest.mark.parametrize(("role", "expected"), [("dpo", True), ("registrar", False)])
def test_button_is_there_for_whoever_may(lapp, browser_client, role, expected):
    """Whoever may not export sees no button."""
    text = browser_client(make_user(role, lapp)).get(reverse("admin:registry_datasubject_changelist")).content.decode()
    assert (url_of("datasubject") in text) is expected


def test_typed_values_are_not_kept_with_the_run(lapp, dpo, browser_client):
    """What somebody typed into an address or a search may be a name: the run keeps that it was there, not what it was."""
    client = browser_client(dpo)
    download(client, "datasubject", "?surname__startswith=Ахметова&language__exact=kk")
    download(client, "purpose", "?q=Ахметова")
    download(client, "datasubject", "?iin__exact=870512400004&birth_date__exact=1987-05-12")
    download(client, "journalentry", f"?q={lapp.uid}")
    people, purposes, numbers, record = ExportRun.objects.order_by("pk")
    assert people.filter["filters"] == {"surname__startswith": "…", "language__exact": "kk"}
    assert purposes.filter["filters"] == {"q": "…"}
    assert numbers.filter["filters"] == {"iin__exact": "…", "birth_date__exact": "…"}, "digits name a person, too"
    assert record.filter["filters"] == {"q": str(lapp.uid)}


def test_json_holds_the_same_rows(lapp, dpo, browser_client):
    """JSON names each cell by its column and closes with count, digest and the export."""
    make_purpose(lapp, "news", name_en="=News")
    told = json.loads(download(browser_client(dpo), "purpose", format="json"))
    row = {"code": "news", "name_en": "=News", "name_ru": "", "name_kk": "", "is_marketing": "false", "clause": ""}
    assert told["rows"] == [row]
    run = ExportRun.objects.get()
    assert told["end"] == {"count": 1, "sha256": run.digest, "export": str(run.uid)}


def test_xlsx_holds_the_same_rows(lapp, dpo, browser_client):
    """XLSX has the table on its first sheet, every cell a text, and the trailer on its last."""
    import openpyxl

    make_subject(lapp, crm_id="=1+1", iin="")
    book = openpyxl.load_workbook(io.BytesIO(download(browser_client(dpo), "datasubject", format="xlsx")))
    table, about = book.worksheets
    assert [cell.value for cell in table[2]][:2] == ["=1+1", "Қасымова"]
    assert {cell.data_type for cell in table[2] if cell.value} == {"s"}
    run = ExportRun.objects.get()
    last = [cell.value for cell in list(about.rows)[-1]]
    assert last == ["#end", "rows", "1", "sha256", run.digest, "export", str(run.uid)]


@pytest.mark.parametrize("role", ["dpo", "administrator"])
def test_every_list_leaves(browser_client, role):
    """Each list that somebody sees can be exported, with a cell for each heading."""
    world = make_world("lapp")
    user = make_user(role, world["operator"])
    make_feed(user, world["operator"])  # everybody sees their own only
    client = browser_client(user)
    lists_of = {
        model._meta.model_name
        for model in admin.site._registry
        if user.has_perm(f"registry.view_{model._meta.model_name}")
    }
    assert ("membership" in lists_of, "purpose" in lists_of) == (role == "administrator", role == "dpo")
    for name in lists_of:
        rows, _trailer = rows_of(download(client, name))
        assert len(rows) > 1, name
        assert {len(row) for row in rows} == {len(rows[0])}, name
        assert not [cell for row in rows for cell in row if "<" in cell], name


def test_administrators_export_is_of_no_operator(lapp, browser_client):
    """Accounts are nobody’s register: the run and its entries are of no operator, and administrators read them."""
    client = browser_client(make_user("administrator", username="root"))
    make_user("dpo", lapp, username="natalia", full_name="Natalia")
    url = url_of("user", "?full_name__startswith=Nata&is_active__exact=1")
    assert "The list as it is filtered" in client.get(url).content.decode()
    response = client.post(url, {"format": "csv", "reason": ""})
    run = ExportRun.objects.get()
    assert response["Content-Disposition"] == f'attachment; filename="user-{run.pk}.csv"'
    rows, trailer = rows_of(b"".join(response.streaming_content))
    assert [row[:2] for row in rows] == [["User name", "Full name"], ["natalia", "Natalia"]]
    run.refresh_from_db()
    assert (run.operator, run.count, trailer[4]) == (None, 1, run.digest)
    assert run.filter["filters"] == {"full_name__startswith": "…", "is_active__exact": "1"}, "a name is not kept"
    told = JournalEntry.objects.filter(object_type="exportrun").order_by("seq")
    assert [(each.action, each.operator) for each in told] == [("export.start", ""), ("export.finish", "")]
    assert list(runs.findings()) == []


@pytest.mark.parametrize("page", ["register", "register_download", "audit"])
def test_administrator_exports_lists_only(page, browser_client):
    """Registers and trails are an operator’s: who has none gets neither."""
    client = browser_client(make_user("administrator"))
    url = reverse(f"admin:registry_exportrun_{page}")
    assert (client.get(url).status_code, client.post(url).status_code) == (403, 403)


def test_unknown_filter_leads_back_to_the_list(lapp, dpo, browser_client):
    """An address that means nothing exports nothing."""
    response = browser_client(dpo).post(url_of("purpose", "?is_marketing__exact=x"), {"format": "csv"})
    assert response.url == reverse("admin:registry_purpose_changelist") + "?e=1"
    assert not ExportRun.objects.exists()


def test_rows_are_read_in_pieces(lapp, dpo, monkeypatch, django_assert_max_num_queries):
    """A long list is read piece by piece, in its own order; what was deleted on the way is left out."""
    monkeypatch.setattr(lists, "CHUNK_ROWS", 10)
    for number in range(35):
        make_purpose(lapp, f"p{number:02}")
    run = ExportRun.objects.create(operator=lapp, kind="list")
    column = lists.Column("code", "code", lambda purpose: purpose.code)
    file = lists.ListFile(run, Purpose.objects.order_by("-code"), [column], role="dpo")
    with django_assert_max_num_queries(1 + 4):
        codes = [cells[0] for cells in file.rows()]
    assert codes == [f"p{number:02}" for number in range(34, -1, -1)]


def test_whoever_is_blocked_while_the_file_is_made_is_left_out(lapp, dpo, browser_client, monkeypatch):
    """A piece of a long list is read by its keys alone: SQLite would walk through all of the operator's rows for each of them."""
    consents = [
        save(
            Consent(subject=make_subject(lapp), purpose=make_purpose(lapp, f"p{number}"), given_on=dt.date(2025, 1, 1))
        )
        for number in range(3)
    ]
    monkeypatch.setattr(lists, "CHUNK_ROWS", 1)
    monkeypatch.setattr(stream, "CHUNK_BYTES", 1)
    response = browser_client(dpo).post(url_of("consent"), {"format": "csv", "reason": "For the ministry"})
    lines = [next(made := response.streaming_content)]
    blocked(consents[0].subject, dpo)
    with CaptureQueriesContext(connection) as asked:
        lines += made
    rows, trailer = rows_of(b"".join(lines))
    assert (len(rows) - 1, trailer[2]) == (2, "2")
    pieces = [
        each["sql"]
        for each in asked
        if each["sql"].startswith("SELECT") and '"registry_consent"."id" IN' in each["sql"]
    ]
    assert pieces
    assert not [sql for sql in pieces if "operator_id" in sql.partition(" WHERE ")[2]]


def test_masked_columns_do_not_leave_by_another_name(lapp, browser_client):
    """Were people open to a role that sees no personal values, the file would hold none."""
    request = browser_client(make_user("auditor", lapp)).get("/").wsgi_request
    request.user._membership = request.user.memberships.get()
    columns = admin.site._registry[DataSubject].export_columns(request, None)
    assert [column.name for column in columns] == ["crm_id", "language", "state"]


def test_list_in_pieces_holds_nothing_beyond_the_list(lapp, dpo):
    """Whatever a piece asks for, it is of the list: what is kept back of the list is kept back of each of its pieces."""
    for code in ("calls", "letters", "news"):
        make_purpose(lapp, code)
    run = ExportRun.objects.create(operator=lapp, kind="list")
    column = lists.Column("code", "code", lambda purpose: purpose.code)
    pieces = (Q(code__in=codes) for codes in (("news", "calls"), ("letters", "gone")))
    listed = Purpose.objects.exclude(code="calls").order_by("-code")
    file = lists.ListFile(run, listed, [column], role="dpo", parts=pieces)
    assert [cells[0] for cells in file.rows()] == ["news", "letters"]
