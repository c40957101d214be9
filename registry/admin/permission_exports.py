"""The file that tells the CRM what it may do with whom: made here as by `export_permissions`, with its columns explained."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import StreamingHttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.exports.lists import FORMATS
from registry.exports.permissions import Export, PermissionsFile

from .acts import as_drawn, own_units
from .list_exports import ReasonField

CHANGED, WHOLE = "changed", "whole"
COLUMNS = (
    (
        "crm_id",
        _(
            "The person’s id in the CRM. Whoever has none is not in the file. An id that is nobody’s any more is in the next one, "
            "to be removed."
        ),
    ),
    (
        "may_mail, may_call, may_message",
        _("The channel may be used: a ground is live, nothing is blocked, no opt-out."),
    ),
    ("may_transfer", _("The data may go to third parties: a live consent says so.")),
    ("blocked", _("Stored only: nothing may be done with the data, nor are they destroyed.")),
    ("to_be_removed", _("Nothing carries the data any more, and no block keeps them: take the person out of the CRM.")),
    ("since", _("The day from which the reason holds, where it is known.")),
    ("why", _("The reason, as a code; the first of these that applies.")),
    ("trace", _("The mark of this export: a row that turns up elsewhere leads back to it.")),
)
REASONS = (
    ("gone", _("Nobody has this CRM id any more: the person left the register, or got another id.")),
    ("blocked", _("The data are blocked.")),
    ("blocked_elsewhere", _("Somebody with the same IIN is blocked: it is the same person.")),
    ("withdrawn", _("The consent was withdrawn, and no other ground is live.")),
    ("ground_ended", _("The consent has expired, and no other ground is live.")),
    ("no_ground", _("There never was a live ground: a consent lacks an item, or there is none.")),
    ("opted_out", _("A ground is live; the person opted out of a channel.")),
    (
        "opted_out_elsewhere",
        _("A ground is live; somebody with the same e-mail, phone or IIN opted out, and that holds for the address."),
    ),
    ("consent", _("A consent is the ground.")),
    ("agreement", _("An agreement is the ground.")),
    ("norm", _("A norm is the ground.")),
)


class PermissionsForm(forms.Form):
    extent = forms.ChoiceField(
        label=_("Who"),
        choices=[
            (CHANGED, _("Those whose answer changed since the last file")),
            (WHOLE, _("Everybody with a CRM id")),
        ],
        initial=CHANGED,
        widget=forms.RadioSelect,
        help_text=_(
            "Without a file before, or where something changed that decides for everybody, it is everybody. Both also list the CRM "
            "ids that nobody has any more since the last file, to be removed. The end of the file says which of the two it is."
        ),
    )
    format = forms.ChoiceField(
        label=_("Format"),
        choices=[("csv", "CSV"), ("xlsx", "XLSX")],
        help_text=_(
            "CSV for the CRM. XLSX to look at, every cell a text: the next file for the CRM holds what it would hold without it."
        ),
    )
    reason = ReasonField(required=True)


class ExportsPermissions:
    """Adds the page to the list of exports."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.permissions_view)
        return [path("permissions/", view, name="registry_exportrun_permissions"), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        may = self.may_export_permissions(request)
        url = reverse("admin:registry_exportrun_permissions") if may else ""
        return super().changelist_view(request, {"permissions_url": url} | (extra_context or {}))

    def may_export_permissions(self, request):
        return request.operator is not None and all(
            request.user.has_perm(f"registry.{each}") for each in ("add_exportrun", "export_datasubject")
        )

    @own_units
    def permissions_view(self, request):
        """The form with what would be in the file; by POST, the file."""
        as_drawn(request)
        if not self.may_export_permissions(request):
            raise PermissionDenied
        operator = request.operator
        form = PermissionsForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            next_file = PermissionsFile(operator, timezone.now())
            context = {
                "form": form,
                "changed": next_file.people().count(),
                "gone": next_file.gone().values("was").distinct().count(),
                "everybody": PermissionsFile(operator, timezone.now(), whole=True).people().count(),
                "last": next_file.last,
                "before": next_file.before,
                "columns": COLUMNS,
                "reasons": REASONS,
            }
            return self.respond(request, "exports/permissions.html", title=_t("Permissions for the CRM"), **context)
        given = form.cleaned_data
        format = given["format"]
        acting = {"by": request.user, "role": scope.role_of(request.user), "reason": given["reason"]}
        export = Export(operator, whole=given["extent"] == WHOLE, format=format, **acting)
        response = StreamingHttpResponse(iter(export), content_type=FORMATS[format])
        name = f"permissions-{operator.code}-{export.run.pk}.{format}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


def said_of_permissions(run):
    """What a run of this kind held."""
    since = run.filter.get("since_run")
    return _t("changed since № %s") % since if since else _t("everybody")
