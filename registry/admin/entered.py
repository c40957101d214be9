"""What was typed into a form that was not saved, as people read it, to be entered again."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.choices import flatten_choices
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from .acts import reason_of


def entered_in(form, names):
    """These fields of a posted form, without what nobody saw."""
    return [{"label": form[name].label, "value": in_words(form[name])} for name in names if not form[name].is_hidden]


def entered_rows(formsets, inlines):
    """What stands in rows beside a record otherwise than now, each row under the name it has on the page."""
    rows = []
    for formset, inline in zip(formsets, inlines, strict=True):
        for number, form in enumerate(formset.forms, start=1):
            if form.has_changed():  # never, where the user may not change the row
                row = form.instance if form.instance.pk else f"#{number}"
                label = f"{capfirst(inline.opts.verbose_name)}: {row}"
                rows.append({"label": label, "entered": entered_in(form, form.changed_data)})
    return rows


def reason_entered(request, usual=""):
    """The reason, unless it is the one that the form came with."""
    reason = reason_of(request)
    return [{"label": _("Reason"), "value": reason}] if reason not in ("", usual) else []


def in_words(bound):
    """A value as people read it: what was chosen by its name, if the form offers it."""
    value = bound.value()
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    given = value if isinstance(value, list | tuple) else [value]
    return ", ".join(chosen(bound.field, each) for each in given if each not in (None, ""))


def chosen(field, value):
    if isinstance(field, forms.ModelChoiceField):
        try:
            return field.label_from_instance(forms.ModelChoiceField.to_python(field, value))
        except ValidationError:
            return str(value)
    words = {str(key): str(word) for key, word in flatten_choices(getattr(field, "choices", ()))}
    return words.get(str(value), str(value))
