"""Which countries ensure protection of personal data, under which law, by which source, from when until when."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.journal import History

from .base import Tracked, field_classes
from .fields import CountryField, not_before
from .law import Law, Norm, NormQuerySet


class CountryProtection(Tracked):
    """A country's standing under a law. What no row says is unknown, and what is unknown ensures nothing.

    Kazakhstan publishes no list of such states; whoever relies on one names the source.
    """

    law = models.ForeignKey(Law, models.PROTECT, verbose_name=_("law"), related_name="countries")
    country = CountryField(_("country"), blank=False)
    protects = models.BooleanField(_("ensures protection"))
    source = models.CharField(_("source"), max_length=300)
    verified = models.CharField(
        _("verification"), max_length=12, choices=Norm.Verified, default=Norm.Verified.UNVERIFIED
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    history = History()
    objects = NormQuerySet.as_manager()
    FIELD_CLASSES = field_classes(none="law country protects source verified valid_from valid_until")

    class Meta:
        verbose_name = _("protection in a country")
        verbose_name_plural = _("protection in countries")
        ordering = ["country", "law__code", "-valid_from"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["law", "country", "valid_from"],
                name="country_protection_once",
                violation_error_message=_("The country’s standing from that day is on the list already."),
            ),
            not_before(
                "valid_from",
                "valid_until",
                name="country_protection_period",
                message=_("This cannot end before it begins."),
            ),
        ]

    def __str__(self):
        return f"{self.country} · {self.law.code}"
