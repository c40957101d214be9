from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.models import Recipient

from .findings import findings_of
from .handover import HandsOver
from .labels import Citations
from .vocabulary import NAMES, VocabularyAdmin


@admin.register(Recipient)
class RecipientAdmin(HandsOver, VocabularyAdmin):
    list_display = ["code", "name", "kind", "country", "agreement_number", "agreement_until"]
    list_filter = ["kind", "country"]
    fieldsets = [
        NAMES,
        (_("Recipient"), {"fields": ["kind", "country", "address", "policy_url", "clause", "note"]}),
        (_("Agreement"), {"fields": ["agreement_number", ("agreement_from", "agreement_until")]}),
    ]

    def form_context(self, request, record):
        context = super().form_context(request, record)
        if record is None:
            return context
        citations = Citations(record.operator)
        found = [citations.described(each) for each in findings_of(record, timezone.localdate())]
        acts = [*context.get("acts", []), *self.links(request, record)]
        return context | {"blockers": found, "blockers_title": _("Findings"), "acts": acts}

    def links(self, request, recipient):
        """To what it was given, one by one and as a whole."""
        if not request.user.has_perm("registry.view_disclosure"):
            return []
        query = {"recipient__id__exact": recipient.pk}
        url = reverse("admin:registry_disclosure_changelist", query=query)
        found = [{"label": _("Disclosures (%d)") % recipient.disclosures.count(), "url": url}]
        if handovers := recipient.handovers.count():
            url = reverse("admin:registry_handoverrun_changelist", query=query)
            found.append({"label": _("Hand-overs (%d)") % handovers, "url": url})
        return found
