"""Lines a second of what leaves: the audit trail beside COPY of the same bodies, its changes, lists of people; and memory.

    python -m tests.benchmarks.bench_exports [ENTRIES [REPETITIONS]]      or BENCH_ENTRIES, BENCH_REPETITIONS

The entries are those of an import: half as many people, each with a consent. COPY reads bodies and writes them to a file,
nothing else; ours reads entries, makes lines, hashes and writes them, with all that belongs to the export.
"""

import contextlib
import os
import statistics
import tempfile
import threading
import time
import traceback
from pathlib import Path

from . import made_up
from .report import record
from .setting import ACTING, applied, emptied, given, label, open_database, uploaded

ENTRIES, REPETITIONS = 1_000_000, 3
OF_COPY = 0.5
LINES = 40_000
GROWTH_MB = 15


@contextlib.contextmanager
def watched():
    """The memory of this process before, and at most meanwhile, in MB."""

    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

    found, ended = {"before": resident(), "most": 0}, threading.Event()

    def look():
        while not ended.wait(0.02):
            found["most"] = max(found["most"], resident())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()


def filled(entries):
    """The operator of a filled register. A process of its own fills it: what that one takes is not what an export takes."""
    from django.db import connection

    from registry.models import Operator

    connection.close()
    child = os.fork()
    if child == 0:
        fill(entries)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert status == 0
    return Operator.objects.get()


def fill(entries):
    from registry.imports.plan import make_plan

    try:
        run = uploaded(emptied(), made_up.pieces(entries // 2))
        make_plan(run, **ACTING)
        applied(run)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def timed(act, repetitions):
    """What the act gives, and the middle of the seconds it takes."""
    taken = []
    for _each in range(repetitions):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            given = act(Path(folder))
            taken.append(time.perf_counter() - begun)
    return given, statistics.median(taken)


def copied(folder):
    """COPY of the bodies alone; how many."""
    from django.db import connection

    from registry.models import JournalEntry

    with connection.cursor() as cursor, open(folder / "bodies", "wb") as file:
        table = JournalEntry._meta.db_table
        with cursor.copy(f"COPY (SELECT body FROM {table} ORDER BY seq) TO STDOUT") as copy:
            for piece in copy:
                file.write(piece)
    return JournalEntry.objects.count()


def audited(folder):
    from registry.exports import audit

    return audit.export(audit.Directory(folder / "out"), **ACTING).count


def changes_of(operator):
    from registry.exports import changes, trail
    from registry.models import ExportRun

    run = ExportRun.objects.filter(kind="audit").last()

    def changed(folder):
        file = changes.file(run, trail.head_now().seq, personal_of=frozenset([operator.code]), role="system")
        with open(folder / "changes.csv", "wb") as out:
            out.writelines(file)
        return file.count

    return changed


def list_of(operator, format):
    """The people's list as its page gives it away, the entries that name who is in it included."""
    from django.contrib import admin

    from registry.exports import lists, runs
    from registry.models import DataSubject
    from tests.factories import make_user

    user = make_user("dpo", operator, username=f"natalia-{format}")
    columns = admin.site._registry[DataSubject].export_columns(type("Request", (), {"user": user}), None)

    def listed(folder):
        run = runs.start("list", by=user, role="dpo", operator=operator, reason="bench", filter={})
        people = DataSubject.objects.filter(operator=operator).order_by("-pk")
        file = lists.ListFile(run, people, columns, role="dpo", about_people=True)
        with open(folder / f"people.{format}", "wb") as out:
            out.writelines(file.stream(format))
        run.refresh_from_db()
        return run.count

    return listed


def main(entries, repetitions):
    open_database()
    where, operator = label(), filled(entries)
    told = f"{where}, {entries:,} entries"
    audited(Path(tempfile.mkdtemp()))  # what is loaded once is loaded
    with watched() as memory:
        count, seconds = timed(audited, repetitions)
    rate = count / seconds
    record(f"{told}: audit trail", rate, "lines/s", LINES if where == "SQLite" else None)
    if where == "PostgreSQL":
        bodies, taken = timed(copied, repetitions)
        record(f"{told}: … COPY of the same bodies", bodies / taken, "bodies/s")
        record(f"{told}: … audit trail of that", rate * taken / bodies, "of it", OF_COPY)
    record(f"{told}: audit trail, memory grown by", memory["most"] - memory["before"], "MB", GROWTH_MB, at_least=False)
    with watched() as memory:
        count, seconds = timed(changes_of(operator), repetitions)
    record(f"{told}: changes.csv", count / seconds, "lines/s", LINES)
    record(f"{told}: changes.csv, memory grown by", memory["most"] - memory["before"], "MB", GROWTH_MB, at_least=False)
    for format in ("csv", "xlsx", "json"):
        with watched() as memory:
            count, seconds = timed(list_of(operator, format), repetitions)
        record(f"{where}, {entries // 2:,} people: their list, {format.upper()}", count / seconds, "rows/s")
        grown = memory["most"] - memory["before"]
        record(f"{where}, {entries // 2:,} people: their list, {format.upper()}, memory grown by", grown, "MB")


if __name__ == "__main__":
    main(given(1, "BENCH_ENTRIES", ENTRIES), given(2, "BENCH_REPETITIONS", REPETITIONS))
