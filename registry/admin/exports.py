"""What leaves the register: the register as of a moment, on screen and as a file, and the audit trail as a ZIP."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from registry import journal, scope
from registry.exports import audit, past, registered_actions, runs, trail
from registry.exports.layouts import LAYOUTS
from registry.exports.register import FORMATS, Register
from registry.exports.terms import LANGUAGES
from registry.models import ExportRun
from registry.templatetags.registry_ui import grouped, pill

from .acts import as_drawn, own_units
from .base import RegistryModelAdmin
from .files import private_file, sent
from .labels import object_label
from .list_exports import ReasonField
from .permission_exports import ExportsPermissions, said_of_permissions
from .registered_actions import REGISTERED, RegisteredActionsPage, SpanForm

LAYOUT_NAMES = {
    "kz": _("94-V: list of necessary and sufficient data"),
    "ru": _("152-FZ art. 22(3): contents of the notification"),
    "gdpr-controller": _("GDPR art. 30(1): record of the controller"),
    "gdpr-processor": _("GDPR art. 30(2): record of the processor"),
}


class RegisterForm(forms.Form):
    """Which register; what it is made of decides its bytes."""

    layout = forms.ChoiceField(label=_("Layout"), choices=[(code, LAYOUT_NAMES[code]) for code in LAYOUTS])
    on = forms.CharField(
        label=_("As of"),
        required=False,
        max_length=40,
        help_text=_("A day as 2026-01-31 (its end in Almaty) or a time as 2026-01-31T18:00:00+05:00. Empty: now."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=[("en", "English"), ("ru", "Русский"), ("kk", "Қазақша")])

    def clean_on(self):
        return past.parse_moment(self.cleaned_data["on"], timezone.now())

    def register(self, operator):
        given = self.cleaned_data
        return Register(operator.code, past.resolve(given["on"], operator.code), given["layout"], given["language"])


class DownloadForm(RegisterForm):
    format = forms.ChoiceField(choices=[(code, code.upper()) for code in FORMATS])
    reason = ReasonField()


class AuditForm(SpanForm):
    subject = forms.CharField(
        label=_("Data subject"),
        required=False,
        max_length=40,
        help_text=_("The uid of one person, for an extract of what touches them. Empty: everything of the operator."),
    )
    changes = forms.ChoiceField(
        label=_("What changed, one field a line"),
        choices=[("", _("not needed")), ("csv", "changes.csv"), ("xlsx", "changes.xlsx")],
        required=False,
        widget=forms.RadioSelect,
        help_text=_(
            "It holds personal values when a data protection officer exports it, who says why; for everybody else, and of "
            "people who are blocked, it says (personal)."
        ),
    )
    reason = ReasonField()
    field_order = ["subject", "since", "until"]

    def __init__(self, *args, operator, personal_of, **kwargs):
        super().__init__(*args, **kwargs)
        self.operator, self.personal_of = operator, personal_of

    def clean(self):
        given = super().clean()
        try:
            audit.say_why(given.get("changes"), self.personal_of, given.get("reason", ""))
        except ValidationError as refusal:
            self.add_error("reason", refusal)
        return given

    def clean_subject(self):
        uid = self.cleaned_data["subject"].strip()
        return audit.subject_of(uid, self.operator).uid if uid else None


@admin.register(ExportRun)
class ExportRunAdmin(ExportsPermissions, RegisteredActionsPage, RegistryModelAdmin):
    list_display = ["number", "kind", "what", "started_at", "by", "lines", "state"]
    list_display_links = ["number"]
    list_filter = ["kind", ("started_at", admin.DateFieldListFilter)]
    list_select_related = ["started_by"]
    empty_text = _("Each file that left the register stands here.")
    change_list_template = "exports/change_list.html"
    fields = ["number", "uid", "kind", "what", "reason", "started_at", "by", "finished_at", "lines", "digest"]
    readonly_fields = ["number", "uid", "what", "by", "lines"]

    def get_urls(self):
        def page(view):
            return self.admin_site.admin_view(view)

        return [
            path("register/", page(self.register_view), name="registry_exportrun_register"),
            path("register/download/", page(self.register_download), name="registry_exportrun_register_download"),
            path("audit/", page(self.audit_view), name="registry_exportrun_audit"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        intro = _(
            "Every file that left the register. It is whole when it ends in its trailer; its digest is kept here."
        )
        return super().changelist_view(request, {"list_intro": intro} | (extra_context or {}))

    def get_fields(self, request, obj=None):
        """An export over all operators stands here, too; why it was made may be another operator's affair."""
        names = super().get_fields(request, obj)
        return [each for each in names if each != "reason"] if obj and obj.operator_id is None else names

    @admin.display(description=_("number"), ordering="pk")
    def number(self, run):
        return f"№ {run.pk}"

    @admin.display(description=_("by"), ordering="started_by")
    def by(self, run):
        return run.started_by.get_full_name() if run.started_by else _("the system")

    @admin.display(description=_("lines"), ordering="count")
    def lines(self, run):
        return "" if run.count is None else grouped(run.count)

    def form_context(self, request, run):
        named = {"heading": self.number(run), "state_pill": self.state(run)} if run else {}
        return super().form_context(request, run) | named

    @admin.display(description=_("what"))
    def what(self, run):
        if run.kind == ExportRun.Kind.REGISTER:
            layout, on = run.filter.get("layout", ""), run.filter.get("on", "")
            said = [LAYOUT_NAMES.get(layout, layout), run.filter.get("format", ""), run.filter.get("language", "")]
            said.append(_("as of %s") % past.shown(on) if on else "")
        elif run.kind == ExportRun.Kind.LIST:
            name = run.filter.get("list", "")
            said = [REGISTERED if name == registered_actions.NAME else object_label(name), run.filter.get("format", "")]
            said.append(_("filtered") if run.filter.get("filters") else "")
        elif run.kind == ExportRun.Kind.PERMISSIONS:
            said = [said_of_permissions(run), run.filter.get("format", "")]
        elif run.kind == ExportRun.Kind.ANSWER:
            said = [run.filter.get("request", ""), of_subject(run) or _("nobody in the register")]
        else:
            said = [of_subject(run) or _("all entries"), "" if run.operator_id else _("of all operators")]
            said.append(_("with what changed") if run.filter.get("changes") else "")
            said.append(run.filter.get("format", ""))
            said.append(_("from entry %s") % run.filter["first"] if "first" in run.filter else "")
            said.append(_("up to %s") % run.filter["to"] if "to" in run.filter else "")
        return " · ".join(str(each) for each in said if each)

    @admin.display(description=_("state"))
    def state(self, run):
        return pill(_("finished"), "ok") if run.finished_at else pill(_("not finished"), "warn")

    def may_export(self, request):
        """The operator whose register or trail leaves: an administrator, who has none, exports lists only."""
        if request.operator is None or not request.user.has_perm("registry.add_exportrun"):
            raise PermissionDenied
        return request.operator

    def respond(self, request, template, status=200, **context):
        context = self.admin_site.each_context(request) | {"opts": self.opts} | context
        return TemplateResponse(request, template, context, status=status)

    def register_view(self, request):
        """The form, and below it the register on screen, ready to be printed."""
        operator = self.may_export(request)
        form = RegisterForm(request.GET if "layout" in request.GET else {"layout": "kz", "language": own_language()})
        return self.register_page(request, operator, form, DownloadForm()["reason"])

    def register_page(self, request, operator, form, reason, status=200):
        register = form.register(operator) if form.is_valid() else None
        if register:
            journal.record("register.view", object_type="operator", uid=operator.uid)
        context = {"title": _("Register"), "form": form, "register": register, "reason": reason}
        context["download"] = reverse("admin:registry_exportrun_register_download")
        return self.respond(request, "exports/register.html", status=status, **context)

    @own_units
    def register_download(self, request):
        as_drawn(request)
        operator = self.may_export(request)
        if request.method != "POST":
            return redirect("admin:registry_exportrun_register")
        form = DownloadForm(request.POST)
        if not form.is_valid():
            return self.register_page(request, operator, RegisterForm(request.POST), form["reason"], status=400)
        given, role = form.cleaned_data, scope.role_of(request.user)
        register = form.register(operator)
        run = runs.start(
            ExportRun.Kind.REGISTER,
            by=request.user,
            role=role,
            operator=operator,
            reason=given["reason"],
            filter=register.asked(given["format"]),
        )
        sealed = register.file(given["format"])
        file = private_file()
        file.writelines(sealed)
        runs.finish(run, count=sealed.count, digest=sealed.digest, role=role)
        return sent(file, register.file_name(given["format"]))

    @own_units
    def audit_view(self, request):
        """The form with the size of what it would make; by POST, the ZIP."""
        as_drawn(request)
        operator = self.may_export(request)
        if not request.user.has_perm("registry.export_journalentry"):
            raise PermissionDenied
        personal_of = audit.personal_of(request.user, operator)
        form = AuditForm(request.POST if request.method == "POST" else None, operator=operator, personal_of=personal_of)
        if request.method != "POST" or not form.is_valid():
            context = {"form": form, "size": trail.size(operator.code)}
            return self.respond(request, "exports/audit.html", title=_("Audit trail"), **context)
        file = private_file()
        run = audit.export(
            audit.Archive(file),
            by=request.user,
            role=scope.role_of(request.user),
            operator=operator,
            subject=form.cleaned_data["subject"],
            changes_as=form.cleaned_data["changes"],
            personal_of=personal_of,
            reason=form.cleaned_data["reason"],
            span=form.cleaned_data["span"],
        )
        return sent(file, f"audit-{operator.code}-{run.pk}.zip")


def own_language():
    language = (get_language() or "en")[:2]
    return language if language in LANGUAGES else "en"


def of_subject(run):
    """The person an export is about, by the end of the uid; empty where it is about nobody or everybody."""
    subject = run.filter.get("subject", "")
    return _("one data subject, …%s") % subject[-8:] if subject else ""
