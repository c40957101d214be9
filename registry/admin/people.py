"""People: shown by label, changed with a reason, never deleted here."""

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.imports.columns import PERSON_FIELDS
from registry.models import Agreement, Consent, DataSubject, Representative, SubjectInCategory, Suppression
from registry.templatetags.registry_ui import pill, state_pill

from .base import RegistryModelAdmin
from .blocking import BlocksPeople
from .distribution import DistributionConditionInline, PublicationFilter, PublishesConditions
from .imports import PeopleImport
from .paging import LongList
from .person_permissions import ShowsPermissions
from .person_purposes import purposes_card
from .queries import how_many
from .reading_blocked import ReadsBlocked, StoredWhileBlocked
from .scoped import RegistryInline, RegistryStackedInline
from .withdrawal import WithdrawsConsents


class SubjectInCategoryInline(StoredWhileBlocked, RegistryInline):
    model = SubjectInCategory


class ConsentInline(StoredWhileBlocked, RegistryStackedInline):
    """What the person agreed to. A consent is added here; on its own page it is withdrawn."""

    model = Consent
    show_change_link = True

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("purpose")

    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("purpose", "kind"),
                    ("given_on", "expires_on", "until_purpose_reached"),
                    ("third_parties", "cross_border", "publication"),
                    ("is_separate", "is_implied"),
                    "data_list",
                    ("channel", "policy"),
                    "evidence",
                    "other_terms",
                ]
            },
        )
    ]


class AgreementInline(StoredWhileBlocked, RegistryInline):
    model = Agreement


class SuppressionInline(StoredWhileBlocked, RegistryInline):
    """Channels on which the person is left in peace. One is added whatever block stands: it narrows."""

    model = Suppression

    def has_add_permission(self, request, obj=None):
        return RegistryInline.has_add_permission(self, request, obj)


class RepresentativeInline(StoredWhileBlocked, RegistryInline):
    """Who acts for the person, and by which document."""

    model = Representative


def person_column(request, of=lambda record: record):
    """A list column with the label the user may see. Made anew for each request: admin classes are shared by all."""
    personal = scope.sees_personal(request.user)

    @admin.display(description=_("person"))
    def person(record):
        return of(record).listed_label(personal)

    return person


def kept_back_while_blocked(name):
    """A list column of a value that nobody reads in passing while the person is blocked."""

    @admin.display(description=DataSubject._meta.get_field(name).verbose_name, ordering=name, empty_value="—")
    def value(subject):
        return None if subject.state == DataSubject.State.BLOCKED else getattr(subject, name)

    value.__name__ = name  # the column's class in the page
    return value


CONTACTS = {name: kept_back_while_blocked(name) for name in ("email", "phone")}


class StateFilter(admin.ChoicesFieldListFilter):
    def queryset(self, request, queryset):
        """The index knows those who are not active, and is used where the query says just that."""
        chosen = super().queryset(request, queryset)
        active = DataSubject.State.ACTIVE
        return chosen if self.lookup_val in (None, [active]) else chosen.exclude(state=active)


