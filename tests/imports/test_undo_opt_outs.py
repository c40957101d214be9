"""Undo of an opt-out that a later file may have said again: who said no is asked again by nobody."""

import pytest
from django.db import connection
from django.utils import timezone

from registry.imports.apply import cancel
from registry.imports.crm_file import CHUNK_ROWS
from registry.imports.outlook import outlook
from registry.imports.undo import take as take_for_undo
from registry.imports.undo import undo
from registry.journal import unit_of_work
from registry.journal.reconcile import findings
from registry.models import ImportRun, Suppression
from registry.operations.blocking import block
from tests import factories

from .crm import CRM, csv_of, person
from .undoing import BLOCKED, LEFT, change_phone, crash, left, of, register, tally, undone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chunks_of_two")]
SAID_AGAIN = (
    "the import recorded an opt-out, and a later import may have said it again: left as it stands, correct by hand what is "
    "wrong. End the opt-out only where the person never said it"
)


def file(*rows):
    return csv_of(rows, header=["crm_id", "surname", "phone", "email_opt_out"])


FIRST = file(person(1, email_opt_out="yes"), person(2, phone="87020000002"), person(3, email_opt_out="yes"))


@pytest.fixture
def run(crm):
    """Of two people known before one opted out and one has another phone; a third is new and opted out."""
    crm.load([person(1), person(2)])
    return crm.load(FIRST)


def opted_out():
    return sorted(
        Suppression.objects.filter(operator__code="lapp", ended_on=None).values_list("subject__crm_id", flat=True)
    )


def expected(run):
    seen = outlook(run)
    return seen.removed + seen.put_back - seen.left, seen.left


def test_opt_out_that_a_later_file_said_again_stays(crm, run):
    """The next week's file changes nothing and leaves no entry: its word stands all the same, and the list says why."""
    assert crm.counts(crm.load(FIRST)) == {"same": 3}
    before = of(1)
    assert expected(run) == (2, 1)
    undone(crm, run)
    assert (tally(run), left(run)) == (("undone", 3, 2, 1), [(0, "C0000001", [SAID_AGAIN])])
    assert opted_out() == ["C0000001"]
    assert (of(1).phone, of(2).phone) == (before.phone, "+77010000002")
    assert list(findings()) == []


def test_whoever_opted_out_is_left_whole(crm, run):
    """As whoever was changed since: one person does not stand half as before the import and half as after it."""
    other = file(person(2, phone="87010000099", email_opt_out="yes"))
    other, again = crm.load(other), crm.load(other)
    assert (crm.counts(again), expected(other)) == ({"same": 1}, (0, 1))
    undone(crm, other)
    assert (tally(other), of(2).phone) == (("undone", 1, 0, 1), "+77010000099")
    assert opted_out() == ["C0000001", "C0000002", "C0000003"]


def test_whom_the_import_added_leaves_with_the_opt_out(crm):
    """Nobody can write to a person who is not in the register."""
    before = register()
    run = crm.load(FIRST)
    crm.load(FIRST)
    assert expected(run) == (3, 0)
    undone(crm, run)
    assert (tally(run), register() == before) == (("undone", 3, 3, 0), True)


SHARED = {"email": "office@example.kz"}
MORE = [*person(1), "email_opt_out"]
AGAIN = csv_of([person(9, **SHARED, email_opt_out="yes"), person(8, email_opt_out="yes")], header=MORE)


@pytest.mark.parametrize(
    ("known", "again", "stay"),
    [
        ({"email": "Office@example.kz"}, True, ["C0000009"]),
        ({"email": "Office@example.kz"}, False, []),
        ({"email": "Office@example.kz", "email_opt_out": "yes"}, True, []),
        ({"phone": person(9)["phone"]}, True, []),
    ],
)
def test_whom_the_import_added_stays_where_the_opt_out_holds_for_another(crm, known, again, stay):
    """The register knew the mailbox under another id: it is not written to again, for the later file may have said no, too."""
    crm.load(csv_of([person(1, **known)], header=MORE))
    before, run = opted_out(), crm.load(AGAIN)
    if again:
        assert crm.counts(crm.load(AGAIN)) == {"same": 2}
    assert expected(run) == (2 - len(stay), len(stay))
    undone(crm, run)
    assert tally(run) == ("undone", 2, 2 - len(stay), len(stay))
    assert left(run) == [(0, crm_id, [SAID_AGAIN]) for crm_id in stay]
    assert (opted_out(), list(findings())) == (before + stay, [])


def undone_again(crm):
    undone(crm, crm.load(FIRST))


def undone_with_what_it_changed(crm):
    undone(crm, crm.load(file(person(1, email_opt_out="yes"), person(4))))


def waiting(crm):
    crm.plan(FIRST)


def given_up_as_a_plan(crm):
    cancel(crm.plan(FIRST), **crm.acting)


def of_another_operator(crm):
    CRM(factories.make_operator("kazger")).load(FIRST)


@pytest.mark.parametrize(
    "later", [undone_again, undone_with_what_it_changed, waiting, given_up_as_a_plan, of_another_operator]
)
def test_import_that_does_not_stand_confirms_nothing(crm, run, later):
    """Exactly what the import did is reverted: no later one of this operator is applied, or it was itself undone."""
    later(crm)
    assert expected(run) == (3, 0)
    undone(crm, run)
    assert (tally(run), opted_out()) == (("undone", 3, 3, 0), [])


