"""An import that was cut off: who may go on with it or give up its rest, and what its page says."""

import errno

import pytest
from django.db import OperationalError, connection

from registry import tasks
from registry.imports import apply as engine
from registry.imports import crm_file, planned_rows, storage
from registry.imports.apply import AlreadyTaken, cancel
from registry.journal import JournalUnavailable
from registry.models import DataSubject, ImportRun, JournalEntry
from tests import factories
from tests.imports.crm import person

from .import_pages import confirm, page_of, step, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def login(client):
    def as_user(user):
        client.force_login(user, backend="registry.scope.RoleBackend")
        return client

    return as_user


@pytest.fixture
def registrar(lapp):
    factories.make_purpose(lapp)
    return factories.make_user("registrar", lapp, username="aigul")


@pytest.fixture
def cut_off(login, registrar, monkeypatch):
    """The registrar's import of five people, of which the first chunk of two was applied before the process died."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 2)
    client = login(registrar)
    response = upload(client, [person(number) for number in range(4)] + [person(9, email="x")])
    whole = engine._with_retries

    def crash_after_the_first_chunk(run, *args):
        if run.rows_done:
            raise KeyboardInterrupt
        return whole(run, *args)

    with monkeypatch.context() as broken:
        broken.setattr(engine, "_with_retries", crash_after_the_first_chunk)
        with pytest.raises(KeyboardInterrupt):
            confirm(client, response, reason="July export")
    return ImportRun.objects.get()


def test_cut_off_import_is_continued_by_its_owner(cut_off, login, registrar):
    """The run's page offers to go on; the rest is applied, nothing twice, for the reason that was confirmed."""
    client = login(registrar)
    assert "2 of 5 rows. It stopped" in client.get(page_of(cut_off)).content.decode()
    client.post(step("continue", cut_off))
    cut_off.refresh_from_db()
    assert (cut_off.state, cut_off.new, DataSubject.history.count()) == ("applied", 4, 4)
    assert set(DataSubject.history.values_list("history_change_reason", flat=True)) == {"July export"}


FAILURES = [
    (OperationalError("asem1@example.kz"), "It was cut off.", "The database refused the work: OperationalError"),
    (JournalUnavailable("DatabaseError"), "It stopped", "The database refused the work: JournalUnavailable"),
    (OSError(errno.ENOSPC, "No space left"), "It stopped", "The disk is full: ENOSPC"),
]


def failing(monkeypatch, failure, *, after=1):
    """Has every chunk fail once so many rows are done."""

    def fails(run, *args):
        if run.rows_done >= after:
            raise failure
        return whole(run, *args)

    whole = engine._write
    monkeypatch.setattr(engine, "_write", fails)


