"""Suspending a transfer by hand, and taking it up again: each asked on a page of its own, with a reason."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.operations.transfers import BY_HAND, resume, resuming_blockers, suspend, suspending_blockers

from .acts import reason_of
from .labels import Citations
from .transfer_desk import state_of

# By act: its label, what it does, what it says afterwards, how it is done, what is asked before
ACTS = {
    "suspend": (
        _("Suspend"),
        _("Nothing may be passed on in its course from then on. It goes on only when somebody takes it up again here."),
        _("The transfer is suspended."),
        suspend,
        suspending_blockers,
    ),
    "resume": (
        _("Take up again"),
        _("Data may be passed on in its course again. Every step that comes before a start is asked as on this day."),
        _("The transfer is taken up again."),
        resume,
        resuming_blockers,
    ),
}


class ReasonForm(forms.Form):
    _reason = forms.CharField(label=_("Reason"), max_length=500, help_text=_("Kept in the history of the transfer."))


class SuspendsByHand:
    """Adds both acts to the page of a transfer."""

    def get_urls(self):
        name = "registry_crossbordertransfer_act"
        asked = path("<int:pk>/act/<slug:act>/", self.admin_site.admin_view(self.act_view), name=name)
        return [asked, *super().get_urls()]

    def acts_open(self, request, transfer):
        """The act that the state of the transfer leaves to an officer; none before the start and after the end."""
        if not self.has_change_permission(request, transfer):
            return []
        if transfer.suspension == BY_HAND:
            act = "resume"
        elif state_of(transfer, timezone.localdate()) in ("running", "suspended"):
            act = "suspend"
        else:
            return []
        url = reverse("admin:registry_crossbordertransfer_act", args=[transfer.pk, act])
        return [{"label": ACTS[act][0], "url": url}]

    def act_view(self, request, pk, act):
        transfer = self.record_or_404(request, str(pk), lock=request.method == "POST")
        if act not in ACTS:
            raise Http404
        if not self.has_change_permission(request, transfer):
            raise PermissionDenied
        label, what, done, perform, asked = ACTS[act]
        back = reverse("admin:registry_crossbordertransfer_change", args=[transfer.pk])
        form, found = ReasonForm(request.POST or None), asked(transfer)
        if request.method == "POST" and form.is_valid():
            try:
                perform(transfer, by=request.user, role=scope.role_of(request.user), reason=reason_of(request))
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            else:
                messages.success(request, done)
                return HttpResponseRedirect(back)
        context = self.admin_site.each_context(request) | {
            "title": label,
            "what": what,
            "opts": self.opts,
            "object": transfer,
            "blockers": [Citations(transfer.operator).described(each) for each in found],
            "blockers_title": _("What stands in the way"),
            "form": None if found else form,
            "media": self.media + form.media,
            "back": back,
        }
        status = 409 if found and request.method == "POST" else 200
        return TemplateResponse(request, "admin/registry/act.html", context, status=status)
