"""Blocking: while it stands a person's data are stored only. It is lifted by somebody other than whoever set it."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.journal import History

from .base import OperatorOwned, field_classes, indexed_operator
from .law import Law
from .people import DataSubject

NOT_ONES_OWN = _("You set this block yourself. Somebody else lifts it.")


class BlockQuerySet(models.QuerySet):
    def standing(self):
        return self.filter(lifted_at__isnull=True)

    def of_everything(self):
        return self.filter(activity__isnull=True)

    def _one_by_one(self, *args, **values):
        raise ValidationError(_("Blocks are set and lifted one by one, each with its reasons."))

    _one_by_one.queryset_only = True

    update = delete = bulk_create = bulk_update = _one_by_one


class Block(OperatorOwned):
    """A block of a person's data under a law, for one activity or for all (94-V art. 1(3), 25(2)(8); 152-FZ art. 21)."""

    PARENT = "subject"

    class Cause(models.TextChoices):
        BREACH_REPORTED = "breach_reported", _("conditions of processing said to be breached")
        INACCURACY = "inaccuracy", _("data said to be inaccurate")
        UNLAWFUL = "unlawful", _("unlawful processing said to happen")
        CANNOT_DESTROY = "cannot_destroy", _("data cannot be destroyed in time")
        AUTHORITY = "authority", _("demand of the authorised body")
        OTHER = "other", _("other")

    operator = indexed_operator()
    subject = models.ForeignKey(
        DataSubject, models.PROTECT, verbose_name=_("data subject"), related_name="blocks", db_index=False
    )
    activity = models.ForeignKey(
        "registry.ProcessingActivity", models.PROTECT, verbose_name=_("activity"), related_name="blocks",
        null=True, blank=True, help_text=_("Empty: everything."),
    )  # fmt: skip
    law = models.ForeignKey(Law, models.PROTECT, verbose_name=_("law"), related_name="+")
    cause = models.CharField(_("cause"), max_length=16, choices=Cause)
    why = models.TextField(_("reasons"))
    request = models.ForeignKey(
        "registry.SubjectRequest",
        models.PROTECT,
        verbose_name=_("request"),
        related_name="blocks",
        null=True,
        blank=True,
    )
    set_at = models.DateTimeField(_("blocked"))
    set_by = models.ForeignKey(
        "registry.User", models.PROTECT, verbose_name=_("blocked by"), related_name="+", null=True, blank=True
    )
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True, editable=False)
    lifted_by = models.ForeignKey(
        "registry.User",
        models.PROTECT,
        verbose_name=_("lifted by"),
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    why_lifted = models.TextField(_("reasons for lifting"), blank=True, editable=False)

    history = History()
    objects = BlockQuerySet.as_manager()
    FIELD_CLASSES = field_classes(
        none="subject activity law cause request set_at set_by lifted_at lifted_by", personal="why why_lifted"
    )

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        ordering = ["-set_at", "-pk"]
        indexes = [models.Index(fields=["operator", "-set_at", "-id"], name="block_list")]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "activity", "law"],
                condition=models.Q(lifted_at__isnull=True, activity__isnull=False),
                name="block_of_activity_stands_once",
                violation_error_message=_("This is blocked already."),
            ),
            models.UniqueConstraint(
                fields=["subject", "law"],
                condition=models.Q(lifted_at__isnull=True, activity__isnull=True),
                name="block_of_everything_stands_once",
                violation_error_message=_("This person is blocked under this law already."),
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_by__isnull=True) | ~models.Q(lifted_by=models.F("set_by")),
                name="block_lifted_by_another",
                violation_error_message=_("A block is lifted by somebody other than whoever set it."),
            ),
        ]

    def __str__(self):
        return f"{self.subject} · {self.activity.code if self.activity_id else '—'}"

    def journal_subjects(self):
        return [self.subject.uid]

    def save(self, **kwargs):
        """The state of the person follows. Whoever changes the person at this moment is waited for, and then meets the block."""
        list(DataSubject.objects.select_for_update().filter(pk=self.subject_id).values_list("pk"))
        super().save(**kwargs)
        self.subject.refresh_from_db()
        self.subject.save()

    def delete(self, **kwargs):
        raise ValidationError(_("A block is not deleted. Lift it."))

    def lift(self, *, by, at, why):
        """Lifts the block, by somebody other than whoever set it; a second time adds nothing."""
        if self.lifted_at is not None:
            return
        if by is not None and by == self.set_by:
            raise ValidationError(NOT_ONES_OWN)
        if not why.strip():
            raise ValidationError(_("Say why the block is lifted."))
        self.lifted_at, self.lifted_by, self.why_lifted = at, by, why
        self.save()

    def clean(self):
        super().clean()
        stored = self.stored()
        if stored is None:
            return
        if stored.lifted_at is not None:
            raise ValidationError(_("The block was lifted and stays as it is. Set a new one."))
        for name in ("subject_id", "activity_id", "law_id", "set_at", "set_by_id"):
            if getattr(stored, name) != getattr(self, name):
                raise ValidationError(_("A block is not changed. Lift it and set another."))
