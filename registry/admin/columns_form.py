"""The form that says how a CRM's file is read: one choice a column, and what holds for the whole file."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.choices import DateOrder
from registry.imports.cells import Cells
from registry.imports.columns import mapping_lines, read_defaults
from registry.imports.headers import AGAINST_CONSENT, AGREEMENT_FIELDS, CONSENT_FIELDS, OPT_OUT_FIELDS, PERSON_FIELDS
from registry.imports.preview import HEADER_BYTES
from registry.imports.room import fit
from registry.models import ImportSource, Purpose

from .imports import DELIMITERS, ENCODINGS

FIELD_NAMES = {
    "crm_id": gettext_lazy("CRM id"),
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
    "message_opt_out": gettext_lazy("wants no SMS or messages"),
    "every_opt_out": gettext_lazy("wants nothing at all"),
    "consent_purpose": gettext_lazy("purpose of the consent"),
    "consent_given_on": gettext_lazy("consent given on"),
    "consent_channel": gettext_lazy("how consent was given"),
    "consent_expires_on": gettext_lazy("consent expires on"),
    "third_parties": gettext_lazy("transfer to third parties"),
    "cross_border": gettext_lazy("cross-border transfer"),
    "publication": gettext_lazy("publication"),
    "consent_stands": gettext_lazy("whether consent stands (only read)"),
    "consent_withdrawn": gettext_lazy("withdrawal of consent (only read)"),
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
    (gettext_lazy("Consent"), (*CONSENT_FIELDS, *AGAINST_CONSENT)),
    (gettext_lazy("Agreement"), AGREEMENT_FIELDS),
)
YES_NO = [("", "—"), ("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))]
DEFAULTS = ("consent_purpose", "consent_channel", "third_parties", "cross_border", "publication", "language")
# A file with more columns gets one list of fields for all of them: the page stays small.
SELECTS_AT_MOST = 32
SAMPLES_OF_MANY = 1
# Bytes of HTML: of a label, of a header and a value beside many others.
NARROW_BYTES = 40


class ColumnsForm(forms.Form):
    """One choice a column, and what holds for the whole file. What is said of a source besides is kept as it is."""

    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), required=False, choices=ENCODINGS)
    delimiter = forms.ChoiceField(label=gettext_lazy("Delimiter"), required=False, choices=DELIMITERS)
    date_order = forms.ChoiceField(label=gettext_lazy("Dates such as 01/02/2003"), required=False)
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
    seen = forms.CharField(widget=forms.HiddenInput(), required=False)

    def __init__(self, *args, run, found, said, **kwargs):
        super().__init__(*args, **kwargs)
        self.run, self.found, self.said_before = run, found, said
        self.fields["source"].queryset = ImportSource.objects.filter(operator=run.operator)
        purposes = Purpose.objects.filter(operator=run.operator)
        self.fields["consent_purpose"].choices = [
            ("", "—"),
            *((each.code, f"{each} ({each.code})") for each in purposes),
        ]
        for field, text in as_chosen(said.defaults).items():
            self._offer(field, text)
        orders = [each for each in DateOrder.choices if each[0] in (DateOrder.DMY, DateOrder.MDY, said.date_order)]
        unsaid = _("choose") if found.dates else _("as the other dates of the file show")
        self.fields["date_order"].choices = [("", unsaid), *orders]
        self.many = len(found.header) > SELECTS_AT_MOST
        for number in range(len(found.header)):
            self.fields[f"column_{number}"] = self._column(number)

    def _offer(self, name, text):
        """What is remembered and no choice of a list is one more choice: not to be known here is no reason to be forgotten."""
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField) and not field.valid_value(text):
            field.choices = [*field.choices, (text, text)]

    def _column(self, number):
        label = fit(self.found.header[number].strip(), NARROW_BYTES) or _("Column %(number)d") % {"number": number + 1}
        if not self.many:
            widget = forms.Select(attrs={"aria-label": label})
            return forms.ChoiceField(required=False, choices=field_choices(), label=label, widget=widget)
        widget = forms.TextInput(attrs={"list": "fields-of-people", "autocomplete": "off", "aria-label": label})
        choices = [("", ""), *((field, field) for field in FIELD_NAMES)]
        return forms.ChoiceField(required=False, choices=choices, label=label, widget=widget)

    def columns(self):
        """(number, header, samples, bound field) of every column."""
        samples, room = (SAMPLES_OF_MANY, NARROW_BYTES) if self.many else (None, HEADER_BYTES)
        for number, (header, values) in enumerate(zip(self.found.header, self.found.samples, strict=True)):
            shown = [fit(value, room) for value in values[:samples]]
            yield number + 1, fit(header, room), shown, self[f"column_{number}"]

    def defaults(self):
        return [self[name] for name in DEFAULTS]

    def reading_fields(self):
        return [self["encoding"], self["delimiter"]]

    def ticks(self):
        return [self["accept_damaged_names"], self["blank_clears"]]

    def remembering(self):
        return [self["source"], self["new_source"]]

    def entered(self):
        """What was said otherwise than the page is drawn now, for whoever must say it again."""
        said = [self[name] for name in self.changed_data if name != "source" and not self[name].is_hidden]
        return [{"label": each.label, "value": FIELD_NAMES.get(each.value(), each.value())} for each in said]

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
            numbered=(),
            numbered_in=(),
            defaults=tuple(f"{field}={text}" for field, text in defaults.items()),
            blank_clears=given["blank_clears"],
            **{} if self.is_unanswered() else {"date_order": given["date_order"], "order_remembered": False},
        )

    def is_unanswered(self):
        """Whether the rows contradict the order that is remembered, and nobody said which is right."""
        return self.said_before.order_remembered and self.found.dates and not self.cleaned_data["date_order"]


def as_chosen(lines):
    """{field: value} of the defaults that the form has a place for; words of a yes, a no or a language as the form's own codes."""
    full = Cells(timezone.localdate(), {}).full
    texts = {field: text for field, text in read_defaults(lines).items() if field in DEFAULTS}
    values = {field: full[field](text).value for field, text in texts.items()}
    return {
        field: {True: "yes", False: "no"}.get(values[field], values[field]) or text for field, text in texts.items()
    }


def field_choices():
    return [
        ("", _("not imported")),
        *((label, [(field, FIELD_NAMES[field]) for field in names]) for label, names in GROUPS),
    ]
