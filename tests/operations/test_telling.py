"""That everybody of a hand-over was told: the same rows as one by one, whoever was told before left alone, and cut off it goes on."""

import datetime as dt
import json
from contextlib import contextmanager

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from registry import tasks
from registry.imports.storage import AlreadyTaken
from registry.journal import unit_of_work
from registry.journal.canonical import commitments
from registry.journal.reconcile import findings
from registry.models import JournalEntry, Obligation, TellingRun
from registry.models.grounding import serve
from registry.operations import handover, telling
from registry.operations.handover import HandOver
from tests.disclosing import make_activity, make_consented, make_recipient
from tests.factories import save, today
from tests.queued import is_queued, work

pytestmark = pytest.mark.django_db
HOW = "mailing of 5 March, by e-mail"


def handed_over(lapp, recipient, activity, *, people, days=0):
    """A hand-over of so many people, on a day so many days from today."""
    for _person in range(people):
        person = make_consented(activity)
        with unit_of_work(by=None, role="system"):
            serve(person, activity.purposes.get().purpose, on=today(days))
    said = HandOver(recipient, (activity,), today(days), "consent")
    return tasks.begin_handover(said, by=None, at=timezone.now(), role="system", here=True)


@pytest.fixture
def buyer(lapp):
    lapp.bin = "241040012133"
    return make_recipient(save(lapp), "buyer", kind="acquirer")


@pytest.fixture
def run(lapp, buyer):
    """Three people went three days ago."""
    return handed_over(lapp, buyer, make_activity(lapp), people=3, days=-3)


def all_told(run, by=None, *, days=0, how=HOW, **more):
    given = {"by": by, "at": timezone.now(), "role": "dpo" if by else "system"} | more
    return tasks.begin_telling(run, on=today(days), how=how, **given)


