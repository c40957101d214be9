"""How long the lists of an import that is undone are kept: nothing longer than a week after the run, or its undo, ended."""

import datetime as dt

import pytest
from django.utils import timezone

from registry.imports import storage
from registry.imports.apply import cancel
from registry.imports.undo import take as take_for_undo
from registry.imports.undo import undo
from registry.models import ImportRun, JournalEntry, ListedRow

from .crm import person
from .undoing import change_phone, crash, tally, undone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chunks_of_two")]
DAY = dt.timedelta(days=1)


@pytest.fixture
def run(crm):
    """Applied six days ago: a row of it was rejected, somebody is not in its file, one of its people was changed since."""
    crm.load([person(9)])
    run = crm.load([person(1), person(2), person(3), person(4, email="x")])
    ImportRun.objects.filter(pk=run.pk).update(expires_at=timezone.now() + DAY)
    run.refresh_from_db()
    change_phone()
    return run


def kept(run):
    """The kinds of its rows, and whether it is still told who is missing from the file."""
    run.refresh_from_db()
    return sorted(set(run.listed_rows.values_list("kind", flat=True))), storage.seen_of(run).exists()


def stopped(crm, run):
    take_for_undo(run, **crm.acting, reason="the wrong file")
    with pytest.raises(KeyboardInterrupt):
        undo(run, **crm.acting, progress=crash)
    return ImportRun.objects.get(pk=run.pk)


def test_undo_gives_the_lists_of_the_import_no_further_week(crm, run):
    """Undone on the sixth day: its rejected rows go on the seventh, whom the undo left a week after the undo."""
    until = run.expires_at
    undone(crm, run)
    assert (run.expires_at, storage.kept_until(run, "rejected")) == (until, until)
    assert storage.kept_until(run, "left") == run.undone_at + 7 * DAY
    storage.purge_expired(until - dt.timedelta(minutes=1))
    assert kept(run) == (["left", "rejected"], True)
    storage.purge_expired(until)
    assert kept(run) == (["left"], False)
    assert run.expires_at == storage.kept_until(run, "left") == run.undone_at + 7 * DAY
    storage.purge_expired(run.undone_at + 6 * DAY)
    assert kept(run) == (["left"], False)
    storage.purge_expired(run.undone_at + 7 * DAY)
    assert kept(run) == ([], False)
    assert (run.state, run.expires_at) == ("undone", None)


def test_undo_that_left_nobody_keeps_nothing_beyond_the_lists_of_the_import(crm):
    """Nothing new is listed: the day of the import's own lists is the last."""
    run = crm.load([person(5), person(6, email="x")])
    until = run.expires_at
    undone(crm, run)
    storage.purge_expired(until)
    assert (kept(run), run.expires_at) == (([], False), None)


def test_lists_of_the_import_go_while_its_undo_stands_still(crm, run):
    """The undo stopped, and nobody went on: what it is to do stays, and whom it left so far; the rows of the file do not."""
    until = run.expires_at
    run = stopped(crm, run)
    assert run.expires_at == until
    storage.purge_expired(until)
    assert kept(run) == (["left"], False)
    assert (run.state, run.expires_at, storage.read_note(run)) == ("undoing", None, {"reason": "the wrong file"})
    undo(run, **crm.acting)
    assert (tally(run), run.expires_at is not None) == (("undone", 3, 2, 1), True)
    storage.purge_expired(run.expires_at)
    assert kept(run) == ([], False)


def test_undo_that_nobody_goes_on_with_is_given_up_after_a_week(crm, run):
    """Whom it left so far is not listed for ever, nor is its reason; it can be begun again."""
    run = stopped(crm, run)
    began_at = timezone.now()
    ImportRun.objects.update(step_began_at=began_at, alive_at=None)
    storage.purge_expired(began_at + 6 * DAY)
    assert (kept(run), run.state) == ((["left"], False), "undoing")
    storage.purge_expired(began_at + 7 * DAY)
    assert (kept(run), run.state, run.undo_was_given_up) == (([], False), "cancelled", True)
    assert (run.expires_at, storage.plan_of(run).exists()) == (None, False)
    entry = JournalEntry.objects.get(action="import.cancel")
    assert (entry.object_uid, entry.operator, entry.actor) == (run.uid, "lapp", None)
    undone(crm, run)
    assert (tally(run), kept(run)) == (("undone", 3, 2, 1), (["left"], False))


def test_undo_that_somebody_is_at_is_not_given_up(crm, run):
    """However long ago it began: it is heard of."""
    run, now = stopped(crm, run), timezone.now()
    ImportRun.objects.update(step_began_at=now - 8 * DAY, alive_at=now)
    storage.purge_expired(now)
    assert (kept(run), run.state) == ((["left", "rejected"], True), "undoing")


def test_undo_given_up_gives_no_further_week_either(crm, run):
    """Given up on the sixth day: the rows of the file go on the seventh, whom it left a week after it was begun."""
    until = run.expires_at
    run = stopped(crm, run)
    cancel(run, **crm.acting)
    assert run.expires_at == until
    storage.purge_expired(until)
    assert kept(run) == (["left"], False)
    assert run.expires_at == run.step_began_at + 7 * DAY
    storage.purge_expired(run.expires_at)
    assert (kept(run), run.expires_at, ListedRow.objects.filter(run=run).count()) == (([], False), None, 0)
