"""Runs of CRM imports: the list, and one page for each run in whatever state it is."""

from django.contrib import admin
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.models import ImportRun
from registry.templatetags.registry_ui import grouped, state_pill

from .base import RegistryModelAdmin
from .import_columns import ColumnsPage
from .import_lists import list_urls
from .import_page import page_of_run
from .import_steps import ImportSteps

OUTCOMES = {
    "new": gettext_lazy("new"),
    "changed": gettext_lazy("changed"),
    "same": gettext_lazy("same"),
    "rejected": gettext_lazy("rejected"),
    "stopped": gettext_lazy("stopped"),
}
UNDONE = {"undone": gettext_lazy("put back"), "left": gettext_lazy("left as they are")}


@admin.register(ImportRun)
class ImportRunAdmin(ColumnsPage, ImportSteps, RegistryModelAdmin):
    list_display = ["number", "file_name", "state_shown", "uploaded_at", "by", "outcome"]
    list_display_links = ["number", "file_name"]
    list_filter = ["state", "uploaded_at"]
    list_select_related = ["owner"]
    empty_text = gettext_lazy("Each file of the CRM that was read stands here, with what came of it.")
    change_form_template = "admin/registry/importrun/change_form.html"
    change_list_template = "admin/registry/importrun/change_list.html"
    fields = ["file_name"]

    def get_urls(self):
        return [*list_urls(self), *super().get_urls()]

    @admin.display(description=gettext_lazy("number"), ordering="pk")
    def number(self, run):
        return f"№ {run.pk}"

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, run):
        return state_pill(run.state, run.get_state_display())

    @admin.display(description=gettext_lazy("by"), ordering="owner")
    def by(self, run):
        return run.owner.get_full_name() if run.owner else _("the system")

    @admin.display(description=gettext_lazy("outcome"))
    def outcome(self, run):
        """What it did, and behind that why it could not go on."""
        if run.wrote_nothing:
            return run.refusal or _("nothing was written")
        kinds = UNDONE if run.state == ImportRun.State.UNDONE else OUTCOMES | UNDONE
        parts = [(getattr(run, kind), label) for kind, label in kinds.items()]
        counts = [f"{grouped(count)}\u00a0{label}" for count, label in parts if count]
        return " · ".join([*counts, run.refusal] if run.refusal else counts)

    def history_view(self, request, object_id, extra_context=None):
        raise Http404  # a run has no history: the journal records each of its steps

    def form_context(self, request, run):
        context = super().form_context(request, run)
        return context if run is None else context | page_of_run(request, run)
