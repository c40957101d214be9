"""The page of an import's run: preview, one confirmation, what came of it, its rows; who may see and do what there."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.imports import storage
from registry.models import Consent, DataSubject, ImportRun, JournalEntry, Membership, Operator
from tests import factories
from tests.imports.crm import consent, person

from .import_pages import IMPORT, actions, confirm, hidden, page_of, step, upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def purpose(lapp):
    return factories.make_purpose(lapp)


def test_upload_shows_what_would_happen_and_writes_nothing(natalia):
    """Counts, old and new values, faulty rows with reasons; nothing is written before the confirmation."""
    factories.make_subject(Operator.objects.get(), crm_id="C0000001", phone="+77050000001")
    response = upload(natalia, [person(1, **consent()), person(2), person(3, email="anna at b.kz")])
    text = response.content.decode()
    run = ImportRun.objects.get()
    assert (response.status_code, DataSubject.objects.count()) == (200, 1)
    assert (run.new, run.changed, run.rejected, run.state) == (1, 1, 1, "planned")
    assert "<del><bdi>+77050000001</bdi></del>" in text
    assert "anna at b.kz”: an e-mail address looks like name@example.kz" in text
    assert hidden(response) == {"token": run.token}
    shown = JournalEntry.objects.get(action="import.preview")
    assert [each.uid for each in shown.subjects.all()] == [DataSubject.objects.get().uid]


def test_confirmed_plan_is_applied_and_told(natalia, dpo):
    """One confirmation applies the plan; the run's page says what came of it; the file is gone."""
    response = upload(natalia, [person(1, **consent()), person(2, email="x")])
    run = ImportRun.objects.get()
    response = confirm(natalia, response, reason="July export", follow=True)
    assert response.redirect_chain == [(page_of(run), 302)]
    assert "Import finished: 1 new, 0 changed, 0 unchanged, 1 rejected, 0 stopped." in response.content.decode()
    run.refresh_from_db()
    assert (run.state, run.owner, DataSubject.objects.count(), Consent.objects.count()) == ("applied", dpo, 1, 1)
    row = DataSubject.history.get()
    assert (row.history_user_id, row.history_change_reason) == (dpo.pk, "July export")
    assert actions(run) == ["import.plan", "import.apply"]
    assert JournalEntry.objects.get(action="import.apply").actor == dpo.pk
    assert not storage.file_of(run).exists()


def test_second_confirmation_is_refused(natalia):
    """A double click or a reloaded page applies nothing twice."""
    response = upload(natalia, [person(1)])
    confirm(natalia, response)
    again = confirm(natalia, response)
    assert again.status_code == 400
    assert "This import was confirmed before, once is enough." in again.content.decode()
    assert '"reason_code":"confirmed"' in JournalEntry.objects.get(action="refused").body
    assert DataSubject.history.count() == 1


@pytest.mark.parametrize("edited", [{"token": "x" * 32}, {"token": ""}, {"token": "x" * 65}, {"token": "\0"}])
def test_edited_hidden_field_is_refused(natalia, edited):
    """A confirmation that is not the one the page sent does nothing and harms nothing."""
    response = upload(natalia, [person(1)])
    answer = confirm(natalia, response, **edited)
    assert answer.status_code == 400
    assert "The confirmation is not the one this page sent. Read the file again." in answer.content.decode()
    run = ImportRun.objects.get()
    assert (run.state, DataSubject.objects.count(), storage.file_of(run).exists()) == ("planned", 0, True)
    entry = JournalEntry.objects.get(action="refused")
    assert (entry.object_uid, '"reason_code":"confirmation"' in entry.body) == (run.uid, True)


def test_unknown_run_is_404(natalia):
    """A number made up leads nowhere."""
    assert natalia.post("/admin/registry/importrun/77/apply/", {"token": "x"}).status_code == 404


def test_address_of_a_confirmation_elsewhere_is_refused(natalia):
    """import-export's own second step applies nothing, whatever is sent there."""
    response = upload(natalia, [person(1)])
    answer = natalia.post(reverse("admin:registry_datasubject_process_import"), hidden(response))
    assert (answer.status_code, ImportRun.objects.get().state, DataSubject.objects.count()) == (400, "planned", 0)


def test_upload_of_somebody_else_cannot_be_confirmed(natalia, lapp, client):
    """A colleague's upload is the colleague's alone, even at the same operator."""
    response = upload(natalia, [person(1)])
    client.force_login(factories.make_user("registrar", lapp), backend="registry.scope.RoleBackend")
    answer = confirm(client, response)
    run = ImportRun.objects.get()
    assert (answer.status_code, run.state, DataSubject.objects.count()) == (404, "planned", 0)
    assert storage.file_of(run).exists()


def test_plan_of_another_operator_cannot_be_confirmed(natalia, dpo, kazger):
    """Who switched the operator in between imports nothing into the other one."""
    factories.save(Membership(user=dpo, operator=kazger, role="dpo"))
    response = upload(natalia, [person(1)])
    other = dpo.memberships.exclude(operator=ImportRun.objects.get().operator).get().operator
    natalia.post(reverse("admin:switch_operator"), {"operator": other.pk})
    answer = confirm(natalia, response)
    assert (answer.status_code, DataSubject.objects.count()) == (404, 0)


