"""Two field types the record needs and Django lacks."""

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import COUNTRIES


class CodesField(models.CharField):
    """Codes out of a list, kept as one text with blanks between them, in the list's order."""

    default_error_messages = {"unknown_code": _("“%(value)s” is not on the list. Choose from: %(choices)s.")}

    def __init__(self, *args, options=(), **kwargs):
        self.options = options
        kwargs.setdefault("max_length", 600)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        # The options are not the schema's business: a longer list needs no migration.
        return super().deconstruct()

    def codes(self):
        return [value for value, _label in getattr(self.options, "choices", self.options)]

    def to_python(self, value):
        if isinstance(value, list | tuple | set):
            value = " ".join(sorted(value, key=lambda code: self.codes().index(code) if code in self.codes() else -1))
        return super().to_python(value)

    def validate(self, value, model_instance):
        super().validate(value, model_instance)
        known = self.codes()
        for code in (value or "").split():
            if known and code not in known:
                raise ValidationError(
                    self.error_messages["unknown_code"],
                    code="unknown_code",
                    params={"value": code, "choices": ", ".join(known)},
                )

    def formfield(self, **kwargs):
        if not self.options:
            return super().formfield(**kwargs)
        choices = getattr(self.options, "choices", self.options)
        return CodesFormField(
            choices=choices,
            required=not self.blank,
            label=self.verbose_name.capitalize(),
            help_text=self.help_text,
            widget=forms.CheckboxSelectMultiple(attrs={"class": "checkbox-grid"}),
        )


class CountryField(models.CharField):
    """A country by its two letters, in capitals."""

    default_error_messages = {
        "no_country": _("“%(value)s” is no country code. Write two letters of ISO 3166, for example KZ, RU or IE.")
    }

    def __init__(self, *args, **kwargs):
        super().__init__(
            *args, **{"max_length": 2, "blank": True, "help_text": _("Two letters, ISO 3166: KZ, RU, IE.")} | kwargs
        )

    def to_python(self, value):
        value = super().to_python(value)
        code = (value or "").strip()
        return code.upper() if len(code) <= 2 else code

    def run_validators(self, value):
        """One sentence instead of the length's."""
        if value and value not in COUNTRIES:
            raise ValidationError(self.error_messages["no_country"], code="no_country", params={"value": value})

    def formfield(self, **kwargs):
        # Without a limit in the browser: “Kazakhstan” is refused, not cut to “Ka”.
        return super().formfield(**{"max_length": None} | kwargs)


class CodesFormField(forms.MultipleChoiceField):
    def prepare_value(self, value):
        return value.split() if isinstance(value, str) else value

    def clean(self, value):
        return " ".join(super().clean(value))

    def has_changed(self, initial, data):
        return set(self.prepare_value(initial) or ()) != set(self.prepare_value(data) or ())


def in_words(field, value):
    """Codes as people read them, with commas between."""
    labels = dict(getattr(field.options, "choices", field.options))
    return ", ".join(str(labels.get(code, code)) for code in value.split())


class LanguageNames(models.Model):
    """A name in the three languages of the register; the reader's own first."""

    name_en = models.CharField(_("name in English"), max_length=250, blank=True)
    name_ru = models.CharField(_("name in Russian"), max_length=250, blank=True)
    name_kk = models.CharField(_("name in Kazakh"), max_length=250, blank=True)

    class Meta:
        abstract = True

    @property
    def name(self):
        return self.name_in(None)

    def name_in(self, language):
        from django.utils.translation import get_language

        names = {"en": self.name_en, "ru": self.name_ru, "kk": self.name_kk}
        own = names.get((language or get_language() or "en")[:2])
        return own or self.name_en or self.name_ru or self.name_kk

    def clean(self):
        super().clean()
        if not (self.name_en or self.name_ru or self.name_kk):
            raise ValidationError({"name_en": _("Give a name in at least one language.")})


def clause_field():
    """The clause of the policy that a record comes from."""
    return models.ForeignKey(
        "registry.Clause", models.PROTECT, verbose_name=_("clause"), related_name="+", null=True, blank=True
    )


def not_before(first, then, *, name, message):
    """A constraint: where both days are known, `then` is not before `first`."""
    unknown = models.Q(**{f"{then}__isnull": True}) | models.Q(**{f"{first}__isnull": True})
    return models.CheckConstraint(
        condition=unknown | models.Q(**{f"{then}__gte": models.F(first)}), name=name, violation_error_message=message
    )


def overlap(starts, ends, other_starts, other_ends):
    """Whether two periods, inclusive at both ends and open where a date is missing, share a day."""
    return not ((ends and other_starts and ends < other_starts) or (other_ends and starts and other_ends < starts))
