"""One cell of a vocabulary's file and the value of a field, both ways: what leaves is what comes in again."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export import widgets

from registry.exports.formulas import Phone
from registry.exports.register_file import LIBRARY
from registry.models import Clause, Norm, Policy
from registry.models.fields import CodesField
from registry.rules.dates import parse_date

from .rows import WORDS

BETWEEN = " / "
# What has no code is called by these of its fields; by the last one of a clause, the first one of a policy where that is enough.
CALLED = {Policy: ("version", "language"), Clause: ("policy__version", "policy__language", "number")}
ALONE = {Policy: "version", Clause: "number"}


def said(text):
    """What a cell says, without the blanks around it; spreadsheets write line ends of their own."""
    return text.replace("\r\n", "\n").strip()


class OneField(widgets.Widget):
    """A cell as the value of a model's field. ValueError says what is wrong with it and what to do."""

    def __init__(self, field, operator):
        super().__init__()
        self.field, self.operator = field, operator
        self.records = {}

    @property
    def is_of_words(self):
        field = self.field
        return isinstance(field, models.CharField | models.TextField) and not isinstance(field, models.URLField)

    def clean(self, value, row=None, **kwargs):
        field = self.field
        if field.is_relation:
            return self._record(value)
        if isinstance(field, CodesField):
            return field.to_python(list(dict.fromkeys(value.replace(",", " ").replace(";", " ").split())))
        if isinstance(field, models.BooleanField):
            return self._one_of(value, {word: said for said, words in WORDS.items() for word in words.split(";")})
        if field.choices:
            labels = {str(label).casefold(): code for code, label in field.flatchoices}
            return self._one_of(value, labels | {str(code).casefold(): code for code, _label in field.flatchoices})
        if isinstance(field, models.DateField):
            checked = parse_date(value, today=timezone.localdate(), future=True)
            if checked.error:
                raise ValueError(_("“%(value)s”: %(error)s.") % {"value": value, "error": checked.error})
            return checked.value
        try:
            return field.to_python(value)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from None

    def render(self, value, obj=None, **kwargs):
        """The value as a file holds it; `clean` reads it."""
        if value is None or value == "":
            return ""
        if isinstance(value, models.Model):
            return self._name(value)
        if isinstance(value, bool):
            return "true" if value else "false"
        return Phone(value) if self.field.name == "phone" else str(value)

    def as_written(self, text):
        """The text as `render` would give its value; one that cannot be read stays as it is, and is refused in its row."""
        try:
            return said(self.render(self.clean(text))) if text else ""
        except ValueError:
            return text

    def _one_of(self, value, known):
        if (found := known.get(value.casefold())) is None:
            codes = ", ".join(str(code).lower() for code in dict.fromkeys(known.values()))
            raise ValueError(
                _("“%(value)s” is not on the list. Write one of: %(codes)s.") % {"value": value, "codes": codes}
            )
        return found

    def _name(self, record):
        if isinstance(record, Clause):
            return BETWEEN.join([record.policy.version, record.policy.language, record.number])
        return BETWEEN.join([record.version, record.language]) if isinstance(record, Policy) else record.code

    def _record(self, value):
        if value not in self.records:
            self.records[value] = self._find(value)
        return self.records[value]

    def _find(self, value):
        model = self.field.related_model
        found = list(self._candidates(model, value)[:2])
        if len(found) == 1:
            return found[0]
        told = {"value": value, "kind": model._meta.verbose_name}
        if found and model is Policy:
            raise ValueError(_("“%(value)s” is the version of two policies. Write version / language.") % told)
        if found:
            raise ValueError(_("“%(value)s” is a clause of two policies. Write version / language / number.") % told)
        if model is Norm:
            raise ValueError(_("There is no norm “%(value)s”. Write its code, for example KZ-94-V/8(1).") % told)
        raise ValueError(_("The operator has no %(kind)s “%(value)s”. Correct it, or add that record first.") % told)

    def _candidates(self, model, value):
        if model in LIBRARY:
            return model.objects.filter(code=value)
        own = model.objects.filter(operator=self.operator)
        if model not in CALLED:
            return own.filter(code=value)
        parts = CALLED[model]
        between = [each for part in parts for each in (Value(BETWEEN), part)][1:]
        return own.annotate(called=Concat(*between)).filter(Q(called=value) | Q(**{ALONE[model]: value}))
