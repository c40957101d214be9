"""What left: disclosures of personal data to recipients, what recipients are told to do, and who has promised to keep silent."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.choices import HandlingAct, Trigger
from registry.journal import History
from registry.rules.deadlines import DONE_ON, FAR_ON, day_of, start_of
from registry.rules.disclosures import category_blockers, disclosure_blockers

from .base import OperatorOwned, field_classes, indexed_operator
from .deadline import first_due
from .disclosing import category_facts, disclosure_facts, forbidden_to_all
from .fields import clause_field, not_before
from .gate import refuse
from .held import HeldByBlocks, HeldQuerySet
from .law import Norm
from .people import DataSubject
from .recipient import Recipient


class DisclosureQuerySet(HeldQuerySet):
    def to_tell(self):
        """Those whose people must be told, and were not yet."""
        return self.filter(notice_is_condition=True, notified_at__isnull=True)

    def overdue(self, on):
        return self.to_tell().filter(notice_due_on__lt=on)


class Disclosure(HeldByBlocks, OperatorOwned):
    """Personal data of one person, or of so many people, that a recipient was given on a day, and on what ground."""

    class Ground(models.TextChoices):
        CONSENT = "consent", _("consent of the data subject")
        STATE_REQUEST = "state_request", _("reasoned request of a state body")
        NORM = "norm", _("a norm")
        INSTRUCTION = "instruction", _("processing on behalf of the operator")

    operator = indexed_operator()
    activity = models.ForeignKey(
        "registry.ProcessingActivity", models.PROTECT, verbose_name=_("activity"), related_name="disclosures"
    )
    recipient = models.ForeignKey(Recipient, models.PROTECT, verbose_name=_("recipient"), related_name="disclosures")
    subject = models.ForeignKey(
        DataSubject, models.PROTECT, verbose_name=_("data subject"), related_name="disclosures", null=True, blank=True
    )
    people = models.PositiveIntegerField(_("people"), default=1, help_text=_("How many, where it is not one person."))
    ground = models.CharField(_("ground"), max_length=16, choices=Ground)
    norm = models.ForeignKey(Norm, models.PROTECT, verbose_name=_("norm"), related_name="+", null=True, blank=True)
    disclosed_on = models.DateField(_("disclosed on"))
    request_number = models.CharField(_("number of the request"), max_length=100, blank=True)
    request_reasons = models.TextField(_("reasons of the request"), blank=True)
    given = models.CharField(_("what was given"), max_length=400, blank=True)
    is_handover = models.BooleanField(_("hand-over to an acquirer"), default=False, editable=False)
    notice_is_condition = models.BooleanField(
        _("notice to the person is a condition"), default=False, help_text=_("94-V art. 19: within 10 working days.")
    )
    notice_due_on = models.DateField(_("notice due on"), null=True, blank=True, editable=False)
    notified_at = models.DateTimeField(_("person notified"), null=True, blank=True, editable=False)
    notified_by = models.ForeignKey(
        "registry.User",
        models.PROTECT,
        verbose_name=_("notified by"),
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )

    history = History()
    objects = DisclosureQuerySet.as_manager()
    WRITING = HandlingAct.TRANSFER
    OF_ACTIVITIES = True
    FIELD_CLASSES = field_classes(
        none="activity recipient subject people ground norm disclosed_on request_number is_handover notice_is_condition "
        "notice_due_on notified_at notified_by",
        personal="request_reasons given",
    )

    class Meta:
        verbose_name = _("disclosure")
        verbose_name_plural = _("disclosures")
        ordering = ["-disclosed_on", "-pk"]
        indexes = [
            models.Index(fields=["operator", "-disclosed_on", "-id"], name="disclosure_list"),
            models.Index(  # whose people are to be told, for the desk, the calendar and the reminders
                fields=["operator", "notice_due_on"],
                name="disclosure_to_tell",
                condition=models.Q(notice_is_condition=True, notified_at=None),
            ),
        ]

    def __str__(self):
        return f"{self.recipient.code} · {self.disclosed_on}"

    def clean(self):
        """Asks the gate before anything leaves. Afterwards it is a fact: only that the person was told is added."""
        super().clean()
        if not (self.activity_id and self.recipient_id and self.operator_id and self.ground and self.disclosed_on):
            return  # the form says what is missing
        stored = self.stored()
        if stored is None:
            refuse(disclosure_blockers(disclosure_facts(self)), operator=self.operator)
        elif any(getattr(stored, name) != getattr(self, name) for name in self.fixed_attnames()):
            raise ValidationError(_("What left stays as it was recorded. Record another disclosure."))

    def fixed_attnames(self):
        return [
            field.attname for field in self._meta.concrete_fields if field.name not in ("notified_at", "notified_by")
        ]

    def save(self, **kwargs):
        if self._state.adding:
            self.people = 1 if self.subject_id else self.people
            if self.notice_is_condition:
                self.notice_due_on = self.notice_term()[1].on
        super().save(**kwargs)

    def notice_term(self):
        """The rule by which the person is told (94-V art. 19), and by when."""
        return first_due(self.operator, [Trigger.THIRD_PARTY_TRANSFER], start_of(self.disclosed_on))

    def delete(self, **kwargs):
        raise ValidationError(_("What left stays recorded. It is not deleted."))

    def tell(self, *, by, at):
        """Records that the person was told; a second time adds nothing."""
        if not self.notice_is_condition:
            raise ValidationError(_("No notice is a condition of this disclosure. There is nobody to tell."))
        if self.notified_at is None:
            self.notified_at, self.notified_by = at, by
            self.save()

    def held_activities(self):
        return frozenset((self.activity_id,))

    def handling_act(self, stored):
        """To note later that the person was told passes nothing on."""
        told = stored is not None and self.changed_fields(stored) <= {"notice_due_on", "notified_at", "notified_by"}
        return HandlingAct.NARROW if told else self.WRITING

    def journal_subjects(self):
        return [self.subject.uid] if self.subject_id else []


class DisclosureCategoryQuerySet(HeldQuerySet):
    SUBJECT = "disclosure__subject"


class DisclosureCategory(HeldByBlocks, OperatorOwned):
    """A category of data that was disclosed."""

    PARENT = "disclosure"

    disclosure = models.ForeignKey(
        Disclosure, models.PROTECT, verbose_name=_("disclosure"), related_name="data_categories"
    )
    data_category = models.ForeignKey(
        "registry.DataCategory", models.PROTECT, verbose_name=_("data category"), related_name="+"
    )

    history = History()
    objects = DisclosureCategoryQuerySet.as_manager()
    WRITING = HandlingAct.TRANSFER
    OF_ACTIVITIES = True
    FIELD_CLASSES = field_classes(none="disclosure data_category")

    class Meta:
        verbose_name = _("data category of the disclosure")
        verbose_name_plural = _("data categories of the disclosure")
        ordering = ["disclosure", "data_category__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["disclosure", "data_category"],
                name="disclosure_category_once",
                violation_error_message=_("This category is on the list already."),
            )
        ]

    def __str__(self):
        return str(self.data_category)

    def held_subject_id(self):
        return self.disclosure.subject_id

    def held_activities(self):
        return frozenset((self.disclosure.activity_id,))

    def journal_subjects(self):
        return self.disclosure.journal_subjects()

    def clean(self):
        super().clean()
        if not (self.disclosure_id and self.data_category_id):
            return
        stored = self.stored()
        if stored is None:
            category = category_facts(self.data_category, forbidden_to_all(self.disclosure))
            refuse(category_blockers(disclosure_facts(self.disclosure), category), operator=self.operator)
        elif (stored.disclosure_id, stored.data_category_id) != (self.disclosure_id, self.data_category_id):
            raise ValidationError(_("What left stays as it was recorded. Record another disclosure."))

    def delete(self, **kwargs):
        raise ValidationError(_("What left stays recorded. It is not deleted."))


class ObligationQuerySet(models.QuerySet):
    def open(self):
        return self.filter(done_at__isnull=True)

    def overdue(self, on):
        return self.open().filter(due_on__lt=on)

    def listed_open(self):
        """By their place in the list, which its index finds before a million that are done."""
        return self.open().filter(urgent_on__lt=DONE_ON)

    def done(self):
        """As those that are open, behind a million of them."""
        return self.filter(urgent_on=DONE_ON)


def check_told(*, at, how, since=None):
    """What is to be recorded as done was done: somehow, not later than now, and not before the day it is owed for."""
    if not how.strip():
        raise ValidationError(_("Say how it was done: letter and date, call, message."))
    day = {"day": day_of(at).isoformat()}
    if at > timezone.now():
        raise ValidationError(_("%(day)s is in the future: nobody has been told yet.") % day)
    if since and day_of(at) < since:
        raise ValidationError(
            _("On %(day)s there was nothing to tell yet: it is owed since %(since)s.")
            % (day | {"since": since.isoformat()})
        )


def place_in_list(due_on, done_at):
    """By which day an obligation is listed: what is to be told first, what is due first on top."""
    return DONE_ON if done_at else due_on or FAR_ON


class Obligation(OperatorOwned):
    """What is owed to a person towards a recipient: tell it to stop, to rectify, to destroy; by when, and whether it was done."""

    class What(models.TextChoices):
        STOP = "stop", _("tell the recipient to stop")
        RECTIFY = "rectify", _("tell the recipient what changed")
        DESTROY = "destroy", _("tell the recipient to destroy")
        INFORM = "inform", _("tell the person")

    operator = indexed_operator()
    request = models.ForeignKey(
        "registry.SubjectRequest",
        models.PROTECT,
        verbose_name=_("request"),
        related_name="obligations",
        null=True,
        blank=True,
    )
    subject = models.ForeignKey(DataSubject, models.PROTECT, verbose_name=_("data subject"), related_name="obligations")
    recipient = models.ForeignKey(
        Recipient, models.PROTECT, verbose_name=_("recipient"), related_name="obligations", null=True, blank=True,
        db_index=False,
    )  # fmt: skip
    what = models.CharField(_("what"), max_length=12, choices=What)
    norm = models.ForeignKey(Norm, models.PROTECT, verbose_name=_("norm"), related_name="+", null=True, blank=True)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True, editable=False)
    done_by = models.ForeignKey(
        "registry.User",
        models.PROTECT,
        verbose_name=_("done by"),
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    how = models.CharField(_("how it was done"), max_length=250, blank=True, editable=False)
    # The place in the list: the day of what is open, in a column of its own that is never empty and can be gone on from.
    urgent_on = models.DateField(editable=False, default=FAR_ON)

    due_at = None  # told by a day, never by the hour

    history = History(excluded_fields=["urgent_on"])
    objects = ObligationQuerySet.as_manager()
    FIELD_CLASSES = field_classes(none="request subject recipient what norm due_on done_at done_by", personal="how")

    class Meta:
        verbose_name = _("obligation")
        verbose_name_plural = _("obligations")
        ordering = ["due_on", "pk"]
        indexes = [
            # how many are owed and overdue, for the sidebar, the desk and the reminders
            models.Index(fields=["operator", "due_on"], name="obligation_open", condition=models.Q(done_at=None)),
            models.Index(fields=["operator", "urgent_on", "id"], name="obligation_list"),
            models.Index(fields=["operator", "what", "urgent_on", "id"], name="obligation_list_what"),
            models.Index(fields=["recipient", "operator", "urgent_on", "id"], name="obligation_list_recipient"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "recipient", "what"],
                condition=models.Q(request__isnull=False, recipient__isnull=False),
                name="obligation_once_a_case",
                violation_error_message=_("This is owed in that case already."),
            )
        ]

    def __str__(self):
        return f"{self.get_what_display()} · {self.recipient.code if self.recipient_id else '—'}"

    def journal_subjects(self):
        return [self.subject.uid]

    def derived(self):
        return {"urgent_on": place_in_list(self.due_on, self.done_at)}

    def save(self, **kwargs):
        self.urgent_on = place_in_list(self.due_on, self.done_at)
        super().save(**kwargs)

    def fulfil(self, *, by, at, how):
        """Records that it was done; a second time adds nothing."""
        if self.done_at is not None:
            return
        check_told(at=at, how=how, since=self.owed_since())
        self.done_at, self.done_by, self.how = at, by, how
        self.save()

    def owed_since(self):
        """The day of what it is owed for: of the request, or the first one that the data were handed over; None where nobody knows."""
        if self.request_id:
            return day_of(self.request.received_at)
        went = Disclosure.objects.filter(is_handover=True, recipient=self.recipient_id, subject=self.subject_id)
        return went.aggregate(first=models.Min("disclosed_on"))["first"] if self.what == self.What.INFORM else None

    def owe_again(self, *, norm, due_on):
        """What was done is to be done once more: more has changed since."""
        self.done_at = self.done_by = None
        self.how, self.norm, self.due_on = "", norm, due_on
        self.save()


class UndertakingQuerySet(models.QuerySet):
    def live(self, on):
        return self.filter(models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=on), starts_on__lte=on)


class Undertaking(OperatorOwned):
    """A promise of confidentiality: of a member of staff, or of a recipient, before data are seen (Lapp 11; 94-V art. 11)."""

    user = models.ForeignKey(
        "registry.User", models.PROTECT, verbose_name=_("user"), related_name="undertakings", null=True, blank=True
    )
    recipient = models.ForeignKey(
        Recipient, models.PROTECT, verbose_name=_("recipient"), related_name="undertakings", null=True, blank=True
    )
    document = models.CharField(_("document"), max_length=250, help_text=_("Number and date of what was signed."))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True, help_text=_("Last day. Empty: it stands."))
    clause = clause_field()

    history = History()
    objects = UndertakingQuerySet.as_manager()
    FIELD_CLASSES = field_classes(none="user recipient document starts_on ends_on clause")

    class Meta:
        verbose_name = _("undertaking of confidentiality")
        verbose_name_plural = _("undertakings of confidentiality")
        ordering = ["-starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, recipient__isnull=True)
                | models.Q(user__isnull=True, recipient__isnull=False),
                name="undertaking_of_one",
                violation_error_message=_("Say who promises: a user, or a recipient."),
            ),
            not_before(
                "starts_on",
                "ends_on",
                name="undertaking_period",
                message=_("An undertaking cannot end before it begins."),
            ),
        ]

    def __str__(self):
        return self.document

    def clean(self):
        super().clean()
        if self.user_id and self.operator_id and not self.user.memberships.filter(operator=self.operator_id).exists():
            raise ValidationError({"user": _("This user works for another operator. Choose a colleague.")})
