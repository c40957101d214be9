"""Every list of the admin leaves as a file: what it shows, filtered and searched as it is, with a reason."""

import datetime as dt
import html
from functools import partial
from uuid import UUID

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry import scope
from registry.exports import lists, runs
from registry.exports.formulas import Phone
from registry.models import DataSubject, ExportRun, JournalEntry
from registry.rules.dates import HOME_ZONE

from .acts import as_drawn, own_units
from .scoped import touches_personal, visible_fields

State = DataSubject.State
# Rows counted for the page that asks; how many they are is known when the file is whole.
MOST_COUNTED = 10_000
# What an address says of the page, not of the rows.
OF_THE_PAGE = ("p", "after", "e", "all", "_popup", "_to_field", "_changelist_filters")
# What staff are called; their accounts have no classes of fields.
STAFF = {"username", "full_name", "email"}


class ReasonField(forms.CharField):
    """Why something leaves the register."""

    HELP = gettext_lazy("For whom, on what request. Kept with the export.")
    HELP_REQUIRED = gettext_lazy("Required: for whom, on what request. Kept with the export.")

    def __init__(self, *, required=False):
        super().__init__(
            label=gettext_lazy("Reason"),
            required=required,
            max_length=500,
            help_text=self.HELP_REQUIRED if required else self.HELP,
            widget=forms.TextInput(attrs={"class": "vTextField"}),
            error_messages={"required": runs.NO_REASON},
        )


