"""Those who receive personal data."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.journal import History

from .base import field_classes
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
