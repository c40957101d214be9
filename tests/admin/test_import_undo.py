"""The page of an import afterwards: its preview again, its undoing, its look in every state."""

import datetime as dt
import io
import re

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.urls import reverse
from django.utils import timezone

from registry.imports import crm_file
from registry.imports import undo as engine
from registry.journal import unit_of_work
from registry.models import Consent, DataSubject, ImportRun, JournalEntry, Purpose
from registry.models.grounding import serve
from registry.operations.blocking import block
from tests import factories
from tests.imports.crm import consent, person
from tests.imports.undoing import BLOCKED
from tests.models.test_ground import COMPLETE

from .import_pages import confirm, page_of, step, upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def purpose(lapp):
    return factories.make_purpose(lapp)


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
    assert "1 person was changed since, is blocked, or opted out, and was left as is." in text
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


@pytest.fixture
def stopped(natalia, monkeypatch):
    """An import of three people whose undo put the first two back, then met an error of the program."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 2)
    confirm(natalia, upload(natalia, [person(number) for number in range(3)]))
    run, whole = ImportRun.objects.get(), engine._with_retries

    def fails_after_the_first_chunk(run, *args):
        if run.rows_done:
            raise RuntimeError
        return whole(run, *args)

    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr(engine, "_with_retries", fails_after_the_first_chunk)
        natalia.post(step("undo", run), {"reason": "the wrong file"})
    run.refresh_from_db()
    return run


def test_undo_that_the_database_ends_in_the_middle_is_told_on_its_page(natalia, monkeypatch):
    """Whom it put back stands as before: nobody is told that nothing was saved, and the rest can be gone on with."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 2)
    confirm(natalia, upload(natalia, [person(number) for number in range(3)]))
    run, whole = ImportRun.objects.get(), engine._undo_chunk

    def away(run, *args):
        if run.rows_done:
            raise OperationalError
        return whole(run, *args)

    with monkeypatch.context() as broken:
        broken.setattr(engine, "_undo_chunk", away)
        response = natalia.post(step("undo", run), {"reason": "the wrong file"}, follow=True)
    assert (response.status_code, response.redirect_chain) == (200, [(page_of(run), 302)])
    assert "2 of 3 people. It was cut off." in response.content.decode()
    natalia.post(step("continue", run))
    run.refresh_from_db()
    assert (run.state, run.undone, DataSubject.objects.count()) == ("undone", 3, 0)


def go_on(client, run):
    client.post(step("continue", run))


def give_up_and_undo_again(client, run):
    client.post(step("cancel", run), {"rest": "undoing"})
    client.post(step("undo", run), {"reason": "the wrong file"})


def the_command(client, run):
    call_command(
        "undo_import", str(run.pk), operator="lapp", by="natalia", reason="the wrong file", stdout=io.StringIO()
    )


def give_up_and_the_command(client, run):
    client.post(step("cancel", run), {"rest": "undoing"})
    the_command(client, run)


@pytest.mark.parametrize("end", [go_on, give_up_and_undo_again, the_command, give_up_and_the_command])
def test_undo_that_stopped_comes_to_its_end(natalia, stopped, end):
    """By whatever way it is brought on, in the browser or by the command: everybody is put back once, for the reason given."""
    end(natalia, stopped)
    stopped.refresh_from_db()
    assert (stopped.state, stopped.undone, stopped.left, DataSubject.objects.count()) == ("undone", 3, 0, 0)
    reasons = DataSubject.history.filter(history_type="-").values_list("history_change_reason", flat=True)
    assert list(reasons) == ["the wrong file"] * 3


def test_undo_that_stopped_is_given_up(natalia, stopped):
    """Whom it had put back stays so; the page and the list of imports say how far it came, and it can be begun again."""
    text = natalia.get(page_of(stopped)).content.decode()
    assert "Go on</button>" in text and "Give up the rest</a>" in text
    asked = natalia.get(step("cancel", stopped)).content.decode()
    assert '<span class="value">2</span><span class="note">of 3</span>' in asked and "can be begun again" in asked
    assert "Giving up the rest keeps what is put back; the undo can be begun again." in text
    text = natalia.post(step("cancel", stopped), {"rest": "undoing"}, follow=True).content.decode()
    said = "whoever it had put back stays so, everybody else stands as the import left them. It can be begun again."
    assert f"The undo was given up after 2 of 3 people: {said}" in text
    assert "Undo this import" in text
    stopped.refresh_from_db()
    assert (stopped.state, stopped.undone, DataSubject.objects.count()) == ("cancelled", 2, 1)
    assert JournalEntry.objects.get(action="import.cancel").object_uid == stopped.uid
    text = natalia.get(reverse("admin:registry_importrun_changelist")).content.decode()
    assert "3\u00a0new · 2\u00a0put back" in text
    again = natalia.get(step("undo", stopped)).content.decode()
    assert '<span class="label">Put back already</span><span class="value">2</span>' in again


