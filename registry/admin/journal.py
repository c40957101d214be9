"""The journal in the admin: read and filtered, never written."""

import json

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Case, OuterRef, Subquery, When
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.journal.actions import Action
from registry.models import JournalEntry

from .base import RegistryModelAdmin
from .labels import action_label, object_label


class ActorFilter(admin.SimpleListFilter):
    title, parameter_name = _("actor"), "actor"

    def lookups(self, request, model_admin):
        entries = model_admin.get_queryset(request)
        actors = entries.order_by().exclude(actor=None).values_list("actor", flat=True).distinct()[:100]
        users = get_user_model().objects.filter(pk__in=list(actors))
        return [("0", _("system")), *((str(user.pk), user.get_full_name()) for user in users)]

    def queryset(self, request, queryset):
        if self.value() == "0":
            return queryset.filter(actor=None)
        return queryset.filter(actor=self.value()) if (self.value() or "").isdigit() else queryset


class ActionFilter(admin.SimpleListFilter):
    title, parameter_name = _("action"), "action"

    def lookups(self, request, model_admin):
        return Action.choices

    def queryset(self, request, queryset):
        return queryset.filter(action=self.value()) if self.value() else queryset


class ObjectFilter(admin.SimpleListFilter):
    title, parameter_name = _("object"), "object"

    def lookups(self, request, model_admin):
        return [(name, object_label(name)) for name in sorted(scope.REGISTER | scope.PEOPLE | {"membership"})]

    def queryset(self, request, queryset):
        return queryset.filter(object_type=self.value()) if self.value() else queryset


@admin.register(JournalEntry)
class JournalEntryAdmin(RegistryModelAdmin):
    list_display = ["number", "at", "who", "did", "what", "reference"]
    list_display_links = ["number"]
    list_filter = [ActionFilter, ObjectFilter, ActorFilter, ("at", admin.DateFieldListFilter)]
    list_per_page = 100
    exclude = ()
    fields = ["number", "place", "at", "who", "did", "what", "reference", "history_id", "run", "hash", "body_shown"]
    readonly_fields = ["number", "place", "who", "did", "what", "reference", "body_shown"]

    def get_queryset(self, request):
        users = get_user_model().objects.filter(pk=OuterRef("actor"))
        named = users.annotate(name=Case(When(full_name="", then="username"), default="full_name"))
        return super().get_queryset(request).annotate(actor_name=Subquery(named.values("name")[:1]))

    def changelist_view(self, request, extra_context=None):
        intro = _(
            "Entries cannot be changed or deleted. They hold no personal values: what was written lies in the history."
        )
        return super().changelist_view(request, {"list_intro": intro} | (extra_context or {}))

    @admin.display(description=_("number"), ordering="seq")
    def number(self, entry):
        return f"№ {entry.n or entry.seq}"

    @admin.display(description=_("number in the whole journal"))
    def place(self, entry):
        return entry.seq

    @admin.display(description=_("who"))
    def who(self, entry):
        return entry.actor_name or _("system")

    @admin.display(description=_("action"), ordering="action")
    def did(self, entry):
        return action_label(entry.action)

    @admin.display(description=_("object"))
    def what(self, entry):
        return object_label(entry.object_type)

    @admin.display(description=_("reference"))
    def reference(self, entry):
        return f"…{entry.object_uid.hex[-8:]}" if entry.object_uid else ""

    @admin.display(description=_("body, as hashed"))
    def body_shown(self, entry):
        return format_html(
            '<pre class="body">{}</pre>', json.dumps(json.loads(entry.body), ensure_ascii=False, indent=1)
        )
