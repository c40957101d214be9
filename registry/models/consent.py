"""Consents and agreements: what a person has agreed to, when, how, and until when."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.choices import HandlingAct, NormTopic
from registry.journal import History
from registry.rules.blockers import Blocker
from registry.rules.consent import (
    ConsentFacts,
    Term,
    ends_by_renewal,
    missing_items,
    recording_blockers,
    standing_withdrawal,
)

from .base import OperatorOwned, field_classes, indexed_operator
from .distribution import PublishesConditions
from .fields import not_before
from .gate import Refusal, refuse
from .held import HeldByBlocks, HeldQuerySet
from .moves import MovesOwnGrounds
from .people import DataSubject


def is_complete():
    """Lacks no item of art. 8(4), as `Consent.missing` says of one."""
    return models.Q(
        ~models.Q(operator__name_en="", operator__name_ru="", operator__name_kk=""),
        ~models.Q(operator__bin=""),
        ~models.Q(subject__surname="", subject__given_name=""),
        models.Q(expires_on__isnull=False) | models.Q(until_purpose_reached=True),
        ~models.Q(data_list=""),
        third_parties__isnull=False,
        cross_border__isnull=False,
        publication__isnull=False,
    )


class ConsentQuerySet(HeldQuerySet):
    def complete(self):
        return self.filter(is_complete())

    def counted(self):
        """How many there are, and how many of them are complete; of a million in one go."""
        found = self.aggregate(all=models.Count("pk"), complete=models.Count("pk", filter=is_complete()))
        return found["all"], found["complete"]

    def in_force(self, on):
        """Given by that day, neither expired nor withdrawn on it."""
        return self.lasting(on).filter(given_on__lte=on)

    def lasting(self, on):
        """Neither expired nor withdrawn by that day."""
        next_day = on + dt.timedelta(days=1)
        start_of_next = timezone.make_aware(dt.datetime.combine(next_day, dt.time.min))
        return self.filter(
            models.Q(expires_on__isnull=True) | models.Q(expires_on__gte=on),
            models.Q(withdrawn_at__isnull=True) | models.Q(withdrawn_at__gte=start_of_next),
            models.Q(ended_on__isnull=True) | models.Q(ended_on__gte=on),
        )

    def to_publish(self, on):
        """Consents to distribution that last and whose conditions are to be published, and were not yet."""
        waiting = self.filter(publication_due_on__isnull=False, conditions_published_on__isnull=True)
        return waiting.lasting(on)


class Consent(PublishesConditions, MovesOwnGrounds, HeldByBlocks, OperatorOwned):
    """A consent for one purpose with the items of 94-V art. 8(4). While one is missing it is incomplete and no ground."""

    PARENT = "subject"

    class Kind(models.TextChoices):
        PROCESSING = "processing", _("processing")
        MARKETING = "marketing", _("marketing")
        CROSS_BORDER = "cross_border", _("cross-border transfer")
        DISTRIBUTION = "distribution", _("distribution")

    operator = indexed_operator()
    # No index of its own for these two: another one begins with the field.
    subject = models.ForeignKey(
        DataSubject, models.PROTECT, verbose_name=_("data subject"), related_name="consents", db_index=False
    )
    purpose = models.ForeignKey(
        "registry.Purpose", models.PROTECT, verbose_name=_("purpose"), related_name="consents", db_index=False
    )
    policy = models.ForeignKey(
        "registry.Policy", models.PROTECT, verbose_name=_("policy version"), related_name="+", null=True, blank=True,
        db_index=False,
    )  # fmt: skip
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.PROCESSING)
    given_on = models.DateField(_("given on"))
    expires_on = models.DateField(_("expires on"), null=True, blank=True, help_text=_("Last day of the consent."))
    until_purpose_reached = models.BooleanField(_("until the purpose is reached"), default=False)
    third_parties = models.BooleanField(_("may be passed to third parties"), null=True, blank=True)
    cross_border = models.BooleanField(_("may cross the border"), null=True, blank=True)
    publication = models.BooleanField(_("may be published"), null=True, blank=True)
    data_list = models.TextField(_("data collected"), blank=True)
    other_terms = models.TextField(_("other information"), blank=True)
    channel = models.CharField(_("channel"), max_length=100, blank=True)
    evidence = models.CharField(_("evidence"), max_length=300, blank=True)
    # Null in what was recorded before these were asked: commitments to it stay as they are.
    is_implied = models.BooleanField(
        _("implied"),
        null=True,
        blank=True,
        help_text=_("Read out of the use of a site: recorded, and no ground by itself."),
    )
    is_separate = models.BooleanField(
        _("given separately"), null=True, blank=True, help_text=_("Apart from other consents and documents.")
    )
    publication_due_on = models.DateField(_("conditions to be published by"), null=True, blank=True, editable=False)
    conditions_published_on = models.DateField(_("conditions published on"), null=True, blank=True, editable=False)
    conditions_url = models.URLField(_("where they are published"), max_length=400, blank=True, editable=False)
    ended_on = models.DateField(
        _("ended on"), null=True, blank=True, editable=False, help_text=_("Last day before a renewal took its place.")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        "registry.User", models.PROTECT, verbose_name=_("withdrawal recorded by"), related_name="+",
        null=True, blank=True, editable=False, db_index=False,
    )  # fmt: skip

    history = History()
    objects = ConsentQuerySet.as_manager()
    FIELD_CLASSES = field_classes(
        none="subject purpose policy kind given_on expires_on until_purpose_reached third_parties cross_border publication "
        "data_list channel is_implied is_separate publication_due_on conditions_published_on conditions_url ended_on withdrawn_at "
        "withdrawn_by",
        personal="other_terms evidence",
    )

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-given_on", "-pk"]
        indexes = [  # the list and its filters, the dates among them
            models.Index(fields=["operator", "-given_on", "-id"], name="consent_list"),
            models.Index(fields=["operator", "kind", "-given_on", "-id"], name="consent_list_kind"),
            models.Index(fields=["purpose", "operator", "-given_on", "-id"], name="consent_list_purpose"),
            models.Index(fields=["purpose", "operator", "kind", "-given_on", "-id"], name="consent_list_both"),
            # What refers to a policy or a user, before either is deleted; a consent of neither costs nothing here.
            models.Index(fields=["policy"], name="consent_policy", condition=models.Q(policy__isnull=False)),
            models.Index(
                fields=["withdrawn_by"], name="consent_withdrawn_by", condition=models.Q(withdrawn_by__isnull=False)
            ),
            models.Index(  # what is to be published, on the desk
                fields=["operator", "publication_due_on"],
                name="consent_to_publish",
                condition=models.Q(publication_due_on__isnull=False, conditions_published_on__isnull=True),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "purpose", "kind", "given_on"],
                name="consent_once_a_day",
                violation_error_message=_(
                    "A consent of this kind, for this purpose and of this day is recorded already."
                ),
            ),
            models.CheckConstraint(
                condition=models.Q(expires_on__isnull=True) | models.Q(expires_on__gte=models.F("given_on")),
                name="consent_period",
                violation_error_message=_("A consent cannot end before it begins. Check “given on” and “expires on”."),
            ),
        ]

    def __str__(self):
        return f"{self.subject} · {self.purpose.code} · {self.given_on}"

    def journal_subjects(self):
        return [self.subject.uid]

    def clean(self):
        super().clean()
        today = timezone.localdate()
        if isinstance(self.given_on, dt.date) and self.given_on > today:
            raise ValidationError({"given_on": _("%s is in the future. Correct the date.") % self.given_on.isoformat()})
        if self.subject_id and self.purpose_id and isinstance(self.given_on, dt.date):
            if self.pk is None:
                self.refuse_before_withdrawal()
            self.refuse_as_recorded()

    def refuse_before_withdrawal(self):
        if day := standing_withdrawal(self.given_on, [other.term.withdrawn_on for other in self.others()]):
            message = _("The consent was withdrawn on %s, after this date: the withdrawal stands. Correct the date.")
            blocker = Blocker("withdrawal-stands", message % day.isoformat(), NormTopic.WITHDRAWAL, "given_on")
            raise ValidationError({blocker.field: Refusal(blocker, self.operator)})

    def refuse_as_recorded(self):
        stored = self.stored()
        said = self.kind, self.is_separate
        is_old = (
            stored is not None and (stored.kind, stored.is_separate) == said
        )  # as it was recorded before this was asked
        kind = "" if is_old else self.kind
        others = [other.term for other in self.others()] if stored is None else []
        if found := recording_blockers(self.term, kind, self.is_separate, others):
            raise ValidationError({blocker.field: Refusal(blocker, self.operator) for blocker in found})

    def save(self, **kwargs):
        """A consent given later than another of the same person, purpose and kind takes its place."""
        for name in ("given_on", "expires_on"):
            setattr(self, name, self._meta.get_field(name).to_python(getattr(self, name)))
        stored = self.stored()
        before = stored.others() if stored and stored.chain != self.chain else []
        others = self.others()
        [self.ended_on, *ends] = ends_by_renewal([each.term for each in (self, *others)])
        if stored is None or (stored.kind, stored.given_on) != (self.kind, self.given_on):
            self.publication_due_on = self.publication_due()
        super().save(**kwargs)
        others += before
        ends += ends_by_renewal([each.term for each in before])
        for other, ended_on in zip(others, ends, strict=True):
            if other.ended_on != ended_on:
                other.ended_on = ended_on
                super(Consent, other).save()

    def handling_act(self, stored):
        """A withdrawal is no use of the data: a block does not stand in its way."""
        withdraws = stored is not None and stored.withdrawn_at is None and self.withdrawn_at is not None
        alone = withdraws and self.changed_fields(stored) <= {"withdrawn_at", "withdrawn_by", "ended_on"}
        return HandlingAct.NARROW if alone else HandlingAct.CHANGE

    @property
    def chain(self):
        return {"subject_id": self.subject_id, "purpose_id": self.purpose_id, "kind": self.kind}

    def others(self):
        """The other consents of the same person, purpose and kind."""
        return list(Consent.objects.filter(**self.chain).exclude(pk=self.pk).order_by("given_on"))

    @property
    def term(self):
        withdrawn_on = timezone.localdate(self.withdrawn_at) if self.withdrawn_at else None
        return Term(self.given_on, self.expires_on, withdrawn_on)

    @property
    def missing(self):
        """Items of art. 8(4) that the consent lacks."""
        return missing_items(
            ConsentFacts(
                operator_name=self.operator.name,
                operator_bin=self.operator.bin,
                subject_name=self.subject.surname or self.subject.given_name,
                has_term=self.expires_on is not None or self.until_purpose_reached,
                third_parties=self.third_parties,
                cross_border=self.cross_border,
                publication=self.publication,
                data_list=self.data_list,
            )
        )

    @property
    def is_complete(self):
        return not self.missing

    def withdraw(self, *, by, at):
        """Records the withdrawal. A second one adds nothing; one before the consent was given is refused."""
        if self.withdrawn_at is not None:
            return
        refuse(
            recording_blockers(self.term._replace(withdrawn_on=timezone.localdate(at)), "", None, []),
            operator=self.operator,
        )
        self.withdrawn_at, self.withdrawn_by = at, by
        self.save()


class AgreementQuerySet(HeldQuerySet):
    def running(self, on):
        """Concluded by that day, as far as it is known, and not ended by it."""
        return self.filter(
            models.Q(ended_on__isnull=True) | models.Q(ended_on__gte=on),
            models.Q(concluded_on__isnull=True) | models.Q(concluded_on__lte=on),
        )


class Agreement(MovesOwnGrounds, HeldByBlocks, OperatorOwned):
    """A contract between the operator and the person."""

    PARENT = "subject"

    operator = indexed_operator()
    subject = models.ForeignKey(  # the unique constraint's index begins with it
        DataSubject, models.PROTECT, verbose_name=_("data subject"), related_name="agreements", db_index=False
    )
    number = models.CharField(_("number"), max_length=100)
    concluded_on = models.DateField(_("concluded on"), null=True, blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    history = History()
    objects = AgreementQuerySet.as_manager()
    FIELD_CLASSES = field_classes(none="subject concluded_on ended_on", personal="number")

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["-concluded_on", "-pk"]
        indexes = [
            models.Index(fields=["operator", "-id"], name="agreement_list"),  # the list, newest entered first
            models.Index(fields=["operator", "-concluded_on", "-id"], name="agreement_list_date"),  # its filter
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "number"],
                name="agreement_number_once",
                violation_error_message=_("The person has an agreement of this number already."),
            ),
            not_before(
                "concluded_on",
                "ended_on",
                name="agreement_period",
                message=_("An agreement cannot end before it is concluded."),
            ),
        ]

    def __str__(self):
        return _("Agreement of %s") % self.subject

    def runs_on(self, day):
        """As `AgreementQuerySet.running` says of many."""
        began = self.concluded_on is None or self.concluded_on <= day
        return began and (self.ended_on is None or self.ended_on >= day)

    def journal_subjects(self):
        return [self.subject.uid]

    def clean(self):
        super().clean()
        today = timezone.localdate()
        if isinstance(self.concluded_on, dt.date) and self.concluded_on > today:
            raise ValidationError(
                {"concluded_on": _("%s is in the future. Correct the date.") % self.concluded_on.isoformat()}
            )
