"""Where the benchmarks of imports take place: a database of the tests, emptied at will, and a file brought into it."""

import contextlib
import os
import sys

from tests.worker_process import environment


def open_database():
    """Sets Django up on the database of the tests that the environment names; returns its connection."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.db import connection

    with contextlib.redirect_stdout(sys.stderr):
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
    # For the process that a long import starts.
    os.environ.update(environment())
    return connection


def label():
    """How figures name the database."""
    from django.db import connection

    return {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[connection.vendor]


def emptied():
    """An operator with one purpose, alone in an empty register; its keys are the same each time."""
    from django.core.management import call_command
    from django.db import connection

    from tests import factories

    call_command("flush", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "VACUUM")
    operator = factories.make_operator(bin="050740001234", address="Алматы")
    factories.make_purpose(operator)
    return operator


ACTING = {"by": None, "role": "system"}


def uploaded(operator, pieces):
    from registry.imports import storage

    return storage.upload(operator=operator, owner=None, role="system", file_name="bench.csv", chunks=pieces)


def applied(run):
    """Applies a plan as the command does."""
    from registry.imports.apply import apply, take

    return apply(take(run, token=run.token, by=None), **ACTING)


def given(place, name, default):
    """A number from the command line, else from the environment."""
    return int(sys.argv[place] if len(sys.argv) > place else os.environ.get(name) or default)
