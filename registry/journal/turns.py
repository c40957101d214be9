"""Whose turn it is to write, where the database is SQLite. Its waiting writers look again only now and then, so whoever writes chunk
after chunk keeps them out for seconds; a lock on a file beside the database is looked at every two milliseconds.
"""

import time
from contextlib import ExitStack, contextmanager, suppress

from django.db import OperationalError, connection

try:
    import fcntl
except ImportError:  # Windows has none: there SQLite decides alone
    fcntl = None

LOOK_SECONDS = 0.002
# Whoever waited so long goes on without: SQLite's own lock has a time limit and an error that is told.
PATIENCE_SECONDS = 10


@contextmanager
def turn():
    """Waits for the turn to write and keeps it until the end of the block; nothing on PostgreSQL or inside a transaction.

    Whoever waits is the next one: who has just had a turn comes after that. Where the files cannot be opened or locked (another user made
    them, the folder is on a share), SQLite decides alone.
    """
    with ExitStack() as held:
        if connection.vendor == "sqlite" and fcntl and not (connection.in_atomic_block or connection.is_in_memory_db()):
            queue, end = f"{connection.settings_dict['NAME']}-turn", time.monotonic() + PATIENCE_SECONDS
            with suppress(OSError), open(f"{queue}-next", "ab") as place:
                _wait(place, end)
                _wait(held.enter_context(open(queue, "ab")), end)
        yield


def _wait(lock, end):
    while time.monotonic() < end:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(LOOK_SECONDS)


def checkpoint():
    """Brings what was committed from SQLite's log into its database, between two chunks: else the commit that finds the log
    long does it, and others wait for its turn to end. Where it cannot be done now, that commit does it, and tells.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with suppress(OperationalError), connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
