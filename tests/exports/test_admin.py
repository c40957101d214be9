"""Exports in the browser: on screen, as a file, as a ZIP; for the DPO and the auditor, of the current operator alone."""

import errno
import io
import json
import os
import re
import subprocess
import sys
import zipfile

import pytest
from django.urls import reverse

from registry import models as m
from registry.admin import exports
from registry.exports.past import resolve
from registry.exports.register import Register
from registry.journal.models import JournalEntry
from registry.rules.dates import HOME_ZONE
from tests.factories import make_purpose, make_subject, make_user

pytestmark = pytest.mark.django_db
REGISTER = reverse("admin:registry_exportrun_register")
DOWNLOAD = reverse("admin:registry_exportrun_register_download")
AUDIT = reverse("admin:registry_exportrun_audit")
RUNS = reverse("admin:registry_exportrun_changelist")


def content(response):
    return b"".join(response.streaming_content)


def test_register_is_shown_on_screen(record, dpo, browser_client):
    """The register stands on screen with its moment, its note and what is missing; reading it is an entry."""
    client = browser_client(dpo)
    page = client.get(REGISTER, {"layout": "gdpr-controller", "language": "kk", "on": ""})
    assert page.status_code == 200
    text = page.content.decode()
    assert "Дербес деректерді өңдеу әрекеттерінің тізілімі, бақылаушы (GDPR, 30-бап, 1-т.)" in text
    assert '<span class="pill warn">[көрсетілмеген]</span>' in text
    assert '<section class="register sheets" lang="kk">' in text
    assert (
        '<input type="hidden" name="layout" value="gdpr-controller"><input type="hidden" name="language" value="kk">'
        in text
    )
    viewed = JournalEntry.objects.order_by("-seq").first()
    assert (viewed.action, viewed.actor, viewed.object_uid) == ("register.view", dpo.pk, record.uid)


def test_reason_of_a_download_is_drawn_as_every_field(record, dpo, browser_client):
    """With its label, its help and its limit, under the names they are known by."""
    page = browser_client(dpo).get(REGISTER, {"layout": "kz", "language": "en", "on": ""}).content.decode()
    [row] = re.findall(r'<div class="form-row field-reason">.*?</div></div>', page, re.DOTALL)
    assert '<label for="id_reason">Reason</label>' in row
    [field] = re.findall(r"<input [^>]+>", row)
    known_as = 'type="text" name="reason" id="id_reason" class="vTextField" maxlength="500" aria-describedby="id_reason_helptext"'
    for said in known_as.split():
        assert said in field
    assert '<div class="help" id="id_reason_helptext">For whom, on what request. Kept with the export.</div>' in row


def test_record_of_a_processor_that_is_none_says_so_on_screen(lapp, dpo, browser_client):
    """Where nothing is done on behalf of others the page says that, not that the register was empty."""
    page = browser_client(dpo).get(REGISTER, {"layout": "gdpr-processor", "language": "en", "on": ""}).content.decode()
    assert "Nothing is recorded under this layout" in page
    assert "<p>Activities carried out on behalf of others: none recorded.</p>" in page
    assert "Nothing was in the register then" not in page


def test_moment_outside_all_calendars_is_refused_on_screen(record, dpo, browser_client):
    """A moment that no calendar has is refused beside its field, like every other mistake."""
    page = browser_client(dpo).get(REGISTER, {"layout": "kz", "language": "en", "on": "0001-01-01T00:00:00+14:00"})
    assert page.status_code == 200
    assert "“0001-01-01T00:00:00+14:00” is no moment." in page.content.decode()


def test_moment_to_come_is_refused_on_screen(record, dpo, browser_client):
    """A moment to come is refused beside its field, and no register is shown."""
    page = browser_client(dpo).get(REGISTER, {"layout": "kz", "language": "en", "on": "2999-01-01"})
    text = page.content.decode()
    assert "2999-01-01 is still to come" in text
    assert '<section class="register' not in text


