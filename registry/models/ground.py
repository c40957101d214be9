"""On what ground a person's data serve a purpose, and decisions of the operator about grounds that no law of it knows."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.choices import HandlingAct, NormTopic
from registry.journal import History
from registry.rules.blockers import Blocker
from registry.rules.grounds import BY_CONSENT, BY_CONTRACT, DecisionFacts, decision_blockers, ground_blockers

from .base import OperatorOwned, field_classes, indexed_operator
from .consent import Agreement, Consent
from .fields import not_before
from .gate import refuse
from .held import HeldByBlocks, HeldQuerySet
from .moves import MovesGrounds
from .people import DataSubject
from .purpose import LegalBasis


class GroundDecisionQuerySet(models.QuerySet):
    def live(self, on):
        return self.filter(
            models.Q(revoked_at__isnull=True), models.Q(valid_from__lte=on), models.Q(valid_until__gte=on)
        )


class GroundDecision(MovesGrounds, OperatorOwned):
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

    def stands_on(self, day):
        """As `GroundDecisionQuerySet.live` says of many."""
        return self.revoked_at is None and self.valid_from <= day <= self.valid_until

    def clean(self):
        super().clean()
        stored = self.stored()
        if stored is not None:
            if any(getattr(stored, name) != getattr(self, name) for name in self.fixed_attnames()):
                raise ValidationError(_("A decision stays as it was taken. Revoke it and take another one."))
        elif self.basis_id and self.valid_from and self.valid_until:
            refuse(decision_blockers(self.facts()), operator=self.operator)

    def fixed_attnames(self):
        return [field.attname for field in self._meta.concrete_fields if field.name not in ("revoked_at", "revoked_by")]

    def facts(self):
        """What the gate asks before it is taken."""
        others = GroundDecision.objects.filter(basis=self.basis, revoked_at__isnull=True)
        overlapping = others.filter(valid_from__lte=self.valid_until, valid_until__gte=self.valid_from)
        return DecisionFacts(
            basis=str(self.basis),
            kind=self.basis.kind,
            is_known=self.basis.known_to_law,
            why=self.why,
            decided_until=overlapping.order_by("-valid_until").values_list("valid_until", flat=True).first(),
        )

    def delete(self, **kwargs):
        raise ValidationError(_("A decision is not deleted. Revoke it."))

    def revoke(self, *, by, at):
        """From now on nothing rests on it; a second time adds nothing."""
        if self.revoked_at is None:
            self.revoked_at, self.revoked_by = at, by
            self.save()


class SubjectPurposeQuerySet(HeldQuerySet):
    def live(self, on):
        """Purposes the person's data serve on that day. What was stopped is served no longer on the very day of the stop."""
        ends = models.Q(stop="") & (models.Q(until_on__isnull=True) | models.Q(until_on__gte=on))
        return self.filter(ends | (~models.Q(stop="") & models.Q(until_on__gt=on)), since_on__lte=on)

    def with_ground(self, on):
        """Those whose ground is live on that day: the consent stands and is complete, the agreement runs, a law knows the basis."""
        return self.filter(_consent_holds(on) | _agreement_holds(on) | _norm_holds(on))

    def groundless(self, on):
        """Whose data serve a purpose without a live ground: there is never one."""
        mine = self.model.objects.with_ground(on).filter(pk=models.OuterRef("pk"))
        return self.live(on).alias(with_ground=_looked_up(mine)).filter(with_ground=None)


def _looked_up(one):
    """The key of one record, where it is as asked. PostgreSQL reads whole tables for an EXISTS whose statistics say little of them;
    this it looks up by its key.
    """
    return models.Subquery(one.order_by().values("pk"))


def _consent_holds(on):
    """A consent for a marketing purpose is one to marketing, every other one to processing."""
    good = Consent.objects.in_force(on).complete().exclude(is_implied=True)
    good = good.filter(pk=models.OuterRef("consent"), purpose=models.OuterRef("purpose"))
    right_kind = models.Q(kind="marketing", purpose__is_marketing=True) | models.Q(
        kind="processing", purpose__is_marketing=False
    )
    return models.Q(ground="consent", consent=_looked_up(good.filter(right_kind)))


