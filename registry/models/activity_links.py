"""The links of a processing activity: each is a record of its own, so that its history can be read."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.journal import History

from .activity import ProcessingActivity
from .base import OperatorOwned, field_classes
from .gate import KeepsGate, refuse
from .moves import MovesGrounds


class ActivityLink(KeepsGate, OperatorOwned):
    """What an activity refers to. While the activity is active no change of a link may leave a blocker behind."""

    PARENT = "activity"

    class Meta:
        abstract = True

    def activities_at_stake(self):
        return ProcessingActivity.objects.filter(pk=self.activity_id)

    def points_anew(self, name):
        """Whether it is new, or names another record than it did, and both ends are known."""
        stored, now = self.stored(), getattr(self, f"{name}_id")
        known = self.activity_id is not None and now is not None
        return known and (
            stored is None or (stored.activity_id, getattr(stored, f"{name}_id")) != (self.activity_id, now)
        )


def link_to_activity(related_name):
    return models.ForeignKey(ProcessingActivity, models.PROTECT, verbose_name=_("activity"), related_name=related_name)


def once(*fields, name, message):
    return models.UniqueConstraint(fields=["activity", *fields], name=name, violation_error_message=message)


ALREADY_LISTED = _("This is on the activity’s list already.")


class ActivityPurpose(MovesGrounds, ActivityLink):
    """A purpose of the activity and the ground it rests on."""

    activity = link_to_activity("purposes")
    purpose = models.ForeignKey(
        "registry.Purpose", models.PROTECT, verbose_name=_("purpose"), related_name="activities"
    )
    basis = models.ForeignKey(
        "registry.LegalBasis", models.PROTECT, verbose_name=_("legal basis"), related_name="+", null=True, blank=True
    )
    document = models.CharField(
        _("document"), max_length=300, blank=True, help_text=_("Contract or act, number and date.")
    )

    history = History()
    FIELD_CLASSES = field_classes(none="activity purpose basis document")

    class Meta:
        verbose_name = _("purpose of the activity")
        verbose_name_plural = _("purposes of the activity")
        ordering = ["activity", "purpose__code"]
        constraints = [once("purpose", name="activity_purpose_once", message=ALREADY_LISTED)]

    def __str__(self):
        return str(self.purpose)

    def clean(self):
        super().clean()
        if self.points_anew("purpose"):
            from .compatibility import purpose_added  # it asks for these links

            refuse(purpose_added(self), operator=self.operator)


class ActivityDataCategory(ActivityLink):
    """A data category needed for a purpose: a line of the list of necessary and sufficient data (94-V art. 25(2)(1))."""

    activity = link_to_activity("data_categories")
    activity_purpose = models.ForeignKey(
        ActivityPurpose, models.PROTECT, verbose_name=_("purpose"), related_name="data_categories"
    )
    data_category = models.ForeignKey(
        "registry.DataCategory", models.PROTECT, verbose_name=_("data category"), related_name="activities"
    )
    necessity = models.CharField(_("why needed"), max_length=300, blank=True)
    is_mandatory = models.BooleanField(_("mandatory"), null=True, blank=True)

    history = History()
    FIELD_CLASSES = field_classes(none="activity activity_purpose data_category necessity is_mandatory")

    class Meta:
        verbose_name = _("data category of the activity")
        verbose_name_plural = _("data categories of the activity")
        ordering = ["activity", "activity_purpose__purpose__code", "data_category__code"]
        constraints = [once("activity_purpose", "data_category", name="activity_data_once", message=ALREADY_LISTED)]

    def __str__(self):
        return f"{self.data_category} · {self.activity_purpose}"

    def clean(self):
        super().clean()
        if self.activity_id and self.activity_purpose_id and self.activity_purpose.activity_id != self.activity_id:
            raise ValidationError(
                {"activity_purpose": _("This purpose belongs to another activity. Choose one of this activity’s.")}
            )


class ActivitySubjectCategory(ActivityLink):
    """Whose data the activity processes."""

    activity = link_to_activity("subject_categories")
    subject_category = models.ForeignKey(
        "registry.SubjectCategory",
        models.PROTECT,
        verbose_name=_("category of data subjects"),
        related_name="activities",
    )

    history = History()
    FIELD_CLASSES = field_classes(none="activity subject_category")

    class Meta:
        verbose_name = _("category of data subjects of the activity")
        verbose_name_plural = _("categories of data subjects of the activity")
        ordering = ["activity", "subject_category__code"]
        constraints = [once("subject_category", name="activity_subject_category_once", message=ALREADY_LISTED)]

    def __str__(self):
        return str(self.subject_category)


class ActivityRecipient(ActivityLink):
    """Who receives data in the course of the activity, and why."""

    activity = link_to_activity("recipients")
    recipient = models.ForeignKey(
        "registry.Recipient", models.PROTECT, verbose_name=_("recipient"), related_name="activities"
    )
    basis = models.ForeignKey(
        "registry.LegalBasis", models.PROTECT, verbose_name=_("legal basis"), related_name="+", null=True, blank=True
    )
    note = models.CharField(_("note"), max_length=300, blank=True)

    history = History()
    FIELD_CLASSES = field_classes(none="activity recipient basis note")

    class Meta:
        verbose_name = _("recipient of the activity")
        verbose_name_plural = _("recipients of the activity")
        ordering = ["activity", "recipient__code"]
        constraints = [once("recipient", name="activity_recipient_once", message=ALREADY_LISTED)]

    def __str__(self):
        return str(self.recipient)


class ActivityDatabase(ActivityLink):
    """Where the activity keeps data."""

    activity = link_to_activity("databases")
    database = models.ForeignKey(
        "registry.Database", models.PROTECT, verbose_name=_("database"), related_name="activities"
    )

    history = History()
    FIELD_CLASSES = field_classes(none="activity database")

    class Meta:
        verbose_name = _("database of the activity")
        verbose_name_plural = _("databases of the activity")
        ordering = ["activity", "database__code"]
        constraints = [once("database", name="activity_database_once", message=ALREADY_LISTED)]

    def __str__(self):
        return str(self.database)

    def clean(self):
        super().clean()
        if self.points_anew("database"):
            from .compatibility import database_added  # it asks for these links

            if self.database.merged_into_id:
                said = {"database": self.database, "into": self.database.merged_into}
                raise ValidationError(
                    {"database": _("“%(database)s” was merged into “%(into)s”. Choose that one.") % said}
                )
            refuse(database_added(self), operator=self.operator)


class ActivityRetention(ActivityLink):
    """How long the activity keeps data; for one data category, or for all."""

    activity = link_to_activity("retention")
    rule = models.ForeignKey(
        "registry.RetentionRule", models.PROTECT, verbose_name=_("rule"), related_name="activities"
    )
    data_category = models.ForeignKey(
        "registry.DataCategory",
        models.PROTECT,
        verbose_name=_("data category"),
        related_name="+",
        null=True,
        blank=True,
    )

    history = History()
    FIELD_CLASSES = field_classes(none="activity rule data_category")

    class Meta:
        verbose_name = _("retention of the activity")
        verbose_name_plural = _("retention of the activity")
        ordering = ["activity", "rule__code"]
        constraints = [
            once("rule", "data_category", name="activity_retention_once", message=ALREADY_LISTED),
            models.UniqueConstraint(
                fields=["activity", "rule"],
                condition=models.Q(data_category__isnull=True),
                name="activity_retention_of_all_data_once",
                violation_error_message=ALREADY_LISTED,
            ),
        ]

    def __str__(self):
        return str(self.rule)


class ActivityMeasure(ActivityLink):
    """What protects the data of the activity."""

    activity = link_to_activity("measures")
    measure = models.ForeignKey(
        "registry.SecurityMeasure", models.PROTECT, verbose_name=_("measure"), related_name="activities"
    )

    history = History()
    FIELD_CLASSES = field_classes(none="activity measure")

    class Meta:
        verbose_name = _("measure of the activity")
        verbose_name_plural = _("measures of the activity")
        ordering = ["activity", "measure__code"]
        constraints = [once("measure", name="activity_measure_once", message=ALREADY_LISTED)]

    def __str__(self):
        return str(self.measure)


class ActivityClause(ActivityLink):
    """The clause of the policy that the activity carries out."""

    activity = link_to_activity("clauses")
    clause = models.ForeignKey("registry.Clause", models.PROTECT, verbose_name=_("clause"), related_name="activities")

    history = History()
    FIELD_CLASSES = field_classes(none="activity clause")

    class Meta:
        verbose_name = _("clause of the activity")
        verbose_name_plural = _("clauses of the activity")
        ordering = ["activity", "clause__sort_key"]
        constraints = [once("clause", name="activity_clause_once", message=ALREADY_LISTED)]

    def __str__(self):
        return str(self.clause)
