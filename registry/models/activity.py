"""A processing activity: a line of the record. It becomes active only when nothing stands in its way."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.choices import Operation, Source
from registry.journal import History
from registry.rules.activity import (
    ActivityFacts,
    PurposeFacts,
    RecipientFacts,
    activation_blockers,
)
from registry.rules.compatibility import KeptFacts

from .base import field_classes
from .fields import CodesField, not_before
from .gate import refuse
from .moves import MovesGrounds
from .purpose import Coded
from .recipient import Recipient


class ActivityQuerySet(models.QuerySet):
    def drafts(self):
        return self.filter(status=ProcessingActivity.Status.DRAFT)

    def active(self):
        return self.filter(status=ProcessingActivity.Status.ACTIVE)

    def with_links(self):
        """With all that the gate asks, in a fixed number of queries."""
        return self.select_related("operator").prefetch_related(
            "operator__laws__law",
            "operator__responsible_persons",
            "purposes__purpose",
            "purposes__basis__norm",
            "purposes__basis__decisions",
            "data_categories__data_category",
            "subject_categories",
            "databases__database__activities__activity__purposes__purpose__incompatible_with__other",
            "databases__database__activities__activity__purposes__purpose__incompatible_with__clause",
            "retention__rule",
            "measures",
            "recipients__recipient",
        )


class ProcessingActivity(MovesGrounds, Coded):
    """What is done with whose data, why and on what ground, where it lies, who gets it and when it goes."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        ENDED = "ended", _("ended")

    class OperatorRole(models.TextChoices):
        CONTROLLER = "controller", _("operator")
        JOINT = "joint", _("joint operator")
        PROCESSOR = "processor", _("processor, on behalf of another")

    role = models.CharField(_("role"), max_length=12, choices=OperatorRole, default=OperatorRole.CONTROLLER)
    on_behalf_of = models.CharField(_("on whose behalf"), max_length=250, blank=True)
    joint_operators = models.CharField(_("joint operators"), max_length=400, blank=True)
    operations = CodesField(_("operations"), options=Operation)
    sources = CodesField(_("sources of data"), options=Source)
    is_automated = models.BooleanField(_("automated"), null=True, blank=True)
    over_network = models.BooleanField(_("over a network"), null=True, blank=True)
    decides_rights = models.BooleanField(
        _("decides about rights by itself"), null=True, blank=True,
        help_text=_("Automated processing that creates, changes or ends rights of people."),
    )  # fmt: skip
    decision_logic = models.TextField(
        _("how it decides"),
        blank=True,
        help_text=_("In plain words: what goes in, what counts, what follows for the person."),
    )
    decision_review = models.CharField(
        _("who reviews on objection"), max_length=250, blank=True, help_text=_("A position, not a machine.")
    )
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.DRAFT, editable=False)
    started_on = models.DateField(_("started on"), null=True, blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    review_due_on = models.DateField(_("review due on"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    history = History()
    objects = ActivityQuerySet.as_manager()
    FIELD_CLASSES = field_classes(
        none="code name_en name_ru name_kk role on_behalf_of joint_operators operations sources is_automated over_network "
        "decides_rights decision_logic decision_review status started_on ended_on review_due_on note"
    )

    class Meta(Coded.Meta):
        verbose_name = _("processing activity")
        verbose_name_plural = _("processing activities")
        ordering = ["code"]
        constraints = [
            *Coded.Meta.constraints,
            not_before(
                "started_on", "ended_on", name="activity_period", message=_("An activity cannot end before it starts.")
            ),
            models.CheckConstraint(
                condition=~models.Q(role="processor") | ~models.Q(on_behalf_of=""),
                name="activity_processor_names_principal",
                violation_error_message=_("A processor acts on somebody’s behalf. Say on whose."),
            ),
            models.CheckConstraint(
                condition=~models.Q(status="ended") | models.Q(ended_on__isnull=False),
                name="activity_ended_with_date",
                violation_error_message=_("An activity that ended has a last day. Enter it."),
            ),
            models.CheckConstraint(
                condition=~models.Q(decides_rights=True, is_automated=False),
                name="activity_decides_automated",
                violation_error_message=_(
                    "What decides about rights by itself is automated. Correct one of the two answers."
                ),
            ),
        ]

    def clean(self):
        super().clean()
        if self.pk and self.status == self.Status.ACTIVE:
            stored = self.with_stored_links()
            had = set(stored.blockers(stored=stored)) if stored.status == self.Status.ACTIVE else set()
            refuse([each for each in self.blockers(stored=stored) if each not in had], operator=self.operator)

    def facts(self, today, stored=None):
        """What the gate asks: this record's own values as they are here, its links as they are stored."""
        stored = stored or self.with_stored_links()
        laws = {each.law_id: each.law.code for each in stored.operator.laws.all()}
        needed = {}
        for link in stored.data_categories.all():
            needed.setdefault(link.activity_purpose_id, []).append(link)
        return ActivityFacts(
            today=today,
            laws=tuple(sorted(laws.values())),
            started_on=self.started_on,
            operations=tuple(self.operations.split()),
            sources=tuple(self.sources.split()),
            decides_rights=self.decides_rights,
            decision_logic=self.decision_logic,
            decision_review=self.decision_review,
            purposes=tuple(
                _purpose_facts(link, needed.get(link.pk, []), laws, today) for link in stored.purposes.all()
            ),
            subject_categories=len(stored.subject_categories.all()),
            databases=tuple(link.database.facts() for link in stored.databases.all()),
            kept=tuple(_kept_facts(stored, link.database) for link in stored.databases.all()),
            retention_complete=tuple((str(link.rule), link.rule.is_complete) for link in stored.retention.all()),
            measures=len(stored.measures.all()),
            recipients=tuple(_recipient_facts(link.recipient) for link in stored.recipients.all()),
            has_responsible_person=any(
                person.is_in_office(today) for person in stored.operator.responsible_persons.all()
            ),
        )

    def with_stored_links(self):
        return type(self).objects.with_links().get(pk=self.pk)

    def blockers(self, today=None, stored=None):
        """What keeps this activity from being active. `stored`: the same activity out of `with_links()`, to read many at once."""
        return activation_blockers(self.facts(today or timezone.localdate(), stored))

    def activate(self):
        """Puts the activity into effect; raises ValidationError with every blocker while one stands."""
        self.lock()
        refuse(self.blockers())
        self.status = self.Status.ACTIVE
        self.save()

    def lock(self):
        """Nobody else activates it, or takes a link from it, until this transaction ends."""
        list(type(self).objects.select_for_update(of=("self",)).filter(pk=self.pk).values_list("pk"))

    def suspend(self):
        """Stops an active activity until it is activated again."""
        if self.status != self.Status.ACTIVE:
            raise ValidationError(
                _("Only an active activity can be suspended; this one is: %s.") % self.get_status_display()
            )
        self.status = self.Status.SUSPENDED
        self.save()

    def end(self, on):
        """Ends the activity; `on` is its last day."""
        if self.status == self.Status.ENDED:
            raise ValidationError(_("The activity ended on %s already.") % self.ended_on)
        self.status, self.ended_on = self.Status.ENDED, on
        self.full_clean()
        self.save()


def _purpose_facts(link, needed, laws, today):
    basis = link.basis
    decisions = basis.decisions.all() if basis is not None else ()
    return PurposeFacts(
        name=str(link.purpose),
        has_basis=basis is not None,
        basis_known=basis is not None and basis.known_under(laws),
        basis=str(basis or ""),
        data_categories=len(needed),
        without_necessity=tuple(str(each.data_category) for each in needed if not each.necessity),
        basis_kind=basis.kind if basis is not None else "",
        special=tuple(str(each.data_category) for each in needed if each.data_category.is_special_or_biometric),
        decided_until=max((each.valid_until for each in decisions if each.stands_on(today)), default=None),
    )


def _kept_facts(activity, database):
    """Every pair that the database brings together is declared by one of the purposes it serves."""
    kept = [
        link
        for shared in database.activities.all()
        if shared.activity.status != ProcessingActivity.Status.ENDED
        for link in shared.activity.purposes.all()
    ]
    declared = {row.pk: row for link in kept for row in link.purpose.incompatible_with.all()}
    return KeptFacts(
        str(database),
        frozenset(link.purpose_id for link in kept),
        frozenset(link.purpose_id for link in activity.purposes.all()),
        tuple(row.as_pair() for row in declared.values()),
    )


def _recipient_facts(recipient):
    return RecipientFacts(
        name=str(recipient),
        is_processor=recipient.kind == Recipient.Kind.PROCESSOR,
        country=recipient.country,
        agreement_number=recipient.agreement_number,
        agreement_from=recipient.agreement_from,
        agreement_until=recipient.agreement_until,
    )
