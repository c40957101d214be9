"""Cross-border transfers: the steps before the start as a checklist, and what a country's standing would do to those that run."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.choices import COUNTRIES
from registry.models import CrossBorderTransfer, Law, TransferCategory
from registry.models.transfer_facts import Surroundings
from registry.operations.transfers import what_if
from registry.rules.transfers import checklist
from registry.templatetags.registry_ui import pill

from .labels import Citations
from .scoped import RegistryInline
from .transfer_acts import SuspendsByHand
from .transfer_desk import STATES, state_of
from .vocabulary import NAMES, VocabularyAdmin

STEP_PILLS = {
    "done": (_("done"), "ok"),
    "open": (_("open"), "warn"),
    "refused": (_("stands in the way"), "bad"),
    "not_asked": (_("not needed"), "quiet"),
}


def shown_steps(transfer, today):
    """The checklist with the norms of each step, for the template."""
    citations = Citations(transfer.operator)
    return [
        {
            "step": step,
            "pill": pill(*STEP_PILLS[step.state]),
            "norm": citations.norms(step.blocker) if step.state != "not_asked" else "",
            "is_late": step.stands_in_the_way,
        }
        for step in checklist(Surroundings().facts(transfer, today))
    ]


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [(state, label) for state, (label, _tone) in STATES.items()]

    def queryset(self, request, queryset):
        today = timezone.localdate()
        match self.value():
            case "waiting":
                return queryset.waiting()
            case "running" | "suspended" | "ended" as state:
                return getattr(queryset, state)(today)
        return queryset


class WhatIfForm(forms.Form):
    country = forms.CharField(
        label=_("Country"),
        max_length=2,
        help_text=_("Two letters, ISO 3166: TR, RU, IE."),
        widget=forms.TextInput(attrs={"class": "vDateField"}),
    )
    law = forms.ModelChoiceField(Law.objects.none(), label=_("Under which law"))
    protects = forms.ChoiceField(
        label=_("Ensures protection"), choices=[("no", _("no longer")), ("yes", _("yes"))], initial="no"
    )
    on = forms.DateField(label=_("As on"), widget=forms.DateInput(attrs={"type": "date", "class": "vDateField"}))

    def __init__(self, *args, operator, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["law"].queryset = laws = Law.objects.filter(pk__in=operator.laws.values("law"))
        self.fields["law"].initial = laws.filter(calendar_country=operator.country).first() or laws.first()
        self.fields["on"].initial = timezone.localdate()

    def clean_country(self):
        code = self.cleaned_data["country"].upper()
        if code not in COUNTRIES:
            raise forms.ValidationError(_t("“%s” is no country code.") % code)
        return code


class TransferCategoryInline(RegistryInline):
    model = TransferCategory


@admin.register(CrossBorderTransfer)
class CrossBorderTransferAdmin(SuspendsByHand, VocabularyAdmin):
    list_display = ["code", "name", "state", "recipient", "country", "mechanism", "started_on", "ended_on"]
    list_filter = [StateFilter, "country", "mechanism"]
    list_select_related = ["recipient"]
    empty_text = _(
        "What goes to a foreign state, or to a foreign person, stands here, with the steps that come before the start."
    )
    inlines = [TransferCategoryInline]
    fieldsets = [
        NAMES,
        (_("Transfer"), {"fields": ["activity", "recipient", "country", "mechanism", "document", "clause"]}),
        (
            _("Dates, in this order"),
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

    @admin.display(description=_("state"), ordering="started_on")
    def state(self, transfer):
        return pill(*STATES[state_of(transfer, timezone.localdate())])

    def form_context(self, request, record):
        context = super().form_context(request, record)
        if record is None:
            return context
        today = timezone.localdate()
        stored = CrossBorderTransfer.objects.with_links().get(pk=record.pk)
        acts = self.acts_open(request, stored)
        if stored.country:
            asked = reverse("admin:registry_crossbordertransfer_what_if")
            acts.append({"label": _("What if"), "url": f"{asked}?country={stored.country}"})
        return context | {
            "steps": shown_steps(stored, today),
            "suspended": stored if state_of(stored, today) == "suspended" else None,
            "state_pill": self.state(stored),
            "acts": acts,
        }

    def get_urls(self):
        asked = path(
            "what-if/", self.admin_site.admin_view(self.what_if_view), name="registry_crossbordertransfer_what_if"
        )
        return [asked, *super().get_urls()]

    def what_if_view(self, request):
        """Which transfers a country's standing would suspend or take up again; asked by POST, since the asking is told."""
        if not self.has_view_permission(request) or request.operator is None:
            raise PermissionDenied
        asked = request.POST or None
        initial = {"country": request.GET.get("country", "")[:2].upper()}
        form, found = WhatIfForm(asked, operator=request.operator, initial=initial), None
        if asked is not None and form.is_valid():
            chosen = form.cleaned_data
            found = what_if(
                chosen["country"], chosen["law"], protects=chosen["protects"] == "yes", on=chosen["on"],
                by=request.user, role=scope.role_of(request.user), operator=request.operator,
            )  # fmt: skip
        context = self.admin_site.each_context(request) | {
            "title": _("What if a country’s standing changes"),
            "opts": self.opts,
            "form": form,
            "groups": groups(found) if found else None,
            "chosen": form.cleaned_data if found else None,
        }
        return TemplateResponse(request, "admin/registry/crossbordertransfer/what_if.html", context)


def groups(found):
    """The two lists of the answer, each with what it says when it is empty."""
    return [
        {
            "title": _("Would be suspended"),
            "transfers": found.suspended,
            "empty": _("No transfer would be suspended."),
            "tone": "bad",
        },
        {
            "title": _("Would be taken up again"),
            "transfers": found.resumed,
            "empty": _("No transfer would be taken up again."),
            "tone": "ok",
        },
    ]
