"""What PostgreSQL's planner is told not to do, where its statistics say little: of what was just written they know nothing yet."""

from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def without(*plans):
    """Queries within are not planned in these ways: nestloop, seqscan, indexscan and whatever else is an `enable_…` of PostgreSQL.

    SQLite needs nothing, and would take a transaction for one that writes.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        for name in plans:
            cursor.execute(f"SET LOCAL enable_{name} = off")
        yield
        for name in plans:
            cursor.execute(f"SET LOCAL enable_{name} TO DEFAULT")
