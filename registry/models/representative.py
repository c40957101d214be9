"""Who acts for a data subject, and by which document."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.journal import History

from .base import OperatorOwned, field_classes
from .fields import not_before
from .held import HeldByBlocks, HeldQuerySet
from .people import DataSubject


class RepresentativeQuerySet(HeldQuerySet):
    def valid(self, on):
        """As `is_valid` says of one."""
        open_ended = models.Q(valid_until__isnull=True) | models.Q(valid_until__gte=on)
        return self.filter(open_ended, valid_from__lte=on).exclude(document="")


class Representative(HeldByBlocks, OperatorOwned):
    """A legal representative of the person, or one by power of attorney. Without a valid document nobody acts for another."""

    PARENT = "subject"

    class Authority(models.TextChoices):
        PARENT = "parent", _("parent")
        GUARDIAN = "guardian", _("guardian")
        POWER_OF_ATTORNEY = "power_of_attorney", _("power of attorney")
        ADVOCATE = "advocate", _("advocate’s order")
        OTHER = "other", _("other document")

    subject = models.ForeignKey(
        DataSubject, models.PROTECT, verbose_name=_("data subject"), related_name="representatives"
    )
    name = models.CharField(_("name"), max_length=250)
    contact = models.CharField(_("contact"), max_length=254, blank=True)
    authority = models.CharField(_("acts as"), max_length=20, choices=Authority)
    document = models.CharField(_("document"), max_length=250, blank=True, help_text=_("Kind, number, issued by whom."))
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    history = History()
    objects = RepresentativeQuerySet.as_manager()
    FIELD_CLASSES = field_classes(none="subject authority valid_from valid_until", personal="name contact document")

    class Meta:
        verbose_name = _("representative")
        verbose_name_plural = _("representatives")
        ordering = ["subject", "-valid_from", "pk"]
        constraints = [
            not_before(
                "valid_from",
                "valid_until",
                name="representative_period",
                message=_("An authority cannot end before it begins. Check the two dates."),
            )
        ]

    def __str__(self):
        return _("Representative of %s") % self.subject

    def journal_subjects(self):
        return [self.subject.uid]

    def is_valid(self, on):
        """Whether the authority stands on that day and a document says so."""
        return bool(self.document) and self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)
