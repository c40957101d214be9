"""The most memory that an import takes, planned and applied in one process as the worker does, and how it grows with the file.

    python -m tests.benchmarks.bench_memory [ROWS [FEWER]]      or BENCH_MEMORY_ROWS, BENCH_MEMORY_FEWER

The database server is not counted; the process that makes chunks ready is, its peak added to that of the first.
"""

import multiprocessing
import resource

from . import made_up
from .report import record
from .setting import ACTING, applied, emptied, given, label, open_database, uploaded

ROWS, FEWER = 1_000_000, 400_000
MEGABYTES_AT_MOST, MORE_FOR_200_000 = 250, 15


def peak(count, told):
    """The most memory of this process and of its child, in megabytes, with the import of so many rows behind them."""
    open_database()
    from registry.imports.plan import make_plan

    operator = emptied()
    run = uploaded(operator, made_up.pieces(count))
    make_plan(run, **ACTING)
    applied(run)
    both = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    told.put((label(), sum(both) / 1024))


def of_its_own(count):
    """In a fresh process: the peak of one that imported before would be that of both."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    process = context.Process(target=peak, args=(count, told))
    process.start()
    found = told.get(timeout=3600)
    process.join()
    return found


def main(count, fewer):
    (where, less), (_where, most) = of_its_own(fewer), of_its_own(count)
    growth = (most - less) * 200_000 / (count - fewer)
    record(f"{where}, import of {fewer:,} rows: peak memory", less, "MB", MEGABYTES_AT_MOST, at_least=False)
    record(f"{where}, import of {count:,} rows: peak memory", most, "MB", MEGABYTES_AT_MOST, at_least=False)
    record(f"{where}: more memory for each 200,000 rows", growth, "MB", MORE_FOR_200_000, at_least=False)


if __name__ == "__main__":
    main(given(1, "BENCH_MEMORY_ROWS", ROWS), given(2, "BENCH_MEMORY_FEWER", FEWER))