@admin.register(DataSubject)
class DataSubjectAdmin(WithdrawsConsents, BlocksPeople, ShowsPermissions, PeopleImport, RegistryModelAdmin):
    writable = True
    reason_required = True
    empty_text = _("Everybody whose data the operator keeps stands here. Import them from the CRM, or add one by hand.")
    list_display = ["crm_id", "email", "phone", "state_shown"]
    list_filter = [("state", StateFilter), "language"]
    # What an import takes again.
    export_fields = [*PERSON_FIELDS, "state"]
    inlines = [ConsentInline, SuppressionInline, AgreementInline, RepresentativeInline, SubjectInCategoryInline]
    fieldsets = [
        (_("Name"), {"fields": ["surname", "given_name", "patronymic"]}),
        (_("Contacts"), {"fields": ["email", "phone", "language"]}),
        (_("Identity"), {"fields": ["iin", "birth_date", "crm_id"]}),
        (_("Source"), {"fields": ["source", "confirmed_on"]}),
        (_("Audit"), {"fields": ["state", "uid"]}),
    ]
    readonly_fields = ["state", "uid"]

    def get_list_display(self, request):
        shown = [CONTACTS.get(name, name) for name in super().get_list_display(request)]
        return [person_column(request), *shown]

    def form_context(self, request, record):
        heading = record.label(scope.sees_personal(request.user)) if record else ""
        context = super().form_context(request, record)
        if record is None:
            return context | {"heading": heading}
        acts = [*self.links(request, record), *context.get("acts", [])]
        return context | {"heading": heading, "acts": acts, "purposes": purposes_card(request.user, record)}

    def links(self, request, person):
        """To what is allowed, what the person asked for and what of theirs was given away; the addresses hold an id and no name."""
        user, query = request.user, {"subject__id__exact": person.pk}
        theirs = {"subjectrequest": person.subjectrequests, "disclosure": person.disclosures}
        seen = {
            name: scope.in_scope(each.all(), user)
            for name, each in theirs.items()
            if user.has_perm(f"registry.view_{name}")
        }
        labels = {"subjectrequest": _t("Requests (%d)"), "disclosure": _t("Disclosures (%d)")}
        counts = how_many(seen)
        allowed = reverse("admin:registry_datasubject_permissions", args=[person.pk])
        links = [{"label": _t("What is allowed"), "url": allowed}] + [
            {"label": labels[name] % counts[name], "url": reverse(f"admin:registry_{name}_changelist", query=query)}
            for name in seen
        ]
        if user.has_perm("registry.add_disclosure"):
            url = reverse("admin:registry_disclosure_add", query={"person": person.pk})
            links.append({"label": _t("Record a disclosure"), "url": url})
        return links

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, subject):
        return state_pill(subject.state, subject.get_state_display())


class AboutAPerson(ReadsBlocked, RegistryModelAdmin):
    """Read on its own page; added and changed on the person's. A consent is withdrawn here."""

    list_select_related = ["subject", "operator"]

    def get_list_display(self, request):
        return [person_column(request, lambda record: record.subject), *super().get_list_display(request)]

    def form_context(self, request, record):
        heading = record.subject.label(scope.sees_personal(request.user)) if record else ""
        return super().form_context(request, record) | {"heading": heading}


@admin.register(Consent)
class ConsentAdmin(PublishesConditions, WithdrawsConsents, LongList, AboutAPerson):
    reason_required = True
    list_display = ["purpose", "kind", "given_on", "expires_on", "completeness"]
    list_filter = ["kind", "purpose", "given_on", PublicationFilter]
    list_select_related = ["subject", "purpose", "operator"]
    inlines = [DistributionConditionInline]
    fields = [
        "subject", "purpose", "policy", "kind", "given_on", "expires_on", "until_purpose_reached", "third_parties", "cross_border",
        "publication", "data_list", "other_terms", "channel", "evidence", "is_implied", "is_separate", "missing_items",
        "publication_due_on", "published", "conditions_url", "ended_on", "withdrawn_at",
    ]  # fmt: skip
    empty_text = _("Consents come with the CRM import, or are entered on the page of a person.")

    @admin.display(description=_("art. 8(4)"))
    def completeness(self, consent):
        if consent.withdrawn_at:
            return pill(_("withdrawn"), "bad")
        return pill(_("complete"), "ok") if consent.is_complete else pill(_("incomplete"), "warn")

    @admin.display(description=_("what is missing"))
    def missing_items(self, consent):
        return "; ".join(f"({item.item}) {item.message}" for item in consent.missing) or _("nothing")


@admin.register(Agreement)
class AgreementAdmin(LongList, AboutAPerson):
    list_display = ["number", "concluded_on", "ended_on"]
    empty_text = _("Agreements come with the CRM import, or are entered on the page of a person.")
    list_filter = ["concluded_on"]

    def get_ordering(self, request):
        """The newest entered; where days are chosen, in their order, which the index that finds them has."""
        chosen = any(name.startswith("concluded_on") for name in request.GET)
        return ["-concluded_on", "-pk"] if chosen else ["-pk"]


@admin.register(Suppression)
class SuppressionAdmin(LongList, AboutAPerson):
    list_display = ["channel", "since_on", "ended_on", "source"]
    list_filter = ["channel", "since_on"]
    empty_text = _("Opt-outs come with the CRM import, or are entered on the page of a person.")
