"""The people missing from a CRM's file leave the register as every export of people does."""

import csv
import io
import json

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import ExportRun, ImportRun, ImportSource, JournalEntry
from registry.operations.blocking import block
from tests import factories
from tests.imports.crm import CRM, person

from .import_pages import page_of, upload

pytestmark = pytest.mark.django_db
REASON = {"reason": "For the owner of the CRM"}


@pytest.fixture
def people(lapp):
    factories.make_purpose(lapp)
    names = {"=K1": "Қасымова", "K2": "Ли"}
    return [factories.make_subject(lapp, crm_id=crm_id, surname=name) for crm_id, name in names.items()]


@pytest.fixture
def run(natalia, people):
    upload(natalia, [person(1)])
    return ImportRun.objects.get()


def url_of(run):
    return reverse("admin:registry_importrun_list_csv", args=[run.pk, "missing"])


def download(client, run):
    return b"".join(client.post(url_of(run), REASON).streaming_content)


def test_page_asks_for_a_reason_before_anybody_leaves(natalia, run):
    """How many, which columns, and why: looking at the page is no export, and without a reason nothing leaves."""
    page = natalia.get(url_of(run))
    assert page.context["columns"] == "crm_id surname given_name email phone language line reason".split()
    assert "<dt>Rows</dt><dd>2 <span" in page.content.decode()
    for given in ({}, {"reason": " "}):
        text = natalia.post(url_of(run), given).content.decode()
        assert "Say why: the export of people keeps the reason." in text
    assert not ExportRun.objects.exists()
    assert not JournalEntry.objects.filter(action__in=("list", "import.list.download", "export.start")).exists()


def test_people_leave_in_the_columns_of_the_crm_with_mark_and_trailer(natalia, run, lapp, dpo):
    """Stored values under the CRM's headers, formulas inert; the run says who, why, how many, and the digest of the file."""
    response = natalia.post(url_of(run), REASON)
    assert response["Content-Disposition"] == f'attachment; filename="import-{run.pk}-missing.csv"'
    content = b"".join(response.streaming_content)
    header, first, second, trailer = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    assert header == "crm_id surname given_name email phone language line reason trace".split()
    assert first[:-1] == ["'=K1", "Қасымова", "Әсем", "", "+77077356312", "", "", "not in the file"]
    assert (second[0], len(first[-1]), first[-1][:8] == second[-1][:8]) == ("K2", 20, True)
    export = ExportRun.objects.get()
    assert trailer == ["#end", "rows", "2", "sha256", export.digest, "export", str(export.uid)]
    assert (export.kind, export.operator, export.started_by, export.count) == ("list", lapp, dpo, 2)
    assert (export.reason, export.finished_at is not None) == (REASON["reason"], True)
    assert export.filter == {
        "list": "datasubject",
        "format": "csv",
        "columns": ["crm_id", "surname", "given_name", "email", "phone", "language"],
        "filters": {"missing_from_import": str(run.pk)},
    }


def test_people_are_told_before_they_leave(natalia, run, people):
    """Who leaves stands in the journal before the bytes are gone: started, who, finished."""
    content = natalia.post(url_of(run), REASON).streaming_content
    assert JournalEntry.objects.latest("seq").action == "export.start"
    b"".join(content)
    entries = list(JournalEntry.objects.order_by("-seq")[:3])
    assert [each.action for each in entries] == ["export.finish", "list", "export.start"]
    assert json.loads(entries[1].body)["uids"] == [str(each.uid) for each in people]


def test_many_people_are_told_by_chunks(natalia, run, lapp, monkeypatch):
    """Each chunk is an entry of its own, and nobody is told twice."""
    monkeypatch.setattr("registry.imports.missing_file.CHUNK_ROWS", 1)
    download(natalia, run)
    listed = JournalEntry.objects.filter(action="list", object_type="datasubject")
    assert [len(json.loads(each.body)["uids"]) for each in listed] == [1, 1]


