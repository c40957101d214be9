"""Rows a second of a CRM import, its targets beside it: plan, apply, the same export again with a tenth changed.

    python -m tests.benchmarks.bench_import [ROWS [REPETITIONS]]      or BENCH_ROWS, BENCH_REPETITIONS

Ours: person, consent, the history of both, journal. Theirs: dry run and import of people with history only (theirs.py).
Floor: the very rows that ours writes, made before, by the same COPY or executemany into the same tables in the same chunks.
"""

import pickle
import statistics
import tempfile
import time
from contextlib import contextmanager

from . import made_up, theirs
from .report import record
from .setting import ACTING, applied, emptied, given, label, open_database, uploaded

ROWS, REPETITIONS = 100_000, 3
THEIRS_AT_MOST = 3000  # its rate falls as the table grows: fewer rows are to its advantage
TIMES = {"PostgreSQL": 40, "SQLite": 20}
OF_FLOOR = {"PostgreSQL": 0.8, "SQLite": 0.65}


@contextmanager
def recorded(spool):
    """What copying inserts meanwhile goes to the spool, too: one pickled list of (model, columns, parts) a transaction."""
    from django.db import transaction

    from registry.journal import copying

    insert, waiting = copying.insert, []

    def and_keep(model, attnames, *parts):
        insert(model, attnames, *parts)
        if not waiting:
            transaction.on_commit(lambda: (pickle.dump(waiting, spool), waiting.clear()))
        waiting.append((model._meta.label, attnames, list(map(list, parts))))

    copying.insert = and_keep
    try:
        yield
    finally:
        copying.insert = insert


def floor(spool):
    """Seconds that the database alone takes for the recorded rows."""
    from django.apps import apps
    from django.db import transaction

    from registry.journal import copying

    spool.seek(0)
    seconds = 0
    while True:
        try:
            chunk = pickle.load(spool)
        except EOFError:
            return seconds
        begun = time.perf_counter()
        with transaction.atomic():
            for name, attnames, parts in chunk:
                copying.insert(apps.get_model(name), attnames, *parts)
        seconds += time.perf_counter() - begun


def timed(act):
    begun = time.perf_counter()
    result = act()
    return result, time.perf_counter() - begun


def ours(count):
    """Seconds of each step."""
    from registry.imports.plan import make_plan

    operator, taken = emptied(), {}
    run = uploaded(operator, made_up.pieces(count))
    _plan, taken["plan"] = timed(lambda: make_plan(run, **ACTING))
    _run, taken["apply"] = timed(lambda: applied(run))
    run.refresh_from_db()
    assert run.new == run.rows == count, (run.new, run.rows, count)
    run = uploaded(operator, made_up.pieces(count, change_every=10))
    _plan, taken["plan again"] = timed(lambda: make_plan(run, **ACTING))
    _run, taken["apply again"] = timed(lambda: applied(run))
    run.refresh_from_db()
    assert (run.changed, run.same) == (count // 10, count - count // 10)
    return taken


def measured(count, model, spool):
    """One repetition: rows a second by name, and the two ratios."""
    default = theirs.rate(model, min(count, THEIRS_AT_MOST))
    taken = ours(count)
    emptied()
    seconds = floor(spool)
    rates = {name: count / each for name, each in taken.items()}
    both = count / (taken["plan"] + taken["apply"])
    return rates | {"default": default, "both": both, "times": both / default, "floor": count / seconds,
                    "of floor": seconds / taken["apply"]}  # fmt: skip


def record_floor_rows(count, spool):
    """Made by one process: those of another one come as PostgreSQL copies them, and to make that of them is the floor's, too."""
    from registry.imports import beside
    from registry.imports.plan import make_plan

    operator, fewest = emptied(), beside.FEWEST_ROWS
    beside.FEWEST_ROWS = count + 1
    run = uploaded(operator, made_up.pieces(count))
    make_plan(run, **ACTING)
    with recorded(spool):
        applied(run)
    beside.FEWEST_ROWS = fewest


def main(count, repetitions):
    open_database()
    where, model = label(), theirs.plain_model()
    with tempfile.TemporaryFile() as spool:
        record_floor_rows(count, spool)
        found = [measured(count, model, spool) for _each in range(repetitions)]
    middle = {name: statistics.median(each[name] for each in found) for name in found[0]}
    told = f"{where}, {count:,} rows"
    record(f"{told}: default resource, dry run and import", middle["default"], "rows/s")
    record(f"{told}: plan and apply of new people", middle["both"], "rows/s")
    record(f"{told}: … times the default resource", middle["times"], "times", TIMES[where])
    record(f"{told}: apply of new people", middle["apply"], "rows/s")
    record(f"{told}: … the same rows, prepared", middle["floor"], "rows/s")
    record(f"{told}: … apply of that floor", middle["of floor"], "of it", OF_FLOOR[where])
    record(f"{told}: plan into an empty register", middle["plan"], "rows/s", 60_000)
    record(f"{told}: plan again, a tenth changed", middle["plan again"], "rows/s")
    record(f"{told}: apply again, a tenth changed", middle["apply again"], "rows/s", 25_000)


if __name__ == "__main__":
    main(given(1, "BENCH_ROWS", ROWS), given(2, "BENCH_REPETITIONS", REPETITIONS))
