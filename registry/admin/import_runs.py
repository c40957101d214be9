"""Runs of CRM imports: what came of each, its rejected rows, going on with one that was cut off."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from registry import journal, scope
from registry.imports import storage
from registry.imports.apply import AlreadyTaken, cancel, may_finish
from registry.imports.lists import TURNED_DOWN, rows_of, shown_rows
from registry.imports.preview import REJECTED_ROOM
from registry.imports.rejects import file_name, rejected_csv
from registry.imports.resource import PeopleResource
from registry.models import ImportRun
from registry.templatetags.registry_ui import grouped, state_pill

from .acts import own_units
from .base import RegistryModelAdmin
from .import_columns import ColumnsPage
from .import_lists import list_links, list_urls, may_see_rejected
from .imports import finished, refused, why_not_waiting

REJECTED_SHOWN = 20
OUTCOMES = {
    "new": gettext_lazy("new"),
    "changed": gettext_lazy("changed"),
    "same": gettext_lazy("same"),
    "rejected": gettext_lazy("rejected"),
    "stopped": gettext_lazy("stopped"),
}


@admin.register(ImportRun)
class ImportRunAdmin(ColumnsPage, RegistryModelAdmin):
    list_display = ["number", "file_name", "state_shown", "uploaded_at", "owner", "rows", "outcome"]
    list_display_links = ["number", "file_name"]
    list_filter = ["state", "uploaded_at"]
    list_select_related = ["owner"]
    empty_text = gettext_lazy("Each file of the CRM that was read stands here, with what came of it.")
    change_form_template = "admin/registry/importrun/change_form.html"
    change_list_template = "admin/registry/importrun/change_list.html"
    fields = ["file_name"]

    def get_urls(self):
        def page(view):
            return self.admin_site.admin_view(view)

        return [
            path("<int:pk>/rejected/", page(self.rejected_view), name="registry_importrun_rejected"),
            path("<int:pk>/continue/", page(self.continue_view), name="registry_importrun_continue"),
            path("<int:pk>/cancel/", page(self.cancel_view), name="registry_importrun_cancel"),
            *list_urls(self),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("number"), ordering="pk")
    def number(self, run):
        return f"№ {run.pk}"

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, run):
        return state_pill(run.state, run.get_state_display())

    @admin.display(description=gettext_lazy("outcome"))
    def outcome(self, run):
        if run.refusal:
            return run.refusal
        parts = [(getattr(run, kind), label) for kind, label in OUTCOMES.items()]
        return " · ".join(f"{grouped(count)} {label}" for count, label in parts if count)

    def history_view(self, request, object_id, extra_context=None):
        raise Http404  # a run has no history: the journal records each of its steps

    def form_context(self, request, run):
        if run is None:
            return super().form_context(request, run)
        storage.purge_expired()
        shown = may_see_rejected(request, run)
        turned_down = rows_of(run, TURNED_DOWN)
        rejected = shown_rows(run, turned_down[:REJECTED_SHOWN], size=REJECTED_ROOM) if shown else []
        if rejected:
            journal.record("rejects.view", object_type="importrun", uid=run.uid, count=len(rejected))
        return super().form_context(request, run) | {
            "run": run,
            "state_pill": state_pill(run.state, run.get_state_display()),
            "mapped": [(header, field) for header, field in run.mapping if field],
            "rejected": rejected,
            "rejected_more": turned_down.count() - len(rejected) if rejected else 0,
            "lists": list_links(request, run),
            "may_confirm": may_import(request) and run.owner_id == request.user.pk,
            "may_finish": may_import(request) and may_finish(run, **by_user(request)),
        }

    def rejected_view(self, request, pk):
        """The rejected and stopped rows as a file for the CRM's owner."""
        run = get_object_or_404(self.get_queryset(request), pk=pk)
        if not may_see_rejected(request, run):
            raise PermissionDenied
        count = rows_of(run, TURNED_DOWN).count()
        if not count:
            raise Http404
        journal.record("rejects.download", object_type="importrun", uid=run.uid, count=count)
        response = StreamingHttpResponse(rejected_csv(run), content_type="text/csv")
        response["Content-Disposition"] = f'attachment; filename="{file_name(run)}"'
        return response

    @own_units
    @method_decorator(require_POST)
    def continue_view(self, request, pk):
        """Goes on with an import that was cut off."""
        run = self.to_finish(request, pk, ImportRun.State.APPLYING)
        try:
            result = PeopleResource().import_data(run, dry_run=False, **by_user(request))
        except AlreadyTaken:
            sentence = _("Another process is applying this import, or ended it. Look again in a minute.")
            return refused(request, self.admin_site, "taken", sentence, run=run)
        return finished(request, self.admin_site, result)

    @own_units
    @method_decorator(require_POST)
    def cancel_view(self, request, pk):
        """Gives up a plan that is not wanted, or the rest of an import that was cut off."""
        run = self.to_finish(request, pk, ImportRun.State.PLANNED, ImportRun.State.APPLYING)
        try:
            cancel(run, **by_user(request))
        except AlreadyTaken:
            return refused(request, self.admin_site, *why_not_waiting(run), run=run)
        return HttpResponseRedirect(reverse("admin:registry_importrun_change", args=[run.pk]))

    def to_finish(self, request, pk, *states):
        """A run of the operator that this user may bring to its end: a plan is its owner's, a begun import any DPO's too."""
        if not may_import(request):
            raise PermissionDenied
        run = get_object_or_404(self.get_queryset(request), pk=pk, state__in=states)
        may = run.owner_id == request.user.pk or (
            run.state == ImportRun.State.APPLYING and may_finish(run, **by_user(request))
        )
        if not may:
            raise Http404
        return run


def may_import(request):
    return request.user.has_perm("registry.import_datasubject")


def by_user(request):
    return {"by": request.user, "role": scope.role_of(request.user)}
