"""How far a step that is at work has come: the part of a run's page that moves."""

import time

from django.urls import reverse
from django.utils import timezone

from registry import tasks
from registry.imports import progress
from registry.models import HandOverRun, ImportRun

# So long a worker that runs may take to look at the queue.
PATIENCE_SECONDS = 5
# Steps that count people, not rows of a file.
OF_PEOPLE = (ImportRun.State.UNDOING, HandOverRun.State.HANDING_OVER)


def phase_of(run):
    """Where a step stands: waiting, late, working, cut-off or stopped."""
    if progress.was_stopped(run):
        return "stopped"
    if progress.waits(run):
        waited = (timezone.now() - run.step_began_at).total_seconds()
        return "waiting" if waited < PATIENCE_SECONDS else "late"
    return "cut-off" if run.was_cut_off else "working"


def progress_of(request, run):
    """What the moving part shows. The rate is that since the page was opened: the address of the next look carries it."""
    now, phase = time.time(), phase_of(run)
    since, before = _number(request, "at") / 1000, _number(request, "from")
    if phase != "working" or not 0 < since <= now or before > run.rows_done:
        since, before = now, run.rows_done
    people = run.state in OF_PEOPLE
    line = progress.in_words(run.rows_done, run.rows_expected, now - since, before=before, people=people)
    look = reverse(f"admin:registry_{run._meta.model_name}_progress", args=[run.pk])
    whole = max(run.rows_expected, run.rows_done, 1)
    return {
        "run": run,
        "phase": phase,
        "line": line,
        "whole": whole,
        "percent": min(100 * run.rows_done // whole, 100),
        "next": f"{look}?from={before}&at={round(since * 1000)}",
        "busy": phase == "late" and _others_at_work(run),
    }


def _others_at_work(run):
    """Whether a worker is at other work of the registry, so that this step is to wait."""
    return any(not progress.is_free(other) for other in tasks.at_work() if other != run)


def _number(request, name):
    """A number out of the address; 0 for whatever else is typed there."""
    text = request.GET.get(name, "")
    return int(text[:15]) if text.isascii() and text.isdigit() else 0
