"""Databases: what is found about where they lie, and merging two, asked on a page of its own."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from registry import scope
from registry.models import Database
from registry.operations.databases import blockers, merge
from registry.templatetags.registry_ui import pill

from .acts import reason_of
from .labels import Citations
from .vocabulary import NAMES, VocabularyAdmin


@admin.register(Database)
class DatabaseAdmin(VocabularyAdmin):
    list_display = ["code", "name", "form", "standing", "place"]
    list_filter = ["form", "standing", "country"]
    list_select_related = ["merged_into"]
    fieldsets = [
        NAMES,
        (_("Place"), {"fields": ["form", "standing", "country", "is_abroad", "address", "provider", "clause"]}),
    ]

    @admin.display(description=_("country"), ordering="country")
    def place(self, database):
        if database.merged_into_id:
            return pill(_t("merged into %s") % database.merged_into)
        if database.country:
            return database.country
        return pill(_("abroad, country unknown"), "bad") if database.is_abroad else pill(_("unknown"), "warn")

    def form_context(self, request, record):
        context = super().form_context(request, record)
        if record is None:
            return context
        if record.merged_into_id:
            return context | {"state_pill": pill(_t("merged into %s") % record.merged_into)}
        citations = Citations(record.operator)
        context |= {
            "blockers": [citations.described(each) for each in record.findings()],
            "blockers_title": _("What is found about it"),
        }
        if self.has_change_permission(request, record):
            context["acts"] = [{"label": _("Merge"), "url": reverse("admin:registry_database_merge", args=[record.pk])}]
        return context

    def get_urls(self):
        asked = path("<int:pk>/merge/", self.admin_site.admin_view(self.merge_view), name="registry_database_merge")
        return [asked, *super().get_urls()]

    def merge_view(self, request, pk):
        """Into which one is chosen first; then the page says what will move, or what stands in the way, and asks."""
        database = self.get_object(request, str(pk))
        if database is None:
            raise Http404
        if not self.has_change_permission(request, database):
            raise PermissionDenied
        others = scope.in_scope(Database.objects.filter(merged_into=None), request.user).exclude(pk=database.pk)
        asked = (request.POST or request.GET).get("into", "")
        into = others.filter(pk=asked).first() if asked.isascii() and asked.isdigit() else None
        found, refusals = blockers(database, into) if into else [], []
        if request.method == "POST" and into:
            try:
                moved = merge(
                    database, into, by=request.user, role=scope.role_of(request.user), reason=reason_of(request)
                )
            except ValidationError as refusal:
                refusals = [] if found else refusal.messages
            else:
                said = ngettext("Merged: %d activity moved.", "Merged: %d activities moved.", moved) % moved
                messages.success(request, said)
                return HttpResponseRedirect(reverse("admin:registry_database_change", args=[into.pk]))
        links = database.activities.select_related("activity").order_by("activity__code")
        context = self.admin_site.each_context(request) | {
            "title": _("Merge into another database"),
            "opts": self.opts,
            "object": database,
            "others": others,
            "into": into,
            "links": links,
            "blockers": [Citations(database.operator).described(each) for each in found],
            "blockers_title": _("What stands in the way"),
            "refusals": refusals,
        }
        status = 409 if request.method == "POST" else 200
        return TemplateResponse(request, "admin/registry/database/merge.html", context, status=status)
