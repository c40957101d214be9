"""Files that the worker reads: what becomes of a reading that broke off at its end, or that somebody stopped."""

import datetime as dt

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from registry import journal, tasks
from registry.imports import plan, report, storage
from registry.imports.crm_file import Said
from registry.models import ImportRun
from tests import factories
from tests.queued import ACTING, uploaded, waiting, work

from .crm import CRM, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def crm(lapp):
    factories.make_purpose(lapp)
    return CRM(lapp)


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


def test_file_that_nobody_reads_waits_a_day(crm, queue):
    """No worker runs, and nobody has the file read in the browser: it does not lie there for ever."""
    run = waiting(crm, person(1))
    storage.purge_expired(run.alive_at + dt.timedelta(hours=23, minutes=59))
    assert storage.file_of(run).exists()
    storage.purge_expired(run.alive_at + dt.timedelta(hours=24))
    run.refresh_from_db()
    assert (run.state, storage.file_of(run).exists(), storage.plan_of(run).exists()) == ("expired", False, False)
    work()
    run.refresh_from_db()
    assert run.state == "expired"


@pytest.mark.parametrize(
    ("hours_since_heard_of", "state"), [(0, "planning"), (23, "planning"), (25, "expired"), (None, "expired")]
)
def test_reading_goes_a_day_after_it_was_heard_of(crm, queue, hours_since_heard_of, state):
    """However long ago it began: while somebody reads the file it stays; whoever had it and is gone for a day comes no more."""
    run, now = waiting(crm), timezone.now()
    alive_at = None if hours_since_heard_of is None else now - dt.timedelta(hours=hours_since_heard_of)
    ImportRun.objects.update(step_began_at=now - dt.timedelta(days=3), alive_at=alive_at)
    storage.purge_expired(now)
    run.refresh_from_db()
    assert (run.state, storage.file_of(run).exists()) == (state, state == "planning")


def test_reading_taken_up_while_purging_goes_on(crm, queue):
    """The worker comes to the file in the very moment its day ends: it reads on."""
    run, taken = waiting(crm), []

    def take_first(execute, sql, params, many, context):
        if not taken and not sql.startswith("SELECT"):
            taken.append(sql)
            ImportRun.objects.filter(pk=run.pk).update(alive_at=timezone.now())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(take_first):
        storage.purge_expired(timezone.now() + dt.timedelta(days=1))
    run.refresh_from_db()
    assert taken
    assert (run.state, storage.file_of(run).exists()) == ("planning", True)
