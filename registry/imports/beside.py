"""A process beside the one that applies a long run: it makes the chunks ready, so that writing them is all that is left to do.

It reads the register and writes nothing, and ends with the process that began it. This module imports nothing of Django, for
the new process begins with it.
"""

import logging
import multiprocessing
import os
import signal
import sys
from contextlib import AbstractContextManager

logger = logging.getLogger(__name__)
# A process takes a second to come up, and some eighty megabytes.
FEWEST_ROWS = 10_000
UP = "up"


class Beside(AbstractContextManager):
    """The process of a run, or none where the run is short: then it never comes up, and has no chunks."""

    process = pipe = None

    @classmethod
    def of(cls, run, to_write):
        from django.db import connection

        # In a transaction another process would not see what this one has written.
        return cls(run) if to_write >= FEWEST_ROWS and not connection.in_atomic_block else cls()

    def __init__(self, run=None):
        if run:
            self.run = run
            context = multiprocessing.get_context("spawn")
            self.pipe, other = context.Pipe()
            self.process = context.Process(target=work, args=(other, run.pk), daemon=True)
            self.process.start()
            other.close()

    def is_up(self):
        """Whether it waits to be told where to begin. Whoever did not come up is not waited for."""
        try:
            return bool(self.pipe and self.pipe.poll() and self.pipe.recv() == UP)
        except (EOFError, OSError):
            self._ended_early()
            return False

    def chunks(self, maker):
        """Ready chunks from where the run stands, until there are no more or the process is gone."""
        try:
            if self.pipe and maker.run.rows_done < len(maker.rows.kinds):
                rows, ids = maker.rows, maker.ids.given_away()
                self.pipe.send((maker.unit, ids, rows.size, rows.changed, maker.run.rows_done))
                while ready := self.pipe.recv():
                    yield ready
        except (EOFError, OSError):
            self._ended_early()

    def _ended_early(self):
        """Whatever went wrong there goes wrong here again, where it is told, or does not matter."""
        self.pipe.close()
        self.pipe = None
        self.process.join()
        logger.warning(
            "The process that makes chunks of import #%s ready ended with status %s: they are made in this one.",
            self.run.pk,
            self.process.exitcode,
        )

    def __exit__(self, *error):
        if self.process:
            self.process.terminate()
            self.process.join()


def work(pipe, pk):
    """What the process does. Its errors hold values of people perhaps and are told by nobody here: the other one meets them, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the other one, who ends this one
    try:
        _make_chunks(pipe, pk)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # nobody is left to make them for
    except Exception:
        sys.exit(1)


def _make_chunks(pipe, pk):
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.without_pages"
    import django

    django.setup()
    from registry.models import ImportRun

    from .memory import seldom_collected
    from .planned_rows import Planned
    from .ready import Maker

    run = ImportRun.objects.get(pk=pk)
    with seldom_collected():
        maker = Maker(Planned.of(run), run)
        pipe.send(UP)
        maker.unit, maker.ids, maker.rows.size, maker.rows.changed, done = pipe.recv()
        for chunk in maker.rows.chunks(done):
            pipe.send(maker.ready(chunk).to_go())
        pipe.send(None)
