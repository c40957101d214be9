"""A process beside the one that applies a long run: it makes the chunks ready, so that writing them is all that is left to do.

It reads the register, takes ids there, writes nothing else, and ends with the process that began it. Of Django it
imports nothing at first, for the new process begins with this module.
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
from contextlib import AbstractContextManager, suppress
from typing import Any, NamedTuple

logger = logging.getLogger(__name__)
# A process takes a second to come up, and some eighty megabytes.
FEWEST_ROWS = 10_000
# Making a chunk takes a tenth of a second: whoever is silent for so long hangs.
PATIENCE_SECONDS = 60
ENDS_SECONDS = 5


class Charge(NamedTuple):
    """What the process is told when it is up: who acts, and the rows to begin with, divided as the other one divides them."""

    unit: Any
    size: int
    changed: set | None
    done: int


class Beside(AbstractContextManager):
    """The process of a run, or none where the run is short: then it never comes up, and has no chunks."""

    process = pipe = None

    @classmethod
    def of(cls, run, to_write):
        from django.db import connection

        # In a transaction another process would not see what this one has written; a thread is one of a web server's.
        alone = threading.current_thread() is threading.main_thread() and not connection.in_atomic_block
        return cls(run) if to_write >= FEWEST_ROWS and alone else cls()

    def __init__(self, run=None):
        if run:
            self.run = run
            context = multiprocessing.get_context("spawn")
            try:
                self.pipe, other = context.Pipe()
                self.process = context.Process(target=work, args=(other, run.pk), daemon=True)
                self.process.start()
                other.close()
            except OSError as error:
                self.process = self.pipe = None
                logger.warning("No process makes chunks of import #%s ready (%s).", run.pk, type(error).__name__)

    def is_up(self):
        """Whether it waits to be told where to begin. It is not waited for, and not asked where it lays rows out otherwise."""
        from .ready import layout

        try:
            if not (self.pipe and self.pipe.poll()):
                return False
            if self._received() != layout():
                raise ChildProcessError("another version")
        except Exception as error:
            self._ended_early(error)
            return False
        return True

    def chunks(self, maker):
        """Ready chunks from where the run stands, until there are no more or the process is gone."""
        rows, done = maker.rows, maker.run.rows_done
        if not self.pipe or done == len(rows.kinds):
            return
        charge = Charge(maker.unit, rows.size, rows.changed, done)
        while ready := self._next(charge):
            yield ready
            charge = None

    def _next(self, charge):
        try:
            if charge:
                self.pipe.send(charge)
            if not self.pipe.poll(PATIENCE_SECONDS):
                raise TimeoutError
            return self._received()
        except Exception as error:
            return self._ended_early(error)

    def _received(self):
        said = self.pipe.recv()
        if isinstance(said, str):  # the error that ended it; its own words may hold values
            raise ChildProcessError(said)
        return said

    def _ended_early(self, error):
        """Whatever it is, the import goes on without."""
        self.pipe.close()
        self.pipe = None
        self.process.join(ENDS_SECONDS)
        told_to_end = self.process.exitcode == -signal.SIGTERM  # by whoever ends this one, too
        if not told_to_end:
            logger.warning(
                "The process that makes chunks of import #%s ready is gone (status %s, %s): they are made in this one.",
                self.run.pk,
                self.process.exitcode,
                error if isinstance(error, ChildProcessError) else type(error).__name__,
            )

    def __exit__(self, *error):
        if self.process:
            self.process.kill()
            self.process.join()


def work(pipe, pk):
    """What the process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the other one, who ends this one
    try:
        _make_chunks(pipe, pk)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # nobody is left to make them for
    except Exception as error:
        with suppress(OSError):
            pipe.send(type(error).__name__)
        sys.exit(1)


def _make_chunks(pipe, pk):
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.without_pages"
    import django

    django.setup()
    from registry.models import ImportRun

    from .memory import seldom_collected
    from .planned_rows import Planned
    from .ready import Maker, layout

    run = ImportRun.objects.get(pk=pk)
    with seldom_collected():
        maker = Maker(Planned.of(run), run)
        pipe.send(layout())
        charge = pipe.recv()
        maker.unit, maker.rows.size, maker.rows.changed = charge.unit, charge.size, charge.changed
        for chunk in maker.rows.chunks(charge.done):
            pipe.send(maker.ready(chunk).to_go())
        pipe.send(None)
