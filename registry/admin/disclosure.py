"""What left: recorded on the page of the person or for so many people, read-only from then on but for the notice."""

from functools import partial

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from registry import journal, scope
from registry.models import DataSubject, Disclosure, DisclosureCategory, Norm, ProcessingActivity
from registry.templatetags.registry_ui import pill

from .base import RegistryModelAdmin
from .forms import ScopedForm, ScopedFormSet
from .list_search import SearchedWithoutNames
from .paging import LongList
from .reading_blocked import ReadsBlocked, label_of
from .scoped import RegistryInline

SHOWN_IF_ANY = "norm is_handover request_number request_reasons given notice_due_on notified_at notified_by".split()
PERSON = "person"  # in the address of the form: an id, no name


def whose(disclosure, label):
    """Whose data it was; `label` says of a person how the user may see them."""
    if disclosure.subject_id:
        return label(disclosure.subject)
    return ngettext("%(count)d person", "%(count)d people", disclosure.people) % {"count": disclosure.people}


class DisclosureForm(ScopedForm):
    """The person comes with the page the form was opened on."""

    person = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.instance.subject = self.person


class CategoryFormSet(ScopedFormSet):
    def clean(self):
        super().clean()
        if self.instance.pk is None and not any(form.has_changed() for form in self.forms):
            raise forms.ValidationError(_t("Say which data were given: add one category or more."))


class DisclosureCategoryInline(RegistryInline):
    model = DisclosureCategory
    formset = CategoryFormSet
    extra = 1


class NoticeFilter(admin.SimpleListFilter):
    title, parameter_name = _("notice"), "notice"

    def lookups(self, request, model_admin):
        return [("open", _("person to be told")), ("overdue", _("overdue")), ("done", _("person told"))]

    def queryset(self, request, queryset):
        match self.value():
            case "open":
                return queryset.to_tell()
            case "overdue":
                return queryset.overdue(timezone.localdate())
            case "done":
                return queryset.filter(notified_at__isnull=False)
        return queryset


