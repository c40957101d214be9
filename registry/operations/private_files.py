"""Files of the register in private storage: one each row, under a name nobody chose, and there exactly as long as its row.

A file is written before its row is committed and gets its name afterwards, so that neither a process that is killed nor a
transaction that is rolled back leaves a row without its file. What nobody committed is deleted an hour later.
"""

import os
import time
import uuid
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction

WAITING = ".new"
LONGEST_TRANSACTION_SECONDS = 3600


def keep(folder, content: bytes) -> str:
    """Writes a new file that nobody else on the machine can read. Returns the path for its row, which is saved after it."""
    path = f"{folder}/{uuid.uuid4().hex}"
    place = _place(path)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(f"{place}{WAITING}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)
    transaction.on_commit(partial(_take_over, path), robust=True)
    return path


def read(path) -> bytes:
    """What stands in a kept file, also where the process was killed between the commit and the name. FileNotFoundError."""
    place = _place(path)
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return Path(f"{place}{WAITING}").read_bytes()


def sweep(folder, model):
    """Finishes what a process left: files with a row get their name, others are deleted once no transaction can be theirs."""
    waiting = {f"{folder}/{each.stem}": each for each in _place(folder).glob(f"*{WAITING}")}
    old = {path for path, place in waiting.items() if _age(place) > LONGEST_TRANSACTION_SECONDS}
    named = set(model.objects.filter(path__in=old).values_list("path", flat=True))
    for path in old:
        if path in named:
            _take_over(path)
        else:
            waiting[path].unlink(missing_ok=True)


def _take_over(path):
    place = _place(path)
    Path(f"{place}{WAITING}").rename(place)


def _age(place):
    try:
        return time.time() - place.stat().st_mtime
    except FileNotFoundError:
        return 0


def _place(path):
    return Path(settings.PRIVATE_DIR) / path
