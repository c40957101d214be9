"""The vocabulary of the register: purposes, bases, categories, rules, measures, trackers."""

from django.contrib import admin, messages
from django.db.models import Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.models import (
    DataCategory,
    IncompatiblePurposes,
    LegalBasis,
    Purpose,
    RetentionRule,
    SecurityMeasure,
    SubjectCategory,
    Tracker,
)
from registry.templatetags.registry_ui import pill

from .base import RegistryModelAdmin
from .deciding import DecidesGrounds, undecided
from .folded_search import FoldedSearch
from .scoped import RegistryInline
from .vocabulary_import import VocabularyImport

NAMES = (_("Name"), {"fields": ["code", "name_en", "name_ru", "name_kk"]})


class VocabularyAdmin(FoldedSearch, VocabularyImport, RegistryModelAdmin):
    """An entry of the operator's vocabulary: edited by the DPO or out of a file, deleted only while nothing refers to it."""

    writable = True
    search_fields = ["code", "name_en", "name_ru", "name_kk"]
    ordering = ["code"]

    @admin.display(description=_("name"), ordering="name_en")
    def name(self, record):
        return record.name


class IncompatibleInline(RegistryInline):
    """Purposes whose data are never brought together with this one's."""

    model = IncompatiblePurposes
    fk_name = "purpose"
    fields = ["other", "why", "clause"]


@admin.register(Purpose)
class PurposeAdmin(VocabularyAdmin):
    list_display = ["code", "name", "is_marketing", "clause"]
    list_filter = ["is_marketing"]
    list_select_related = ["clause"]
    inlines = [IncompatibleInline]
    fieldsets = [NAMES, (_("Purpose"), {"fields": ["is_marketing", "clause"]})]

    def form_context(self, request, record):
        context = super().form_context(request, record)
        if record is None:
            return context
        return context | {
            "blockers": undecided(record, request.user),
            "blockers_title": _("Declared by the policy only"),
        }

    def save_formset(self, request, form, formset, change):
        """Purposes declared incompatible whose data lie together already are told of: nothing moves by itself."""
        super().save_formset(request, form, formset, change)
        for declared in (*formset.new_objects, *(each for each, _fields in formset.changed_objects)):
            for warning in getattr(declared, "warnings", ()):
                messages.warning(request, _t("Saved, but look again. %s") % warning)


@admin.register(LegalBasis)
class LegalBasisAdmin(DecidesGrounds, VocabularyAdmin):
    list_display = ["code", "name", "kind", "norm", "known"]
    list_filter = ["kind"]
    list_select_related = ["norm__law", "operator"]
    fieldsets = [NAMES, (_("Basis"), {"fields": ["kind", "norm", "document", "clause"]})]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("operator__laws")

    @admin.display(description=_("known to the law"))
    def known(self, basis):
        return pill(_("known"), "ok") if basis.known_to_law else pill(_("declared only"), "warn")

    def get_form(self, request, obj=None, **kwargs):
        """Offered are the grounds that a law of the operator knows, and what is stored already."""
        form = super().get_form(request, obj, **kwargs)
        if (norm := form.base_fields.get("norm")) and request.operator:
            offered = Q(is_ground=True, law__in=request.operator.laws.values("law")) | Q(pk=obj and obj.norm_id)
            norm.queryset = norm.queryset.filter(offered).select_related("law")
        return form


@admin.register(DataCategory)
class DataCategoryAdmin(VocabularyAdmin):
    list_display = ["code", "name", "availability", "is_identifier", "is_special", "is_biometric"]
    list_filter = ["availability", "is_special", "is_biometric"]
    fieldsets = [
        NAMES,
        (_("Marks"), {"fields": ["availability", "is_identifier", "is_special", "is_biometric"]}),
    ]


@admin.register(SubjectCategory)
class SubjectCategoryAdmin(VocabularyAdmin):
    list_display = ["code", "name", "is_represented"]
    fieldsets = [NAMES, (_("Marks"), {"fields": ["is_represented"]})]


@admin.register(RetentionRule)
class RetentionRuleAdmin(VocabularyAdmin):
    list_display = ["code", "name", "trigger", "period", "unit", "then", "complete"]
    list_filter = ["trigger", "then"]
    list_select_related = ["norm"]
    fieldsets = [NAMES, (_("Term"), {"fields": ["trigger", "period", "unit", "norm", "then", "clause"]})]

    @admin.display(description=_("complete"))
    def complete(self, rule):
        return pill(_("complete"), "ok") if rule.is_complete else pill(_("incomplete"), "warn")


@admin.register(SecurityMeasure)
class SecurityMeasureAdmin(VocabularyAdmin):
    list_display = ["code", "name", "kind", "reviewed_on"]
    list_filter = ["kind"]
    fieldsets = [NAMES, (_("Measure"), {"fields": ["kind", "description", "reviewed_on", "clause"]})]


@admin.register(Tracker)
class TrackerAdmin(VocabularyAdmin):
    list_display = ["code", "name", "provider", "party", "category", "term"]
    list_filter = ["party", "category"]
    list_select_related = ["provider"]
    fieldsets = [NAMES, (_("Tracker"), {"fields": ["provider", "party", "category", "purpose", "term", "clause"]})]
