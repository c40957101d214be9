"""Letters of a case: acknowledgement, question, notice, answer, refusal. Written, signed off, sent; then they stay as they are."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import Language
from registry.journal import History
from registry.rules.cases import answer_blockers, extension_blockers, open_blockers, refusal_blockers
from registry.rules.letters import unfinished_blockers

from .base import field_classes
from .case_parts import PART, CasePart, of_one_case
from .gate import refuse
from .law import Norm
from .runs import ExportRun


class CaseLetter(CasePart):
    """A letter to the applicant or the state body. What was signed is what is sent: it cannot be changed in between."""

    class Kind(models.TextChoices):
        ACKNOWLEDGEMENT = "acknowledgement", _("acknowledgement")
        IDENTITY = "identity", _("request for proof of identity")
        EXTENSION = "extension", _("notice of extension")
        ANSWER = "answer", _("answer")
        REFUSAL = "refusal", _("reasoned refusal")

    class Way(models.TextChoices):
        MAIL = "mail", _("e-mail")
        POST = "post", _("by post")
        HANDED = "handed", _("handed over")
        PORTAL = "portal", _("state portal")

    # An acknowledgement says nothing but the number of the case: nobody signs it.
    UNSIGNED = (Kind.ACKNOWLEDGEMENT,)

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    language = models.CharField(_("language"), max_length=2, choices=Language)
    text = models.TextField(_("text"))
    norm = models.ForeignKey(
        Norm, models.PROTECT, verbose_name=_("norm"), related_name="+", null=True, blank=True,
        help_text=_("The norm that allows the refusal, or the extension."),
    )  # fmt: skip
    way = models.CharField(_("sent by"), max_length=8, choices=Way, blank=True)
    address = models.CharField(_("address"), max_length=254, blank=True)
    in_reply_to = models.CharField(max_length=250, blank=True, editable=False)
    # The information about the person that goes with an answer, as it was when the answer was signed.
    pack = models.ForeignKey(
        ExportRun,
        models.PROTECT,
        verbose_name=_("answer pack"),
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    written_at = models.DateTimeField(_("written"))
    written_by = models.ForeignKey(
        "registry.User", models.PROTECT, verbose_name=_("written by"), related_name="+", null=True, blank=True
    )
    signed_at = models.DateTimeField(_("signed off"), null=True, blank=True)
    signed_by = models.ForeignKey(
        "registry.User", models.PROTECT, verbose_name=_("signed off by"), related_name="+", null=True, blank=True
    )
    queued_at = models.DateTimeField(_("given to the mailer"), null=True, blank=True)
    queued_by = models.ForeignKey(
        "registry.User",
        models.PROTECT,
        verbose_name=_("given to the mailer by"),
        related_name="+",
        null=True,
        blank=True,
    )
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    sent_by = models.ForeignKey(
        "registry.User", models.PROTECT, verbose_name=_("sent by"), related_name="+", null=True, blank=True
    )
    failure = models.CharField(_("why not sent"), max_length=200, blank=True)
    # By a server that answers and puts it off; one that is not reached refuses nothing.
    refused_at = models.DateTimeField(_("first not taken by the mail server"), null=True, blank=True, editable=False)

    history = History()
    FIELD_CLASSES = field_classes(
        none=f"{PART} kind language norm way pack written_at written_by signed_at signed_by queued_at queued_by sent_at sent_by "
        "failure refused_at",
        personal="text address in_reply_to",
    )

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ["written_at", "pk"]
        permissions = [("sign_caseletter", "Can sign letters")]
        constraints = [
            of_one_case("letter"),
            models.CheckConstraint(
                condition=~models.Q(kind="refusal") | models.Q(norm__isnull=False),
                name="letter_refusal_has_norm",
                violation_error_message=_("A refusal rests on a norm. Choose the one that allows it."),
            ),
            models.CheckConstraint(
                condition=models.Q(sent_at__isnull=True)
                | models.Q(signed_at__isnull=False)
                | models.Q(kind="acknowledgement"),
                name="letter_signed_before_sent",
                violation_error_message=_("A letter is signed off before it is sent."),
            ),
        ]
        indexes = [  # what the mailer has to send
            models.Index(
                fields=["queued_at"], name="letter_waiting", condition=models.Q(queued_at__isnull=False, sent_at=None)
            )
        ]

    def __str__(self):
        return f"{self.get_kind_display()} · {self.case}"

    @property
    def is_signed(self):
        return self.signed_at is not None or self.kind in self.UNSIGNED

    def signing_blockers(self, at):
        """The gate of the act it is part of, asked once more, for the identity may have been doubted since; and open places."""
        case, facts = self.case, self.case.facts(at)
        if self.kind == self.Kind.REFUSAL:
            found = refusal_blockers(facts, has_norm=self.norm_id is not None, text=self.text)
        elif self.kind == self.Kind.ANSWER:
            found = answer_blockers(facts)
        elif self.kind == self.Kind.EXTENSION:
            found = extension_blockers(facts, case.extension_facts(self.text))
        else:
            found = open_blockers(facts)
        return [*found, *unfinished_blockers(self.text)]

    def sign(self, *, by, at):
        """Signs the letter off. What was signed is what is sent."""
        if self.is_signed:
            return
        refuse(self.signing_blockers(at))
        self.signed_at, self.signed_by = at, by
        self.save()

    def queue(self, address, *, by, at):
        """Gives the letter to the mailer, which sends it once this is committed."""
        self.refuse_unsigned()
        self.way, self.address, self.failure = self.Way.MAIL, address, ""
        self.queued_at, self.queued_by, self.refused_at = at, by, None
        self.save()

    def mark_sent(self, *, by, at, way=""):
        """Records that it left: the mailer says so, or whoever posted it or handed it over. What follows, follows now."""
        self.refuse_unsigned()
        if self.sent_at is not None:
            return
        if self.kind == self.Kind.EXTENSION:  # one that comes too late extends nothing, and is not sent
            refuse(extension_blockers(self.case.facts(at), self.case.extension_facts(self.text)))
        self.way, self.failure = way or self.way, ""
        self.sent_at, self.sent_by = at, by
        self.save()
        self.case.note_sent(self, at=at)

    def refuse_unsigned(self):
        """Nothing leaves unsigned, to a stranger, or with what is held of somebody other than the person linked by now."""
        if not self.is_signed:
            raise ValidationError(_("The letter is not signed off yet."))
        if self.kind in (self.Kind.ANSWER, self.Kind.REFUSAL):
            refuse(answer_blockers(self.case.facts()))
        if self.pack_id and self.pack.filter.get("subject", "") not in map(str, self.case.journal_subjects() or [""]):
            raise ValidationError(
                _("What goes with this letter is about another person than the one linked now. Write another letter.")
            )

    def clean(self):
        super().clean()
        stored = self.stored()
        if stored is None or stored.signed_at is None:
            return
        for name in ("kind", "language", "text", "norm_id", "pack_id"):
            if getattr(stored, name) != getattr(self, name):
                raise ValidationError(_("The letter is signed off and stays as it is. Write another one."))
        if stored.sent_at and self.sent_at != stored.sent_at:
            raise ValidationError(_("The letter was sent. That cannot be undone."))
