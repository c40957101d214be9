"""Forms that take a case in, and correct what was taken in."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.models import Operator, SubjectRequest

from .forms import ScopedForm

ALMATY = gettext_lazy("Time of Almaty. The terms are counted from it.")
WHAT_MAKES_IT_THE_SAME = ("received_at", "channel", "applicant_name", "applicant_contact", "demand")


class IntakeForm(ScopedForm):
    def clean_received_at(self):
        """Fields show whole seconds; a moment that nobody corrected stays what it was."""
        return self.cleaned_data["received_at"] if "received_at" in self.changed_data else self.initial["received_at"]


class RequestIntakeForm(IntakeForm):
    class Meta:
        help_texts = {
            "received_at": ALMATY,
            "kind": gettext_lazy("“Not sorted yet” is fine: until it is sorted the shortest term of all counts."),
            "demand": gettext_lazy("In the applicant’s own words, as far as they matter."),
            "language": gettext_lazy("The language of the answer."),
            "applicant_name": gettext_lazy(
                "As the applicant gives it. The person of the register is found afterwards."
            ),
            "applicant_contact": gettext_lazy("E-mail, phone or address for the answer."),
        }
        widgets = {"demand": forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"})}

    def clean(self):
        cleaned = super().clean()
        if not self.errors and self.instance.pk is None:
            self.refuse_twice(cleaned)
        return cleaned

    def refuse_twice(self, given):
        """A form sent twice is one request: the second one waits here."""
        operator = self.instance.operator
        Operator.take_turns(operator.pk)
        same = {name: given[name] for name in WHAT_MAKES_IT_THE_SAME}
        if twin := SubjectRequest.objects.filter(operator=operator, **same).first():
            message = _("This is taken in already, as %(number)s. Open that case, or correct what is different here.")
            raise ValidationError(message % {"number": twin.number})


class AuthorityIntakeForm(IntakeForm):
    class Meta:
        help_texts = {
            "received_at": ALMATY,
            "body_number": gettext_lazy("“б/н” where the letter bears none."),
            "language": gettext_lazy("The language of the answer."),
        }
        widgets = {"demand": forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "body_number" in self.fields:
            self.fields["body_number"].required = False  # the rule says it in its own words
