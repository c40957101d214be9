"""Consent to distribution: what the person forbids and allows stands on the page of the consent, and so does its publication."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.models import Consent, DistributionCondition
from registry.templatetags.registry_ui import pill

from .reading_blocked import StoredWhileBlocked, label_of
from .scoped import RegistryInline

PUBLICATION = ("publication_due_on", "published", "conditions_url")


class DistributionConditionInline(StoredWhileBlocked, RegistryInline):
    """What may not be made public, or under which conditions it may. One is added whatever block stands: to forbid narrows."""

    model = DistributionCondition

    def has_add_permission(self, request, obj=None):
        return RegistryInline.has_add_permission(self, request, obj)


class PublicationFilter(admin.SimpleListFilter):
    title, parameter_name = _("conditions"), "conditions"

    def lookups(self, request, model_admin):
        return [("open", _("to be published")), ("overdue", _("publication overdue"))]

    def queryset(self, request, queryset):
        today = timezone.localdate()
        if self.value() not in ("open", "overdue"):
            return queryset
        waiting = queryset.to_publish(today)
        return waiting if self.value() == "open" else waiting.filter(publication_due_on__lt=today)


class PublicationForm(forms.Form):
    on = forms.DateField(label=_("Published on"), widget=AdminDateWidget, required=False)
    url = forms.URLField(
        label=_("Address of the page"),
        max_length=400,
        assume_scheme="https",
        required=False,
        widget=forms.URLInput(attrs={"class": "vURLField"}),
    )


def is_distribution(consent):
    return consent is not None and consent.kind == Consent.Kind.DISTRIBUTION


class PublishesConditions:
    """Adds to the page of a consent to distribution its conditions, the only thing that is changed there, and the act of publishing."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.publish_view)
        return [path("<int:pk>/publish/", view, name="registry_consent_publish"), *super().get_urls()]

    def has_change_permission(self, request, obj=None):
        return is_distribution(obj) and request.user.has_perm("registry.change_consent")

    def get_inlines(self, request, obj):
        return super().get_inlines(request, obj) if is_distribution(obj) else []

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        return fields if is_distribution(obj) else [name for name in fields if name not in PUBLICATION]

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    @admin.display(description=_("conditions published on"))
    def published(self, consent):
        """With a word where it is late, or still to be done."""
        on, due_on = consent.conditions_published_on, consent.publication_due_on
        if on:
            shown = date_format(on, "DATE_FORMAT")
            return pill(_t("%s, late") % shown, "bad") if consent.is_published_late else pill(shown, "ok")
        if due_on is None or not Consent.objects.to_publish(timezone.localdate()).filter(pk=consent.pk).exists():
            return "—"
        is_late = due_on < timezone.localdate()
        return pill(_t("overdue") if is_late else _t("to be published"), "bad" if is_late else "warn")

    def form_context(self, request, record):
        context = super().form_context(request, record)
        if not self.has_change_permission(request, record):
            return context
        label = _t("Correct the publication") if record.conditions_published_on else _t("Conditions published")
        act = {"label": label, "url": reverse("admin:registry_consent_publish", args=[record.pk])}
        return context | {"acts": [act, *context.get("acts", [])]}

    def publish_view(self, request, pk):
        consent = self.record_or_404(request, str(pk), lock=request.method == "POST")
        if not is_distribution(consent):
            raise Http404
        if not self.has_change_permission(request, consent):
            raise PermissionDenied
        recorded = {"on": consent.conditions_published_on or timezone.localdate(), "url": consent.conditions_url}
        form = PublicationForm(request.POST or None, initial=recorded)
        back = reverse("admin:registry_consent_change", args=[consent.pk])
        if request.method == "POST" and form.is_valid():
            try:
                consent.publish_conditions(**form.cleaned_data, at=timezone.now())
            except ValidationError as refusal:
                show_refusal(form, refusal)
            else:
                tell_published(request, consent)
                return HttpResponseRedirect(back)
        self.tell_opened(request, consent)
        return TemplateResponse(
            request, "admin/registry/consent/publish.html", self.publish_context(request, consent, form, back)
        )

    def publish_context(self, request, consent, form, back):
        rule, _due = consent.publication_term()
        due_on = consent.publication_due_on
        return self.admin_site.each_context(request) | {
            "title": _t("Conditions published"),
            "what": _t(
                "Everybody can read what may be made public, what may not, and under which conditions. Due by %s."
            )
            % (date_format(due_on, "DATE_FORMAT") if due_on else "—"),
            "norm": rule.norm.citation if rule else "",
            "opts": self.opts,
            "object": consent,
            "kicker": label_of(request, consent.subject),
            "conditions": consent.distribution_conditions.select_related("data_category"),
            "form": form,
            "media": self.media + form.media,
            "back": back,
        }


def show_refusal(form, refusal):
    """Each sentence beside the field it is about."""
    of_fields = getattr(refusal, "error_dict", {})
    for each in [error for errors in of_fields.values() for error in errors] or refusal.error_list:
        field = getattr(getattr(each, "blocker", None), "field", "")
        form.add_error(field if field in form.fields else None, each)


def tell_published(request, consent):
    if not consent.is_published_late:
        messages.success(request, _t("It is recorded where the conditions are published."))
        return
    said = {"on": consent.conditions_published_on.isoformat(), "due": consent.publication_due_on.isoformat()}
    messages.warning(request, _t("Recorded as late: published on %(on)s, due by %(due)s.") % said)
