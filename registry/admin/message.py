"""Messages that came to the mailboxes: evidence, only read. One that a machine sent can still be made a case of."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.imports.mail_case import case_of
from registry.models import DataSubject, Message
from registry.templatetags.registry_ui import pill, state_pill

from .base import RegistryModelAdmin
from .case_cards import SENDERS
from .case_filters import WithoutCaseFilter


@admin.register(Message)
class MessageAdmin(RegistryModelAdmin):
    list_display = ["received_at", "subject_line", "case", "taken_for", "sent_by", "mailbox"]
    list_display_links = ["received_at"]
    list_filter = [WithoutCaseFilter, "standing", "sender_check", "received_at"]
    list_select_related = ["operator", "request__subject"]
    empty_text = _("Mail to the mailboxes of the policy stands here as it came, each message once.")
    fieldsets = [
        (_("Message"), {"fields": ["received_at", "mailbox", "sender", "subject_line", "text"]}),
        (_("What was made of it"), {"fields": ["taken_for", "case", "sender_check", "remarks"]}),
        (_("Audit"), {"fields": ["fetched_at", "size", "digest", "uid"]}),
    ]
    readonly_fields = ["taken_for", "case", "digest", "uid"]

    def get_list_display(self, request):
        names = super().get_list_display(request)
        return ["listed_subject_line" if name == "subject_line" else name for name in names]

    @admin.display(description=_("subject line"), ordering="subject_line")
    def listed_subject_line(self, message):
        """Of somebody who is blocked a list says no more than that."""
        person = message.request and message.request.subject
        is_blocked = person and person.state == DataSubject.State.BLOCKED
        return state_pill(person.state, person.get_state_display()) if is_blocked else message.subject_line

    @admin.display(description=_("taken for"), ordering="standing")
    def taken_for(self, message):
        return pill(message.get_standing_display())

    @admin.display(description=_("sender"), ordering="sender_check")
    def sent_by(self, message):
        return pill(*SENDERS[message.sender_check])

    @admin.display(description=_("case"), ordering="request")
    def case(self, message):
        if not message.request_id:
            return ""
        url = reverse("admin:registry_subjectrequest_change", args=[message.request_id])
        return format_html('<a class="nowrap" href="{}">{}</a>', url, message.request.number)

    def get_urls(self):
        view = self.admin_site.admin_view(self.case_view)
        return [path("<int:pk>/case/", view, name="registry_message_case"), *super().get_urls()]

    def form_context(self, request, record):
        acts = []
        if record is not None and record.request_id:
            url = reverse("admin:registry_subjectrequest_change", args=[record.request_id])
            acts = [{"label": record.request.number, "url": url, "main": True}]
        elif record is not None and self.may_make_case(request):
            url = reverse("admin:registry_message_case", args=[record.pk])
            acts = [{"label": _t("Make a case of it"), "url": url, "main": True}]
        heading = (
            _t("Message of %s") % date_format(timezone.localtime(record.received_at), "DATETIME_FORMAT")
            if record
            else ""
        )
        return super().form_context(request, record) | {"acts": acts, "heading": heading}

    def may_make_case(self, request):
        return request.user.has_perm("registry.change_message") and request.user.has_perm("registry.add_subjectrequest")

    def case_view(self, request, pk):
        """A request nobody has sorted yet, received when the message was: its terms run from then."""
        message = self.record_or_404(request, str(pk), lock=request.method == "POST")
        if not self.may_make_case(request):
            raise PermissionDenied
        refusals = self.why_not(message)
        if request.method == "POST" and not refusals:
            try:
                with transaction.atomic():
                    case = case_of(message, by=request.user, at=timezone.now())
            except ValidationError as refusal:
                refusals = refusal.messages
            else:
                messages.success(request, _t("The message is a case now. Sort it."))
                return HttpResponseRedirect(reverse("admin:registry_subjectrequest_change", args=[case.pk]))
        self.tell_opened(request, message)
        context = self.admin_site.each_context(request) | {
            "title": _t("Make a case of it"),
            "opts": self.opts,
            "message": message,
            "personal": scope.sees_personal(request.user),
            "refusals": refusals,
        }
        status = 409 if request.method == "POST" else 200
        return TemplateResponse(request, "admin/registry/message/case.html", context, status=status)

    def why_not(self, message):
        if not message.request_id:
            return []
        return [_t("It belongs to %s already. Open that case.") % message.request.number]
