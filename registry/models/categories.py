"""Whose data, and which: categories of data subjects and of personal data."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.journal import History
from registry.rules.special import declaration_blockers, marking_blockers

from .base import field_classes
from .gate import KeepsGate, refuse
from .operator import Operator
from .policy import clause_about
from .purpose import Coded

NO_SPECIAL_CATEGORIES = "B33"  # as clauses name what carries them out


class DataCategoryQuerySet(models.QuerySet):
    def special_or_biometric(self):
        return self.filter(models.Q(is_special=True) | models.Q(is_biometric=True))


class DataCategory(KeepsGate, Coded):
    """An element of personal data, with the marks that raise duties (94-V art. 6; 152-FZ art. 10)."""

    class Availability(models.TextChoices):
        RESTRICTED = "restricted", _("restricted access")
        PUBLIC = "public", _("publicly available")

    availability = models.CharField(_("availability"), max_length=12, choices=Availability, blank=True)
    is_identifier = models.BooleanField(_("identifier"), default=False)
    is_special = models.BooleanField(_("special category"), default=False)
    is_biometric = models.BooleanField(_("biometric"), default=False)

    history = History()
    objects = DataCategoryQuerySet.as_manager()
    FIELD_CLASSES = field_classes(
        none="code name_en name_ru name_kk availability is_identifier is_special is_biometric"
    )

    class Meta(Coded.Meta):
        verbose_name = _("data category")
        verbose_name_plural = _("data categories")
        ordering = ["code"]

    @property
    def is_special_or_biometric(self):
        """As `DataCategoryQuerySet.special_or_biometric` says of many."""
        return self.is_special or self.is_biometric

    def clean(self):
        super().clean()
        if self.operator_id and self.is_special_or_biometric:
            operator = Operator.objects.get(pk=self.operator_id)  # as it stands now
            refuse(
                marking_blockers(
                    str(self),
                    excluded=bool(operator.excludes_special),
                    clause=clause_about(operator, NO_SPECIAL_CATEGORIES),
                ),
                operator=operator,
            )

    def save(self, **kwargs):
        # A declaration at the same moment waits here, or this mark for it.
        Operator.take_turns(self.operator_id)
        super().save(**kwargs)


def special_kept(operator):
    """Why the operator cannot declare that it processes no special categories."""
    marked = DataCategory.objects.filter(operator=operator).special_or_biometric().order_by("code")
    return declaration_blockers([str(each) for each in marked], clause=clause_about(operator, NO_SPECIAL_CATEGORIES))


class SubjectCategory(Coded):
    """A group of people whose data are processed: visitors, clients, employees."""

    is_represented = models.BooleanField(
        _("represented by others"), null=True, blank=True,
        help_text=_("Somebody else enters their data: a person is put here only with a representative’s valid document."),
    )  # fmt: skip

    history = History()
    FIELD_CLASSES = field_classes(none="code name_en name_ru name_kk is_represented")

    class Meta(Coded.Meta):
        verbose_name = _("category of data subjects")
        verbose_name_plural = _("categories of data subjects")
        ordering = ["code"]
