"""Long work: steps of imports, of hand-overs and of what people were told, in the request where they are small, else taken by `manage.py worker`. Arguments are ids, never values."""

import datetime as dt
import logging
from collections import Counter
from contextlib import nullcontext, suppress

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from registry import scope
from registry.imports import apply as applying
from registry.imports import progress, report, storage, undo
from registry.imports.crm_file import Said, as_said
from registry.imports.inspection import FileRefused
from registry.imports.plan import make_plan
from registry.imports.storage import AlreadyTaken
from registry.models import HandOverRun, ImportRun, TellingRun
from registry.operations import handover, telling
from registry.rules.letters import MAIL_FAILURES

logger = logging.getLogger(__name__)
State = ImportRun.State
# A step that was cut off so often, without an error being told, would be cut off again: memory, most likely.
MOST_CUT_OFFS = 10
RESULTS_KEPT_DAYS = 14


def begin_planning(run, said: Said, *, by, role, accept_damaged_names=False, reason="", here=None, line=None):
    """Has an uploaded file read into a plan, now or by the worker; `here` decides, else the size of the file.

    line(run, done): who else wants to be told while it is done here. Returns the plan where it was.
    AlreadyTaken where the run is elsewhere by now; FileRefused where the file was read at once and is refused.
    """
    with transaction.atomic():
        waiting = (State.UPLOADED, State.ASKING)
        about = {"accept_damaged_names": accept_damaged_names, "source": run.source, "planned_at": None}
        progress.begin(run, waiting, State.PLANNING, by=by, role=role, **about)
        storage.write_plan(run, {"said": said._asdict(), "reason": reason})
        _enqueue_unless(_is_done_here(run, here), run)
    return _perform_if_here(run, here, line)


def begin_apply(run, *, token, by, role, reason="", here=None, line=None):
    """Has a plan applied that its owner confirmed. AlreadyTaken and FileRefused as of begin_planning."""
    with transaction.atomic():
        applying.take(run, token=token, by=by, reason=reason)
        progress.begin(run, (State.APPLYING,), State.APPLYING, by=by, role=role, rows_expected=run.rows)
        _enqueue_unless(_is_done_here(run, here), run)
    return _perform_if_here(run, here, line)


def begin_undo(run, *, by, role, reason="", here=None, line=None):
    """Has what a run wrote undone. AlreadyTaken where it is not at its end, or undone already; PermissionDenied as of undo.take."""
    with transaction.atomic():
        undo.take(run, by=by, role=role, reason=reason)
        run.refresh_from_db()
        _enqueue_unless(_is_done_here(run, here), run)
    return _perform_if_here(run, here, line)


def begin_handover(said, *, by, at, role, reason="", here=None, around=nullcontext):
    """Has people's data handed over, now or by the worker; `here` decides, else how many they are. Returns the run.

    around(run): a context manager that is entered while it is done here: what ends it then, the run is begun.
    ValidationError where the act itself is refused.
    """
    with transaction.atomic():
        run = handover.begin(said, by=by, at=at, role=role, reason=reason)
        _enqueue_unless(_is_done_here(run, here), run)
    with suppress(AlreadyTaken), around(run):  # somebody gave it up meanwhile: the run says so
        _perform_if_here(run, here, None)
    return run


def begin_telling(of, *, on, how, by, at, role, here=None, around=nullcontext):
    """Has it recorded that everybody of a hand-over was told, now or by the worker; `here` decides, else how many they are.

    Returns the run; `around` as of begin_handover. ValidationError where it cannot be recorded.
    """
    with transaction.atomic():
        run = telling.begin(of, on=on, how=how, by=by, at=at, role=role)
        _enqueue_unless(_is_done_here(run, here), run)
    with suppress(AlreadyTaken), around(run):  # somebody gave it up meanwhile: the run says so
        _perform_if_here(run, here, None)
    return run


