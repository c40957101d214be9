"""Terms of the laws and days moved by decision. Rules are rows with a period of validity: a case keeps those of its day."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import DeadlineUnit, Trigger
from registry.journal import History
from registry.rules.deadlines import WITHOUT_AMOUNT, Due, Term, day_of, due, strictest, term_in_words
from registry.rules.working_days import WorkingDays

from .base import Tracked, field_classes
from .fields import CountryField, not_before
from .law import Law, Norm, NormQuerySet

LAST_DAY_OF_A_MONTH = 31


class DeadlineRule(Tracked):
    """A term that a law sets: from which event, how long, extendable once by how much, and which norm says so.

    A new edition of the norm is a new rule with its first day; the old one gets its last. Which counts is decided by the day the
    request was received.
    """

    law = models.ForeignKey(Law, models.PROTECT, verbose_name=_("law"), related_name="deadline_rules")
    code = models.CharField(_("code"), max_length=40, unique=True, help_text=_("For example KZ-INFO."))
    trigger = models.CharField(_("counted from"), max_length=24, choices=Trigger)
    amount = models.PositiveSmallIntegerField(_("term"), default=0)
    unit = models.CharField(_("unit"), max_length=20, choices=DeadlineUnit)
    extension = models.PositiveSmallIntegerField(
        _("extension"),
        null=True,
        blank=True,
        help_text=_("So many more of the same unit, once, with a reasoned notice."),
    )
    norm = models.ForeignKey(Norm, models.PROTECT, verbose_name=_("norm"), related_name="deadline_rules")
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    history = History()
    objects = NormQuerySet.as_manager()
    FIELD_CLASSES = field_classes(none="law code trigger amount unit extension norm valid_from valid_until note")

    class Meta:
        verbose_name = _("deadline rule")
        verbose_name_plural = _("deadline rules")
        ordering = ["law__code", "code"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(unit__in=WITHOUT_AMOUNT) | models.Q(amount__gt=0),
                name="deadline_rule_amount",
                violation_error_message=_("Say how long the term is: an amount of 1 or more."),
            ),
            not_before(
                "valid_from",
                "valid_until",
                name="deadline_rule_period",
                message=_("A rule cannot end before it begins."),
            ),
        ]

    def __str__(self):
        return self.code

    @property
    def term(self):
        return Term(self.amount, self.unit)

    @property
    def term_in_words(self):
        return term_in_words(self.term, self.extension)

    def clean(self):
        super().clean()
        unit = self.get_unit_display()
        if self.amount and self.unit in WITHOUT_AMOUNT:
            raise ValidationError({"amount": _("A term that is %s has no length. Leave it out.") % unit})
        if self.unit == DeadlineUnit.DAY_OF_NEXT_MONTH and self.amount > LAST_DAY_OF_A_MONTH:
            raise ValidationError({"amount": _("No month has a day %s. Correct it.") % self.amount})
        if self.extension and self.unit in (*WITHOUT_AMOUNT, DeadlineUnit.DAY_OF_NEXT_MONTH):
            raise ValidationError({"extension": _("A term that is %s is not extended.") % unit})
        if self.norm_id and self.law_id and self.norm.law_id != self.law_id:
            raise ValidationError(
                {"norm": _("“%s” is a norm of another law. Choose one of this law.") % self.norm.code}
            )


class DayOverride(Tracked):
    """A day that a decision made working or off, later than the calendar the product comes with."""

    country = CountryField(_("calendar country"), blank=False)
    day_on = models.DateField(_("day"))
    is_working = models.BooleanField(_("worked"))
    source = models.CharField(_("source"), max_length=300, help_text=_("The decision, its number and date."))

    history = History()
    FIELD_CLASSES = field_classes(none="country day_on is_working source")

    class Meta:
        verbose_name = _("moved day")
        verbose_name_plural = _("moved days")
        ordering = ["-day_on", "country"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["country", "day_on"],
                name="day_override_once",
                violation_error_message=_("This day is on the list already."),
            )
        ]

    def __str__(self):
        return f"{self.country} {self.day_on}"


def working_days(country):
    """The calendar of a country with the decisions on record."""
    moved = DayOverride.objects.filter(country=country).values_list("day_on", "is_working")
    return WorkingDays(country, dict(moved))


def calendar_of(law, operator):
    """The calendar of the law; of the operator's country where the law has none, or it is a promise of the operator's own."""
    country = law.calendar_country if law else ""
    return working_days(country or operator.country or "KZ")


def first_due(operator, triggers, event_at):
    """(rule, Due) of the term that ends first among those that the operator's laws count from the event; (None, Due()) without."""
    rules = DeadlineRule.objects.in_force(day_of(event_at)).filter(
        law__in=operator.laws.values("law"), trigger__in=triggers
    )
    rules = list(rules.select_related("law", "norm__law"))
    dues = [due(rule.term, event_at, calendar_of(rule.law, operator)) for rule in rules]
    first = strictest(dues)
    return (None, Due()) if first is None else (rules[first], dues[first])
