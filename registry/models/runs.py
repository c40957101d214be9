"""Runs: imports, exports, hand-overs, and the word that all were told of one. They are not tracked: the journal records each of their steps."""

import datetime as dt
import secrets

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.journal.history import new_salt
from registry.rules.deadlines import moment_on

from .base import uuid7
from .disclosure import Disclosure
from .import_source import ImportSource
from .law import Norm
from .operator import Operator
from .user import User

# A step that has not been heard of for so long was cut off: its process is gone.
CUT_OFF_SECONDS = 30


def new_token():
    return secrets.token_urlsafe(24)


class LongRun(models.Model):
    """Work in chunks, done at once or by the worker: how far its present step has come, for whom, and whether it is still heard of."""

    # At work: somebody waits for it in the browser, or the worker has it. No two kinds of runs share a state of these.
    AT_WORK = ()

    # How far the present step has come, in rows or people, and how far it has to go.
    rows_done = models.PositiveIntegerField(_("rows done"), default=0)
    rows_expected = models.PositiveIntegerField(_("rows expected"), default=0)
    # The present step is done for this user, in this role; heard of last at that time.
    step_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("step by"), related_name="+", null=True, blank=True
    )
    step_role = models.CharField(max_length=16, blank=True)
    step_began_at = models.DateTimeField(_("step began at"), null=True, blank=True)
    alive_at = models.DateTimeField(_("heard of at"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_at_work(self):
        return self.state in self.AT_WORK

    @property
    def is_silent(self):
        """Whether it has not been heard of for so long that no process can be at it."""
        return self.alive_at is None or self.alive_at < timezone.now() - dt.timedelta(seconds=CUT_OFF_SECONDS)

    @property
    def was_cut_off(self):
        """Whether its present step has not been heard of for so long that its process must be gone."""
        return self.is_at_work and self.is_silent


class ImportRun(LongRun):
    """One file from the CRM: read into a plan, shown, applied exactly as shown, and undone where somebody wants that."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("uploaded")
        ASKING = "asking", _("columns to be named")
        PLANNING = "planning", _("being read")
        PLANNED = "planned", _("planned")
        APPLYING = "applying", _("being applied")
        APPLIED = "applied", _("applied")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")
        REFUSED = "refused", _("file refused")
        CANCELLED = "cancelled", _("given up")
        EXPIRED = "expired", _("expired")

    AT_WORK = (State.PLANNING, State.APPLYING, State.UNDOING)
    # Nothing of it is written yet: it waits for its owner's word, and can still be read differently or given up.
    OPEN = (State.UPLOADED, State.ASKING, State.PLANNED)
    # Of a run that is being applied, or was given up: it has dealt with rows. An undo counts them anew, and leaves it its entries.
    WROTE = models.Q(rows_done__gt=0) | models.Q(last_seq__isnull=False)

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    operator = models.ForeignKey(Operator, models.PROTECT, verbose_name=_("operator"), related_name="+")
    source = models.ForeignKey(
        ImportSource, models.PROTECT, verbose_name=_("source"), related_name="runs", null=True, blank=True
    )
    # Commands run as `system` leave it empty; a step in the browser belongs to its user.
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
    blank_clears = models.BooleanField(_("empty cells clear"), default=False)
    refusal = models.TextField(_("why refused"), blank=True)
    warnings = models.JSONField(_("warnings"), default=list, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    new = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    same = models.PositiveIntegerField(_("same"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    stopped = models.PositiveIntegerField(_("stopped"), default=0)
    # Of the stopped ones, those whose names lost letters; and what is found beside the rows.
    damaged = models.PositiveIntegerField(_("damaged names"), default=0)
    doubles = models.PositiveIntegerField(_("possible doubles"), default=0)
    further = models.PositiveIntegerField(_("rows with further phones or addresses"), default=0)
    missing = models.PositiveIntegerField(_("people not in the file"), default=0)
    # What the run wrote lies between these entries of the journal.
    first_seq = models.BigIntegerField(_("from entry"), null=True, blank=True)
    last_seq = models.BigIntegerField(_("to entry"), null=True, blank=True)
    # An undo has dealt with what was written up to this entry, and goes on behind it.
    undone_seq = models.BigIntegerField(_("undone to entry"), null=True, blank=True)
    undone = models.PositiveIntegerField(_("people put back"), default=0)
    left = models.PositiveIntegerField(_("people left, changed since or blocked"), default=0)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("undone by"), related_name="+", null=True, blank=True
    )
    seconds = models.FloatField(_("seconds"), default=0)
    uploaded_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    planned_at = models.DateTimeField(_("planned at"), null=True, blank=True)
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)
    # When the report of a scheduled import was mailed: a crash before it is made good by the next call.
    reported_at = models.DateTimeField(_("report mailed at"), null=True, blank=True)
    # When the file and its plan are deleted, empty once they are; of a run that was applied, given up or undone, when its lists are.
    expires_at = models.DateTimeField(_("file kept until"), null=True, blank=True)

    class Meta:
        verbose_name = _("CRM import")
        verbose_name_plural = _("CRM imports")
        ordering = ["-pk"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="applied") | models.Q(applied_at__isnull=False),
                name="import_run_applied_at",
            )
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} #{self.pk}"

    @property
    def wrote_nothing(self):
        """Whether it ended before anything was written: what it counts is what would have been."""
        given_up = self.state == self.State.CANCELLED and not self.rows_done and self.last_seq is None
        return given_up or self.state in (self.State.REFUSED, self.State.EXPIRED)

    @property
    def undo_was_given_up(self):
        """Whether what it did is taken back in part, or nothing of it yet: its rows done are people then."""
        given_up = self.state == self.State.CANCELLED and self.last_seq is not None
        return given_up and self.rows_done == self.undone + self.left


class ListedRow(models.Model):
    """A line of the file that stands in one of the run's lists, as it stood in the file, and why. Personal values: kept a week
    after the run was applied or given up, for the CRM's owner to ask about; where neither happens, as long as the file. What an undo
    left is kept a week after that."""

    class Kind(models.TextChoices):
        REJECTED = "rejected", _("rejected")
        STOPPED = "stopped", _("stopped")
        DAMAGED = "damaged", _("stopped: letters lost")
        FURTHER = "further", _("further phones and addresses, not kept")
        DOUBLE = "double", _("possible double")
        LEFT = "left", _("not put back")

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="listed_rows", verbose_name=_("run"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.REJECTED)
    line = models.PositiveIntegerField(_("line"))
    cells = models.JSONField(_("cells"), default=list)
    reasons = models.JSONField(_("reasons"), default=list)

    class Meta:
        verbose_name = _("listed row")
        verbose_name_plural = _("listed rows")
        ordering = ["run", "line", "pk"]
        default_permissions = ()
        indexes = [models.Index(fields=["run", "kind", "line"], name="listed_row_line")]  # the lists, in file order

    def __str__(self):
        return _("Line %s") % self.line


class ExportRun(models.Model):
    """What left the register: which export, for whom, how many lines, and the digest of the file."""

    class Kind(models.TextChoices):
        REGISTER = "register", _("register")
        AUDIT = "audit", _("audit trail")
        LIST = "list", _("list")
        ANSWER = "answer", _("answer to a person")
        PERMISSIONS = "permissions", _("permissions for the CRM")

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

    @classmethod
    def gave_away(cls, operator):
        """The runs by which something of this operator left, as a condition: its own, and the audit trails over all operators."""
        return models.Q(operator=operator) | models.Q(operator=None, kind=cls.Kind.AUDIT)


class RunOverPeople(LongRun):
    """A long act on people of an operator, one by one: begun by somebody, and ended."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    operator = models.ForeignKey(Operator, models.PROTECT, verbose_name=_("operator"), related_name="+")
    begun_at = models.DateTimeField(_("begun"))
    begun_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("begun by"), related_name="+", null=True, blank=True
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("ended by"), related_name="+", null=True, blank=True
    )

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self._meta.verbose_name} #{self.pk}"


