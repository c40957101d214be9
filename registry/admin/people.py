"""People: shown by label, changed with a reason, never deleted here."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.models import Agreement, Consent, DataSubject, SubjectInCategory
from registry.templatetags.registry_ui import pill, state_pill

from .base import RegistryModelAdmin
from .imports import PeopleImport
from .scoped import RegistryInline, RegistryStackedInline


class SubjectInCategoryInline(RegistryInline):
    model = SubjectInCategory


class ConsentInline(RegistryStackedInline):
    """What the person agreed to. A consent is added here; on its own page it is read, and withdrawn."""

    model = Consent
    show_change_link = True
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("purpose", "kind"),
                    ("given_on", "expires_on", "until_purpose_reached"),
                    ("third_parties", "cross_border", "publication"),
                    "data_list",
                    ("channel", "policy"),
                    "evidence",
                    "other_terms",
                ]
            },
        )
    ]


class AgreementInline(RegistryInline):
    model = Agreement


def person_column(request, of=lambda record: record):
    """A list column with the label the user may see. Made anew for each request: admin classes are shared by all."""
    personal = scope.sees_personal(request.user)

    @admin.display(description=_("person"))
    def person(record):
        return of(record).label(personal)

    return person


@admin.register(DataSubject)
class DataSubjectAdmin(PeopleImport, RegistryModelAdmin):
    writable = True
    reason_required = True
    list_display = ["crm_id", "email", "phone", "state_shown"]
    list_filter = ["state", "language"]
    inlines = [ConsentInline, AgreementInline, SubjectInCategoryInline]
    fieldsets = [
        (_("Name"), {"fields": ["surname", "given_name", "patronymic"]}),
        (_("Contacts"), {"fields": ["email", "phone", "language"]}),
        (_("Identity"), {"fields": ["iin", "birth_date", "crm_id"]}),
        (_("Source"), {"fields": ["source", "confirmed_on"]}),
    ]

    def get_list_display(self, request):
        return [person_column(request), *super().get_list_display(request)]

    def form_context(self, request, record):
        heading = record.label(scope.sees_personal(request.user)) if record else ""
        return super().form_context(request, record) | {"heading": heading}

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, subject):
        return state_pill(subject.state, subject.get_state_display())


class AboutAPerson(RegistryModelAdmin):
    """Read on its own page; added and changed on the person's."""

    list_select_related = ["subject", "operator"]

    def get_list_display(self, request):
        return [person_column(request, lambda record: record.subject), *super().get_list_display(request)]


@admin.register(Consent)
class ConsentAdmin(AboutAPerson):
    list_display = ["purpose", "kind", "given_on", "expires_on", "completeness"]
    list_filter = ["kind", "purpose", "given_on"]
    list_select_related = ["subject", "purpose", "operator"]
    readonly_fields = ["missing_items"]

    @admin.display(description=_("art. 8(4)"))
    def completeness(self, consent):
        if consent.withdrawn_at:
            return pill(_("withdrawn"), "bad")
        return pill(_("complete"), "ok") if consent.is_complete else pill(_("incomplete"), "warn")

    @admin.display(description=_("what is missing"))
    def missing_items(self, consent):
        return "; ".join(f"({item.item}) {item.message}" for item in consent.missing) or _("nothing")


@admin.register(Agreement)
class AgreementAdmin(AboutAPerson):
    list_display = ["number", "concluded_on", "ended_on"]
    list_filter = ["concluded_on"]
