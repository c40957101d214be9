"""Runs: imports and exports. They are not tracked: the journal records each of their steps."""

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.journal.history import new_salt

from .base import uuid7
from .operator import Operator
from .user import User


def new_token():
    return secrets.token_urlsafe(24)


class ImportRun(models.Model):
    """One file from the CRM: read into a plan, shown, and applied exactly as shown."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("uploaded")
        PLANNED = "planned", _("planned")
        APPLYING = "applying", _("being applied")
        APPLIED = "applied", _("applied")
        REFUSED = "refused", _("file refused")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    operator = models.ForeignKey(Operator, models.PROTECT, verbose_name=_("operator"), related_name="+")
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("by"), related_name="+", null=True, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.UPLOADED)
    file_name = models.CharField(_("file"), max_length=200)
    file_size = models.BigIntegerField(_("bytes"), default=0)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)
    # Confirms exactly this plan, once; empty when spent.
    token = models.CharField(max_length=64, default=new_token, blank=True)
    encoding = models.CharField(_("encoding"), max_length=20, blank=True)
    delimiter = models.CharField(_("delimiter"), max_length=4, blank=True)
    mapping = models.JSONField(_("mapping"), default=dict, blank=True)
    defaults = models.JSONField(_("defaults"), default=dict, blank=True)
    accept_damaged_names = models.BooleanField(_("damaged names accepted"), default=False)
    refusal = models.TextField(_("why refused"), blank=True)
    warnings = models.JSONField(_("warnings"), default=list, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    new = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    same = models.PositiveIntegerField(_("same"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    stopped = models.PositiveIntegerField(_("stopped"), default=0)
    rows_done = models.PositiveIntegerField(_("rows applied"), default=0)
    seconds = models.FloatField(_("seconds"), default=0)
    uploaded_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    planned_at = models.DateTimeField(_("planned at"), null=True, blank=True)
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)
    # When the file and its plan are deleted; empty once they are.
    expires_at = models.DateTimeField(_("file kept until"), null=True, blank=True)

    class Meta:
        verbose_name = _("CRM import")
        verbose_name_plural = _("CRM imports")
        ordering = ["-pk"]
        default_permissions = ("view",)
        constraints = [
            # Commands run as `system` leave the owner empty; a step in the browser belongs to its user.
            models.CheckConstraint(
                condition=~models.Q(state="applied") | models.Q(applied_at__isnull=False),
                name="import_run_applied_at",
            )
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} #{self.pk}"


class RejectedRow(models.Model):
    """A line that was not taken, as it stood in the file, and why. Personal values: kept a week after the run was applied or
    given up, for the CRM's owner to ask about; where neither happens, as long as the file."""

    class Kind(models.TextChoices):
        REJECTED = "rejected", _("rejected")
        STOPPED = "stopped", _("stopped")

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rejected_rows", verbose_name=_("run"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.REJECTED)
    line = models.PositiveIntegerField(_("line"))
    cells = models.JSONField(_("cells"), default=list)
    reasons = models.JSONField(_("reasons"), default=list)

    class Meta:
        verbose_name = _("rejected row")
        verbose_name_plural = _("rejected rows")
        ordering = ["run", "line"]
        default_permissions = ()
        indexes = [models.Index(fields=["run", "line"], name="rejected_row_line")]  # the download, in file order

    def __str__(self):
        return _("Line %s") % self.line


class ExportRun(models.Model):
    """What left the register: which export, for whom, how many lines, and the digest of the file."""

    class Kind(models.TextChoices):
        REGISTER = "register", _("register")
        AUDIT = "audit", _("audit trail")

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    operator = models.ForeignKey(
        Operator, models.PROTECT, verbose_name=_("operator"), related_name="+", null=True, blank=True
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    # Layout, format, language, moment, subject's uid: whatever narrowed it. Never a personal value.
    filter = models.JSONField(_("filter"), default=dict, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    # The journal commits to the reason, which may name a person: without the salt it could be guessed from there.
    salt = models.BinaryField(max_length=32, default=new_salt, editable=False)
    count = models.PositiveBigIntegerField(_("lines"), null=True, blank=True)
    digest = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    started_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("by"), related_name="+", null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-pk"]
        default_permissions = ("view", "add")

    def __str__(self):
        return f"{self.get_kind_display()} #{self.pk}"
