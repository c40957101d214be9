"""Opt-outs: a channel on which a person is not to be approached."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.choices import Channel, HandlingAct
from registry.journal import History

from .base import OperatorOwned, field_classes, indexed_operator
from .fields import not_before
from .held import HeldByBlocks, HeldQuerySet
from .people import DataSubject


class SuppressionQuerySet(HeldQuerySet):
    def live(self, on):
        """Those that stand on that day."""
        return self.filter(models.Q(ended_on__isnull=True) | models.Q(ended_on__gte=on), since_on__lte=on)

    def suppress(self, subject, channels, *, since_on, source):
        """Stops these channels of a person; those stopped already stay so."""
        standing = set(self.filter(subject=subject, ended_on=None).values_list("channel", flat=True))
        for channel in channels:
            if channel not in standing:
                self.create(
                    operator=subject.operator, subject=subject, channel=channel, since_on=since_on, source=source
                )


class Suppression(HeldByBlocks, OperatorOwned):
    """The person does not want to be approached on this channel. It outlives consents; a file never lifts it."""

    PARENT = "subject"

    operator = indexed_operator()
    subject = models.ForeignKey(
        DataSubject, models.PROTECT, verbose_name=_("data subject"), related_name="suppressions"
    )
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    since_on = models.DateField(_("since"))
    ended_on = models.DateField(_("until"), null=True, blank=True, help_text=_("Last day it stands. Empty: it stands."))
    source = models.CharField(_("how we know"), max_length=200, blank=True)

    history = History()
    objects = SuppressionQuerySet.as_manager()
    FIELD_CLASSES = field_classes(none="subject channel since_on ended_on", personal="source")

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        ordering = ["-since_on", "-pk"]
        indexes = [  # the list and its filters
            models.Index(fields=["operator", "-since_on", "-id"], name="suppression_list"),
            models.Index(fields=["operator", "channel", "-since_on", "-id"], name="suppression_list_channel"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "channel"],
                condition=models.Q(ended_on__isnull=True),
                name="suppression_stands_once",
                violation_error_message=_("The person has opted out of this channel already."),
            ),
            not_before(
                "since_on",
                "ended_on",
                name="suppression_period",
                message=_("An opt-out cannot end before it begins. Check “since” and “until”."),
            ),
        ]

    def __str__(self):
        return f"{self.subject} · {self.get_channel_display()}"

    def journal_subjects(self):
        return [self.subject.uid]

    def handling_act(self, stored):
        """To stop messages narrows the use; to let them go on again changes it."""
        return HandlingAct.NARROW if stored is None else HandlingAct.CHANGE

    def clean(self):
        super().clean()
        if isinstance(self.since_on, dt.date) and self.since_on > timezone.localdate():
            raise ValidationError({"since_on": _("%s is in the future. Correct the date.") % self.since_on.isoformat()})
