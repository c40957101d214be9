"""The permissions file: the gate's answer for everybody, then for those whose answer may have changed."""

import csv
import datetime as dt
import io

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from registry.exports import permissions, stream
from registry.exports.permissions import COLUMNS, Export
from registry.journal import unit_of_work
from registry.models import (
    ActivityPurpose,
    Agreement,
    Consent,
    ExportRun,
    GroundDecision,
    JournalEntry,
    JournalSubject,
    LegalBasis,
    ProcessingActivity,
    Purpose,
    Suppression,
)
from registry.operations.blocking import block
from tests.factories import make_law, make_operator, make_purpose, make_subject, make_user, save
from tests.models.test_ground import COMPLETE

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db):
    operator = make_operator("kazger", bin="241040012133")
    make_purpose(operator)
    return operator


def person(operator, crm_id, **consent):
    subject = make_subject(operator, crm_id=crm_id, email="", phone="")
    purpose = operator_purpose(operator)
    given = {"given_on": dt.date(2026, 1, 1)} | COMPLETE
    return save(Consent(subject=subject, purpose=purpose, **given | consent)) if consent is not None else subject


def operator_purpose(operator):
    return Purpose.objects.get(operator=operator)


def exported(operator, **options):
    """The rows of the next file by CRM id, without mark, and how many the trailer counts."""
    text = b"".join(Export(operator, by=None, role="system", **options)).decode("utf-8-sig")
    return read(csv.reader(io.StringIO(text, newline="")))


def read(lines):
    lines = list(lines)
    assert lines[0][:-1] == [
        "crm_id",
        "may_mail",
        "may_call",
        "may_message",
        "may_transfer",
        "blocked",
        "to_be_removed",
        "since",
        "why",
    ]
    assert lines[-1][:3] == ["#end", "rows", str(len(lines) - 2)]
    return {line[0]: line[1:-1] for line in lines[1:-1]}


def test_file_says_what_the_gate_says(office):
    """A complete consent opens the channels, one that lacks an item opens nothing, and a person without a CRM id is not in it."""
    person(office, "C1", third_parties=True)
    person(office, "C2", data_list="")
    make_subject(office, crm_id="")
    assert exported(office) == {
        "C1": ["yes", "yes", "yes", "yes", "no", "no", "2026-01-01", "consent"],
        "C2": ["no", "no", "no", "no", "no", "yes", "", "no_ground"],
    }


def test_next_file_holds_who_changed(office):
    """Withdrawn, opted out and blocked since the last file: these and nobody else are in the next; then it is empty."""
    today = timezone.localdate()
    withdrawn, stopped, blocked, _same = (person(office, f"C{number}", third_parties=False) for number in range(4))
    assert len(exported(office)) == 4
    with unit_of_work(by=None, role="system"):
        withdrawn.withdraw(by=None, at=timezone.now())
        Suppression(subject=stopped.subject, channel="call", since_on=today).save()
        block(blocked.subject, law=make_law(), cause="other", why="said so", by=None, at=timezone.now())
    assert exported(office) == {
        "C0": ["no", "no", "no", "no", "no", "yes", today.isoformat(), "withdrawn"],
        "C1": ["yes", "no", "yes", "no", "no", "no", today.isoformat(), "opted_out"],
        "C2": ["no", "no", "no", "no", "yes", "no", today.isoformat(), "blocked"],
    }
    assert exported(office) == {}


def test_last_line_says_whether_the_file_is_whole_or_since_which(office, capsys):
    """A CRM that only adds and changes knows what it holds, and whether it missed a file; the line is traced as before."""
    person(office, "C1", third_parties=False)

    def end(**options):
        *_rows, last = b"".join(Export(office, by=None, role="system", **options)).decode().splitlines()
        call_command("trace_export", last)
        assert capsys.readouterr().out.startswith("1: the last line of an export.")
        return last.split(",")[5:]

    ends = [end(), end(), end(whole=True), end()]
    first, second, whole, last = (str(run.uid) for run in ExportRun.objects.order_by("pk"))
    assert ends == [
        ["export", first, "whole", "yes"],
        ["export", second, "since", first],
        ["export", whole, "whole", "yes"],
        ["export", last, "since", whole],
    ]
    with unit_of_work(by=None, role="system"):
        office.bin = ""
        office.save()
    assert end()[2:] == ["whole", "yes"], "whole by itself"


