"""Whose data, and which: categories of data subjects and of personal data."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.journal import History

from .base import field_classes
from .purpose import Coded


class DataCategory(Coded):
    """An element of personal data, with the marks that raise duties (94-V art. 6; 152-FZ art. 10)."""

    class Availability(models.TextChoices):
        RESTRICTED = "restricted", _("restricted access")
        PUBLIC = "public", _("publicly available")

    availability = models.CharField(_("availability"), max_length=12, choices=Availability, blank=True)
    is_identifier = models.BooleanField(_("identifier"), default=False)
    is_special = models.BooleanField(_("special category"), default=False)
    is_biometric = models.BooleanField(_("biometric"), default=False)

    history = History()
    FIELD_CLASSES = field_classes(
        none="code name_en name_ru name_kk availability is_identifier is_special is_biometric"
    )

    class Meta(Coded.Meta):
        verbose_name = _("data category")
        verbose_name_plural = _("data categories")
        ordering = ["code"]


class SubjectCategory(Coded):
    """A group of people whose data are processed: visitors, clients, employees."""

    history = History()
    FIELD_CLASSES = field_classes(none="code name_en name_ru name_kk")

    class Meta(Coded.Meta):
        verbose_name = _("category of data subjects")
        verbose_name_plural = _("categories of data subjects")
        ordering = ["code"]