@contextmanager
def plans():
    """Of each query about disclosures PostgreSQL's plan, as it makes it at that moment."""
    found = []

    def explained(execute, sql, params, many, context):
        if sql.startswith(("SELECT", "DECLARE")) and "registry_disclosure" in sql:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql[sql.index('SELECT') :]}", params)
                found.append("\n".join(row[0] for row in cursor.fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        yield found


def history_of(obligation):
    row = obligation.history.first()
    return {field.attname: getattr(row, field.attname) for field in row.tracked_fields} | {
        "kind": row.history_type, "user": row.history_user_id, "why": row.history_change_reason,
    }  # fmt: skip


def entry_of(obligation):
    """The entry of the newest history row; what is its own and no other's left out."""
    row = obligation.history.first()
    entry = JournalEntry.objects.get(object_type="obligation", history_id=row.history_id)
    body = json.loads(entry.body)
    assert (body["public"], body["personal"]) == commitments(row)
    assert [each.uid for each in entry.subjects.all()] == [obligation.subject.uid]
    own = ("at", "seq", "n", "nonce", "uid", "row", "public", "personal")
    return {key: value for key, value in body.items() if key not in own} | {
        "actor": entry.actor, "operator": entry.operator, "action": entry.action, "run": entry.run,
    }  # fmt: skip


def test_everybody_is_recorded_as_if_told_one_by_one(run, dpo, lapp):
    """History rows and entries equal those of the single act, and nothing else of the row changes."""
    single, *others = Obligation.objects.order_by("pk")
    at = timezone.now()
    with unit_of_work(by=dpo, role="dpo", operator=lapp):
        single.fulfil(by=dpo, at=at, how=HOW)
    done = all_told(run, dpo, at=at)
    assert (done.state, done.rows_done, done.rows_expected, done.ended_by) == ("told", 2, 2, dpo)
    alike = {"kind": "~", "user": dpo.pk, "done_at": at, "done_by_id": dpo.pk, "how": HOW}
    its_own = ("id", "uid", "subject_id")
    expected = {key: value for key, value in history_of(single).items() if key not in its_own}
    assert expected.items() >= alike.items()
    for other in others:
        before = {field.attname: getattr(other, field.attname) for field in other._meta.concrete_fields}
        other.refresh_from_db()
        after = {field.attname: getattr(other, field.attname) for field in other._meta.concrete_fields}
        assert {name for name in before if before[name] != after[name]} == {"done_at", "done_by_id", "how", "urgent_on"}
        assert {key: value for key, value in history_of(other).items() if key not in its_own} == expected
        assert entry_of(other) == entry_of(single)
    assert not list(findings())


def test_who_was_told_is_left_as_recorded(run, dpo):
    """A person told by letter before keeps that letter; a second act finds nobody and adds no row."""
    first = Obligation.objects.earliest("pk")
    with unit_of_work(by=dpo):
        first.fulfil(by=dpo, at=timezone.now(), how="letter 5")
    assert all_told(run).rows_done == 2
    first.refresh_from_db()
    assert (first.how, first.done_by, first.history.count()) == ("letter 5", dpo, 2)
    rows = Obligation.history.count()
    assert all_told(run, how="another mailing").rows_done == 0
    assert Obligation.history.count() == rows


def test_only_people_of_this_hand_over_are_meant(run, lapp, kazger, buyer):
    """Another hand-over to the same acquirer, another acquirer, another operator, and what is owed for another cause."""
    later = handed_over(lapp, buyer, make_activity(lapp, "service"), people=1, days=-1)
    kazger.bin = "241040012134"
    theirs = make_recipient(save(kazger), "buyer", kind="acquirer")
    other = handed_over(kazger, theirs, make_activity(kazger), people=1, days=-3)
    mine = telling.owed(run).first().subject
    stop = save(Obligation(operator=lapp, subject=mine, recipient=buyer, what="stop"))
    assert all_told(run).rows_done == 3
    assert [telling.owed(each).open().count() for each in (run, later, other)] == [0, 1, 1]
    stop.refresh_from_db()
    assert stop.done_at is None


def test_hand_over_that_was_given_up_and_the_one_that_took_the_rest_are_told_apart(lapp, buyer, monkeypatch):
    """Same acquirer, activities and day: each word is for those who went with its own hand-over."""
    activity = make_activity(lapp)
    people = [make_consented(activity) for _person in range(3)]
    for person in people:
        with unit_of_work(by=None, role="system"):
            serve(person, activity.purposes.get().purpose, on=today(-3))
    said, acting = HandOver(buyer, (activity,), today(-3), "consent"), {"by": None, "role": "system"}
    monkeypatch.setattr(handover, "CHUNK", 1)
    first = handover.begin(said, at=timezone.now(), **acting)

    def enough(_done):
        handover.cancel(first, at=timezone.now(), **acting)

    with pytest.raises(AlreadyTaken):
        handover.hand_over(first, **acting, progress=enough)
    second = handover.begin(said, at=timezone.now(), **acting)
    with pytest.raises(ValidationError, match="Record it when everybody has gone."):
        all_told(first)
    handover.hand_over(second, **acting)
    assert [telling.owed(run).count() for run in (first, second)] == [1, 2]
    assert all_told(first).rows_done == 1
    assert list(Obligation.objects.open().values_list("subject", flat=True)) == [person.pk for person in people[1:]]


def test_day_counts_as_of_the_single_act(run, dpo):
    """The first minute of an earlier day, this moment of today."""
    all_told(run, days=-2)
    assert {timezone.localtime(each.done_at).time() for each in Obligation.objects.all()} == {dt.time()}
    assert {timezone.localdate(each.done_at) for each in Obligation.objects.all()} == {today(-2)}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"days": 1}, "is in the future: nobody has been told yet."),
        ({"days": -4}, "there was nothing to tell yet: it is owed since"),
        ({"how": "  "}, "Say how it was done: letter and date, call, message."),
    ],
)
def test_wrong_word_is_refused_of_one_and_of_all(said, sentence, run, dpo):
    """The rule is that of the obligation, whichever way it is asked."""
    with pytest.raises(ValidationError, match=sentence):
        all_told(run, **said)
    one, day = Obligation.objects.earliest("pk"), said.get("days", 0)
    with pytest.raises(ValidationError, match=sentence), unit_of_work(by=dpo):
        one.fulfil(by=dpo, at=timezone.now() + dt.timedelta(days=day), how=said.get("how", HOW))
    assert not TellingRun.objects.exists()
    assert Obligation.objects.open().count() == 3


def test_one_at_a_time_and_not_before_everybody_went(run, queue):
    """Two officers cannot record it twice; while people still go it cannot be said of all."""
    all_told(run, here=False)
    with pytest.raises(ValidationError, match="It is being recorded already."):
        all_told(run)
    TellingRun.objects.all().delete()
    run.state = "handing_over"
    run.save()
    with pytest.raises(ValidationError, match="Record it when everybody has gone."):
        all_told(run)


