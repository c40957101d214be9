"""Where CRM files come from: what was once said of a source's files is remembered."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import DateOrder
from registry.journal import History

from .base import OperatorOwned, field_classes


class ImportSource(OperatorOwned):
    """A CRM, or a part of it, whose files look alike: “Bitrix24, sales”. How to read them is said once and kept here."""

    name = models.CharField(_("name"), max_length=100, help_text=_("The CRM and its part: “Bitrix24, sales”."))
    encoding = models.CharField(_("encoding"), max_length=20, blank=True)
    delimiter = models.CharField(_("delimiter"), max_length=4, blank=True)
    mapping = models.TextField(
        _("columns"), blank=True, help_text=_("One a line: HEADER=field. “HEADER=” leaves the column out.")
    )
    defaults = models.TextField(
        _("values for empty cells"),
        blank=True,
        help_text=_("One a line: field=value, for example consent_purpose=email-information."),
    )
    date_order = models.CharField(_("order of dates"), max_length=3, choices=DateOrder, blank=True)
    accept_damaged_names = models.BooleanField(_("take names that lost letters"), default=False)
    blank_clears = models.BooleanField(_("empty cells clear what is stored"), default=False)
    report_to = models.EmailField(
        _("report to"), blank=True, help_text=_("Mailbox that gets the report of each scheduled import.")
    )

    history = History()
    FIELD_CLASSES = field_classes(
        none="name encoding delimiter mapping defaults date_order accept_damaged_names blank_clears",
        contact="report_to",
    )

    class Meta:
        verbose_name = _("source of imports")
        verbose_name_plural = _("sources of imports")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "name"],
                name="import_source_name_once",
                violation_error_message=_("There is a source of this name already. Choose another name."),
            )
        ]

    def __str__(self):
        return self.name
