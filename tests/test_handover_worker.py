"""A hand-over in the worker: whatever ends it in the middle, everybody goes once and is told once."""

import pytest
from django.utils import timezone

from registry import tasks
from registry.journal import unit_of_work
from registry.journal.reconcile import findings
from registry.models import Disclosure, HandOverRun, Obligation
from registry.models.grounding import serve
from registry.operations.handover import HandOver
from tests import factories, worker_process
from tests.disclosing import make_activity, make_consented, make_recipient

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 12


@pytest.fixture
def run(settings):
    """A hand-over of twelve people that waits for a worker."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
    lapp = factories.make_operator("lapp", name_en="Lapp Kazakhstan LLP", bin="241040012133")
    activity = make_activity(lapp)
    for _person in range(PEOPLE):
        person = make_consented(activity)
        with unit_of_work(by=None, role="system"):
            serve(person, activity.purposes.get().purpose, on=timezone.localdate())
    buyer = make_recipient(lapp, "buyer", kind="acquirer")
    said = HandOver(buyer, (activity,), timezone.localdate(), "consent")
    return tasks.begin_handover(said, by=None, at=timezone.now(), role="system", here=False)


def known(run):
    return HandOverRun.objects.get(pk=run.pk)


def test_hand_over_whose_worker_was_killed_is_finished_by_the_next(run):
    """kill -9 between two chunks: a new worker goes on where it stood, and the counts are those of one uninterrupted act."""
    slow = worker_process.start(pause=0.3)
    try:
        worker_process.until(lambda: 0 < known(run).rows_done < PEOPLE, slow)
    finally:
        slow.kill()
        slow.communicate()
    assert known(run).is_at_work
    quick = worker_process.start()
    try:
        worker_process.until(lambda: known(run).state == "handed_over", quick)
    finally:
        quick.kill()
        quick.communicate()
    assert (known(run).people, known(run).rows_done) == (PEOPLE, PEOPLE)
    assert Disclosure.objects.count() == Disclosure.history.count() == Obligation.objects.count() == PEOPLE
    assert not list(findings())
