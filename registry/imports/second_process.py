"""A second process for a long import, which nobody depends on: what it does not come to, the import does itself.

It ends with the process that began it. Of Django this module imports nothing: the new process begins with it, and with that of
what it does, before anything is set up.
"""

import logging
import multiprocessing
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress

logger = logging.getLogger(__name__)
# What it is asked for takes a tenth of a second: whoever begins no answer for so long hangs.
PATIENCE_SECONDS = 60
ENDS_SECONDS = 5


def may_begin():
    """In a thread, which is one of a web server's, no processes are begun."""
    return threading.current_thread() is threading.main_thread()


class SecondProcess(AbstractContextManager):
    """A process that does `act`, or none: then it never comes up, and has no answers.

    act: a function that is found by its name, called with the other end of the pipe and what else it is given. It first
    sends its layout, waits for its charge, and answers; None where it has nothing more to say. layout: the function that says how this process
    lays out what it sends; where it is of another version it is not asked. does: what it does, as the log says it.
    """

    process = pipe = None
    up = False

    def __init__(self, act=None, *given, layout=None, does=""):
        if not act:
            return
        self.layout, self.does = layout, does
        context = multiprocessing.get_context("spawn")
        try:
            self.pipe, other = context.Pipe()
            self.process = context.Process(target=work, args=(act, other, *given), daemon=True)
            self.process.start()
            other.close()
        except OSError as error:
            self.process = self.pipe = None
            logger.warning("There is no process that %s (%s).", does, type(error).__name__)

    def is_up(self):
        """Whether it waits for its charge. It is not waited for."""
        if self.up or not self.pipe:
            return self.up
        try:
            if self.pipe.poll():
                if self._received() != self.layout():
                    raise ChildProcessError("another version")
                self.up = True
        except Exception as error:
            self._ended_early(error)
        return self.up

    def answers(self, charge):
        """What it sends for this charge, until there is no more or the process is gone."""
        if not self.up:
            return
        while answer := self._answer(charge):
            yield answer
            charge = None

    def _answer(self, charge):
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
        self.pipe, self.up = None, False
        self.process.join(ENDS_SECONDS)
        told_to_end = self.process.exitcode == -signal.SIGTERM  # by whoever ends this one, too
        if not told_to_end:
            logger.warning(
                "The process that %s is gone (status %s, %s): it is done in this one.",
                self.does,
                self.process.exitcode,
                error if isinstance(error, ChildProcessError) else type(error).__name__,
            )

    def __exit__(self, *error):
        if self.process:
            self.process.kill()
            self.process.join()


def work(act, pipe, *given):
    """What the process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the other one, who ends this one
    try:
        act(pipe, *given)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # nobody is left to do it for
    except Exception as error:
        with suppress(OSError):
            pipe.send(type(error).__name__)
        sys.exit(1)


@contextmanager
def one_ahead(pipe):
    """A `send` that waits for the answer before: the next one is made while this one is on its way, so that whoever reads them goes on
    where making one takes longer than most. What goes wrong on the way is raised by the next `send`, or at the end.
    """
    on_its_way = None

    def send(answer):
        nonlocal on_its_way
        if on_its_way:
            on_its_way.result()
        on_its_way = thread.submit(pipe.send, answer)

    with ThreadPoolExecutor(1) as thread:
        yield send
        if on_its_way:
            on_its_way.result()
