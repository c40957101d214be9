"""The page that gives away the registered actions of art. 8(4)(3)–(6) for a span of time."""

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.choices import NormTopic
from registry.exports.lists import FORMATS
from registry.exports.registered_actions import RegisteredActions
from registry.exports.span import parse_span

from .acts import as_drawn, own_units
from .labels import Citations
from .list_exports import ReasonField

REGISTERED = _("Registered actions, 94-V art. 8(4)(3)–(6)")


class SpanForm(forms.Form):
    """From when to when entries of the journal are meant."""

    since = forms.CharField(
        label=_("From"),
        required=False,
        max_length=40,
        help_text=_("A day as 2026-01-31 (from its beginning in Almaty) or a time. Empty: from the first entry on."),
    )
    until = forms.CharField(
        label=_("To"),
        required=False,
        max_length=40,
        help_text=_("A day (to its end) or a time as 2026-01-31T18:00:00+05:00. Empty: now."),
    )

    def clean(self):
        """The span of time; each end is refused beside its field, and a span without an entry beside the last of them."""
        given, now, name = super().clean(), timezone.now(), "since"
        since, until = given.get("since"), given.get("until")
        try:
            parse_span(since, "", now)
            name = "until"
            given["span"] = parse_span(since, until, now)
            name = "until" if until else "since"
            given["span"].entries()
        except ValidationError as refusal:
            self.add_error(name, refusal)
        return given


class RegisteredActionsForm(SpanForm):
    format = forms.ChoiceField(label=_("Format"), choices=[("csv", "CSV"), ("xlsx", "XLSX")])
    reason = ReasonField()


class RegisteredActionsPage:
    """Adds it to the exports."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.registered_view)
        return [path("registered/", view, name="registry_exportrun_registered"), *super().get_urls()]

    @own_units
    def registered_view(self, request):
        as_drawn(request)
        operator = self.may_export(request)
        if not request.user.has_perm("registry.export_journalentry"):
            raise PermissionDenied
        form = RegisteredActionsForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            norm = "; ".join(Citations(operator).by_topic.get(NormTopic.PROCESSING_LOG, [])[: Citations.SHOWN])
            return self.respond(request, "exports/registered.html", title=REGISTERED, form=form, norm=norm)
        given = form.cleaned_data
        role = scope.role_of(request.user)
        report = RegisteredActions(
            operator, given["span"], format=given["format"], by=request.user, role=role, reason=given["reason"]
        )
        response = StreamingHttpResponse(iter(report), content_type=FORMATS[given["format"]])
        name = f"registered-actions-{operator.code}-{report.run.pk}.{given['format']}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
