"""The hand-over to an acquirer: everybody it concerns once, nobody who is blocked or has no ground, and each is to be told."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from registry.journal import unit_of_work
from registry.journal.reconcile import findings
from registry.models import Consent, Disclosure, DisclosureCategory, JournalEntry, Obligation
from registry.models.grounding import serve
from registry.operations import handover
from registry.operations.blocking import block
from registry.operations.handover import HandedOver, HandOver, hand_over, preview
from tests.disclosing import COMPLETE, make_activity, make_consented, make_recipient
from tests.factories import make_law, make_rule, make_subject, save

pytestmark = pytest.mark.django_db
ON = timezone.localdate()


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
        serve(person, activity.purposes.get().purpose, on=ON)
    return person


def said(acquirer, *activities, **fields):
    return HandOver(acquirer, activities, ON, "consent")._replace(**fields)


def handed(what):
    return hand_over(what, by=None, at=timezone.now(), role="system")


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
    assert all(each.due_on > ON + dt.timedelta(days=10) for each in Obligation.objects.all())


def test_repeated_hand_over_adds_nothing(people, activity, acquirer):
    """No row and no entry; whoever came meanwhile goes then, and is the only one."""
    handed(said(acquirer, activity))
    entries = JournalEntry.objects.count()
    assert handed(said(acquirer, activity)) == HandedOver(people=0, blocked=1, without_ground=1, before=2)
    assert JournalEntry.objects.count() == entries
    late = served(activity)
    assert handed(said(acquirer, activity)).people == 1
    assert Disclosure.objects.filter(subject=late).count() == 1


def test_cut_off_hand_over_goes_on(people, activity, acquirer, monkeypatch):
    """A chunk that was committed stays; the next call takes the rest."""
    monkeypatch.setattr(handover, "CHUNK", 1)
    writes, write = [], handover.write

    def second_time_cut_off(*args):
        writes.append(args)
        if len(writes) == 2:
            raise KeyboardInterrupt
        return write(*args)

    monkeypatch.setattr(handover, "write", second_time_cut_off)
    with pytest.raises(KeyboardInterrupt):
        handed(said(acquirer, activity))
    assert Disclosure.objects.count() == 1
    assert handed(said(acquirer, activity)).people == 1
    assert (Disclosure.objects.count(), Obligation.objects.count()) == (2, 2)


def test_person_of_two_activities_is_told_once(activity, acquirer, lapp):
    """What left is recorded activity by activity; the word to the person is one."""
    person, other = served(activity), make_activity(lapp, "service")
    purpose = other.purposes.get().purpose
    save(Consent(subject=person, purpose=purpose, given_on=dt.date(2026, 1, 1), **COMPLETE))
    with unit_of_work(by=None, role="system"):
        serve(person, purpose, on=ON)
    assert handed(said(acquirer, activity, other)).people == 1
    assert (Disclosure.objects.count(), Obligation.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"on": ON + dt.timedelta(days=1)}, "is in the future: nothing has left yet."),
        ({"ground": "norm"}, "Name the norm that allows it."),
        ({"activities": ()}, "Choose the activities whose data are handed over."),
    ],
)
def test_act_is_refused_as_a_whole(changes, sentence, people, activity, acquirer):
    """What does not depend on the person is asked once, and nothing is written."""
    with pytest.raises(ValidationError, match=sentence):
        handed(said(acquirer, activity, **changes))
    assert not Disclosure.objects.exists()


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
