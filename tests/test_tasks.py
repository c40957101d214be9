"""Steps of imports: done at once or by the worker, taken up by one process, gone on with after whatever ended it."""

import datetime as dt
import logging

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from registry import tasks
from registry.imports import apply as engine
from registry.imports import plan, progress, storage
from registry.imports.apply import cancel
from registry.imports.crm_file import CRMFile, Said
from registry.imports.inspection import FileRefused
from registry.imports.storage import AlreadyTaken
from registry.models import DataSubject, ImportRun, JournalEntry, ListedRow
from tests import factories
from tests.imports.crm import CRM, person

from .queued import ACTING, is_queued, uploaded, waiting, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def crm(lapp):
    factories.make_purpose(lapp)
    return CRM(lapp)


def heard_of(run, seconds_ago):
    ImportRun.objects.filter(pk=run.pk).update(alive_at=timezone.now() - dt.timedelta(seconds=seconds_ago))
    run.refresh_from_db()


def test_small_file_is_read_at_once_and_a_large_one_waits(crm, settings):
    """The size decides: up to the limit in the request, beyond it in the worker."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
    settings.IMPORT_BACKGROUND_BYTES = 10
    run = waiting(crm)
    assert (run.state, DBTaskResult.objects.count()) == ("planned", 0)
    settings.IMPORT_BACKGROUND_BYTES = 9
    run = waiting(crm)
    assert (run.state, run.step_role, is_queued(run), progress.waits(run)) == ("planning", "system", True, True)


def test_worker_reads_applies_and_undoes_for_whom_it_was_begun(crm, queue, lapp):
    """The journal names the user of each step, in the role they had when they took it."""
    dpo = factories.make_user("dpo", lapp)
    run = uploaded(crm)
    ImportRun.objects.filter(pk=run.pk).update(owner=dpo)
    acting = {"by": dpo, "role": "dpo"}
    tasks.begin_planning(run, Said(), **acting)
    work()
    run.refresh_from_db()
    assert (run.state, run.new, run.rejected, run.rows_done) == ("planned", 1, 1, 0)
    tasks.begin_apply(run, token=run.token, **acting, reason="July export")
    work()
    run.refresh_from_db()
    assert (run.state, run.new, run.rejected) == ("applied", 1, 1)
    tasks.begin_undo(run, **acting, reason="the wrong file")
    work()
    run.refresh_from_db()
    assert (run.state, run.undone, DataSubject.objects.count()) == ("undone", 1, 0)
    steps = (
        JournalEntry.objects.filter(run=run.pk, object_type="importrun").order_by("seq").values_list("action", "actor")
    )
    assert list(steps) == [("import.plan", dpo.pk), ("import.apply", dpo.pk), ("import.undo", dpo.pk)]
    reasons = DataSubject.history.order_by("history_id").values_list("history_change_reason", flat=True)
    assert list(reasons) == ["July export", "the wrong file"]


def test_step_and_its_place_in_the_queue_come_together(crm, queue, monkeypatch):
    """If it cannot be queued, the run is not at work: nobody would ever come to it."""

    def broken(*args):
        raise RuntimeError

    monkeypatch.setattr(type(tasks.plan_import), "enqueue", broken)
    run = uploaded(crm)
    with pytest.raises(RuntimeError):
        tasks.begin_planning(run, Said(), **ACTING)
    run.refresh_from_db()
    assert run.state == "uploaded"


def test_error_in_the_worker_keeps_no_value_anywhere(crm, queue, monkeypatch, caplog):
    """The library would keep what an error said: it never hears of one. The log has type and place."""

    def broken(self, *args, **kwargs):
        raise ValueError("anna@b.kz")

    monkeypatch.setattr(CRMFile, "chunks", broken)
    run = waiting(crm)
    with caplog.at_level(logging.ERROR):
        work()
    run.refresh_from_db()
    assert run.state == "refused"
    assert run.refusal.startswith("An error of the program stopped the reading; nothing was imported.")
    result = DBTaskResult.objects.get()
    assert (result.status, result.traceback, result.exception_class_path) == ("SUCCESSFUL", "", "")
    assert result.args_kwargs == {"args": [run.pk], "kwargs": {}}
    (record,) = (each for each in caplog.records if each.name == "registry.tasks")
    # The filter of the log has put type and place in the stead of what was said.
    assert record.getMessage().startswith(
        f"Import #{run.pk}: the step planning ended with an error. [builtins.ValueError at "
    )
    assert "anna" not in record.getMessage()
    assert not storage.file_of(run).exists()


def test_end_of_the_process_keeps_no_value_either(crm, queue, monkeypatch):
    """Told twice to end, in the middle of an error: the library keeps the traceback, and nothing of the error is in it."""

    def broken(self, *args, **kwargs):
        try:
            raise ValueError("anna@b.kz")
        except ValueError:
            raise SystemExit(1) from None

    def chained(self, *args, **kwargs):
        try:
            raise ValueError("anna@b.kz")
        except ValueError:
            raise SystemExit(1)  # noqa: B904

    for way in (broken, chained):
        monkeypatch.setattr(CRMFile, "chunks", way)
        run = waiting(crm)
        work()
        run.refresh_from_db()
        assert (run.state, run.was_cut_off, progress.was_stopped(run)) == ("planning", True, False)
    assert not any("anna" in result.traceback for result in DBTaskResult.objects.all())


def test_error_while_applying_waits_for_somebodys_word(crm, queue, monkeypatch):
    """What was begun to be written is neither given up nor tried again and again: its page says so."""
    run = waiting(crm)
    work()
    run.refresh_from_db()
    tasks.begin_apply(run, token=run.token, **ACTING)

    def broken(*args):
        raise ValueError

    with monkeypatch.context() as wrong:
        wrong.setattr(engine, "_with_retries", broken)
        work()
    run.refresh_from_db()
    assert (run.state, progress.was_stopped(run)) == ("applying", True)
    tasks.take_over_cut_off()
    assert not is_queued(run)
    tasks.go_on(run, **ACTING, here=True)
    assert (run.state, run.new) == ("applied", 1)


def test_database_that_went_away_is_no_error_of_the_import(crm, queue, monkeypatch):
    """The step is left as it stands and taken over when the database answers again."""
    run = waiting(crm)

    def gone(self, *args, **kwargs):
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as away:
        away.setattr(CRMFile, "chunks", gone)
        work()
    run.refresh_from_db()
    assert (run.state, run.was_cut_off, progress.was_stopped(run)) == ("planning", True, False)
    tasks.take_over_cut_off()
    work()
    run.refresh_from_db()
    assert run.state == "planned"


def test_refused_file_says_why_on_its_run(crm, queue):
    """In the background nobody waits for the sentence: it is kept, without what it would quote."""
    run = crm.upload("C1;Иванов\nC2;Петров\n".encode())
    tasks.begin_planning(run, Said(), **ACTING, here=False)
    work()
    run.refresh_from_db()
    assert (run.state, DBTaskResult.objects.get().status) == ("refused", "SUCCESSFUL")
    assert run.refusal.startswith("No column holds the id of the person in the CRM.")
    assert ("Иванов" in run.refusal, run.rows_done) == (False, 0)


def test_step_is_taken_up_by_one_process(crm, queue):
    """Queued twice, or begun by two: the second leaves it alone while the first is heard of."""
    run = waiting(crm)
    with progress.held(run), pytest.raises(AlreadyTaken), progress.held(ImportRun.objects.get()):
        pass
    heard_of(run, 15)
    for attempt in (tasks.perform, lambda run: tasks.go_on(run, **ACTING)):
        with pytest.raises(AlreadyTaken):
            attempt(run)
    heard_of(run, 31)
    tasks.go_on(run, **ACTING, here=True)
    assert run.state == "planned"
    work()
    run.refresh_from_db()
    assert (run.state, ListedRow.objects.count()) == ("planned", 1)


@pytest.mark.parametrize(("seconds_ago", "taken_over"), [(15, False), (31, True)])
def test_step_not_heard_of_for_half_a_minute_is_taken_over(crm, queue, seconds_ago, taken_over):
    """15 seconds may be a slow disk; after 31 its process is gone."""
    run = waiting(crm)
    DBTaskResult.objects.all().delete()
    heard_of(run, seconds_ago)
    tasks.take_over_cut_off()
    tasks.take_over_cut_off()
    assert DBTaskResult.objects.count() == taken_over


def test_step_that_waits_in_the_queue_is_not_queued_twice(crm, queue):
    """The worker is at another import for an hour: the next one keeps its one place."""
    run = waiting(crm)
    heard_of(run, 3600)
    ImportRun.objects.filter(pk=run.pk).update(step_began_at=run.alive_at)
    tasks.take_over_cut_off()
    assert DBTaskResult.objects.count() == 1


def test_step_that_is_killed_again_and_again_is_left_alone(crm, queue):
    """Ten times cut off without an error told: it would be the eleventh time, too."""
    run = waiting(crm)
    result = DBTaskResult.objects.get()
    for _each in range(tasks.MOST_CUT_OFFS):
        assert not progress.was_stopped(run)
        result.pk, result.status, result._state.adding = None, "RUNNING", True
        result.pk = DBTaskResult._meta.pk.get_default()
        result.save()
    DBTaskResult.objects.ready().delete()
    heard_of(run, 31)
    tasks.take_over_cut_off()
    run.refresh_from_db()
    assert (progress.was_stopped(run), is_queued(run)) == (True, False)


def test_reading_that_is_given_up_ends_and_leaves_nothing(crm, queue, monkeypatch):
    """Somebody presses “Stop reading”: the worker notices within a second, and no row or file stays."""
    monkeypatch.setattr(progress, "TOLD_SECONDS", 0)
    run = waiting(crm, person(1, email="x"))
    whole = plan.Findings.note

    def given_up_meanwhile(self, outcomes, columns):
        whole(self, outcomes, columns)
        cancel(ImportRun.objects.get(), **ACTING)

    monkeypatch.setattr(plan.Findings, "note", given_up_meanwhile)
    work()
    run.refresh_from_db()
    assert (run.state, run.rows_done, ListedRow.objects.count()) == ("cancelled", 0, 0)
    assert not storage.file_of(run).exists() and not storage.plan_of(run).exists()


def test_plan_is_not_kept_that_was_given_up_at_the_last_moment(crm, monkeypatch):
    """The plan is ready, but somebody was quicker: the run stays given up."""
    run = uploaded(crm)
    whole = plan.Findings.conclude

    def given_up_meanwhile(self):
        whole(self)
        cancel(ImportRun.objects.get(), **ACTING)

    monkeypatch.setattr(plan.Findings, "conclude", given_up_meanwhile)
    with pytest.raises(AlreadyTaken):
        tasks.begin_planning(run, Said(), **ACTING, here=True)
    run.refresh_from_db()
    assert (run.state, ListedRow.objects.count(), storage.plan_of(run).exists()) == ("cancelled", 0, False)


def test_reading_that_is_given_up_once_all_rows_are_read_ends_as_given_up(crm, queue, monkeypatch, caplog):
    """What is read of the file once more is gone with it: that is no error of the program, and no row stays."""
    run = waiting(crm, person(1, email="x"))
    whole = plan.Findings.conclude

    def given_up_meanwhile(self):
        cancel(ImportRun.objects.get(), **ACTING)
        whole(self)

    monkeypatch.setattr(plan.Findings, "conclude", given_up_meanwhile)
    work()
    run.refresh_from_db()
    assert (run.state, ListedRow.objects.count(), storage.plan_of(run).exists()) == ("cancelled", 0, False)
    assert "ended with an error" not in caplog.text


def test_process_that_wakes_after_another_took_over_lists_no_row_twice(crm, queue, monkeypatch):
    """It slept for minutes in the middle of the file: what it had still to list is listed by the other one."""
    run = waiting(crm, person(1, email="x"))
    whole = plan.Findings.note

    def slept(self, outcomes, columns):
        ImportRun.objects.update(**dict.fromkeys(("step_began_at", "alive_at"), timezone.now()))
        whole(self, outcomes, columns)

    with monkeypatch.context() as slow:
        slow.setattr(plan.Findings, "note", slept)
        work()
    assert not ListedRow.objects.exists()
    tasks.perform(ImportRun.objects.get())
    run.refresh_from_db()
    assert (run.state, ListedRow.objects.count()) == ("planned", 1)


def test_worker_told_to_end_leaves_the_step_for_the_next(crm, queue, monkeypatch):
    """It stops after its chunk; the next worker does not wait half a minute."""
    run = waiting(crm)
    progress.STOPPING.set()
    try:
        work()
    finally:
        progress.STOPPING.clear()
    run.refresh_from_db()
    assert (run.state, run.was_cut_off) == ("planning", True)
    tasks.take_over_cut_off()
    work()
    run.refresh_from_db()
    assert run.state == "planned"


def test_file_at_work_is_never_deleted(crm, queue):
    """Waiting in the queue for longer than an hour is still being at work; a plan expires an hour after it is ready."""
    run = waiting(crm)
    storage.purge_expired(timezone.now() + dt.timedelta(hours=2))
    run.refresh_from_db()
    assert (run.state, storage.file_of(run).exists()) == ("planning", True)
    work()
    storage.purge_expired(timezone.now() + dt.timedelta(minutes=59))
    assert storage.file_of(run).exists()
    storage.purge_expired(timezone.now() + dt.timedelta(minutes=61))
    run.refresh_from_db()
    assert (run.state, storage.file_of(run).exists()) == ("expired", False)


def test_file_that_is_gone_refuses_the_reading(crm, queue):
    """Somebody cleaned up the folder: a sentence, not an error."""
    run = waiting(crm)
    storage.file_of(run).unlink()
    with pytest.raises(FileRefused, match="The file of this import has been deleted. Upload it again."):
        tasks.perform(run)
    assert ImportRun.objects.get().state == "refused"


def test_old_results_are_forgotten(crm, queue):
    """The journal says what was done; the library's notes go after two weeks, what waits stays."""
    waiting(crm)
    DBTaskResult.objects.update(enqueued_at=timezone.now() - dt.timedelta(days=15))
    tasks.forget_old_results()
    assert DBTaskResult.objects.count() == 1
    work()
    tasks.forget_old_results()
    assert DBTaskResult.objects.count() == 0


@pytest.mark.parametrize("rights", ["deactivated", "other role"])
def test_step_of_somebody_who_may_no_longer_import_waits(crm, queue, lapp, rights):
    """Whoever lost the right between their word and the worker's turn imports nothing: the step waits for somebody else's word."""
    registrar = factories.make_user("registrar", lapp)
    run = uploaded(crm)
    ImportRun.objects.filter(pk=run.pk).update(owner=registrar)
    run.refresh_from_db()
    tasks.begin_planning(run, Said(), by=registrar, role="registrar")
    if rights == "deactivated":
        registrar.is_active = False
        registrar.save()
    else:
        membership = registrar.memberships.get()
        membership.role = "auditor"
        factories.save(membership)
    work()
    run.refresh_from_db()
    assert (run.state, progress.was_stopped(run)) == ("planning", True)
