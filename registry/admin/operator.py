from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from registry.models import Operator, OperatorLaw, OperatorTerm, ResponsiblePerson

from .base import RegistryModelAdmin
from .scoped import RegistryInline
from .vocabulary_import import VocabularyImport


class OperatorLawInline(RegistryInline):
    model = OperatorLaw
    fk_name = "operator"
    exclude = ()


class OperatorTermInline(RegistryInline):
    model = OperatorTerm
    fk_name = "operator"
    exclude = ()


@admin.register(Operator)
class OperatorAdmin(RegistryModelAdmin):
    writable = True
    list_display = ["code", "name", "legal_form", "bin", "country"]
    exclude = ()
    readonly_fields = ["code"]
    inlines = [OperatorLawInline, OperatorTermInline]
    fieldsets = [
        (_("Operator"), {"fields": ["code", "name_en", "name_ru", "name_kk", "legal_form", "bin", "country"]}),
        (_("Contacts"), {"fields": ["address", "email", "phone", "sites"]}),
        (_("Stricter than the law"), {"fields": ["only_protecting_states", "excludes_special"]}),
    ]

    @admin.display(description=_("name"), ordering="name_en")
    def name(self, operator):
        return operator.name or "—"


@admin.register(ResponsiblePerson)
class ResponsiblePersonAdmin(VocabularyImport, RegistryModelAdmin):
    writable = True
    list_display = ["name", "position", "email", "is_deputy", "appointed_on", "dismissed_on"]
    list_filter = ["is_deputy"]
    fieldsets = [
        (_("Person"), {"fields": ["name", "position", "email", "phone", "user"]}),
        (_("Appointment"), {"fields": ["is_deputy", "language", "order_number", ("appointed_on", "dismissed_on")]}),
    ]