def go_on(run, *, by, role, here=None, line=None):
    """Goes on, for this user, with a step that was cut off, stopped, or taken up by nobody. AlreadyTaken where somebody is at it."""
    with transaction.atomic():
        progress.pass_on(run, by=by, role=role)
        _enqueue_unless(_is_done_here(run, here), run)
    return _perform_if_here(run, here, line)


def _is_done_here(run, here):
    if here is not None:
        return here
    if isinstance(run, ImportRun):
        return run.file_size <= settings.IMPORT_BACKGROUND_BYTES
    return run.rows_expected <= handover.MOST_AT_ONCE


def _enqueue_unless(here, run):
    """In the transaction that begins the step: neither is there without the other."""
    if not here:
        TASKS[run.state].enqueue(run.pk)


def _perform_if_here(run, here, line):
    return perform(run, line=line) if _is_done_here(run, here) else None


def perform(run, *, line=None):
    """Does the present step of a run in this process. FileRefused and AlreadyTaken end it; after anything else it can be gone on with."""
    try:
        with progress.held(run, line) as told:
            return STEPS[run.state](run, {"by": run.step_by, "role": run.step_role}, told)
    except FileRefused:
        raise
    except AlreadyTaken:
        if isinstance(run, ImportRun):
            storage.clear_away(run)
        raise
    except Exception as error:
        if isinstance(error, progress.Interrupted) or _is_of_the_database(error):
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            progress.let_go(run)
        else:
            _broke(run)
        raise
    except BaseException as end:
        # Ctrl+C is somebody's word that it shall not go on by itself.
        progress.let_go(run, for_good=isinstance(end, KeyboardInterrupt))
        raise


def _plan(run, actor, told):
    try:
        kept = storage.read_plan(run)
    except FileRefused as refusal:
        storage.refuse(run, refusal, actor | {"operator": run.operator, "run": run.pk})
        raise
    damaged = run.accept_damaged_names
    return make_plan(
        run, as_said(kept["said"]), **actor, accept_damaged_names=damaged, reason=kept["reason"], progress=told
    )


def _apply(run, actor, told):
    return applying.apply(run, **actor, progress=told)


def _undo(run, actor, told):
    return undo.undo(run, **actor, progress=told)


def _hand_over(run, actor, told):
    return handover.hand_over(run, **actor, progress=told)


def _record_told(run, actor, told):
    return telling.record_told(run, **actor, progress=told)


STEPS = {
    State.PLANNING: _plan,
    State.APPLYING: _apply,
    State.UNDOING: _undo,
    HandOverRun.State.HANDING_OVER: _hand_over,
    TellingRun.State.TELLING: _record_told,
}


def _is_of_the_database(error):
    """A server that went away, a lock not given in time: whoever goes on later may well succeed."""
    passing = (OperationalError, InterfaceError)
    return isinstance(error, passing) or isinstance(error.__cause__, passing)


def _broke(run):
    """After an error of the program: a plan ends, what was begun to be written waits for somebody's word."""
    if run.state != State.PLANNING:
        progress.let_go(run, for_good=True)
        return
    actor = {"by": run.step_by, "role": run.step_role, "operator": run.operator, "run": run.pk}
    try:
        storage.refuse(run, FileRefused(str(report.PROGRAM_ERROR)), actor)
    except (AlreadyTaken, DatabaseError):
        progress.let_go(run, for_good=True)


@task
def plan_import(run_pk):
    _in_background(ImportRun, run_pk, State.PLANNING)


@task
def apply_import(run_pk):
    _in_background(ImportRun, run_pk, State.APPLYING)


@task
def undo_import(run_pk):
    _in_background(ImportRun, run_pk, State.UNDOING)


@task
def hand_people_over(run_pk):
    _in_background(HandOverRun, run_pk, HandOverRun.State.HANDING_OVER)


@task
def record_people_told(run_pk):
    _in_background(TellingRun, run_pk, TellingRun.State.TELLING)


