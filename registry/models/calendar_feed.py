"""Reminders that leave the registry: calendar feeds by secret address, and the daily digests that were sent."""

import hashlib

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.journal import History

from .base import OperatorOwned, field_classes
from .operator import ResponsiblePerson
from .user import User


class CalendarFeed(OperatorOwned):
    """A calendar of due dates for one user, opened by a secret address until it is revoked. It holds numbers and kinds only."""

    user = models.ForeignKey(User, models.PROTECT, verbose_name=_("user"), related_name="+")
    token_digest = models.CharField(_("digest of the address"), max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(_("made"))
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("made by"), related_name="+")
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("revoked by"), related_name="+", null=True, blank=True
    )

    history = History()
    FIELD_CLASSES = field_classes(none="user token_digest made_at made_by revoked_at revoked_by")

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        ordering = ["-pk"]

    def __str__(self):
        return f"{self._meta.verbose_name} #{self.pk}"

    @staticmethod
    def digest_of(token):
        return hashlib.sha256(token.encode()).hexdigest()

    def revoke(self, *, by, at):
        if self.revoked_at is None:
            self.revoked_at, self.revoked_by = at, by
            self.save()


class Digest(models.Model):
    """The reminder of one day that was mailed to one responsible person: there is one a day."""

    responsible_person = models.ForeignKey(ResponsiblePerson, models.PROTECT, related_name="digests")
    day_on = models.DateField(_("day"))
    sent_at = models.DateTimeField(_("sent"), null=True)

    class Meta:
        verbose_name = _("daily reminder")
        verbose_name_plural = _("daily reminders")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["responsible_person", "day_on"], name="digest_once_a_day")]

    def __str__(self):
        return f"#{self.responsible_person_id} {self.day_on}"
