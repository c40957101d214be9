"""What every tracked record has: a time-ordered uid, an operator, classed fields and a place in the journal."""

import os
import time
import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.rules.texts import text_fault

NONE, CONTACT, PERSONAL = "none", "contact", "personal"


def uuid7():
    """A time-ordered UUID (RFC 9562, version 7): rows made together lie together in the index."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def uuid7s(count):
    """So many of them at once, in ascending order: the twelve bits after the time count, more than 4096 go into the future."""
    milliseconds, random = time.time_ns() // 1_000_000, os.urandom(8 * count)
    for number in range(count):
        ahead, counted = divmod(number, 4096)
        tail = int.from_bytes(random[8 * number : 8 * number + 8]) & 0x3FFF_FFFF_FFFF_FFFF
        yield uuid.UUID(int=(milliseconds + ahead) << 80 | 0x7 << 76 | counted << 64 | 0x2 << 62 | tail)


def field_classes(none="", contact="", personal=""):
    """What each tracked field holds: nothing personal, a contact the operator publishes, or personal data."""
    classes = dict.fromkeys(("id", "uid", "operator"), NONE)
    for names, kind in ((none, NONE), (contact, CONTACT), (personal, PERSONAL)):
        classes |= dict.fromkeys(names.split(), kind)
    return classes


class Tracked(models.Model):
    """A record whose every change is kept in its history and committed to in the journal."""

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)

    class Meta:
        abstract = True

    def save(self, **kwargs):
        # The rules of a record hold in a shell, too. Forms have asked them already; asking twice is cheap.
        self.clean()
        super().save(**kwargs)

    @classmethod
    def field_names(cls, kind):
        return [name for name, value in cls.FIELD_CLASSES.items() if value == kind]

    def stored(self):
        """The row as it stands in the database, or None for a new one."""
        return type(self)._base_manager.filter(pk=self.pk).first() if self.pk else None

    def changed_fields(self, stored):
        return {name for name in self.FIELD_CLASSES if getattr(stored, self._meta.get_field(name).attname)
                != getattr(self, self._meta.get_field(name).attname)}  # fmt: skip

    def derived(self):
        """Fields that the history leaves out because they follow from the others, with what they must be now."""
        return {}

    def journal_operator(self):
        """Code of the operator whose trail the entry belongs to; empty for what all operators share."""
        return ""

    def journal_subjects(self):
        """Uids of the people an entry about this record touches."""
        return []


def indexed_operator():
    """The operator, in a model of millions whose own index begins with it: a second one would cost every import."""
    return models.ForeignKey(
        "registry.Operator", models.PROTECT, verbose_name=_("operator"), related_name="+", db_index=False
    )


class OperatorOwned(Tracked):
    """A record of one operator. It never moves to another one and never refers to another one's records."""

    operator = models.ForeignKey("registry.Operator", models.PROTECT, verbose_name=_("operator"), related_name="+")

    # A link takes its operator from this parent.
    PARENT = None

    class Meta:
        abstract = True

    def journal_operator(self):
        return self.operator.code

    def take_operator_from_parent(self):
        if self.PARENT and self.operator_id is None and getattr(self, f"{self.PARENT}_id", None):
            self.operator = getattr(self, self.PARENT).operator

    def full_clean(self, *args, **kwargs):
        self.take_operator_from_parent()
        super().full_clean(*args, **kwargs)

    def clean_fields(self, exclude=None):
        self.take_operator_from_parent()
        super().clean_fields(exclude=exclude)

    def save(self, **kwargs):
        self.take_operator_from_parent()
        super().save(**kwargs)

    def clean(self):
        super().clean()
        self.take_operator_from_parent()
        if self.operator_id is None:
            return
        errors = {}
        for field in self._meta.concrete_fields:
            if not field.is_relation or not issubclass(field.related_model, OperatorOwned):
                continue
            if getattr(self, field.attname) is None:
                continue
            other = getattr(self, field.name)
            if other.operator_id != self.operator_id:
                errors[field.name] = _(
                    "“%(value)s” belongs to another operator. Choose one of this operator’s records."
                ) % {"value": other}
        if self.pk and type(self)._base_manager.filter(pk=self.pk).exclude(operator=self.operator_id).exists():
            errors["operator"] = _("A record cannot move to another operator.")
        if errors:
            raise ValidationError(errors)


class Listed(OperatorOwned):
    """An entry of a list that leaves as CSV and comes in again: whatever route it takes, its texts are such as a file brings."""

    class Meta:
        abstract = True

    def clean(self):
        super().clean()
        faults = {}
        for field in self._meta.concrete_fields:
            if isinstance(field, models.CharField | models.TextField):
                faults[field.name] = text_fault(getattr(self, field.name) or "", settings.IMPORT_MAX_CELL_LENGTH)
        faults = {name: fault for name, fault in faults.items() if fault}
        stored = self.stored() if faults else None  # what stands there already hinders no other change
        faults = {name: fault for name, fault in faults.items() if getattr(stored, name, None) != getattr(self, name)}
        if faults:
            raise ValidationError(faults)