class ListExportForm(forms.Form):
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[("csv", "CSV"), ("xlsx", "XLSX"), ("json", "JSON")],
        help_text=gettext_lazy("CSV and JSON of any size; XLSX for a spreadsheet, every cell a text."),
    )

    def __init__(self, *args, reason_required, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"] = ReasonField(required=reason_required)


class ListExport:
    """Adds to a list the page that asks for format and reason, and by POST the file."""

    # Fields of the model that leave as they are stored, under their own names, in place of the columns shown.
    export_fields = ()

    def get_urls(self):
        name = f"registry_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def has_export_permission(self, request):
        """Whoever sees the list and may export; people and the journal have a right of their own."""
        user, name = request.user, self.opts.model_name
        may = self.has_view_permission(request) and user.has_perm("registry.add_exportrun")
        if name == "journalentry":
            may = may and user.has_perm("registry.export_journalentry")
        # What is about people is theirs, too, for those who see whom it is about.
        if name == "datasubject" or (name in scope.PEOPLE and scope.sees_personal(user)):
            may = may and user.has_perm("registry.export_datasubject")
        return may

    def changelist_view(self, request, extra_context=None):
        if self.has_export_permission(request):
            query = asked_for(request.GET).urlencode()
            url = reverse(f"admin:registry_{self.opts.model_name}_export") + (f"?{query}" if query else "")
            extra_context = {"export_url": url} | (extra_context or {})
        return super().changelist_view(request, extra_context)

    @own_units
    def export_view(self, request):
        """How many rows, which columns; by POST the file."""
        as_drawn(request)
        if not self.has_export_permission(request):
            raise PermissionDenied
        try:
            shown = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            whole_list = reverse(f"admin:registry_{self.opts.model_name}_changelist")
            return HttpResponseRedirect(f"{whole_list}?{ERROR_FLAG}=1")  # as Django's own list does
        columns = self.export_columns(request, shown)
        form = ListExportForm(request.POST or None, reason_required=self.about_people)
        if request.method == "POST" and form.is_valid():
            return self.export_file(request, shown, columns, **form.cleaned_data)
        context = self.admin_site.each_context(request) | {
            "title": _("Export: %(list)s") % {"list": self.opts.verbose_name_plural},
            "opts": self.opts,
            "form": form,
            "count": counted(self.exported(shown.queryset), self.parts_of_list(request, shown)),
            "left_out": counted(self.kept_back(request, shown.queryset), self.parts_of_list(request, shown)),
            "most_counted": MOST_COUNTED,
            "narrowed": shown.has_active_filters or bool(shown.query),
            "columns": [column.heading for column in columns],
            "about_people": self.about_people,
        }
        return TemplateResponse(request, "exports/list.html", context)

    def export_file(self, request, shown, columns, *, format, reason):
        role = scope.role_of(request.user)
        run = runs.start(
            ExportRun.Kind.LIST,
            by=request.user,
            role=role,
            operator=request.operator,
            reason=reason,
            filter={
                "list": self.opts.model_name,
                "format": format,
                "columns": [column.name for column in columns],
                "filters": self.kept_filters(request),
            },
        )
        rows, parts = self.exported(shown.queryset), self.parts_of_list(request, shown)
        file = lists.ListFile(
            run, rows, columns, role=role, read=partial(self.rows_by_keys, shown), about_people=self.about_people,
            parts=parts, below=self.own_key(run),
        )  # fmt: skip
        response = StreamingHttpResponse(file.stream(format), content_type=lists.FORMATS[format])
        owner = [run.operator.code] if run.operator else []
        name = "-".join([self.opts.model_name, *owner, str(run.pk)])
        response["Content-Disposition"] = f'attachment; filename="{name}.{format}"'
        return response

    def rows_by_keys(self, shown, keys):
        """As a page of the list reads them; nobody who was blocked meanwhile."""
        return self.exported(self.rows_of_page(shown, keys))

    def own_key(self, run):
        """Where the export itself stands in the list: it holds what the page showed, which was before it."""
        if self.model is ExportRun:
            return run.pk
        return runs.entry_of(run, runs.STARTED).seq if self.model is JournalEntry else None

    def parts_of_list(self, request, shown):
        """Conditions that take the whole list in pieces, one after the other; here in one."""
        return lists.WHOLE

    @property
    def names_people(self):
        return self.opts.model_name in scope.PEOPLE and any(field.name == "subject" for field in self.opts.fields)

    def exported(self, queryset):
        """Without those who are blocked: they are stored only, and leave in no list."""
        if self.model is DataSubject:
            return queryset.exclude(state=State.BLOCKED)
        return queryset.exclude(subject__state=State.BLOCKED) if self.names_people else queryset

    def kept_back(self, request, queryset):
        """The rest: rows of those who are blocked, by the index that knows who is not active."""
        people = scope.in_scope(DataSubject.objects.exclude(state=State.ACTIVE), request.user)
        blocked = people.filter(state=State.BLOCKED).order_by()
        if self.model is DataSubject:
            return queryset.filter(pk__in=blocked)
        return queryset.filter(subject__in=blocked) if self.names_people else queryset.none()

    def kept_filters(self, request):
        """What narrowed the list, for the run; what a person might be known by is only said to have been there."""
        kept = {}
        for name, value in asked_for(request.GET).items():
            is_open = name != "q" and not touches_personal(self.model, name) and STAFF.isdisjoint(name.split("__"))
            kept[name] = value[:100] if is_open or (name == "q" and is_uid(value)) else "…"
        return kept

    def export_columns(self, request, shown):
        if self.export_fields:
            names = visible_fields(self.model, self.export_fields, request.user)
            return [lists.Column(name, name, stored(self.model._meta.get_field(name))) for name in names]
        return [self.export_column(name) for name in shown.list_display if name != "action_checkbox"]

    def export_column(self, name):
        heading = capfirst(str(label_for_field(name, self.model, self)))
        if callable(name):
            return lists.Column(name.__name__, heading, lambda record: as_text(name(record)))
        fields = {field.name: field for field in self.opts.concrete_fields}
        if name in fields:
            return lists.Column(name, heading, displayed(fields[name]))
        display = getattr(self, name, None) or partial(attribute, name)
        return lists.Column(name, heading, lambda record: as_text(display(record)))


def counted(queryset, parts):
    count = 0
    for part in parts:
        count += queryset.filter(part).order_by()[: MOST_COUNTED + 1 - count].count()
        if count > MOST_COUNTED:
            break
    return count


def asked_for(query):
    """The part of an address that narrows or orders a list."""
    kept = query.copy()
    for name in OF_THE_PAGE:
        kept.pop(name, None)
    return kept


def is_uid(text):
    """A number would not do: an IIN is one, and so is a telephone."""
    try:
        return UUID(text.strip()) is not None
    except ValueError:
        return False


def attribute(name, record):
    value = getattr(record, name)
    return value() if callable(value) else value


def stored(field):
    """A field as an import takes it again: codes as codes, dates as ISO."""
    wrap = Phone if field.name == "phone" else as_text
    return lambda record: wrap(getattr(record, field.attname) or "")


def displayed(field):
    """A field as the list shows it."""
    if field.flatchoices:
        labels = dict(field.flatchoices)
        return lambda record: as_text(labels.get(getattr(record, field.attname), getattr(record, field.attname)))
    if field.name == "phone":
        return lambda record: Phone(record.phone or "")
    if isinstance(field, models.ForeignKey):
        return lambda record: as_text(getattr(record, field.name))
    return lambda record: as_text(getattr(record, field.attname))


def as_text(value):
    """What a cell of a list says, without its colours: words for yes and no, days as ISO, times of Almaty."""
    if isinstance(value, SafeString):
        return html.unescape(strip_tags(value)).strip()
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, dt.datetime):
        return value.astimezone(HOME_ZONE).isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    return "" if value is None else str(value)
