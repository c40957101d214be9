from django.contrib import admin
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from registry.models import Clause, Policy, RequestMark
from registry.models.fields import in_words
from registry.templatetags.registry_ui import pill

from .base import RegistryModelAdmin
from .folded_search import FoldedSearch
from .vocabulary_import import VocabularyImport


@admin.register(Policy)
class PolicyAdmin(RegistryModelAdmin):
    writable = True
    list_display = ["title", "version", "language", "effective_on", "published", "clauses"]
    list_filter = ["language"]
    readonly_fields = ["sha256"]
    fieldsets = [
        (_("Policy"), {"fields": ["title", "version", "language", "url"]}),
        (_("In force"), {"fields": ["effective_on", "published_on"]}),
        (_("Text"), {"fields": ["text", "sha256"]}),
    ]

    @admin.display(description=_("published"), ordering="published_on")
    def published(self, policy):
        return pill(policy.published_on.isoformat(), "ok") if policy.published_on else pill(_("not published"), "quiet")

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(clause_count=Count("clauses"))

    @admin.display(description=_("clauses"), ordering="clause_count")
    def clauses(self, policy):
        return policy.clause_count


@admin.register(Clause)
class ClauseAdmin(FoldedSearch, VocabularyImport, RegistryModelAdmin):
    writable = True
    list_display = ["number", "obliges", "behaviours", "in_force", "policy"]
    list_filter = ["in_force", "policy"]
    list_select_related = ["policy"]
    search_fields = ["number", "obliges", "behaviours"]
    ordering = ["policy", "sort_key"]
    fieldsets = [
        (_("Clause"), {"fields": ["policy", "number", "obliges", "in_force", "remark"]}),
        (_("Carried out by"), {"fields": ["behaviours"]}),
    ]

    @admin.display(description=_("behaviours"))
    def behaviours_in_words(self, clause):
        return in_words(clause._meta.get_field("behaviours"), clause.behaviours)


@admin.register(RequestMark)
class RequestMarkAdmin(VocabularyImport, RegistryModelAdmin):
    writable = True
    list_display = ["subject_line", "mailbox", "request_kind", "clause"]
    list_display_links = ["subject_line", "mailbox"]
    list_filter = ["request_kind"]
    list_select_related = ["clause"]
    fieldsets = [(_("Request mark"), {"fields": ["mailbox", "subject_line", "request_kind", "clause"]})]
