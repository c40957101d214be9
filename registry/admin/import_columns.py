"""The page on which somebody says how a CRM's file is read: which column is which field, what else it leaves open."""

import hashlib
from contextlib import suppress

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry import scope
from registry.choices import DateOrder
from registry.imports import storage
from registry.imports.asking import OPEN, ask, reading, said_so_far
from registry.imports.columns import mapping_lines, read_defaults
from registry.imports.crm_file import CRMFile
from registry.imports.headers import AGREEMENT_FIELDS, CONSENT_FIELDS, OPT_OUT_FIELDS, PERSON_FIELDS
from registry.imports.inspection import FileRefused
from registry.imports.sources import remember
from registry.imports.storage import AlreadyTaken
from registry.models import ImportSource, Purpose
from registry.tasks import begin_planning

from .acts import own_units
from .imports import DELIMITERS, ENCODINGS, nothing_imported, own_run, refused, why_not_waiting

FIELD_NAMES = {
    "crm_id": gettext_lazy("id in the CRM"),
    "surname": gettext_lazy("surname"),
    "given_name": gettext_lazy("given name"),
    "patronymic": gettext_lazy("patronymic"),
    "full_name": gettext_lazy("full name, surname first"),
    "full_name_given_first": gettext_lazy("full name, given name first"),
    "iin": gettext_lazy("IIN"),
    "email": gettext_lazy("e-mail"),
    "phone": gettext_lazy("phone"),
    "birth_date": gettext_lazy("birth date"),
    "language": gettext_lazy("language"),
    "email_opt_out": gettext_lazy("wants no e-mail"),
    "call_opt_out": gettext_lazy("wants no calls"),
    "message_opt_out": gettext_lazy("wants no SMS"),
    "consent_purpose": gettext_lazy("purpose of the consent"),
    "consent_given_on": gettext_lazy("consent given on"),
    "consent_channel": gettext_lazy("how consent was given"),
    "consent_expires_on": gettext_lazy("consent expires on"),
    "third_parties": gettext_lazy("transfer to third parties"),
    "cross_border": gettext_lazy("cross-border transfer"),
    "publication": gettext_lazy("publication"),
    "legal_basis": gettext_lazy("legal basis (only read)"),
    "agreement_number": gettext_lazy("number of the agreement"),
    "agreement_on": gettext_lazy("date of the agreement"),
}
GROUPS = (
    (
        gettext_lazy("Person"),
        ("crm_id", "surname", "given_name", "patronymic", "full_name", "full_name_given_first", *PERSON_FIELDS[4:]),
    ),
    (gettext_lazy("Does not want"), OPT_OUT_FIELDS),
    (gettext_lazy("Consent"), (*CONSENT_FIELDS, "legal_basis")),
    (gettext_lazy("Agreement"), AGREEMENT_FIELDS),
)
YES_NO = [("", "—"), ("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))]
DEFAULTS = ("consent_purpose", "consent_channel", "third_parties", "cross_border", "publication", "language")
# A file with more columns gets one list of fields for all of them: the page stays small.
SELECTS_AT_MOST = 50
SAMPLES_OF_MANY = 1


class ColumnsForm(forms.Form):
    """One choice a column, and what holds for the whole file. What is said of a source besides is kept as it is."""

    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), required=False, choices=ENCODINGS)
    delimiter = forms.ChoiceField(label=gettext_lazy("Delimiter"), required=False, choices=DELIMITERS)
    date_order = forms.ChoiceField(
        label=gettext_lazy("Dates such as 01/02/2003"),
        required=False,
        choices=[("", gettext_lazy("as the other dates of the file show")), *DateOrder.choices[:2]],
    )
    consent_purpose = forms.ChoiceField(label=gettext_lazy("Purpose of the consents"), required=False)
    consent_channel = forms.CharField(label=gettext_lazy("How consent was given"), required=False, max_length=100)
    third_parties = forms.ChoiceField(label=gettext_lazy("Transfer to third parties"), required=False, choices=YES_NO)
    cross_border = forms.ChoiceField(label=gettext_lazy("Cross-border transfer"), required=False, choices=YES_NO)
    publication = forms.ChoiceField(label=gettext_lazy("Publication"), required=False, choices=YES_NO)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", "—"), ("ru", "Русский"), ("kk", "Қазақша"), ("en", "English")],
    )
    accept_damaged_names = forms.BooleanField(
        label=gettext_lazy("Take names that lost letters (“?”)"),
        required=False,
        help_text=gettext_lazy("Otherwise such rows stop. A better name in the register is never overwritten by them."),
    )
    blank_clears = forms.BooleanField(
        label=gettext_lazy("Empty cells clear what is stored"),
        required=False,
        help_text=gettext_lazy("Of the person’s own fields. Consents, agreements and opt-outs are never cleared."),
    )
    source = forms.ModelChoiceField(
        ImportSource.objects.none(),
        label=gettext_lazy("Remember all this for"),
        required=False,
        empty_label=gettext_lazy("this file only"),
    )
    new_source = forms.CharField(
        label=gettext_lazy("or for a new source"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("The CRM and its part: “Bitrix24, sales”."),
    )
    read_as = forms.CharField(widget=forms.HiddenInput(), required=False, max_length=64)

    def __init__(self, *args, run, found, said, **kwargs):
        super().__init__(*args, **kwargs)
        self.run, self.found, self.said_before = run, found, said
        self.fields["source"].queryset = ImportSource.objects.filter(operator=run.operator)
        purposes = Purpose.objects.filter(operator=run.operator)
        self.fields["consent_purpose"].choices = [
            ("", "—"),
            *((each.code, f"{each} ({each.code})") for each in purposes),
        ]
        if found.dates:
            self.fields["date_order"].choices = [("", _("choose")), *DateOrder.choices[:2]]
        self.many = len(found.header) > SELECTS_AT_MOST
        for number in range(len(found.header)):
            self.fields[f"column_{number}"] = self._column(number)

    def _column(self, number):
        label = self.found.header[number].strip()[:40] or _("Column %(number)d") % {"number": number + 1}
        if not self.many:
            widget = forms.Select(attrs={"aria-label": label})
            return forms.ChoiceField(required=False, choices=field_choices(), label=label, widget=widget)
        widget = forms.TextInput(attrs={"list": "fields-of-people", "autocomplete": "off", "aria-label": label})
        choices = [("", ""), *((field, field) for field in FIELD_NAMES)]
        return forms.ChoiceField(required=False, choices=choices, label=label, widget=widget)

    def columns(self):
        """(number, header, samples, bound field) of every column."""
        samples = SAMPLES_OF_MANY if self.many else None
        for number, (header, values) in enumerate(zip(self.found.header, self.found.samples, strict=True)):
            yield number + 1, header, values[:samples], self[f"column_{number}"]

    def defaults(self):
        return [self[name] for name in DEFAULTS]

    def reading_fields(self):
        return [self["encoding"], self["delimiter"]]

    def ticks(self):
        return [self["accept_damaged_names"], self["blank_clears"]]

    def remembering(self):
        return [self["source"], self["new_source"]]

    def clean(self):
        given = super().clean()
        name = given.get("new_source", "").strip()
        if name and given.get("source"):
            self.add_error("new_source", _("Choose a source or name a new one, not both."))
        elif name and ImportSource.objects.filter(operator=self.run.operator, name=name).exists():
            self.add_error("new_source", _("There is a source of this name already. Choose it, or another name."))
        return given

    def said(self):
        """What this page says, over what was said before and has no place on it."""
        given, before = self.cleaned_data, self.said_before
        fields = [given[f"column_{number}"] for number in range(len(self.found.header))]
        defaults = {field: text for field, text in read_defaults(before.defaults).items() if field not in DEFAULTS}
        defaults |= {field: given[field].strip() for field in DEFAULTS if given[field].strip()}
        return before._replace(
            encoding=given["encoding"] or None,
            delimiter=given["delimiter"] or None,
            mapping=mapping_lines(self.found.header, fields),
            defaults=tuple(f"{field}={text}" for field, text in defaults.items()),
            date_order=given["date_order"],
            blank_clears=given["blank_clears"],
        )


class ColumnsPage:
    """The page of a run's columns, for whoever uploaded the file, while nothing of it is written."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.columns_view)
        return [path("<int:pk>/columns/", view, name="registry_importrun_columns"), *super().get_urls()]

    @own_units
    def columns_view(self, request, pk):
        storage.purge_expired()
        if not request.user.has_perm("registry.import_datasubject"):
            raise PermissionDenied
        run = own_run(request, pk=pk)
        if run.state not in OPEN:
            return HttpResponseRedirect(page_of(run))
        try:
            said = said_so_far(run)
            form = drawn(run, said) if request.method != "POST" else posted(run, said, request.POST)
        except FileRefused as refusal:  # the file is gone, or cannot be read in any way
            return nothing_imported(request, self.admin_site, refusal.told)
        if form.is_bound and form.is_valid():
            try:
                if read_as_said(run, form, {"by": request.user, "role": scope.role_of(request.user)}):
                    return HttpResponseRedirect(page_of(run))
            except AlreadyTaken:
                return refused(request, self.admin_site, *why_not_waiting(run), run=run)
        return self.columns_page(request, run, form)

    def columns_page(self, request, run, form):
        context = self.admin_site.each_context(request) | {
            "title": _("Columns of the file"),
            "opts": self.opts,
            "run": run,
            "form": form,
            "found": form.found,
            "dates": [(text, [_reading(order, day) for order, day in days]) for text, days in form.found.dates],
            "field_names": FIELD_NAMES.items() if form.many else (),
        }
        return TemplateResponse(request, "admin/registry/importrun/columns.html", context)


def drawn(run, said, trouble=""):
    """The form as the file and what was said so far have it."""
    found = reading(run, said)
    defaults = read_defaults(said.defaults)
    initial = {field: defaults.get(field, "") for field in DEFAULTS} | {
        "encoding": said.encoding or "",
        "delimiter": {"\t": "tab"}.get(said.delimiter, said.delimiter) or "",
        "date_order": said.date_order,
        "accept_damaged_names": run.accept_damaged_names,
        "blank_clears": said.blank_clears,
        "source": run.source_id,
        "read_as": fingerprint(found),
    }
    initial |= {f"column_{number}": field for number, field in enumerate(found.fields)}
    form = ColumnsForm(initial=initial, run=run, found=found, said=said)
    form.trouble = trouble or found.trouble
    return form


def posted(run, said, data):
    """The form as it was sent; drawn anew, with nothing judged, where its columns are not those of the file any more."""
    words = said._replace(encoding=data.get("encoding") or None, delimiter=data.get("delimiter") or None, date_order="")
    try:
        found = reading(run, words)
    except FileRefused as refusal:
        return drawn(run, said, trouble=refusal.told)
    if data.get("read_as") == fingerprint(found) and "again" not in data:
        form = ColumnsForm(data, run=run, found=found, said=said)
        form.trouble = ""
        return form
    anew = "" if "again" in data else _("The columns were read anew: look at them, then go on.")
    return drawn(run, words, trouble=anew)


def read_as_said(run, form, acting):
    """Has the file read as the form says; whether that was possible, else the form tells why not."""
    given, said = form.cleaned_data, form.said()
    damaged = given["accept_damaged_names"]
    try:
        CRMFile(storage.file_of(run), said, today=timezone.localdate())
    except FileRefused as refusal:
        form.add_error(None, refusal.told)
        return False
    name = given["new_source"].strip()
    source = ImportSource(operator=run.operator, name=name) if name else given["source"]
    try:
        if source:
            remember(source, said, accept_damaged_names=damaged, reason=_("columns of import #%d") % run.pk, **acting)
    except ValidationError as refusal:
        form.add_error("new_source" if name else NON_FIELD_ERRORS, refusal.messages)
        return False
    run.source = source
    ask(run, said, accept_damaged_names=damaged)
    with suppress(FileRefused):  # the page of the run says it
        begin_planning(run, said, accept_damaged_names=damaged, **acting)
    return True


def fingerprint(found):
    """What the columns were drawn from: they are answered for these headers and no others."""
    return hashlib.sha256("\0".join([found.table.file.delimiter, *found.header]).encode()).hexdigest()


def field_choices():
    return [
        ("", _("not imported")),
        *((label, [(field, FIELD_NAMES[field]) for field in names]) for label, names in GROUPS),
    ]


def page_of(run):
    return reverse("admin:registry_importrun_change", args=[run.pk])


def _reading(order, day):
    return _("%(order)s: %(day)s") % {"order": DateOrder(order).label, "day": formats.date_format(day, "j F Y")}