TASKS = {
    State.PLANNING: plan_import,
    State.APPLYING: apply_import,
    State.UNDOING: undo_import,
    HandOverRun.State.HANDING_OVER: hand_people_over,
    TellingRun.State.TELLING: record_people_told,
}
CALLED = {ImportRun: "Import", HandOverRun: "Hand-over", TellingRun: "Record that all were told"}  # in the log


def _in_background(model, run_pk, state):
    """The run says how it ended. No error leaves here: the library would keep what it said, and that may be a person's."""
    ended, called = None, f"{CALLED[model]} #{run_pk}"
    try:
        run = model.objects.filter(pk=run_pk, state=state).first()
        if run is not None and not _still_may(run):
            logger.warning("%s: whoever began the step has lost the right to; it waits for somebody's word.", called)
            progress.let_go(run, for_good=True)
        elif run is not None:
            perform(run)
    except (FileRefused, AlreadyTaken):
        pass
    except progress.Interrupted:
        logger.warning("%s: told to stop, left for the next worker.", called)
    except Exception:
        logger.exception("%s: the step %s ended with an error.", called, state)
    except BaseException as end:
        ended = type(end)
    if ended:
        raise ended from None
    if model is ImportRun:
        _report(run_pk)


def _report(run_pk):
    """Mails the report that a command left owed, where the worker brought its run to an end."""
    try:
        for run in report.owed(pk=run_pk):
            report.send(run)
    except (*MAIL_FAILURES, DatabaseError) as error:
        name = type(error).__name__
        logger.warning("Import #%d: its report was not mailed (%s); the next call of the command does.", run_pk, name)


def mail_left_behind():
    """Mails the reports of scheduled imports that ended when no process was at them: their time was over, or they were given up."""
    with suppress(OSError):  # the folder cannot be read: the worker says so when it deletes files there
        for run in report.left_behind():
            _report(run.pk)


def _still_may(run):
    """Whether the one the step is done for is still in the role it was begun in: rights that were taken away end with them."""
    user = run.step_by
    return user is None or (user.is_active and scope.role_for(user, run.operator) == run.step_role)


def at_work():
    """Runs in the middle of a step, those that wait for the worker among them."""
    return [run for model in CALLED for run in model.objects.filter(state__in=model.AT_WORK).order_by("pk")]


def take_over_cut_off():
    """Queues the steps again whose process is gone, or whose place in the queue is. They go on for whom they were begun."""
    queued = {model: _runs_of(model, DBTaskResult.objects.ready()) for model in CALLED}
    cut_off = {model: _runs_of(model, DBTaskResult.objects.running()) for model in CALLED}
    for run in at_work():
        model, called = type(run), f"{CALLED[type(run)]} #{run.pk}"
        if not run.step_role or not run.was_cut_off or run.pk in queued[model]:
            continue
        if cut_off[model][run.pk] >= MOST_CUT_OFFS:
            logger.error(
                "%s was cut off %d times and is left to be gone on with by hand.", called, cut_off[model][run.pk]
            )
            progress.let_go(run, for_good=True)
            continue
        with suppress(AlreadyTaken), transaction.atomic():
            progress.pass_on(run)
            TASKS[run.state].enqueue(run.pk)
            logger.warning("%s was cut off and is taken over.", called)


def forget_old_results():
    """The run and the journal say what was done: the library's own notes of it are for finding faults only."""
    since = timezone.now() - dt.timedelta(days=RESULTS_KEPT_DAYS)
    DBTaskResult.objects.filter(enqueued_at__lt=since).exclude(status="READY").delete()


def _runs_of(model, results):
    """How many of these results each run of this kind has, by its id. Letters wait in the same queue, under ids of their own."""
    steps = results.filter(task_path__in=[TASKS[state].module_path for state in model.AT_WORK])
    return Counter(said["args"][0] for said in steps.order_by().values_list("args_kwargs", flat=True))
