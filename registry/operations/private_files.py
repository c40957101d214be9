"""Files of the register in private storage: one each row, under a name nobody chose, and there exactly as long as its row.

A file is written before its row is committed and gets its name afterwards, so that neither a process that is killed nor a
transaction that is rolled back leaves a row without its file. What nobody committed is deleted an hour later.
"""

import os
import time
import uuid
from contextlib import suppress
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction

WAITING = "new"  # a folder beside the files that are somebody's: it is looked through, they never are
LONGEST_TRANSACTION_SECONDS = 3600


def keep(folder, content: bytes) -> str:
    """Writes a new file that nobody else on the machine can read. Returns the path for its row, which is saved after it."""
    path = f"{folder}/{uuid.uuid4().hex}"
    waiting = _waiting(path)
    for each in (waiting.parent.parent, waiting.parent):
        each.mkdir(exist_ok=True, mode=0o700)
    descriptor = os.open(waiting, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)
    transaction.on_commit(partial(_take_over, path), robust=True)
    return path


def read(path) -> bytes:
    """What stands in a kept file, also where the process was killed between the commit and the name. FileNotFoundError."""
    try:
        return _place(path).read_bytes()
    except FileNotFoundError:
        return _waiting(path).read_bytes()


def sweep(folder, model):
    """Finishes what a process left: files with a row get their name, others are deleted once no transaction can be theirs."""
    waiting = {f"{folder}/{each.name}": each for each in (_place(folder) / WAITING).glob("*")}
    old = {path for path, place in waiting.items() if _age(place) > LONGEST_TRANSACTION_SECONDS}
    named = set(model.objects.filter(path__in=old).values_list("path", flat=True))
    for path in old:
        if path in named:
            with suppress(FileNotFoundError):  # another sweep was quicker
                _take_over(path)
        else:
            waiting[path].unlink(missing_ok=True)


def _take_over(path):
    _waiting(path).rename(_place(path))


def _age(place):
    try:
        return time.time() - place.stat().st_mtime
    except FileNotFoundError:
        return 0


def _place(path):
    return Path(settings.PRIVATE_DIR) / path


def _waiting(path):
    folder, _slash, name = path.rpartition("/")
    return _place(folder) / WAITING / name
