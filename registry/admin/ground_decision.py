"""Decisions to rely on a ground that no law of the operator knows: taken on the page of a basis, listed and revoked here."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.models import GroundDecision
from registry.templatetags.registry_ui import pill

from .base import RegistryModelAdmin
from .deciding import NORMS, cited


class RevocationForm(forms.Form):
    _reason = forms.CharField(
        label=_("Reasons"), max_length=500, widget=forms.Textarea, help_text=_("Kept in the history.")
    )


@admin.register(GroundDecision)
class GroundDecisionAdmin(RegistryModelAdmin):
    """Taken on the page of a basis, revoked here; never changed."""

    list_display = ["basis", "valid_from", "valid_until", "document", "decided_by", "state"]
    list_filter = ["basis", "valid_until"]
    list_select_related = ["basis", "decided_by", "revoked_by"]
    fieldsets = [
        (_("Decision"), {"fields": ["basis", "why", "document", ("valid_from", "valid_until")]}),
        (_("Audit"), {"fields": [("decided_at", "decided_by"), ("revoked_at", "revoked_by")]}),
    ]
    empty_text = _(
        "A ground that the policy declares and no law of the operator knows stands in the way until somebody decides to rely on it. "
        "That is done on the page of the legal basis."
    )

    @admin.display(description=_("state"))
    def state(self, decision):
        today = timezone.localdate()
        if decision.revoked_at:
            return pill(_("revoked"), "quiet")
        if decision.stands_on(today):
            return pill(_("stands"), "ok")
        return pill(_("ran out"), "bad") if decision.valid_until < today else pill(_("begins later"), "quiet")

    def get_urls(self):
        view = self.admin_site.admin_view(self.revoke_view)
        return [path("<int:pk>/revoke/", view, name="registry_grounddecision_revoke"), *super().get_urls()]

    def form_context(self, request, record):
        context = super().form_context(request, record)
        if record is None or record.revoked_at or not request.user.has_perm("registry.change_grounddecision"):
            return context
        url = reverse("admin:registry_grounddecision_revoke", args=[record.pk])
        return context | {"acts": [{"label": _t("Revoke"), "url": url}]}

    def revoke_view(self, request, pk):
        """Nothing is suspended: what rested on it loses its ground, and activities show the blocker again."""
        decision = self.record_or_404(request, str(pk), lock=request.method == "POST")
        if not request.user.has_perm("registry.change_grounddecision", decision):
            raise PermissionDenied
        back = reverse("admin:registry_grounddecision_change", args=[decision.pk])
        form = RevocationForm(request.POST or None)
        if decision.revoked_at or (request.method == "POST" and form.is_valid()):
            decision.revoke(by=request.user, at=timezone.now())
            messages.success(request, _t("The decision is revoked."))
            return HttpResponseRedirect(back)
        context = self.admin_site.each_context(request) | {
            "title": _t("Revoke the decision"),
            "what": _t(
                "People’s data stop serving the purposes that rest on it alone. Its activities are not stopped: they show what is "
                "missing again."
            ),
            "norm": cited(decision.operator, NORMS),
            "opts": self.opts,
            "object": decision,
            "form": form,
            "media": self.media + form.media,
            "button": _t("Revoke"),
            "back": back,
        }
        return TemplateResponse(request, "admin/registry/act.html", context)
