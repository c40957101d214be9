"""Undo in steps: one import before another, an undo cut off, given up, or begun by two; each step whole or not at all."""

import pytest
from django.db import DatabaseError, connection

from registry import tasks
from registry.imports import report
from registry.imports.apply import AlreadyTaken, cancel
from registry.imports.crm_file import CHUNK_ROWS
from registry.imports.outlook import outlook
from registry.imports.undo import take as take_for_undo
from registry.imports.undo import undo
from registry.journal import JournalUnavailable, unit
from registry.journal.reconcile import findings
from registry.models import Consent, DataSubject, ImportRun, JournalEntry

from .crm import consent, person
from .undoing import LEFT, RENEWED, change_phone, crash, give_the_consent_to_another, left, of, register, tally, undone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chunks_of_two")]


def test_second_undo_does_nothing(crm):
    """What is undone is undone: the second word is told so, and nothing is written."""
    run = crm.load([person(1)])
    undone(crm, run)
    entries = JournalEntry.objects.count()
    with pytest.raises(AlreadyTaken):
        take_for_undo(run, **crm.acting)
    with pytest.raises(AlreadyTaken):
        undo(run, **crm.acting)
    assert JournalEntry.objects.count() == entries


def test_cancelled_run_is_undone_as_far_as_it_came(crm):
    """Given up after the first chunk of two: those two are taken back, and a later import of them is not touched."""
    run = crm.plan([person(number, **consent()) for number in range(1, 6)])
    with pytest.raises(KeyboardInterrupt):
        crm.apply(run, progress=crash)
    run = ImportRun.objects.get(pk=run.pk)
    cancel(run, **crm.acting)
    assert (run.state, DataSubject.objects.count()) == ("cancelled", 2)
    other = crm.load([person(7)])
    undone(crm, run)
    assert (tally(run), list(DataSubject.objects.values_list("crm_id"))) == (("undone", 2, 2, 0), [("C0000007",)])
    assert ImportRun.objects.get(pk=other.pk).state == "applied"


def test_earlier_run_waits_for_the_later_one(crm):
    """Two imports of the same people: the first can only be undone for whom the second did not change."""
    first = crm.load([person(1), person(2)])
    crm.load([person(1, phone="87020000001"), person(2)])
    undone(crm, first)
    assert (tally(first), left(first)) == (("undone", 2, 1, 1), [(0, "C0000001", [LEFT])])
    assert of(1).phone == "+77020000001"


def test_earlier_run_can_be_undone_once_the_later_one_is(crm):
    """The last first, then the one before it: the register stands as before both."""
    before = register()
    first = crm.load([person(1, **consent()), person(2)])
    middle = register()
    second = crm.load([person(1, phone="87020000001", **RENEWED), person(2)])
    undone(crm, second)
    assert register() == middle
    undone(crm, first)
    assert (register() == before, tally(first)) == (True, ("undone", 2, 2, 0))
    assert list(findings()) == []


def test_whom_a_later_undo_left_is_left_by_the_earlier_one(crm):
    """The later import's undo left the officer's person; so does that of the earlier one."""
    first = crm.load([person(1), person(2)])
    second = crm.load([person(1, phone="87020000001"), person(2, phone="87020000002")])
    change_phone()
    undone(crm, second)
    assert tally(second) == ("undone", 2, 1, 1)
    undone(crm, first)
    assert (tally(first), left(first)) == (("undone", 2, 1, 1), [(0, "C0000002", [LEFT])])
    assert of(2).phone == "+77050000003"


def test_whom_a_later_undo_left_is_left_though_nobody_else_touched_them(crm):
    """The consent of the later import went to somebody else: its undo left the person, whom the earlier one made."""
    first = crm.load([person(1), person(2)])
    second = crm.load([person(2, **consent())])
    give_the_consent_to_another()
    undone(crm, second)
    undone(crm, first)
    assert (tally(second), tally(first)) == (("undone", 1, 0, 1), ("undone", 2, 1, 1))


def test_undo_cut_off_goes_on_where_it_stood(crm):
    """After a crash whole chunks are put back; going on doubles nothing and loses nothing, the left ones neither."""
    run = crm.load([person(number, **consent()) for number in range(1, 8)])
    change_phone()
    for expected in ((2, 1, 1), (4, 3, 1)):
        with pytest.raises(KeyboardInterrupt):
            if run.state == "applied":
                take_for_undo(run, **crm.acting)
            undo(run, **crm.acting, progress=crash)
        run = ImportRun.objects.get(pk=run.pk)
        assert tally(run) == ("undoing", *expected)
    told = []
    undo(run, **crm.acting, progress=told.append)
    assert (tally(run), told) == (("undone", 7, 6, 1), [6, 7])
    assert left(run) == [(0, "C0000002", [LEFT])]
    assert DataSubject.history.filter(history_type="-").count() == 6
    assert DataSubject.objects.count() == Consent.objects.count() == 1
    assert list(findings()) == []


