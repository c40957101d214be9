"""Steps of imports: done at once or by the worker, taken up by one process, gone on with after whatever ended it."""

import datetime as dt
import logging

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from registry import journal, tasks
from registry.imports import apply as engine
from registry.imports import plan, progress, report, storage
from registry.imports.apply import cancel
from registry.imports.crm_file import CRMFile, Said
from registry.imports.inspection import FileRefused
from registry.imports.storage import AlreadyTaken
from registry.management.commands.worker import Worker
from registry.models import DataSubject, ImportRun, JournalEntry, ListedRow
from tests import factories
from tests.imports.crm import CRM, person

pytestmark = pytest.mark.django_db
ACTING = {"by": None, "role": "system"}


@pytest.fixture
def crm(lapp):
    factories.make_purpose(lapp)
    return CRM(lapp)


@pytest.fixture
def queue(settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
    settings.IMPORT_BACKGROUND_BYTES = 0


def uploaded(crm, *rows):
    run = crm.upload(list(rows) or [person(1), person(2, email="x")])
    ImportRun.objects.filter(pk=run.pk).update(file_size=10)
    run.refresh_from_db()
    return run


def waiting(crm, *rows):
    run = uploaded(crm, *rows)
    tasks.begin_planning(run, Said(), **ACTING)
    return run


def work():
    """Does what is queued, as the worker does it."""
    worker = Worker()
    for result in DBTaskResult.objects.ready():
        result.claim(worker.worker_id)
        worker.run_task(result)


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
    assert (run.state, run.step_role, tasks.is_queued(run), progress.waits(run)) == ("planning", "system", True, True)


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
    assert not tasks.is_queued(run)
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


def test_plan_that_was_written_and_not_committed_is_made_again(crm, queue, monkeypatch):
    """The process ends between the two: whoever goes on finds all that was said of the file."""
    run = waiting(crm)

    def gone(run):
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as away:
        away.setattr(storage, "keep_planned", gone)
        work()
    tasks.take_over_cut_off()
    work()
    run.refresh_from_db()
    assert (run.state, run.new) == ("planned", 1)


@pytest.mark.parametrize("at", ["the plan's file", "the journal"])
def test_error_at_the_end_of_the_reading_refuses_the_file(crm, queue, monkeypatch, at):
    """The run does not count as planned before it is: it is refused like after every other error, not read again and again."""
    run, record = waiting(crm), journal.record

    def broken(*args, **kwargs):
        raise ValueError

    def unless_planned(action, **kwargs):
        return broken() if action == "import.plan" else record(action, **kwargs)

    if at == "the journal":
        monkeypatch.setattr(journal, "record", unless_planned)
    else:
        monkeypatch.setattr(storage, "write_plan", broken)
    work()
    run.refresh_from_db()
    assert (run.state, run.refusal) == ("refused", str(report.PROGRAM_ERROR))
    assert not storage.file_of(run).exists()


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
    heard_of(run, 29)
    for attempt in (tasks.perform, lambda run: tasks.go_on(run, **ACTING)):
        with pytest.raises(AlreadyTaken):
            attempt(run)
    heard_of(run, 31)
    tasks.go_on(run, **ACTING, here=True)
    assert run.state == "planned"
    work()
    run.refresh_from_db()
    assert (run.state, ListedRow.objects.count()) == ("planned", 1)


@pytest.mark.parametrize(("seconds_ago", "taken_over"), [(29, False), (31, True)])
def test_step_not_heard_of_for_half_a_minute_is_taken_over(crm, queue, seconds_ago, taken_over):
    """29 seconds may be a slow disk; after 31 its process is gone."""
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
    assert (progress.was_stopped(run), tasks.is_queued(run)) == (True, False)


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


def test_worker_told_to_end_leaves_the_step_for_the_next(crm, queue, monkeypatch):
    """It stops after its chunk; the next worker does not wait half a minute."""
    run = waiting(crm)
    progress.STOPPING.set()
    work()
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


@pytest.mark.parametrize(
    ("gone_on", "minutes", "state"),
    [(False, 59, "planning"), (False, 61, "expired"), (True, 59, "planning")],
)
def test_file_of_a_stopped_reading_waits_an_hour(crm, queue, monkeypatch, gone_on, minutes, state):
    """Ctrl+C, and nobody said anything more of it: it goes like every file that waits, unless somebody goes on meanwhile."""

    def interrupted(self, outcomes, columns):
        raise KeyboardInterrupt

    run = uploaded(crm)
    with monkeypatch.context() as stopped, pytest.raises(KeyboardInterrupt):
        stopped.setattr(plan.Findings, "note", interrupted)
        tasks.begin_planning(run, Said(), **ACTING, here=True)
    storage.purge_expired(timezone.now() + dt.timedelta(minutes=minutes))
    run.refresh_from_db()
    assert (run.state, storage.file_of(run).exists()) == (state, state == "planning")
    if gone_on:
        tasks.go_on(run, **ACTING, here=False)
        storage.purge_expired(timezone.now() + dt.timedelta(hours=2))
        work()
        run.refresh_from_db()
        assert run.state == "planned"


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


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((0, 1_000_000, 0), "0 of 1 000 000 rows"),
        ((12_400, 1_000_000, 2), "12 400 of 1 000 000 rows, 6 200 a second, 3 min left"),
        ((999_000, 1_000_000, 100), "999 000 of 1 000 000 rows, 9 990 a second, 1 s left"),
        ((1_000_000, 1_000_000, 100), "1 000 000 of 1 000 000 rows, 10 000 a second"),
        ((7_200, 1_000_000, 3_600), "7 200 of 1 000 000 rows, 2 a second, 137 h 53 min left"),
        ((11, 10, 1), "11 of 11 rows, 11 a second"),
        ((1, 1, 1), "1 of 1 row, 1 a second"),
    ],
)
def test_progress_in_words(given, said):
    """Rows, rate, time left; line breaks inside cells and the like never make it more than all."""
    assert progress.in_words(*given).replace("\u00a0", " ") == said


def test_rate_after_going_on_is_that_of_now():
    """What was done before the kill counts as done, not as fast."""
    text = progress.in_words(5_500, 10_000, 5, before=5_000, people=True).replace("\u00a0", " ")
    assert text == "5 500 of 10 000 people, 100 a second, 45 s left"
    assert progress.in_words(0, 1, 0, people=True) == "0 of 1 person"


@pytest.mark.parametrize(
    ("content", "rows"), [(b"a;b\n1;2\n3;4\n", 2), (b"a\r\n1\r\n2\r\n3", 2), (b"a\r1\r2\r", 2), (b"", 1), (b"a", 1)]
)
def test_expected_rows_are_the_line_ends(tmp_path, content, rows):
    """About as many rows as line ends; never none, for something is to be divided by it."""
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    assert progress.expected_rows(file) == rows


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
