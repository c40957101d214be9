"""A step of an import in a process of its own, killed -9 at a moment one names; and what stands in the register afterwards."""

import hashlib
import json
import os
import random
import signal
import threading
import time
import traceback
from collections import Counter
from itertools import cycle
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Count

from registry.imports.apply import apply, take
from registry.imports.crm_file import CHUNK_ROWS
from registry.imports.storage import AlreadyTaken
from registry.imports.undo import take as take_for_undo
from registry.imports.undo import undo
from registry.models import Agreement, Consent, DataSubject, ImportRun, JournalEntry, SubjectPurpose, Suppression

State = ImportRun.State
TALLY = ("new", "changed", "same", "rejected", "stopped", "undone", "left")
ACTING = {"by": None, "role": "system"}
# Around the commit of a chunk: before it is asked for, while it is done, when it is done and nobody knows yet.
BEFORE, WITHIN, AFTER, ANY = "before", "within", "after", "any moment"
LONGEST_COMMIT_SECONDS = 0.004
DATABASE_GONE = 3
# The server goes on with what a killed client had asked for: its chunk may come in while the next one looks at the run.
OTHER_AT_IT = 4


class Aim(NamedTuple):
    """When to kill: around this commit of the child, or within so many seconds after as many rows are done."""

    kind: str
    commit: int = 0
    rows: int = 0
    seconds: float = 0.0


def step(pk, goal):
    """The command that a person gives again after a kill: takes the run if nobody did, and brings it to the goal."""
    run = ImportRun.objects.get(pk=pk)
    if run.state == goal:
        return
    if run.state == State.PLANNED:
        run = take(run, token=run.token, by=None)
    elif run.state == State.APPLIED:
        run = take_for_undo(run, **ACTING)
    {State.APPLIED: apply, State.UNDONE: undo}[goal](run, **ACTING)


def in_a_child(pk, goal, aim=None):
    """Runs the step in a child of this process. Returns whether it was killed; RuntimeError where it failed otherwise.

    Whoever finds another at it gives the same command again.
    """
    code = OTHER_AT_IT
    while code == OTHER_AT_IT:
        child = begin(pk, goal, aim)
        if aim and aim.kind == ANY:
            wait_for(child, pk, aim)
            os.kill(child, signal.SIGKILL)
        code = ended(child)
    if code not in (0, -signal.SIGKILL):
        raise RuntimeError(f"The step ended with exit code {code}.")
    return code != 0


def wait_for(child, pk, aim):
    """Until the child's step has done those rows and a moment more, or is over."""
    at_work = ImportRun.objects.filter(pk=pk, state__in=ImportRun.AT_WORK).values_list("rows_done", flat=True)
    while (at_work.first() or 0) < aim.rows:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        time.sleep(0.01)
    time.sleep(random.uniform(0, aim.seconds))


def begin(pk, goal, aim=None):
    """The child's process id.

    Where an event loop runs in this thread (Playwright's does), Django gives it other connections than before. The child
    has no loop and meets those from before: they are its parent's, neither to be used nor to be closed here.
    """
    connection.close()
    child = os.fork()
    if child:
        return child
    code, _inherited, connection.connection = 1, connection.connection, None
    try:
        if aim and aim.kind != ANY:
            _kill_at_commit(aim)
        step(pk, goal)
        code = 0
    except AlreadyTaken:
        code = OTHER_AT_IT
    except (DatabaseError, InterfaceError):
        code = DATABASE_GONE
        traceback.print_exc()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def ended(child):
    """Its exit code, negative where a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _kill_at_commit(aim):
    commit, seen = connection._commit, Counter()

    def armed():
        seen["commits"] += 1
        if seen["commits"] != aim.commit:
            return commit()
        if aim.kind == BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        if aim.kind == WITHIN:
            threading.Thread(target=_kill_soon).start()
        commit()
        if aim.kind == WITHIN:
            time.sleep(2 * LONGEST_COMMIT_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    connection._commit = armed


def _kill_soon():
    time.sleep(random.uniform(0, LONGEST_COMMIT_SECONDS))
    os.kill(os.getpid(), signal.SIGKILL)


def kill_and_go_on(pk, goal, kills, *, seconds):
    """Kills the step so often, spread over its rows, then lets it end. Returns how often, by kind. seconds: what a chunk takes."""
    killed = Counter()
    for number, kind in zip(range(kills), cycle((BEFORE, WITHIN, AFTER, ANY)), strict=False):
        rows, chunks = ahead(pk, goal, share=1.5 / (kills - number + 1))
        commit = random.randint(1, max(1, int(chunks)))
        killed[kind] += in_a_child(pk, goal, Aim(kind, commit, random.randint(0, rows), seconds))
    in_a_child(pk, goal)
    return killed


def ahead(pk, goal, share):
    """Up to how many rows, and up to how many chunks from here, the next kill may come."""
    run = ImportRun.objects.get(pk=pk)
    done = run.rows_done if run.is_at_work else 0
    people = run.rows if goal == State.APPLIED else run.new + run.changed
    return done + int(share * (people - done)), share * (people - done) / CHUNK_ROWS[connection.vendor]


def standing(operator, run):
    """What stands in the register of an operator, without what no two runs have alike: uids, ids, times, salts."""
    run.refresh_from_db()
    own = {"id", "uid", "operator_id", "subject_id", "policy_id", "purpose_id", "consent_id"}
    said = {"run": [run.state, run.rows_done, *(getattr(run, name) for name in TALLY)]}
    said["listed"] = Counter(run.listed_rows.values_list("kind", flat=True))
    for model in (DataSubject, Consent, Agreement, Suppression, SubjectPurpose):
        key = "crm_id" if model is DataSubject else "subject__crm_id"
        names = [field.attname for field in model._meta.concrete_fields if field.attname not in own]
        names += ["consent__given_on"] if model is SubjectPurpose else []
        rows = model.objects.filter(operator=operator).order_by(key, *names).values_list(key, *names)
        digest = hashlib.sha256()
        for row in rows.iterator():
            digest.update(repr(row).encode())
        said[model.__name__] = [rows.count(), digest.hexdigest()]
        history = model.history.filter(operator_id=operator.pk).order_by()
        said[f"history of {model.__name__}"] = dict(
            history.values_list("history_type").annotate(Count("history_id")).order_by("history_type")
        )
    entries = JournalEntry.objects.filter(operator=operator.code).exclude(object_type__in=("", "purpose"))
    kinds = entries.order_by("action", "object_type").values_list("action", "object_type")
    said["entries"] = [list(each) for each in kinds.annotate(Count("seq"))]
    return json.loads(json.dumps(said))
