"""Undertakings of confidentiality: who promised, in which document, from when until when."""

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.models import Undertaking
from registry.templatetags.registry_ui import pill

from .base import RegistryModelAdmin
from .folded_search import FoldedSearch


@admin.register(Undertaking)
class UndertakingAdmin(FoldedSearch, RegistryModelAdmin):
    writable = True
    list_display = ["document", "user", "recipient", "starts_on", "ends_on", "state"]
    list_filter = ["recipient", "starts_on"]
    list_select_related = ["user", "recipient"]
    search_fields = ["document", "user__username", "recipient__code"]
    empty_text = _(
        "Whoever reads personal data, and whoever receives data of restricted access, promises confidentiality first. Record the "
        "signed documents here."
    )
    fieldsets = [
        (_("Who promises"), {"fields": ["user", "recipient"], "description": _("One of the two.")}),
        (_("Document"), {"fields": ["document", ("starts_on", "ends_on"), "clause"]}),
    ]

    @admin.display(description=_("state"))
    def state(self, undertaking):
        today = timezone.localdate()
        if undertaking.ends_on and undertaking.ends_on < today:
            return pill(_("ended"), "bad")
        return pill(_("begins later"), "quiet") if undertaking.starts_on > today else pill(_("stands"), "ok")
