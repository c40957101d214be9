"""The hand-over to an acquirer: everybody it concerns once, nobody who is blocked or has no ground, and each is to be told."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from registry import tasks
from registry.imports.storage import AlreadyTaken
from registry.journal import unit_of_work
from registry.journal.reconcile import findings
from registry.management.commands.worker import Worker
from registry.models import Agreement, Consent, Disclosure, DisclosureCategory, HandOverRun, JournalEntry, Obligation
from registry.models.grounding import serve
from registry.operations import handover
from registry.operations.blocking import block
from registry.operations.handover import HandedOver, HandOver, cancel, preview
from tests.disclosing import COMPLETE, make_activity, make_consented, make_recipient
from tests.factories import make_law, make_rule, make_subject, save, today
from tests.queued import is_queued

pytestmark = pytest.mark.django_db


@pytest.fixture
def activity(lapp):
    make_rule("KZ-TRANSFER-NOTICE", trigger="third_party_transfer", amount=10)
    lapp.bin = "241040012133"
    return make_activity(save(lapp))


@pytest.fixture
def acquirer(lapp):
    return make_recipient(lapp, "buyer", kind="acquirer")


def served(activity, **fields):
    person = make_consented(activity, **fields)
    with unit_of_work(by=None, role="system"):
        serve(person, activity.purposes.get().purpose, on=today())
    return person


def said(acquirer, *activities, days=0, **fields):
    return HandOver(acquirer, activities, today(days), "consent")._replace(**fields)


def work():
    """Does what is queued, as the worker does it."""
    worker = Worker()
    for result in DBTaskResult.objects.ready():
        result.claim(worker.worker_id)
        worker.run_task(result)


def handed(what):
    """Done at once; the counts of the run."""
    run = tasks.begin_handover(what, by=None, at=timezone.now(), role="system", here=True)
    return HandedOver(*(getattr(run, kind) for kind in HandedOver._fields))


@pytest.fixture
def people(activity, dpo):
    """Two who go, one who is blocked, one whose consent says nothing of third parties, one whom it does not concern."""
    one, two, blocked = served(activity), served(activity), served(activity)
    served(activity, third_parties=False)
    make_subject(activity.operator)
    with unit_of_work(by=dpo):
        block(blocked, law=make_law(), cause="other", why="said so", by=dpo, at=timezone.now())
    return [one, two]


def test_everybody_concerned_goes_once_and_is_to_be_told(people, activity, acquirer):
    """Those left out are counted, the shown counts are those that come true, and each person is owed one word by its day."""
    counts = HandedOver(people=2, blocked=1, without_ground=1, before=0)
    assert preview(said(acquirer, activity)) == counts
    assert not Disclosure.objects.exists()
    assert handed(said(acquirer, activity)) == counts
    assert set(Disclosure.objects.filter(is_handover=True).values_list("subject", flat=True)) == {p.pk for p in people}
    assert DisclosureCategory.objects.count() == 2
    owed = Obligation.objects.values_list("what", "recipient", "norm__code")
    assert list(owed) == [("inform", acquirer.pk, "KZ-94-V/KZ-TRANSFER-NOTICE")] * 2
    assert all(each.due_on > today(10) for each in Obligation.objects.all())


def test_whom_the_crm_brought_goes_by_the_consent(activity, acquirer):
    """A consent in force names whom an activity is about, and so does an agreement where a purpose rests on agreements; whether
    that is a ground the gate says of each."""
    going = make_consented(activity)
    make_consented(activity, data_list="")  # incomplete: no ground
    make_consented(activity, expires_on=today(-1))
    assert handed(said(acquirer, activity)) == HandedOver(people=1, without_ground=1)
    assert list(Disclosure.objects.values_list("subject", flat=True)) == [going.pk]
    for concluded_on, ended_on in ((None, None), (today(), today()), (None, today(-1))):
        person = make_subject(activity.operator)
        save(Agreement(subject=person, number="5", concluded_on=concluded_on, ended_on=ended_on))
    assert preview(said(acquirer, activity)) == HandedOver(without_ground=1, before=1)
    basis = activity.purposes.get().basis
    basis.kind = "contract"
    save(basis)
    assert preview(said(acquirer, activity)) == HandedOver(without_ground=3, before=1)
    # Three days ago the consent that has run out stood, and so did the agreement that has ended; one was not concluded yet.
    assert preview(said(acquirer, activity, days=-3)) == HandedOver(people=1, without_ground=3, before=1)


def test_repeated_hand_over_adds_nothing(people, activity, acquirer):
    """No row, and no entry but those of the act; whoever came meanwhile goes then, and is the only one."""
    handed(said(acquirer, activity))
    entries = JournalEntry.objects.exclude(object_type="handoverrun").count()
    assert handed(said(acquirer, activity)) == HandedOver(people=0, blocked=1, without_ground=1, before=2)
    assert JournalEntry.objects.exclude(object_type="handoverrun").count() == entries
    late = served(activity)
    assert handed(said(acquirer, activity)).people == 1
    assert Disclosure.objects.filter(subject=late).count() == 1


def cut_off_after(chunks, monkeypatch):
    """The process ends when this chunk is to be written; one person a chunk."""
    monkeypatch.setattr(handover, "CHUNK", 1)
    writes, write = [], handover.write

    def cut_off(*args):
        writes.append(args)
        if len(writes) == chunks + 1:
            raise KeyboardInterrupt
        return write(*args)

    monkeypatch.setattr(handover, "write", cut_off)


def test_cut_off_hand_over_goes_on(people, activity, acquirer, monkeypatch):
    """A chunk that was committed stays with its counts; whoever goes on takes the rest, under the same act."""
    cut_off_after(1, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        handed(said(acquirer, activity))
    run = HandOverRun.objects.get()
    assert (run.state, run.rows_done, run.people, Disclosure.objects.count()) == ("handing_over", 1, 1, 1)
    tasks.go_on(run, by=None, role="system", here=True)
    run.refresh_from_db()
    assert (run.state, run.rows_done, run.rows_expected) == ("handed_over", 4, 4)
    assert (run.people, run.blocked, run.without_ground, run.before) == (2, 1, 1, 0)
    assert (Disclosure.objects.count(), Obligation.objects.count()) == (2, 2)


def test_rest_is_given_up(people, activity, acquirer, dpo, monkeypatch):
    """Whoever went has gone and is to be told; nobody else goes, and the journal says who gave it up."""
    cut_off_after(1, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        handed(said(acquirer, activity))
    run = HandOverRun.objects.get()
    cancel(run, by=dpo, at=timezone.now(), role="dpo")
    assert (run.state, run.ended_by, run.people) == ("cancelled", dpo, 1)
    with pytest.raises(AlreadyTaken):
        tasks.go_on(run, by=None, role="system", here=True)
    with pytest.raises(AlreadyTaken):
        cancel(run, by=dpo, at=timezone.now(), role="dpo")
    assert (Disclosure.objects.count(), Obligation.objects.count()) == (1, 1)
    entries = JournalEntry.objects.filter(object_type="handoverrun").order_by("seq")
    assert list(entries.values_list("action", "actor")) == [("handover.begin", None), ("handover.cancel", dpo.pk)]


def test_process_that_lags_behind_writes_nothing(people, activity, acquirer, monkeypatch):
    """Two at one hand-over: the one that knows an older count stops, and nobody is counted or told twice."""
    cut_off_after(1, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        handed(said(acquirer, activity))
    lagging, ahead = HandOverRun.objects.get(), HandOverRun.objects.get()
    handover.hand_over(ahead, by=None, role="system")
    with pytest.raises(AlreadyTaken):
        handover.hand_over(lagging, by=None, role="system")
    ahead.refresh_from_db()
    assert (ahead.people, Obligation.objects.count()) == (2, 2)


def test_many_wait_for_the_worker_and_a_few_do_not(people, activity, acquirer, settings, monkeypatch):
    """How many it concerns decides. The worker hands over for whom it was begun, and ends where that user has lost the role."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
    begun = {"by": None, "at": timezone.now(), "role": "system"}
    monkeypatch.setattr(handover, "MOST_AT_ONCE", 3)
    run = tasks.begin_handover(said(acquirer, activity), **begun)
    assert (run.state, is_queued(run), Disclosure.objects.count()) == ("handing_over", True, 0)
    work()
    run.refresh_from_db()
    assert (run.state, run.people) == ("handed_over", 2)
    monkeypatch.setattr(handover, "MOST_AT_ONCE", 4)
    assert tasks.begin_handover(said(acquirer, activity), **begun).state == "handed_over"


