"""Steps of a run that may take long: their addresses, and how far one has come, which is the part of the run's page that moves."""

import logging
import time
from contextlib import contextmanager, suppress
from typing import NamedTuple

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import Error
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from registry import scope, tasks
from registry.imports import progress
from registry.imports.storage import AlreadyTaken
from registry.models import HandOverRun, ImportRun, TellingRun
from registry.templatetags.registry_ui import pill

from .acts import own_units, why_unavailable

logger = logging.getLogger(__name__)
# So long a worker that runs may take to look at the queue.
PATIENCE_SECONDS = 5
# Steps that count people, not rows of a file.
OF_PEOPLE = (ImportRun.State.UNDOING, HandOverRun.State.HANDING_OVER, TellingRun.State.TELLING)


class Rest(NamedTuple):
    """What is said before the rest of a step is given up: what stays, and what the numbers of both parts are of."""

    stays: str
    done: str
    left: str


class StepPages:
    """Pages of the steps of a run, by their names: `steps` says which method answers."""

    steps = {}
    moving_template = ""

    def get_urls(self):
        name, view = f"registry_{self.opts.model_name}", self.admin_site.admin_view
        steps = {step: getattr(self, method) for step, method in self.steps.items()} | {"progress": self.progress_view}
        own = [path(f"<int:pk>/{step}/", view(page), name=f"{name}_{step}") for step, page in steps.items()]
        return own + super().get_urls()

    def moving(self, request, run):
        return progress_of(request, run)

    @own_units
    def progress_view(self, request, pk):
        """The part of the page that moves; nothing once the step is over, for then the whole page is another."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = get_object_or_404(self.get_queryset(request), pk=pk)
        return render(request, self.moving_template, self.moving(request, run)) if run.is_at_work else HttpResponse()

    def asked_whether_to_give_up(self, request, run, rest: Rest, expected):
        """What stays and what does not, in numbers, before the rest of a step that writes is given up."""
        context = self.admin_site.each_context(request) | {
            "title": _("Give up the rest: %(what)s № %(number)d") % {"what": self.opts.verbose_name, "number": run.pk},
            "opts": self.opts,
            "run": run,
            "rest": rest,
            "expected": expected,
            "left": max(expected - run.rows_done, 0),
        }
        return TemplateResponse(request, "admin/registry/give_up.html", context)


class PeopleStepPages(StepPages):
    """A run of one step, which goes person by person: its list, and its pages, for whoever may begin one to go on or give up."""

    steps = {"continue": "continue_view", "cancel": "cancel_view"}
    tones = {}
    rest = None  # a Rest
    list_display_links = ["number"]

    def may_finish(self, request):
        raise NotImplementedError

    def give_up(self, run, **actor):
        raise NotImplementedError

    @admin.display(description=gettext_lazy("number"), ordering="pk")
    def number(self, run):
        return f"№ {run.pk}"

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, run):
        return pill(run.get_state_display(), self.tones[run.state])

    @admin.display(description=gettext_lazy("by"), ordering="begun_by")
    def by(self, run):
        return run.begun_by.get_full_name() if run.begun_by else _("the system")

    def history_view(self, request, object_id, extra_context=None):
        raise Http404  # a run has no history: the journal records each of its steps

    @own_units
    @method_decorator(require_POST)
    def continue_view(self, request, pk):
        """Goes on with what was cut off, stopped, or taken up by nobody; with `here` in this very request."""
        run = self.to_finish(request, pk)
        try:
            with begun_stays_begun(run):
                tasks.go_on(run, **actor_of(request), here=True if "here" in request.POST else None)
        except AlreadyTaken:
            self.tell_taken(request)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        return HttpResponseRedirect(address(run))

    @own_units
    def cancel_view(self, request, pk):
        """Gives up the rest, once that was asked: it stops after the people it is at."""
        run = self.to_finish(request, pk)
        if request.method == "POST":
            try:
                self.give_up(run, **actor_of(request), at=timezone.now())
            except AlreadyTaken:
                self.tell_taken(request)
        elif run.is_at_work:
            return self.asked_whether_to_give_up(request, run, self.rest, run.rows_expected)
        else:
            self.tell_taken(request)
        return HttpResponseRedirect(address(run))

    def to_finish(self, request, pk):
        if not self.may_finish(request):
            raise PermissionDenied
        return get_object_or_404(self.get_queryset(request), pk=pk)

    def tell_taken(self, request):
        said = {"what": self.opts.verbose_name}
        messages.warning(
            request, _("Another process is at this %(what)s, or it is at its end. Look again in a minute.") % said
        )


@contextmanager
def begun_stays_begun(run):
    """Where database or disk fail in the middle of a step the page of the run answers: what is committed stays, and the page says how
    far it has come. A failure before that, when nothing is done yet, goes on its way.
    """
    try:
        yield
    except Exception as failure:
        if not (why := why_unavailable(failure)) or not is_in_the_middle(run):
            raise
        logger.error("%s #%d was cut off. %s", tasks.CALLED[type(run)], run.pk, why)


def is_in_the_middle(run):
    """Whether a step of the run is begun and not ended; not where that cannot be read."""
    with suppress(Error):
        run.refresh_from_db()
        return run.is_at_work
    return False


def actor_of(request):
    return {"by": request.user, "role": scope.role_of(request.user)}


def address(run):
    return reverse(f"admin:registry_{run._meta.model_name}_change", args=[run.pk])


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
