"""Sources of imports: what was said once of how a CRM's files are read."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.imports.columns import read_defaults, read_mapping
from registry.imports.inspection import FileRefused
from registry.imports.sources import is_somebodys_own, lines_of
from registry.models import ImportSource, Purpose

from .base import RegistryModelAdmin
from .forms import ScopedForm
from .imports import DELIMITERS, ENCODINGS


class ImportSourceForm(ScopedForm):
    """A line that an import would refuse is refused here, in the same words."""

    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), required=False, choices=ENCODINGS)
    delimiter = forms.ChoiceField(label=gettext_lazy("Delimiter"), required=False, choices=DELIMITERS)

    def clean_mapping(self):
        return _checked(read_mapping, self.cleaned_data["mapping"])

    def clean_defaults(self):
        text = _checked(read_defaults, self.cleaned_data["defaults"])
        for field, value in read_defaults(lines_of(text)).items():
            if is_somebodys_own(field):
                raise ValidationError(
                    _(
                        "“%(field)s” is somebody’s own: it cannot be the same for everybody in a source. Leave the line out."
                    )
                    % {"field": field}
                )
            if field == "consent_purpose":
                self._refuse_unknown_purpose(value)
        return text

    def _refuse_unknown_purpose(self, code):
        codes = list(Purpose.objects.filter(operator=self.instance.operator).values_list("code", flat=True))
        if code not in codes:
            raise ValidationError(
                _("The operator has no purpose of this code (it has: %(codes)s): correct it, or add the purpose.")
                % {"codes": ", ".join(codes) or "—"}
            )


def _checked(read, text):
    """The text as lines without blanks, read once as an import reads them."""
    lines = lines_of(text)
    try:
        read(lines)
    except FileRefused as refusal:
        raise ValidationError(refusal.told) from None
    return "\n".join(lines)


@admin.register(ImportSource)
class ImportSourceAdmin(RegistryModelAdmin):
    writable = True
    form = ImportSourceForm
    list_display = ["name", "encoding", "delimiter", "date_order", "report_to"]
    empty_text = gettext_lazy(
        "How a CRM’s files are read is remembered here when an import is told to, or entered by hand."
    )
    fieldsets = [
        (None, {"fields": ["name", "report_to"]}),
        (
            gettext_lazy("How its files are read"),
            {
                "description": gettext_lazy(
                    "Headers that are recognised by themselves need no line; easiest is to say it on the page of the columns."
                ),
                "fields": ["mapping", "defaults", ("encoding", "delimiter", "date_order")],
            },
        ),
        (gettext_lazy("What they may do"), {"fields": ["accept_damaged_names", "blank_clears"]}),
        (gettext_lazy("Audit"), {"fields": ["uid"]}),
    ]
    readonly_fields = ["uid"]