def test_consent_that_ran_out_is_a_change(office):
    """Nobody touched the person: the calendar did."""
    today = timezone.localdate()
    person(office, "C1", expires_on=today, until_purpose_reached=False)
    assert exported(office)["C1"][0] == "yes"
    later = timezone.now() + dt.timedelta(days=1)
    assert exported(office, at=later) == {
        "C1": ["no", "no", "no", "no", "no", "yes", today.isoformat(), "ground_ended"]
    }


def test_decision_that_began_or_ran_out_is_a_change(office):
    """People who rest on it alone are touched by nobody and have no date of their own: the file is a whole one."""
    basis = save(LegalBasis(operator=office, code="contract", kind="contract", name_en="The agreement"))
    activity = save(ProcessingActivity(operator=office, code="shop", name_en="Shop"))
    save(ActivityPurpose(activity=activity, purpose=operator_purpose(office), basis=basis))
    save(Agreement(subject=make_subject(office, crm_id="C1"), number="DK-17", concluded_on=dt.date(2026, 1, 6)))
    now, day = timezone.now(), dt.timedelta(days=1)
    begins, ends = timezone.localdate() + day, timezone.localdate() + 2 * day
    decided = {
        "why": "until consents are collected",
        "document": "order 5",
        "decided_at": now,
        "decided_by": make_user(),
    }
    save(GroundDecision(basis=basis, valid_from=begins, valid_until=ends, **decided))
    assert exported(office)["C1"][0] == "no"
    assert exported(office, at=now) == {}
    assert exported(office, at=now + day)["C1"][0] == "yes"
    assert exported(office, at=now + 2 * day) == {}
    assert exported(office, at=now + 3 * day)["C1"][0] == "no"
    assert exported(office, at=now + 4 * day) == {}


def test_change_for_everybody_makes_the_next_file_whole(office):
    """Without a BIN no consent is complete: everybody's answer is told anew."""
    person(office, "C1", third_parties=False)
    exported(office)
    with unit_of_work(by=None, role="system"):
        office.bin = ""
        office.save()
    assert exported(office)["C1"][0] == "no"


def test_file_is_an_export_run(office, tmp_path, capsys):
    """The run counts and hashes, each chunk names whom it was about, and the file is written by the command."""
    consent = person(office, "C1", third_parties=False)
    call_command("export_permissions", operator="kazger", output=str(tmp_path / "p.csv"))
    assert "1 person, everybody with a CRM id." in capsys.readouterr().out
    run = ExportRun.objects.get()
    assert (run.kind, run.count, bool(run.digest)) == ("permissions", 1, True)
    listed = JournalEntry.objects.get(action="list")
    assert [each.uid for each in listed.subjects.all()] == [consent.subject.uid]


def test_spreadsheet_says_the_same(office, browser_client, tmp_path, capsys):
    """By the page and by the command; a row of it leads back to it."""
    person(office, "C1", third_parties=False)
    client, url = browser_client(make_user("dpo", office)), reverse("admin:registry_exportrun_permissions")
    response = client.post(url, {"extent": "whole", "format": "xlsx", "reason": "daily"})
    run, book = ExportRun.objects.get(), tmp_path / "page.xlsx"
    book.write_bytes(b"".join(response.streaming_content))
    assert response["Content-Disposition"] == f'attachment; filename="permissions-kazger-{run.pk}.xlsx"'
    call_command("export_permissions", operator="kazger", whole=True, format="xlsx", output=str(tmp_path / "p.xlsx"))
    as_csv = exported(office, whole=True)
    for path in (book, tmp_path / "p.xlsx"):
        table, about = load_workbook(path).worksheets
        lines = [["" if cell is None else cell for cell in row] for row in table.values]
        assert read([*lines, *map(list, about.values)]) == as_csv
    call_command("trace_export", "\t".join(lines[1]))
    told = capsys.readouterr().out
    assert "a row as it was exported." in told and f"Export no. {run.pk + 1}: permissions for the CRM, xlsx," in told


