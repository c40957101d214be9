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


@pytest.fixture
def natalia(dpo, browser_client):
    return browser_client(dpo)


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
    assert "The file was deleted an hour after its last step. Read it again." in answer.content.decode()
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


# The step that is at work


@pytest.fixture
def at_work(natalia, settings):
    """A large file that waits for the worker."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
    settings.IMPORT_BACKGROUND_BYTES = 0
    upload(natalia, [person(1), person(2, email="x")])
    return ImportRun.objects.get()


def stands(run, **fields):
    ago = {name: timezone.now() - dt.timedelta(seconds=value) for name, value in fields.items() if name.endswith("_at")}
    ImportRun.objects.filter(pk=run.pk).update(**fields | ago)
    run.refresh_from_db()


def moving(client, run, query=""):
    return client.get(step("progress", run) + query).content.decode()


def test_large_file_waits_on_its_page(natalia, at_work):
    """The browser is sent to the page at once; what moves there is looked at by a script of our own, or read again without."""
    text = natalia.get(page_of(at_work)).content.decode()
    assert at_work.state == "planning"
    assert "It waits for the worker." in text
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in text
    assert re.search(r'<script src="/static/registry/progress[^"]*\.js" defer></script>', text)
    assert '<progress class="bar" value="0" max="1" aria-labelledby="step">0 %</progress>' in text
    assert "Stop reading" in text and "Do it here" not in text


@pytest.mark.parametrize(
    ("fields", "phase", "sentence"),
    [
        ({"step_began_at": 4, "alive_at": 4}, "waiting", "It waits for the worker."),
        ({"step_began_at": 6, "alive_at": 6}, "late", "No worker has taken it yet: start “manage.py worker”."),
        ({"step_began_at": 60, "alive_at": 2}, "working", "25 % · 250 of 1 000 rows"),
        ({"step_began_at": 60, "alive_at": 31}, "cut-off", "250 of 1 000 rows. It was cut off."),
        ({"step_began_at": 60, "alive_at": 2, "step_role": ""}, "stopped", "250 of 1 000 rows. It stopped"),
    ],
)
def test_page_says_where_the_step_stands(natalia, at_work, fields, phase, sentence):
    """Waiting, late, working, cut off or stopped: each is told, with what can be done."""
    stands(at_work, rows_done=250, rows_expected=1000, **fields)
    if phase in ("waiting", "late"):  # one and the same moment
        ImportRun.objects.update(step_began_at=at_work.alive_at)
    text = moving(natalia, at_work).replace("\u00a0", " ")
    assert f'data-phase="{phase}"' in text
    assert sentence in text
    page = natalia.get(page_of(at_work)).content.decode()
    assert ("Do it here" in page) is (phase == "late")
    assert ("Go on" in page) is (phase in ("cut-off", "stopped"))


def test_rate_is_that_since_the_page_was_opened(natalia, at_work):
    """The address of the next look carries what the first one saw; whatever else is typed there counts for nothing."""
    stands(at_work, rows_done=3000, rows_expected=9000, step_began_at=60, alive_at=1)
    ten_seconds_ago = round((timezone.now() - dt.timedelta(seconds=10)).timestamp() * 1000)
    query = f"?from=1000&at={ten_seconds_ago}"
    text = moving(natalia, at_work, query).replace("\u00a0", " ")
    assert re.search(r"33 % · 3 000 of 9 000 rows, (199|200) a second, 30 s left", text)
    assert f"?from=1000&amp;at={ten_seconds_ago}" in text
    for query in ("?from=x&at=y", "?from=9999&at=1", "?at=99999999999999999", "?from=-1&at=-1"):
        assert "a second" not in moving(natalia, at_work, query)


def test_moving_part_is_empty_when_the_step_is_over(natalia, at_work):
    """Then the page is another one: the script reads it anew."""
    stands(at_work, state="planned", expires_at=-60)
    assert moving(natalia, at_work) == ""


def test_looking_at_progress_is_no_entry_and_no_value(natalia, at_work):
    """Every second: the journal is for reads of people, and nobody is named there."""
    before = JournalEntry.objects.count()
    text = moving(natalia, at_work)
    assert JournalEntry.objects.count() == before
    assert "people.csv" not in text


def test_progress_is_for_the_operators_own(at_work, kazger, lapp, client):
    """An auditor of the operator sees how far it is, and can do nothing about it; strangers see no run."""
    for user, status in ((factories.make_user("auditor", lapp), 200), (factories.make_user("dpo", kazger), 404)):
        client.force_login(user, backend="registry.scope.RoleBackend")
        assert client.get(step("progress", at_work)).status_code == status
    client.force_login(factories.make_user("auditor", lapp), backend="registry.scope.RoleBackend")
    stands(at_work, step_began_at=60, alive_at=31)
    assert "<form action=" not in client.get(page_of(at_work)).content.decode().partition('id="content-main"')[2]


def test_what_no_worker_takes_is_done_here(natalia, at_work):
    """No worker runs: the request itself reads the file, and the page has the plan."""
    stands(at_work, step_began_at=6, alive_at=6)
    ImportRun.objects.update(step_began_at=at_work.alive_at)
    response = natalia.post(step("continue", at_work), {"here": "1"}, follow=True)
    at_work.refresh_from_db()
    assert (at_work.state, at_work.new, at_work.rejected) == ("planned", 1, 1)
    assert "Apply this plan" in response.content.decode()


def test_reading_is_stopped_from_its_page(natalia, at_work, lapp, client):
    """By whoever uploaded the file, or the DPO, for owners leave; the file is gone."""
    client.force_login(factories.make_user("registrar", lapp), backend="registry.scope.RoleBackend")
    assert client.post(step("cancel", at_work)).status_code == 404
    client.force_login(factories.make_user("dpo", lapp), backend="registry.scope.RoleBackend")
    response = client.post(step("cancel", at_work), follow=True)
    at_work.refresh_from_db()
    assert (at_work.state, storage.file_of(at_work).exists()) == ("cancelled", False)
    assert "Given up: nothing of the file was written, and it is deleted." in response.content.decode()


# Preview and undo


def test_preview_is_opened_again_at_any_time(natalia, lapp, client):
    """Another day or another tab: the same preview, and each look at people is an entry. A colleague sees counts only."""
    factories.make_subject(lapp, crm_id="C0000001", phone="+77050000001")
    upload(natalia, [person(1), person(2, email="anna at b.kz")])
    run = ImportRun.objects.get()
    text = natalia.get(page_of(run)).content.decode()
    assert "<del><bdi>+77050000001</bdi></del>" in text and "anna at b.kz" in text
    assert JournalEntry.objects.filter(action="import.preview", run=None).count() == 2
    client.force_login(factories.make_user("registrar", lapp), backend="registry.scope.RoleBackend")
    text = client.get(page_of(run)).content.decode()
    assert "Apply this plan" not in text
    assert "+77050000001" not in text and "anna at b.kz" not in text
    assert JournalEntry.objects.filter(action="import.preview").count() == 2


@pytest.fixture
def applied(natalia, lapp):
    """An import of which one person was added, and one changed; the latter has been corrected since."""
    stored = factories.make_subject(lapp, crm_id="C0000001", phone="+77050000001")
    confirm(natalia, upload(natalia, [person(1), person(2)]))
    stored.refresh_from_db()
    stored.phone = "+77050000009"
    factories.save(stored)
    return ImportRun.objects.get()


def test_undo_says_in_numbers_what_will_happen(natalia, applied):
    """Before anything is done: who leaves, who gets values back, who stays because they were changed since."""
    text = natalia.get(step("undo", applied)).content.decode()
    assert re.findall(r'<span class="value">(\d+)</span>', text) == ["1", "1", "1"]
    assert ImportRun.objects.get().state == "applied"


def test_whom_a_later_undo_put_back_is_not_changed_since(natalia, lapp):
    """The second file was a mistake and is undone: the first can be undone whole."""
    confirm(natalia, upload(natalia, [person(1), person(2)]))
    first = ImportRun.objects.get()
    confirm(natalia, upload(natalia, [person(1, phone="+77010000009"), person(2, phone="+77010000008")]))
    natalia.post(step("undo", ImportRun.objects.latest("pk")), {"reason": "a mistake"})
    text = natalia.get(step("undo", first)).content.decode()
    assert re.findall(r'<span class="value">(\d+)</span>', text) == ["2", "0", "0"]
    natalia.post(step("undo", first), {"reason": "a mistake, too"})
    first.refresh_from_db()
    assert (first.undone, first.left) == (2, 0)


def test_undo_needs_a_reason(natalia, applied):
    """The history of everybody who is put back keeps it."""
    text = natalia.post(step("undo", applied), {"reason": " "}).content.decode()
    assert "Say why: the history of everybody who is put back keeps the reason." in text
    assert (ImportRun.objects.get().state, DataSubject.objects.count()) == ("applied", 2)


def test_import_is_undone_from_its_page(natalia, applied):
    """The page says how many stand as before and who was left, and offers no second undo."""
    response = natalia.post(step("undo", applied), {"reason": "the wrong file"}, follow=True)
    text = response.content.decode()
    assert "1 person stands as before this import." in text
    assert "1 person was changed since and left as it is." in text
    assert reverse("admin:registry_importrun_list", args=[applied.pk, "left"]) in text
    assert "Undo this import" not in text
    assert DataSubject.objects.get().phone == "+77050000009"


def test_undo_is_for_the_importer_and_the_dpo(applied, lapp, kazger, client):
    """Others neither see the button nor the page."""
    for user, status in (
        (factories.make_user("registrar", lapp), 404),
        (factories.make_user("auditor", lapp), 403),
        (factories.make_user("dpo", kazger), 404),
        (factories.make_user("dpo", lapp), 200),
    ):
        client.force_login(user, backend="registry.scope.RoleBackend")
        assert client.get(step("undo", applied)).status_code == status
        assert ("Undo this import" in client.get(page_of(applied)).content.decode()) is (status == 200)


def test_import_that_wrote_nothing_has_nothing_to_undo(natalia):
    """Everybody was as in the file: no button, no page."""
    confirm(natalia, upload(natalia, [person(1)]))
    confirm(natalia, upload(natalia, [person(1)]))
    run = ImportRun.objects.latest("pk")
    assert "Undo this import" not in natalia.get(page_of(run)).content.decode()
    assert natalia.get(step("undo", run)).status_code == 404


@pytest.mark.parametrize("state", ImportRun.State.values)
def test_page_of_every_state_is_small_and_complete(natalia, state):
    """Whatever state a run is in, its page opens, says so, and has nothing inline."""
    upload(natalia, [person(number, email="x" if number % 2 else "") for number in range(600)])
    run = ImportRun.objects.get()
    undone = {"undone_at": timezone.now()} if state == "undone" else {}
    ImportRun.objects.update(state=state, applied_at=timezone.now(), step_role="dpo", **undone)
    response = natalia.get(page_of(run))
    text = response.content.decode()
    assert (response.status_code, len(response.content) < 100_000) == (200, True)
    assert f">{ImportRun.State(state).label}</span>" in text
    assert not re.search(r"<style|<script(?![^>]* src=)|\sstyle=|\son\w+=|javascript:", text)


def test_list_of_runs_says_what_came_of_each(natalia, lapp):
    """What was only planned and given up counts for nothing; of an undone import those put back are told."""
    common = {"operator": lapp, "file_name": "a.csv", "rows": 22000, "planned_at": timezone.now()}
    ImportRun.objects.create(**common, state="cancelled", new=21000, rejected=1000)
    ImportRun.objects.create(**common, state="cancelled", new=1500, rows_done=1500)
    ImportRun.objects.create(**common, state="expired", new=22000)
    ImportRun.objects.create(**common, state="undone", changed=2000, undone=1999, left=1)
    text = natalia.get(reverse("admin:registry_importrun_changelist")).content.decode()
    found = re.findall(r'class="field-(?:by|outcome)"[^>]*>([^<]*)', text.replace("\u00a0", " "))
    assert found == [
        *("the system", "1 999 put back · 1 left, changed since"),
        *("the system", "nothing was written"),
        *("the system", "1 500 new"),
        *("the system", "nothing was written"),
    ]
