"""An import beside officers and beside itself. Each rule holds on both databases; SQLite has one writer at a time by nature."""

import datetime as dt
import threading
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection

from registry.imports import crm_file
from registry.imports.apply import AlreadyTaken, apply, cancel, take
from registry.imports.inspection import FileRefused
from registry.journal import unit, unit_of_work
from registry.models import Consent, DataSubject, ImportRun, JournalEntry, ListedRow, Purpose
from tests import factories
from tests.awaited import until_awaited

from .crm import CRM, consent, person


@pytest.fixture
def crm():
    lapp = factories.make_operator("lapp", name_en="Lapp Kazakhstan LLP")
    factories.make_purpose(lapp)
    return CRM(lapp)


@pytest.fixture
def begun(crm, monkeypatch):
    """A run of five people, cut off after the first chunk of two; with it the run as its second applier had read it before."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 2)
    run = crm.plan([person(number) for number in range(5)])
    taken = take(run, token=run.token, by=None)
    read_before = ImportRun.objects.get(pk=run.pk)

    def crash(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(taken, **crm.acting, progress=crash)
    return ImportRun.objects.get(pk=run.pk), read_before


@contextmanager
def an_officer_meanwhile(act):
    """Has the act done in a transaction of its own, which ends only when what is done in the block waits for it."""
    done = threading.Event()

    def work():
        try:
            with unit_of_work(by=7, role="dpo", operator="lapp"):
                act()
                done.set()
                until_awaited()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert done.wait(10)
        yield
    finally:
        thread.join()


def change_the_phone():
    subject = DataSubject.objects.select_for_update().get(crm_id="C0000001")
    subject.phone = "+77050000003"
    subject.save()


def record_a_consent():
    """As the form does: the person is locked, then the consent is added."""
    subject = DataSubject.objects.select_for_update().get(crm_id="C0000001")
    Consent(subject=subject, purpose=Purpose.objects.get(), given_on=dt.date(2025, 6, 1)).save()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("stored", "act"),
    [
        (consent(consent_expires_on=""), change_the_phone),
        (consent(consent_expires_on=""), record_a_consent),
        ({}, record_a_consent),
    ],
)
def test_change_that_is_not_committed_yet_is_not_overwritten(crm, stored, act):
    """An officer is in the middle of a change when the import comes to that person: it waits, sees, and leaves the row.

    On PostgreSQL the locks see to that; SQLite lets the import's transaction begin only when the officer's has ended.
    """
    crm.load([person(1, **stored)])
    run = crm.plan([person(1, **consent(consent_given_on="01.03.2025", consent_expires_on="")), person(2)])
    with an_officer_meanwhile(act):
        crm.apply(run)
    assert crm.counts(run) == {"new": 1, "stopped": 1}
    assert JournalEntry.objects.filter(run=run.pk, object_type="consent").count() == 0
    assert Consent.objects.in_force(dt.date(2025, 7, 1)).count() == 1
    assert JournalEntry.objects.filter(actor=7).exists()


@pytest.mark.django_db(transaction=True)
def test_two_appliers_of_one_run_at_the_same_time_apply_it_once(crm, monkeypatch):
    """Two processes go on with one run: one of them does it, the other is told; every row is in once."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 2)
    run = crm.plan([person(number, **consent()) for number in range(12)] + [person(90, email="x")])
    take(run, token=run.token, by=None)
    start, outcomes = threading.Barrier(2), []

    def work():
        try:
            mine = ImportRun.objects.get(pk=run.pk)
            start.wait(10)
            apply(mine, **crm.acting)
            outcomes.append("applied")
        except (AlreadyTaken, FileRefused) as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.refresh_from_db()
    assert sorted(outcomes) == ["AlreadyTaken", "applied"]
    assert (run.state, run.rows_done, crm.counts(run)) == ("applied", 13, {"new": 12, "rejected": 1})
    assert (DataSubject.history.count(), Consent.history.count(), ListedRow.objects.count()) == (12, 12, 1)


@pytest.mark.django_db
def test_second_applier_that_read_the_run_earlier_yields(crm, begun):
    """The run is still being applied, and further than the second one knows: its chunk is undone and not counted."""
    run, read_before = begun
    with pytest.raises(AlreadyTaken):
        apply(read_before, **crm.acting)
    run.refresh_from_db()
    assert (run.state, run.rows_done, crm.counts(run)) == ("applying", 2, {"new": 2})
    assert (DataSubject.objects.count(), ListedRow.objects.count()) == (2, 0)


@pytest.mark.django_db
def test_second_applier_that_finds_the_file_gone_ends_nothing(crm, begun):
    """The first one finished and deleted the file: the second has no right to call the run refused."""
    run, read_before = begun
    apply(run, **crm.acting)
    with pytest.raises(AlreadyTaken):
        apply(read_before, **crm.acting)
    run.refresh_from_db()
    assert (run.state, run.refusal, crm.counts(run)) == ("applied", "", {"new": 5})


@pytest.mark.django_db
def test_run_cancelled_while_applied_stops_at_the_next_chunk(crm, begun):
    """Who gives up the rest stops also a process that is still at work; what was applied stays, and the counts say it."""
    run, _read_before = begun

    def cancelled_by_somebody(done):
        cancel(ImportRun.objects.get(pk=run.pk), **crm.acting)

    with pytest.raises(AlreadyTaken):
        apply(ImportRun.objects.get(pk=run.pk), **crm.acting, progress=cancelled_by_somebody)
    run.refresh_from_db()
    assert (run.state, run.rows_done, crm.counts(run), DataSubject.objects.count()) == ("cancelled", 4, {"new": 4}, 4)
    entry = JournalEntry.objects.latest("seq")
    assert (entry.action, entry.object_uid, '"count":4' in entry.body) == ("import.cancel", run.uid, True)


@pytest.mark.django_db
def test_finished_run_cannot_be_cancelled(crm, begun):
    """Cancelling a run that has just come to its end changes nothing of it."""
    run, _read_before = begun
    apply(ImportRun.objects.get(pk=run.pk), **crm.acting)
    with pytest.raises(AlreadyTaken):
        cancel(run, **crm.acting)
    assert ImportRun.objects.get(pk=run.pk).state == "applied"


@pytest.mark.django_db
def test_reason_confirmed_is_the_reason_of_the_whole_run(crm, monkeypatch):
    """After a crash whoever goes on has no reason to give: the one confirmed with the plan holds."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 2)
    run = crm.plan([person(number) for number in range(5)])
    take(run, token=run.token, by=None, reason="July export")

    def crash(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(run, **crm.acting, reason="July export", progress=crash)
    apply(ImportRun.objects.get(pk=run.pk), **crm.acting)
    assert set(DataSubject.history.values_list("history_change_reason", flat=True)) == {"July export"}


@pytest.mark.django_db
def test_chunk_that_was_broken_off_at_the_journal_is_written_again(crm, monkeypatch):
    """PostgreSQL ends one of two who wait for each other: that chunk is written anew, once."""
    append, tried = unit._append_locked, []

    def broken_off_once(*args):
        tried.append(args)
        if len(tried) == 1:
            raise OperationalError("deadlock detected")
        append(*args)

    run = crm.plan([person(1), person(2)])
    monkeypatch.setattr(unit, "_append_locked", broken_off_once)
    crm.apply(run)
    assert (crm.counts(run), DataSubject.objects.count()) == ({"new": 2}, 2)
    assert JournalEntry.objects.filter(run=run.pk, action="create").count() == 2
