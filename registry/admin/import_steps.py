"""The steps of a CRM import on the page of its run: confirm the plan, go on, give up, undo, and how far it has come."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from registry import tasks
from registry.imports import storage
from registry.imports.apply import AlreadyTaken, cancel, may_finish
from registry.imports.compare import KINDS
from registry.imports.inspection import FileRefused
from registry.imports.outlook import outlook
from registry.models import ImportRun
from registry.templatetags.registry_ui import grouped

from .acts import own_units
from .imports import NOT_THE_ONE_SENT, own_run, refused, why_not_waiting
from .steps import Rest, StepPages, actor_of, begun_stays_begun, phase_of

State = ImportRun.State
TAKEN = gettext_lazy("Another process is at this import, or ended it. Look again in a minute.")
ENDED = (
    "ended",
    gettext_lazy(
        "This import came to its end meanwhile: nothing is left to be given up. Its page says what came of it."
    ),
)
OWNERS = "owner", gettext_lazy("The file is read: whether its plan is applied or given up is for its owner to say.")
RESTS = {
    State.APPLYING: Rest(
        gettext_lazy(
            "It stops after the rows it is at. What is applied stays, and can be undone afterwards; the file and its plan are "
            "deleted: import the file anew to take the rest in."
        ),
        gettext_lazy("Rows applied so far"),
        gettext_lazy("Not taken in"),
    ),
    State.UNDOING: Rest(
        gettext_lazy(
            "Whoever is put back stays so; everybody else stands as the import left them. The undo can be begun again."
        ),
        gettext_lazy("People dealt with so far"),
        gettext_lazy("Not put back"),
    ),
}


class ConfirmForm(forms.Form):
    """Confirms one plan, once. Whose plan it is, of which operator and file, is kept with the run, not here."""

    token = forms.CharField(widget=forms.HiddenInput(), max_length=64)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=500,
        help_text=gettext_lazy(
            "Kept in the history of every record this import changes. Empty: the number of the import."
        ),
    )


class UndoForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        help_text=gettext_lazy("Kept in the history of everybody who is put back."),
        error_messages={
            "required": gettext_lazy("Say why: the history of everybody who is put back keeps the reason.")
        },
    )


class ImportSteps(StepPages):
    """What is done with a run. Each step answers with the page of the run."""

    steps = {"apply": "apply_view", "continue": "continue_view", "cancel": "cancel_view", "undo": "undo_view"}
    moving_template = "admin/registry/importrun/moving.html"

    @own_units
    @method_decorator(require_POST)
    def apply_view(self, request, pk):
        """Applies the plan that was shown: its owner's word, once."""
        storage.purge_expired()
        if not may_import(request):
            raise PermissionDenied
        run, form = own_run(request, pk=pk), ConfirmForm(request.POST)
        if not form.is_valid():
            return refused(request, self.admin_site, *NOT_THE_ONE_SENT, run=run)
        try:
            with begun_stays_begun(run):
                tasks.begin_apply(run, **form.cleaned_data, **actor_of(request))
        except AlreadyTaken:
            return refused(request, self.admin_site, *why_not_waiting(run), run=run)
        except FileRefused as refusal:
            messages.error(request, refusal.told)
        return to_page(request, run)

    @own_units
    @method_decorator(require_POST)
    def continue_view(self, request, pk):
        """Goes on with a step that was cut off, or that no worker takes; with `here` in this very request."""
        run = self.to_finish(request, pk)
        try:
            if not run.is_at_work:
                raise AlreadyTaken
            with begun_stays_begun(run):
                tasks.go_on(run, **actor_of(request), here=True if "here" in request.POST else None)
        except AlreadyTaken:
            return refused(request, self.admin_site, "taken", TAKEN, run=run)
        except FileRefused as refusal:
            messages.error(request, refusal.told)
        return to_page(request, run)

    @own_units
    def cancel_view(self, request, pk):
        """Gives up a file, a plan, the rest of an import, which stops after the rows it is at, or of an undo that has stopped."""
        run = self.to_finish(request, pk)
        if request.method != "POST" or is_to_be_asked(run, request.POST):
            return self.asked_or_sent_back(request, run)
        if run.state in ImportRun.OPEN and run.owner_id != request.user.pk:
            return refused(request, self.admin_site, *OWNERS, run=run)
        try:
            if not can_be_given_up(run):
                raise AlreadyTaken
            cancel(run, **actor_of(request))
        except AlreadyTaken:
            return refused(request, self.admin_site, *why_not_given_up(run), run=run)
        return HttpResponseRedirect(address(run))

    def asked_or_sent_back(self, request, run):
        """What is given up while it writes is asked about; all else has its buttons on the page of the run."""
        if run.state not in RESTS or not can_be_given_up(run):
            return HttpResponseRedirect(address(run))
        expected = run.rows if run.state == State.APPLYING else run.rows_expected
        return self.asked_whether_to_give_up(request, run, RESTS[run.state], expected)

    @own_units
    def undo_view(self, request, pk):
        """Says in numbers what undoing would do, and does it for a reason."""
        run = self.to_finish(request, pk)
        if run.state in (State.UNDOING, State.UNDONE):
            return self.begun_before(request, run)
        if not can_be_undone(run):
            raise Http404
        form = UndoForm(request.POST or None)
        if form.is_valid():
            try:
                with begun_stays_begun(run):
                    tasks.begin_undo(run, **form.cleaned_data, **actor_of(request))
            except AlreadyTaken:
                return self.begun_before(request, run)
            return to_page(request, run)
        context = self.admin_site.each_context(request) | {
            "title": _("Undo import № %(number)d") % {"number": run.pk},
            "opts": self.opts,
            "run": run,
            "form": form,
            "outlook": outlook(run),
        }
        return TemplateResponse(request, "admin/registry/importrun/undo.html", context)

    def to_finish(self, request, pk):
        """A run of the operator that this user may bring further, wherever it stands by now: pages show what was true a while ago."""
        if not may_import(request):
            raise PermissionDenied
        run = get_object_or_404(self.get_queryset(request), pk=pk)
        if not may_finish(run, **actor_of(request)):
            raise Http404
        return run

    def begun_before(self, request, run):
        """The answer to a second undo: when it was undone, on the page of the run, or that somebody is at it."""
        run.refresh_from_db()
        if run.state != State.UNDONE:
            return refused(request, self.admin_site, "taken", TAKEN, run=run)
        when = date_format(timezone.localtime(run.undone_at), "DATETIME_FORMAT")
        messages.info(request, _("This import was undone before: %(when)s. Once is enough.") % {"when": when})
        return HttpResponseRedirect(address(run))