def test_spreadsheet_takes_nothing_from_the_next_file(office):
    """It is looked at, not brought into the CRM: a first one leaves the next file whole, a later one its changes."""
    person(office, "C1", third_parties=False)
    made = [b"".join(Export(office, by=None, role="system", format="xlsx"))]
    assert list(exported(office)) == ["C1"]
    assert not exported(office)
    person(office, "C2", third_parties=False)
    made.append(b"".join(Export(office, by=None, role="system", format="xlsx")))
    assert [len(list(load_workbook(io.BytesIO(book)).worksheets[0].values)) for book in made] == [2, 2]
    assert list(exported(office)) == ["C2"]


def test_file_from_before_there_were_spreadsheets_is_gone_on_from(office):
    person(office, "C1", third_parties=False)
    exported(office)
    run = ExportRun.objects.get()
    del run.filter["format"]
    ExportRun.objects.filter(pk=run.pk).update(filter=run.filter)
    assert not exported(office)


def test_permissions_of_another_format_are_refused(office):
    with pytest.raises(ValueError, match="csv or xlsx, not as json"):
        Export(office, by=None, role="system", format="json")
    assert not ExportRun.objects.exists()


def test_officer_says_why_the_system_need_not(office, tmp_path):
    """Whoever has the command make the file in their name gives a reason, as in the browser; nothing is exported until then."""
    make_user("dpo", office, username="natalia")
    given = {"operator": "kazger", "by": "natalia", "output": str(tmp_path / "p.csv")}
    with pytest.raises(CommandError) as refusal:
        call_command("export_permissions", **given, reason=" ")
    assert str(refusal.value) == "Say why: the export of people keeps the reason."
    assert (ExportRun.objects.exists(), list(tmp_path.iterdir())) == (False, [])
    call_command("export_permissions", **given, reason="daily")
    assert ExportRun.objects.get().reason == "daily"


def test_file_that_could_not_be_written_is_not_the_last_one(office, tmp_path, capsys):
    """Half of it does not stay, and what changed until then is in the next file."""
    person(office, "C1", third_parties=False)
    (tmp_path / "crm").mkdir()
    with pytest.raises(CommandError, match="crm cannot be written: Is a directory"):
        call_command("export_permissions", operator="kazger", output=str(tmp_path / "crm"))
    assert [path.name for path in tmp_path.iterdir()] == ["crm"]
    assert ExportRun.objects.get().finished_at is None
    call_command("export_permissions", operator="kazger", output=str(tmp_path / "crm" / "p.csv"))
    assert "1 person, everybody with a CRM id." in capsys.readouterr().out


def test_purpose_of_a_blocked_activity_is_not_served(office):
    """A block of one activity stops the purposes it serves; where nothing else is left the person is blocked, and not removed."""
    subject = person(office, "C1", third_parties=False).subject
    activity = save(ProcessingActivity(operator=office, code="mailing", name_en="Mailing"))
    save(ActivityPurpose(activity=activity, purpose=operator_purpose(office)))
    with unit_of_work(by=None, role="system"):
        block(subject, activity=activity, law=make_law(), cause="other", why="said so", by=None, at=timezone.now())
    today = timezone.localdate().isoformat()
    assert exported(office) == {"C1": ["no", "no", "no", "no", "yes", "no", today, "blocked"]}


