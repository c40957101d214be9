"""Imports whose steps wait in the queue, and the worker that does them."""

from django_tasks_db.models import DBTaskResult

from registry import tasks
from registry.imports.crm_file import Said
from registry.management.commands.worker import Worker
from registry.models import ImportRun
from tests.imports.crm import person

ACTING = {"by": None, "role": "system"}


def uploaded(crm, *rows):
    run = crm.upload(list(rows) or [person(1), person(2, email="x")])
    ImportRun.objects.filter(pk=run.pk).update(file_size=10)
    run.refresh_from_db()
    return run


def waiting(crm, *rows):
    run = uploaded(crm, *rows)
    tasks.begin_planning(run, Said(), **ACTING)
    return run


def is_queued(run):
    """Whether the worker will come to this step: it waits in the queue, perhaps behind another one."""
    return run.pk in tasks._runs_of(type(run), DBTaskResult.objects.ready())


def work():
    """Does what is queued, as the worker does it."""
    worker = Worker()
    for result in DBTaskResult.objects.ready():
        result.claim(worker.worker_id)
        worker.run_task(result)