def test_who_may_import_no_longer_confirms_nothing(natalia, dpo):
    """A plan made as DPO cannot be confirmed, continued or given up as auditor: the role of now decides."""
    response = upload(natalia, [person(1)])
    run = ImportRun.objects.get()
    Membership.objects.filter(user=dpo).update(role="auditor")
    assert confirm(natalia, response).status_code == 403
    for state in ("planned", "applying"):
        ImportRun.objects.update(state=state)
        for name in ("continue", "cancel", "undo"):
            assert natalia.post(step(name, run)).status_code == 403
        assert "<form action=" not in natalia.get(page_of(run)).content.decode().partition('id="content-main"')[2]
    run.refresh_from_db()
    assert (run.state, run.rows_done, DataSubject.objects.count()) == ("applying", 0, 0)


def test_expired_plan_is_refused_and_deleted(natalia):
    """An hour after the last step the file is gone and the run says so."""
    response = upload(natalia, [person(1)])
    ImportRun.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    answer = confirm(natalia, response)
    assert answer.status_code == 400
    assert (
        "The file had its time and was deleted; nothing of it was written. Upload it again to import it."
        in answer.content.decode()
    )
    run = ImportRun.objects.get()
    assert (run.state, storage.file_of(run).exists(), DataSubject.objects.count()) == ("expired", False, 0)


def test_preview_of_many_rows_stays_small(natalia):
    """Three thousand rows: a hundred differences and twenty faulty rows, less than 100 KB."""
    rows = [person(number, **consent(), agreement_number=f"A-{number}") for number in range(3000)]
    rows += [person(number, email="x") for number in range(3000, 3100)]
    response = upload(natalia, rows)
    assert len(response.content) < 100_000
    assert response.content.decode().count('<tr class="new">') == 100


def test_hostile_cells_and_file_names_are_text(natalia):
    """Markup, formulas and right-to-left marks are shown as text, each in its own direction."""
    evil = "<img src=x onerror=alert(1)>"
    response = upload(natalia, [person(1, surname=evil), person(2, email=evil)], name="a\u202e<b>.csv")
    text = response.content.decode()
    assert evil not in text
    assert "<bdi>&lt;img src=x onerror=alert(1)&gt;</bdi>" in text
    assert "<b>" not in text
    confirm(natalia, response)
    assert DataSubject.objects.get().surname == evil


def test_listed_rows_are_downloaded_inert_and_can_be_read_back(natalia):
    """The file for the CRM's owner has its own columns, the line and the reason; no cell of it is a formula."""
    upload(natalia, [person(1), person(2, email="=cmd|x", phone="+77010000002")])
    run = ImportRun.objects.get()
    url = reverse("admin:registry_importrun_list_csv", args=[run.pk, "rejected"])
    response = natalia.get(url)
    header, row = b"".join(response.streaming_content).decode().splitlines()
    assert header == "crm_id;surname;given_name;email;phone;language;line;reason"
    assert row.startswith(
        "C0000002;Қасымова;Әсем;'=cmd|x;+77010000002;ru;3;email “=cmd|x”: an e-mail address looks like"
    )
    assert response["Content-Disposition"] == f'attachment; filename="import-{run.pk}-rejected.csv"'
    assert JournalEntry.objects.get(action="import.list.download").object_uid == run.uid


def test_listed_rows_are_for_the_importer_and_the_dpo(lapp, kazger, client, dpo):
    """An auditor sees the run without the rows; another registrar neither; strangers see nothing at all."""
    importer, colleague = factories.make_user("registrar", lapp), factories.make_user("registrar", lapp)
    client.force_login(importer, backend="registry.scope.RoleBackend")
    upload(client, [person(1, email="anna at b.kz")])
    run = ImportRun.objects.get()
    url = reverse("admin:registry_importrun_list_csv", args=[run.pk, "rejected"])
    for user, page, file in (
        (importer, 200, 200),
        (dpo, 200, 200),
        (colleague, 200, 403),
        (factories.make_user("auditor", lapp), 200, 403),
        (factories.make_user("dpo", kazger), 404, 404),
    ):
        client.force_login(user, backend="registry.scope.RoleBackend")
        response = client.get(page_of(run))
        assert (response.status_code, client.get(url).status_code) == (page, file)
        assert ("anna at b.kz" in response.content.decode()) is (file == 200)


def test_plan_is_given_up(natalia):
    """Who does not want a plan deletes it at once."""
    response = upload(natalia, [person(1)])
    run = ImportRun.objects.get()
    natalia.post(step("cancel", run))
    run.refresh_from_db()
    assert (run.state, storage.file_of(run).exists()) == ("cancelled", False)
    assert confirm(natalia, response).status_code == 400


def test_pages_have_nothing_a_strict_policy_refuses(natalia):
    """No inline script, style or handler on the form, the preview and the run's page."""
    preview = upload(natalia, [person(1, **consent()), person(2, email="x"), person(3, surname="?")])
    run = ImportRun.objects.get()
    pages = [
        preview,
        natalia.get(IMPORT),
        natalia.get(page_of(run)),
        natalia.get(reverse("admin:registry_importrun_changelist")),
    ]
    for response in pages:
        text = response.content.decode()
        assert response.status_code == 200
        assert not re.search(r"<style|<script(?![^>]* src=)|\sstyle=|\son\w+=|javascript:", text)


def test_runs_are_read_only(natalia):
    """Nobody adds, changes or deletes a run by hand."""
    upload(natalia, [person(1)])
    run = ImportRun.objects.get()
    for name, args in (("add", []), ("delete", [run.pk])):
        assert natalia.get(reverse(f"admin:registry_importrun_{name}", args=args)).status_code == 403
    assert natalia.post(page_of(run), {"file_name": "x"}).status_code == 403