def test_file_is_made_in_the_admin(office, browser_client, tmp_path, capsys):
    """With a reason, whole or what changed; the run says which, and a row of it leads back to it."""
    person(office, "C1", third_parties=False)
    client, url = browser_client(make_user("dpo", office)), reverse("admin:registry_exportrun_permissions")
    refused = client.post(url, {"extent": "changed", "format": "csv", "reason": ""})
    assert "Say why: the export of people keeps the reason." in refused.content.decode()
    assert not ExportRun.objects.exists()
    response = client.post(url, {"extent": "changed", "format": "csv", "reason": "daily"})
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    run = ExportRun.objects.get()
    assert response["Content-Disposition"] == f'attachment; filename="permissions-kazger-{run.pk}.csv"'
    assert (run.reason, run.count, run.filter["since_run"]) == ("daily", 1, None)
    call_command("trace_export", text.splitlines()[1])
    assert "a row as it was exported." in (out := capsys.readouterr().out) and f"Export no. {run.pk}:" in out
    page = client.get(url).content.decode()
    assert f"The last file, № {run.pk}," in page and "may have changed since: 0 of 1." in page
    assert all(f"<code>{code}</code>" in page for code in (*COLUMNS[5:], "ground_ended", "opted_out"))
    b"".join(client.post(url, {"extent": "whole", "format": "csv", "reason": "new CRM"}).streaming_content)
    assert ExportRun.objects.latest("pk").count == 1


def test_download_that_breaks_off_is_not_the_last_file(office, browser_client, monkeypatch):
    """A file counts when its last byte was handed over: what a broken one held is in the next, and the page knows of none."""
    monkeypatch.setattr(stream, "CHUNK_BYTES", 1)
    person(office, "C1", third_parties=False)
    client, url = browser_client(make_user("dpo", office)), reverse("admin:registry_exportrun_permissions")
    broken = client.post(url, {"extent": "changed", "format": "csv", "reason": "daily"}).streaming_content
    assert [next(broken)[:9] for _part in range(2)] == [b"\xef\xbb\xbfcrm_id", b"C1,yes,ye"]
    assert ExportRun.objects.get().finished_at is None
    page = client.get(url).content.decode()
    assert "There is no file to go on from" in page
    assert "Once a CSV has left to its last byte, it is the one from which the scheduled file goes on" in page
    content = client.post(url, {"extent": "changed", "format": "csv", "reason": "daily"}).streaming_content
    assert not ExportRun.objects.filter(finished_at__isnull=False).exists()
    assert b"C1,yes,yes,yes" in b"".join(content)
    assert ExportRun.objects.get(finished_at__isnull=False).count == 1


def test_page_tells_the_last_file_though_the_next_one_holds_everybody(office, browser_client):
    """Where something changed that decides for everybody there is a file before, and the page says why it is not gone on from."""
    person(office, "C1", third_parties=False)
    client, url = browser_client(make_user("dpo", office)), reverse("admin:registry_exportrun_permissions")
    assert "There is no file to go on from" in client.get(url).content.decode()
    exported(office)
    run, day = ExportRun.objects.get(), "%d.%m.%Y %H:%M"
    with unit_of_work(by=None, role="system"):
        office.bin = ""
        office.save()
    page = client.get(url).content.decode()
    assert f"The last file, № {run.pk}, is of {timezone.localtime(run.started_at).strftime(day)}. Since then" in page
    assert "something changed that decides for everybody: the next one holds everybody with a CRM id (1)." in page
    assert "no file to go on from" not in page and "may have changed since" not in page
    assert exported(office).keys() == {"C1"}


def test_people_are_told_before_they_leave(office, monkeypatch):
    """Whoever is in a chunk stands in the journal before its first row is handed over, whatever becomes of the rest."""
    monkeypatch.setattr(stream, "CHUNK_BYTES", 1)
    monkeypatch.setattr(permissions, "CHUNK_PEOPLE", 2)
    uids = [make_subject(office, crm_id=f"C{number}").uid for number in range(3)]
    parts = iter(Export(office, by=None, role="system"))
    told = []
    for _part in range(4):
        next(parts)
        told.append([each.uid for each in JournalSubject.objects.filter(entry__action="list").order_by("pk")])
    assert told == [[], uids[:2], uids[:2], uids]


@pytest.mark.parametrize("role", ["registrar", "auditor"])
def test_permissions_leave_with_the_officer(role, office, browser_client):
    """Whoever may not export people makes no such file, and is not offered it."""
    client = browser_client(make_user(role, office))
    assert client.post(reverse("admin:registry_exportrun_permissions"), {"reason": "x"}).status_code == 403
