"""Processing activities: what is missing is listed on the form; activating is an act on a page of its own."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.models import (
    ActivityClause,
    ActivityDatabase,
    ActivityDataCategory,
    ActivityMeasure,
    ActivityPurpose,
    ActivityRecipient,
    ActivityRetention,
    ActivitySubjectCategory,
    CrossBorderTransfer,
    ProcessingActivity,
)
from registry.models.fields import in_words
from registry.templatetags.registry_ui import pill, state_pill

from .deciding import decisions_wanted
from .findings import findings_of_activity
from .labels import Citations
from .scoped import RegistryInline
from .vocabulary import NAMES, VocabularyAdmin

Status = ProcessingActivity.Status
# act: (label, states it leads from, what will happen)
ACTS = {
    "activate": (
        _("Activate"),
        (Status.DRAFT, Status.SUSPENDED),
        _("The activity goes into effect. From then on no change may leave anything missing."),
    ),
    "suspend": (_("Suspend"), (Status.ACTIVE,), _("The activity stops until it is activated again.")),
    "end": (_("End"), (Status.ACTIVE, Status.SUSPENDED), _("The activity ends today. It stays in the record.")),
}


BLOCKERS_TITLES = {
    Status.ACTIVE: _("What is missing although it is active"),
    Status.SUSPENDED: _("What is missing before it can be activated again"),
}


class ActivityPurposeInline(RegistryInline):
    model = ActivityPurpose
    classes = ["inline-purposes"]


class ActivityDataCategoryInline(RegistryInline):
    """The list of necessary and sufficient data: each category for one purpose, and why."""

    model = ActivityDataCategory

    def made_formset(self, request, obj, **kwargs):
        formset = super().made_formset(request, obj, **kwargs)
        purposes = formset.form.base_fields.get("activity_purpose")
        if purposes is not None:  # absent where the form is only read
            purposes.queryset = ActivityPurpose.objects.filter(activity=obj) if obj else ActivityPurpose.objects.none()
            purposes.help_text = "" if obj else _("Save the activity with its purposes first.")
        return formset


class ActivitySubjectCategoryInline(RegistryInline):
    model = ActivitySubjectCategory


class ActivityRecipientInline(RegistryInline):
    model = ActivityRecipient


class ActivityDatabaseInline(RegistryInline):
    model = ActivityDatabase


class ActivityRetentionInline(RegistryInline):
    model = ActivityRetention


class ActivityMeasureInline(RegistryInline):
    model = ActivityMeasure


class ActivityClauseInline(RegistryInline):
    model = ActivityClause


class CrossBorderTransferInline(RegistryInline):
    """Transfers are entered on a page of their own; here they are listed."""

    model = CrossBorderTransfer
    writable = False
    fields = ["code", "recipient", "country", "mechanism", "started_on", "ended_on"]
    show_change_link = True


@admin.register(ProcessingActivity)
class ProcessingActivityAdmin(VocabularyAdmin):
    list_display = ["code", "name", "state_shown", "missing", "started_on", "review_due_on"]
    list_filter = ["status", "role"]
    empty_text = _(
        "Each line of the record of processing activities stands here. Add the first, or load a register file."
    )
    inlines = [
        ActivityPurposeInline,
        ActivityDataCategoryInline,
        ActivitySubjectCategoryInline,
        ActivityRecipientInline,
        ActivityDatabaseInline,
        ActivityRetentionInline,
        ActivityMeasureInline,
        CrossBorderTransferInline,
        ActivityClauseInline,
    ]
    fieldsets = [
        NAMES,
        (_("Role"), {"fields": ["role", "on_behalf_of", "joint_operators"]}),
        (_("What is done"), {"fields": ["operations", "sources", ("is_automated", "over_network")]}),
        (_("Decisions about rights"), {"fields": ["decides_rights", "decision_logic", "decision_review"]}),
        (_("Dates"), {"fields": [("started_on", "ended_on"), "review_due_on"]}),
        (_("Note"), {"fields": ["note"]}),
    ]

    @admin.display(description=_("operations"))
    def operations_in_words(self, activity):
        return in_words(activity._meta.get_field("operations"), activity.operations)

    @admin.display(description=_("sources of data"))
    def sources_in_words(self, activity):
        return in_words(activity._meta.get_field("sources"), activity.sources)

    @admin.display(description=_("status"), ordering="status")
    def state_shown(self, activity):
        return state_pill(activity.status, activity.get_status_display())

    @admin.display(description=_("missing"))
    def missing(self, activity):
        count = 0 if activity.status == Status.ENDED else len(activity.blockers(stored=activity))
        return pill(count, "warn") if count else pill(_("nothing"), "ok")

    def get_queryset(self, request):
        return super().get_queryset(request).with_links()

    def form_context(self, request, record):
        context = super().form_context(request, record)
        if record is None or record.status == Status.ENDED:
            return context
        blockers = described(record, record.blockers(), request.user)
        acts = [
            {"label": label, "url": self.act_url(record, act), "main": act == "activate"}
            for act, (label, states, _what) in ACTS.items()
            if record.status in states and self.has_change_permission(request, record)
        ]
        pill_shown = state_pill(record.status, record.get_status_display())
        title = BLOCKERS_TITLES.get(record.status)
        context |= {"blockers": blockers, "blockers_title": title, "findings": findings_of_activity(record)}
        return context | {"acts": acts, "state_pill": pill_shown}

    def act_url(self, activity, act):
        return reverse("admin:registry_processingactivity_act", args=[activity.pk, act])

    def get_urls(self):
        act = path(
            "<path:object_id>/act/<slug:act>/",
            self.admin_site.admin_view(self.act_view),
            name="registry_processingactivity_act",
        )
        return [act, *super().get_urls()]

    def act_view(self, request, object_id, act):
        """Activate, suspend or end: asked on a page of its own, with what stands in the way."""
        activity = self.get_object(request, object_id)
        if activity is None or act not in ACTS:
            raise Http404
        if not self.has_change_permission(request, activity):
            raise PermissionDenied
        label, states, what = ACTS[act]
        refusals = [] if activity.status in states else [_t("The activity is: %s.") % activity.get_status_display()]
        blockers = activity.blockers() if act == "activate" else []
        if request.method == "POST" and not refusals:
            try:
                perform(activity, act)
            except ValidationError as refusal:
                refusals = refusal.messages
            else:
                messages.success(
                    request,
                    _t("“%(what)s” is now: %(state)s.") % {"what": activity, "state": activity.get_status_display()},
                )
                return HttpResponseRedirect(reverse("admin:registry_processingactivity_change", args=[activity.pk]))
        context = self.admin_site.each_context(request) | {
            "title": label,
            "opts": self.opts,
            "object": activity,
            "what": what,
            "act": act,
            "blockers": described(activity, blockers, request.user),
            "refusals": refusals if not blockers else [],
            "posted": request.method == "POST",
            "possible": not blockers and activity.status in states,
        }
        status = 409 if request.method == "POST" else 200
        return TemplateResponse(request, "admin/registry/processingactivity/act.html", context, status=status)


def described(activity, blockers, user):
    """With their norms, and where to decide about a basis that no law knows."""
    citations, ways = Citations(activity.operator), decisions_wanted(activity, user) if blockers else {}
    return [citations.described(each) | ways.get(each.message, {}) for each in blockers]


def perform(activity, act):
    if act == "end":
        activity.end(timezone.localdate())
    else:
        getattr(activity, act)()
