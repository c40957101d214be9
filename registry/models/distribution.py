"""Consent to distribution: what the person forbids or allows of each category, and the publication of that (152-FZ art. 10.1)."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.choices import HandlingAct, Trigger
from registry.journal import History
from registry.rules.consent import condition_blockers, publication_blockers
from registry.rules.deadlines import start_of
from registry.rules.grounds import DISTRIBUTION

from .base import OperatorOwned, field_classes
from .deadline import first_due
from .gate import refuse
from .held import HeldByBlocks, HeldQuerySet


class PublishesConditions(models.Model):
    """What a consent knows of the publication of its conditions, where it is one to distribution."""

    class Meta:
        abstract = True

    def publication_term(self):
        """(rule, Due): by when the conditions are to be published, by the operator's laws (152-FZ art. 10.1(10))."""
        self.take_operator_from_parent()
        return first_due(self.operator, {Trigger.DISTRIBUTION_CONSENT}, start_of(self.given_on))

    def publication_due(self):
        return self.publication_term()[1].on if self.kind == DISTRIBUTION else None

    @property
    def is_published_late(self):
        due_on, on = self.publication_due_on, self.conditions_published_on
        return bool(due_on and on and on > due_on)

    def publish_conditions(self, *, on, url, at):
        """Records where and since when the conditions are published; a second time corrects it. Late is recorded as late."""
        today = timezone.localdate(at)
        refuse(publication_blockers(self.kind, self.term, on=on, today=today, url=url), operator=self.operator)
        if (self.conditions_published_on, self.conditions_url) == (on, url):
            return
        self.conditions_published_on, self.conditions_url = on, url
        self.full_clean()
        self.save()


class DistributionConditionQuerySet(HeldQuerySet):
    SUBJECT = "consent__subject"

    def forbidden(self, subject, purposes, on):
        """Ids of the categories that the consents of the person to these purposes keep from the public on that day."""
        consents = subject.consents.in_force(on).filter(kind=DISTRIBUTION, purpose__in=purposes)
        return set(self.filter(consent__in=consents, is_prohibited=True).values_list("data_category", flat=True))


class DistributionCondition(HeldByBlocks, OperatorOwned):
    """What a consent to distribution says of one category of data: forbidden, or allowed under conditions (152-FZ art. 10.1)."""

    PARENT = "consent"

    consent = models.ForeignKey(
        "registry.Consent", models.PROTECT, verbose_name=_("consent"), related_name="distribution_conditions"
    )
    data_category = models.ForeignKey(
        "registry.DataCategory", models.PROTECT, verbose_name=_("data category"), related_name="+"
    )
    is_prohibited = models.BooleanField(_("may not be distributed"), default=False)
    conditions = models.TextField(_("conditions"), blank=True)

    history = History()
    objects = DistributionConditionQuerySet.as_manager()
    FIELD_CLASSES = field_classes(none="consent data_category is_prohibited", personal="conditions")

    class Meta:
        verbose_name = _("condition of distribution")
        verbose_name_plural = _("conditions of distribution")
        ordering = ["consent", "data_category__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["consent", "data_category"],
                name="distribution_condition_once",
                violation_error_message=_("The consent says something of this category already."),
            )
        ]

    def __str__(self):
        return str(self.data_category)

    def clean(self):
        super().clean()
        if self.consent_id:
            refuse(condition_blockers(self.consent.kind, self.is_prohibited, self.conditions), operator=self.operator)

    def held_subject_id(self):
        return self.consent.subject_id

    def handling_act(self, stored):
        """What the person forbids is noted, whatever stands in the way of the rest."""
        forbids = self.is_prohibited and (stored is None or self.changed_fields(stored) == {"is_prohibited"})
        return HandlingAct.NARROW if forbids else HandlingAct.CHANGE

    def journal_subjects(self):
        return self.consent.journal_subjects()
