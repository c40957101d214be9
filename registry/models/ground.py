"""On what ground a person's data serve a purpose, and decisions of the operator about grounds that no law of it knows."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import HandlingAct
from registry.journal import History

from .base import OperatorOwned, field_classes, indexed_operator
from .consent import Agreement, Consent
from .fields import not_before
from .held import HeldByBlocks, HeldQuerySet
from .people import DataSubject
from .purpose import LegalBasis


class GroundDecisionQuerySet(models.QuerySet):
    def live(self, on):
        return self.filter(
            models.Q(revoked_at__isnull=True), models.Q(valid_from__lte=on), models.Q(valid_until__gte=on)
        )


class GroundDecision(OperatorOwned):
    """A decision to rely, for a term, on a ground that the policy declares and no law of the operator knows.

    94-V art. 9 has neither contract nor legitimate interest. Whoever decides otherwise says why and until when, and answers for it.
    """

    PARENT = "basis"

    basis = models.ForeignKey(LegalBasis, models.PROTECT, verbose_name=_("legal basis"), related_name="decisions")
    why = models.TextField(_("reasons"))
    document = models.CharField(_("document"), max_length=250, help_text=_("Order or minutes, number and date."))
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), help_text=_("Last day. A decision without an end is none."))
    decided_at = models.DateTimeField(_("decided"))
    decided_by = models.ForeignKey("registry.User", models.PROTECT, verbose_name=_("decided by"), related_name="+")
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    revoked_by = models.ForeignKey(
        "registry.User",
        models.PROTECT,
        verbose_name=_("revoked by"),
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )

    history = History()
    objects = GroundDecisionQuerySet.as_manager()
    FIELD_CLASSES = field_classes(
        none="basis why document valid_from valid_until decided_at decided_by revoked_at revoked_by"
    )

    class Meta:
        verbose_name = _("decision about a ground")
        verbose_name_plural = _("decisions about grounds")
        ordering = ["-valid_until", "-pk"]
        constraints = [
            not_before(
                "valid_from",
                "valid_until",
                name="ground_decision_period",
                message=_("A decision cannot end before it begins. Check the two dates."),
            )
        ]

    def __str__(self):
        return f"{self.basis} · {self.valid_from}–{self.valid_until}"


class SubjectPurposeQuerySet(HeldQuerySet):
    def live(self, on):
        """Purposes the person's data serve on that day."""
        return self.filter(models.Q(until_on__isnull=True) | models.Q(until_on__gte=on), since_on__lte=on)


class SubjectPurpose(HeldByBlocks, OperatorOwned):
    """A purpose that a person's data serve, from when until when, and the one ground it rests on."""

    PARENT = "subject"

    class Ground(models.TextChoices):
        CONSENT = "consent", _("consent")
        AGREEMENT = "agreement", _("agreement")
        NORM = "norm", _("a norm")

    class Stop(models.TextChoices):
        EXPIRED = "expired", _("the ground ended")
        WITHDRAWN = "withdrawn", _("consent withdrawn")
        DEMANDED = "demanded", _("demand to stop")
        REACHED = "reached", _("purpose reached")
        UNLAWFUL = "unlawful", _("unlawful processing found")

    operator = indexed_operator()
    subject = models.ForeignKey(
        DataSubject, models.PROTECT, verbose_name=_("data subject"), related_name="purposes", db_index=False
    )
    purpose = models.ForeignKey("registry.Purpose", models.PROTECT, verbose_name=_("purpose"), related_name="people")
    ground = models.CharField(_("ground"), max_length=12, choices=Ground)
    consent = models.ForeignKey(
        Consent, models.PROTECT, verbose_name=_("consent"), related_name="purposes", null=True, blank=True
    )
    agreement = models.ForeignKey(
        Agreement, models.PROTECT, verbose_name=_("agreement"), related_name="purposes", null=True, blank=True
    )
    basis = models.ForeignKey(
        LegalBasis, models.PROTECT, verbose_name=_("legal basis"), related_name="people", null=True, blank=True,
        help_text=_("Of an agreement or a norm: the basis that makes it a ground."),
    )  # fmt: skip
    since_on = models.DateField(_("since"))
    until_on = models.DateField(_("until"), null=True, blank=True, help_text=_("Last day."))
    stop = models.CharField(_("why it ended"), max_length=12, choices=Stop, blank=True)

    history = History()
    objects = SubjectPurposeQuerySet.as_manager()
    FIELD_CLASSES = field_classes(none="subject purpose ground consent agreement basis since_on until_on stop")

    class Meta:
        verbose_name = _("purpose of a person")
        verbose_name_plural = _("purposes of persons")
        ordering = ["subject", "purpose__code", "-since_on"]
        indexes = [models.Index(fields=["operator", "-id"], name="subject_purpose_list")]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "purpose", "since_on"],
                name="subject_purpose_once_a_day",
                violation_error_message=_("The person’s data serve this purpose from that day already."),
            ),
            not_before(
                "since_on", "until_on", name="subject_purpose_period", message=_("This cannot end before it begins.")
            ),
            models.CheckConstraint(
                condition=models.Q(ground="consent", consent__isnull=False, agreement__isnull=True)
                | models.Q(ground="agreement", agreement__isnull=False, basis__isnull=False, consent__isnull=True)
                | models.Q(ground="norm", basis__isnull=False, consent__isnull=True, agreement__isnull=True),
                name="subject_purpose_names_its_ground",
                violation_error_message=_(
                    "Name the one ground: a consent, an agreement with its basis, or a norm’s basis."
                ),
            ),
        ]

    def __str__(self):
        return f"{self.subject} · {self.purpose.code}"

    def held_activities(self):
        return frozenset(self.purpose.activities.values_list("activity", flat=True))

    def handling_act(self, stored):
        ends = stored is not None and self.until_on is not None and self.until_on <= (stored.until_on or self.until_on)
        return HandlingAct.NARROW if ends else HandlingAct.USE

    def journal_subjects(self):
        return [self.subject.uid]

    def clean(self):
        super().clean()
        for name in ("consent", "agreement"):
            record = getattr(self, name) if getattr(self, f"{name}_id") else None
            if record is not None and record.subject_id != self.subject_id:
                raise ValidationError({name: _("This is somebody else’s. Choose one of this person’s.")})
        if self.consent_id and self.purpose_id and self.consent.purpose_id != self.purpose_id:
            raise ValidationError({"consent": _("This consent is for another purpose. Choose one for this purpose.")})