@admin.register(Disclosure)
class DisclosureAdmin(SearchedWithoutNames, ReadsBlocked, LongList, RegistryModelAdmin):
    writable = True
    form = DisclosureForm
    list_display = ["disclosed_on", "recipient", "ground", "notice"]
    list_filter = ["recipient", "ground", NoticeFilter, "disclosed_on"]
    list_select_related = ["recipient", "activity", "subject", "operator"]
    search_fields = ["request_number", "recipient__code", "activity__code"]
    search_help_text = _("Number of a request, code of a recipient or an activity")
    search_pattern = r".*[0-9].*|\s*[A-Za-z_\-]*\s*"
    search_refusal = _("Only numbers of requests and codes are looked for here.")
    inlines = [DisclosureCategoryInline]
    readonly_fields = ["is_handover", "notice_due_on", "notified_at", "notified_by"]
    empty_text = _(
        "What was given to whom stands here. Record it on the page of the person; what was given of many people at once, here."
    )
    fieldsets = [
        (_("What was given"), {"fields": ["activity", "recipient", "disclosed_on", "people", "is_handover"]}),
        (_("Ground"), {"fields": ["ground", "norm"]}),
        (
            _("Request of a state body"),
            {
                "fields": ["request_number", "request_reasons", "given"],
                "description": _("Required where the recipient is a state body."),
            },
        ),
        (
            _("Notice to the person"),
            {"fields": ["notice_is_condition", "notice_due_on", "notified_at", "notified_by"]},
        ),
    ]

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    # Whose it is

    def person_asked_for(self, request):
        """The person whose page the form was opened on; None where it is about many."""
        if PERSON not in request.GET:
            return None
        if not hasattr(request, "_person"):
            key = request.GET[PERSON]
            people = scope.in_scope(DataSubject.objects.select_related("operator"), request.user)
            request._person = people.filter(pk=key).first() if key.isdecimal() else None
        if request._person is None:
            raise Http404
        return request._person

    def person_of(self, record):
        return record.subject

    def reason_to_read(self, request, record):
        return super().reason_to_read(request, record) if record is not None and record.subject_id else None

    def get_list_display(self, request):
        personal = scope.sees_personal(request.user)

        @admin.display(description=_("whose data"))
        def person(disclosure):
            return whose(disclosure, lambda person: person.listed_label(personal))

        day, *others = super().get_list_display(request)
        return [day, person, *others]

    @admin.display(description=_("notice"))
    def notice(self, disclosure):
        if not disclosure.notice_is_condition:
            return "—"
        if disclosure.notified_at:
            return pill(_("person told"), "ok")
        due_on = disclosure.notice_due_on
        if due_on is None:
            return pill(_("person to be told"), "warn")
        late = due_on < timezone.localdate()
        said = _t("overdue since %s") if late else _t("to be told by %s")
        return pill(said % date_format(due_on, "DATE_FORMAT"), "bad" if late else "warn")

    # The form

    def get_fieldsets(self, request, obj=None):
        """What follows from the rest is not asked for; what there is none of is not shown afterwards."""
        if obj is None:
            hidden = {*self.readonly_fields, *(["people"] if PERSON in request.GET else [])}
        else:
            hidden = {name for name in SHOWN_IF_ANY if not getattr(obj, name)} | (
                {"people"} if obj.subject_id else set()
            )
        found = super().get_fieldsets(request, obj)
        kept = [(name, options, [each for each in options["fields"] if each not in hidden]) for name, options in found]
        return [(name, options | {"fields": fields}) for name, options, fields in kept if fields]

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"person": self.person_asked_for(request) if obj is None else None})

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if request.operator is None:
            return field
        if db_field.name == "norm":
            laws = request.operator.laws.values("law")
            today = timezone.localdate()
            field.queryset = Norm.objects.in_force(today).filter(is_ground=True, law__in=laws).select_related("law")
        elif db_field.name == "activity":
            field.queryset = field.queryset.exclude(status=ProcessingActivity.Status.ENDED)
        return field

    def form_context(self, request, record):
        context = super().form_context(request, record)
        if record is None:
            person = self.person_asked_for(request)
            label = label_of(request, person) if person else _t("many people at once")
            return context | {"title": _t("Record a disclosure: %s") % label}
        return context | {"heading": whose(record, partial(label_of, request)), "acts": self.acts(request, record)}

    def acts(self, request, record):
        acts = []
        if (
            record.notice_is_condition
            and not record.notified_at
            and request.user.has_perm("registry.change_disclosure")
        ):
            url = reverse("admin:registry_disclosure_tell", args=[record.pk])
            acts.append({"label": _t("Record that the person was told"), "url": url, "main": True})
        if record.subject_id and request.user.has_perm("registry.view_datasubject"):
            url = reverse("admin:registry_datasubject_change", args=[record.subject_id])
            acts.append({"label": _t("The person"), "url": url})
        return acts

    def tell_opened(self, request, record):
        """To open the form with a person's name on it is a read of that person."""
        if record is not None:
            super().tell_opened(request, record)
        elif person := self.person_asked_for(request):
            journal.record("view", object_type="datasubject", uid=person.uid, subjects=person.journal_subjects())

    # The notice

    def get_urls(self):
        tell = path("<int:pk>/tell/", self.admin_site.admin_view(self.tell_view), name="registry_disclosure_tell")
        return [tell, *super().get_urls()]

    def tell_view(self, request, pk):
        """That the person was told: asked on a page of its own, for it is not taken back."""
        disclosure = self.record_or_404(request, str(pk), lock=request.method == "POST")
        if disclosure is None:
            raise Http404
        if not request.user.has_perm("registry.change_disclosure", disclosure):
            raise PermissionDenied
        back = reverse("admin:registry_disclosure_change", args=[disclosure.pk])
        if not disclosure.notice_is_condition or disclosure.notified_at:
            messages.info(request, _t("Nobody waits for this notice."))
            return HttpResponseRedirect(back)
        if request.method == "POST":
            disclosure.tell(by=request.user, at=timezone.now())
            messages.success(request, _t("It is recorded that the person was told."))
            return HttpResponseRedirect(back)
        self.tell_opened(request, disclosure)
        rule, _due = disclosure.notice_term()
        due_on = disclosure.notice_due_on
        context = self.admin_site.each_context(request) | {
            "title": _t("Record that the person was told"),
            "what": _t("That the data went to %(recipient)s on %(on)s. To be told by: %(due)s.")
            % {
                "recipient": disclosure.recipient,
                "on": date_format(disclosure.disclosed_on, "DATE_FORMAT"),
                "due": date_format(due_on, "DATE_FORMAT") if due_on else "—",
            },
            "norm": rule.norm.citation if rule else "",
            "opts": self.opts,
            "object": disclosure,
            "kicker": whose(disclosure, partial(label_of, request)),
            "form": ReasonForm(),
            "button": _t("The person was told"),
            "back": back,
        }
        return TemplateResponse(request, "admin/registry/act.html", context)


class ReasonForm(forms.Form):
    _reason = forms.CharField(
        label=_("How (optional)"),
        max_length=500,
        required=False,
        help_text=_("Letter, call, message. Kept in the history."),
    )
