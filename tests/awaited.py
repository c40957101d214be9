"""A lock that is held until somebody waits for it: let go before that, a test would pass where nobody takes it."""

import time

from django.db import connection

PATIENCE_SECONDS, LOOK_SECONDS = 20, 0.02
# SQLite does not tell who waits, and has one writer at a time by nature.
HELD_SECONDS = 1


def until_awaited():
    """Returns when another connection waits for what the transaction of this one holds."""
    if connection.vendor == "sqlite":
        time.sleep(HELD_SECONDS)
        return
    for _look in range(round(PATIENCE_SECONDS / LOOK_SECONDS)):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(LOOK_SECONDS)
    raise AssertionError("nobody came to wait for this transaction")
