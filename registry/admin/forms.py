"""Forms of one operator: the operator is given, choices are its own, and what a gate refuses comes back as an error."""

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.models import ModelChoiceIterator
from django.utils.functional import cached_property
from django.utils.translation import get_language

from registry import scope


class ScopedForm(forms.ModelForm):
    """`request` is bound by the admin class. The operator of a new record is not asked for, yet its constraints are checked."""

    request = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance._state.adding and hasattr(self.instance, "operator_id") and self.instance.operator_id is None:
            self.instance.operator = self.request.operator

    def _get_validation_exclusions(self):
        # A form without a field skips every constraint that touches it; the database would refuse with a 500.
        return super()._get_validation_exclusions() - {"operator"}

    def _update_errors(self, errors):
        # A rule may name a field that this form does not show; its sentence then stands above the form.
        if hasattr(errors, "error_dict"):
            placed = {}
            for name, messages in errors.error_dict.items():
                placed.setdefault(name if name in self.fields else NON_FIELD_ERRORS, []).extend(messages)
            errors = ValidationError(placed)
        super()._update_errors(errors)

    def clean(self):
        cleaned = super().clean()
        refusal = getattr(self.request, "refusal", None)
        if refusal is not None and not self.is_inline:
            raise ValidationError(refusal.messages)
        return cleaned

    is_inline = False


class ScopedInlineForm(ScopedForm):
    is_inline = True

    @property
    def media(self):
        """What one row needs all of them need; Django asks every one of them twice."""
        made = type(self)  # for one request
        if "media_of_rows" not in vars(made):
            made.media_of_rows = super().media
        return made.media_of_rows


class ScopedFormSet(forms.BaseInlineFormSet):
    @cached_property
    def empty_form(self):
        """Django makes it anew whenever somebody looks through the formset, for its media, its labels, its rows."""
        return super().empty_form

    @property
    def empty_row(self):
        """What an empty row looks like depends on this alone: the template keeps the drawn row under it."""
        request, form = self.form.request, self.empty_form
        operator = getattr(request.operator, "pk", None)
        drawn = [get_language(), scope.role_of(request.user), operator, self.instance._meta.label, self.prefix]
        for name, field in form.fields.items():
            if name != self.fk.name:
                drawn += [name, str(field.help_text), str(form.get_initial_for_field(field, name))]
            if isinstance(field, forms.ModelChoiceField) and not field.widget.is_hidden:
                drawn += [f"{value}={label}" for value, label in field.choices]
        return drawn

    def _construct_form(self, i, **kwargs):
        form = super()._construct_form(i, **kwargs)
        if getattr(form.instance, self.fk.attname) == self.instance.pk:  # Django sets the key alone
            setattr(form.instance, self.fk.name, self.instance)
        return form


class SharedChoices(ModelChoiceIterator):
    """The choices of a column: read once for all its rows, and in one question: on PostgreSQL Django's own reads through a cursor
    that it opens, reads and closes.
    """

    def __iter__(self):
        if not self.field.shared:
            if self.field.empty_label is not None:
                self.field.shared.append(("", self.field.empty_label))
            self.field.shared.extend(map(self.choice, self.queryset))
        return iter(self.field.shared)


class SharedChoiceField(forms.ModelChoiceField):
    iterator = SharedChoices

    def __init__(self, *args, **kwargs):
        self.shared = []  # the copies of the field in the rows of a formset hold the same one
        super().__init__(*args, **kwargs)


class ShownFirst(forms.Form):
    """Of an act that is shown before it is done: what was entered goes along, hidden, with the confirmation and the way back."""

    def is_entered(self):
        """Whether it is filled in rightly, and not opened again to be changed."""
        return "again" not in self.data and self.is_valid()

    @property
    def is_confirmed(self):
        return "confirmed" in self.data

    def as_hidden(self):
        for field in self.fields.values():
            field.widget = field.hidden_widget()
        return self