def _basis_holds(on):
    """The basis still belongs to the purpose, and a law of the operator knows it or a decision relies on it."""
    from .activity import ProcessingActivity
    from .activity_links import ActivityPurpose
    from .operator import OperatorLaw

    linked = ActivityPurpose.objects.filter(purpose=models.OuterRef("purpose"), basis=models.OuterRef("basis"))
    linked = linked.exclude(activity__status=ProcessingActivity.Status.ENDED)
    own = OperatorLaw.objects.filter(operator=models.OuterRef("operator"), law=models.OuterRef("basis__norm__law"))
    known = models.Q(basis__norm__is_ground=True) & models.Exists(own)
    decided = models.Exists(GroundDecision.objects.live(on).filter(basis=models.OuterRef("basis")))
    return models.Exists(linked) & (known | decided) & models.Q(purpose__is_marketing=False)


def _agreement_holds(on):
    runs = _looked_up(Agreement.objects.running(on).filter(pk=models.OuterRef("agreement")))
    return models.Q(ground="agreement", agreement=runs, basis__kind__in=BY_CONTRACT) & _basis_holds(on)


def _norm_holds(on):
    return models.Q(ground="norm") & ~models.Q(basis__kind__in=(*BY_CONSENT, *BY_CONTRACT)) & _basis_holds(on)


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

    WRITING = HandlingAct.USE
    OF_ACTIVITIES = True

    def held_activities(self):
        return frozenset(self.purpose.activities.values_list("activity", flat=True))

    def handling_act(self, stored):
        ends = stored is not None and self.until_on is not None and self.until_on <= (stored.until_on or self.until_on)
        alone = ends and self.changed_fields(stored) <= {"until_on", "stop"}
        return HandlingAct.NARROW if alone else self.WRITING

    def journal_subjects(self):
        return [self.subject.uid]

    def serves_on(self, day):
        """As `SubjectPurposeQuerySet.live` says of many."""
        if self.stop:
            return self.since_on <= day and self.until_on is not None and self.until_on > day
        return self.since_on <= day and (self.until_on is None or self.until_on >= day)

    def clean(self):
        super().clean()
        for name in ("consent", "agreement"):
            record = getattr(self, name) if getattr(self, f"{name}_id") else None
            if record is not None and record.subject_id != self.subject_id:
                raise ValidationError({name: _("This is somebody else’s. Choose one of this person’s.")})
        if self.consent_id and self.purpose_id and self.consent.purpose_id != self.purpose_id:
            raise ValidationError({"consent": _("This consent is for another purpose. Choose one for this purpose.")})

    def save(self, **kwargs):
        """Asks the basis gate whenever the data begin to serve a purpose, or go on on another ground."""
        stored = self.stored()
        named = (
            "subject_id",
            "purpose_id",
            "ground",
            "consent_id",
            "agreement_id",
            "basis_id",
            "since_on",
            "until_on",
            "stop",
        )
        if stored is None or any(getattr(stored, name) != getattr(self, name) for name in named):
            super().save(**kwargs)
            self.refuse_without_ground()

    def refuse_without_ground(self):
        """The transaction is undone where what was saved is served today and rests on nothing."""
        from .grounding import ground_facts

        today = timezone.localdate()
        mine = type(self).objects.filter(pk=self.pk)
        if mine.groundless(today).exists():
            found = ground_blockers(ground_facts(self.subject, self.purpose, today))
            refuse(found or [not_this_ground()], operator=self.operator)

    def end(self, why, *, on):
        """From that day on the data serve the purpose no longer; not saved."""
        self.until_on, self.stop = max(on, self.since_on), why

    def stop_now(self, why, *, on):
        """As `end`, and saved."""
        self.end(why, on=on)
        self.save()


def not_this_ground():
    """The purpose has a ground, but not the one that was named."""
    return Blocker("other-ground", _("What was named as the ground does not hold today. Choose the one that does."),
                   NormTopic.LAWFUL_BASIS, "ground")  # fmt: skip
