"""Those who receive personal data, and transfers across the border."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.journal import History

from .base import OperatorOwned, field_classes
from .fields import CountryField, clause_field, not_before
from .gate import KeepsGate
from .purpose import Coded


class Recipient(KeepsGate, Coded):
    """A third party that receives personal data, or processes them on behalf of the operator."""

    class Kind(models.TextChoices):
        STATE_BODY = "state_body", _("state body")
        PROCESSOR = "processor", _("processor")
        SERVICE_PROVIDER = "service_provider", _("service provider")
        GROUP_COMPANY = "group_company", _("group company")
        ACQUIRER = "acquirer", _("acquirer of the business")
        PARTNER = "partner", _("partner")
        PUBLIC = "public", _("an indefinite circle of persons")
        OTHER = "other", _("other third party")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    country = CountryField(_("country"))
    address = models.CharField(_("address"), max_length=400, blank=True)
    agreement_number = models.CharField(_("agreement number"), max_length=120, blank=True)
    agreement_from = models.DateField(_("agreement valid from"), null=True, blank=True)
    agreement_until = models.DateField(_("agreement valid until"), null=True, blank=True)
    policy_url = models.URLField(_("its own policy"), max_length=400, blank=True)
    clause = clause_field()
    note = models.CharField(_("note"), max_length=400, blank=True)

    history = History()
    FIELD_CLASSES = field_classes(
        none="code name_en name_ru name_kk kind country address agreement_number agreement_from agreement_until policy_url "
        "clause note"
    )

    class Meta(Coded.Meta):
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ["code"]
        constraints = [
            *Coded.Meta.constraints,
            not_before(
                "agreement_from",
                "agreement_until",
                name="recipient_agreement_period",
                message=_("An agreement cannot end before it begins."),
            ),
        ]


class CrossBorderTransfer(Coded):
    """A transfer to the territory of a foreign state or to a foreign person, and the steps that must come before it."""

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
    recipient = models.ForeignKey(Recipient, models.PROTECT, verbose_name=_("recipient"), related_name="transfers")
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
        if self.started_on and not self.country:
            raise ValidationError({"country": _("A transfer that has started goes to a country. Enter it.")})
        if self.country and self.operator_id and self.country == self.operator.country:
            raise ValidationError(
                {
                    "country": _("“%s” is the operator’s own country; a transfer there does not cross the border.")
                    % self.country
                }
            )


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
