"""Cases: what people and state bodies ask. Taken in on a form; everything after that is an act on a page of its own."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.choices import RequestChannel
from registry.models import (
    AuthorityRequest,
    CaseAttachment,
    CaseDeadline,
    CaseLetter,
    CaseStep,
    Obligation,
    SubjectRequest,
)
from registry.models.case import URGENT_FIRST
from registry.rules.cases import open_blockers
from registry.templatetags.registry_ui import pill

from .base import RegistryModelAdmin
from .case_acts import AUTHORITY_ACTS, REQUEST_ACTS, ActPages
from .case_due import due_column
from .case_files import FilePages
from .case_filters import NEWEST_FIRST, StandingFilter, with_urgency
from .case_forms import AuthorityIntakeForm, RequestIntakeForm
from .case_letters import LetterPages
from .case_page import CasePage
from .case_person import PersonPage
from .list_search import SearchedWithoutNames

OUTCOME_TONES = {"met": "ok", "refused": "warn"}
PARTS = (CaseDeadline, CaseStep, CaseLetter, CaseAttachment)


class CaseAdmin(SearchedWithoutNames, CasePage, ActPages, LetterPages, FilePages, RegistryModelAdmin):
    """Lists by urgency, a form to take a case in, and the page of a case."""

    writable = True
    list_display_links = ["number"]
    list_select_related = ["operator", "subject"]
    search_fields = ["number"]
    search_pattern = r"[RrAa0-9 \-]*"
    search_refusal = _("Only numbers are looked for here.")
    search_help_text = _("A number, or a part of it. People are found by the search on top of the page.")

    def get_queryset(self, request):
        cases = scope.in_scope(with_urgency(self.model.objects.all()), request.user)
        return cases.order_by(*self.get_ordering(request))

    def get_ordering(self, request):
        return NEWEST_FIRST if request.GET.get("is") == "closed" else URGENT_FIRST

    def get_changelist(self, request, **kwargs):
        """The arrow stands on the column that the list is really ordered by."""
        order = self.get_ordering(request)
        shown = {"_get_default_ordering": lambda changelist: order}
        return type("CaseChangeList", (super().get_changelist(request, **kwargs),), shown)

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip().upper()
        return (queryset.filter(number__contains=term) if term else queryset), False

    @admin.display(description=_("received"), ordering="received_at")
    def received(self, case):
        return timezone.localdate(case.received_at)

    @admin.display(description=_("state"), ordering="closed_at")
    def state(self, case):
        return state_of(case)

    def linked_models(self):
        """What hangs on a case is told in its history, and is a change of the case for whoever acts on it."""
        return [(part, self.model.PART_FIELD) for part in PARTS]

    # Taking in, and correcting what was taken in

    def get_urls(self):
        correct = path(
            "<int:pk>/correct/", self.admin_site.admin_view(self.correct_view),
            name=f"registry_{self.opts.model_name}_correct",
        )  # fmt: skip
        return [correct, *super().get_urls()]

    def get_changeform_initial_data(self, request):
        """Received now, unless said otherwise. Nothing is taken from the address."""
        now = timezone.localtime().replace(second=0, microsecond=0)
        return {"received_at": now, "channel": RequestChannel.DESK}

    def save_model(self, request, obj, form, change):
        if not change:
            obj.received_by = request.user
        super().save_model(request, obj, form, change)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if request.method == "POST":
            return super().change_view(request, object_id, form_url, extra_context)
        return self.page_view(request, object_id)

    def correct_view(self, request, pk):
        """What was taken in wrongly is corrected while the case is open; the terms are counted anew."""
        case = self.case_or_404(request, pk)
        if not self.has_change_permission(request, case):
            raise PermissionDenied
        title = _t("Correct what was taken in")
        return self.changeform_view(request, str(pk), extra_context={"subtitle": title, "heading": title})

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        extra = {"show_save_and_add_another": False, "show_save_and_continue": False} | (extra_context or {})
        case = self.case_or_404(request, object_id) if object_id else None
        if case and case.closed_at and self.has_change_permission(request, case):
            refusals = [blocker.message for blocker in open_blockers(case.facts())]
            return self.drawn(request, case, refusals=refusals, status=409)
        return super().changeform_view(request, object_id, form_url, extra)

    def response_post_save_add(self, request, obj):
        return HttpResponseRedirect(self.address(obj))

    def response_post_save_change(self, request, obj):
        return HttpResponseRedirect(self.address(obj))

    def address(self, case):
        return reverse(f"admin:registry_{self.opts.model_name}_change", args=[case.pk])


def state_of(case):
    if case.closed_at is None:
        return pill(_t("open"), "quiet")
    return pill(case.get_outcome_display(), OUTCOME_TONES.get(case.outcome, "quiet"))


def person_column(request):
    """Whose request it is, by the label the user may see; before somebody is found, what the applicant is called."""
    personal = scope.sees_personal(request.user)

    @admin.display(description=_("person"))
    def person(case):
        if case.subject_id:
            return case.subject.listed_label(personal)
        return case.applicant_name if personal else ""

    return person


@admin.register(SubjectRequest)
class SubjectRequestAdmin(PersonPage, CaseAdmin):
    form = RequestIntakeForm
    acts = REQUEST_ACTS
    list_filter = [StandingFilter, "kind", "channel", "received_at"]
    empty_text = _("What people ask of the operator stands here, with the day it is due. Mail comes by itself.")
    fieldsets = [
        (_("What is asked"), {"fields": ["kind", "demand", "language"]}),
        (_("How it came"), {"fields": ["channel", "received_at"]}),
        (_("Who asks"), {"fields": ["applicant_name", "applicant_contact"]}),
    ]

    def linked_models(self):
        return [*super().linked_models(), (Obligation, "request")]

    def get_list_display(self, request):
        return ["number", "kind", person_column(request), "channel", "received", due_column(request), "state"]

    def get_fieldsets(self, request, obj=None):
        """What is asked is said once here; later it is sorted, and the case keeps who did."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        return [(name, {"fields": [each for each in given["fields"] if each != "kind"]}) for name, given in fieldsets]


@admin.register(AuthorityRequest)
class AuthorityRequestAdmin(CaseAdmin):
    form = AuthorityIntakeForm
    acts = AUTHORITY_ACTS
    list_filter = [StandingFilter, "kind", "received_at"]
    empty_text = _("What the authorised body and other state bodies ask stands here, with the day it is due.")
    fieldsets = [
        (_("The letter"), {"fields": ["kind", "body", "body_number", "body_letter_on"]}),
        (_("What is asked"), {"fields": ["demand", "answer_by_on", "language"]}),
        (_("How it came"), {"fields": ["received_at"]}),
    ]

    def get_list_display(self, request):
        return ["number", "kind", "body", "body_number", "received", due_column(request), "state"]
