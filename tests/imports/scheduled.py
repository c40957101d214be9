"""A folder into which a CRM puts its files, as tests of the scheduled import see it."""

import os
import time

from registry.imports.apply import cancel
from registry.models import ImportRun

from .crm import consent, csv_of, person

CONTENT = csv_of([person(1, **consent()), person(2, email="anna at b.kz")])
FIVE = csv_of([person(number) for number in range(5)])


def put(folder, name, content=CONTENT, *, seconds_ago=60):
    path = folder / name
    path.write_bytes(content)
    os.utime(path, (time.time() - seconds_ago,) * 2)
    return path


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def give_up(run):
    cancel(ImportRun.objects.get(pk=run.pk), by=None, role="system")


def crash(*args):
    raise KeyboardInterrupt
