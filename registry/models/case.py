"""Cases: what people and authorities ask of the operator. Each has a due date that nobody typed."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from registry.choices import Language, RequestChannel, RequestKind
from registry.journal import History
from registry.rules.cases import SUBJECT_KINDS, SURVEY, intake_blockers, open_blockers
from registry.rules.deadlines import FAR_ON, day_of, start_of
from registry.rules.working_days import ONE_DAY

from .base import OperatorOwned, field_classes
from .case_acts import CaseActs, RequestActs
from .case_clock import CaseClock
from .gate import refuse
from .operator import Operator
from .people import DataSubject

FAR_AT = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
# Of two that are due at once, the one that has waited longer; in lists that hold closed ones, too, the last closed first.
URGENT_FIRST = ["urgent_on", "urgent_at", "-closed_at", "received_at", "pk"]


class CaseQuerySet(models.QuerySet):
    def open(self):
        return self.filter(closed_at__isnull=True)

    def overdue(self, at):
        """Open cases whose term has ended at that moment, as `is_overdue` says of one."""
        late = models.Q(due_at__lt=at) | models.Q(due_at__isnull=True, due_on__lt=day_of(at))
        return self.open().filter(late)

    def waiting(self, at):
        """Open cases that want somebody now: due on that day or late, or not sorted yet."""
        tomorrow = day_of(at) + ONE_DAY
        ends = models.Q(due_at__lt=start_of(tomorrow)) | models.Q(due_at__isnull=True, due_on__lt=tomorrow)
        return self.open().filter(ends | models.Q(kind=RequestKind.UNSORTED))

    def with_urgency(self):
        """With the day and the moment they are due. A moment counts as its day, before the day's others; no term is far away."""
        coalesce, day = models.functions.Coalesce, models.functions.TruncDate("due_at")
        return self.annotate(
            urgent_on=coalesce(day, "due_on", models.Value(FAR_ON), output_field=models.DateField()),
            urgent_at=coalesce("due_at", models.Value(FAR_AT), output_field=models.DateTimeField()),
        )

    def by_urgency(self):
        """What is due first, first; those without a term last."""
        return self.with_urgency().order_by(*URGENT_FIRST)


class Case(CaseClock, CaseActs, OperatorOwned):
    """What all cases share. A closed case is never changed: opened again it is a new one that follows it."""

    class Outcome(models.TextChoices):
        MET = "met", _("met")
        REFUSED = "refused", _("refused")
        DUPLICATE = "duplicate", _("a duplicate of another case")
        TAKEN_BACK = "taken_back", _("taken back by the applicant")
        NO_REQUEST = "no_request", _("no request at all")

    NUMBER_PREFIX = PART_FIELD = ""

    number = models.CharField(_("number"), max_length=24, editable=False)
    received_at = models.DateTimeField(_("received"))
    received_by = models.ForeignKey(
        "registry.User", models.PROTECT, verbose_name=_("taken in by"), related_name="+",
        null=True, blank=True, editable=False,
    )  # fmt: skip
    subject = models.ForeignKey(
        DataSubject, models.PROTECT, verbose_name=_("data subject"), related_name="%(class)ss",
        null=True, blank=True, editable=False,
    )  # fmt: skip
    demand = models.TextField(_("what is asked for"), blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.RU)
    # The strictest of its deadlines, for lists; a day, or a moment for terms in hours and at once.
    due_on = models.DateField(_("due on"), null=True, blank=True, editable=False)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True, editable=False)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        "registry.User", models.PROTECT, verbose_name=_("closed by"), related_name="+",
        null=True, blank=True, editable=False,
    )  # fmt: skip

    objects = CaseQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self):
        return self.number or str(_("new case"))

    @property
    def label(self):
        return f"{self.number} · {self.get_kind_display()}"

    def journal_subjects(self):
        return [self.subject.uid] if self.subject_id else []

    @property
    def as_parent(self):
        """How a part of this case names it."""
        return {"operator": self.operator, self.PART_FIELD: self}

    @property
    def deadlines(self):
        return self.casedeadlines

    def is_overdue(self, at):
        if self.closed_at is not None:
            return False
        return self.due_at < at if self.due_at else bool(self.due_on and self.due_on < day_of(at))

    def clean(self):
        super().clean()
        stored = self.stored()
        if stored is not None and stored.closed_at is not None:
            refuse(open_blockers(stored.facts()))
        if self.received_at is not None:
            self.refuse_by_field(intake_blockers(self.facts(), number=getattr(self, "body_number", None)))

    def refuse_by_field(self, blockers):
        if blockers:
            raise ValidationError({each.field: each.message for each in blockers})

    def save(self, **kwargs):
        """Gives a new case its number and every case its deadlines, whatever route it takes."""
        self.take_operator_from_parent()
        with transaction.atomic():
            if not self.number:
                self.number = self.next_number()
            stored = self.stored()
            counted = self.counted() if stored is None or self.starts_anew(stored) else None
            super().save(**kwargs)
            if counted is not None:
                self.keep(counted)

    def next_number(self):
        """The next of the year it was received in; nobody else takes one until it is stored."""
        Operator.take_turns(self.operator_id)
        head = f"{self.NUMBER_PREFIX}{day_of(self.received_at).year}-"
        taken = (
            type(self)
            .objects.filter(operator=self.operator_id, number__startswith=head)
            .values_list("number", flat=True)
        )
        return f"{head}{max((int(number.removeprefix(head)) for number in taken), default=0) + 1:04}"


