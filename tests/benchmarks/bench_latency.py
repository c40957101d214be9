"""How long an officer waits for a person's page while an import is planned and applied in another process, at the worker's priority.

    python -m tests.benchmarks.bench_latency [ROWS]      or BENCH_LATENCY_ROWS

The page is the whole of it: session, permissions, form, the entry "opened" in the journal. One officer, a page every 20 ms.
Then the entry alone, an import once more: what an officer waits for it is for the import's locks, the rest is the page's own work.
"""

import multiprocessing
import os
import random
import statistics
import time
from importlib import import_module

from . import made_up
from .report import record
from .setting import ACTING, applied, emptied, given, label, open_database, uploaded

ROWS, KNOWN, PAUSE_SECONDS = 50_000, 500, 0.02


def page_of(people, user):
    """Opens a person's page, as a browser that is logged in."""
    from django.test import Client
    from django.urls import reverse

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user, backend="registry.scope.RoleBackend")

    def open_page():
        status = client.get(reverse("admin:registry_datasubject_change", args=[random.choice(people)[0]])).status_code
        assert status == 200, status

    return open_page


def entry_of(people, user):
    """Writes what a page says of itself in the journal."""
    from registry import journal
    from registry.choices import Role

    def write_entry():
        uid = random.choice(people)[1]
        with journal.reading(by=user, role=Role.DPO, operator="lapp"):
            journal.record("view", object_type="datasubject", uid=uid, subjects=[uid])

    return write_entry


def look(doing, people, user_pk, stop, told):
    """The officer: seconds of each act until told to stop. The process is readied as one of the web server's."""
    import_module("config.wsgi")
    from django.db import connection

    from registry.models import User

    act, seconds = doing(people, User.objects.get(pk=user_pk)), []
    act()
    while not stop.is_set():
        begun = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - begun)
        time.sleep(PAUSE_SECONDS)
    connection.close()
    told.put(seconds)
    told.close()
    told.join_thread()
    os._exit(0)  # what the benchmark's own process has to tidy up is not this one's


def watched(doing, people, user, act):
    """Seconds of what the officer did while `act` ran."""
    from django.db import connections

    context = multiprocessing.get_context("fork")
    stop, told = context.Event(), context.Queue()
    connections.close_all()
    officer = context.Process(target=look, args=(doing, people, user.pk, stop, told), daemon=True)
    officer.start()
    try:
        act()
    finally:
        stop.set()
    seconds = told.get(timeout=60)
    officer.join(10)
    return sorted(seconds)


def work(operator, first, count):
    """The import, as the worker does it."""
    from registry.imports.plan import make_plan
    from registry.management.commands.worker import NICENESS

    os.nice(NICENESS)
    run = uploaded(operator, made_up.pieces(count, first=first, change_every=10))
    make_plan(run, **ACTING)
    applied(run)


def main(count):
    open_database()
    from registry.imports.plan import make_plan
    from registry.models import DataSubject
    from tests import factories

    operator = emptied()
    run = uploaded(operator, made_up.pieces(KNOWN))
    make_plan(run, **ACTING)
    applied(run)
    people = list(DataSubject.objects.values_list("pk", "uid"))
    user = factories.make_user("dpo", operator, username="officer")

    def imports(first):
        importer = multiprocessing.get_context("fork").Process(target=work, args=(operator, first, count))
        importer.start()
        importer.join()
        assert importer.exitcode == 0, importer.exitcode

    quiet = watched(page_of, people, user, lambda: time.sleep(5))
    pages = watched(page_of, people, user, lambda: imports(1))
    entries = watched(entry_of, people, user, lambda: imports(1 + count))
    page = f"{label()}, import of {count:,} rows: a person's page"
    record(f"{page}, median, nothing else going on", statistics.median(quiet) * 1000, "ms")
    for told, seconds in ((page, pages), (f"{page}, its entry in the journal alone", entries)):
        record(f"{told}, median of {len(seconds)} meanwhile", statistics.median(seconds) * 1000, "ms")
        record(f"{told}, p99 meanwhile", seconds[int(len(seconds) * 0.99)] * 1000, "ms", 100, at_least=False)
        record(f"{told}, longest meanwhile", seconds[-1] * 1000, "ms", 1000, at_least=False)


if __name__ == "__main__":
    main(given(1, "BENCH_LATENCY_ROWS", ROWS))
