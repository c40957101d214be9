"""Letters and the worker: they wait in the queue of the imports, and what was lost of it is sent all the same."""

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from registry import tasks
from registry.journal import unit_of_work
from registry.management.commands.worker import Worker
from registry.models import ImportRun
from registry.operations import mailing
from tests import factories
from tests.queued import is_queued

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queue(settings, tmp_path):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
    settings.PRIVATE_DIR = tmp_path


@pytest.fixture
def letter(lapp):
    case = factories.make_request(lapp)
    with unit_of_work(by=None, role="system", operator=lapp):
        letter = case.draft("acknowledgement", by=None, at=timezone.now(), text="Received.", language="en")
        mailing.send_letter(letter, address="a@example.kz", by=None, at=timezone.now())
    return letter


def test_letter_in_the_queue_is_no_import(letter, lapp):
    """The numbers of letters and of imports are counted apart."""
    mailing.deliver_letter.enqueue(letter.pk)
    run = ImportRun.objects.create(pk=letter.pk, operator=lapp, file_name="a.csv", file_size=1)
    assert not is_queued(run)
    tasks.plan_import.enqueue(run.pk)
    assert is_queued(run)


def test_worker_sends_what_waits(letter, mailoutbox, monkeypatch):
    """By its task; and where that was lost, when the worker starts, and every five minutes."""
    worker = Worker()
    as_it_is = mailing.deliver_waiting

    def then_stop():
        worker.running = False
        return as_it_is()

    monkeypatch.setattr(mailing, "deliver_waiting", then_stop)
    worker.run()
    assert [message.to for message in mailoutbox] == [["a@example.kz"]]
    mailing.deliver_letter.enqueue(letter.pk)
    result = DBTaskResult.objects.get()
    result.claim(worker.worker_id)
    worker.run_task(result)
    assert len(mailoutbox) == 1
    letter.refresh_from_db()
    assert letter.sent_at is not None
