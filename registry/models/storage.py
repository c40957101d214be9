"""Where data lie, how long, and what protects them; trackers of the site."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import TermUnit
from registry.journal import History
from registry.rules.localisation import DatabaseFacts

from .base import field_classes
from .fields import CountryField, clause_field
from .gate import KeepsGate
from .law import Norm
from .purpose import Coded


class Database(KeepsGate, Coded):
    """An ordered set of personal data in any form, paper included (94-V art. 1)."""

    class Form(models.TextChoices):
        ELECTRONIC = "electronic", _("electronic")
        PAPER = "paper", _("paper")

    class Standing(models.TextChoices):
        ORIGINAL = "original", _("original")
        COPY = "copy", _("copy")

    form = models.CharField(_("form"), max_length=12, choices=Form, default=Form.ELECTRONIC)
    standing = models.CharField(_("original or copy"), max_length=12, choices=Standing, blank=True)
    country = CountryField(_("country"))
    is_abroad = models.BooleanField(
        _("known to be abroad"), default=False, help_text=_("Where the policy names no country.")
    )
    address = models.CharField(_("address"), max_length=400, blank=True)
    provider = models.CharField(_("provider"), max_length=200, blank=True)
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("merged into"),
        related_name="merged",
        null=True,
        blank=True,
        editable=False,
    )
    clause = clause_field()

    history = History()
    FIELD_CLASSES = field_classes(
        none="code name_en name_ru name_kk form standing country is_abroad address provider merged_into clause"
    )

    class Meta(Coded.Meta):
        verbose_name = _("database")
        verbose_name_plural = _("databases")
        ordering = ["code"]

    def clean(self):
        super().clean()
        if self.is_abroad and self.operator_id and self.country and self.country == self.operator.country:
            raise ValidationError(
                {
                    "country": _(
                        "“%s” is the operator’s own country, yet the database is marked as abroad. Correct one of them."
                    )
                    % self.country
                }
            )
        if self.merged_into_id and self.activities.exists():
            raise ValidationError(
                _("Activities still keep data in “%s”. Merge it by the act, which moves them, or is refused.") % self
            )

    def facts(self):
        return DatabaseFacts(str(self), self.country, self.is_abroad)

    def findings(self):
        """Which activities keep data here, abroad, without a base in Kazakhstan beside it; which incompatible purposes it serves."""
        from .compatibility import findings_in  # it asks for the activities that keep data here

        [(_database, found)] = findings_in(self.operator, [self])
        return found


class RetentionRule(KeepsGate, Coded):
    """How long data are kept after what, and what happens then."""

    class Trigger(models.TextChoices):
        PURPOSE_REACHED = "purpose_reached", _("purpose reached")
        CONSENT_END = "consent_end", _("consent ended")
        RELATIONS_END = "relations_end", _("relations ended")
        CONTRACT_END = "contract_end", _("contract ended")
        LAW = "law", _("as a law says")
        COLLECTION = "collection", _("collection")

    class Then(models.TextChoices):
        DESTROY = "destroy", _("destruction")
        DEPERSONALISE = "depersonalise", _("depersonalisation")

    trigger = models.CharField(_("counted from"), max_length=20, choices=Trigger)
    period = models.PositiveSmallIntegerField(
        _("period"), null=True, blank=True, help_text=_("Empty where the policy names none.")
    )
    unit = models.CharField(_("unit"), max_length=12, choices=TermUnit, blank=True)
    norm = models.ForeignKey(Norm, models.PROTECT, verbose_name=_("norm"), related_name="+", null=True, blank=True)
    then = models.CharField(_("then"), max_length=16, choices=Then, blank=True)
    clause = clause_field()

    history = History()
    FIELD_CLASSES = field_classes(none="code name_en name_ru name_kk trigger period unit norm then clause")

    class Meta(Coded.Meta):
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        ordering = ["code"]
        constraints = [
            *Coded.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(period__isnull=True, unit="")
                | (models.Q(period__isnull=False) & ~models.Q(unit="")),
                name="retention_period_with_unit",
                violation_error_message=_("A period needs its unit, and a unit its period. Enter both or neither."),
            ),
        ]

    @property
    def is_complete(self):
        """Whether a term can be computed from it and what follows is said."""
        return self.then != "" and (self.period is not None or self.norm_id is not None)


class SecurityMeasure(Coded):
    """A legal, organisational or technical measure of protection."""

    class Kind(models.TextChoices):
        LEGAL = "legal", _("legal")
        ORGANISATIONAL = "organisational", _("organisational")
        TECHNICAL = "technical", _("technical")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind, blank=True)
    description = models.TextField(_("description"), blank=True)
    reviewed_on = models.DateField(_("last reviewed on"), null=True, blank=True)
    clause = clause_field()

    history = History()
    FIELD_CLASSES = field_classes(none="code name_en name_ru name_kk kind description reviewed_on clause")

    class Meta(Coded.Meta):
        verbose_name = _("security measure")
        verbose_name_plural = _("security measures")
        ordering = ["code"]


class Tracker(Coded):
    """A cookie or another tracking technology of the site."""

    class Party(models.TextChoices):
        FIRST = "first", _("first party")
        THIRD = "third", _("third party")

    class Category(models.TextChoices):
        NECESSARY = "necessary", _("strictly necessary")
        PREFERENCES = "preferences", _("preferences")
        ANALYTICS = "analytics", _("analytics")
        ADVERTISING = "advertising", _("advertising")

    provider = models.ForeignKey(
        "registry.Recipient", models.PROTECT, verbose_name=_("provider"), related_name="trackers", null=True, blank=True
    )
    party = models.CharField(_("party"), max_length=8, choices=Party, blank=True)
    category = models.CharField(_("category"), max_length=12, choices=Category, blank=True)
    purpose = models.ForeignKey(
        "registry.Purpose", models.PROTECT, verbose_name=_("purpose"), related_name="trackers", null=True, blank=True
    )
    term = models.CharField(_("term"), max_length=120, blank=True)
    clause = clause_field()

    history = History()
    FIELD_CLASSES = field_classes(none="code name_en name_ru name_kk provider party category purpose term clause")

    class Meta(Coded.Meta):
        verbose_name = _("tracker")
        verbose_name_plural = _("trackers")
        ordering = ["code"]
