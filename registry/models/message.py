"""Messages that came to the operator's mailboxes, kept as evidence under their digest, each once."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.journal import History

from .base import OperatorOwned, field_classes


class Message(OperatorOwned):
    """A message as it was received. The raw text lies in private storage; what was made of it is the case, if there is one."""

    class Standing(models.TextChoices):
        REQUEST = "request", _("taken for a request")
        REPLY = "reply", _("reply in a case")
        AUTOMATIC = "automatic", _("sent by a machine")

    class Sender(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed by the mail server")
        UNKNOWN = "unknown", _("not checked by the mail server")
        FORGED = "forged", _("the mail server doubts the sender")

    mailbox = models.CharField(_("mailbox"), max_length=254, blank=True)
    # Of the message's id and content: the same message is filed once, whichever way it came.
    digest = models.CharField(_("digest"), max_length=64, editable=False)
    received_at = models.DateTimeField(_("received"))
    fetched_at = models.DateTimeField(_("fetched"))
    standing = models.CharField(_("taken for"), max_length=10, choices=Standing)
    sender_check = models.CharField(_("sender"), max_length=10, choices=Sender, default=Sender.UNKNOWN)
    sender = models.CharField(_("from"), max_length=254, blank=True)
    subject_line = models.CharField(_("subject line"), max_length=500, blank=True)
    text = models.TextField(_("text"), blank=True)
    size = models.PositiveIntegerField(_("bytes"), default=0)
    path = models.CharField(max_length=120, editable=False, blank=True)
    # What could not be read or was not unpacked, a sentence a line.
    remarks = models.TextField(_("remarks"), blank=True)
    request = models.ForeignKey(
        "registry.SubjectRequest",
        models.PROTECT,
        verbose_name=_("request"),
        related_name="messages",
        null=True,
        blank=True,
    )

    history = History()
    FIELD_CLASSES = field_classes(
        none="digest received_at fetched_at standing sender_check size path remarks request",
        contact="mailbox",
        personal="sender subject_line text",
    )

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-received_at", "-pk"]
        indexes = [models.Index(fields=["operator", "-received_at", "-id"], name="message_list")]
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "digest"],
                name="message_once",
                violation_error_message=_("This message is filed already."),
            )
        ]

    def __str__(self):
        return _("message %s") % self.pk

    def journal_subjects(self):
        return self.request.journal_subjects() if self.request_id else []
