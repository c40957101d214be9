"""kill -9 in the middle of an apply and of an undo. The long proof is `python -m tests.benchmarks.kill_imports`."""

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from registry.imports import crm_file
from registry.journal.reconcile import findings
from registry.models import DataSubject
from tests import factories
from tests.benchmarks.kills import AFTER, ANY, BEFORE, WITHIN, Aim, in_a_child, standing

from .crm import CRM, consent, person
from .undoing import RENEWED, let_serve, list_data_of

KNOWN = [person(number, **consent()) for number in range(12)]
SERVED = range(3)  # their data serve the purpose, and go on upon the renewal
CHANGED = [person(number, **RENEWED) for number in SERVED]
CHANGED += [person(number, phone=f"8702000{number:04}", **consent()) for number in range(3, 18)]
CHANGED += [person(90, email="x")]


@pytest.mark.django_db(transaction=True)
def test_killed_steps_end_as_undisturbed_ones(monkeypatch):
    """Killed around commits and anywhere else, the same command goes on: nothing is doubled, nothing lost, the chain whole."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 4)
    runs = {}
    for code in ("lapp", "kazger"):
        crm = CRM(factories.make_operator(code, bin="241040012133"))
        list_data_of(factories.make_purpose(crm.operator))
        crm.load(KNOWN)
        for number in SERVED:
            let_serve(number, operator=crm.operator)
        runs[code] = crm.plan(CHANGED)
    for goal, *aims in (
        ("applied", Aim(BEFORE, 2), Aim(WITHIN, 2), Aim(AFTER, 2)),
        ("undone", Aim(AFTER, 2), Aim(BEFORE, 2), Aim(ANY, seconds=random.uniform(0, 0.1))),
    ):
        for aim in aims:
            assert in_a_child(runs["lapp"].pk, goal, aim) or aim.kind == ANY
        for run in runs.values():
            in_a_child(run.pk, goal)
        ends = [standing(run.operator, run) for run in runs.values()]
        assert ends[0] == ends[1]
    assert (runs["lapp"].state, runs["lapp"].undone, DataSubject.objects.count()) == ("undone", 18, 24)
    assert list(findings()) == []


@pytest.mark.django_db(transaction=True)
def test_child_keeps_off_the_connections_of_its_parent(monkeypatch):
    """With an event loop a thread has other connections, and those from before go on; a child must not meet them."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    run = CRM(factories.make_operator("lapp")).plan([person(1)])

    def in_a_thread_without_a_loop():
        connection.ensure_connection()
        before = connections["default"]
        before.connection.close()  # as a server closes it: Django does not know
        try:
            return asyncio.run(with_a_loop(before))
        finally:
            before.close()

    async def with_a_loop(before):
        assert connections["default"] is not before
        try:
            return in_a_child(run.pk, "applied")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(in_a_thread_without_a_loop).result() is False
    assert DataSubject.objects.count() == 1
