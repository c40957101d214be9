"""Hand-overs: how far one has come, who went, who was left out and on which norm, and who is to be told by when."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from registry import scope, tasks
from registry.choices import NormTopic
from registry.imports.storage import AlreadyTaken
from registry.models import HandOverRun, Obligation
from registry.operations.handover import cancel
from registry.templatetags.registry_ui import grouped, pill

from .acts import own_units
from .base import RegistryModelAdmin
from .deciding import cited
from .steps import StepPages, progress_of

State = HandOverRun.State
TONES = {State.HANDED_OVER: "ok", State.HANDING_OVER: "warn", State.CANCELLED: "quiet"}


@admin.register(HandOverRun)
class HandOverRunAdmin(StepPages, RegistryModelAdmin):
    list_display = ["number", "recipient", "handed_over_on", "state_shown", "outcome", "begun_at", "by"]
    list_display_links = ["number"]
    list_filter = ["state", "recipient"]
    list_select_related = ["recipient", "begun_by"]
    empty_text = gettext_lazy("When a business is acquired, its data are handed over on the page of the acquirer.")
    change_form_template = "admin/registry/handoverrun/change_form.html"
    fields = ["recipient"]

    steps = {"continue": "continue_view", "cancel": "cancel_view"}
    moving_template = "admin/registry/handoverrun/moving.html"

    @admin.display(description=gettext_lazy("number"), ordering="pk")
    def number(self, run):
        return f"№ {run.pk}"

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, run):
        return pill(run.get_state_display(), TONES[run.state])

    @admin.display(description=gettext_lazy("people handed over"), ordering="people")
    def outcome(self, run):
        return grouped(run.people)

    @admin.display(description=gettext_lazy("by"), ordering="begun_by")
    def by(self, run):
        return run.begun_by.get_full_name() if run.begun_by else _("the system")

    def history_view(self, request, object_id, extra_context=None):
        raise Http404  # a run has no history: the journal records each of its steps

    def form_context(self, request, run):
        context = super().form_context(request, run)
        if run is None:
            return context
        context |= {"run": run, "state_pill": self.state_shown(run), "may": may_hand_over(request), **norms_of(run)}
        context |= {"personal": scope.sees_personal(request.user)}
        return context | (progress_of(request, run) if run.is_at_work else {"owed": owed_to_people(run)})

    @own_units
    @method_decorator(require_POST)
    def continue_view(self, request, pk):
        """Goes on with what was cut off, stopped, or taken up by nobody; with `here` in this very request."""
        run = self.to_finish(request, pk)
        actor = {"by": request.user, "role": scope.role_of(request.user)}
        try:
            tasks.go_on(run, **actor, here=True if "here" in request.POST else None)
        except AlreadyTaken:
            self.tell_taken(request)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        return HttpResponseRedirect(address(run))

    @own_units
    @method_decorator(require_POST)
    def cancel_view(self, request, pk):
        """Gives up the rest: it stops after the people it is at."""
        run = self.to_finish(request, pk)
        try:
            cancel(run, by=request.user, role=scope.role_of(request.user), at=timezone.now())
        except AlreadyTaken:
            self.tell_taken(request)
        return HttpResponseRedirect(address(run))

    def moving(self, request, run):
        return super().moving(request, run) | norms_of(run)

    def to_finish(self, request, pk):
        if not may_hand_over(request):
            raise PermissionDenied
        return get_object_or_404(self.get_queryset(request), pk=pk)

    def tell_taken(self, request):
        messages.warning(
            request, _("Another process is at this hand-over, or it is at its end. Look again in a minute.")
        )


def may_hand_over(request):
    return request.user.has_perm("registry.add_disclosure")


def address(run):
    return reverse("admin:registry_handoverrun_change", args=[run.pk])


def norms_of(run):
    """On which norms people are left out."""
    topics = {"norm_blocked": NormTopic.BLOCKING, "norm_ground": NormTopic.RECIPIENTS}
    return {name: cited(run.operator, topic) for name, topic in topics.items()}


def owed_to_people(run):
    """The word that is owed to people of this acquirer, by its day: how many wait for it, how many were told, and where they stand."""
    owed = Obligation.objects.filter(recipient=run.recipient_id, what=Obligation.What.INFORM).order_by("due_on")
    done = Q(done_at__isnull=False)
    counted = owed.values("due_on").annotate(told=Count("pk", filter=done), waiting=Count("pk", filter=~done))
    query = {"recipient__id__exact": run.recipient_id, "what__exact": Obligation.What.INFORM, "is": "open"}
    return {"days": list(counted), "url": reverse("admin:registry_obligation_changelist", query=query)}
