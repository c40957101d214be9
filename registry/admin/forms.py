"""Forms of one operator: the operator is given, choices are its own, and what a gate refuses comes back as an error."""

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext_lazy as _


class ScopedForm(forms.ModelForm):
    """`request` is bound by the admin class. The operator is not asked for, yet its constraints are checked."""

    request = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if hasattr(self.instance, "operator_id") and self.instance.operator_id is None:
            self.instance.operator = self.request.operator

    def _get_validation_exclusions(self):
        # A form without a field skips every constraint that touches it; the database would refuse with a 500.
        return super()._get_validation_exclusions() - {"operator"}

    def clean(self):
        cleaned = super().clean()
        refusal = getattr(self.request, "refusal", None)
        if refusal is not None and not self.is_inline:
            raise refusal
        return cleaned

    is_inline = False


class ScopedInlineForm(ScopedForm):
    is_inline = True


class ScopedInlineFormSet(BaseInlineFormSet):
    """Links of a record that is being added take their operator from the request."""


class ReasonMissing(ValidationError):
    def __init__(self):
        super().__init__(_("Say why, in the field beside the save button: the history of a person keeps the reason."))
