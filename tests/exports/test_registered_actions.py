"""The report of registered actions says what the journal says: every such entry, and nothing else."""

import csv
import datetime as dt
import io
import json

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from registry.exports.registered_actions import RegisteredActions, items_of
from registry.exports.span import WHOLE, parse_span
from registry.journal import bulk, unit_of_work
from registry.models import Consent, CrossBorderTransfer, ExportRun, JournalEntry
from registry.operations.blocking import block
from registry.operations.withdrawal import withdraw
from tests.factories import make_law, make_purpose, make_subject, make_user, save
from tests.operations.test_withdrawal import RECEIVED, consented, disclosed, news, office  # noqa: F401 -- fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(office, news):  # noqa: F811
    """A consent by hand, one by import, a disclosure, a transfer, a correction that is none of it, a withdrawal."""
    subject = make_subject(office)
    consent = consented(subject, news)
    imported = Consent(
        operator=office, subject=subject, purpose=make_purpose(office, "calls"), given_on=dt.date(2026, 2, 1)
    )
    values = {
        field.attname: getattr(imported, field.attname) for field in Consent._meta.concrete_fields if field.name != "id"
    }
    with unit_of_work(by=None, role="system", operator=office):
        bulk.write(Consent, [bulk.Written(values, subject.uid)], operator=office.code)
    disclosure = disclosed(news, "post", subject=subject)
    save(CrossBorderTransfer(operator=office, activity=disclosure.activity, recipient=disclosure.recipient, code="x",
                             name_en="x", country="DE"))  # fmt: skip
    with unit_of_work(by=None, role="system"):
        consent.channel = "on paper"
        consent.save()
        withdraw(subject, by=None, at=RECEIVED, consents=[consent])
    return consent


def exported(operator, span=WHOLE):
    report = RegisteredActions(operator, span, format="csv", by=None, role="system")
    lines = list(csv.DictReader(io.StringIO(b"".join(report).decode("utf-8-sig"), newline="")))
    assert lines.pop()["entry"] == "#end"
    return lines


def test_report_equals_the_journal(office, course):  # noqa: F811
    """Both ways: each entry that tells of a term, a transfer or a publication has its row with its hash, and each row an entry."""
    registered = {}
    for entry in JournalEntry.objects.filter(operator=office.code).order_by("seq"):
        said = json.loads(entry.body)
        told = set(said.get("fields") or ())
        terms = told & {"given_on", "expires_on", "until_purpose_reached", "ended_on", "withdrawn_at"}
        passed_on = told & {"third_parties", "cross_border", "publication"}
        if said["object"] in ("disclosure", "crossbordertransfer") or (
            said["object"] == "consent" and terms | passed_on
        ):
            registered[str(entry.seq)] = entry.hash
    rows = exported(office)
    assert {row["entry"]: row["hash"] for row in rows} == registered
    assert [(row["object"], row["action"], row["items"]) for row in rows] == [
        ("consent", "create", "3; 4; 5; 6"),
        ("consent", "create", "3"),
        ("disclosure", "create", "4"),
        ("crossbordertransfer", "create", "5"),
        ("consent", "change", "3"),
    ]
    assert {row["check"] for row in rows} == {"as committed"}


def test_row_says_what_was_written_about_whom(office, course):  # noqa: F811
    """Values of the items and the uid of the person; no name and no number of a person."""
    first = exported(office)[0]
    assert first["person"] == str(course.subject.uid)
    assert first["what"].startswith(
        "given_on=2026-01-10; until_purpose_reached=yes; third_parties=yes; cross_border=no"
    )
    assert course.subject.surname not in str(exported(office))


def test_values_of_a_blocked_person_stay(office, course, dpo):  # noqa: F811
    """That something was registered is told, and its entry; what, is stored only."""
    with unit_of_work(by=dpo):
        block(course.subject, law=make_law(), cause="other", why="said so", by=dpo, at=RECEIVED)
    assert [row["what"] for row in exported(office) if row["person"]] == ["", "", "", ""]


def test_broken_once(office, course):  # noqa: F811
    """Somebody with access to the database makes a consent cover third parties after the fact: the row says so."""
    row = Consent.history.filter(id=course.pk).order_by("history_id").first()
    Consent.history.filter(history_id=row.history_id).update(third_parties=False)
    Consent.history.filter(id=course.pk, history_type="~", withdrawn_at__isnull=False).delete()
    assert [each["check"] for each in exported(office)] == ["differs", *["as committed"] * 3, "gone"]


def test_period_narrows_it(office, course):  # noqa: F811
    """What was written before is not in it."""
    at = JournalEntry.objects.get(object_type="disclosure").at
    assert [row["object"] for row in exported(office, parse_span(at.isoformat(), "", timezone.now()))] == [
        "disclosure",
        "crossbordertransfer",
        "consent",
    ]


def test_report_is_an_export_run(office, course, tmp_path, capsys):  # noqa: F811
    """The command writes it as CSV or XLSX; the run counts and hashes, and the people in it are named to the journal."""
    for format in ("csv", "xlsx"):
        output = tmp_path / f"actions.{format}"
        call_command("export_registered_actions", operator=office.code, format=format, output=str(output))
        assert "5 registered actions." in capsys.readouterr().out
    sheet = load_workbook(tmp_path / "actions.xlsx")["Actions"]
    assert [cell.value for cell in sheet["A"]][1:] == [row["entry"] for row in exported(office)]
    run = ExportRun.objects.first()
    assert (run.kind, run.count, run.filter["list"]) == ("list", 5, "registered_actions")
    listed = JournalEntry.objects.filter(action="list").first()
    assert [each.uid for each in listed.subjects.all()] == [course.subject.uid]


def test_page_gives_it_away(office, course, browser_client):  # noqa: F811
    """To officers and auditors, for a span of time; a span without an entry is refused beside its field."""
    page = reverse("admin:registry_exportrun_registered")
    client = browser_client(make_user("auditor", office))
    assert page in client.get(reverse("admin:registry_exportrun_changelist")).content.decode()
    response = client.post(page, {"format": "csv", "reason": "the ministry"})
    assert b"".join(response.streaming_content).decode("utf-8-sig").count("as committed") == 5
    refused = client.post(page, {"format": "csv", "until": "2020-01-01"})
    assert "No entry of the journal lies in that time." in refused.content.decode()
    assert "Registered actions" in client.get(reverse("admin:registry_exportrun_changelist")).content.decode()
    assert browser_client(make_user("registrar", office)).get(page).status_code == 403


@pytest.mark.parametrize(
    ("entry", "items"),
    [
        (("consent", "change", ["channel", "evidence"]), ()),
        (("consent", "change", ["conditions_published_on"]), (6,)),
        (("consent", "delete", None), (3, 4, 5, 6)),
        (("distributioncondition", "create", ["is_prohibited"]), (6,)),
        (("datasubject", "change", ["email"]), ()),
    ],
)
def test_what_is_registered(entry, items):
    """Of a consent what says something of items 3 to 6; of a transfer or a publication everything."""
    assert items_of(*entry) == items