def case_constraints(name):
    return [
        models.UniqueConstraint(
            fields=["operator", "number"],
            name=f"{name}_number_once",
            violation_error_message=_("This number is taken."),
        ),
        models.CheckConstraint(
            condition=models.Q(closed_at__isnull=True, outcome="")
            | (models.Q(closed_at__isnull=False) & ~models.Q(outcome="")),
            name=f"{name}_closed_with_outcome",
            violation_error_message=_("A closed case has an outcome, an open one has none."),
        ),
    ]


CASE_FIELDS = "number received_at received_by subject language due_on due_at outcome closed_at closed_by"


class SubjectRequest(RequestActs, Case):
    """What a data subject, or a representative, asks of the operator."""

    class IdentityMethod(models.TextChoices):
        DOCUMENT = "document", _("identity document shown")
        SIGNATURE = "signature", _("electronic signature")
        PORTAL = "portal", _("state portal")
        ACCOUNT = "account", _("signed in to the account")
        MAILBOX = "mailbox", _("written from the mailbox on record, and confirmed by a reply")
        QUESTIONS = "questions", _("answers only the person knows")

    NUMBER_PREFIX, PART_FIELD = "R-", "request"

    kind = models.CharField(
        _("request"), max_length=24, default=RequestKind.UNSORTED,
        choices=[(kind.value, kind.label) for kind in SUBJECT_KINDS],
    )  # fmt: skip
    channel = models.CharField(_("channel"), max_length=16, choices=RequestChannel)
    applicant_name = models.CharField(_("applicant"), max_length=250, blank=True)
    applicant_contact = models.CharField(_("applicant’s contact"), max_length=254, blank=True)
    representative = models.ForeignKey(
        "registry.Representative", models.PROTECT, verbose_name=_("representative"), related_name="requests",
        null=True, blank=True, editable=False,
    )  # fmt: skip
    identity_method = models.CharField(
        _("identity checked by"), max_length=12, choices=IdentityMethod, blank=True, editable=False
    )
    identity_note = models.CharField(_("what was shown"), max_length=250, blank=True, editable=False)
    identified_at = models.DateTimeField(_("identity checked"), null=True, blank=True, editable=False)
    identified_by = models.ForeignKey(
        "registry.User", models.PROTECT, verbose_name=_("identity checked by"), related_name="+",
        null=True, blank=True, editable=False,
    )  # fmt: skip
    follows = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("follows"),
        related_name="followed_by",
        null=True,
        blank=True,
        editable=False,
    )

    history = History()
    FIELD_CLASSES = field_classes(
        none=f"{CASE_FIELDS} kind channel representative identity_method identified_at identified_by follows",
        personal="demand applicant_name applicant_contact identity_note",
    )

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["-received_at", "-pk"]
        indexes = [  # the list, and what is due
            models.Index(fields=["operator", "-received_at", "-id"], name="request_list"),
            models.Index(fields=["operator", "due_on"], name="request_due", condition=models.Q(closed_at=None)),
        ]
        constraints = case_constraints("request")


class AuthorityRequest(Case):
    """A request of the authorised body or another state body, or a survey of the state technical service."""

    class Kind(models.TextChoices):
        AUTHORITY = RequestKind.AUTHORITY.value, _("request for information")
        SURVEY = SURVEY, _("survey of the state technical service")

    NUMBER_PREFIX, PART_FIELD = "A-", "authority_request"

    kind = models.CharField(_("kind"), max_length=24, choices=Kind, default=Kind.AUTHORITY)
    body = models.CharField(_("state body"), max_length=250)
    body_number = models.CharField(_("number of its letter"), max_length=100)
    body_letter_on = models.DateField(_("date of its letter"), null=True, blank=True)
    answer_by_on = models.DateField(
        _("asks for an answer by"), null=True, blank=True, help_text=_("The day the body itself names, if it does.")
    )
    follows = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("follows"),
        related_name="followed_by",
        null=True,
        blank=True,
        editable=False,
    )

    history = History()
    FIELD_CLASSES = field_classes(
        none=f"{CASE_FIELDS} kind body body_number body_letter_on answer_by_on follows", personal="demand"
    )

    class Meta:
        verbose_name = _("request of a state body")
        verbose_name_plural = _("requests of state bodies")
        ordering = ["-received_at", "-pk"]
        indexes = [
            models.Index(fields=["operator", "-received_at", "-id"], name="authority_list"),
            models.Index(fields=["operator", "due_on"], name="authority_due", condition=models.Q(closed_at=None)),
        ]
        constraints = [
            *case_constraints("authority"),
            models.UniqueConstraint(
                fields=["operator", "body", "body_number", "received_at"],
                name="authority_letter_once",
                violation_error_message=_("This letter is recorded already."),
            ),
        ]

    def clean(self):
        super().clean()
        if self.answer_by_on and self.received_at and self.answer_by_on < day_of(self.received_at):
            message = _("%s is before the day the letter was received. Correct one of them.")
            raise ValidationError({"answer_by_on": message % self.answer_by_on.isoformat()})
