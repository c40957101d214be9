"""How long an officer waits for a person's page while an import is planned and applied in another process, at the worker's priority.

    python -m tests.benchmarks.bench_latency [ROWS]      or BENCH_LATENCY_ROWS

The page is the whole of it: session, permissions, form, the entry "opened" in the journal. One officer, a page every 20 ms.
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


def look(pages, user_pk, stop, told):
    """The officer: seconds of each page until told to stop. The process is readied as one of the web server's."""
    import_module("config.wsgi")
    from django.db import connection
    from django.test import Client

    from registry.models import User

    client, seconds = Client(headers={"host": "127.0.0.1"}), []
    client.force_login(User.objects.get(pk=user_pk), backend="registry.scope.RoleBackend")
    assert client.get(pages[0]).status_code == 200
    while not stop.is_set():
        begun = time.perf_counter()
        status = client.get(random.choice(pages)).status_code
        seconds.append(time.perf_counter() - begun)
        assert status == 200, status
        time.sleep(PAUSE_SECONDS)
    connection.close()
    told.put(seconds)
    told.close()
    told.join_thread()
    os._exit(0)  # what the benchmark's own process has to tidy up is not this one's


def watched(pages, user, act):
    """Seconds of the pages that were looked at while `act` ran."""
    from django.db import connections

    context = multiprocessing.get_context("fork")
    stop, told = context.Event(), context.Queue()
    connections.close_all()
    officer = context.Process(target=look, args=(pages, user.pk, stop, told), daemon=True)
    officer.start()
    try:
        act()
    finally:
        stop.set()
    seconds = told.get(timeout=60)
    officer.join(10)
    return sorted(seconds)


def main(count):
    open_database()
    from django.urls import reverse

    from registry.imports.plan import make_plan
    from registry.management.commands.worker import NICENESS
    from registry.models import DataSubject
    from tests import factories

    operator = emptied()
    run = uploaded(operator, made_up.pieces(KNOWN))
    make_plan(run, **ACTING)
    applied(run)
    pages = [
        reverse("admin:registry_datasubject_change", args=[pk])
        for pk in DataSubject.objects.values_list("pk", flat=True)
    ]
    user = factories.make_user("dpo", operator, username="officer")

    def work():
        os.nice(NICENESS)
        run = uploaded(operator, made_up.pieces(count, change_every=10))
        make_plan(run, **ACTING)
        applied(run)

    quiet = watched(pages, user, lambda: time.sleep(5))
    busy = watched(pages, user, work)
    told = f"{label()}, import of {count:,} rows: a person's page"
    record(f"{told}, median, nothing else going on", statistics.median(quiet) * 1000, "ms")
    record(f"{told}, median of {len(busy)} meanwhile", statistics.median(busy) * 1000, "ms")
    record(f"{told}, p99 meanwhile", busy[int(len(busy) * 0.99)] * 1000, "ms", 100, at_least=False)
    record(f"{told}, longest meanwhile", busy[-1] * 1000, "ms", 1000, at_least=False)


if __name__ == "__main__":
    main(given(1, "BENCH_LATENCY_ROWS", ROWS))
