"""The worker as a process: long imports are done by it, and whatever ends it in the middle, they are done once."""

import datetime as dt
import shutil
import signal
import subprocess

import pytest
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from registry import tasks
from registry.imports import crm_file, storage
from registry.imports.crm_file import Said
from registry.models import Consent, DataSubject, ImportRun, ImportSource, JournalEntry, ListedRow
from tests import factories, worker_process
from tests.imports.crm import CRM, consent, person

pytestmark = pytest.mark.django_db(transaction=True)
ACTING = {"by": None, "role": "system"}
PEOPLE = 40


@pytest.fixture(autouse=True)
def in_the_background(settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
    settings.IMPORT_BACKGROUND_BYTES = 0


@pytest.fixture
def crm():
    lapp = factories.make_operator("lapp", name_en="Lapp Kazakhstan LLP")
    factories.make_purpose(lapp)
    return CRM(lapp)


@pytest.fixture
def workers():
    """Starts workers; none outlives its test."""
    started = []

    def start(**speed):
        started.append(worker_process.start(**speed))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def planning(crm):
    """A file of forty people and two rows with faults that waits for a worker."""
    rows = [person(number, **consent()) for number in range(PEOPLE)]
    rows += [person(90, email="x"), person(91, email="y")]
    run = crm.upload(rows)
    ImportRun.objects.filter(pk=run.pk).update(file_size=1)
    run.refresh_from_db()
    tasks.begin_planning(run, Said(), **ACTING)
    return run


def applying(crm):
    run = planning(crm)
    tasks.perform(run)
    run.refresh_from_db()
    DBTaskResult.objects.all().delete()
    tasks.begin_apply(run, token=run.token, **ACTING, reason="July export")
    return run


def undoing(crm):
    run = applying(crm)
    tasks.perform(run)
    run.refresh_from_db()
    DBTaskResult.objects.all().delete()
    tasks.begin_undo(run, **ACTING, reason="the wrong file")
    return run


def state_of(run):
    run.refresh_from_db()
    return run.state


def done_of(run):
    run.refresh_from_db()
    return run.rows_done


def as_if_uninterrupted(run, state):
    run.refresh_from_db()
    assert (run.state, run.rows, run.rejected) == (state, PEOPLE + 2, 2)
    assert ListedRow.objects.filter(run=run, kind="rejected").count() == 2
    people = {"planned": 0, "applied": PEOPLE, "undone": 0}[state]
    assert (DataSubject.objects.count(), Consent.objects.count()) == (people, people)
    rows = {"planned": 0, "applied": PEOPLE, "undone": 2 * PEOPLE}[state]
    assert (DataSubject.history.count(), Consent.history.count()) == (rows, rows)
    assert JournalEntry.objects.filter(run=run.pk, history_id__isnull=False).count() == 2 * rows


@pytest.mark.parametrize(
    ("begin", "state"),
    [(planning, "planned"), (applying, "applied"), (undoing, "undone")],
    ids=["planning", "applying", "undoing"],
)
def test_step_whose_worker_was_killed_is_finished_by_the_next(crm, workers, monkeypatch, begin, state):
    """kill -9 in the middle of reading, applying, undoing: a new worker goes on, nothing is lost and nothing done twice."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 2)
    run = begin(crm)
    slow = workers(pause=0.2)
    worker_process.until(lambda: 0 < done_of(run) < PEOPLE, slow)
    slow.kill()
    slow.wait()
    assert run.is_at_work
    quick = workers()
    worker_process.until(lambda: state_of(run) == state, quick)
    as_if_uninterrupted(run, state)


@pytest.fixture
def reports(settings):
    """What the worker's process mails, and none before it: without a mail server it lies in files."""
    shutil.rmtree(settings.EMAIL_FILE_PATH, ignore_errors=True)
    return lambda: [path.read_text(encoding="utf-8") for path in settings.EMAIL_FILE_PATH.glob("*.log")]


def test_worker_that_finishes_a_scheduled_import_mails_its_report_once(crm, workers, reports):
    """The command was killed, and so was the worker that took over: the next one finishes it and tells the mailbox."""
    run = applying(crm)
    source = factories.save(ImportSource(operator=crm.operator, name="Bitrix24", report_to="crm@lapp.kz"))
    ImportRun.objects.filter(pk=run.pk).update(source=source)
    storage.owe_report(run)
    slow = workers(pause=0.2)
    worker_process.until(lambda: 0 < done_of(run) < PEOPLE, slow)
    slow.kill()
    slow.wait()
    assert not reports()
    quick = workers()
    worker_process.until(lambda: state_of(run) == "applied" and run.reported_at, quick)
    as_if_uninterrupted(run, "applied")
    (report,) = reports()
    assert f"Subject: CRM import #{run.pk}: applied" in report
    assert "new: 40" in report and "To: crm@lapp.kz" in report


def test_worker_told_to_end_stops_after_its_chunk(crm, workers):
    """SIGTERM does not wait for a million rows: the chunk is finished, the rest is the next worker's."""
    run = applying(crm)
    slow = workers(pause=0.2)
    worker_process.until(lambda: 0 < done_of(run) < PEOPLE, slow)
    slow.send_signal(signal.SIGTERM)
    assert slow.wait(10) == 0
    run.refresh_from_db()
    assert run.was_cut_off and 0 < run.rows_done < PEOPLE
    worker_process.until(lambda: state_of(run) == "applied", workers(cut_off=3600))
    as_if_uninterrupted(run, "applied")


def test_idle_worker_ends_at_once(crm, workers):
    """Nothing to do, nothing to wait for."""
    tasks.plan_import.enqueue(0)
    long_ago = timezone.now() - dt.timedelta(days=15)
    DBTaskResult.objects.update(status="SUCCESSFUL", enqueued_at=long_ago)
    idle = workers()
    worker_process.until(lambda: not DBTaskResult.objects.exists(), idle)  # forgotten by a worker that is up
    with pytest.raises(subprocess.TimeoutExpired):
        idle.wait(1)
    idle.terminate()
    assert idle.wait(5) == 0


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server that could go away")
def test_worker_survives_a_database_that_goes_away(crm, workers):
    """The server drops every connection in the middle of a chunk: the same worker comes back and finishes."""
    run = applying(crm)
    slow = workers(pause=0.1)
    worker_process.until(lambda: 0 < done_of(run) < PEOPLE, slow)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    worker_process.until(lambda: state_of(run) == "applied", slow)
    as_if_uninterrupted(run, "applied")
