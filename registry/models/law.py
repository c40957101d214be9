"""Laws and their norms: citations are rows with a period of validity and a mark of how they were verified."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import NormTopic
from registry.journal import History

from .base import Tracked, field_classes
from .fields import CodesField, CountryField, LanguageNames, not_before


class Law(LanguageNames, Tracked):
    """A law an operator may be under. Its calendar says which days are working days; the GDPR counts by the operator's."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    calendar_country = CountryField(_("calendar country"))

    history = History()
    FIELD_CLASSES = field_classes(none="code name_en name_ru name_kk calendar_country")

    class Meta:
        verbose_name = _("law")
        verbose_name_plural = _("laws")
        ordering = ["code"]
        default_permissions = ("view",)

    def __str__(self):
        return self.code


class NormQuerySet(models.QuerySet):
    def in_force(self, on):
        return self.filter(
            models.Q(valid_from__isnull=True) | models.Q(valid_from__lte=on),
            models.Q(valid_until__isnull=True) | models.Q(valid_until__gte=on),
        )

    def about(self, topic):
        return self.filter(topics__regex=rf"(^|\s){topic}(\s|$)")


class Norm(Tracked):
    """An article of a law, in our own words. What was not read in an official text is shown as unverified."""

    class Verified(models.TextChoices):
        VERIFIED = "verified", _("verified")
        SECONDARY = "secondary", _("secondary source")
        UNVERIFIED = "unverified", _("unverified")

    law = models.ForeignKey(Law, models.PROTECT, verbose_name=_("law"), related_name="norms")
    code = models.CharField(_("code"), max_length=60, unique=True, help_text=_("For example KZ-94-V/8(4)."))
    act = models.CharField(
        _("act"),
        max_length=60,
        blank=True,
        help_text=_("The rules or order under the law, where it is not the law itself."),
    )
    article = models.CharField(_("article"), max_length=60, blank=True)
    topics = CodesField(_("topics"), options=NormTopic)
    is_ground = models.BooleanField(_("is a ground for processing"), default=False)
    text_en = models.TextField(_("what it says, in English"))
    text_ru = models.TextField(_("what it says, in Russian"), blank=True)
    text_kk = models.TextField(_("what it says, in Kazakh"), blank=True)
    verified = models.CharField(_("verification"), max_length=12, choices=Verified, default=Verified.UNVERIFIED)
    source = models.CharField(_("source"), max_length=300, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    history = History()
    objects = NormQuerySet.as_manager()
    FIELD_CLASSES = field_classes(
        none="law code act article topics is_ground text_en text_ru text_kk verified source valid_from valid_until"
    )

    class Meta:
        verbose_name = _("norm")
        verbose_name_plural = _("norms")
        ordering = ["law__code", "code"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(act="", article=""),
                name="norm_has_a_place",
                violation_error_message=_("Say where the norm stands: an article of the law, or an act under it."),
            ),
            not_before(
                "valid_from", "valid_until", name="norm_period", message=_("A norm cannot end before it begins.")
            ),
        ]

    def __str__(self):
        return self.citation

    @property
    def place(self):
        """Where it stands."""
        if self.act:
            return f"{self.act} {self.article}".strip()
        return _("%(law)s art. %(article)s") % {"law": self.law.code, "article": self.article}

    @property
    def citation(self):
        """As shown to people: unverified citations say so."""
        mark = "" if self.verified == self.Verified.VERIFIED else f" ({self.get_verified_display()})"
        return self.place + mark

    def text_in(self, language):
        return getattr(self, f"text_{(language or 'en')[:2]}", "") or self.text_en
