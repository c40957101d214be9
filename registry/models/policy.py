"""The operator's published policy: its versions, its clauses in our own words, and the marks its mailboxes go by."""

import hashlib
import re

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import BEHAVIOURS, RequestKind
from registry.journal import History

from .base import Listed, OperatorOwned, field_classes
from .fields import CodesField, clause_field


class PolicyQuerySet(models.QuerySet):
    def in_force(self, on):
        """Published versions that had taken effect by that day, the newest first."""
        return self.filter(published_on__isnull=False, effective_on__lte=on).order_by("-effective_on", "-pk")


class Policy(OperatorOwned):
    """A version of the operator's policy. Once published it is immutable: people agreed to that text."""

    version = models.CharField(_("version"), max_length=40)
    title = models.CharField(_("title"), max_length=250)
    language = models.CharField(_("language"), max_length=2, default="en")
    url = models.URLField(_("address"), max_length=400, blank=True)
    text = models.TextField(_("text"), blank=True)
    sha256 = models.CharField(_("SHA-256 of the text"), max_length=64, blank=True, editable=False)
    effective_on = models.DateField(_("in force from"), null=True, blank=True)
    published_on = models.DateField(_("published on"), null=True, blank=True)

    history = History()
    objects = PolicyQuerySet.as_manager()
    FIELD_CLASSES = field_classes(none="version title language url text sha256 effective_on published_on")

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering = ["operator", "-effective_on", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "version", "language"],
                name="policy_version_once",
                violation_error_message=_(
                    "There is a policy of this version and language already. Give the new one its own version."
                ),
            ),
            models.CheckConstraint(
                condition=models.Q(published_on__isnull=True) | models.Q(effective_on__isnull=False),
                name="policy_published_with_date",
                violation_error_message=_(
                    "A policy without a date of effect cannot be published. Enter “in force from”."
                ),
            ),
        ]

    def __str__(self):
        return f"{self.title} · {self.version}"

    def save(self, **kwargs):
        self.sha256 = self.text_digest()
        super().save(**kwargs)

    def text_digest(self):
        return hashlib.sha256(self.text.encode()).hexdigest() if self.text else ""

    def clean(self):
        super().clean()
        stored = self.stored()
        if stored is None or stored.published_on is None:
            return
        for name in ("version", "title", "language", "url", "text", "effective_on", "published_on"):
            if getattr(stored, name) != getattr(self, name):
                raise ValidationError(
                    {
                        name: _(
                            "Version %s is published and cannot change: consents refer to it. Add a new version instead."
                        )
                        % stored.version
                    }
                )


class Clause(Listed):
    """A clause of the policy: what it obliges, in our own words, and the behaviours that carry it out."""

    PARENT = "policy"

    policy = models.ForeignKey(Policy, models.PROTECT, verbose_name=_("policy"), related_name="clauses")
    number = models.CharField(_("number"), max_length=40)
    sort_key = models.CharField(max_length=80, editable=False, default="")
    obliges = models.TextField(_("what it obliges"))
    behaviours = CodesField(_("behaviours"), options=BEHAVIOURS)
    in_force = models.BooleanField(_("in force"), default=True)
    remark = models.CharField(_("remark"), max_length=400, blank=True)

    history = History(excluded_fields=["sort_key"])
    FIELD_CLASSES = field_classes(none="policy number obliges behaviours in_force remark")

    class Meta:
        verbose_name = _("clause")
        verbose_name_plural = _("clauses")
        ordering = ["policy", "sort_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "number"],
                name="clause_number_once",
                violation_error_message=_("The policy has a clause of this number already."),
            )
        ]

    def __str__(self):
        return self.number

    def make_sort_key(self):
        # 3.2.10 after 3.2.9; a preamble, which has no number, before them all
        numbered = self.number if self.number[:1].isdigit() else f"0 {self.number}"
        return re.sub(r"\d+", lambda digits: digits.group().zfill(4), numbered)[:80]

    def derived(self):
        return {"sort_key": self.make_sort_key()}

    def save(self, **kwargs):
        self.sort_key = self.make_sort_key()
        super().save(**kwargs)


class RequestMark(Listed):
    """A mailbox and subject line the policy tells people to write to, and what such a message asks for."""

    mailbox = models.EmailField(_("mailbox"))
    subject_line = models.CharField(_("subject line"), max_length=200, blank=True)
    request_kind = models.CharField(_("request"), max_length=24, choices=RequestKind)
    clause = clause_field()

    history = History()
    FIELD_CLASSES = field_classes(none="subject_line request_kind clause", contact="mailbox")

    class Meta:
        verbose_name = _("request mark")
        verbose_name_plural = _("request marks")
        ordering = ["mailbox", "subject_line"]
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "mailbox", "subject_line"],
                name="request_mark_once",
                violation_error_message=_("This mailbox and subject line are on the list already."),
            )
        ]

    def __str__(self):
        return f"{self.subject_line or self.get_request_kind_display()} → {self.mailbox}"


def clause_about(operator, behaviour):
    """The number of the operator's clause that asks for this behaviour and speaks of nothing else; none where there is none."""
    clauses = Clause.objects.filter(operator=operator, in_force=True, behaviours=behaviour)
    return clauses.order_by("-policy", "sort_key").values_list("number", flat=True).first() or ""
