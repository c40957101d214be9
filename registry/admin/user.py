"""Users and memberships: the administrator's work. New users get a one-time password, shown once."""

import json

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry import journal, scope
from registry.models import Membership, User
from registry.passwords import one_time_password
from registry.rules.findings import staff_findings

from .base import RegistryModelAdmin
from .conflict import seen_token
from .folded_search import FoldedSearch
from .forms import ScopedForm, ScopedFormSet
from .scoped import RegistryInline


class UserForm(ScopedForm):
    class Meta:
        model = User
        fields = ["username", "full_name", "email", "is_active", "is_administrator"]

    def clean(self):
        cleaned = super().clean()
        if self.instance.pk and self.instance.pk == self.request.user.pk:
            for name in ("is_active", "is_administrator"):
                if name in self.changed_data:
                    self.add_error(name, _("You cannot change this for yourself. Ask another administrator."))
        if cleaned.get("is_administrator") and self.instance.pk and self.instance.memberships.exists():
            self.add_error("is_administrator", _("This user is a member of an operator. Remove the memberships first."))
        return cleaned


class MembershipFormSet(ScopedFormSet):
    def clean(self):
        super().clean()
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        if self.instance.is_administrator and any(not self._should_delete_form(form) for form in kept):
            raise ValidationError(
                _("An administrator is no member of an operator. Delete the memberships, or untick “administrator”.")
            )


class MembershipInline(RegistryInline):
    model = Membership
    formset = MembershipFormSet
    fk_name = "user"
    exclude = ()


def warn_without_undertaking(request, memberships):
    """Who may now read personal data without having promised confidentiality. Only a warning: see docs/decisions.md."""
    today = timezone.localdate()
    for each in memberships:
        promised = each.user.undertakings.live(today).filter(operator=each.operator).exists()
        reads = scope.granted(each.role, "view_personal_datasubject")
        for finding in staff_findings(each.user.get_full_name(), reads_personal=reads, has_undertaking=promised):
            messages.warning(request, f"{each.operator.code}: {finding.message}")


@admin.register(User)
class UserAdmin(FoldedSearch, RegistryModelAdmin):
    writable = True
    form = UserForm
    exclude = ()
    list_display = ["username", "full_name", "email", "is_active", "is_administrator", "last_login"]
    list_filter = ["is_active", "is_administrator"]
    search_fields = ["username", "full_name", "email"]
    inlines = [MembershipInline]
    fieldsets = [
        (_("User"), {"fields": ["username", "full_name", "email"]}),
        (_("Rights"), {"fields": ["is_active", "is_administrator"]}),
    ]

    def get_urls(self):
        password = path(
            "<int:object_id>/one-time-password/",
            self.admin_site.admin_view(self.one_time_password_view),
            name="registry_user_one_time_password",
        )
        return [password, *super().get_urls()]

    def form_context(self, request, record):
        """Users are not tracked: the journal records which of their fields changed."""
        return super().form_context(request, record) | {"reason_required": None}

    def state_seen(self, record):
        """A user has no history: what the form shows stands in its place, as a keyed digest that tells nobody any of it."""
        shown = json.dumps([getattr(record, name) for name in UserForm.Meta.fields])
        digest = salted_hmac(__name__, shown, algorithm="sha256").hexdigest()
        return f"{digest}.{seen_token(record, self.linked_models())}"

    def save_model(self, request, obj, form, change):
        if not change:
            obj.must_change_password = True
            obj.one_time_password = one_time_password()
            obj.set_password(obj.one_time_password)
        super().save_model(request, obj, form, change)
        if not change or form.changed_data:
            act = "user.change" if change else "user.create"
            journal.record(act, object_type="user", uid=obj.uid, fields=sorted(form.changed_data))

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        for formset in formsets:
            changed = [record for record, _names in formset.changed_objects]
            warn_without_undertaking(request, [*formset.new_objects, *changed])

    def response_add(self, request, obj, post_url_continue=None):
        return self.show_password(request, obj, obj.one_time_password)

    def one_time_password_view(self, request, object_id):
        """Sets a new one-time password after asking; it is shown once and kept nowhere."""
        user = self.get_object(request, str(object_id))
        if user is None:
            raise Http404
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if request.method != "POST":
            return self.show_password(request, user, "")
        password = one_time_password()
        user.set_password(password)
        user.must_change_password = True
        user.save(update_fields=["password", "must_change_password"])  # the account may have been closed meanwhile
        journal.record("password.reset", object_type="user", uid=user.uid, fields=["password"])
        return self.show_password(request, user, password)

    def show_password(self, request, user, password):
        context = self.admin_site.each_context(request) | {
            "title": _t("One-time password"),
            "opts": self.opts,
            "object": user,
            "password": password,
            "url": reverse("admin:registry_user_change", args=[user.pk]),
        }
        return TemplateResponse(request, "admin/registry/user/one_time_password.html", context)

    def history_view(self, request, object_id, extra_context=None):
        raise Http404


@admin.register(Membership)
class MembershipAdmin(RegistryModelAdmin):
    writable = True
    exclude = ()
    list_display = ["user", "operator", "role"]
    list_filter = ["role", "operator"]
    list_select_related = ["user", "operator"]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        warn_without_undertaking(request, [obj])