def may_import(request):
    return request.user.has_perm("registry.import_datasubject")


def why_not_given_up(run):
    """(reason code for the journal, sentence) of a run of which nothing is left to be given up."""
    why = why_not_waiting(run)
    if run.state in (*ImportRun.OPEN, *ImportRun.AT_WORK):
        return "taken", TAKEN
    return ENDED if run.state in (State.APPLIED, State.UNDONE) else why


def can_be_given_up(run):
    """An undo goes to its end while somebody is at it: the button of a page that was open too long does not end it."""
    undo_rests = run.state == State.UNDOING and phase_of(run) in ("late", "cut-off", "stopped")
    return undo_rests or run.state in (*ImportRun.OPEN, State.PLANNING, State.APPLYING)


def is_to_be_asked(run, answer):
    """What writes is given up by the answer to the question about just that: a button of an older page only asks it."""
    return run.state in RESTS and can_be_given_up(run) and answer.get("rest") != run.state


def can_be_undone(run):
    """Where nobody was new or changed, nothing was written that could be undone."""
    return run.state in (State.APPLIED, State.CANCELLED) and (
        run.last_seq is not None or run.applied_at is not None and run.new + run.changed > 0
    )


def address(run):
    return reverse("admin:registry_importrun_change", args=[run.pk])


def to_page(request, run):
    """To the page of the run, which is another one now; that an import is finished is told once on top of it."""
    run.refresh_from_db()
    if run.state == State.APPLIED:
        told = {kind: grouped(getattr(run, kind)) for kind in KINDS}
        messages.success(
            request,
            _("Import finished: %(new)s new, %(changed)s changed, %(same)s unchanged, %(rejected)s rejected, %(stopped)s "
              "stopped.") % told,
        )  # fmt: skip
    return HttpResponseRedirect(address(run))
