"""Hand-overs: how far one has come, who went, who was left out and on which norm, and who is to be told by when."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from registry import scope
from registry.choices import NormTopic
from registry.models import HandOverRun
from registry.operations.handover import cancel
from registry.templatetags.registry_ui import grouped

from .base import RegistryModelAdmin
from .deciding import cited
from .steps import PeopleStepPages, Rest, progress_of
from .telling import RecordsTold

State = HandOverRun.State


@admin.register(HandOverRun)
class HandOverRunAdmin(RecordsTold, PeopleStepPages, RegistryModelAdmin):
    list_display = ["number", "recipient", "handed_over_on", "state_shown", "outcome", "begun_at", "by"]
    list_filter = ["state", "recipient"]
    list_select_related = ["recipient", "begun_by"]
    empty_text = gettext_lazy("When a business is acquired, its data are handed over on the page of the acquirer.")
    change_form_template = "admin/registry/handoverrun/change_form.html"
    fields = ["recipient"]
    moving_template = "admin/registry/handoverrun/moving.html"
    tones = {State.HANDED_OVER: "ok", State.HANDING_OVER: "warn", State.CANCELLED: "quiet"}
    rest = Rest(
        gettext_lazy(
            "It stops after the people it is at. Whoever went has gone and is to be told, nobody else goes; hand over again to take "
            "the rest."
        ),
        gettext_lazy("People dealt with so far"),
        gettext_lazy("Not handed over"),
    )

    @admin.display(description=gettext_lazy("people handed over"), ordering="people")
    def outcome(self, run):
        return grouped(run.people)

    def form_context(self, request, run):
        context = super().form_context(request, run)
        if run is None:
            return context
        context |= {"run": run, "state_pill": self.state_shown(run), "may": self.may_finish(request), **norms_of(run)}
        context |= {"personal": scope.sees_personal(request.user)}
        return context | (progress_of(request, run) if run.is_at_work else {})

    def moving(self, request, run):
        return super().moving(request, run) | norms_of(run)

    def may_finish(self, request):
        return request.user.has_perm("registry.add_disclosure")

    def give_up(self, run, **actor):
        cancel(run, **actor)


def norms_of(run):
    """On which norms people are left out."""
    topics = {"norm_blocked": NormTopic.BLOCKING, "norm_ground": NormTopic.RECIPIENTS}
    return {name: cited(run.operator, topic) for name, topic in topics.items()}
