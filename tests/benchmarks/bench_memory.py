"""The most memory that an import takes, planned and applied as the worker does, and how it grows with the file.

    python -m tests.benchmarks.bench_memory [ROWS [FEWER]]      or BENCH_MEMORY_ROWS, BENCH_MEMORY_FEWER

The database server is not counted. The processes that read ahead and make chunks ready are, and so is Python's own beside
them: the peaks so far of all that run at one time are added up. Linux only.
"""

import multiprocessing
import os
import threading
from contextlib import suppress
from pathlib import Path

from . import made_up
from .report import record
from .setting import ACTING, applied, emptied, given, label, open_database, uploaded

ROWS, FEWER = 1_000_000, 400_000
MEGABYTES_AT_MOST, MORE_FOR_200_000 = 250, 15
LOOK_SECONDS = 0.2


class Watch(threading.Thread):
    """Looks at this process and its children; `highest` is the most memory of those that ran at one time, in kilobytes.

    What Linux tells of children that have ended counts the memory of their parent, from which they were made.
    """

    def __init__(self):
        super().__init__(daemon=True)
        self.highest, self.over = 0, threading.Event()

    def run(self):
        while not self.over.wait(LOOK_SECONDS):
            self.look()

    def look(self):
        children = Path("/proc/self/task").glob("*/children")
        found, kilobytes = [os.getpid()], 0
        for of_thread in children:
            with suppress(OSError):
                found += map(int, of_thread.read_text().split())
        for pid in found:
            with suppress(OSError, StopIteration):  # it has just ended
                told = Path(f"/proc/{pid}/status").read_text().splitlines()
                kilobytes += int(next(line for line in told if line.startswith("VmHWM")).split()[1])
        self.highest = max(self.highest, kilobytes)

    def most(self):
        """Megabytes of all of them together."""
        self.over.set()
        self.join()
        self.look()
        return self.highest / 1024


def peak(run_pk, told):
    """The most memory of this process and its children, in megabytes, with this import behind them."""
    import django

    django.setup()
    from registry.imports.plan import make_plan
    from registry.models import ImportRun

    watch = Watch()
    watch.start()
    run = ImportRun.objects.get(pk=run_pk)
    make_plan(run, **ACTING)
    applied(run)
    told.put(watch.most())


def of_its_own(count):
    """In a fresh process: the peak of one that made the database, or imported before, would be that of both."""
    from django.db import connections

    run = uploaded(emptied(), made_up.pieces(count))
    connections.close_all()
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    process = context.Process(target=peak, args=(run.pk, told))
    process.start()
    found = told.get(timeout=3600)
    process.join()
    return found


def main(count, fewer):
    open_database()
    where, less, most = label(), of_its_own(fewer), of_its_own(count)
    growth = (most - less) * 200_000 / (count - fewer)
    record(f"{where}, import of {fewer:,} rows: peak memory", less, "MB", MEGABYTES_AT_MOST, at_least=False)
    record(f"{where}, import of {count:,} rows: peak memory", most, "MB", MEGABYTES_AT_MOST, at_least=False)
    record(f"{where}: more memory for each 200,000 rows", growth, "MB", MORE_FOR_200_000, at_least=False)


if __name__ == "__main__":
    main(given(1, "BENCH_MEMORY_ROWS", ROWS), given(2, "BENCH_MEMORY_FEWER", FEWER))
