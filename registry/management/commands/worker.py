"""manage.py worker: does the long work of the background, one task after another, and takes over what was cut off."""

import logging
import os
import signal
import sys
import time
import uuid

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connections
from django_tasks_db.management.commands.db_worker import Worker as DatabaseWorker
from django_tasks_db.models import DBTaskResult

from registry import tasks
from registry.admin import vocabulary_import
from registry.exports import xlsx
from registry.imports import progress, storage
from registry.operations import mailing

logger = logging.getLogger(__name__)
LOOK_SECONDS = 10
LETTERS_SECONDS = 300
FILES_SECONDS = 60
RESULTS_SECONDS = 24 * 60 * 60
WAIT_SECONDS = 1
LONGEST_WAIT_SECONDS = 10
# Added to the worker's niceness: where processors are few, pages of officers go before imports.
NICENESS = 10


class Duty:
    """What is done at once, and then every so many seconds."""

    def __init__(self, seconds, act):
        self.seconds, self.act, self.due_at = seconds, act, 0

    def do_if_due(self):
        if time.monotonic() >= self.due_at:
            self.due_at = time.monotonic() + self.seconds
            self.act()


def purge_files():
    """Files with data of people are deleted when they have had their time, whether or not anybody opens a page."""
    try:
        storage.purge_expired()
        vocabulary_import.purge()
        xlsx.purge()
    except OSError as error:
        logger.error("Files that have had their time cannot be deleted (%s).", type(error).__name__)


class Worker(DatabaseWorker):
    """The library's worker, which ends when there is nothing to do, started again and again; and what it does not do.

    It survives a database that is restarted, stops a step between two chunks when told to end, and takes over steps whose
    process is gone.
    """

    def __init__(self):
        super().__init__(
            queue_names=["default"], interval=WAIT_SECONDS, batch=True, backend_name="default", startup_delay=False,
            max_tasks=None, worker_id=uuid.uuid4().hex, excluded_queue_names=[],
        )  # fmt: skip

    def run(self):
        duties = [
            Duty(RESULTS_SECONDS, tasks.forget_old_results),
            Duty(LOOK_SECONDS, tasks.take_over_cut_off),
            Duty(LETTERS_SECONDS, mailing.deliver_waiting),
            Duty(FILES_SECONDS, purge_files),
            Duty(LETTERS_SECONDS, tasks.mail_left_behind),
        ]
        lost = 0
        while self.running:
            try:
                for duty in duties:
                    duty.do_if_due()
                # Asked first: the library locks an SQLite database for every look.
                if DBTaskResult.objects.ready().exists():
                    super().run()
                lost = 0
            except (OperationalError, InterfaceError):
                if not lost:
                    logger.warning("The database does not answer: waiting for it.")
                lost += 1
                for duty in duties:
                    duty.due_at = 0
                connections.close_all()
            if self.running:
                time.sleep(min(WAIT_SECONDS + lost, LONGEST_WAIT_SECONDS))

    def shutdown(self, signum, frame):
        """The first signal ends the step after its chunk, the second the process."""
        if not self.running:
            self.reset_signals()
            sys.exit(1)
        self.running = False
        progress.STOPPING.set()
        if not self.running_task:
            sys.exit(0)


class Command(BaseCommand):
    help = "Does long work: reads, applies and undoes large imports, hands many people over. Start it beside the web server; SIGTERM ends it."

    def handle(self, **options):
        # The library tells of every look it takes; of errors our own log tells, without values.
        logging.getLogger("django_tasks_db").setLevel(logging.ERROR)
        logging.getLogger("django_tasks").setLevel(logging.ERROR)
        os.nice(NICENESS)
        worker = Worker()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, worker.shutdown)
        worker.run()
