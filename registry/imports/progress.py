"""The present step of a run: who has it, how far it has come, whether it is still heard of."""

import threading
import time
from contextlib import contextmanager, suppress

from django.db import Error, connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.models import ImportRun

from . import storage
from .storage import AlreadyTaken

TOLD_SECONDS = 1.0
# Well below the time after which a step that is not heard of counts as cut off.
BEAT_SECONDS = 5
# Set when this process is told to end: its step stops after the chunk it is at.
STOPPING = threading.Event()


class Interrupted(Exception):
    """The process was told to end. The step is left as it stands, for whoever goes on with it."""


def begin(run, was, state, *, by, role, **more):
    """Puts a run that is in one of the states `was` into a step, for this user. AlreadyTaken where it is elsewhere by now."""
    now = timezone.now()
    step = {"state": state, "step_by": by, "step_role": role, "step_began_at": now, "alive_at": now, "rows_done": 0}
    if not type(run).objects.filter(pk=run.pk, state__in=was).update(**step | {"expires_at": None} | more):
        raise AlreadyTaken
    run.refresh_from_db()


def waits(run):
    """Whether the step was begun and nobody has taken it up yet."""
    return run.is_at_work and run.alive_at is not None and run.alive_at == run.step_began_at


def was_stopped(run):
    """Whether the step stopped for an error or at somebody's word: it goes on only when somebody says so."""
    return run.is_at_work and not run.step_role


def is_free(run):
    """Whether nobody is at the step: it waits, or whoever had it is gone."""
    return waits(run) or run.was_cut_off


def pass_on(run, **to):
    """Lets the step wait again: for the one it was for, or for another user, `by` and `role`. AlreadyTaken where it is not free."""
    now = timezone.now()
    step = {"step_by": to["by"], "step_role": to["role"]} if to else {}
    if run.state == ImportRun.State.PLANNING:
        step["expires_at"] = None
    if not is_free(run) or not _as_known(run).update(step_began_at=now, alive_at=now, **step):
        raise AlreadyTaken
    run.refresh_from_db()


def let_go(run, *, for_good=False):
    """Nobody is at the step any more. for_good: nobody goes on with it either until somebody says so; a file that was only
    being read waits for that as long as every other one."""
    stopped = {"step_role": ""} if for_good else {}
    if for_good and run.state == ImportRun.State.PLANNING:
        stopped["expires_at"] = storage.next_expiry()
    with suppress(Error):
        mine = type(run).objects.filter(pk=run.pk, state=run.state)
        mine.update(alive_at=None, **stopped)
        run.refresh_from_db()


@contextmanager
def held(run, line=None):
    """Takes up the step of a run for this process. AlreadyTaken where it is not free. line(run, done): who else wants to be told."""
    expected = run.rows_expected
    if run.state == ImportRun.State.PLANNING:
        expected = expected_rows(storage.file_of(run))
    done = 0 if run.state == ImportRun.State.PLANNING else run.rows_done
    taken = {"alive_at": timezone.now(), "rows_done": done, "rows_expected": expected}
    if not is_free(run) or not _as_known(run).update(**taken):
        raise AlreadyTaken
    run.refresh_from_db()
    ended = threading.Event()
    beat = threading.Thread(target=_beat, args=(run, run.state, ended), daemon=True)
    beat.start()
    try:
        yield Progress(run, line)
    finally:
        ended.set()
        beat.join()


def _as_known(run):
    return type(run).objects.filter(pk=run.pk, state=run.state, alive_at=run.alive_at)


def _beat(run, state, ended):
    """Says that the process lives, also while it is between two chunks for long. In a thread of its own."""
    try:
        while not ended.wait(BEAT_SECONDS):
            with suppress(Error):  # the database is away: the step itself will notice
                type(run).objects.filter(pk=run.pk, state=state).update(alive_at=timezone.now())
    finally:
        connection.close()


class Progress:
    """What the engine calls after every chunk with the rows done. Interrupted, or AlreadyTaken, where the step is to end."""

    def __init__(self, run, line=None):
        self.run, self.line, self.told_at = run, line, 0.0

    def __call__(self, done):
        if self.line:
            self.line(self.run, done)
        if STOPPING.is_set():
            raise Interrupted
        # Whatever writes counts with every chunk it commits; reading commits nothing.
        if self.run.state == ImportRun.State.PLANNING and time.monotonic() - self.told_at >= TOLD_SECONDS:
            mine = ImportRun.objects.filter(pk=self.run.pk, state=self.run.state, rows_done=self.run.rows_done)
            if not mine.update(rows_done=done, alive_at=timezone.now()):
                raise AlreadyTaken
            self.run.rows_done, self.told_at = done, time.monotonic()


def expected_rows(path):
    """How many rows a file may have: its line ends, less the header. Line breaks inside cells make it too many."""
    newlines = returns = 0
    with suppress(FileNotFoundError), path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            newlines += chunk.count(b"\n")
            returns += chunk.count(b"\r")
    return max((newlines or returns) - 1, 1)


def in_words(done, expected, seconds, *, before=0, people=False):
    """“12 400 of 1 000 000 rows, 9 400 a second, 2 min left”. before: those done before these seconds began; people: not rows."""
    whole = max(done, expected)
    text = (
        ngettext("%(done)s of %(expected)s person", "%(done)s of %(expected)s people", whole)
        if people
        else ngettext("%(done)s of %(expected)s row", "%(done)s of %(expected)s rows", whole)
    ) % {"done": grouped(done), "expected": grouped(whole)}
    if seconds <= 0 or done <= before:
        return text
    rate = (done - before) / seconds
    text += ", " + _("%(rate)s a second") % {"rate": grouped(round(rate))}
    if expected > done:
        text += ", " + _("%(time)s left") % {"time": duration((expected - done) / rate)}
    return text


def duration(seconds):
    """“40 s”, “12 min”, “3 h 5 min”."""
    if seconds < 60:
        return _("%(count)d s") % {"count": max(round(seconds), 1)}
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("%(count)d min") % {"count": minutes}
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}


def grouped(number):
    return f"{number:,}".replace(",", "\u00a0")