def cut_off(crm):
    rows = [person(1, email_opt_out="yes"), *(person(number) for number in range(5, 10))]
    later = crm.plan(file(*rows))
    with pytest.raises(KeyboardInterrupt):
        crm.apply(later, progress=crash)
    return ImportRun.objects.get(pk=later.pk)


def given_up_in_the_middle(crm):
    cancel(cut_off(crm), **crm.acting)


def of_which_the_undo_was_given_up(crm):
    later = crm.load(file(person(1, email_opt_out="yes"), *(person(number) for number in range(5, 10))))
    take_for_undo(later, **crm.acting)
    with pytest.raises(KeyboardInterrupt):
        undo(later, **crm.acting, progress=crash)
    cancel(ImportRun.objects.get(pk=later.pk), **crm.acting)


def uploaded_before_and_applied_after(crm):
    ImportRun.objects.filter(pk=crm.load(FIRST).pk).update(
        uploaded_at="2020-01-01T00:00:00Z", planned_at="2020-01-01T00:00:00Z"
    )


@pytest.mark.parametrize(
    "later", [cut_off, given_up_in_the_middle, of_which_the_undo_was_given_up, uploaded_before_and_applied_after]
)
def test_import_that_stands_in_part_may_have_said_it_again(crm, run, later):
    """Applied as far as it came, or not taken back whole: the person's no may be in what stands."""
    later(crm)
    assert expected(run) == (2, 1)
    undone(crm, run)
    assert (tally(run), opted_out()) == (("undone", 3, 2, 1), ["C0000001"])


def test_last_import_first_and_everything_is_taken_back(crm):
    """The file of the next week and the one before it were both wrong: undone in turn, nothing is left of either."""
    crm.load([person(1), person(2)])
    before = register()
    first, second = crm.load(FIRST), crm.load(FIRST)
    undone(crm, second)
    undone(crm, first)
    assert (register() == before, first.left) == (True, 0)


def test_undo_begun_again_takes_back_what_no_later_import_says_any_more(crm, run):
    """Left by the first attempt, for a later import stood; that one is undone before the second attempt."""
    second = crm.load(FIRST)
    take_for_undo(run, **crm.acting)
    with pytest.raises(KeyboardInterrupt):
        undo(run, **crm.acting, progress=crash)
    cancel(ImportRun.objects.get(pk=run.pk), **crm.acting)
    run.refresh_from_db()
    assert (run.left, expected(run)) == (1, (2, 1))
    undone(crm, second)
    assert expected(run) == (3, 0)
    undone(crm, run)
    assert (tally(run), opted_out(), left(run)) == (("undone", 3, 3, 0), [], [])


def test_undo_begun_again_counts_nobody_as_left_whom_it_put_back(crm, run):
    """The opt-out was taken back before the later import came: that one does not say it, and nobody is left for it."""
    take_for_undo(run, **crm.acting)
    with pytest.raises(KeyboardInterrupt):
        undo(run, **crm.acting, progress=crash)
    cancel(ImportRun.objects.get(pk=run.pk), **crm.acting)
    crm.load([person(9)])
    run.refresh_from_db()
    assert expected(run) == (3, 0)
    undone(crm, run)
    assert tally(run) == ("undone", 3, 3, 0)


def test_whoever_is_blocked_or_changed_too_is_counted_once(crm, run):
    """Each person is one line of the list, with the reason that holds the longest."""
    crm.load(FIRST)
    change_phone()
    with unit_of_work(by=None, role="system"):
        block(of(1), law=factories.make_law(), cause="other", why="said so", by=None, at=timezone.now())
    assert expected(run) == (1, 2)
    undone(crm, run)
    assert sorted(left(run)) == [(0, "C0000001", [BLOCKED]), (0, "C0000002", [LEFT])]


def on_two_lines(*, between=(), after=()):
    """A file with two lines of one id, each with an opt-out of its own, and with other people, who have another phone."""
    between, after = ([person(number, phone=f"8702000000{number}") for number in each] for each in (between, after))
    rows = [person(1, email_opt_out="yes"), *between, person(1, call_opt_out="yes"), *after]
    return csv_of(rows, header=[*person(1), "email_opt_out", "call_opt_out"])


def test_opt_outs_on_far_lines_of_one_id_are_both_taken_back(crm):
    """Two chunks wrote them: that one is gone already is no reason to pass over the other."""
    crm.load([person(number) for number in range(1, 6)])
    before = register()
    run = crm.load(on_two_lines(between=range(2, 6)))
    assert (crm.counts(run), opted_out()) == ({"changed": 6}, ["C0000001", "C0000001"])
    undone(crm, run)
    assert (tally(run), run.rows_expected, opted_out()) == (("undone", 6, 6, 0), 6, [])
    assert (register() == before, list(findings())) == (True, [])


def test_undo_that_goes_on_counts_nobody_again_whose_opt_outs_one_chunk_took_back(crm, monkeypatch):
    """Two transactions of the import in one of the undo hold the person once: it goes on behind both."""
    crm.load([person(number) for number in range(1, 4)])
    monkeypatch.setitem(CHUNK_ROWS, connection.vendor, 1)
    run = crm.load(on_two_lines(after=(2, 3)))
    monkeypatch.setitem(CHUNK_ROWS, connection.vendor, 2)
    take_for_undo(run, **crm.acting)
    with pytest.raises(KeyboardInterrupt):
        undo(run, **crm.acting, progress=crash)
    run = ImportRun.objects.get(pk=run.pk)
    assert tally(run) == ("undoing", 2, 2, 0)
    undo(run, **crm.acting)
    assert (tally(run), opted_out(), of(3).phone) == (("undone", 3, 3, 0), [], "+77010000003")