def test_undo_goes_on_behind_whom_it_dealt_with_in_chunks_of_another_size(crm, monkeypatch):
    run = crm.load([person(number) for number in range(1, 8)])
    take_for_undo(run, **crm.acting)
    with pytest.raises(KeyboardInterrupt):
        undo(run, **crm.acting, progress=crash)
    run = ImportRun.objects.get(pk=run.pk)
    monkeypatch.setitem(CHUNK_ROWS, connection.vendor, 4)
    told = []
    undo(run, **crm.acting, progress=told.append)
    assert (tally(run), told) == (("undone", 7, 7, 0), [6, 7])


def test_undo_given_up_can_be_begun_again(crm):
    """Whom the first attempt put back is not put back twice, and counted once."""
    run = crm.load([person(number) for number in range(1, 6)])
    take_for_undo(run, **crm.acting)
    with pytest.raises(KeyboardInterrupt):
        undo(run, **crm.acting, progress=crash)
    run = ImportRun.objects.get(pk=run.pk)
    cancel(run, **crm.acting)
    undone(crm, run)
    assert (tally(run), DataSubject.objects.count()) == (("undone", 5, 5, 0), 0)
    assert DataSubject.history.filter(history_type="-").count() == 5


def test_undo_begun_again_leaves_whom_somebody_changed_meanwhile(crm):
    """Whom the first attempt put back, and an officer changed after that, does not stand as before the import: that is said."""
    crm.load([person(number) for number in range(1, 4)])
    run = crm.load([person(number, phone="87020000001") for number in range(1, 4)])
    take_for_undo(run, **crm.acting)
    with pytest.raises(KeyboardInterrupt):
        undo(run, **crm.acting, progress=crash)
    run = ImportRun.objects.get(pk=run.pk)
    cancel(run, **crm.acting)
    assert run.undone == 2
    change_phone()
    undone(crm, run)
    assert (tally(run), left(run)) == (("undone", 3, 2, 1), [(0, "C0000002", [LEFT])])
    assert of(2).phone == "+77050000003"


def test_given_up_before_anybody_was_put_back_the_lists_of_the_import_stay(crm):
    """A worker that comes too late to the undo clears nothing away: what is listed was imported all the same."""
    run = crm.load([person(1), person(2, email="x")])
    take_for_undo(run, **crm.acting)
    cancel(ImportRun.objects.get(pk=run.pk), **crm.acting)
    with pytest.raises(AlreadyTaken):
        tasks.perform(run)
    run.refresh_from_db()
    assert (run.state, run.wrote_nothing, run.listed_rows.count()) == ("cancelled", False, 1)
    assert "Its undo was given up after 0 of 1 person." in report.body(run)


def test_earlier_run_is_undone_for_whom_a_later_undo_put_back_before_it_was_given_up(crm):
    """Of the later import two are put back, one is not: the undo of the earlier one says so beforehand, and leaves that one."""
    first = crm.load([person(number) for number in range(1, 4)])
    second = crm.load([person(number, phone="87020000001") for number in range(1, 4)])
    take_for_undo(second, **crm.acting)
    with pytest.raises(KeyboardInterrupt):
        undo(second, **crm.acting, progress=crash)
    cancel(ImportRun.objects.get(pk=second.pk), **crm.acting)
    assert outlook(first) == (3, 0, 1, False, 0)
    undone(crm, first)
    assert (tally(first), left(first)) == (("undone", 3, 2, 1), [(0, "C0000003", [LEFT])])


def test_undo_cancelled_meanwhile_stops(crm):
    """Somebody gives the undo up: the process at work stops at its next chunk."""
    run = take_for_undo(crm.load([person(number) for number in range(1, 6)]), **crm.acting)

    def cancelled_by_somebody(done):
        cancel(ImportRun.objects.get(pk=run.pk), **crm.acting)

    with pytest.raises(AlreadyTaken):
        undo(run, **crm.acting, progress=cancelled_by_somebody)
    assert (ImportRun.objects.get(pk=run.pk).state, DataSubject.objects.count()) == ("cancelled", 3)


def test_second_process_that_read_the_run_earlier_yields(crm):
    """Two processes at one undo: the one that comes second at a chunk writes nothing, and counts nothing."""
    run = take_for_undo(crm.load([person(number) for number in range(1, 6)]), **crm.acting)
    overtaken = ImportRun.objects.get(pk=run.pk)
    with pytest.raises(KeyboardInterrupt):
        undo(run, **crm.acting, progress=crash)
    entries = JournalEntry.objects.count()
    with pytest.raises(AlreadyTaken):
        undo(overtaken, **crm.acting)
    assert tally(ImportRun.objects.get(pk=run.pk)) == ("undoing", 2, 2, 0)
    undo(run, **crm.acting)
    with pytest.raises(AlreadyTaken):
        undo(overtaken, **crm.acting)
    assert JournalEntry.objects.count() == entries + 3 + 1


def test_journal_that_cannot_be_written_rolls_the_chunk_back(crm, monkeypatch):
    """No entry, no change: whoever's entries fail stands as the import left them, and is not counted."""
    run = take_for_undo(crm.load([person(1, **consent())]), **crm.acting)
    before = register()

    def full(*args):
        raise DatabaseError("disk full")

    monkeypatch.setattr(unit, "_append_locked", full)
    with pytest.raises(JournalUnavailable):
        undo(run, **crm.acting)
    assert (register() == before, tally(ImportRun.objects.get(pk=run.pk))) == (True, ("undoing", 0, 0, 0))