def cut_off_after(chunks, monkeypatch):
    """The process ends when this chunk is to be written; one person a chunk."""
    monkeypatch.setattr(handover, "CHUNK", 1)
    writes, write = [], telling.write

    def cut_off(*args, **more):
        writes.append(args)
        if len(writes) == chunks + 1:
            raise KeyboardInterrupt
        return write(*args, **more)

    monkeypatch.setattr(telling, "write", cut_off)


@pytest.fixture
def cut_off(run, monkeypatch):
    """One of three is recorded, then the process ended."""
    cut_off_after(1, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        all_told(run)
    return TellingRun.objects.get()


def test_cut_off_it_goes_on(cut_off, dpo):
    """A chunk that was committed stays; whoever goes on takes the rest, and each is written once."""
    assert (cut_off.state, cut_off.rows_done, Obligation.objects.open().count()) == ("telling", 1, 2)
    tasks.go_on(cut_off, by=None, role="system", here=True)
    cut_off.refresh_from_db()
    assert (cut_off.state, cut_off.rows_done, Obligation.objects.open().count()) == ("told", 3, 0)
    assert len({each.done_at for each in Obligation.objects.all()}) == 1
    assert Obligation.history.count() == 6


def test_rest_is_given_up_and_taken_by_the_next(cut_off, run, dpo):
    """With whom it is recorded it stays recorded; the act done again takes the others."""
    telling.cancel(cut_off, by=dpo, at=timezone.now(), role="dpo")
    assert (cut_off.state, cut_off.ended_by, cut_off.rows_done) == ("cancelled", dpo, 1)
    for again in (lambda: tasks.go_on(cut_off, by=None, role="system", here=True), lambda: cancelled(cut_off)):
        with pytest.raises(AlreadyTaken):
            again()
    assert all_told(run).rows_done == 2
    entries = JournalEntry.objects.filter(object_type="tellingrun").order_by("seq").values_list("action", flat=True)
    assert list(entries) == ["telling.begin", "telling.cancel", "telling.begin", "telling.finish"]


def cancelled(run):
    telling.cancel(run, by=None, at=timezone.now())


def test_process_that_lags_behind_writes_nothing(cut_off):
    """Two at one run: the one that knows an older count stops."""
    lagging, ahead = TellingRun.objects.get(), TellingRun.objects.get()
    telling.record_told(ahead, by=None, role="system")
    with pytest.raises(AlreadyTaken):
        telling.record_told(lagging, by=None, role="system")
    assert Obligation.history.count() == 6


def test_who_is_told_while_it_runs_is_not_written_again(run, dpo):
    """A chunk asks for what is open when it is its turn."""
    chunk = list(Obligation.objects.order_by("pk").values_list("pk", flat=True))
    telled = telling.begin(run, on=today(), how=HOW, by=None, at=timezone.now(), role="system")
    with unit_of_work(by=dpo):
        Obligation.objects.get(pk=chunk[0]).fulfil(by=dpo, at=timezone.now(), how="letter 5")
    with unit_of_work(by=None, role="system"):
        assert [telling.write(telled, part, by=None) for part in (chunk, chunk)] == [2, 0]
    assert Obligation.objects.get(pk=chunk[0]).how == "letter 5"


def test_many_wait_for_the_worker(run, dpo, queue, monkeypatch):
    """How many are open decides; the worker records it for whom it was begun, and ends where that user has lost the role."""
    monkeypatch.setattr(handover, "MOST_AT_ONCE", 2)
    waiting = all_told(run, dpo)
    assert (waiting.state, is_queued(waiting), Obligation.objects.open().count()) == ("telling", True, 3)
    dpo.is_active = False
    dpo.save()
    work()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.step_role, waiting.rows_done) == ("telling", "", 0)
    dpo.is_active = True
    dpo.save()
    tasks.go_on(waiting, by=dpo, role="dpo")
    work()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.rows_done, Obligation.objects.open().count()) == ("told", 3, 0)
    assert {each.done_by for each in Obligation.objects.all()} == {dpo}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="It is about PostgreSQL’s planner.")
def test_what_was_just_handed_over_is_joined_as_a_whole(run):
    """Nobody knows of these rows yet but the tables: joined one by one, a hundred thousand people took a quarter of an hour."""
    with plans() as found:
        assert telling.counted(run) == (3, 0)
        all_told(run)
    assert len(found) >= 3
    assert not [plan for plan in found if "Nested Loop" in plan]