class HandOverRun(RunOverPeople):
    """The hand-over of people's data to an acquirer: what was said of it, how far it has come, who went and who was left out."""

    class State(models.TextChoices):
        HANDING_OVER = "handing_over", _("being handed over")
        HANDED_OVER = "handed_over", _("handed over")
        CANCELLED = "cancelled", _("given up")

    AT_WORK = (State.HANDING_OVER,)

    recipient = models.ForeignKey(
        "registry.Recipient", models.PROTECT, verbose_name=_("acquirer"), related_name="handovers"
    )
    activities = models.ManyToManyField("registry.ProcessingActivity", verbose_name=_("activities"), related_name="+")
    handed_over_on = models.DateField(_("handed over on"))
    ground = models.CharField(_("ground"), max_length=16, choices=Disclosure.Ground)
    norm = models.ForeignKey(Norm, models.PROTECT, verbose_name=_("norm"), related_name="+", null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.HANDING_OVER)
    # The last person looked at: whoever goes on begins after this id.
    last_subject = models.BigIntegerField(default=0)
    people = models.PositiveIntegerField(_("people handed over"), default=0)
    blocked = models.PositiveIntegerField(_("left out: blocked"), default=0)
    without_ground = models.PositiveIntegerField(_("left out: no ground"), default=0)
    before = models.PositiveIntegerField(_("handed over before"), default=0)

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        ordering = ["-pk"]
        default_permissions = ("view",)


class TellingRun(RunOverPeople):
    """The word that everybody of a hand-over was told: on which day and how, and how far it has been written to each of them."""

    class State(models.TextChoices):
        TELLING = "telling", _("being recorded")
        TOLD = "told", _("recorded")
        CANCELLED = "cancelled", _("given up")

    AT_WORK = (State.TELLING,)

    handover = models.ForeignKey(HandOverRun, models.PROTECT, verbose_name=_("hand-over"), related_name="tellings")
    told_on = models.DateField(_("told on"))
    how = models.CharField(_("how it was done"), max_length=250)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.TELLING)

    class Meta:
        verbose_name = _("record that all were told")
        verbose_name_plural = _("records that all were told")
        ordering = ["-pk"]
        default_permissions = ("view",)

    @property
    def told_at(self):
        """What stands with each person as the moment."""
        return moment_on(self.told_on, self.begun_at)
