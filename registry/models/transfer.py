"""Transfers across the border: the steps before the start are a gate, and what runs is suspended when its ground goes."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.journal import History
from registry.rules.transfers import suspension, transfer_blockers

from .base import OperatorOwned, field_classes
from .fields import CountryField, clause_field, not_before
from .gate import Refusal
from .purpose import Coded


class TransferQuerySet(models.QuerySet):
    def with_links(self):
        """With all that its gate asks of the register, in a fixed number of queries."""
        return self.select_related("operator", "activity", "recipient").prefetch_related(
            "operator__laws__law", "activity__databases__database"
        )

    def started(self, on):
        """Those that began and have not ended by that day, suspended or not."""
        return self.filter(models.Q(ended_on__isnull=True) | models.Q(ended_on__gte=on), started_on__lte=on)

    def running(self, on):
        return self.started(on).filter(suspension="")

    def suspended(self, on):
        return self.started(on).exclude(suspension="")

    def waiting(self):
        """Those that have not begun."""
        return self.filter(started_on__isnull=True, ended_on__isnull=True)

    def ended(self, on):
        return self.filter(ended_on__lt=on)


class CrossBorderTransfer(Coded):
    """A transfer to the territory of a foreign state or to a foreign person, and the steps that must come before it.

    It is suspended, and taken up again, by whatever its lawfulness hangs on: see `stand`.
    """

    class Mechanism(models.TextChoices):
        CONSENT = "consent", _("consent to the transfer")
        PROTECTING_STATE = "protecting_state", _("the state ensures protection")
        TREATY = "treaty", _("an international treaty")
        LAW = "law", _("a law")
        CONTRACT = "contract", _("a contract")
        STANDARD_CLAUSES = "standard_clauses", _("standard contractual clauses")
        OTHER = "other", _("other")

    class Suspension(models.TextChoices):
        COUNTRY = "country", _("the country no longer ensures protection")
        PROHIBITED = "prohibited", _("the authorised body prohibited it")
        OFFICER = "officer", _("by the operator")

    activity = models.ForeignKey(
        "registry.ProcessingActivity", models.PROTECT, verbose_name=_("activity"), related_name="transfers"
    )
    recipient = models.ForeignKey(
        "registry.Recipient", models.PROTECT, verbose_name=_("recipient"), related_name="transfers"
    )
    country = CountryField(_("country"))
    mechanism = models.CharField(_("mechanism"), max_length=20, choices=Mechanism, blank=True)
    information_received_on = models.DateField(_("information received from the recipient on"), null=True, blank=True)
    authority_notified_on = models.DateField(_("authorised body notified on"), null=True, blank=True)
    notice_number = models.CharField(_("notice number"), max_length=60, blank=True)
    prohibited_on = models.DateField(_("prohibited on"), null=True, blank=True)
    started_on = models.DateField(_("started on"), null=True, blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    suspended_on = models.DateField(_("suspended on"), null=True, blank=True, editable=False)
    suspension = models.CharField(_("why suspended"), max_length=12, choices=Suspension, blank=True, editable=False)
    document = models.CharField(
        _("document"),
        max_length=300,
        blank=True,
        help_text=_("Of the mechanism: contract, treaty, clauses; number and date."),
    )
    clause = clause_field()

    history = History()
    objects = TransferQuerySet.as_manager()
    FIELD_CLASSES = field_classes(
        none="code name_en name_ru name_kk activity recipient country mechanism information_received_on "
        "authority_notified_on notice_number prohibited_on started_on ended_on suspended_on suspension document clause"
    )

    class Meta(Coded.Meta):
        verbose_name = _("cross-border transfer")
        verbose_name_plural = _("cross-border transfers")
        ordering = ["code"]
        constraints = [
            *Coded.Meta.constraints,
            not_before(
                "information_received_on",
                "authority_notified_on",
                name="transfer_information_before_notice",
                message=_(
                    "The recipient’s information comes before the notice to the authorised body. Check the dates."
                ),
            ),
            not_before(
                "authority_notified_on",
                "started_on",
                name="transfer_notice_before_start",
                message=_("A transfer starts after the notice to the authorised body. Check the dates."),
            ),
            not_before(
                "started_on", "ended_on", name="transfer_period", message=_("A transfer cannot end before it starts.")
            ),
        ]

    def clean(self):
        super().clean()
        if self.operator_id is None or self.activity_id is None:
            return
        from .transfer_facts import Surroundings  # it asks for what refers to the activity, and so to this

        around, stored = Surroundings(), self.stored()
        had = set(stored.blockers(around)) if stored else set()
        errors = {}
        for blocker in self.blockers(around):
            if blocker not in had:
                errors.setdefault(blocker.field, []).append(Refusal(blocker, self.operator))
        if errors:
            raise ValidationError(errors)

    def save(self, **kwargs):
        self.stand(timezone.localdate())
        super().save(**kwargs)

    def blockers(self, around):
        """What is out of order in what is recorded, as of the day of the start; see `rules.transfers`."""
        return transfer_blockers(around.facts(self, self.started_on or timezone.localdate()))

    @property
    def is_suspended(self):
        return self.suspension != ""

    def stand(self, today, around=None):
        """Suspends what must not go on today, and takes up again what may. Whether that changed the transfer; nothing is saved.

        What an officer suspended stays so; what has ended stays as it was.
        """
        from .transfer_facts import Surroundings

        if self.suspension == self.Suspension.OFFICER or (self.ended_on and self.ended_on < today):
            return False
        why = suspension((around or Surroundings()).facts(self, today))
        if why == self.suspension:
            return False
        self.suspended_on = (self.suspended_on or today) if why else None
        self.suspension = why
        return True


class TransferCategory(OperatorOwned):
    """A category of data that a transfer carries."""

    PARENT = "transfer"

    transfer = models.ForeignKey(
        CrossBorderTransfer, models.PROTECT, verbose_name=_("transfer"), related_name="data_categories"
    )
    data_category = models.ForeignKey(
        "registry.DataCategory", models.PROTECT, verbose_name=_("data category"), related_name="+"
    )

    history = History()
    FIELD_CLASSES = field_classes(none="transfer data_category")

    class Meta:
        verbose_name = _("data category of the transfer")
        verbose_name_plural = _("data categories of the transfer")
        ordering = ["transfer", "data_category__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["transfer", "data_category"],
                name="transfer_category_once",
                violation_error_message=_("This category is on the transfer’s list already."),
            )
        ]

    def __str__(self):
        return str(self.data_category)