def test_undo_given_up_before_anybody_was_put_back(natalia, stopped):
    """What the import wrote stands whole: its page does not say that nothing of the file was written."""
    ImportRun.objects.update(rows_done=0, undone=0)
    text = natalia.post(step("cancel", stopped), {"rest": "undoing"}, follow=True).content.decode()
    assert "The undo was given up after 0 of 3 people" in text
    assert "nothing of the file was written" not in text


def test_undo_is_given_up_by_its_owner_and_the_dpo_alone(natalia, stopped, lapp, kazger, client):
    """As with an import that stopped: a colleague, an auditor and a stranger cannot."""
    for role, operator, status in (("registrar", lapp, 404), ("auditor", lapp, 403), ("dpo", kazger, 404)):
        client.force_login(factories.make_user(role, operator), backend="registry.scope.RoleBackend")
        assert "Give up the rest" not in client.get(page_of(stopped)).content.decode()
        assert client.post(step("cancel", stopped)).status_code == status
    client.force_login(factories.make_user("dpo", lapp), backend="registry.scope.RoleBackend")
    client.post(step("cancel", stopped), {"rest": "undoing"})
    assert ImportRun.objects.get().state == "cancelled"


def test_undo_says_how_many_purposes_move_back(natalia, lapp):
    """The consent of the file lacks items and took the place of one that lacked none: a purpose stopped."""
    lapp.bin = "241040012133"
    factories.save(lapp)
    subject, said = factories.make_subject(lapp, crm_id="C0000001"), COMPLETE | {"given_on": dt.date(2024, 1, 1)}
    given = factories.save(Consent(subject=subject, purpose=Purpose.objects.get(), **said))
    with unit_of_work(by=None, role="system"):
        serve(subject, given.purpose, on=timezone.localdate())
    confirm(natalia, upload(natalia, [person(1, **consent())]))
    text = natalia.get(step("undo", ImportRun.objects.get())).content.decode()
    assert re.findall(r'<span class="value">(\d+)</span>', text) == ["0", "1", "0", "1"]
    assert "Purposes move back" in text


def test_undo_says_beforehand_that_the_blocked_stay(natalia, lapp):
    """Blocked before the file came, so nobody changed them since: they are counted among those who stay, and listed."""
    subject = factories.make_subject(lapp, crm_id="C0000001")
    with unit_of_work(by=None, role="system"):
        block(subject, law=factories.make_law(), cause="other", why="said so", by=None, at=timezone.now())
    confirm(natalia, upload(natalia, b"crm_id;email_opt_out\nC0000001;yes\n"))
    run = ImportRun.objects.get()
    text = natalia.get(step("undo", run)).content.decode()
    assert re.findall(r'<span class="value">(\d+)</span>', text) == ["0", "1", "1"]
    text = natalia.post(step("undo", run), {"reason": "the wrong file"}, follow=True).content.decode()
    assert "1 person was changed since, is blocked, or opted out, and was left as is." in text
    text = natalia.get(reverse("admin:registry_importrun_list", args=[run.pk, "left"])).content.decode()
    assert "C0000001" in text and BLOCKED in text


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
    """What was only planned and given up counts for nothing; of an undone import those put back are told. What could not go on had
    written all the same."""
    common = {"operator": lapp, "file_name": "a.csv", "rows": 22000, "planned_at": timezone.now()}
    ImportRun.objects.create(**common, state="cancelled", new=21000, rejected=1000)
    ImportRun.objects.create(**common, state="cancelled", new=1500, rows_done=1500)
    ImportRun.objects.create(**common, state="expired", new=22000)
    ImportRun.objects.create(**common, state="undone", changed=2000, undone=1999, left=1)
    ImportRun.objects.create(**common, state="refused", refusal="The file is empty.")
    changed = {"rows_done": 40, "last_seq": 90, "refusal": "Purposes changed since the plan."}
    ImportRun.objects.create(**common, **changed, state="cancelled", new=40)
    ImportRun.objects.create(**common, **changed, state="undone", new=40, undone=40)
    text = natalia.get(reverse("admin:registry_importrun_changelist")).content.decode()
    found = re.findall(r'class="field-(?:by|outcome)"[^>]*>([^<]*)', text.replace("\u00a0", " "))
    assert found == [
        *("the system", "40 put back · Purposes changed since the plan."),
        *("the system", "40 new · Purposes changed since the plan."),
        *("the system", "The file is empty."),
        *("the system", "1 999 put back · 1 left as they are"),
        *("the system", "nothing was written"),
        *("the system", "1 500 new"),
        *("the system", "nothing was written"),
    ]