@pytest.mark.parametrize("format", ["csv", "xlsx", "json"])
def test_downloaded_file_is_the_register_shown(record, dpo, browser_client, format):
    """The file is that of the moment shown on screen; it is told before its first byte and after its last."""
    client = browser_client(dpo)
    moment = resolve(None, "lapp")
    shown = client.get(REGISTER, {"layout": "kz", "language": "ru", "on": ""}).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(layout|language|on)" value="([^"]*)">', shown))
    assert hidden == {"layout": "kz", "language": "ru", "on": moment.text}
    make_purpose(record, "later")
    asked = hidden | {"format": format, "reason": "For the ministry"}
    response = client.post(DOWNLOAD, asked)
    assert content(response) == b"".join(Register("lapp", moment, "kz", "ru").file(format))
    day = moment.day.isoformat()
    assert response["Content-Disposition"] == f'attachment; filename="register-lapp-kz-{day}-ru.{format}"'
    assert "no-store" in response["Cache-Control"]
    end, start = JournalEntry.objects.order_by("-seq")[:2]
    assert (start.action, end.action) == ("export.start", "export.finish")
    assert (start.actor, start.operator) == (dpo.pk, "lapp")
    assert start.at < end.at
    run = m.ExportRun.objects.get()
    assert (run.started_by, run.reason, run.filter["on"]) == (dpo, "For the ministry", moment.text)


def test_edited_download_form_is_refused(record, dpo, browser_client):
    """A layout nobody offered is refused with the form; a file is only made by POST."""
    client = browser_client(dpo)
    refused = client.post(DOWNLOAD, {"layout": "secret", "language": "ru", "on": "", "format": "csv"})
    assert refused.status_code == 400
    assert client.get(DOWNLOAD).url == REGISTER
    assert not m.ExportRun.objects.exists()


def test_download_that_is_refused_says_why_and_still_shows_the_register(record, dpo, browser_client):
    asked = {"layout": "kz", "language": "ru", "on": "", "format": "csv", "reason": "For the ministry. " * 40}
    refused = browser_client(dpo).post(DOWNLOAD, asked)
    text = refused.content.decode()
    assert (refused.status_code, refused.context["register"].language) == (400, "ru")
    assert "Ensure this value has at most 500 characters (it has 719)." in text and "For the ministry. For" in text
    assert not m.ExportRun.objects.exists()


def failing(number):
    """A private file that the disk does not take."""

    def fail():
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_a_plain_503(record, dpo, browser_client, monkeypatch, number):
    """Where the file has no room the page says so; its export is not finished."""
    monkeypatch.setattr(exports, "private_file", failing(number))
    response = browser_client(dpo).post(DOWNLOAD, {"layout": "kz", "language": "ru", "on": "", "format": "csv"})
    assert response.status_code == 503
    assert "The disk of the server is full: what you were doing was not saved." in response.content.decode()
    assert m.ExportRun.objects.get().finished_at is None


def test_fault_of_a_file_is_not_called_a_full_disk(record, dpo, browser_client, monkeypatch):
    """A disk that is broken is an error of the server, for the administrator to find in the log."""
    monkeypatch.setattr(exports, "private_file", failing(errno.EIO))
    client = browser_client(dpo)
    client.raise_request_exception = False
    response = client.post(DOWNLOAD, {"layout": "kz", "language": "ru", "on": "", "format": "csv"})
    assert response.status_code == 500


def unpacked(response, path):
    with zipfile.ZipFile(io.BytesIO(content(response))) as files:
        files.extractall(path)
    command = [sys.executable, "-I", "-S", path / "verify_journal.py", path / "journal.jsonl", path / "head.txt"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("role", "shows"), [("dpo", True), ("auditor", False)])
def test_audit_trail_is_downloaded_whole(lapp, kazger, browser_client, tmp_path, role, shows):
    """The ZIP verifies; personal values are in it for the DPO only; the other operator is not in it."""
    make_subject(lapp, surname="Ахметова")
    make_purpose(kazger, "foreign")
    user = make_user(role, lapp)
    client = browser_client(user)
    assert "An extract has a line for every entry" in client.get(AUDIT).content.decode()
    response = client.post(AUDIT, {"changes": "csv", "subject": "", "reason": "inspection" if shows else ""})
    told = unpacked(response, tmp_path)
    start = JournalEntry.objects.get(action="export.start")
    hidden = JournalEntry.objects.filter(seq__lte=start.seq).exclude(operator="lapp").count()
    assert told.stdout == f"{start.seq} entries ({hidden} hidden): matches head note {start.seq} (unsigned)\n"
    changes = (tmp_path / "changes.csv").read_text(encoding="utf-8-sig")
    assert ("Ахметова" in changes) is shows
    assert "foreign" not in changes
    run = m.ExportRun.objects.get()
    assert response["Content-Disposition"] == f'attachment; filename="audit-lapp-{run.pk}.zip"'
    assert run.filter["personal"] == (["lapp"] if shows else [])
    assert JournalEntry.objects.filter(action="export.finish", run=run.pk, actor=user.pk).count() == 1


def test_personal_values_leave_for_a_reason(lapp, dpo, browser_client):
    """The DPO says why before personal values leave; nothing was exported until then."""
    page = browser_client(dpo).post(AUDIT, {"changes": "csv", "reason": " "}).content.decode()
    assert "Say why: the export of people keeps the reason." in page
    assert not m.ExportRun.objects.exists()


def test_extract_for_a_person_of_another_operator_is_refused(lapp, kazger, dpo, browser_client):
    """A uid of another operator is as unknown as one that does not exist."""
    stranger = make_subject(kazger)
    page = browser_client(dpo).post(AUDIT, {"subject": str(stranger.uid)})
    assert f"There is no data subject of the uid “{stranger.uid}” here." in page.content.decode()
    assert not m.ExportRun.objects.exists()


def test_extract_for_a_person(lapp, dpo, browser_client, tmp_path):
    """An extract for one person shows what touches them."""
    subject = make_subject(lapp)
    make_subject(lapp)
    told = unpacked(browser_client(dpo).post(AUDIT, {"subject": str(subject.uid)}), tmp_path)
    assert told.returncode == 0
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()[:-1]]
    assert [json.loads(line["body"])["action"] for line in lines if "body" in line] == ["create", "export.start"]


@pytest.mark.parametrize("role", ["registrar", "administrator"])
@pytest.mark.parametrize("url", [REGISTER, DOWNLOAD, AUDIT])
@pytest.mark.parametrize("method", ["get", "post"])
def test_exports_are_for_dpo_and_auditor(lapp, browser_client, role, url, method):
    """Whoever may not export is refused, and the refusal is an entry."""
    client = browser_client(make_user(role, lapp))
    assert getattr(client, method)(url).status_code == 403
    refused = JournalEntry.objects.order_by("-seq").first()
    assert (refused.action, refused.object_type) == ("refused", "exportrun")
    assert not m.ExportRun.objects.exists()


def test_list_of_exports_shows_what_left(record, dpo, browser_client):
    """The list tells what left, for whom and whether it is whole; a reason may name a person and is the DPO's to read."""
    client = browser_client(dpo)
    asked = {"layout": "kz", "language": "ru", "on": "", "format": "csv", "reason": "Ахметова asked"}
    content(client.post(DOWNLOAD, asked))
    content(client.post(AUDIT, {"changes": "csv", "reason": "inspection"}))
    run = m.ExportRun.objects.get(kind="register")
    one = reverse("admin:registry_exportrun_change", args=[run.pk])
    assert "all entries · with what changed" in client.get(RUNS).content.decode()
    assert "94-V: list of necessary and sufficient data · csv · ru" in client.get(RUNS).content.decode()
    assert "Ахметова asked" in client.get(one).content.decode()
    auditor = browser_client(make_user("auditor", record))
    assert "Ахметова" not in auditor.get(RUNS).content.decode()
    page = auditor.get(one)
    assert (page.status_code, "Ахметова" in page.content.decode()) == (200, False)


def test_moment_of_a_register_is_kept_and_shown(record, dpo, browser_client):
    """The run keeps which moment “now” was, so that the file can be made again; the list tells it by the clocks of Almaty."""
    client, moment = browser_client(dpo), resolve(None, "lapp")
    content(client.post(DOWNLOAD, {"layout": "kz", "language": "ru", "on": "", "format": "csv"}))
    assert m.ExportRun.objects.get().filter["on"] == moment.text
    asked = {"layout": "kz", "language": "ru", "format": "csv"}
    m.ExportRun.objects.create(operator=record, kind="register", filter=asked | {"on": "2026-01-31T20:30:00Z"})
    page = client.get(RUNS).content.decode()
    assert f"csv · ru · as of {moment.at.astimezone(HOME_ZONE):%Y-%m-%d %H:%M}" in page
    assert "csv · ru · as of 2026-02-01 01:30" in page


@pytest.mark.parametrize("url", [REGISTER, AUDIT, RUNS])
def test_export_pages_keep_the_content_policy(record, dpo, browser_client, url):
    """No page of the exports has an inline script, style or handler."""
    text = browser_client(dpo).get(url).content.decode()
    assert " style=" not in text
    assert " onclick=" not in text
    assert "<script>" not in text


def test_answer_about_nobody_is_not_called_the_whole_trail(lapp, dpo, browser_client):
    """The list of exports names the request it answered, and that the register holds nobody of it."""
    asked = {"request": "R-2026-0007", "language": "ru", "subject": ""}
    m.ExportRun.objects.create(operator=lapp, kind="answer", filter=asked, started_by=dpo)
    page = browser_client(dpo).get(RUNS).content.decode()
    assert "R-2026-0007 · nobody in the register" in page
    assert "all entries" not in page