def test_worker_stops_for_whom_the_role_was_taken_from(people, activity, acquirer, dpo, settings, monkeypatch):
    """Rights that were taken away end with the hand-over that waits: it goes on at somebody's word only."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
    run = tasks.begin_handover(said(acquirer, activity), by=dpo, at=timezone.now(), role="dpo", here=False)
    dpo.is_active = False
    dpo.save()
    work()
    run.refresh_from_db()
    assert (run.state, run.step_role, Disclosure.objects.count()) == ("handing_over", "", 0)


def test_person_of_two_activities_is_told_once(activity, acquirer, lapp):
    """What left is recorded activity by activity; the word to the person is one."""
    person, other = served(activity), make_activity(lapp, "service")
    purpose = other.purposes.get().purpose
    save(Consent(subject=person, purpose=purpose, given_on=dt.date(2026, 1, 1), **COMPLETE))
    with unit_of_work(by=None, role="system"):
        serve(person, purpose, on=today())
    assert handed(said(acquirer, activity, other)).people == 1
    assert (Disclosure.objects.count(), Obligation.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"days": 1}, "is in the future: nothing has left yet."),
        ({"ground": "norm"}, "Name the norm that allows it."),
        ({"activities": ()}, "Choose the activities whose data are handed over."),
    ],
)
def test_act_is_refused_as_a_whole(changes, sentence, people, activity, acquirer):
    """What does not depend on the person is asked once, and nothing is written."""
    with pytest.raises(ValidationError, match=sentence):
        handed(said(acquirer, activity, **changes))
    assert not Disclosure.objects.exists() and not HandOverRun.objects.exists()


def test_acquirer_promises_confidentiality_first(people, activity, acquirer):
    """Restricted data go to nobody without an undertaking, in bulk neither."""
    promise = acquirer.undertakings.get()
    promise.ends_on = promise.starts_on
    save(promise)
    with pytest.raises(ValidationError, match="has not promised confidentiality"):
        handed(said(acquirer, activity))


def test_only_an_acquirer_takes_over(people, activity, lapp):
    """A courier does not become the new operator."""
    with pytest.raises(ValidationError, match="does not acquire the business"):
        handed(said(make_recipient(lapp), activity))


def test_rows_in_bulk_are_in_the_journal_as_if_saved(people, activity, acquirer):
    """Each has its history row and an entry that fits it."""
    handed(said(acquirer, activity))
    assert Disclosure.history.count() == 2
    entries = JournalEntry.objects.filter(object_type="disclosure")
    assert sorted(entry.subjects.get().uid for entry in entries) == sorted(person.uid for person in people)
    assert not list(findings())
