"""Sources of imports: what was said once of how a CRM's files are read."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from registry.models import ImportSource

from .base import RegistryModelAdmin


@admin.register(ImportSource)
class ImportSourceAdmin(RegistryModelAdmin):
    writable = True
    list_display = ["name", "encoding", "delimiter", "date_order", "report_to"]
    empty_text = _("How a CRM’s files are read is remembered here when an import is told to, or entered by hand.")
    fieldsets = [
        (None, {"fields": ["name", "report_to"]}),
        (_("How its files are read"), {"fields": ["mapping", "defaults", ("encoding", "delimiter", "date_order")]}),
        (_("What they may do"), {"fields": ["accept_damaged_names", "blank_clears"]}),
        (_("Audit"), {"fields": ["uid"]}),
    ]
    readonly_fields = ["uid"]
