"""Which countries ensure protection of personal data, under which law, by which source, from when until when."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.journal import History

from .base import Tracked, field_classes
from .fields import CountryField, not_before, overlap
from .law import Law, Norm, NormQuerySet
from .moves import SettlesTransfers


class CountryProtection(SettlesTransfers, Tracked):
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

    @property
    def source_with_mark(self):
        mark = "" if self.verified == Norm.Verified.VERIFIED else f" ({self.get_verified_display()})"
        return self.source + mark

    def clean(self):
        super().clean()
        if self.law_id is None:
            return
        for other in type(self).objects.filter(law=self.law_id, country=self.country).exclude(pk=self.pk):
            if overlap(self.valid_from, self.valid_until, other.valid_from, other.valid_until):
                raise ValidationError(
                    {
                        "valid_from": _(
                            "Another standing of this country is in force then. Give that one its last day first."
                        )
                    }
                )

    def transfers_at_stake(self):
        stored = self.stored()
        return {"country__in": {self.country, *([stored.country] if stored else [])}}