@pytest.mark.parametrize(("failure", "sentence", "logged"), FAILURES)
def test_database_that_fails_in_the_middle_is_told_on_the_page_of_the_import(
    login, registrar, monkeypatch, caplog, failure, sentence, logged
):
    """What was written stays written: nobody is told that it was not saved, and the rest can be gone on with."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 2)
    client = login(registrar)
    response = upload(client, [person(number) for number in range(5)])
    with monkeypatch.context() as broken:
        failing(broken, failure)
        response = confirm(client, response, follow=True)
    run = ImportRun.objects.get()
    assert (response.status_code, response.redirect_chain) == (200, [(page_of(run), 302)])
    assert f"2 of 5 rows. {sentence}" in response.content.decode()
    assert f"Import #{run.pk} was cut off. {logged}" in caplog.text and "asem1" not in caplog.text
    client.post(step("continue", run))
    assert (ImportRun.objects.get().state, DataSubject.objects.count()) == ("applied", 5)


@pytest.mark.parametrize(("failure", "sentence", "logged"), FAILURES)
def test_database_that_fails_again_is_told_on_the_page_of_the_import(
    cut_off, login, registrar, monkeypatch, failure, sentence, logged
):
    """“Go on” is a step as every other one is."""
    client = login(registrar)
    with monkeypatch.context() as broken:
        failing(broken, failure, after=4)
        response = client.post(step("continue", cut_off), follow=True)
    assert f"4 of 5 rows. {sentence}" in response.content.decode()


def test_failure_before_an_import_is_begun_says_that_nothing_was_saved(login, registrar, monkeypatch):
    """The plan waits as it was: what somebody was doing is to be done again."""
    client = login(registrar)
    response = upload(client, [person(1)])

    def away(run, **said):
        raise OperationalError

    monkeypatch.setattr(tasks.applying, "take", away)
    response = confirm(client, response)
    assert (response.status_code, ImportRun.objects.get().state) == (503, "planned")
    assert "what you were doing was not saved" in response.content.decode()


def test_import_that_cannot_be_read_after_a_failure_has_no_page(login, registrar, monkeypatch):
    """The database stays away: nothing is shown of the import, and nothing made up."""
    client = login(registrar)
    response = upload(client, [person(1)])

    def away(run, *args):
        monkeypatch.setattr(ImportRun, "refresh_from_db", away)
        raise OperationalError

    monkeypatch.setattr(engine, "_write", away)
    assert confirm(client, response).status_code == 503


def test_cut_off_import_is_continued_by_any_dpo(cut_off, login, lapp, registrar):
    """The registrar has left: the DPO goes on, and the journal names the DPO for the rest."""
    registrar.is_active = False
    registrar.save()
    dpo = factories.make_user("dpo", lapp)
    client = login(dpo)
    assert "Give up the rest" in client.get(page_of(cut_off)).content.decode()
    client.post(step("continue", cut_off))
    cut_off.refresh_from_db()
    assert (cut_off.state, cut_off.owner, cut_off.new) == ("applied", registrar, 4)
    actors = JournalEntry.objects.filter(object_type="datasubject").order_by("seq").values_list("actor", flat=True)
    assert list(actors) == [registrar.pk] * 2 + [dpo.pk] * 2
    assert JournalEntry.objects.get(action="import.apply").actor == dpo.pk


@pytest.mark.parametrize(
    ("refusal", "advised"), [("", True), (str(storage.FORGOTTEN), True), ("A later file was imported since.", False)]
)
def test_rest_is_to_be_imported_anew_unless_what_ended_it_says_otherwise(cut_off, login, registrar, refusal, advised):
    cancel(cut_off, by=registrar, role="registrar")
    ImportRun.objects.update(refusal=refusal)
    page = login(registrar).get(page_of(cut_off)).content.decode()
    assert "Given up after 2 of 5 rows" in page and refusal in page
    assert ("Import the file anew to take it in." in page) == advised


@pytest.mark.parametrize("role", ["owner", "dpo"])
def test_rest_of_a_cut_off_import_is_given_up(cut_off, login, lapp, registrar, role):
    """What was applied stays and is said; the file is gone; the journal names who gave it up; the run is at rest."""
    user = registrar if role == "owner" else factories.make_user("dpo", lapp)
    client = login(user)
    assert f'href="{step("cancel", cut_off)}">Give up the rest</a>' in client.get(page_of(cut_off)).content.decode()
    asked = client.get(step("cancel", cut_off)).content.decode()
    assert '<span class="value">2</span><span class="note">of 5</span>' in asked
    assert '<span class="value">3</span>' in asked and 'type="submit" class="button danger">Give up the rest<' in asked
    cut_off.refresh_from_db()
    assert cut_off.state == "applying"
    response = client.post(step("cancel", cut_off), {"rest": "applying"}, follow=True)
    assert "Given up after 2 of 5 rows: what was applied stays in the register" in response.content.decode()
    cut_off.refresh_from_db()
    assert (cut_off.state, DataSubject.objects.count(), storage.file_of(cut_off).exists()) == ("cancelled", 2, False)
    entry = JournalEntry.objects.get(action="import.cancel")
    assert (entry.actor, entry.object_uid) == (user.pk, cut_off.uid)
    assert client.post(step("continue", cut_off)).status_code == 400


@pytest.mark.parametrize(
    ("role", "operator", "status"), [("registrar", "lapp", 404), ("auditor", "lapp", 403), ("dpo", "kazger", 404)]
)
def test_others_neither_continue_nor_give_up(cut_off, login, lapp, kazger, role, operator, status):
    """Another registrar, an auditor, the DPO of another operator: the run is none of theirs."""
    client = login(factories.make_user(role, {"lapp": lapp, "kazger": kazger}[operator]))
    assert "Give up the rest" not in client.get(page_of(cut_off)).content.decode()
    for name in ("continue", "cancel"):
        assert client.post(step(name, cut_off)).status_code == status
    cut_off.refresh_from_db()
    assert (cut_off.state, cut_off.rows_done) == ("applying", 2)


def test_plan_of_a_colleague_is_not_given_up(login, lapp, registrar):
    """A plan is its owner's alone, the DPO's neither: it is gone in an hour by itself."""
    upload(login(registrar), [person(1)])
    run = ImportRun.objects.get()
    assert login(factories.make_user("dpo", lapp)).post(step("cancel", run)).status_code == 400
    run.refresh_from_db()
    assert run.state == "planned"


def test_confirmation_overtaken_by_another_process_is_a_sentence(login, registrar, monkeypatch):
    """Somebody pressed “Go on” while the first was still at work: the first is told, not shown an error page."""
    client = login(registrar)
    response = upload(client, [person(1)])

    def overtaken(run, *args):
        raise AlreadyTaken

    monkeypatch.setattr(engine, "_with_retries", overtaken)
    run = ImportRun.objects.get()
    answers = [confirm(client, response), client.post(step("continue", run))]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert "This import was confirmed before" in answers[0].content.decode()
    assert "Another process is at this import, or ended it." in answers[1].content.decode()
    codes = [entry.body.partition('"reason_code":"')[2].partition('"')[0] for entry in refusals(run)]
    assert codes == ["confirmed", "taken"]


def refusals(run):
    return JournalEntry.objects.filter(action="refused", object_uid=run.uid).order_by("seq")


def test_import_that_is_given_up_as_it_begins_is_told_so(login, registrar, monkeypatch):
    """Confirmed here and given up in another tab before the file was opened: a sentence, and nothing is applied."""
    client = login(registrar)
    plan_shown = upload(client, [person(1)])
    whole = planned_rows.CRMFile

    def given_up_meanwhile(*args, **kwargs):
        cancel(ImportRun.objects.get(), by=registrar, role="registrar")
        return whole(*args, **kwargs)

    monkeypatch.setattr(planned_rows, "CRMFile", given_up_meanwhile)
    response = confirm(client, plan_shown)
    assert response.status_code == 400
    assert "This import was given up. Its page says what had been applied by then." in response.content.decode()
    assert (ImportRun.objects.get().state, DataSubject.objects.count()) == ("cancelled", 0)


def test_import_whose_file_is_lost_halfway_ends_there_and_says_why(cut_off, login, registrar, monkeypatch):
    """The file goes from the disk while it is read: what is applied stays, and the run is not left for others to try again."""
    whole = planned_rows.PlannedRows.chunks

    def lost_meanwhile(self, skip):
        storage.discard(self.run)
        return whole(self, skip)

    monkeypatch.setattr(planned_rows.PlannedRows, "chunks", lost_meanwhile)
    response = login(registrar).post(step("continue", cut_off), follow=True)
    assert "The file of this import has been deleted. Upload it again." in response.content.decode()
    cut_off.refresh_from_db()
    assert (cut_off.state, cut_off.rows_done, DataSubject.objects.count()) == ("cancelled", 2, 2)
