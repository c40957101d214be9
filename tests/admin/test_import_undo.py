"""The page of an import afterwards: its preview again, its undoing, its look in every state."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.models import DataSubject, ImportRun, JournalEntry
from tests import factories
from tests.imports.crm import person

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