def test_somebody_blocked_since_does_not_leave(natalia, run, people, dpo):
    """A record that is only stored is not handed over, whenever the list was made."""
    with unit_of_work(by=dpo):
        cause = {"cause": "breach_reported", "why": "says so"}
        block(people[0], law=factories.make_law(), **cause, by=dpo, at=timezone.now())
    text = download(natalia, run).decode()
    assert "=K1" not in text and "K2" in text
    page = natalia.get(url_of(run)).content.decode()
    assert "when the file was read; whoever is blocked or gone since is not among them" in page


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_leaked_row_is_traced_to_its_export(natalia, people, delimiter, capsys):
    """A row that turns up elsewhere names the export, whatever the CRM's delimiter; so does the last line."""
    upload(
        natalia, delimiter.join(["crm_id", "surname", "email"]).encode() + f"\nC1{delimiter}Ким{delimiter}\n".encode()
    )
    _header, *rows, trailer = download(natalia, ImportRun.objects.get()).decode("utf-8-sig").splitlines()
    export = ExportRun.objects.get()
    for line, said in ((rows[0], "a row as it was exported."), (trailer, "the last line of an export.")):
        call_command("trace_export", line)
        told = capsys.readouterr().out
        assert said in told and f"Export no. {export.pk}: list datasubject, csv, lapp, by natalia" in told
    call_command("trace_export", rows[0].replace("=K1", "K9"))
    assert "altered" in capsys.readouterr().out


def test_file_comes_back_whole(natalia, run, lapp):
    """The CRM's owner sends it back: its last line is no row, and nobody is changed."""
    crm = CRM(lapp)
    again = crm.plan(download(natalia, run))
    assert (crm.counts(again), again.missing) == ({"same": 2}, 0)
    assert again.warnings == [
        "Line 4 closes an export of this registry and is no row.",
        "Columns not imported: “line”, “reason”, “trace”.",
        "Line 2, crm_id: the cell begins like a formula: it is kept as text",
    ]


def test_right_to_export_is_asked_for(run, lapp, client):
    """A registrar who uploads may look at the people page by page; to take them away is for those who may export people."""
    client.force_login(factories.make_user("registrar", lapp), backend="registry.scope.RoleBackend")
    upload(client, [person(2)])
    own = ImportRun.objects.latest("pk")
    page = reverse("admin:registry_importrun_list", args=[own.pk, "missing"])
    assert client.get(page).status_code == 200
    assert {client.get(url_of(own)).status_code, client.post(url_of(own), REASON).status_code} == {403}
    for address in (page, page_of(own)):
        assert url_of(own) not in client.get(address).content.decode()
    assert not ExportRun.objects.exists()


@pytest.mark.parametrize(
    ("role", "operator", "status"), [("registrar", "lapp", 403), ("auditor", "lapp", 403), ("dpo", "kazger", 404)]
)
def test_others_take_nobody_away(run, client, request, role, operator, status):
    """No auditor, no other registrar, no stranger."""
    client.force_login(
        factories.make_user(role, request.getfixturevalue(operator)), backend="registry.scope.RoleBackend"
    )
    assert {client.get(url_of(run)).status_code, client.post(url_of(run), REASON).status_code} == {status}


def test_people_of_all_sources_are_compared_and_it_is_said(natalia, run, lapp):
    """Where the operator has several sources, whoever stands in the files of another one is missing, too: each page says so."""
    said = "People of all sources are compared with the file"
    listed = reverse("admin:registry_importrun_list", args=[run.pk, "missing"])
    for number, expected in ((1, False), (2, True)):
        factories.save(ImportSource(operator=lapp, name=f"CRM {number}"))
        for address in (listed, url_of(run)):
            assert (said in natalia.get(address).content.decode()) is expected
        assert ("of all sources" in natalia.get(page_of(run)).content.decode()) is expected
