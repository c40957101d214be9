"""The journal's tables: append-only entries, the people they touch, and the head they are numbered under."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JournalEntry(models.Model):
    """One act. `body` is the exact text that was hashed; the columns repeat it for filtering and are checked by reconcile."""

    seq = models.BigIntegerField(_("number"), primary_key=True)
    n = models.BigIntegerField(_("operator's number"), null=True)
    at = models.DateTimeField(_("when"))
    actor = models.BigIntegerField(_("actor"), null=True)
    action = models.CharField(_("action"), max_length=40)
    operator = models.CharField(_("operator"), max_length=40, blank=True)
    object_type = models.CharField(_("object type"), max_length=60, blank=True)
    object_uid = models.UUIDField(_("object"), null=True)
    history_id = models.BigIntegerField(_("history row"), null=True)
    run = models.BigIntegerField(_("run"), null=True)
    body = models.TextField(_("body"))
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")
        ordering = ["-seq"]
        default_permissions = ("view", "export")
        constraints = [
            models.UniqueConstraint(
                fields=["object_type", "history_id"],
                condition=models.Q(history_id__isnull=False),
                name="journal_one_entry_per_history_row",
            ),
            models.UniqueConstraint(
                fields=["operator", "n"], condition=~models.Q(operator=""), name="journal_numbers_of_an_operator"
            ),
        ]
        indexes = [
            models.Index(fields=["object_uid", "seq"], name="journal_object"),  # history pages
            models.Index(fields=["at"], name="journal_at"),  # registers as of a moment
            models.Index(  # the journal's page by action; what imports write by the million has a history row
                fields=["operator", "action", "-n"], name="journal_list_action", condition=models.Q(history_id=None)
            ),
            models.Index(  # the administrator's journal, as scope.py says what that is
                fields=["-seq"],
                name="journal_list_accounts",
                condition=models.Q(operator="") | models.Q(object_type="membership") | models.Q(object_type="user"),
            ),
        ]

    def __str__(self):
        return f"#{self.seq} {self.action}"


class JournalSubject(models.Model):
    """A person whom an entry touches: lists and runs name many."""

    # Both are written in one go and never deleted; checking each row at the commit took a quarter of its time.
    entry = models.ForeignKey(
        JournalEntry, models.PROTECT, related_name="subjects", db_column="seq", db_index=False, db_constraint=False
    )
    uid = models.UUIDField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["uid", "entry"], name="journal_subject_once")]
        indexes = [models.Index(fields=["entry"], name="journal_subject_entry")]  # the people of an entry

    def __str__(self):
        return f"#{self.entry_id} {self.uid}"


class JournalHead(models.Model):
    """The one updatable row: where the next entry is numbered and chained. Verification never trusts it."""

    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="00" * 32)
    at = models.DateTimeField(null=True)
    numbers = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"head {self.seq}"

    @classmethod
    def locked(cls):
        """The head, locked until the transaction ends: whoever holds it appends."""
        head = cls.objects.select_for_update().filter(pk=1).first()
        if head is None:  # the very first entry; of two first writers one inserts, both then wait for the lock
            cls.objects.bulk_create([cls(pk=1)], ignore_conflicts=True)
            head = cls.objects.select_for_update().get(pk=1)
        return head

    def note(self, operators=None):
        """The unsigned head note, four lines and one for each operator the reader may see."""
        from .canonical import moment

        shown = sorted(self.numbers if operators is None else set(operators) & set(self.numbers))
        lines = ["PDR1 head", f"seq {self.seq}", f"hash {self.hash}", f"at {moment(self.at) if self.at else '-'}"]
        return "\n".join(lines + [f"n {code} {self.numbers[code]}" for code in shown]) + "\n"
