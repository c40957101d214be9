"""What recipients are to be told, by when; recorded when it was done, and how."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.models import Obligation
from registry.rules.deadlines import moment_on
from registry.templatetags.registry_ui import pill

from .case_due import due_column
from .paging import LongList
from .people import AboutAPerson
from .reading_blocked import label_of


class DoneFilter(admin.SimpleListFilter):
    title, parameter_name = _("state"), "is"

    def lookups(self, request, model_admin):
        return [("open", _("to be told")), ("overdue", _("overdue")), ("done", _("told"))]

    def queryset(self, request, queryset):
        match self.value():
            case "open":
                return queryset.listed_open()
            case "overdue":
                return queryset.overdue(timezone.localdate())
            case "done":
                return queryset.done()
        return queryset


class FulfilForm(forms.Form):
    """When and how it was done, of one obligation and of many."""

    on = forms.DateField(label=_("Done on"), widget=AdminDateWidget, initial=timezone.localdate)
    how = forms.CharField(
        label=_("How it was done"),
        max_length=250,
        help_text=_("Letter and its date, call, message. Kept with the obligation."),
        error_messages={"required": _("Say how it was done: letter and date, call, message.")},
    )


@admin.register(Obligation)
class ObligationAdmin(LongList, AboutAPerson):
    list_display = ["what", "recipient", "case", "state"]
    list_display_links = ["what"]
    list_filter = [DoneFilter, "what", "recipient"]
    list_select_related = ["subject", "recipient", "request", "operator"]
    fields = ["what", "recipient", "request", "due_on", "norm", "done_at", "done_by", "how"]
    empty_text = _(
        "Nobody is to be told anything. When a consent is withdrawn, everybody who received the data stands here."
    )

    ordering = ["urgent_on", "pk"]

    def get_list_display(self, request):
        return [*super().get_list_display(request), due_column(request)]

    @admin.display(description=_("request"))
    def case(self, obligation):
        return obligation.request.number if obligation.request_id else ""

    @admin.display(description=_("state"))
    def state(self, obligation):
        return pill(_("told"), "ok") if obligation.done_at else pill(_("to be told"), "warn")

    def get_urls(self):
        view = self.admin_site.admin_view(self.fulfil_view)
        return [path("<int:pk>/fulfil/", view, name="registry_obligation_fulfil"), *super().get_urls()]

    def form_context(self, request, record):
        context = super().form_context(request, record)
        if record is None or record.done_at or not request.user.has_perm("registry.change_obligation"):
            return context
        return context | {"acts": [{"label": _t("Record that it was done"), "url": fulfil_url(record)}]}

    def fulfil_view(self, request, pk):
        obligation = self.record_or_404(request, str(pk), lock=request.method == "POST")
        if not request.user.has_perm("registry.change_obligation", obligation):
            raise PermissionDenied
        form = FulfilForm(request.POST or None)
        if obligation.done_at is not None:
            messages.info(request, _t("It was recorded already."))
            return HttpResponseRedirect(self.address_after(obligation))
        if request.method == "POST" and form.is_valid() and self.fulfilled(request, obligation, form):
            messages.success(request, _t("It is recorded that it was done."))
            return HttpResponseRedirect(self.address_after(obligation))
        self.tell_opened(request, obligation)
        context = self.admin_site.each_context(request) | {
            "title": _t("Record that it was done"),
            "opts": self.opts,
            "object": obligation,
            "person": label_of(request, obligation.subject),
            "form": form,
            "media": self.media + form.media,
            "back": self.address_after(obligation),
        }
        return TemplateResponse(request, "admin/registry/obligation/fulfil.html", context)

    def fulfilled(self, request, obligation, form):
        said, now = form.cleaned_data, timezone.now()
        try:
            obligation.fulfil(by=request.user, at=moment_on(said["on"], now), how=said["how"])
        except ValidationError as refusal:
            form.add_error("on", refusal.messages)
            return False
        return True

    def address_after(self, obligation):
        """The case, where there is one."""
        if obligation.request_id:
            return reverse("admin:registry_subjectrequest_change", args=[obligation.request_id])
        return reverse("admin:registry_obligation_changelist")


def fulfil_url(obligation):
    return reverse("admin:registry_obligation_fulfil", args=[obligation.pk])
