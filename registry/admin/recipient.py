from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from registry.models import CrossBorderTransfer, Recipient, TransferCategory

from .scoped import RegistryInline
from .vocabulary import NAMES, VocabularyAdmin


@admin.register(Recipient)
class RecipientAdmin(VocabularyAdmin):
    list_display = ["code", "name", "kind", "country", "agreement_number", "agreement_until"]
    list_filter = ["kind", "country"]
    fieldsets = [
        NAMES,
        (_("Recipient"), {"fields": ["kind", "country", "address", "policy_url", "clause", "note"]}),
        (_("Agreement"), {"fields": ["agreement_number", ("agreement_from", "agreement_until")]}),
    ]


class TransferCategoryInline(RegistryInline):
    model = TransferCategory


@admin.register(CrossBorderTransfer)
class CrossBorderTransferAdmin(VocabularyAdmin):
    list_display = ["code", "name", "recipient", "country", "mechanism", "started_on", "ended_on"]
    list_filter = ["country", "mechanism"]
    list_select_related = ["recipient"]
    inlines = [TransferCategoryInline]
    fieldsets = [
        NAMES,
        (_("Transfer"), {"fields": ["activity", "recipient", "country", "mechanism", "clause"]}),
        (
            _("Steps, in this order"),
            {
                "fields": [
                    "information_received_on",
                    ("authority_notified_on", "notice_number"),
                    "prohibited_on",
                    ("started_on", "ended_on"),
                ]
            },
        ),
    ]
